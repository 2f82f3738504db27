//! The few lines that show a finding, cut out of the file so that neither the size of the file nor
//! the length of a line matters, and without anything that would drive the terminal.

use std::ops::Range;

use config_core::source::{SourceFile, Span};
use miette::{MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

use crate::terminal::printable;

/// Lines shown before and after a labelled one.
pub const CONTEXT: usize = 1;
/// The longest line that is shown whole, in bytes.
const LONG_LINE: usize = 240;
/// What is kept of a longer line before and after a label, and of the label itself, in bytes.
const KEPT: usize = 60;

/// Pieces of lines with their line numbers.
#[derive(Debug)]
pub struct Excerpt {
    name: String,
    text: String,
    pieces: Vec<Piece>,
    /// Where labels start in the excerpt, and their columns in the file.
    columns: Vec<(usize, usize)>,
}

/// One line of the file, or the part of it that is shown.
#[derive(Debug, Clone)]
struct Piece {
    /// 1-based line in the file.
    line: usize,
    /// Bytes of the file.
    range: Range<usize>,
    /// Where the first of these bytes stands in the excerpt.
    shown_at: usize,
}

impl Excerpt {
    /// The lines around `spans`, of which the first is the finding's own, and the spans as they are
    /// in the excerpt. A span over several lines is shown to the end of its first.
    pub fn new(source: &SourceFile, spans: &[Span]) -> (Self, Vec<SourceSpan>) {
        // Nothing is to be seen of the line after the last line break.
        let lines = (source.lines() - usize::from(source.text().ends_with('\n'))).max(1);
        let mut pieces: Vec<Piece> = Vec::new();
        for span in spans {
            let at = source.position(span.range().start).line;
            let context = at.saturating_sub(CONTEXT).max(1)..=(at + CONTEXT).min(lines);
            pieces.extend(context.map(|line| piece(source, line, (line == at).then_some(*span))));
        }
        let mut excerpt = Self {
            name: printable(source.name()).into_owned(),
            text: String::new(),
            pieces: merge(pieces),
            columns: Vec::new(),
        };
        excerpt.write(source);
        let shown: Vec<_> = spans.iter().map(|span| excerpt.shown(span.range())).collect();
        let columns = spans.iter().map(|span| source.position(span.range().start).column);
        excerpt.columns = shown.iter().map(SourceSpan::offset).zip(columns).collect();
        (excerpt, shown)
    }

    fn write(&mut self, source: &SourceFile) {
        for piece in &mut self.pieces {
            let whole = source.line_span(piece.line).range();
            if piece.range.start > whole.start {
                self.text.push('…');
            }
            piece.shown_at = self.text.len();
            self.text.push_str(&printable(&source.text()[piece.range.clone()]));
            if piece.range.end < whole.end {
                self.text.push('…');
            }
            self.text.push('\n');
        }
    }

    fn shown(&self, span: Range<usize>) -> SourceSpan {
        let at = self.pieces.partition_point(|piece| piece.range.start <= span.start).saturating_sub(1);
        let Piece { range, shown_at, .. } = &self.pieces[at];
        let clip = |byte: usize| byte.clamp(range.start, range.end) - range.start + shown_at;
        SourceSpan::from(clip(span.start)..clip(span.end))
    }

    fn column(&self, shown_at: usize) -> usize {
        self.columns.iter().find(|(at, _)| *at == shown_at).map_or(1, |(_, column)| *column)
    }

    /// The piece in which byte `at` of the excerpt is shown.
    fn piece_at(&self, at: usize) -> usize {
        self.pieces.partition_point(|piece| piece.shown_at <= at).saturating_sub(1)
    }

    /// Whether the piece after `index` is the next line of the file.
    fn goes_on(&self, index: usize) -> bool {
        self.pieces.get(index + 1).is_some_and(|next| next.line == self.pieces[index].line + 1)
    }
}

/// miette asks for the surroundings of each label, and for those of two labels together, which are
/// refused if lines are missing between them.
impl SourceCode for Excerpt {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let (mut first, mut last) = (self.piece_at(span.offset()), self.piece_at(span.offset() + span.len()));
        if self.pieces.is_empty() || (first..last).any(|index| !self.goes_on(index)) {
            return Err(MietteError::OutOfBounds);
        }
        for _ in 0..before {
            first -= usize::from(first > 0 && self.goes_on(first - 1));
        }
        for _ in 0..after {
            last += usize::from(self.goes_on(last));
        }
        // Ellipses stand before `shown_at`, so lines are found by their breaks.
        let from = self.text[..self.pieces[first].shown_at].rfind('\n').map_or(0, |at| at + 1);
        let to = self.text[self.pieces[last].shown_at..]
            .find('\n')
            .map_or(self.text.len(), |at| self.pieces[last].shown_at + at + 1);
        Ok(Box::new(MietteSpanContents::new_named(
            self.name.clone(),
            &self.text.as_bytes()[from..to],
            SourceSpan::from(from..to),
            self.pieces[first].line - 1,
            // Asked without context, it is for the place printed above the lines.
            if before == 0 { self.column(span.offset()) - 1 } else { 0 },
            last - first + 1,
        )))
    }
}

/// The line, or what is to be seen of it if it is long.
fn piece(source: &SourceFile, line: usize, label: Option<Span>) -> Piece {
    let whole = source.line_span(line).range();
    let range = match label {
        _ if whole.len() <= LONG_LINE => whole,
        None => whole.start..source.text().floor_char_boundary(whole.start + KEPT),
        Some(span) => {
            let start = span.range().start;
            let end = span.range().end.min(start + KEPT).min(whole.end);
            let from = source.text().floor_char_boundary(start.saturating_sub(KEPT)).max(whole.start);
            from..source.text().ceil_char_boundary(end + KEPT).min(whole.end)
        }
    };
    Piece { line, range, shown_at: 0 }
}

/// In file order, with overlapping pieces of a line made one.
fn merge(mut pieces: Vec<Piece>) -> Vec<Piece> {
    pieces.sort_by_key(|piece| (piece.range.start, piece.line));
    let mut merged: Vec<Piece> = Vec::new();
    for piece in pieces {
        match merged.last_mut() {
            Some(last) if last.line == piece.line && piece.range.start <= last.range.end => {
                last.range.end = last.range.end.max(piece.range.end);
            }
            _ => merged.push(piece),
        }
    }
    merged
}
