//! The YAML parser's errors in words that teach.

use granit_parser::{ErrorKind, ScanError};

use super::Place;
use crate::{
    diagnostic::Diagnostic,
    rules::Rule,
    source::{SourceFile, Span},
};

/// The finding for an error of the parser.
pub(super) fn describe(source: &SourceFile, scan: &ScanError) -> Diagnostic {
    let text = source.text();
    let at = text.floor_char_boundary(scan.marker().byte_offset().unwrap_or(text.len()));
    let end =
        text[at..].chars().next().filter(|c| !matches!(c, '\n' | '\r')).map_or(at, |c| at + c.len_utf8());
    let span = Span::new(at..end);
    if *scan.kind() == ErrorKind::RecursionLimitExceeded {
        return too_deep(span, 255);
    }
    let place = Place { span, pointer: String::new() };
    match explain(scan.kind()) {
        Some((message, help)) => Diagnostic::new(Rule::YamlSyntax, place, message).help(help),
        None => Diagnostic::new(Rule::YamlSyntax, place, scan.info()),
    }
}

/// The finding for collections nested deeper than `limit`.
pub(super) fn too_deep(span: Span, limit: usize) -> Diagnostic {
    Diagnostic::new(
        Rule::ResourceLimit,
        Place { span, pointer: String::new() },
        format!("lists and mappings are nested more than {limit} deep"),
    )
    .help("a configuration needs about a dozen levels; is a bracket never closed?")
}

/// User text as a message shows it: one line, not too long, control characters escaped.
pub(super) fn shorten(text: &str) -> String {
    const SHOWN: usize = 60;
    let mut shown: String = text.chars().take(SHOWN).flat_map(printable).collect();
    if text.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    shown
}

fn printable(c: char) -> impl Iterator<Item = char> {
    let escaped = (c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')).then(|| c.escape_default());
    let plain = escaped.is_none().then_some(c);
    escaped.into_iter().flatten().chain(plain)
}

fn explain(kind: &ErrorKind) -> Option<(&'static str, &'static str)> {
    Some(match kind {
        ErrorKind::TabNotAllowed | ErrorKind::TabInBlockIndentation | ErrorKind::TabInIndentation => {
            ("a tab indents this line, and YAML indents with spaces only", "replace the tab with spaces")
        }
        ErrorKind::UnclosedQuotedScalar => {
            ("a quote is opened and never closed", "close it with the same quote character")
        }
        _ => return None,
    })
}
