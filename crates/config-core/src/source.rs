//! The text of one configuration file, and the way from a byte offset to what a person reads.

use std::ops::Range;

/// A half-open range of byte offsets into a [`SourceFile`], always on character boundaries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// A span over `range`; offsets beyond 4 GiB saturate ([`SourceFile`] holds no such text).
    pub fn new(range: Range<usize>) -> Self {
        let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Self { start: offset(range.start), end: offset(range.end) }
    }

    /// The empty span at `offset`.
    pub fn at(offset: usize) -> Self {
        Self::new(offset..offset)
    }

    /// The same span as a range to index text with.
    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// A place in the text as people and editors count it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// 1-based line.
    pub line: usize,
    /// 1-based column in Unicode scalar values; a byte order mark has none.
    pub column: usize,
    /// 0-based byte offset.
    pub byte: usize,
}

/// One file's name and text, with what is needed to point into it at once, however long the file
/// or a line is.
#[derive(Debug, Clone)]
pub struct SourceFile {
    name: String,
    text: String,
    line_starts: Vec<u32>,
    /// How many characters begin before every [`BLOCK`]-th byte.
    characters: Vec<u32>,
    flaw: Option<Flaw>,
}

/// Why a file's text is not what its bytes were.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// It exceeds [`MAX_FILE_BYTES`]; no text was kept.
    TooLarge {
        /// How many bytes there were.
        bytes: usize,
    },
    /// It is not UTF-8; what could not be decoded was replaced.
    NotUtf8 {
        /// Offset of the first byte that could not be decoded, in the bytes and in the text alike.
        at: usize,
        /// Whether the bytes look like UTF-16.
        utf16: bool,
    },
}

/// The largest file that is read, in bytes. Far above any real configuration (100,000 routes take
/// 61 MB) and far below what a `u32` offset can address.
pub const MAX_FILE_BYTES: usize = 1 << 30;

impl SourceFile {
    /// A file called `name` (as findings should show it) with `text`.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        let text = text.into();
        if text.len() > MAX_FILE_BYTES {
            let flaw = Some(Flaw::TooLarge { bytes: text.len() });
            return Self { flaw, ..Self::new(name, "") };
        }
        let (line_starts, characters) = (line_starts(&text), characters(&text));
        Self { name: name.into(), text, line_starts, characters, flaw: None }
    }

    /// A file called `name` with the text that `bytes` decode to. Bytes that are not UTF-8 are
    /// replaced and remembered: see [`SourceFile::flaw`].
    pub fn from_bytes(name: impl Into<String>, bytes: Vec<u8>) -> Self {
        match String::from_utf8(bytes) {
            Ok(text) => Self::new(name, text),
            Err(error) => {
                let at = error.utf8_error().valid_up_to();
                let utf16 = looks_like_utf16(error.as_bytes());
                let mut source = Self::new(name, String::from_utf8_lossy(error.as_bytes()));
                source.flaw.get_or_insert(Flaw::NotUtf8 { at, utf16 });
                source
            }
        }
    }

    /// Why the text is not the file's, if so. Such a text is for showing, not for reading.
    pub fn flaw(&self) -> Option<Flaw> {
        self.flaw
    }

    /// The same file for showing, with every character under `spans` but blanks made unreadable. All
    /// offsets, lines and columns stay what they are.
    pub fn masked(mut self, spans: &[Span]) -> Self {
        for span in spans {
            let hidden: String = self.slice(*span).chars().map(mask).collect();
            self.text.replace_range(span.range(), &hidden);
        }
        self
    }

    /// The name given to [`SourceFile::new`].
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text under `span`.
    pub fn slice(&self, span: Span) -> &str {
        &self.text[span.range()]
    }

    /// Where byte offset `byte` is; an offset past the end is taken as the end.
    pub fn position(&self, byte: usize) -> Position {
        let byte = self.text.floor_char_boundary(byte);
        let line = self.line_starts.partition_point(|start| *start as usize <= byte) - 1;
        let start = self.line_starts[line] as usize;
        let marks = if start == 0 && byte > 0 && self.text.starts_with('\u{feff}') { 1 } else { 0 };
        let column = self.characters_before(byte) - self.characters_before(start) - marks + 1;
        Position { line: line + 1, column, byte }
    }

    fn characters_before(&self, byte: usize) -> usize {
        let block = byte / BLOCK;
        self.characters[block] as usize + begun(&self.text.as_bytes()[block * BLOCK..byte])
    }

    /// The number of lines; the text after a last line break is one, even if empty.
    pub fn lines(&self) -> usize {
        self.line_starts.len()
    }

    /// Where the 1-based line `line` is, without its line break.
    pub fn line_span(&self, line: usize) -> Span {
        let start = self.line_starts[line - 1] as usize;
        let end = self.line_starts.get(line).map_or(self.text.len(), |next| *next as usize);
        Span::new(start..start + self.text[start..end].trim_end_matches(['\n', '\r']).len())
    }

    /// The offset of the 1-based `column`, in bytes, of the 1-based `line`; the nearest place there is
    /// for a position outside the text.
    pub fn offset(&self, line: usize, column: usize) -> usize {
        let start =
            self.line_starts.get(line.saturating_sub(1)).map_or(self.text.len(), |start| *start as usize);
        self.text.floor_char_boundary(start.saturating_add(column.saturating_sub(1)))
    }

    /// The text of the 1-based line `line`, without its line break.
    pub fn line(&self, line: usize) -> &str {
        self.slice(self.line_span(line))
    }
}

const BLOCK: usize = 4096;

/// How many characters begin before every [`BLOCK`]-th byte of `text`.
fn characters(text: &str) -> Vec<u32> {
    let blocks = text.as_bytes().chunks(BLOCK).scan(0, |before, block| {
        *before += begun(block) as u32;
        Some(*before)
    });
    std::iter::once(0).chain(blocks).collect()
}

/// How many characters begin in `bytes` of UTF-8.
fn begun(bytes: &[u8]) -> usize {
    // Blocks that a byte can count are counted many bytes at a time.
    let block = |block: &[u8]| block.iter().map(|byte| u8::from(*byte as i8 >= -0x40)).sum::<u8>();
    bytes.chunks(u8::MAX.into()).map(|bytes| usize::from(block(bytes))).sum()
}

/// A character of the same length in UTF-8 that tells nothing about `c`.
fn mask(c: char) -> char {
    match (c, c.len_utf8()) {
        (' ' | '\t' | '\r' | '\n', _) => c,
        (_, 1) => '*',
        (_, 2) => '·',
        (_, 3) => '•',
        _ => '🞄',
    }
}

/// Offsets at which lines begin: after `\n`, `\r\n` and a `\r` of its own, YAML's three line breaks.
fn line_starts(text: &str) -> Vec<u32> {
    let bytes = text.as_bytes();
    let ends_line = |at: &usize| bytes[*at] == b'\n' || bytes.get(at + 1) != Some(&b'\n');
    let breaks = memchr::memchr2_iter(b'\n', b'\r', bytes).filter(ends_line);
    std::iter::once(0).chain(breaks.map(|at| at as u32 + 1)).collect()
}

/// A UTF-16 byte order mark, or a NUL beside one of the first two characters.
fn looks_like_utf16(bytes: &[u8]) -> bool {
    matches!(bytes, [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, _, 0, _, ..] | [_, 0, _, 0, ..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_those_that_counting_gives() {
        let line = "é, 漢字, 🦀, plain; ".repeat(700);
        for text in ["", "\u{feff}", "a\r\nb\rc\n", &format!("\u{feff}{line}\n{line}\r\n\n{line}")] {
            let source = SourceFile::new("a.yaml", text);
            let (mut line, mut column) = (1, 1);
            for (at, c) in text.char_indices() {
                assert_eq!(source.position(at), Position { line, column, byte: at });
                let ends = c == '\n' || c == '\r' && !text[at..].starts_with("\r\n");
                (line, column) = match c {
                    _ if ends => (line + 1, 1),
                    '\u{feff}' => (line, column),
                    _ => (line, column + 1),
                };
            }
            assert_eq!(source.position(usize::MAX), Position { line, column, byte: text.len() });
            assert_eq!(source.lines(), line);
        }
    }

    #[test]
    fn lines_have_no_line_breaks() {
        let source = SourceFile::new("a.yaml", "a\r\nb\rc\n");
        let lines: Vec<_> = (1..=source.lines()).map(|line| source.line(line)).collect();
        assert_eq!(lines, ["a", "b", "c", ""]);
        assert_eq!(source.line_span(2), Span::new(3..4));
    }

    #[test]
    fn a_position_inside_a_character_or_past_the_end_is_the_nearest_before() {
        let source = SourceFile::new("test.yaml", "aé");
        assert_eq!(source.position(2), source.position(1));
        assert_eq!(source.position(99), source.position(3));
        assert_eq!((source.offset(1, 3), source.offset(9, 9)), (1, 3));
    }

    #[test]
    fn bytes_that_are_not_utf8_are_remembered() {
        let flaw = |bytes: &[u8]| SourceFile::from_bytes("test.yaml", bytes.to_vec()).flaw();
        assert_eq!(flaw("a: é".as_bytes()), None);
        assert_eq!(flaw(b"a: \xe9"), Some(Flaw::NotUtf8 { at: 3, utf16: false }));
        assert_eq!(flaw(b"\xff\xfea\x00"), Some(Flaw::NotUtf8 { at: 0, utf16: true }));
    }
}
