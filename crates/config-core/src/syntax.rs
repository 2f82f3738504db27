//! Text to tree. One YAML parse gives the arena [`Document`] that schema validation, the typed
//! model, comments and rules all read, so that no two readers can disagree about a file.

mod document;

pub use document::{Comment, Document, Kind, Node, NodeId, Place, Scalar, ScalarType, Slot, Style};
