//! `$(source.name)` placeholders in the strings of a configuration, parsed once.
//!
//! Grammar and messages are those of Kong's template step; unlike it, every placeholder of a string
//! is replaced, and a mistake is found when the file is read instead of on the first request.

use std::fmt;
use std::ops::Range;

use crate::suggest;

/// A string with its placeholders taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    text: String,
    /// Literal text and placeholders, in order; no two literals are neighbours and none is empty.
    pub segments: Vec<Segment>,
}

/// A piece of a [`Template`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Segment {
    /// Text that stands for itself.
    Literal(String),
    /// A value of the request.
    Placeholder(Placeholder),
}

/// One `$(source.name)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placeholder {
    /// Where the value comes from.
    pub source: Source,
    /// What it is called there, as written.
    pub name: String,
    /// The bytes of the template's text from `$` to `)`.
    pub range: Range<usize>,
    /// The bytes of the template's text that hold the name.
    pub name_range: Range<usize>,
}

/// What of a request a placeholder reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Source {
    /// Named groups of the matched route's path regex; case-sensitive.
    UriCaptures,
    /// First value of a request header; case-insensitive, and `_` reads `-`.
    Headers,
    /// First value of a query argument, form-decoded; case-sensitive.
    QueryParams,
}

/// A placeholder that cannot be evaluated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateError {
    /// The class of mistake.
    pub kind: TemplateErrorKind,
    /// The bytes of the text that hold it: the source name for an unknown source, else the placeholder.
    pub range: Range<usize>,
    /// What is wrong, in the words Kong answers a request with where it does.
    pub message: String,
    /// What to write instead.
    pub help: String,
}

/// Why a placeholder cannot be evaluated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TemplateErrorKind {
    /// Not of the form `source.name`.
    Malformed,
    /// `$(` that no `)` closes; Kong sends the text as it stands.
    Unclosed,
    /// A source that does not exist.
    UnknownSource {
        /// The source as written.
        written: String,
        /// The source that was probably meant.
        nearest: Option<Source>,
    },
}

impl Source {
    /// Every source, in the order of the manual.
    pub const ALL: [Source; 3] = [Source::UriCaptures, Source::Headers, Source::QueryParams];

    /// The name that templates use.
    pub fn as_str(self) -> &'static str {
        match self {
            Source::UriCaptures => "uri_captures",
            Source::Headers => "headers",
            Source::QueryParams => "query_params",
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The placeholder as a template writes it.
impl fmt::Display for Placeholder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "$({}.{})", self.source, self.name)
    }
}

/// Takes `text` apart. All mistakes are returned, in the order of the text.
pub fn parse(text: &str) -> Result<Template, Vec<TemplateError>> {
    let mut segments = Vec::new();
    let mut errors = Vec::new();
    let mut at = 0;
    while let Some(start) = text[at..].find("$(").map(|offset| at + offset) {
        if at < start {
            segments.push(Segment::Literal(text[at..start].to_owned()));
        }
        let Some(end) = text[start..].find(')').map(|offset| start + offset + 1) else {
            errors.push(unclosed(text, start));
            at = text.len();
            break;
        };
        match placeholder(text, start..end) {
            Ok(placeholder) => segments.push(Segment::Placeholder(placeholder)),
            Err(error) => errors.push(error),
        }
        at = end;
    }
    if at < text.len() {
        segments.push(Segment::Literal(text[at..].to_owned()));
    }
    if errors.is_empty() { Ok(Template { text: text.to_owned(), segments }) } else { Err(errors) }
}

impl Template {
    /// The text that was parsed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The placeholders, in order.
    pub fn placeholders(&self) -> impl Iterator<Item = &Placeholder> {
        self.segments.iter().filter_map(|segment| match segment {
            Segment::Placeholder(placeholder) => Some(placeholder),
            Segment::Literal(_) => None,
        })
    }

    /// Whether the text stands for itself.
    pub fn is_literal(&self) -> bool {
        self.placeholders().next().is_none()
    }

    /// The text with each placeholder replaced by what `value` gives for it. Values are not scanned
    /// for placeholders again.
    pub fn render<V: AsRef<str>, E>(
        &self,
        mut value: impl FnMut(&Placeholder) -> Result<V, E>,
    ) -> Result<String, E> {
        self.segments.iter().try_fold(String::new(), |text, segment| {
            Ok(match segment {
                Segment::Literal(literal) => text + literal,
                Segment::Placeholder(placeholder) => text + value(placeholder)?.as_ref(),
            })
        })
    }
}

/// What other template languages write for a placeholder, as `${headers.x}` or `{{ headers.x }}`, or
/// the bare words, and the placeholder that was meant.
pub fn lookalikes(text: &str) -> impl Iterator<Item = (Range<usize>, String)> {
    let mut read = 0;
    text.match_indices('.').filter_map(move |(dot, _)| {
        let before = &text[std::mem::replace(&mut read, dot + 1)..dot];
        let source = Source::ALL.into_iter().find(|source| before.ends_with(source.as_str()))?;
        let before = before.strip_suffix(source.as_str())?;
        let literal = before.trim_end_matches(['$', '{', '(', '[', '<', ' ']);
        let opening = before[literal.len()..].trim_start();
        let start = dot - source.as_str().len() - opening.len();
        let rest = &text[dot + 1..];
        let key = &rest[..rest.find(|c| !is_of_name(c)).unwrap_or(rest.len())];
        let closing = &rest[key.len()..];
        let closing = &closing[..closing.find(|c| !" })]>".contains(c)).unwrap_or(closing.len())];
        let end = dot + 1 + key.len() + closing.trim_end().len();
        let is_meant = opening.contains(['$', '{']) || start == 0 && end == text.len();
        let is_placeholder = key.is_empty() || opening.ends_with("$(");
        (is_meant && !is_placeholder).then(|| (start..end, format!("$({source}.{key})")))
    })
}

fn is_of_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_')
}

/// Reads the placeholder at `range`, which spans from `$(` to the first `)` after it.
fn placeholder(text: &str, range: Range<usize>) -> Result<Placeholder, TemplateError> {
    let inside = &text[range.start + 2..range.end - 1];
    let Some((written, name)) = inside.split_once('.').filter(|(_, name)| !name.contains('.')) else {
        return Err(malformed(text, inside, range));
    };
    let Some(source) = Source::ALL.into_iter().find(|source| source.as_str() == written) else {
        return Err(unknown_source(written, name, range.start + 2));
    };
    if name.is_empty() {
        return Err(TemplateError {
            kind: TemplateErrorKind::Malformed,
            range,
            message: format!("{source} key  was not provided"),
            help: format!("name the key after the dot, as in `{}`", example(source)),
        });
    }
    let name_range = range.end - 1 - name.len()..range.end - 1;
    Ok(Placeholder { source, name: name.to_owned(), range, name_range })
}

fn malformed(text: &str, inside: &str, range: Range<usize>) -> TemplateError {
    let meant = Source::ALL.into_iter().find(|source| {
        inside
            .strip_prefix(source.as_str())
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    });
    let help = match meant {
        Some(source) => {
            format!("write one source and one key with a dot between, as in `{}`", example(source))
        }
        None => "write `$(uri_captures.name)`, `$(headers.name)` or `$(query_params.name)`".to_owned(),
    };
    let message = format!("cannot parse expression for field '{text}'");
    TemplateError { kind: TemplateErrorKind::Malformed, range, message, help }
}

fn unclosed(text: &str, start: usize) -> TemplateError {
    TemplateError {
        kind: TemplateErrorKind::Unclosed,
        range: start..text.len(),
        message: format!("`{}` has no closing `)` and would be sent as it stands", &text[start..]),
        help: "close the placeholder with `)`".to_owned(),
    }
}

fn unknown_source(written: &str, name: &str, start: usize) -> TemplateError {
    let known = Source::ALL.into_iter().map(|source| (source.as_str(), source)).chain(KNOWN_ELSEWHERE);
    let nearest = suggest::nearest(written, known.clone().map(|(word, _)| word))
        .and_then(|near| known.clone().find(|(word, _)| *word == near))
        .map(|(_, source)| source);
    let help = match nearest {
        Some(source) => format!("write `$({source}.{})`", name.trim()),
        None => "a placeholder reads from `uri_captures`, `headers` or `query_params`".to_owned(),
    };
    TemplateError {
        kind: TemplateErrorKind::UnknownSource { written: written.to_owned(), nearest },
        range: start..start + written.len(),
        message: format!("source '{written}' is not supported"),
        help,
    }
}

/// What other tools call the same sources.
const KNOWN_ELSEWHERE: [(&str, Source); 7] = [
    ("captures", Source::UriCaptures),
    ("path", Source::UriCaptures),
    ("path_params", Source::UriCaptures),
    ("params", Source::QueryParams),
    ("query", Source::QueryParams),
    ("querystring", Source::QueryParams),
    ("args", Source::QueryParams),
];

fn example(source: Source) -> &'static str {
    match source {
        Source::UriCaptures => "$(uri_captures.model)",
        Source::Headers => "$(headers.x-model)",
        Source::QueryParams => "$(query_params.model)",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(text: &str) -> Vec<TemplateError> {
        parse(text).expect_err(text)
    }

    #[test]
    fn placeholders_of_other_languages_are_recognised() {
        for (text, range, meant) in [
            ("${uri_captures.model}", 0..21, "$(uri_captures.model)"),
            ("gpt-{{ uri_captures.model }} x", 4..28, "$(uri_captures.model)"),
            ("a/{headers.x-m}/b", 2..15, "$(headers.x-m)"),
            ("$headers.x-m", 0..12, "$(headers.x-m)"),
            ("$ (query_params.m)", 0..18, "$(query_params.m)"),
            ("uri_captures.model", 0..18, "$(uri_captures.model)"),
            ("(uri_captures.model)", 0..20, "$(uri_captures.model)"),
        ] {
            assert_eq!(lookalikes(text).collect::<Vec<_>>(), [(range, meant.to_owned())], "{text}");
        }
        assert_eq!(lookalikes("{headers.a}{headers.b}").count(), 2);
    }

    #[test]
    fn placeholders_and_plain_text_are_no_lookalikes() {
        for text in [
            "$(uri_captures.model)",
            "{$(headers.x)}",
            "my-headers.x",
            "$(headers.a)$(headers.b)",
            "headers",
            "{headers}",
            "{headers.}",
            "gpt-4",
        ] {
            assert_eq!(lookalikes(text).count(), 0, "{text}");
        }
    }

    #[test]
    fn all_placeholders_are_found_with_their_ranges() {
        let template = parse("west-$(headers.x-m)/$(uri_captures.model)!").unwrap();
        let found: Vec<_> = template
            .placeholders()
            .map(|p| (p.source, p.name.as_str(), p.range.clone(), p.name_range.clone()))
            .collect();
        assert_eq!(
            found,
            [(Source::Headers, "x-m", 5..19, 15..18), (Source::UriCaptures, "model", 20..41, 35..40)]
        );
        assert_eq!(template.segments.len(), 5);
        assert!(!template.is_literal());
    }

    #[test]
    fn text_without_placeholders_is_literal() {
        for text in ["", "gpt-4", "$", "$ (headers.a)", "(headers.a)", "a)b", "é$é"] {
            let template = parse(text).unwrap();
            assert!(template.is_literal(), "{text}");
            assert_eq!(template.render(|_| Ok::<_, ()>("")).unwrap(), text);
        }
    }

    #[test]
    fn rendering_replaces_once_and_keeps_the_rest() {
        let template = parse("a$(headers.x)b$(query_params.y)").unwrap();
        let rendered = template.render(|p| Ok::<_, ()>(format!("<$(headers.{})>", p.name))).unwrap();
        assert_eq!(rendered, "a<$(headers.x)>b<$(headers.y)>");
        assert_eq!(template.render(|p| Err::<&str, _>(p.name.clone())), Err("x".to_owned()));
    }

    #[test]
    fn mistakes_carry_kongs_words_and_a_range() {
        let cases = [
            ("$()", "cannot parse expression for field '$()'", 0..3),
            ("a-$(headers)", "cannot parse expression for field 'a-$(headers)'", 2..12),
            ("$(headers.a.b)", "cannot parse expression for field '$(headers.a.b)'", 0..14),
            ("$(headers..a)", "cannot parse expression for field '$(headers..a)'", 0..13),
            ("$(headers['a'])", "cannot parse expression for field '$(headers['a'])'", 0..15),
            ("$(headers.)", "headers key  was not provided", 0..11),
            ("$(Headers.a)", "source 'Headers' is not supported", 2..9),
            ("$( headers.a)", "source ' headers' is not supported", 2..10),
            ("é$(foo.a)", "source 'foo' is not supported", 4..7),
            ("$(.a)", "source '' is not supported", 2..2),
            ("x$(headers.a", "`$(headers.a` has no closing `)` and would be sent as it stands", 1..12),
        ];
        for (text, message, range) in cases {
            let found = errors(text);
            assert_eq!(found.len(), 1, "{text}");
            assert_eq!((found[0].message.as_str(), found[0].range.clone()), (message, range), "{text}");
        }
    }

    #[test]
    fn every_mistake_of_a_text_is_reported() {
        let found = errors("$(Headers.a)/$(headers.ok)/$()/$(");
        assert_eq!(found.iter().map(|e| e.range.clone()).collect::<Vec<_>>(), [2..9, 27..30, 31..33]);
        assert_eq!(found[2].kind, TemplateErrorKind::Unclosed);
    }

    #[test]
    fn the_source_that_was_meant_is_named() {
        let nearest = |text: &str| match errors(text).remove(0).kind {
            TemplateErrorKind::UnknownSource { nearest, .. } => nearest,
            other => panic!("{other:?}"),
        };
        assert_eq!(nearest("$(Headers.a)"), Some(Source::Headers));
        assert_eq!(nearest("$( header.a)"), Some(Source::Headers));
        assert_eq!(nearest("$(uri-captures.a)"), Some(Source::UriCaptures));
        assert_eq!(nearest("$(query.a)"), Some(Source::QueryParams));
        assert_eq!(nearest("$(env.a)"), None);
        assert_eq!(errors("$(header.x-m)")[0].help, "write `$(headers.x-m)`");
    }
}
