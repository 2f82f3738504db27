//! The YAML parser's errors in words that teach, at the character that is to blame.

use granit_parser::{ErrorKind, ScanError};

use super::{Place, build::MAX_DEPTH, mapping::MAX_KEY_CHARS};
use crate::{
    diagnostic::Diagnostic,
    rules::Rule,
    source::{SourceFile, Span},
};

/// What had been read when the parser stopped.
pub(super) struct Progress {
    /// One past the last byte of the last event.
    pub(super) read: u32,
    /// The innermost `[` or `{` that is open.
    pub(super) bracket: Option<u32>,
}

/// The finding for an error of the parser.
pub(super) fn describe(source: &SourceFile, scan: &ScanError, progress: &Progress) -> Diagnostic {
    let text = source.text();
    let marker = text.floor_char_boundary(scan.marker().byte_offset().unwrap_or(text.len()));
    let at = locate(text, marker, scan.kind(), progress);
    // One character, or an escape: a backslash and its letter.
    let length = if text[at..].starts_with('\\') { 2 } else { 1 };
    let shown = text[at..].chars().take(length).take_while(|c| !matches!(c, '\n' | '\r'));
    let end = at + shown.map(char::len_utf8).sum::<usize>();
    let place = Place { span: Span::new(at..end), pointer: String::new() };
    let rule = match scan.kind() {
        ErrorKind::RecursionLimitExceeded => Rule::ResourceLimit,
        _ => Rule::YamlSyntax,
    };
    let finding = match explain(scan.kind(), text, at) {
        Some((message, help)) => Diagnostic::new(rule, place, message).help(help),
        None => Diagnostic::new(rule, place, scan.info())
            .help("check quotes, brackets and indentation here; a text with special characters needs quotes"),
    };
    match progress.bracket {
        Some(bracket) if bracket as usize != at && is_about_brackets(scan.kind()) => {
            finding.related(Span::new(bracket as usize..bracket as usize + 1), "this bracket is still open")
        }
        _ => finding,
    }
}

/// The words for collections nested too deep.
pub(super) fn too_deep() -> (String, String) {
    (
        format!("lists and mappings are nested more than {MAX_DEPTH} deep"),
        "a configuration needs about a dozen levels; is a bracket never closed?".to_owned(),
    )
}

/// User text as a message shows it: one line, not too long, control characters escaped.
pub(super) fn shorten(text: &str) -> String {
    const SHOWN: usize = 60;
    let mut shown = String::new();
    for c in text.chars().take(SHOWN) {
        if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
    }
    if text.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    shown
}

/// The byte to blame. The parser points at the beginning of the token that it gave up on.
fn locate(text: &str, marker: usize, kind: &ErrorKind, progress: &Progress) -> usize {
    let rest = &text[marker..];
    match kind {
        ErrorKind::TabInPlainScalar
        | ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation
        | ErrorKind::TabAtBlockScalarStart => {
            let line = text[..marker].rfind(['\n', '\r']).map_or(0, |at| at + 1);
            let blank = text[line..].len() - text[line..].trim_start_matches([' ', '\t']).len();
            let indentation = text[line..line + blank].find('\t').map(|at| line + at);
            indentation.or_else(|| rest.find('\t').map(|at| marker + at)).unwrap_or(marker)
        }
        ErrorKind::ExpectedDocumentStart if text.starts_with('%') => 0,
        ErrorKind::UnknownQuotedScalarEscape
        | ErrorKind::InvalidQuotedScalarHexEscape
        | ErrorKind::InvalidLowSurrogateHexEscape
        | ErrorKind::InvalidLowSurrogate
        | ErrorKind::MissingLowSurrogate
        | ErrorKind::UnpairedLowSurrogate
        | ErrorKind::InvalidUnicodeEscape => bad_escape(rest, kind).map_or(marker, |at| marker + at),
        // Of a list item the parser sees what follows the dash.
        ErrorKind::ExpectedBlockMappingKey if text[..marker].ends_with("- ") => marker - 2,
        ErrorKind::UnclosedQuotedScalar
        | ErrorKind::InvalidQuotedScalarIndent
        | ErrorKind::DocumentIndicatorInQuotedScalar => {
            let read = text.floor_char_boundary(progress.read as usize);
            text[read..].find(['"', '\'']).map_or(marker, |at| read + at)
        }
        _ => marker,
    }
}

/// The first escape of a double-quoted scalar that is wrong in the way `kind` says.
fn bad_escape(quoted: &str, kind: &ErrorKind) -> Option<usize> {
    let mut escapes = quoted.char_indices();
    while let Some((at, c)) = escapes.next() {
        if c != '\\' {
            continue;
        }
        let (_, letter) = escapes.next()?;
        let digits = match letter {
            'x' => 2,
            'u' => 4,
            'U' => 8,
            _ => 0,
        };
        let hex =
            quoted.get(at + 2..at + 2 + digits).filter(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()));
        let value = hex.and_then(|hex| u32::from_str_radix(hex, 16).ok());
        let bad = match kind {
            ErrorKind::UnknownQuotedScalarEscape => !"0abtnvfre \"/\\N_LPxuU\t\n\r".contains(letter),
            _ => digits > 0 && value.is_none_or(|value| char::from_u32(value).is_none()),
        };
        // The second half of a surrogate pair cannot be judged alone.
        if bad && !is_pair(quoted.get(at..).unwrap_or_default()) {
            return Some(at);
        }
        if bad {
            escapes.nth(9);
        }
    }
    None
}

/// Whether `text` begins with a valid surrogate pair, `\ud83d\ude00`.
fn is_pair(text: &str) -> bool {
    let half = |at: usize| text.get(at..at + 4).and_then(|hex| u16::from_str_radix(hex, 16).ok());
    matches!((half(2), half(8)), (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)))
        && text.get(6..8) == Some("\\u")
}

fn is_about_brackets(kind: &ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::InvalidColonPlacement
            | ErrorKind::ExpectedFlowMappingSeparator
            | ErrorKind::ExpectedFlowSequenceSeparator
            | ErrorKind::UnexpectedEofFlowMapping
            | ErrorKind::UnexpectedEofFlowSequence
            | ErrorKind::UnexpectedEofImplicitFlowMapping
            | ErrorKind::MismatchedFlowCollectionEnd { .. }
            | ErrorKind::BlockEntryInFlowCollection
            | ErrorKind::UnclosedFlowCollection { .. }
    )
}

const QUOTE_OR_INDENT: &str = "put the text in quotes if it holds `: `; otherwise correct the indentation";

/// Message and help for an error at byte `at`; `None` for the rare ones, told in the parser's words.
fn explain(kind: &ErrorKind, text: &str, at: usize) -> Option<(String, String)> {
    let line = text[..at].rfind(['\n', '\r']).map_or(&text[..at], |end| &text[end + 1..at]);
    let here = text[at..].chars().next();
    let whole = &text[at - line.len()..];
    if CONFLICT_MARKERS.iter().any(|marker| whole.starts_with(marker)) {
        return Some(words(
            "a merge conflict is left in the file",
            "decide between the versions and remove the lines `<<<<<<<`, `=======` and `>>>>>>>`",
        ));
    }
    if ends_collection(line) && is_about_blocks(kind) {
        return Some(words(
            "text follows the closing bracket",
            "put the whole value in quotes: a text that begins with `{` or `[` needs them",
        ));
    }
    let (message, help) = match kind {
        ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation
        | ErrorKind::TabInPlainScalar
        | ErrorKind::TabAtBlockScalarStart => return Some(tab()),
        ErrorKind::MappingValueNotAllowed if line.len() > MAX_KEY_CHARS => {
            ("this key is longer than 1024 characters", "shorten it; text that holds `: ` needs quotes")
        }
        ErrorKind::MappingValueNotAllowed if line.contains(": ") => {
            ("a second `: ` on this line: the value of a key cannot hold it unquoted", QUOTE_OR_INDENT)
        }
        ErrorKind::MappingValueNotAllowed => (
            "this key does not fit the line above: it is indented too far, or that line lacks its `:`",
            "keys of one mapping begin in the same column",
        ),
        ErrorKind::ExpectedBlockMappingKey if text[at..].starts_with("- ") => (
            "a list item stands where the keys of a mapping are expected",
            "give the list a key of its own, or correct the indentation",
        ),
        ErrorKind::ExpectedBlockMappingKey | ErrorKind::InvalidIndentation => (
            "this line is indented to no level that is open above it",
            "let the keys of one mapping begin in the same column",
        ),
        ErrorKind::ExpectedBlockSequenceEntry => (
            "a key stands where a list item is expected",
            "begin the line with `- `, or correct the indentation",
        ),
        ErrorKind::SimpleKeyExpected | ErrorKind::InvalidSimpleKey => (
            "this line has no `:` after its key, or the key is longer than a line or 1024 characters",
            "write `key: value`",
        ),
        ErrorKind::BlockSequenceEntryNotAllowed => (
            "a list cannot begin on the line of its key",
            "put the first `- ` on the next line, or write the list in `[…]`; a text that begins with `- ` needs quotes",
        ),
        ErrorKind::BlockEntryInFlowCollection => (
            "a `- ` item stands inside `[…]` or `{…}`",
            "separate items with commas there, and close the bracket",
        ),
        ErrorKind::UnclosedQuotedScalar => {
            ("this quote is never closed", "close it with the same quote character")
        }
        ErrorKind::InvalidQuotedScalarIndent | ErrorKind::DocumentIndicatorInQuotedScalar => (
            "this quote is not closed before a line that is not part of its text",
            "close it, or indent the lines of its text deeper than their key",
        ),
        ErrorKind::InvalidTrailingSingleQuotedScalar => (
            "text follows the closing quote",
            "write a `'` inside single quotes as `''`, or put the whole text in one pair of quotes",
        ),
        ErrorKind::InvalidTrailingDoubleQuotedScalar => (
            "text follows the closing quote",
            "write a `\"` inside double quotes as `\\\"`, or put the whole text in one pair of quotes",
        ),
        ErrorKind::UnknownQuotedScalarEscape => {
            let escape: String = text[at..].chars().take(2).collect();
            return Some((
                format!("`{}` is no escape of a double-quoted text", shorten(&escape)),
                "use single quotes, in which `\\` is an ordinary character (as a regex needs), or write `\\\\`"
                    .to_owned(),
            ));
        }
        ErrorKind::InvalidQuotedScalarHexEscape | ErrorKind::InvalidUnicodeEscape => (
            "this escape is no character",
            "write `\\x` and 2, `\\u` and 4 or `\\U` and 8 hexadecimal digits",
        ),
        ErrorKind::InvalidLowSurrogateHexEscape
        | ErrorKind::InvalidLowSurrogate
        | ErrorKind::MissingLowSurrogate
        | ErrorKind::UnpairedLowSurrogate => (
            "this escape is half of a surrogate pair",
            "write both halves, as in `\\ud83d\\ude00`, or the character",
        ),
        ErrorKind::UnexpectedCharacter { character: '`' } => {
            ("a text cannot begin with a backtick", "put the text in quotes")
        }
        ErrorKind::UnexpectedCharacter { character } => {
            return Some((
                format!("a text cannot begin with `{character}`"),
                "put the text in quotes".to_owned(),
            ));
        }
        ErrorKind::ExpectedDocumentStart if text.starts_with('%') => (
            "a line that begins with `%` is a directive, and `---` has to follow it",
            "write `---` below it; a key that begins with `%` needs quotes",
        ),
        ErrorKind::ExpectedDocumentStart => (
            "text follows the end of the document",
            "remove it, or indent it so that it belongs to the value above",
        ),
        ErrorKind::UnsupportedYamlMajorVersion => {
            ("this YAML version is not known", "remove the `%YAML` line")
        }
        ErrorKind::UnclosedFlowCollection { open } => {
            let close = if *open == '[' { ']' } else { '}' };
            return Some((
                format!("this `{open}` is never closed"),
                format!("close it with `{close}`; a text that begins with `{open}` needs quotes"),
            ));
        }
        ErrorKind::UnexpectedEofFlowSequence | ErrorKind::UnexpectedEofFlowMapping => {
            ("the file ends inside brackets", "close them")
        }
        ErrorKind::UnexpectedEofImplicitFlowMapping if here == Some(',') => {
            ("nothing stands before this comma", "remove it")
        }
        ErrorKind::MismatchedFlowCollectionEnd { open, close } => {
            return Some((
                format!("`{close}` closes what `{open}` opened"),
                "close brackets in the order in which they were opened, with their own kind".to_owned(),
            ));
        }
        ErrorKind::MisplacedFlowCollectionEnd => {
            ("this bracket closes nothing", "remove it; a text that begins with it needs quotes")
        }
        ErrorKind::ExpectedFlowMappingSeparator | ErrorKind::ExpectedFlowSequenceSeparator => {
            ("a comma or the closing bracket is missing before this", "separate entries with `,`")
        }
        ErrorKind::InvalidColonPlacement | ErrorKind::FlowMappingValueAdjacentCollection => (
            "a `:` stands where no key can be",
            "close the bracket above; a text that holds `:` needs quotes here",
        ),
        ErrorKind::CommentNotSeparated => (
            "a `#` stands right after a value",
            "put a space before a comment; a text that holds `#` needs quotes",
        ),
        ErrorKind::CommentInterceptedScalar => (
            "a comment interrupts a text of several lines",
            "move the comment above the text, or quote the text",
        ),
        ErrorKind::PlainScalarStartsWithDashFlowIndicator => {
            ("a text cannot begin with `-` and a bracket or comma", "put the text in quotes")
        }
        ErrorKind::MissingAnchorOrAliasName => (
            "a name has to follow `&` or `*`",
            "write it without a space; a text that begins so needs quotes",
        ),
        ErrorKind::UndeclaredTagHandle => {
            ("this tag is not declared", "remove it; a text that begins with `!` needs quotes")
        }
        ErrorKind::InvalidBlockScalarHeader => (
            "text follows `|` or `>` on its line",
            "begin the text on the next line; a text that begins so needs quotes",
        ),
        ErrorKind::InvalidBlockScalarIndent => (
            "this line of a text block is indented less than its first line",
            "indent all of its lines alike",
        ),
        ErrorKind::RecursionLimitExceeded => return Some(too_deep()),
        _ => return None,
    };
    Some(words(message, help))
}

fn words(message: &str, help: &str) -> (String, String) {
    (message.to_owned(), help.to_owned())
}

/// What version control writes into a file that it cannot merge.
const CONFLICT_MARKERS: [&str; 3] = ["<<<<<<< ", "=======\n", ">>>>>>> "];

/// Whether a line's value, up to here, is a flow collection that is closed: `- {model}` of
/// `- {model}/chat`.
fn ends_collection(line: &str) -> bool {
    let value = line.trim_start_matches([' ', '-']);
    let value = value.split_once(": ").map_or(value, |(_, value)| value);
    value.starts_with(['{', '[']) && value.ends_with(['}', ']'])
}

fn is_about_blocks(kind: &ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::ExpectedBlockMappingKey
            | ErrorKind::ExpectedBlockSequenceEntry
            | ErrorKind::InvalidIndentation
            | ErrorKind::SimpleKeyExpected
            | ErrorKind::InvalidSimpleKey
    )
}

/// The words for a tab in indentation.
pub(super) fn tab() -> (String, String) {
    (
        "a tab is part of the indentation, and YAML indents with spaces only".to_owned(),
        "replace it with spaces".to_owned(),
    )
}
