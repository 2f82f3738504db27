//! The shortest path that is in some sets and in none of others, by a breadth-first walk through what
//! their automata make of it together.

use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::{
    Undecided,
    alphabet::{Class, Partition, Symbols},
    automaton::{Automaton, DEAD, MATCHED, Place},
    budget::Budget,
    normal::Normal,
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
    symbols: FxHashMap<Box<[AutomatonId]>, Result<Rc<Symbols>, Undecided>>,
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

    /// Begins another question.
    pub fn renew(&mut self) {
        self.budget.renew();
    }

    /// Where an automaton that begins behind `before` is after `text`.
    pub fn walk(
        &mut self,
        automaton: AutomatonId,
        before: Option<char>,
        text: &str,
    ) -> Result<Place, Undecided> {
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
        let mut walk = Walk {
            automata: &mut self.automata,
            members: &automata,
            wanted: question.all.len(),
            budget: &mut self.budget,
        };
        let places: Rc<[Place]> = members().map(|(_, place)| *place).collect();
        if walk.is_answer(question.normal, &places)? {
            return Ok(Some(String::new()));
        }
        let mut seen: [FxHashSet<Rc<[Place]>>; Normal::COUNT] = Default::default();
        seen[question.normal as usize].insert(Rc::clone(&places));
        let mut trail = vec![Step { normal: question.normal, places, from: 0, character: '/' }];
        let mut next = Vec::new();
        let mut from = 0;
        while let Some(Step { normal, places, .. }) = trail.get(from) {
            let (normal, places) = (*normal, Rc::clone(places));
            for (character, classes) in symbols.iter() {
                let Some(normal) = normal.step(character) else { continue };
                if !walk.step(&places, classes, &mut next)? || seen[normal as usize].contains(next.as_slice())
                {
                    continue;
                }
                let places: Rc<[Place]> = next.as_slice().into();
                let is_answer = walk.is_answer(normal, &places)?;
                seen[normal as usize].insert(Rc::clone(&places));
                trail.push(Step { normal, places, from, character });
                if is_answer {
                    return Ok(Some(spell(&trail)));
                }
            }
            from += 1;
        }
        Ok(None)
    }

    fn symbols(&mut self, automata: &[AutomatonId]) -> Result<Rc<Symbols>, Undecided> {
        if let Some(known) = self.symbols.get(automata) {
            return known.clone();
        }
        let built = |id: &AutomatonId| match &self.automata[*id as usize].built {
            Some(Ok(automaton)) => Some(automaton.partition()),
            _ => None,
        };
        let partitions: Vec<&Partition> = automata.iter().filter_map(built).collect();
        let symbols = Symbols::new(&partitions, Normal::told_apart()).map(Rc::new);
        self.symbols.insert(automata.into(), symbols.clone());
        symbols
    }
}

/// One step of the walk, and the one that it came from.
struct Step {
    normal: Normal,
    places: Rc<[Place]>,
    from: usize,
    character: char,
}

/// The text that the last step ends.
fn spell(trail: &[Step]) -> String {
    let mut characters = Vec::new();
    let mut at = trail.len() - 1;
    while at > 0 {
        characters.push(trail[at].character);
        at = trail[at].from;
    }
    characters.iter().rev().collect()
}

/// The automata of a question, stepping together.
struct Walk<'s> {
    automata: &'s mut [Slot],
    members: &'s [AutomatonId],
    /// How many of the members, the first ones, are to match.
    wanted: usize,
    budget: &'s mut Budget,
}

impl Walk<'_> {
    /// Puts where all go from `places` into `next`; `false` if nothing that follows is an answer.
    fn step(
        &mut self,
        places: &[Place],
        classes: &[Class],
        next: &mut Vec<Place>,
    ) -> Result<bool, Undecided> {
        next.clear();
        self.budget.spend(1 + places.len())?;
        for (at, (place, class)) in places.iter().zip(classes).enumerate() {
            let place =
                built(self.automata, self.members[at], self.budget)?.step(*place, *class, self.budget)?;
            if place == if at < self.wanted { DEAD } else { MATCHED } {
                return Ok(false);
            }
            next.push(place);
        }
        Ok(true)
    }

    /// Whether a path may end here.
    fn is_answer(&mut self, normal: Normal, places: &[Place]) -> Result<bool, Undecided> {
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
}

fn built<'s>(
    automata: &'s mut [Slot],
    id: AutomatonId,
    budget: &mut Budget,
) -> Result<&'s mut Automaton, Undecided> {
    let Slot { source, built } = &mut automata[id as usize];
    built.get_or_insert_with(|| Automaton::new(source, budget)).as_mut().map_err(|undecided| *undecided)
}
