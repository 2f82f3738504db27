//! One file per command: from typed arguments to an answer.

pub mod completions;
pub mod explain;
pub mod lint;
pub mod rules;
pub mod schema;
pub mod sdk;
pub mod serve;
