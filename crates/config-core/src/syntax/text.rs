//! What can be wrong with a file before it is YAML: its size, its encoding, and characters that
//! YAML readers do not agree on.

use crate::{
    diagnostic::Diagnostic,
    rules::Rule,
    source::{Flaw, MAX_FILE_BYTES, SourceFile, Span},
    syntax::Place,
};

/// Reports what is wrong with the text as such. Returns whether it is worth parsing.
pub(super) fn check(source: &SourceFile, diagnostics: &mut Vec<Diagnostic>) -> bool {
    match source.flaw() {
        Some(Flaw::TooLarge { bytes }) => {
            diagnostics.push(
                Diagnostic::new(
                    Rule::ResourceLimit,
                    at(Span::at(0)),
                    format!("the file has {bytes} bytes; at most {MAX_FILE_BYTES} are read"),
                )
                .help("split the configuration into several files"),
            );
            false
        }
        Some(Flaw::NotUtf8 { at: offset, utf16 }) => {
            let end = source.text()[offset..].chars().next().map_or(offset, |c| offset + c.len_utf8());
            diagnostics.push(
                Diagnostic::new(Rule::YamlSyntax, at(Span::new(offset..end)), "the file is not UTF-8 text")
                    .help(if utf16 {
                        "it looks like UTF-16: save the file with the encoding UTF-8"
                    } else {
                        "save the file with the encoding UTF-8; up to here it is"
                    }),
            );
            false
        }
        None => characters(source, diagnostics) && (!is_json(source) || json(source, diagnostics)),
    }
}

/// Kong reads a file as JSON if its name says so.
fn is_json(source: &SourceFile) -> bool {
    source.name().ends_with(".json")
}

/// YAML allows more than JSON does, such as comments and a trailing comma; a JSON reader does not.
fn json(source: &SourceFile, diagnostics: &mut Vec<Diagnostic>) -> bool {
    let text = source.text().trim_start_matches('\u{feff}');
    let Err(error) = serde_json::from_str::<&serde_json::value::RawValue>(text) else { return true };
    // The parser of the tree sees the same depth and says it better.
    if error.to_string().starts_with("recursion limit") {
        return true;
    }
    let offset = source.offset(error.line(), error.column());
    let end = source.text()[offset..]
        .chars()
        .next()
        .filter(|c| *c != '\n')
        .map_or(offset, |c| offset + c.len_utf8());
    let message = error.to_string();
    let message = message.split(" at line ").next().unwrap_or_default();
    let (span, message, help) = not_json(source.text(), offset, message).unwrap_or((
        Span::new(offset..end),
        message,
        "a file named `.json` is read as JSON; name it `.yaml` to write YAML",
    ));
    let message = format!("not JSON: {message}");
    diagnostics.push(Diagnostic::new(Rule::YamlSyntax, at(span), message).help(help));
    false
}

/// The common slips, told from what stands where the JSON reader stopped and in front of it.
fn not_json(text: &str, offset: usize, message: &str) -> Option<(Span, &'static str, &'static str)> {
    let unclosed = match message {
        "EOF while parsing a list" => Some(("the file ends inside a list", "close every `[` with `]`")),
        "EOF while parsing an object" => Some(("the file ends inside an object", "close every `{` with `}`")),
        "EOF while parsing a string" => Some(("the file ends inside a text", "close it with `\"`")),
        _ => None,
    };
    if let Some((what, help)) = unclosed {
        return Some((Span::new(offset..text.len()), what, help));
    }
    let before = text[..offset].trim_end();
    let rest = &text[offset..];
    let span = |start: usize, length: usize| Span::new(start..start + length);
    let last = before.len().saturating_sub(1);
    Some(match (before.as_bytes().last(), rest.as_bytes().first()?) {
        (Some(b','), b']' | b'}') => {
            (span(last, 1), "a comma stands after the last entry", "remove the comma")
        }
        (_, b'/') if rest.starts_with("//") || rest.starts_with("/*") => (
            span(offset, 2),
            "JSON has no comments",
            "remove it, write it as a `_comment` field, or name the file `.yaml`",
        ),
        (_, b'#') => (
            span(offset, 1),
            "JSON has no comments",
            "remove it, write it as a `_comment` field, or name the file `.yaml`",
        ),
        (_, b'\'') => (span(offset, 1), "a text stands in single quotes", "write `\"` around texts and keys"),
        (Some(_), b'"' | b'[' | b'{') if message.starts_with("expected `,`") => {
            (span(last, 1), "a comma is missing after this", "separate entries with `,`")
        }
        _ => return None,
    })
}

fn at(span: Span) -> Place {
    Place { span, pointer: String::new() }
}

/// One finding for each kind of character that does not belong into a file, at its first use.
fn characters(source: &SourceFile, diagnostics: &mut Vec<Diagnostic>) -> bool {
    let text = source.text();
    let mut seen: Vec<(char, usize, usize)> = Vec::new();
    for offset in suspects(text.as_bytes()) {
        let Some(c) = text[offset..].chars().next() else { continue };
        let in_json = matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}') && is_json(source);
        if c == '\u{feff}' && offset == 0 || describe(c).is_none() || in_json {
            continue;
        }
        match seen.iter_mut().find(|(known, ..)| *known == c) {
            Some((.., count)) => *count += 1,
            None => seen.push((c, offset, 1)),
        }
    }
    let mut readable = true;
    for (c, offset, count) in seen {
        let Some((what, help, fatal)) = describe(c) else { continue };
        readable &= !fatal;
        let times = if count > 1 { format!(", {count} times in this file") } else { String::new() };
        let span = Span::new(offset..offset + c.len_utf8());
        diagnostics.push(
            Diagnostic::new(Rule::YamlSyntax, at(span), format!("U+{:04X} {what}{times}", c as u32))
                .help(help),
        );
    }
    readable
}

/// Where a character of interest may begin. Most blocks hold none, which one pass without a branch
/// tells.
fn suspects(bytes: &[u8]) -> impl Iterator<Item = usize> {
    const BLOCK: usize = 64;
    let suspect = |byte: u8| {
        let control = byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r');
        control | matches!(byte, 0x7f | 0xc2 | 0xe2 | 0xef)
    };
    let holds_one = move |block: &[u8]| block.iter().fold(false, |found, byte| found | suspect(*byte));
    let blocks = bytes.chunks(BLOCK).enumerate().filter(move |(_, block)| holds_one(block));
    blocks.flat_map(move |(at, block)| {
        let suspects = block.iter().enumerate().filter(move |(_, byte)| suspect(**byte));
        suspects.map(move |(offset, _)| at * BLOCK + offset)
    })
}

const AMBIGUOUS_BREAK: &str =
    "ends a line for some YAML readers (Kong's too) and is an ordinary character for others";

/// Why a character does not belong, what to write instead, and whether the text means nothing with it.
fn describe(c: char) -> Option<(&'static str, &'static str, bool)> {
    Some(match c {
        '\u{85}' => (AMBIGUOUS_BREAK, "remove it, or write it as `\\N` in a double-quoted text", false),
        '\u{2028}' => (AMBIGUOUS_BREAK, "remove it, or write it as `\\L` in a double-quoted text", false),
        '\u{2029}' => (AMBIGUOUS_BREAK, "remove it, or write it as `\\P` in a double-quoted text", false),
        '\0' => (
            "(NUL) is not allowed in YAML",
            "remove it; a file full of them is binary, or UTF-16 saved without its mark",
            true,
        ),
        '\u{feff}' => (
            "(byte order mark) stands inside the text",
            "remove it: it is allowed only as the very first character of the file",
            true,
        ),
        '\t' | '\n' | '\r' => return None,
        '\u{01}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}' => (
            "is a control character, which YAML does not allow",
            "remove it, or write it as an escape in a double-quoted text, such as `\\x1b`",
            true,
        ),
        _ => return None,
    })
}
