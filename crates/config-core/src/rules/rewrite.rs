//! Edits that give a scalar another value without changing how it is written.

use crate::diagnostic::Edit;
use crate::syntax::{Document, NodeId, Style};

/// Replaces the value of a scalar by `text`. `None` where that takes more than one line of thought:
/// block scalars, and text that needs escapes.
pub(super) fn scalar(document: &Document, node: NodeId, text: &str) -> Option<Edit> {
    let span = document.span(node);
    let written = match document.scalar(node)?.style {
        _ if text
            .chars()
            .any(|c| c.is_control() || matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{feff}')) =>
        {
            return None;
        }
        Style::Plain
            if text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/._-%$~".contains(&byte)) =>
        {
            text.to_owned()
        }
        Style::Plain | Style::SingleQuoted => format!("'{}'", text.replace('\'', "''")),
        Style::DoubleQuoted => format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")),
        Style::Literal | Style::Folded => return None,
    };
    Some(Edit { span, text: written })
}
