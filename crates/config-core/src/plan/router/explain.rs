//! Why a request went where it went: every path that was considered, and how far it got.

use regex_automata::{
    Anchored, Input, MatchKind,
    hybrid::dfa::{Cache, DFA},
    nfa::thompson,
};
use rustc_hash::FxHashMap;

use super::{
    NONE, Router, Table,
    tail::Tail,
    view::{Mismatch, View},
};
use crate::plan::{
    criteria::{Criteria, PathCriterion},
    priority::Rank,
    request::RequestHead,
};

/// One path of a route (or a route without paths) held against one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The position of the route.
    pub route: usize,
    /// Which of its paths; `None` if it lists none.
    pub path: Option<usize>,
    /// Whether the request meets all its criteria.
    pub matched: bool,
    /// Whether it won.
    pub chosen: bool,
    /// Why it won or lost.
    pub reason: Reason,
    /// How much of the normalised path the path matched, or could have gone on from.
    pub matched_prefix: String,
}

/// Why a candidate won or lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// It is the first that matches.
    Chosen,
    /// It matches, but another is tried before it.
    Outranked {
        /// The route that won.
        by: usize,
        /// Why that goes first.
        because: String,
    },
    /// It does not match.
    Mismatch(String),
}

impl Reason {
    /// The reason in words; `name` says what to call a route.
    pub fn text(&self, name: impl Fn(usize) -> String) -> String {
        match self {
            Reason::Chosen => "the first in order that matches".to_owned(),
            Reason::Outranked { by, because } => format!("{} is tried first: {because}", name(*by)),
            Reason::Mismatch(text) => text.clone(),
        }
    }
}

impl Router {
    /// Every path, the most telling first: the winner, then the others that match in the order they
    /// are tried, then those that do not: the ones whose path got furthest first, and of these the ones
    /// whose path matches, for something else is all they lack. Empty if the request's
    /// path is no UTF-8.
    pub fn candidates(&self, head: &RequestHead) -> Vec<Candidate> {
        let Some(view) = View::new(head) else { return Vec::new() };
        let table = &self.table;
        let mut reach = Reach { table, path: view.path(), automata: FxHashMap::default() };
        let winner = (0..table.entries.len() as u32).find(|rank| table.matches(*rank, &view)).unwrap_or(NONE);
        let mut candidates: Vec<(Candidate, bool)> = (0..table.entries.len() as u32)
            .map(|rank| table.candidate(rank, winner, &view, &mut reach))
            .collect();
        candidates.extend(table.never_tried().map(|candidate| (candidate, false)));
        candidates.sort_by_key(|(candidate, path_matched)| {
            let lost = (std::cmp::Reverse(candidate.matched_prefix.len()), !path_matched);
            (!candidate.chosen, !candidate.matched, (!candidate.matched).then_some(lost))
        });
        candidates.into_iter().map(|(candidate, _)| candidate).collect()
    }
}

impl Table {
    /// The candidate, and whether its path at least matches.
    fn candidate(&self, rank: u32, winner: u32, view: &View, reach: &mut Reach) -> (Candidate, bool) {
        let entry = self.entry(rank);
        let path = reach.of(rank);
        let mismatch = view.mismatch(self.route(rank));
        let reason = match (&path.failure, mismatch) {
            (None, None) if rank == winner => Reason::Chosen,
            (None, None) => Reason::Outranked {
                by: self.entry(winner).route as usize,
                because: self.precedence(winner, rank),
            },
            (None, Some(mismatch)) => Reason::Mismatch(describe(mismatch, self.route(rank), view)),
            (Some(failure), None) => Reason::Mismatch(failure.clone()),
            (Some(failure), Some(mismatch)) => {
                Reason::Mismatch(format!("{failure}; {}", describe(mismatch, self.route(rank), view)))
            }
        };
        let candidate = Candidate {
            route: entry.route as usize,
            path: entry.path(),
            matched: path.failure.is_none() && mismatch.is_none(),
            chosen: rank == winner,
            reason,
            matched_prefix: view.path()[..path.end].to_owned(),
        };
        (candidate, path.failure.is_none())
    }

    /// Why `winner` is tried before `other`.
    fn precedence(&self, winner: u32, other: u32) -> String {
        if let Some(advantage) = self.rank_of(winner).advantage(self.rank_of(other)) {
            advantage
        } else if self.entry(winner).route == self.entry(other).route {
            "its paths are tried in the order written".to_owned()
        } else {
            "both rank alike, and it comes first in the file".to_owned()
        }
    }

    /// The paths that no request can reach.
    fn never_tried(&self) -> impl Iterator<Item = Candidate> {
        let lost = |route: usize, path: Option<usize>, text: &str| Candidate {
            route,
            path,
            matched: false,
            chosen: false,
            reason: Reason::Mismatch(text.to_owned()),
            matched_prefix: String::new(),
        };
        self.routes.iter().enumerate().flat_map(move |(index, route)| {
            let paths = (0..route.paths.len()).map(Some);
            let paths: Vec<_> = if route.paths.is_empty() { vec![None] } else { paths.collect() };
            paths.into_iter().filter_map(move |path| {
                Some(lost(index, path, unreachable(route, path.map(|at| &route.paths[at]))?))
            })
        })
    }
}

/// Why no request can reach `path` of `route`.
fn unreachable(route: &Criteria, path: Option<&PathCriterion>) -> Option<&'static str> {
    if !route.protocols.any() {
        Some("the route serves no HTTP protocol")
    } else if Rank::of(route, path).kinds == 0 {
        Some("the route lists no criterion")
    } else {
        matches!(path, Some(PathCriterion::Invalid(_))).then_some("the path is not valid")
    }
}

/// How far a path matched, and why no further.
struct Extent {
    end: usize,
    failure: Option<String>,
}

/// Finds out how far patterns match; distinct tails share an automaton.
struct Reach<'a> {
    table: &'a Table,
    path: &'a str,
    automata: FxHashMap<u32, Option<(DFA, Cache)>>,
}

impl Reach<'_> {
    fn of(&mut self, rank: u32) -> Extent {
        let (table, path) = (self.table, self.path);
        let (literal, tail) = (table.literal(rank), table.entry(rank).tail);
        let common = literal.bytes().zip(path.bytes()).take_while(|(a, b)| a == b).count();
        if common < literal.len() {
            let end = path.floor_char_boundary(common);
            return Extent { end, failure: Some(format!("the path does not begin with `{literal}`")) };
        }
        if let Some(end) = table.tails.match_end(tail, path, common) {
            return Extent { end, failure: None };
        }
        if let Some(PathCriterion::Regex(pattern)) = table.criterion(rank)
            && !pattern.is_anchored()
        {
            return Extent { end: 0, failure: Some("the pattern is found nowhere in the path".to_owned()) };
        }
        let end = path.floor_char_boundary(self.tail_end(tail, common));
        let failure = match path[end..].chars().next() {
            Some(next) => {
                format!("the pattern fits as far as `{}` and does not allow `{next}` there", &path[..end])
            }
            None => "the path ends before the pattern does".to_owned(),
        };
        Extent { end, failure: Some(failure) }
    }

    /// How far a tail that does not match can be followed.
    fn tail_end(&mut self, tail: Tail, start: usize) -> usize {
        let Tail::Regex(index) = tail else { return start };
        let automaton =
            self.automata.entry(index).or_insert_with(|| automaton(self.table.tails.source(index)));
        let Some((dfa, cache)) = automaton else { return start };
        follow(dfa, cache, self.path, start).unwrap_or(start)
    }
}

fn automaton(source: &str) -> Option<(DFA, Cache)> {
    let dfa = DFA::builder()
        .configure(
            DFA::config()
                .match_kind(MatchKind::All)
                .unicode_word_boundary(true)
                .skip_cache_capacity_check(true),
        )
        .thompson(thompson::Config::new().which_captures(thompson::WhichCaptures::None))
        .build(source)
        .ok()?;
    let cache = dfa.create_cache();
    Some((dfa, cache))
}

/// The end of the longest beginning of `path[start..]` from which a match could still be reached;
/// `None` if the automaton cannot tell.
fn follow(dfa: &DFA, cache: &mut Cache, path: &str, start: usize) -> Option<usize> {
    let input = Input::new(path).range(start..).anchored(Anchored::Yes);
    let mut state = dfa.start_state_forward(cache, &input).ok()?;
    for (at, byte) in path.bytes().enumerate().skip(start) {
        state = dfa.next_state(cache, state, byte).ok()?;
        if state.is_dead() || state.is_quit() {
            return Some(at);
        }
    }
    Some(path.len())
}

fn describe(mismatch: Mismatch, route: &Criteria, view: &View) -> String {
    let head = view.head();
    match mismatch {
        Mismatch::Method => {
            format!("the method `{}` is not {}", show(head.method), list(&route.methods))
        }
        Mismatch::Host => match head.host() {
            Some(host) => format!("the host `{}` is not {}", show(host), list(&route.hosts)),
            None => "the request names no host".to_owned(),
        },
        Mismatch::Sni => match head.sni {
            Some(sni) => format!("the server name `{}` is not {}", show(sni), list(&route.snis)),
            None => "the TLS handshake names no server".to_owned(),
        },
        Mismatch::Header(at) => {
            let header = &route.headers[at];
            match header.sent(head).next() {
                Some(value) => {
                    format!(
                        "the header `{}` is `{}`, not {}",
                        header.name(),
                        show(value),
                        list(header.values())
                    )
                }
                None => format!("the header `{}` is absent", header.name()),
            }
        }
    }
}

/// Up to four items in words.
fn list(items: &[impl std::fmt::Display]) -> String {
    let shown: Vec<String> = items.iter().take(4).map(|item| format!("`{item}`")).collect();
    let more = if items.len() > shown.len() { " or others" } else { "" };
    shown.join(" or ") + more
}

fn show(bytes: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}
