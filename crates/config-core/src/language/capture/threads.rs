//! The threads of a match in the order of their priorities, and what each has captured.
//!
//! As in the `regex` crate, the first thread to come to a state is the one that goes on from it, a match
//! ends all threads of lower priority, and the last match counts.

use std::rc::Rc;

use super::goal::{Goal, Read, Reader};
use crate::language::{
    Undecided,
    alphabet::{Class, Symbols},
    budget::Budget,
    look::{self, Sight},
    nfa::{Nfa, State, StateId, Visited},
    normal::Normal,
    shortest::Walk,
};

/// All threads at one place of a path.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Threads {
    normal: Normal,
    /// In the order of their priorities, each about to do what its state says.
    alive: Rc<[(StateId, Group)]>,
    /// What assertions see of the character before.
    before: Sight,
    /// Whether the last match so far is what the goal asks for.
    matched: Option<bool>,
}

/// What a thread knows of the group in question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Group {
    Unset,
    Inside(Read),
    Set(Read),
}

impl Group {
    fn read(self) -> Option<Read> {
        match self {
            Self::Set(read) => Some(read),
            Self::Unset | Self::Inside(_) => None,
        }
    }
}

/// All that threads go by.
pub struct Run<'r> {
    nfa: &'r Nfa,
    /// The group in question.
    group: u32,
    reader: Reader<'r>,
    symbols: Symbols,
    visited: Visited,
    budget: &'r mut Budget,
}

/// The threads behind a character, and what the last match said.
type Led = (Vec<(StateId, Group)>, Option<bool>);

/// The threads that go on, in order: what each takes, where it goes, and what it has captured.
type Takers = Vec<(u32, StateId, Group)>;

impl<'r> Run<'r> {
    /// Threads of `nfa` that watch one group.
    pub fn new(nfa: &'r Nfa, group: u32, goal: &'r Goal, budget: &'r mut Budget) -> Result<Self, Undecided> {
        let reader = Reader::new(goal);
        let told_apart = Normal::told_apart().into_iter().chain(reader.told_apart());
        let symbols = Symbols::new(&[nfa.partition()], told_apart, budget)?;
        Ok(Self { nfa, group, reader, symbols, visited: Visited::default(), budget })
    }

    /// The first thread, behind a literal beginning.
    pub fn start(&self, normal: Normal, before: Sight) -> Threads {
        let before = self.nfa.visible(before);
        Threads { normal, alive: [(self.nfa.start(), Group::Unset)].into(), before, matched: None }
    }

    /// The threads that take a character if `after` follows, and whether the last match is what the goal
    /// asks for.
    fn takers(&mut self, threads: &Threads, after: Sight) -> Result<(Takers, Option<bool>), Undecided> {
        let mut takers = Vec::new();
        self.visited.clear(self.nfa);
        let mut stack: Vec<(StateId, Group)> = threads.alive.iter().rev().copied().collect();
        self.budget.spend(stack.len())?;
        while let Some((state, group)) = stack.pop() {
            if !self.visited.insert(state) {
                continue;
            }
            self.budget.spend(1)?;
            match self.nfa.state(state) {
                State::Take { set, next } => takers.push((*set, *next, group)),
                State::Split(alternatives) => stack.extend(alternatives.iter().rev().map(|it| (*it, group))),
                State::Look { look, next } if look::holds(*look, threads.before, after) => {
                    stack.push((*next, group));
                }
                State::Look { .. } => {}
                State::Group { index, end, next } => {
                    let group = match group {
                        _ if *index != self.group => group,
                        Group::Inside(read) if *end => Group::Set(read),
                        _ => Group::Inside(Reader::BEGIN),
                    };
                    stack.push((*next, group));
                }
                State::Match => return Ok((takers, Some(self.reader.is_reached(group.read())))),
            }
        }
        Ok((takers, threads.matched))
    }
}

impl Walk for Run<'_> {
    type State = Threads;

    fn is_answer(&mut self, threads: &Threads) -> Result<bool, Undecided> {
        if !threads.normal.may_end() {
            return Ok(false);
        }
        let (_, matched) = self.takers(threads, self.nfa.visible(Sight::EDGE))?;
        Ok(matched == Some(true))
    }

    fn steps(&mut self, threads: &Threads, next: &mut Vec<(char, Threads)>) -> Result<(), Undecided> {
        let classes = self.nfa.partition().samples().len();
        let sights: Vec<Sight> = (0..classes).map(|class| self.nfa.sight(class as Class)).collect();
        let mut led: Vec<Led> = vec![(Vec::new(), None); classes];
        // Characters of one sight are taken by the same threads.
        for first in (0..classes).filter(|class| !sights[..*class].contains(&sights[*class])) {
            let (takers, matched) = self.takers(threads, sights[first])?;
            for class in (first..classes).filter(|class| sights[*class] == sights[first]) {
                led[class].1 = matched;
            }
            for (set, to, group) in takers {
                let taken = self.nfa.classes(set);
                self.budget.spend(taken.len())?;
                for class in taken.iter().filter(|class| sights[usize::from(**class)] == sights[first]) {
                    led[usize::from(*class)].0.push((to, group));
                }
            }
        }
        for (alive, _) in &mut led {
            self.visited.clear(self.nfa);
            alive.retain(|(state, _)| self.visited.insert(*state));
        }
        for (character, classes) in self.symbols.iter() {
            let class = usize::from(classes[0]);
            let (alive, matched) = &led[class];
            let Some(normal) = threads.normal.step(character) else { continue };
            if alive.is_empty() && *matched != Some(true) {
                continue;
            }
            self.budget.spend(1 + alive.len())?;
            let read = |group: &Group| match group {
                Group::Inside(read) => Group::Inside(self.reader.step(*read, character)),
                other => *other,
            };
            let alive = alive.iter().map(|(state, group)| (*state, read(group))).collect();
            next.push((character, Threads { normal, alive, before: sights[class], matched: *matched }));
        }
        Ok(())
    }
}
