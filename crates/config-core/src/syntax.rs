//! Text to tree. One YAML parse gives the arena [`Document`] that schema validation, the typed
//! model, comments and rules all read, so that no two readers can disagree about a file.
//!
//! The way through: `text` looks for characters that readers disagree on, `build` pulls the parser's
//! events into the tree and expands aliases and merge keys, `scalar` says what a scalar means,
//! `span` finds a part of a scalar in the source. [`from_node`] (serde) and [`TreeJson`]
//! (JSON Schema) read the tree in place. The YAML parser is not visible outside this module.

mod build;
mod de;
mod document;
mod error;
mod json;
mod mapping;
mod scalar;
mod span;
mod text;

pub use de::{DeError, Spanned, from_node};
pub use document::{Comment, Document, Kind, Node, NodeId, Place, Scalar, ScalarType, Slot, Style};
pub use json::{TreeJson, TreeNode};

use crate::{diagnostic::Diagnostic, source::SourceFile};

/// What reading a file gave.
#[derive(Debug)]
pub struct Parsed<'s> {
    /// The tree; absent only where the text has no single meaning (then a `yaml-syntax` or
    /// `resource-limit` finding says why).
    pub document: Option<Document<'s>>,
    /// Findings of `yaml-syntax`, `duplicate-key`, `resource-limit`, `ambiguous-scalar` and
    /// `multiple-documents`, in file order.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads a YAML or JSON file, in time and memory bounded by a small multiple of its size.
pub fn parse(source: &SourceFile) -> Parsed<'_> {
    let mut diagnostics = Vec::new();
    let readable = text::check(source, &mut diagnostics);
    let document = if readable { build::build(source, &mut diagnostics) } else { None };
    diagnostics.sort_by_key(|diagnostic| diagnostic.place.span);
    Parsed { document, diagnostics }
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
