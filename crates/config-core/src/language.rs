//! Path patterns as what they are: sets of paths to reason about.
//!
//! A question (does any path match all of these and none of those? can this group stay unset?) is
//! answered exactly, by automata over precisely the pattern that runs and over normalised request paths
//! only, or it is left [`Undecided`]. Nothing is ever guessed. Every answer that names a path names the
//! shortest one, and of those the most readable.

mod alphabet;
mod automaton;
mod budget;
pub mod capture;
mod look;
mod nfa;
mod normal;
mod search;
mod shortest;

use std::{borrow::Cow, cell::RefCell};

use automaton::{DEAD, MATCHED};
use look::Sight;
use normal::Normal;
pub use normal::target;
use search::{AutomatonId, Member, Question, Search};

use crate::pattern::Pattern;

/// Why a question was left open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Undecided {
    /// An automaton would take more states than proofs are given.
    #[error("the patterns are too large to be compared")]
    TooLarge,
    /// Routes tell more kinds of requests apart than are looked at.
    #[error("the routes tell too many kinds of requests apart")]
    TooManyCases,
    /// It depends on which texts the regex of a header matches.
    #[error("it depends on what the regex of a header matches")]
    Header,
    /// The ending that is asked for is none of those that proofs know.
    #[error("the ending of the path is not one that proofs know")]
    Ending,
    /// A request was found that does not do what it was to show.
    #[error("the request that was found does not show it")]
    Unconfirmed,
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

/// Sets of paths, which questions combine.
#[derive(Debug)]
pub struct Languages {
    sets: Vec<Set>,
    search: RefCell<Search>,
}

/// The paths that begin with a text and go on as an automaton says.
#[derive(Debug)]
struct Set {
    literal: Box<str>,
    /// How far the literal comes; `None` if no normalised path begins with it.
    normal: Option<Normal>,
    automaton: AutomatonId,
}

impl Languages {
    /// The sets, known by their positions. Automata are built when a question first needs them.
    pub fn new<'p>(sets: impl IntoIterator<Item = Paths<'p>>) -> Self {
        let mut search = Search::default();
        let sets = sets
            .into_iter()
            .map(|paths| {
                let (literal, rest) = match paths {
                    Paths::Any => ("", Cow::Borrowed("")),
                    Paths::Prefix(literal) => (literal, Cow::Borrowed("")),
                    Paths::Ending(text) => ("", format!("(?s:.*){}$", regex_syntax::escape(text)).into()),
                    Paths::Regex(pattern) => (pattern.literal_prefix(), pattern.tail().into()),
                };
                Set {
                    literal: literal.into(),
                    normal: Normal::Start.walk(literal),
                    automaton: search.automaton(&rest),
                }
            })
            .collect();
        Self { sets, search: RefCell::new(search) }
    }

    /// The shortest normalised path, as text, that is in each of `all` and in none of `none`; `None` if
    /// there is no such path.
    ///
    /// # Errors
    /// The question is too large.
    pub fn find(&self, all: &[PathsId], none: &[PathsId]) -> Result<Option<String>, Undecided> {
        let longest = all.iter().map(|id| self.set(*id)).max_by_key(|set| set.literal.len());
        let (beginning, normal) =
            longest.map_or(("", Some(Normal::Start)), |set| (&*set.literal, set.normal));
        let Some(normal) = normal else { return Ok(None) };
        let mut search = self.search.borrow_mut();
        search.renew(all.len() + none.len())?;
        let mut question = Question { normal, all: Vec::new(), none: Vec::new() };
        for set in all.iter().map(|id| self.set(*id)) {
            if !beginning.starts_with(&*set.literal) {
                return Ok(None);
            }
            match search.enter(set, beginning)? {
                (_, DEAD) => return Ok(None),
                (_, MATCHED) => {}
                member => question.all.push(member),
            }
        }
        for set in none.iter().map(|id| self.set(*id)) {
            let member = match set.literal.strip_prefix(beginning) {
                Some(rest) if !rest.is_empty() => search.enter_early(set, beginning, rest)?,
                _ if beginning.starts_with(&*set.literal) => search.enter(set, beginning)?,
                _ => continue,
            };
            match member {
                (_, MATCHED) => return Ok(None),
                (_, DEAD) => {}
                member => question.none.push(member),
            }
        }
        for members in [&mut question.all, &mut question.none] {
            members.sort_unstable();
            members.dedup();
        }
        if question.all.iter().any(|member| question.none.contains(member)) {
            return Ok(None);
        }
        let rest = search.answer(question)?;
        Ok(rest.map(|rest| [beginning, &rest].concat()))
    }

    fn set(&self, id: PathsId) -> &Set {
        &self.sets[id.0 as usize]
    }
}

impl Search {
    /// Where a set's automaton is after a text that begins with its literal.
    fn enter(&mut self, set: &Set, text: &str) -> Result<Member, Undecided> {
        let rest = &text[set.literal.len()..];
        let place = self.walk(set.automaton, Sight::before(&set.literal), rest)?;
        Ok((set.automaton, place))
    }

    /// The same after a text that is shorter than the literal, of which `rest` is still to come.
    fn enter_early(&mut self, set: &Set, text: &str, rest: &str) -> Result<Member, Undecided> {
        let source = regex_syntax::escape(rest) + self.source(set.automaton);
        let automaton = self.automaton(&source);
        Ok((automaton, self.walk(automaton, Sight::before(text), "")?))
    }
}

#[cfg(test)]
mod brute_force;
#[cfg(test)]
mod tests;
