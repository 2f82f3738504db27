//! What a group can capture, by the engine's own rule of which match counts (leftmost, then first).

mod goal;
mod machine;
mod threads;

use std::{cell::RefCell, rc::Rc};

use goal::{Goal, Reader};
use machine::Machine;
use rustc_hash::FxHashMap;
use threads::Run;

use super::{Undecided, budget::Budget, look::Sight, normal::Normal, shortest::shortest};
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
    /// The one that was asked last: questions about one pattern come together.
    machine: Option<Machine>,
    answers: FxHashMap<Key, Answer>,
    budget: Budget,
}

/// What an answer depends on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    tail: Rc<str>,
    group: u32,
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

    /// Every text that the group called `name` can capture, if they are at most `limit`, those of the
    /// shortest paths first; `None` if there are more.
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
        let groups = (1..).zip(pattern.groups());
        let group = groups.into_iter().find(|(_, group)| group.name.as_deref() == Some(name));
        let (Some(normal), Some((group, _))) = (Normal::Start.walk(literal), group) else { return Ok(None) };
        let before = Sight::before(literal);
        let key = Key { tail: pattern.tail().into(), group, goal, normal, before };
        let answer = match self.answers.get(&key) {
            Some(known) => known.clone(),
            None => {
                let answer = self.ask(&key, literal);
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

    fn ask(&mut self, key: &Key, literal: &str) -> Answer {
        let budget = &mut self.budget;
        let machine = match self.machine.take_if(|machine| machine.tail() == &*key.tail) {
            Some(machine) => machine,
            None => Machine::new(Rc::clone(&key.tail), budget)?,
        };
        let machine = self.machine.insert(machine);
        let mut run = Run::new(&machine.nfa, key.group, &key.goal, budget)?;
        let start = run.start(key.normal, key.before);
        let Some(rest) = shortest(&mut run, start)? else { return Ok(None) };
        let path = [literal, &rest].concat();
        let captured = machine.capture(&path, literal.len(), key.group, budget)?;
        match captured.filter(|value| Reader::new(&key.goal).reads(*value)) {
            Some(value) => Ok(Some((rest.into(), value.map(Rc::from)))),
            None => {
                debug_assert!(false, "{} captures {captured:?} in {path}", key.tail);
                Err(Undecided::Unconfirmed)
            }
        }
    }
}
