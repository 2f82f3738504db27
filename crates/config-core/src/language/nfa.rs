//! A pattern as a machine of prioritised threads, over classes of characters.
//!
//! It is built as the `regex` crate builds its own: which alternative is tried first, when a loop is
//! left and what a loop over the empty text does are the same, so the threads meet in the same order.

use regex_syntax::{
    ParserBuilder,
    hir::{self, Hir, HirKind, Look},
};
use rustc_hash::FxHashMap;

use super::{
    Undecided,
    alphabet::{self, Characters, Class, Partition},
    budget::Budget,
    look::Sight,
};
use crate::pattern;

/// A state of an [`Nfa`].
pub type StateId = u32;

const MAX_STATES: usize = 20_000;

/// What a thread in a state does.
#[derive(Debug)]
pub enum State {
    /// Takes a character of the set.
    Take { set: u32, next: StateId },
    /// Becomes several, the first with the highest priority.
    Split(Vec<StateId>),
    /// Goes on where the assertion holds.
    Look { look: Look, next: StateId },
    /// Begins or ends a group.
    Group { index: u32, end: bool, next: StateId },
    /// Has matched.
    Match,
}

/// The machine of one pattern.
#[derive(Debug)]
pub struct Nfa {
    states: Vec<State>,
    start: StateId,
    partition: Partition,
    /// The classes that each set of characters consists of.
    sets: Vec<Box<[Class]>>,
    /// What the assertions see of a character of each class.
    sights: Box<[Sight]>,
    /// What the assertions can see at all.
    visible: Sight,
    ranges: usize,
}

impl Nfa {
    /// The machine of what `source` says.
    pub fn new(source: &str, budget: &mut Budget) -> Result<Self, Undecided> {
        let mut parser = ParserBuilder::new().nest_limit(pattern::TAIL_NEST_LIMIT).build();
        let hir = parser.parse(source).map_err(|_| Undecided::TooLarge)?;
        let mut builder = Builder::default();
        let whole = builder.compile(&hir)?;
        let end = builder.add(State::Match)?;
        builder.patch(whole.end, end);
        let (states, mut sets) = builder.finish();
        let ranges = states.iter().map(|state| match state {
            State::Take { set, .. } => sets[*set as usize].len(),
            _ => 0,
        });
        let ranges = ranges.sum();
        budget.spend(states.len())?;
        let visible = Sight::of_looks(hir.properties().look_set());
        sets.extend(visible.told_apart());
        let (partition, members) = Partition::new(&sets, budget)?;
        let sights = partition.samples().iter().map(|sample| Sight::of(*sample).masked(visible)).collect();
        Ok(Self { states, start: whole.start, partition, sets: members, sights, visible, ranges })
    }

    /// Where the first thread begins.
    pub fn start(&self) -> StateId {
        self.start
    }

    /// What a thread in `state` does.
    pub fn state(&self, state: StateId) -> &State {
        &self.states[state as usize]
    }

    /// The classes of characters that the pattern tells apart.
    pub fn partition(&self) -> &Partition {
        &self.partition
    }

    /// The classes of a [`State::Take`].
    pub fn classes(&self, set: u32) -> &[Class] {
        &self.sets[set as usize]
    }

    /// What the assertions see of a character of `class`.
    pub fn sight(&self, class: Class) -> Sight {
        self.sights[usize::from(class)]
    }

    /// As much of `sight` as the assertions look at.
    pub fn visible(&self, sight: Sight) -> Sight {
        sight.masked(self.visible)
    }

    /// How many states there are.
    pub fn size(&self) -> usize {
        self.states.len()
    }

    /// How many ranges of characters there are in all states.
    pub fn ranges(&self) -> usize {
        self.ranges
    }
}

/// States that a thread has come to already.
#[derive(Debug, Default)]
pub struct Visited {
    marks: Vec<u32>,
    round: u32,
}

impl Visited {
    /// Forgets all, and makes room for the states of `nfa`.
    pub fn clear(&mut self, nfa: &Nfa) {
        self.round = self.round.wrapping_add(1);
        if self.marks.len() < nfa.states.len() || self.round == 0 {
            self.marks = vec![0; nfa.states.len().max(self.marks.len())];
            self.round = 1;
        }
    }

    /// Whether the state is new.
    pub fn insert(&mut self, state: StateId) -> bool {
        let mark = &mut self.marks[state as usize];
        std::mem::replace(mark, self.round) != self.round
    }
}

/// A part of the machine: where it begins, and the state to be led on from its end.
struct Part {
    start: StateId,
    end: StateId,
}

#[derive(Default)]
struct Builder {
    states: Vec<State>,
    /// Splits that try last what was added first.
    lazy: Vec<StateId>,
    sets: Vec<Characters>,
    known: FxHashMap<Characters, u32>,
}

impl Builder {
    fn compile(&mut self, hir: &Hir) -> Result<Part, Undecided> {
        match hir.kind() {
            HirKind::Empty => self.single(State::Split(Vec::new())),
            HirKind::Literal(literal) => {
                let text = std::str::from_utf8(&literal.0).map_err(|_| Undecided::TooLarge)?;
                let characters: Vec<_> = text.chars().collect();
                self.sequence(characters, |builder, character| builder.take([character..=character].into()))
            }
            HirKind::Class(class) => self.take(alphabet::characters(class)),
            HirKind::Look(look) => self.single(State::Look { look: *look, next: 0 }),
            HirKind::Repetition(repetition) => self.repetition(repetition),
            HirKind::Capture(capture) => {
                let start = self.add(State::Group { index: capture.index, end: false, next: 0 })?;
                let inner = self.compile(&capture.sub)?;
                let end = self.add(State::Group { index: capture.index, end: true, next: 0 })?;
                self.patch(start, inner.start);
                self.patch(inner.end, end);
                Ok(Part { start, end })
            }
            HirKind::Concat(items) => self.sequence(items, Self::compile),
            HirKind::Alternation(items) => {
                let (split, end) = (self.split(true)?, self.split(true)?);
                for item in items {
                    let part = self.compile(item)?;
                    self.patch(split, part.start);
                    self.patch(part.end, end);
                }
                Ok(Part { start: split, end })
            }
        }
    }

    fn repetition(&mut self, repetition: &hir::Repetition) -> Result<Part, Undecided> {
        let (sub, greedy) = (&*repetition.sub, repetition.greedy);
        match (repetition.min, repetition.max) {
            (min, Some(max)) => self.bounded(sub, greedy, min, max),
            (0, None) if sub.properties().minimum_len().is_some_and(|length| length > 0) => {
                let split = self.split(greedy)?;
                let part = self.compile(sub)?;
                self.patch(split, part.start);
                self.patch(part.end, split);
                Ok(Part { start: split, end: split })
            }
            // What may match the empty text is `(?:x+)?`: were it a plain loop, a round of the empty text
            // would be cut off, and with it what it has to say of its groups.
            (0, None) => {
                let part = self.compile(sub)?;
                let (again, at_all, end) = (self.split(greedy)?, self.split(greedy)?, self.split(true)?);
                self.patch(part.end, again);
                self.patch(again, part.start);
                self.patch(at_all, part.start);
                self.patch(at_all, end);
                self.patch(again, end);
                Ok(Part { start: at_all, end })
            }
            (min, None) => {
                let before = self.bounded(sub, greedy, min - 1, min - 1)?;
                let last = self.compile(sub)?;
                let again = self.split(greedy)?;
                self.patch(before.end, last.start);
                self.patch(last.end, again);
                self.patch(again, last.start);
                Ok(Part { start: before.start, end: again })
            }
        }
    }

    fn bounded(&mut self, sub: &Hir, greedy: bool, min: u32, max: u32) -> Result<Part, Undecided> {
        let before = self.sequence(0..min, |builder, _| builder.compile(sub))?;
        let end = self.split(true)?;
        let mut last = before.end;
        for _ in min..max {
            let split = self.split(greedy)?;
            let part = self.compile(sub)?;
            self.patch(last, split);
            self.patch(split, part.start);
            self.patch(split, end);
            last = part.end;
        }
        self.patch(last, end);
        Ok(Part { start: before.start, end })
    }

    fn sequence<T>(
        &mut self,
        items: impl IntoIterator<Item = T>,
        mut compile: impl FnMut(&mut Self, T) -> Result<Part, Undecided>,
    ) -> Result<Part, Undecided> {
        let mut whole = self.single(State::Split(Vec::new()))?;
        for item in items {
            let part = compile(self, item)?;
            self.patch(whole.end, part.start);
            whole.end = part.end;
        }
        Ok(whole)
    }

    fn take(&mut self, characters: Characters) -> Result<Part, Undecided> {
        let next = self.sets.len() as u32;
        let set = *self.known.entry(characters).or_insert_with_key(|characters| {
            self.sets.push(characters.clone());
            next
        });
        self.single(State::Take { set, next: 0 })
    }

    fn single(&mut self, state: State) -> Result<Part, Undecided> {
        let state = self.add(state)?;
        Ok(Part { start: state, end: state })
    }

    fn split(&mut self, greedy: bool) -> Result<StateId, Undecided> {
        let split = self.add(State::Split(Vec::new()))?;
        if !greedy {
            self.lazy.push(split);
        }
        Ok(split)
    }

    fn add(&mut self, state: State) -> Result<StateId, Undecided> {
        if self.states.len() == MAX_STATES {
            return Err(Undecided::TooLarge);
        }
        self.states.push(state);
        Ok(self.states.len() as StateId - 1)
    }

    fn patch(&mut self, from: StateId, to: StateId) {
        match &mut self.states[from as usize] {
            State::Take { next, .. } | State::Look { next, .. } | State::Group { next, .. } => *next = to,
            State::Split(alternatives) => alternatives.push(to),
            State::Match => {}
        }
    }

    fn finish(mut self) -> (Vec<State>, Vec<Characters>) {
        for split in self.lazy {
            if let State::Split(alternatives) = &mut self.states[split as usize] {
                alternatives.reverse();
            }
        }
        (self.states, self.sets)
    }
}
