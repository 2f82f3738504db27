//! Whether a pattern matches, as an automaton that grows as it is asked.
//!
//! A path is matched as soon as a beginning of it is, so the order of threads plays no role here: a state
//! is the set of threads that are alive.

use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::{
    Undecided,
    alphabet::{Class, Partition},
    budget::Budget,
    look::{self, Sight},
    nfa::{Nfa, State, StateId, Visited},
};

/// A state of an [`Automaton`].
pub type Place = u32;

/// Nothing that follows makes a match.
pub const DEAD: Place = 0;
/// Whatever follows, this is a match.
pub const MATCHED: Place = 1;

/// What a state of the machine takes to keep.
const STATE_WORDS: usize = 8;
/// What a place takes to keep, besides its threads and its row.
const PLACE_WORDS: usize = 16;

/// The automaton of one pattern.
#[derive(Debug)]
pub struct Automaton {
    nfa: Nfa,
    places: Vec<Threads>,
    known: FxHashMap<Rc<Alive>, Place>,
    starts: Vec<(Sight, Place)>,
    visited: Visited,
    stack: Vec<StateId>,
}

/// The threads that are alive, each at a character to take or an assertion that is still open.
#[derive(Debug, Default, PartialEq, Eq, Hash)]
struct Alive {
    threads: Box<[StateId]>,
    /// What is before them, if an assertion is open.
    before: Sight,
}

#[derive(Debug, Default)]
struct Threads {
    alive: Rc<Alive>,
    /// Where each class leads.
    row: Option<Box<[Place]>>,
    /// Whether the text may end here.
    may_end: Option<bool>,
}

impl Automaton {
    /// The automaton of what `source` matches.
    pub fn new(source: &str, budget: &mut Budget) -> Result<Self, Undecided> {
        let nfa = Nfa::new(source, budget)?;
        budget.keep(nfa.size() * STATE_WORDS)?;
        Ok(Self {
            nfa,
            places: vec![Threads::default(), Threads::default()],
            known: FxHashMap::default(),
            starts: Vec::new(),
            visited: Visited::default(),
            stack: Vec::new(),
        })
    }

    /// The classes of characters that it tells apart.
    pub fn partition(&self) -> &Partition {
        self.nfa.partition()
    }

    /// Where it begins behind `before`.
    pub fn start(&mut self, before: Sight, budget: &mut Budget) -> Result<Place, Undecided> {
        let before = self.nfa.visible(before);
        if let Some((_, place)) = self.starts.iter().find(|(sight, _)| *sight == before) {
            return Ok(*place);
        }
        let place = self.place(&[self.nfa.start()], before, budget)?;
        self.starts.push((before, place));
        Ok(place)
    }

    /// Where a character of `class` leads from `place`.
    pub fn step(&mut self, place: Place, class: Class, budget: &mut Budget) -> Result<Place, Undecided> {
        if place <= MATCHED {
            return Ok(place);
        }
        if let Some(row) = &self.places[place as usize].row {
            return Ok(row[usize::from(class)]);
        }
        let row = self.row(place, budget)?;
        let next = row[usize::from(class)];
        self.places[place as usize].row = Some(row);
        Ok(next)
    }

    /// Whether a text that ends at `place` is matched.
    pub fn matches(&mut self, place: Place, budget: &mut Budget) -> Result<bool, Undecided> {
        if place <= MATCHED {
            return Ok(place == MATCHED);
        }
        if let Some(known) = self.places[place as usize].may_end {
            return Ok(known);
        }
        let end = self.nfa.visible(Sight::EDGE);
        let may_end = self.takers(place, end, budget)?.is_none();
        self.places[place as usize].may_end = Some(may_end);
        Ok(may_end)
    }

    fn row(&mut self, place: Place, budget: &mut Budget) -> Result<Box<[Place]>, Undecided> {
        let classes = self.nfa.partition().samples().len();
        let mut row = vec![DEAD; classes];
        let mut next: Vec<Vec<StateId>> = vec![Vec::new(); classes];
        let mut sights: Vec<Sight> = (0..classes).map(|class| self.nfa.sight(class as Class)).collect();
        sights.sort_unstable();
        sights.dedup();
        for sight in sights {
            let here = |nfa: &Nfa, class: Class| nfa.sight(class) == sight;
            match self.takers(place, sight, budget)? {
                None => {
                    for class in (0..).take(classes).filter(|class| here(&self.nfa, *class)) {
                        row[usize::from(class)] = MATCHED;
                    }
                }
                Some(takers) => {
                    for (set, to) in takers {
                        let taken = self.nfa.classes(set);
                        budget.spend(taken.len())?;
                        for class in taken.iter().filter(|class| here(&self.nfa, **class)) {
                            next[usize::from(*class)].push(to);
                        }
                    }
                }
            }
        }
        for (class, threads) in next.iter().enumerate() {
            if !threads.is_empty() {
                let before = self.nfa.sight(class as Class);
                row[class] = self.place(threads, before, budget)?;
            }
        }
        Ok(row.into())
    }

    /// The sets of characters that threads of `place` take, and where each goes on, if `after` follows;
    /// `None` if one of them has matched then.
    fn takers(
        &mut self,
        place: Place,
        after: Sight,
        budget: &mut Budget,
    ) -> Result<Option<Vec<(u32, StateId)>>, Undecided> {
        let alive = Rc::clone(&self.places[place as usize].alive);
        let mut takers = Vec::new();
        self.visited.clear(&self.nfa);
        self.stack.clear();
        self.stack.extend_from_slice(&alive.threads);
        budget.spend(alive.threads.len())?;
        while let Some(state) = self.stack.pop() {
            if !self.visited.insert(state) {
                continue;
            }
            budget.spend(1)?;
            match self.nfa.state(state) {
                State::Take { set, next } => takers.push((*set, *next)),
                State::Split(alternatives) => self.stack.extend(alternatives),
                State::Group { next, .. } => self.stack.push(*next),
                State::Look { look, next } if look::holds(*look, alive.before, after) => {
                    self.stack.push(*next)
                }
                State::Look { .. } => {}
                State::Match => return Ok(None),
            }
        }
        Ok(Some(takers))
    }

    /// The place where threads are about to do what `states` say.
    fn place(&mut self, states: &[StateId], before: Sight, budget: &mut Budget) -> Result<Place, Undecided> {
        let mut threads = Vec::new();
        let mut is_open = false;
        self.visited.clear(&self.nfa);
        self.stack.clear();
        self.stack.extend_from_slice(states);
        while let Some(state) = self.stack.pop() {
            if !self.visited.insert(state) {
                continue;
            }
            budget.spend(1)?;
            match self.nfa.state(state) {
                State::Take { .. } => threads.push(state),
                State::Split(alternatives) => self.stack.extend(alternatives),
                State::Group { next, .. } => self.stack.push(*next),
                State::Look { .. } => {
                    is_open = true;
                    threads.push(state);
                }
                State::Match => return Ok(MATCHED),
            }
        }
        if threads.is_empty() {
            return Ok(DEAD);
        }
        threads.sort_unstable();
        let before = if is_open { before } else { Sight::default() };
        let alive = Alive { threads: threads.into(), before };
        if let Some(place) = self.known.get(&alive) {
            return Ok(*place);
        }
        budget.keep(alive.threads.len() + self.nfa.partition().samples().len() + PLACE_WORDS)?;
        let (place, alive) = (self.places.len() as Place, Rc::new(alive));
        self.places.push(Threads { alive: Rc::clone(&alive), row: None, may_end: None });
        self.known.insert(alive, place);
        Ok(place)
    }
}
