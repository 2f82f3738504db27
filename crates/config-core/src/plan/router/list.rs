//! Entries that share one literal beginning and one key, by rank.

use std::sync::OnceLock;

use regex_automata::{
    Anchored, Input, MatchKind, PatternSet,
    hybrid::dfa::{Cache, DFA},
    nfa::thompson,
    util::pool::Pool,
};
use rustc_hash::FxHashMap;

use super::{Table, tail::Tail, view::View};

/// Entries to try in order. Where many different patterns meet, one automaton runs them all.
#[derive(Debug)]
pub struct List {
    /// Without those in `many`.
    ranks: Ranks,
    many: Option<Box<Many>>,
}

/// Ranks, ascending. Of most lists it is one, and is found without another look into memory.
#[derive(Debug)]
enum Ranks {
    One(u32),
    Several(Box<[u32]>),
}

/// Many patterns as one lazy DFA. Never a regex of the meta engine: its fallback takes memory in
/// proportion to states × patterns.
#[derive(Debug)]
struct Many {
    /// For each pattern, in the order of their first ranks: the ranks of those that end so.
    ranks: Vec<Box<[u32]>>,
    /// Finds the first of the patterns that match.
    first: Automaton,
    /// Finds all that match. Needed once a request fails the other criteria of the first.
    all: OnceLock<Option<Automaton>>,
    sources: Vec<u32>,
}

/// More distinct patterns than this are run by one automaton.
const FEW: usize = 8;

/// The automaton's program may take this many bytes; beyond, patterns are tried one by one.
const PROGRAM_LIMIT: usize = 1 << 30;

impl List {
    /// A list of `ranks`, which ascend.
    pub fn build(ranks: Vec<u32>, table: &Table) -> Self {
        let mut order: Vec<(u32, Vec<u32>)> = Vec::new();
        let mut place: FxHashMap<u32, usize> = FxHashMap::default();
        let mut plain = Vec::new();
        for rank in &ranks {
            match table.entry(*rank).tail {
                Tail::Regex(index) => {
                    let at = *place.entry(index).or_insert_with(|| {
                        order.push((index, Vec::new()));
                        order.len() - 1
                    });
                    order[at].1.push(*rank);
                }
                Tail::Open | Tail::End => plain.push(*rank),
            }
        }
        if order.len() <= FEW {
            return Self { ranks: ranks.into(), many: None };
        }
        let sources: Vec<u32> = order.iter().map(|(index, _)| *index).collect();
        match Automaton::build(&sources, table, MatchKind::LeftmostFirst) {
            Some(first) => {
                let ranks = order.into_iter().map(|(_, ranks)| ranks.into()).collect();
                let many = Many { ranks, first, all: OnceLock::new(), sources };
                Self { ranks: plain.into(), many: Some(Box::new(many)) }
            }
            None => Self { ranks: ranks.into(), many: None },
        }
    }

    /// The least rank below `limit` that matches, or `limit`. The literal beginning, `depth` bytes
    /// long, has matched already.
    pub fn best(&self, table: &Table, view: &View, depth: usize, limit: u32) -> u32 {
        let best = first_match(self.ranks.as_slice().iter().copied(), table, view, depth, limit);
        self.many.as_ref().map_or(best, |many| many.best(table, view, depth, best))
    }

    /// Adds every rank that matches to `found`. The literal beginning, `depth` bytes long, has matched
    /// already.
    pub fn matching(&self, table: &Table, view: &View, depth: usize, found: &mut Vec<u32>) {
        let matches = |rank: &u32| table.meets(*rank, view) && table.path_matches(*rank, view, depth);
        found.extend(self.ranks.as_slice().iter().copied().filter(matches));
        let Some(many) = &self.many else { return };
        let input = Input::new(view.path()).range(depth..).anchored(Anchored::Yes);
        match many.matching_patterns(&input, table) {
            Some(set) => {
                let ranks = set.iter().flat_map(|pattern| &*many.ranks[pattern.as_usize()]).copied();
                found.extend(ranks.filter(|rank| table.meets(*rank, view)));
            }
            None => found.extend(many.ranks.iter().flat_map(|ranks| &**ranks).copied().filter(matches)),
        }
    }
}

impl From<Vec<u32>> for Ranks {
    fn from(ranks: Vec<u32>) -> Self {
        match ranks[..] {
            [one] => Ranks::One(one),
            _ => Ranks::Several(ranks.into()),
        }
    }
}

impl Ranks {
    fn as_slice(&self) -> &[u32] {
        match self {
            Ranks::One(rank) => std::slice::from_ref(rank),
            Ranks::Several(ranks) => ranks,
        }
    }
}

impl Many {
    fn best(&self, table: &Table, view: &View, depth: usize, limit: u32) -> u32 {
        if self.ranks[0][0] >= limit {
            return limit;
        }
        let input = Input::new(view.path()).range(depth..).anchored(Anchored::Yes);
        match self.first.first(&input) {
            Ok(None) => limit,
            Ok(Some(pattern)) => {
                // No pattern before this one matches, so no lower rank does.
                let rank = self.ranks[pattern][0];
                if rank >= limit {
                    limit
                } else if table.meets(rank, view) {
                    rank
                } else {
                    self.best_of_all(&input, table, view, limit)
                }
            }
            Err(Unable) => self.one_by_one(table, view, depth, limit),
        }
    }

    fn best_of_all(&self, input: &Input, table: &Table, view: &View, limit: u32) -> u32 {
        let Some(set) = self.matching_patterns(input, table) else {
            return self.one_by_one(table, view, input.start(), limit);
        };
        set.iter().fold(limit, |best, pattern| {
            let below = self.ranks[pattern.as_usize()].iter().copied().take_while(|rank| *rank < best);
            below.into_iter().find(|rank| table.meets(*rank, view)).unwrap_or(best)
        })
    }

    /// All of the patterns that match; `None` if only trying each can tell.
    fn matching_patterns(&self, input: &Input, table: &Table) -> Option<PatternSet> {
        let all = self.all.get_or_init(|| Automaton::build(&self.sources, table, MatchKind::All));
        all.as_ref()?.all(input, self.ranks.len()).ok()
    }

    fn one_by_one(&self, table: &Table, view: &View, depth: usize, limit: u32) -> u32 {
        self.ranks
            .iter()
            .fold(limit, |best, ranks| first_match(ranks.iter().copied(), table, view, depth, best))
    }
}

/// The first of `ranks`, which ascend, below `limit` that matches, or `limit`.
fn first_match(
    ranks: impl Iterator<Item = u32>,
    table: &Table,
    view: &View,
    depth: usize,
    limit: u32,
) -> u32 {
    ranks
        .take_while(|rank| *rank < limit)
        .find(|rank| table.meets(*rank, view) && table.path_matches(*rank, view, depth))
        .unwrap_or(limit)
}

/// A lazy DFA over several patterns, with the memory its searches need.
#[derive(Debug)]
struct Automaton {
    dfa: DFA,
    caches: Pool<
        Cache,
        Box<dyn Fn() -> Cache + Send + Sync + std::panic::UnwindSafe + std::panic::RefUnwindSafe>,
    >,
}

/// The automaton met what it cannot decide: a Unicode word boundary next to a non-ASCII character.
struct Unable;

impl Automaton {
    fn build(tails: &[u32], table: &Table, kind: MatchKind) -> Option<Self> {
        let sources: Vec<&str> = tails.iter().map(|index| table.tails.source(*index)).collect();
        let program = thompson::Compiler::new()
            .configure(
                thompson::Config::new()
                    .which_captures(thompson::WhichCaptures::None)
                    .nfa_size_limit(Some(PROGRAM_LIMIT)),
            )
            .build_many(&sources)
            .ok()?;
        let config = DFA::config()
            .match_kind(kind)
            .unicode_word_boundary(true)
            .cache_capacity((2 << 20) + 2 * program.memory_usage())
            .skip_cache_capacity_check(true);
        let dfa = DFA::builder().configure(config).build_from_nfa(program).ok()?;
        let factory = dfa.clone();
        Some(Self { dfa, caches: Pool::new(Box::new(move || factory.create_cache())) })
    }

    /// The first of the patterns that match.
    fn first(&self, input: &Input) -> Result<Option<usize>, Unable> {
        let found = self.dfa.try_search_fwd(&mut self.caches.get(), input);
        found.map(|found| found.map(|found| found.pattern().as_usize())).map_err(|_| Unable)
    }

    /// All of the patterns that match.
    fn all(&self, input: &Input, patterns: usize) -> Result<PatternSet, Unable> {
        let mut set = PatternSet::new(patterns);
        let found = self.dfa.try_which_overlapping_matches(&mut self.caches.get(), input, &mut set);
        found.map(|()| set).map_err(|_| Unable)
    }
}
