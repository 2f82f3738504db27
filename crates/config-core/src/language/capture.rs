//! What a group can capture, by the engine's own rule of which match counts (leftmost, then first).

use super::Undecided;
use crate::pattern::Pattern;

/// What is asked of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// A match leaves it unset.
    Unset,
    /// A match sets it, to whatever text.
    Set,
    /// A match sets it to a text outside the set.
    Outside(Texts),
}

/// A set of texts that a captured value can be held against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Texts {
    /// All but the empty one.
    NonEmpty,
    /// Letters, digits and `-` of ASCII: part of one DNS label.
    HostLabel,
    /// Without `/` and `\`.
    Segment,
    /// Without `.`.
    NoDots,
    /// ASCII digits.
    Digits,
}

/// A path that shows an outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The normalised path; the pattern matches it.
    pub path: String,
    /// What the group captures in it; `None` where it is unset.
    pub value: Option<String>,
}

/// Answers about groups, remembered: patterns that end alike are asked once.
#[derive(Debug, Default)]
pub struct Captures {}

impl Captures {
    /// The shortest normalised path that `pattern` matches with this outcome for the group called `name`;
    /// `None` if no path does. The pattern has the group.
    ///
    /// # Errors
    /// The question is too large, or the pattern holds what automata cannot.
    pub fn find(
        &self,
        _pattern: &Pattern,
        _name: &str,
        _outcome: Outcome,
    ) -> Result<Option<Shown>, Undecided> {
        Err(Undecided::TooLarge)
    }

    /// Every text that the group called `name` can capture, if they are at most `limit`; `None` if there
    /// are more.
    ///
    /// # Errors
    /// As for [`Self::find`].
    pub fn values(
        &self,
        _pattern: &Pattern,
        _name: &str,
        _limit: usize,
    ) -> Result<Option<Vec<String>>, Undecided> {
        Err(Undecided::TooLarge)
    }
}
