//! What is left of a pattern once a text has been read.
//!
//! Patterns that end alike share one lazy automaton, so that the same rest is known by the same state,
//! whichever pattern it is the rest of.

use std::cell::OnceCell;

use regex_automata::{
    Anchored, Input, MatchKind,
    hybrid::{
        LazyStateID,
        dfa::{Cache, DFA},
    },
    nfa::thompson,
};
use rustc_hash::FxHashMap;

use super::ending::required_ending;
use crate::pattern::Pattern;

/// What follows the literal beginning of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Tail {
    /// Anything.
    Open,
    /// Nothing.
    End,
    /// What the regex at this position of [`Tails`] matches.
    Regex(u32),
}

/// Where reading a text has led.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rest {
    /// No path that begins so is matched.
    Nothing,
    /// Every path that begins so is matched.
    Everything,
    /// Of the paths that begin so, only the text itself is matched.
    Itself,
    /// What is matched from this state of the automaton on.
    State(LazyStateID),
    /// It cannot be told.
    Unknown,
}

/// Every distinct tail.
#[derive(Default)]
pub struct Tails {
    regexes: Vec<Regex>,
    by_source: FxHashMap<String, u32>,
}

struct Regex {
    source: Box<str>,
    ending: Box<[u8]>,
    /// Built when a text is first read.
    automaton: OnceCell<Option<(DFA, Cache)>>,
}

impl Regex {
    /// `None` if it would be too large.
    fn automaton(&mut self) -> Option<&mut (DFA, Cache)> {
        self.automaton.get_or_init(|| automaton(&self.source));
        self.automaton.get_mut()?.as_mut()
    }
}

/// The most memory for the states of one automaton, in bytes. Beyond, nothing is known of a rest.
const CACHE: usize = 1 << 20;

/// The largest program of an automaton, in bytes.
const PROGRAM: usize = 1 << 20;

impl Tails {
    /// The tail of `pattern`.
    pub fn intern(&mut self, pattern: &Pattern) -> Tail {
        let source = pattern.tail();
        match &*source {
            "" => return Tail::Open,
            "$" => return Tail::End,
            _ => {}
        }
        if let Some(known) = self.by_source.get(&source) {
            return Tail::Regex(*known);
        }
        let index = self.regexes.len() as u32;
        self.regexes.push(Regex {
            source: source.as_str().into(),
            ending: required_ending(&source),
            automaton: OnceCell::new(),
        });
        self.by_source.insert(source, index);
        Tail::Regex(index)
    }

    /// The text that every path which `tail` matches ends with.
    pub fn ending(&self, tail: Tail) -> &[u8] {
        match tail {
            Tail::Open | Tail::End => &[],
            Tail::Regex(index) => &self.regexes[index as usize].ending,
        }
    }

    /// What is left of `tail` where it begins, after `before`.
    pub fn start(&mut self, tail: Tail, before: &str) -> Rest {
        let index = match tail {
            Tail::Open => return Rest::Everything,
            Tail::End => return Rest::Itself,
            Tail::Regex(index) => index,
        };
        let Some((dfa, cache)) = self.regexes[index as usize].automaton() else { return Rest::Unknown };
        let input = Input::new(before).range(before.len()..).anchored(Anchored::Yes);
        dfa.start_state_forward(cache, &input).map_or(Rest::Unknown, classify)
    }

    /// What is left of `tail` after one byte more.
    pub fn next(&mut self, tail: Tail, rest: Rest, byte: u8) -> Rest {
        let (Rest::State(state), Tail::Regex(index)) = (rest, tail) else {
            return if rest == Rest::Itself { Rest::Nothing } else { rest };
        };
        let Some((dfa, cache)) = self.regexes[index as usize].automaton() else { return Rest::Unknown };
        dfa.next_state(cache, state, byte).map_or(Rest::Unknown, classify)
    }
}

fn classify(state: LazyStateID) -> Rest {
    if state.is_dead() {
        Rest::Nothing
    } else if state.is_quit() {
        Rest::Unknown
    } else if state.is_match() {
        // The match is complete, and a path may go on after it.
        Rest::Everything
    } else {
        Rest::State(state)
    }
}

/// An automaton that never forgets a state: then states can stand for rests.
fn automaton(source: &str) -> Option<(DFA, Cache)> {
    let config = DFA::config()
        .match_kind(MatchKind::All)
        .unicode_word_boundary(true)
        .cache_capacity(CACHE)
        .skip_cache_capacity_check(true)
        .minimum_cache_clear_count(Some(0));
    let program =
        thompson::Config::new().which_captures(thompson::WhichCaptures::None).nfa_size_limit(Some(PROGRAM));
    let dfa = DFA::builder().configure(config).thompson(program).build(source).ok()?;
    let cache = dfa.create_cache();
    Some((dfa, cache))
}
