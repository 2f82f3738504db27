//! From a part of a scalar's text to the source text that it was written as.
//!
//! Text without escapes or folding is borrowed from the source, so its address says where it
//! stands. Other text is aligned with its source character by character, by the rules of its style;
//! where the two do not fit together, the whole scalar is the answer.

use std::borrow::Cow;
use std::ops::Range;

use super::document::{Document, NodeId, Scalar, Style};
use crate::source::Span;

/// Source longer than this is not aligned, so that a huge scalar with a finding in every line costs
/// no more than its size.
const MAX_ALIGNED: usize = 8 * 1024;

impl Document<'_> {
    /// The source range of bytes `range` of a scalar's text. Of an aliased scalar it is the
    /// anchor's text. The whole node where no exact answer exists: for other nodes, for offsets
    /// inside a character, and in scalars of more than 8 KiB that are escaped or folded.
    pub fn span_within(&self, id: NodeId, range: Range<usize>) -> Span {
        let whole = self.span(id);
        let Some(scalar) = self.scalar(id) else { return whole };
        let text = &*scalar.text;
        if range.start > range.end || !text.is_char_boundary(range.start) || !text.is_char_boundary(range.end)
        {
            return whole;
        }
        let found = match &scalar.text {
            Cow::Borrowed(text) => {
                let start = (text.as_ptr() as usize).checked_sub(self.source().text().as_ptr() as usize);
                start.map(|start| start + range.start..start + range.end)
            }
            Cow::Owned(_) => self.align(whole, scalar, &range),
        };
        let inside =
            |found: &Range<usize>| whole.start as usize <= found.start && found.end <= whole.end as usize;
        found.filter(inside).map_or(whole, Span::new)
    }

    fn align(&self, whole: Span, scalar: &Scalar<'_>, range: &Range<usize>) -> Option<Range<usize>> {
        let raw = self.source().slice(whole);
        if raw.len() > MAX_ALIGNED {
            return None;
        }
        let start = whole.start as usize;
        let aligner = Aligner { raw, text: &scalar.text, aligned: 0, pieces: Vec::new() };
        let pieces = match scalar.style {
            Style::Plain => aligner.flow(0..raw.len(), scalar.style)?,
            Style::SingleQuoted | Style::DoubleQuoted => {
                aligner.flow(1..raw.len().checked_sub(1)?, scalar.style)?
            }
            Style::Literal | Style::Folded => {
                // The span of a block scalar begins at its first character, below its indentation.
                let line = self.source().text()[..start].rfind(['\n', '\r']).map_or(0, |at| at + 1);
                aligner.block(start - line, scalar.style)?
            }
        };
        let first = pieces.iter().find(|piece| {
            range.start < piece.text.end || range.is_empty() && range.start <= piece.text.end
        })?;
        let last = pieces.iter().rfind(|piece| {
            piece.text.start < range.end || range.is_empty() && piece.text.start <= range.start
        })?;
        let from = first.source_at(range.start, false);
        let to = if range.is_empty() { from } else { last.source_at(range.end, true) };
        (from <= to).then_some(start + from..start + to)
    }
}

/// A stretch of text and the source that it comes from: byte for byte where both have the same
/// length, and as a whole where they differ (an escape, a folded line break).
struct Piece {
    text: Range<usize>,
    source: Range<usize>,
}

impl Piece {
    fn source_at(&self, text: usize, end: bool) -> usize {
        if self.text.len() == self.source.len() {
            self.source.start + text.clamp(self.text.start, self.text.end) - self.text.start
        } else if end {
            self.source.end
        } else {
            self.source.start
        }
    }
}

/// Walks source and text of one scalar side by side.
struct Aligner<'a> {
    raw: &'a str,
    text: &'a str,
    /// Bytes of the text that have their pieces.
    aligned: usize,
    pieces: Vec<Piece>,
}

impl Aligner<'_> {
    /// Plain and quoted scalars; `inner` leaves the quotes out.
    fn flow(mut self, inner: Range<usize>, style: Style) -> Option<Vec<Piece>> {
        let raw = self.raw;
        let mut at = inner.start;
        while at < inner.end {
            let rest = &raw[at..inner.end];
            let blanks = rest.len() - rest.trim_start_matches([' ', '\t']).len();
            at += if line_break(&rest[blanks..]) > 0 {
                let (length, breaks) = breaks(&rest[blanks..]);
                let folded = if breaks == 1 { " ".to_owned() } else { "\n".repeat(breaks - 1) };
                self.replace(at..at + blanks + length, &folded)?
            } else if style == Style::SingleQuoted && rest.starts_with("''") {
                self.replace(at..at + 2, "'")?
            } else if style == Style::DoubleQuoted && rest.starts_with('\\') {
                let (length, meaning) = escape(rest)?;
                self.replace(at..at + length, &meaning)?
            } else {
                let plain = &rest[blanks..];
                let special = plain.find([' ', '\t', '\n', '\r', '\'', '\\']).unwrap_or(plain.len());
                // What stands at the front is special in another style, or is blank.
                let first = plain.chars().next().map_or(0, char::len_utf8);
                self.copy(at..at + blanks + special.max(if blanks == 0 { first } else { 0 }))?
            };
        }
        (self.aligned == self.text.len()).then_some(self.pieces)
    }

    /// Literal and folded scalars whose lines are indented by `indent`.
    fn block(mut self, indent: usize, style: Style) -> Option<Vec<Piece>> {
        let raw = self.raw;
        // Empty lines before the first character are text, but stand before the span.
        let above = self.text.len() - self.text.trim_start_matches('\n').len();
        self.replace(0..0, &"\n".repeat(above))?;
        let mut at = 0;
        while at < raw.len() {
            let end = raw[at..].find(['\n', '\r']).map_or(raw.len(), |end| at + end);
            at += self.copy(at..end)?;
            let mut gap = at;
            let mut lines = 0;
            while line_break(&raw[gap..]) > 0 {
                gap += line_break(&raw[gap..]);
                lines += 1;
                let spaces = raw[gap..].len() - raw[gap..].trim_start_matches(' ').len();
                gap += spaces.min(indent);
            }
            let text = &self.text[self.aligned..];
            let newlines = text.len() - text.trim_start_matches('\n').len();
            let folds = style == Style::Folded && newlines == 0 && lines == 1 && !text.is_empty();
            let folded = if folds { " ".to_owned() } else { "\n".repeat(newlines) };
            at += self.replace(at..gap, if lines == 0 { "" } else { &folded })?;
        }
        let rest = &self.text[self.aligned..];
        (rest.trim_start_matches('\n').is_empty()).then_some(())?;
        self.replace(raw.len()..raw.len(), &"\n".repeat(rest.len()))?;
        Some(self.pieces)
    }

    /// Source that is text as it stands. Returns its length; `None` if the text is another.
    fn copy(&mut self, source: Range<usize>) -> Option<usize> {
        let raw = self.raw;
        self.replace(source.clone(), &raw[source])
    }

    /// Source that stands for `text`.
    fn replace(&mut self, source: Range<usize>, text: &str) -> Option<usize> {
        if !self.text[self.aligned..].starts_with(text) {
            return None;
        }
        let length = source.len();
        self.pieces.push(Piece { text: self.aligned..self.aligned + text.len(), source });
        self.aligned += text.len();
        Some(length)
    }
}

/// The length of the line break at the front.
fn line_break(text: &str) -> usize {
    if text.starts_with("\r\n") { 2 } else { usize::from(text.starts_with(['\n', '\r'])) }
}

/// The extent of the line breaks at the front with the blanks after each, and how many they are.
fn breaks(text: &str) -> (usize, usize) {
    let (mut length, mut count) = (0, 0);
    while line_break(&text[length..]) > 0 {
        length += line_break(&text[length..]);
        length += text[length..].len() - text[length..].trim_start_matches([' ', '\t']).len();
        count += 1;
    }
    (length, count)
}

/// The extent of the escape at the front and what it stands for.
fn escape(text: &str) -> Option<(usize, String)> {
    let letter = text[1..].chars().next()?;
    let meaning = match letter {
        '0' => '\0',
        'a' => '\x07',
        'b' => '\x08',
        't' | '\t' => '\t',
        'n' => '\n',
        'v' => '\x0b',
        'f' => '\x0c',
        'r' => '\r',
        'e' => '\x1b',
        'N' => '\u{85}',
        '_' => '\u{a0}',
        'L' => '\u{2028}',
        'P' => '\u{2029}',
        ' ' | '"' | '/' | '\\' => letter,
        '\n' | '\r' => {
            let (length, count) = breaks(&text[1..]);
            return Some((1 + length, "\n".repeat(count - 1)));
        }
        'x' => char::from_u32(hex(text, 2..4)?)?,
        'U' => char::from_u32(hex(text, 2..10)?)?,
        'u' => {
            let first = hex(text, 2..6)?;
            let Some(meaning) = char::from_u32(first) else {
                let second = hex(text, 8..12)?;
                let pair = 0x10000 + ((first & 0x3ff) << 10) + (second & 0x3ff);
                return Some((12, char::from_u32(pair)?.to_string()));
            };
            return Some((6, meaning.to_string()));
        }
        _ => return None,
    };
    let length = match letter {
        'x' => 4,
        'U' => 10,
        _ => 1 + letter.len_utf8(),
    };
    Some((length, meaning.to_string()))
}

fn hex(text: &str, digits: Range<usize>) -> Option<u32> {
    u32::from_str_radix(text.get(digits)?, 16).ok()
}

#[cfg(test)]
mod tests {
    use std::ops::Range;

    use crate::{source::SourceFile, syntax::parse};

    /// The source range of `part` in the scalar at `pointer`, and the source text there.
    fn find(text: &str, pointer: &str, part: &str) -> (Range<usize>, String) {
        let source = SourceFile::new("test.yaml", text);
        let document = parse(&source).document.expect("the test's text is YAML");
        let id = document.resolve(pointer).expect("the pointer names a node");
        let value = document.str(id).expect("the node is text");
        let at = value.find(part).expect("the part is in the value");
        let span = document.span_within(id, at..at + part.len());
        (span.range(), source.slice(span).to_owned())
    }

    #[track_caller]
    fn check(text: &str, part: &str, range: Range<usize>, shown: &str) {
        assert_eq!(find(text, "/a", part), (range, shown.to_owned()), "{text:?}");
    }

    #[test]
    fn exact_in_one_line() {
        check("a: x $(b.c) y\n", "$(b.c)", 5..11, "$(b.c)");
        check("a: 'x $(b.c)'\n", "$(b.c)", 6..12, "$(b.c)");
        check("a: \"x $(b.c)\"\n", "$(b.c)", 6..12, "$(b.c)");
        check("a: &x !!str x$(b)\n", "$(b)", 13..17, "$(b)");
    }

    #[test]
    fn exact_beyond_ascii() {
        check("a: é語$(b)ü\n", "$(b)", 8..12, "$(b)");
        check("\u{feff}a: 'ü''$(b)'\n", "$(b)", 11..15, "$(b)");
    }

    #[test]
    fn exact_after_doubled_quotes() {
        check("a: 'it''s $(b)'\n", "$(b)", 10..14, "$(b)");
        check("a: 'it''s'\n", "'", 6..8, "''");
        check("a: 'it''s'\n", "t's", 5..9, "t''s");
    }

    #[test]
    fn exact_after_escapes() {
        check("a: \"\\t\\u00e9$(b)\"\n", "$(b)", 12..16, "$(b)");
        check("a: \"\\ud83d\\ude00\\x41\\/$(b)\"\n", "$(b)", 22..26, "$(b)");
        check("a: \"x\\u00e9y\"\n", "é", 5..11, "\\u00e9");
        check("a: \"~/\\\\d+/$(b)\"\n", "\\d", 6..9, "\\\\d");
        check("a: \"x\\\n   $(b)\"\n", "$(b)", 10..14, "$(b)");
        check("a: \"x \\\n\n  y\"\n", "\ny", 6..12, "\\\n\n  y");
    }

    #[test]
    fn exact_in_folded_flow_scalars() {
        check("a: x\n  $(b)\n\n  y\n", "$(b)", 7..11, "$(b)");
        check("a: x\n  $(b)\n\n  y\n", "y", 15..16, "y");
        check("a: 'x  \n   $(b)'\n", "$(b)", 11..15, "$(b)");
        check("a: \"x\r\n  $(b)\"\r\n", "$(b)", 9..13, "$(b)");
        check("a: x\n  y\n", " ", 4..7, "\n  ");
    }

    #[test]
    fn exact_in_block_scalars() {
        check("a: |\n  one\n  $(b) two\n", "$(b)", 13..17, "$(b)");
        check("a: |\n\n\n  one\n   $(b)\n", "$(b)", 16..20, "$(b)");
        check("a: |2\n    one\n  $(b)\n", "$(b)", 16..20, "$(b)");
        check("a: |-\r\n  one\r\n  $(b)\r\n", "$(b)", 16..20, "$(b)");
        check("a: >\n  one\n  $(b)\n\n  two\n", "$(b)", 13..17, "$(b)");
        check("a: >\n  one\n  $(b)\n\n  two\n", "two", 21..24, "two");
        check("a: >-\n  one\n    $(b)\n  two\n", "$(b)", 16..20, "$(b)");
        check("a: >-\n  one\n    $(b)\n  two\n", "two", 23..26, "two");
        check("a: >+\n\n  one\n\n\n  two\n\n", "two", 17..20, "two");
    }

    #[test]
    fn an_alias_points_at_the_anchor() {
        assert_eq!(find("x: &x 'q''$(b)'\na: *x\n", "/a", "$(b)"), (10..14, "$(b)".to_owned()));
        assert_eq!(find("x: &x {y: z$(b)}\na: {<<: *x}\n", "/a/y", "$(b)"), (11..15, "$(b)".to_owned()));
    }

    #[test]
    fn the_whole_scalar_where_no_part_can_be_told() {
        let source = SourceFile::new("test.yaml", format!("a: \"\\t{}\"\nb: [é]\n", "x".repeat(10_000)));
        let document = parse(&source).document.expect("the test's text is YAML");
        let at = |pointer| document.resolve(pointer).expect("the pointer names a node");
        assert_eq!(document.span_within(at("/a"), 5..6), document.span(at("/a")));
        assert_eq!(document.span_within(at("/b"), 0..1), document.span(at("/b")));
        assert_eq!(document.span_within(at("/b/0"), 0..1), document.span(at("/b/0")));
        assert_eq!(document.span_within(at("/b/0"), 0..2), document.span(at("/b/0")));
        assert_eq!(document.span_within(at("/b/0"), 0..99), document.span(at("/b/0")));
    }
}
