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
    /// All values of a group, if they are no more than the limit.
    lists: FxHashMap<(Key, usize), List>,
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

/// All that the group captures, unless it is too much.
type List = Result<Option<Rc<[Rc<str>]>>, Undecided>;

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
        let Some(key) = Key::of(pattern, name, goal) else { return Ok(None) };
        let memory = &mut *self.memory.borrow_mut();
        memory.budget.renew();
        let literal = pattern.literal_prefix();
        let shown = |(rest, value): (Rc<str>, Option<Rc<str>>)| Shown {
            path: [literal, &rest].concat(),
            value: value.map(|value| value.as_ref().to_owned()),
        };
        Ok(memory.answer(key, literal)?.map(shown))
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
        let Some(key) = Key::of(pattern, name, Goal::Other([].into())) else { return Ok(Some(Vec::new())) };
        let memory = &mut *self.memory.borrow_mut();
        memory.budget.renew();
        let list = memory.list((key, limit), pattern.literal_prefix())?;
        Ok(list.map(|values| values.iter().map(|value| value.as_ref().to_owned()).collect()))
    }
}

impl Key {
    /// What the answer for the group called `name` depends on; `None` if no path is matched, or there is
    /// no such group.
    fn of(pattern: &Pattern, name: &str, goal: Goal) -> Option<Self> {
        let literal = pattern.literal_prefix();
        let mut groups = (1..).zip(pattern.groups());
        let (group, _) = groups.find(|(_, group)| group.name.as_deref() == Some(name))?;
        let (normal, before) = (Normal::Start.walk(literal)?, Sight::before(literal));
        Some(Self { tail: pattern.tail().into(), group, goal, normal, before })
    }
}

impl Memory {
    fn answer(&mut self, key: Key, literal: &str) -> Answer {
        match self.answers.get(&key) {
            Some(known) => known.clone(),
            None => {
                let answer = self.ask(&key, literal);
                self.answers.insert(key, answer.clone());
                answer
            }
        }
    }

    fn list(&mut self, (key, limit): (Key, usize), literal: &str) -> List {
        match self.lists.get(&(key.clone(), limit)) {
            Some(known) => known.clone(),
            None => {
                let list = self.enumerate(&key, limit, literal);
                self.lists.insert((key, limit), list.clone());
                list
            }
        }
    }

    fn enumerate(&mut self, key: &Key, limit: usize, literal: &str) -> List {
        let mut known: Vec<Rc<str>> = Vec::new();
        loop {
            let next = Key { goal: Goal::Other(known.as_slice().into()), ..key.clone() };
            let Some((_, Some(value))) = self.answer(next, literal)? else { return Ok(Some(known.into())) };
            let Some(alike) = self.alike(&key.tail, &value, limit - known.len())? else { return Ok(None) };
            known.extend(alike);
        }
    }

    /// A captured value and all others that are captured as well, because their characters are not told
    /// apart from its own; `None` if there are more than `limit`.
    fn alike(
        &mut self,
        tail: &Rc<str>,
        value: &str,
        limit: usize,
    ) -> Result<Option<Vec<Rc<str>>>, Undecided> {
        let partition = self.machine(tail)?.nfa.partition();
        let mut alike = vec![String::new()];
        for character in value.chars() {
            let others = partition.characters(partition.class(character));
            let others = others.filter(|other| *other != character && !Normal::tells_apart(*other));
            let others = others.take(if Normal::tells_apart(character) { 0 } else { limit });
            let characters: Vec<char> = [character].into_iter().chain(others).collect();
            if alike.len() * characters.len() > limit {
                return Ok(None);
            }
            let longer =
                |text: &String| characters.iter().map(|it| format!("{text}{it}")).collect::<Vec<_>>();
            alike = alike.iter().flat_map(longer).collect();
        }
        Ok((alike.len() <= limit).then(|| alike.into_iter().map(Rc::from).collect()))
    }

    /// The machine of `tail`.
    fn machine(&mut self, tail: &Rc<str>) -> Result<&mut Machine, Undecided> {
        let machine = match self.machine.take_if(|machine| machine.tail() == &**tail) {
            Some(machine) => machine,
            None => Machine::new(Rc::clone(tail), &mut self.budget)?,
        };
        Ok(self.machine.insert(machine))
    }

    fn ask(&mut self, key: &Key, literal: &str) -> Answer {
        self.machine(&key.tail)?;
        let Self { machine: Some(machine), budget, .. } = self else { return Err(Undecided::TooLarge) };
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
