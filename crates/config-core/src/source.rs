//! The text of one configuration file, and the way from a byte offset to what a person reads.

use std::ops::Range;

use miette::{MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

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

/// One file's name and text, with the line starts needed to point into it.
#[derive(Debug, Clone)]
pub struct SourceFile {
    name: String,
    text: String,
    line_starts: Vec<u32>,
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
            return Self { name: name.into(), text: String::new(), line_starts: vec![0], flaw };
        }
        let line_starts = line_starts(&text);
        Self { name: name.into(), text, line_starts, flaw: None }
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
        let before = &self.text[start..byte];
        let before = if start == 0 { before.trim_start_matches('\u{feff}') } else { before };
        Position { line: line + 1, column: before.chars().count() + 1, byte }
    }

    /// The text of the 1-based line `line`, without its line break.
    pub fn line(&self, line: usize) -> &str {
        let start = self.line_starts[line - 1] as usize;
        let end = self.line_starts.get(line).map_or(self.text.len(), |next| *next as usize);
        self.text[start..end].trim_end_matches(['\n', '\r'])
    }
}

/// miette's own `NamedSource` scans the text from its start for every label; with line starts at
/// hand a label costs only the lines that are shown.
impl SourceCode for SourceFile {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        context_lines_before: usize,
        context_lines_after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let (start, end) = (span.offset(), span.offset() + span.len());
        if end > self.text.len() {
            return Err(MietteError::OutOfBounds);
        }
        let first = self.position(start).line.saturating_sub(1 + context_lines_before);
        let last = (self.position(end).line + context_lines_after).min(self.line_starts.len());
        let from = self.line_starts[first] as usize;
        let to = self.line_starts.get(last).map_or(self.text.len(), |next| *next as usize);
        Ok(Box::new(MietteSpanContents::new_named(
            self.name.clone(),
            &self.text.as_bytes()[from..to],
            SourceSpan::from(from..to),
            first,
            0,
            last - first,
        )))
    }
}

/// Offsets at which lines begin: after `\n`, `\r\n` and a `\r` of its own, YAML's three line breaks.
fn line_starts(text: &str) -> Vec<u32> {
    let bytes = text.as_bytes();
    let ends_line = |at: usize| match bytes[at] {
        b'\n' => true,
        b'\r' => bytes.get(at + 1) != Some(&b'\n'),
        _ => false,
    };
    std::iter::once(0).chain((0..bytes.len()).filter(|at| ends_line(*at)).map(|at| at as u32 + 1)).collect()
}

/// A UTF-16 byte order mark, or a NUL beside one of the first two characters.
fn looks_like_utf16(bytes: &[u8]) -> bool {
    matches!(bytes, [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [0, _, 0, _, ..] | [_, 0, _, 0, ..])
}
