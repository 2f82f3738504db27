//! Text to syntax tree, and errors that teach.

use std::ops::Range;

use regex_syntax::{
    ast::{self, Ast},
    hir::{Hir, translate::Translator},
};

use super::{PatternError, Written};

/// Parses what runs; errors point into what was written.
pub fn parse(written: &str, rewritten: &str) -> Result<(Ast, Hir), PatternError> {
    let ast = ast::parse::Parser::new()
        .parse(rewritten)
        .map_err(|error| explain(written, error.kind(), Written::new(written).range(error.span())))?;
    let hir = Translator::new().translate(rewritten, &ast).map_err(|error| PatternError {
        message: error.kind().to_string(),
        range: Some(Written::new(written).range(error.span())),
        help: None,
    })?;
    Ok((ast, hir))
}

/// A pattern cut after the characters it literally begins with.
pub struct Split {
    /// The characters, unescaped.
    pub literal: String,
    /// Where the rest begins in the text as written; `None` if the pattern is not anchored.
    pub tail: Option<usize>,
}

/// Cuts a pattern. No flag can be in force at the cut, for a flag is no character; so the rest
/// means by itself what it means in its place.
pub fn split(written: &str, ast: &Ast) -> Split {
    let anchor =
        |ast: &Ast| matches!(ast, Ast::Assertion(found) if found.kind == ast::AssertionKind::StartLine);
    let items = match ast {
        Ast::Concat(concat) if concat.asts.first().is_some_and(anchor) => &concat.asts[1..],
        single if anchor(single) => &[],
        _ => return Split { literal: String::new(), tail: None },
    };
    let mut literal = String::new();
    for item in items {
        match item {
            Ast::Literal(character) => literal.push(character.c),
            other => {
                let tail = Some(Written::new(written).range(other.span()).start);
                return Split { literal, tail };
            }
        }
    }
    Split { literal, tail: Some(written.len()) }
}

/// Turns a syntax error into a fact and an advice. `range` is where the parser stopped.
pub fn explain(written: &str, kind: &ast::ErrorKind, range: Range<usize>) -> PatternError {
    use ast::ErrorKind as Kind;
    let at = range.start;
    let before = &written[..at];
    let next = written[at..].chars().next();
    let error = |message: String, range: Range<usize>, help: &str| PatternError {
        message,
        range: Some(range),
        help: (!help.is_empty()).then(|| help.to_owned()),
    };
    match kind {
        Kind::UnsupportedLookAround => error(look_around(written, at), range, LOOK_AROUND_HELP),
        Kind::GroupNameInvalid if before.ends_with("(?<") && matches!(next, Some('=' | '!')) => {
            error(look_around(written, at - 3), at - 3..at + 1, LOOK_AROUND_HELP)
        }
        Kind::UnsupportedBackreference => error(
            format!("the back-reference `{}` is not supported", &written[range.clone()]),
            range,
            BACK_REFERENCE_HELP,
        ),
        Kind::EscapeUnrecognized if written[range.clone()].starts_with("\\k") => {
            error("the back-reference `\\k` is not supported".to_owned(), range, BACK_REFERENCE_HELP)
        }
        Kind::EscapeUnrecognized => {
            let escape = &written[range.clone()];
            let known = ESCAPES.iter().find(|(known, _)| *known == escape);
            let help =
                known.map_or("leave the `\\` out where the character itself is meant", |(_, help)| help);
            error(format!("the escape `{escape}` does not exist in this dialect"), range, help)
        }
        Kind::FlagUnrecognized if before.ends_with("(?") => {
            let opening = next.map_or(String::new(), String::from);
            let known = GROUPS.iter().find(|(known, ..)| written[at..].starts_with(known));
            let (opening, what, help) = known.copied().unwrap_or((&opening, "groups", ""));
            error(format!("{what} `(?{opening}` are not supported"), at - 2..at + opening.len(), help)
        }
        _ if brace(written, kind, at).is_some() => {
            let (range, name) = brace(written, kind, at).unwrap_or((range, None));
            let help = match name {
                Some(name) => format!("write `(?<{name}>[^/]+)` to capture a segment, or `\\{{` for a brace"),
                None if written[range.clone()].starts_with("{,") => {
                    format!("write `{{0{}`", &written[range.start + 1..range.end])
                }
                None => "write `\\{` for a brace, or a count such as `{2}` or `{1,3}`".to_owned(),
            };
            error(format!("`{}` is not a repetition count", &written[range.clone()]), range, &help)
        }
        Kind::ClassUnclosed => error("the character class is never closed".to_owned(), range, CLASS_HELP),
        Kind::GroupUnclosed => {
            error("the group is never closed".to_owned(), range, "add `)`, or write `\\(` for a parenthesis")
        }
        Kind::GroupUnopened => error(
            "the parenthesis closes no group".to_owned(),
            range,
            "remove it, or write `\\)` for a parenthesis",
        ),
        Kind::GroupNameDuplicate { .. } => error(
            format!("the group name `{}` is used twice", &written[range.clone()]),
            range,
            "give each group a name of its own",
        ),
        Kind::GroupNameInvalid | Kind::GroupNameEmpty => error(
            "the group name is not valid".to_owned(),
            range,
            "names are letters, digits and `_`, and do not begin with a digit",
        ),
        Kind::RepetitionMissing => {
            let end = at + next.map_or(0, char::len_utf8);
            error(
                format!("`{}` repeats nothing", &written[at..end]),
                at..end,
                "put something before it, or escape it with `\\`",
            )
        }
        Kind::NestLimitExceeded(limit) => error(
            format!("groups are nested more than {limit} deep"),
            range,
            "nest fewer groups in each other",
        ),
        Kind::GroupNameUnexpectedEof | Kind::FlagUnexpectedEof => error(
            kind.to_string(),
            range,
            "write `(?<name>…)` to capture, `(?:…)` to group, or `\\(` for a parenthesis",
        ),
        Kind::ClassRangeInvalid => {
            error(kind.to_string(), range, "write the lower end first, as in `a-z`; a `-` itself is `\\-`")
        }
        Kind::ClassRangeLiteral => {
            error(kind.to_string(), range, "write `\\-` where a hyphen itself is meant")
        }
        other => error(other.to_string(), range, ""),
    }
}

const LOOK_AROUND_HELP: &str = "this dialect has no look-around: say what may stand there, for example with `[^/]`, or put the exception in a route of its own";
const BACK_REFERENCE_HELP: &str =
    "this dialect cannot demand the same text twice: write the pattern out again";
const CLASS_HELP: &str = "add `]`; inside a class write `\\[` for a bracket";

/// Escapes of PCRE that the `regex` crate lacks.
const ESCAPES: &[(&str, &str)] = &[
    ("\\Z", "write `$`, or `\\z`"),
    ("\\G", "the pattern is anchored at the start as it is: leave it out"),
    ("\\Q", "escape each special character with `\\` instead"),
    ("\\E", "escape each special character with `\\` instead"),
    ("\\K", "leave it out: the whole match plays no role"),
    ("\\h", "write `[ \\t]`"),
    ("\\H", "write `[^ \\t]`"),
    ("\\R", "write `\\r?\\n`"),
    ("\\N", "write `.`"),
    ("\\X", "write `.`"),
    ("\\e", "write `\\x1B`"),
];

/// What may follow `(?` in PCRE but not here.
const GROUPS: &[(&str, &str, &str)] = &[
    (">", "atomic groups", "write `(?:…)`: matching is linear in time without them"),
    ("(", "conditionals", "write the alternatives as `(?:…|…)`"),
    ("|", "branch resets", "write `(?:…|…)` and give each group a name of its own"),
    ("#", "comments", "leave the comment out"),
    ("'", "quoted group names", "write `(?<name>…)`"),
    ("&", "recursive patterns", "write the pattern out to the depth that is needed"),
    ("P=", "back-references", BACK_REFERENCE_HELP),
    ("P>", "recursive patterns", "write the pattern out to the depth that is needed"),
];

fn look_around(written: &str, at: usize) -> String {
    let rest = &written[at..];
    let (what, length) = if rest.starts_with("(?<") { ("look-behind", 4) } else { ("look-ahead", 3) };
    format!("the {what} `{}` is not supported", rest.get(..length).unwrap_or(rest))
}

/// The `{…}` that was taken for a repetition, and the name in it if it looks like a parameter.
fn brace<'a>(written: &'a str, kind: &ast::ErrorKind, at: usize) -> Option<(Range<usize>, Option<&'a str>)> {
    use ast::ErrorKind as Kind;
    let counts = [
        Kind::RepetitionCountInvalid,
        Kind::RepetitionCountDecimalEmpty,
        Kind::RepetitionCountUnclosed,
        Kind::DecimalEmpty,
        Kind::DecimalInvalid,
        Kind::RepetitionMissing,
        Kind::SpecialWordOrRepetitionUnexpectedEof,
    ];
    if !counts.contains(kind) {
        return None;
    }
    let start = match written[at..].starts_with('{') {
        true => at,
        false if *kind == Kind::RepetitionMissing => return None,
        false => written[..at].rfind('{')?,
    };
    let end = written[start..].find('}').map(|length| start + length + 1);
    let name = end.map(|end| &written[start + 1..end - 1]).filter(|name| {
        name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    });
    Some((start..end.unwrap_or(start + 1), name))
}
