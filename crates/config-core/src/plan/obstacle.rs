//! What keeps a file from being served although it may have no error.

/// A part of the file that asks for what `serve` does not do. Answering as if it were not there would
/// let requests through that were to be stopped, or send what nobody asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Obstacle {
    /// 1-based line.
    pub line: usize,
    /// 1-based column.
    pub column: usize,
    /// What is not done.
    pub message: String,
    /// What to do about it.
    pub help: String,
}
