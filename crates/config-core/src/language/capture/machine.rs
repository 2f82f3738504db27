//! What a question about a group runs on: the analysis' own machine, and the engine itself to check it.

use std::rc::Rc;

use regex_automata::{
    Anchored, Input,
    nfa::thompson::pikevm::{Cache, PikeVM},
    util::syntax,
};

use crate::{
    language::{Undecided, budget::Budget, nfa::Nfa},
    pattern::TAIL_NEST_LIMIT,
};

/// A pattern's end, ready to be asked about.
#[derive(Debug)]
pub struct Machine {
    tail: Rc<str>,
    pub nfa: Nfa,
    engine: Option<(PikeVM, Cache)>,
}

impl Machine {
    /// The machine of `tail`.
    pub fn new(tail: Rc<str>, budget: &mut Budget) -> Result<Self, Undecided> {
        Ok(Self { nfa: Nfa::new(&tail, budget)?, tail, engine: None })
    }

    /// The text whose machine this is.
    pub fn tail(&self) -> &str {
        &self.tail
    }

    /// What the engine captures with a group of a path that is matched from `start` on: `None` if it does
    /// not match, `Some(None)` if the group is left unset.
    pub fn capture<'p>(
        &mut self,
        path: &'p str,
        start: usize,
        group: u32,
        budget: &mut Budget,
    ) -> Result<Option<Option<&'p str>>, Undecided> {
        let (engine, cache) = match &mut self.engine {
            Some(engine) => engine,
            None => {
                budget.spend(self.nfa.ranges().saturating_mul(RANGE))?;
                let syntax = syntax::Config::new().nest_limit(TAIL_NEST_LIMIT);
                let engine = PikeVM::builder().syntax(syntax).build(&self.tail);
                let engine = engine.map_err(|_| Undecided::TooLarge)?;
                // Each of its states has room for what every group captures.
                let slots = engine.get_nfa().states().len() * engine.get_nfa().group_info().slot_len();
                budget.spend(slots / SLOTS)?;
                let cache = engine.create_cache();
                self.engine.insert((engine, cache))
            }
        };
        let mut captures = engine.create_captures();
        let input = Input::new(path).range(start..).anchored(Anchored::Yes);
        engine.captures(cache, input, &mut captures);
        let value = captures.get_group(group as usize).map(|span| &path[span.range()]);
        Ok(captures.is_match().then_some(value))
    }
}

/// What it costs to compile a range of characters to bytes, in steps of a thread.
const RANGE: usize = 8;

/// How many of the engine's slots are made ready in the time of a step.
const SLOTS: usize = 16;
