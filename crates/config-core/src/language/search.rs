//! The shortest path that is in some sets and in none of others, by a breadth-first walk through what
//! their automata make of it together.

use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::{
    Undecided,
    alphabet::{Partition, Symbols},
    automaton::{Automaton, DEAD, MATCHED, Place},
    budget::Budget,
    look::Sight,
    normal::Normal,
    shortest::{Walk, shortest},
};

/// One of the automata of a [`Search`].
pub type AutomatonId = u32;

/// An automaton in one of its places.
pub type Member = (AutomatonId, Place);

/// A question about what may follow: each of `all` is to match in the end, and none of `none`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Question {
    /// How far the path has come.
    pub normal: Normal,
    /// In order, without repetition.
    pub all: Vec<Member>,
    /// In order, without repetition.
    pub none: Vec<Member>,
}

/// The shortest text that answers a question, if there is one.
pub type Answer = Result<Option<Rc<str>>, Undecided>;

/// All automata, and all answers so far.
#[derive(Debug, Default)]
pub struct Search {
    automata: Vec<Slot>,
    by_source: FxHashMap<Rc<str>, AutomatonId>,
    symbols: FxHashMap<Box<[AutomatonId]>, Rc<Symbols>>,
    answers: FxHashMap<Question, Answer>,
    budget: Budget,
}

#[derive(Debug)]
struct Slot {
    source: Rc<str>,
    built: Option<Result<Automaton, Undecided>>,
}

impl Search {
    /// The automaton of what `source` matches. It is built when it is first needed.
    pub fn automaton(&mut self, source: &str) -> AutomatonId {
        if let Some(known) = self.by_source.get(source) {
            return *known;
        }
        let (id, source) = (self.automata.len() as AutomatonId, Rc::<str>::from(source));
        self.automata.push(Slot { source: Rc::clone(&source), built: None });
        self.by_source.insert(source, id);
        id
    }

    /// What the automaton matches.
    pub fn source(&self, automaton: AutomatonId) -> &str {
        &self.automata[automaton as usize].source
    }

    /// Begins another question, which is about so many sets.
    pub fn renew(&mut self, sets: usize) -> Result<(), Undecided> {
        self.budget.renew();
        self.budget.spend(sets)
    }

    /// Where an automaton that begins behind `before` is after `text`.
    pub fn walk(&mut self, automaton: AutomatonId, before: Sight, text: &str) -> Result<Place, Undecided> {
        let budget = &mut self.budget;
        let automaton = built(&mut self.automata, automaton, budget)?;
        let mut place = automaton.start(before, budget)?;
        for character in text.chars() {
            if place <= MATCHED {
                break;
            }
            let class = automaton.partition().class(character);
            place = automaton.step(place, class, budget)?;
        }
        Ok(place)
    }

    /// Whether a text that ends where the member is is matched.
    #[cfg(test)]
    pub fn matches(&mut self, (automaton, place): Member) -> Result<bool, Undecided> {
        built(&mut self.automata, automaton, &mut self.budget)?.matches(place, &mut self.budget)
    }

    /// The shortest text that answers a question; of those the most readable.
    pub fn answer(&mut self, question: Question) -> Answer {
        if let Some(known) = self.answers.get(&question) {
            return known.clone();
        }
        let answer = self.find(&question).map(|found| found.map(Rc::from));
        self.answers.insert(question, answer.clone());
        answer
    }

    fn find(&mut self, question: &Question) -> Result<Option<String>, Undecided> {
        let members = || question.all.iter().chain(&question.none);
        let automata: Box<[AutomatonId]> = members().map(|(automaton, _)| *automaton).collect();
        let symbols = self.symbols(&automata)?;
        let mut walk = Together {
            automata: &mut self.automata,
            members: &automata,
            wanted: question.all.len(),
            symbols: &symbols,
            budget: &mut self.budget,
        };
        let places = members().map(|(_, place)| *place).collect();
        shortest(&mut walk, (question.normal, places))
    }

    fn symbols(&mut self, automata: &[AutomatonId]) -> Result<Rc<Symbols>, Undecided> {
        if let Some(known) = self.symbols.get(automata) {
            return Ok(Rc::clone(known));
        }
        // Each has been walked before it became a member of a question.
        let built = |id: &AutomatonId| match &self.automata[*id as usize].built {
            Some(Ok(automaton)) => Some(automaton.partition()),
            _ => None,
        };
        let partitions: Vec<&Partition> = automata.iter().filter_map(built).collect();
        let symbols = Rc::new(Symbols::new(&partitions, Normal::told_apart(), &mut self.budget)?);
        self.budget.keep(symbols.iter().count() * (automata.len() + 2))?;
        self.symbols.insert(automata.into(), Rc::clone(&symbols));
        Ok(symbols)
    }
}

/// The automata of a question, stepping together.
struct Together<'s> {
    automata: &'s mut [Slot],
    members: &'s [AutomatonId],
    /// How many of the members, the first ones, are to match.
    wanted: usize,
    symbols: &'s Symbols,
    budget: &'s mut Budget,
}

impl Walk for Together<'_> {
    type State = (Normal, Rc<[Place]>);

    fn is_answer(&mut self, (normal, places): &Self::State) -> Result<bool, Undecided> {
        if !normal.may_end() {
            return Ok(false);
        }
        for (at, place) in places.iter().enumerate() {
            let automaton = built(self.automata, self.members[at], self.budget)?;
            if automaton.matches(*place, self.budget)? != (at < self.wanted) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn steps(
        &mut self,
        (normal, places): &Self::State,
        next: &mut Vec<(char, Self::State)>,
    ) -> Result<(), Undecided> {
        let mut after = Vec::with_capacity(places.len());
        let moving = places.iter().filter(|place| **place > MATCHED).count();
        'symbols: for (character, classes) in self.symbols.iter() {
            let Some(normal) = normal.step(character) else { continue };
            self.budget.spend(1 + moving)?;
            after.clear();
            for (at, (place, class)) in places.iter().zip(classes).enumerate() {
                let automaton = built(self.automata, self.members[at], self.budget)?;
                let place = automaton.step(*place, *class, self.budget)?;
                // From here on no path is an answer.
                if place == if at < self.wanted { DEAD } else { MATCHED } {
                    continue 'symbols;
                }
                after.push(place);
            }
            next.push((character, (normal, after.as_slice().into())));
        }
        Ok(())
    }
}

fn built<'s>(
    automata: &'s mut [Slot],
    id: AutomatonId,
    budget: &mut Budget,
) -> Result<&'s mut Automaton, Undecided> {
    let Slot { source, built } = &mut automata[id as usize];
    built.get_or_insert_with(|| Automaton::new(source, budget)).as_mut().map_err(|undecided| *undecided)
}
