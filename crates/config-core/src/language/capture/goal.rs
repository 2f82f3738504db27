//! What a captured text is held against while it is read.

use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::Texts;
use crate::language::alphabet::Characters;

/// What a match is to do with the group.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Goal {
    /// Leave it unset.
    Unset,
    /// Set it to a text outside the set.
    Outside(Texts),
    /// Set it to another text than these.
    Other(Rc<[Rc<str>]>),
}

/// How much a goal has to know of a text that has been read so far.
pub type Read = u32;

/// Reads captured texts.
pub struct Reader<'g> {
    goal: &'g Goal,
    /// The beginnings of the texts of [`Goal::Other`], as a tree, and which of them are whole.
    steps: FxHashMap<(Read, char), Read>,
    whole: Vec<bool>,
}

/// A text that is none of those known, and not the beginning of one.
const OTHER: Read = Read::MAX;
/// A text with a character that is not allowed, or one that has a character.
const OUTSIDE: Read = 1;

impl<'g> Reader<'g> {
    /// A reader for one goal.
    pub fn new(goal: &'g Goal) -> Self {
        let mut reader = Self { goal, steps: FxHashMap::default(), whole: vec![false] };
        if let Goal::Other(texts) = goal {
            for text in &**texts {
                let end = text.chars().fold(Self::BEGIN, |read, character| {
                    *reader.steps.entry((read, character)).or_insert_with(|| {
                        reader.whole.push(false);
                        reader.whole.len() as Read - 1
                    })
                });
                reader.whole[end as usize] = true;
            }
        }
        reader
    }

    /// Nothing has been read.
    pub const BEGIN: Read = 0;

    /// One character more has been read.
    pub fn step(&self, read: Read, character: char) -> Read {
        match self.goal {
            Goal::Unset => read,
            Goal::Outside(texts) if texts.holds(character) => read,
            Goal::Outside(_) => OUTSIDE,
            Goal::Other(_) => self.steps.get(&(read, character)).copied().unwrap_or(OTHER),
        }
    }

    /// Whether a match that captures what was read, or nothing, is what the goal asks for.
    pub fn is_reached(&self, read: Option<Read>) -> bool {
        match (self.goal, read) {
            (Goal::Unset, read) => read.is_none(),
            (_, None) => false,
            (Goal::Outside(Texts::NonEmpty), Some(read)) => read != OUTSIDE,
            (Goal::Outside(_), Some(read)) => read == OUTSIDE,
            (Goal::Other(_), Some(read)) => read == OTHER || !self.whole[read as usize],
        }
    }

    /// [`Self::is_reached`] for a whole value.
    pub fn reads(&self, value: Option<&str>) -> bool {
        let read = |value: &str| value.chars().fold(Self::BEGIN, |read, it| self.step(read, it));
        self.is_reached(value.map(read))
    }

    /// The sets of characters that it tells apart.
    pub fn told_apart(&self) -> Vec<Characters> {
        match self.goal {
            Goal::Unset => Vec::new(),
            Goal::Outside(texts) => texts.told_apart(),
            Goal::Other(_) => {
                self.steps.keys().map(|(_, character)| [*character..=*character].into()).collect()
            }
        }
    }
}

impl Texts {
    /// Whether texts may hold the character. [`Texts::NonEmpty`] asks for what the others refuse: a
    /// character that is noticed.
    fn holds(self, character: char) -> bool {
        match self {
            Self::NonEmpty => false,
            Self::HostLabel => character.is_ascii_alphanumeric() || character == '-',
            Self::Segment => !matches!(character, '/' | '\\'),
        }
    }

    fn told_apart(self) -> Vec<Characters> {
        match self {
            Self::NonEmpty => Vec::new(),
            Self::HostLabel => vec![['-'..='-', '0'..='9', 'A'..='Z', 'a'..='z'].into()],
            Self::Segment => vec![['/'..='/', '\\'..='\\'].into()],
        }
    }
}
