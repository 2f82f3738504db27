//! From a part of a scalar's text to the source text that it was written as.

use std::borrow::Cow;
use std::ops::Range;

use super::document::{Document, NodeId};
use crate::source::Span;

impl Document<'_> {
    /// The source range of bytes `range` of a scalar's text.
    pub fn span_within(&self, id: NodeId, range: Range<usize>) -> Span {
        let whole = self.span(id);
        let Some(scalar) = self.scalar(id) else { return whole };
        if !(scalar.text.is_char_boundary(range.start) && scalar.text.is_char_boundary(range.end)) {
            return whole;
        }
        match &scalar.text {
            // Borrowed text *is* the source text, so its address says where it stands.
            Cow::Borrowed(text) => {
                let start = (text.as_ptr() as usize).wrapping_sub(self.source().text().as_ptr() as usize);
                let span = Span::new(start.saturating_add(range.start)..start.saturating_add(range.end));
                if whole.start <= span.start && span.end <= whole.end { span } else { whole }
            }
            Cow::Owned(_) => whole,
        }
    }
}
