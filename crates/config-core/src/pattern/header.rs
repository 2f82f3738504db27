//! A `~*` header value.

use regex::Regex;

use super::{PatternError, syntax};

/// A regex on a header's value. Its text is put in lower case before it is compiled, as Kong does
/// (`\D` becomes `\d`), and it runs unanchored on the value in lower case.
#[derive(Debug, Clone)]
pub struct HeaderPattern {
    written: Box<str>,
    regex: Regex,
}

impl HeaderPattern {
    /// Reads the text after `~*`.
    pub fn parse(written: &str) -> Result<Self, PatternError> {
        let lowered = written.to_ascii_lowercase();
        match Regex::new(&lowered) {
            Ok(regex) => Ok(Self { written: written.into(), regex }),
            Err(regex::Error::Syntax(_)) => Err(explain(&lowered)),
            Err(_) => Err(PatternError {
                message: "the compiled pattern exceeds the limit of 10 MiB".to_owned(),
                range: None,
                help: None,
            }),
        }
    }

    /// The text after `~*`, its case kept.
    pub fn written(&self) -> &str {
        &self.written
    }

    /// Whether the pattern is one of those by which people ask for a header with any text in it. A value
    /// has no line feed, which `.` does not match.
    pub(crate) fn is_any_text(&self) -> bool {
        [".", ".+", "^.+", ".+$", "^.+$", ".*", "^.*", ".*$", "^.*$"].contains(&self.compiled())
    }

    /// The text that runs.
    pub(crate) fn compiled(&self) -> &str {
        self.regex.as_str()
    }

    /// Whether a value that is in lower case already matches.
    pub(crate) fn is_match_lowered(&self, value: &str) -> bool {
        self.regex.is_match(value)
    }
}

/// Lower-casing keeps every offset, so an error in what runs points into what was written.
fn explain(lowered: &str) -> PatternError {
    match regex_syntax::Parser::new().parse(lowered) {
        Err(regex_syntax::Error::Parse(error)) => {
            let range = error.span().start.offset..error.span().end.offset;
            if lowered[..range.start].ends_with("(?") && lowered[range.start..].starts_with("p<") {
                return PatternError {
                    message: "a header regex is put in lower case, which turns `(?P<` into `(?p<`".to_owned(),
                    range: Some(range),
                    help: Some("write a plain group: a header feeds templates as `$(headers.…)`".to_owned()),
                };
            }
            syntax::explain(lowered, error.kind(), range)
        }
        Err(regex_syntax::Error::Translate(error)) => PatternError {
            message: error.kind().to_string(),
            range: Some(error.span().start.offset..error.span().end.offset),
            help: None,
        },
        _ => PatternError { message: "the pattern does not compile".to_owned(), range: None, help: None },
    }
}
