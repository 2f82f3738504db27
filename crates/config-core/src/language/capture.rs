//! What a group can capture, by the engine's own rule of which match counts (leftmost, then first).

mod goal;
mod threads;

use std::{cell::RefCell, rc::Rc};

use goal::Goal;
use regex_automata::nfa::thompson::pikevm::PikeVM;
use rustc_hash::FxHashMap;
use threads::Run;

use super::{Undecided, budget::Budget, look::Sight, nfa::Nfa, normal::Normal, shortest::shortest};
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
pub struct Captures {
    memory: RefCell<Memory>,
}

#[derive(Debug, Default)]
struct Memory {
    machines: FxHashMap<Rc<str>, Result<Rc<Nfa>, Undecided>>,
    answers: FxHashMap<Key, Answer>,
    budget: Budget,
}

/// What an answer depends on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    tail: Rc<str>,
    group: usize,
    goal: Goal,
    /// How far the literal beginning comes, and what assertions see of its end.
    normal: Normal,
    before: Sight,
}

/// What follows the literal beginning, and what the group captures.
type Answer = Result<Option<(Rc<str>, Option<Rc<str>>)>, Undecided>;

impl Captures {
    /// The shortest normalised path that `pattern` matches with this outcome for the group called `name`;
    /// `None` if no path does. The pattern has the group.
    ///
    /// # Errors
    /// The question is too large.
    pub fn find(&self, pattern: &Pattern, name: &str, outcome: Outcome) -> Result<Option<Shown>, Undecided> {
        let goal = match outcome {
            Outcome::Unset => Goal::Unset,
            Outcome::Set => Goal::Other([].into()),
            Outcome::Outside(texts) => Goal::Outside(texts),
        };
        let memory = &mut *self.memory.borrow_mut();
        memory.budget.renew();
        memory.find(pattern, name, goal)
    }

    /// Every text that the group called `name` can capture, if they are at most `limit`; `None` if there
    /// are more.
    ///
    /// # Errors
    /// As for [`Self::find`].
    pub fn values(
        &self,
        pattern: &Pattern,
        name: &str,
        limit: usize,
    ) -> Result<Option<Vec<String>>, Undecided> {
        let memory = &mut *self.memory.borrow_mut();
        memory.budget.renew();
        let mut known: Vec<Rc<str>> = Vec::new();
        while let Some(shown) = memory.find(pattern, name, Goal::Other(known.as_slice().into()))? {
            if known.len() == limit {
                return Ok(None);
            }
            known.extend(shown.value.map(Rc::from));
        }
        Ok(Some(known.iter().map(|value| value.as_ref().to_owned()).collect()))
    }
}

impl Memory {
    fn find(&mut self, pattern: &Pattern, name: &str, goal: Goal) -> Result<Option<Shown>, Undecided> {
        let literal = pattern.literal_prefix();
        let group = pattern.groups().iter().position(|group| group.name.as_deref() == Some(name));
        let (Some(normal), Some(group)) = (Normal::Start.walk(literal), group) else { return Ok(None) };
        let tail = Rc::<str>::from(pattern.tail());
        let budget = &mut self.budget;
        let nfa =
            self.machines.entry(Rc::clone(&tail)).or_insert_with(|| Nfa::new(&tail, budget).map(Rc::new));
        let nfa = Rc::clone(nfa.as_ref().map_err(|undecided| *undecided)?);
        let before = nfa.sight_of(literal.chars().next_back());
        let key = Key { tail, group, goal, normal, before };
        let answer = match self.answers.get(&key) {
            Some(known) => known.clone(),
            None => {
                let mut run = Run::new(&nfa, group as u32 + 1, &key.goal, &mut self.budget)?;
                let start = run.start(normal, before);
                let answer = match shortest(&mut run, start) {
                    Ok(Some(rest)) => run.replay(pattern, rest),
                    Ok(None) => Ok(None),
                    Err(undecided) => Err(undecided),
                };
                self.answers.insert(key, answer.clone());
                answer
            }
        };
        let shown = |(rest, value): (Rc<str>, Option<Rc<str>>)| Shown {
            path: [literal, &rest].concat(),
            value: value.map(|value| value.as_ref().to_owned()),
        };
        Ok(answer?.map(shown))
    }
}

impl Run<'_> {
    /// The answer that `rest` is, as the engine itself gives it.
    fn replay(&self, pattern: &Pattern, rest: String) -> Answer {
        let path = [pattern.literal_prefix(), &rest].concat();
        let engine = PikeVM::new(&pattern.compiled()).map_err(|_| Undecided::TooLarge)?;
        let (mut cache, mut captures) = (engine.create_cache(), engine.create_captures());
        engine.captures(&mut cache, &path, &mut captures);
        let value = captures.get_group(self.group()).map(|span| &path[span.range()]);
        let holds = captures.is_match() && self.is_reached(value);
        debug_assert!(holds, "{} on {path}", pattern.written());
        match holds {
            true => Ok(Some((rest.into(), value.map(Rc::from)))),
            false => Err(Undecided::Unconfirmed),
        }
    }
}
