//! Which route a request belongs to.
//!
//! Routes are tried in the order that Kong documents, ties by their order in the file; the first
//! that matches wins. Finding it costs a walk down a trie of the literal beginnings of all paths
//! and a look into the few buckets on the way, whatever the number of routes.

mod bucket;
mod explain;
mod kong;
mod list;
mod tail;
mod trie;
mod view;

use std::{cmp::Reverse, sync::Arc};

use bucket::Bucket;
pub use explain::{Candidate, Reason};
pub use kong::KongChoice;
pub(crate) use kong::KongKey;
use tail::{Tail, Tails};
use trie::{Growing, Trie};
use view::View;

use super::{
    criteria::{Criteria, PathCriterion},
    priority::Rank,
    request::RequestHead,
};

/// All routes of a file, ready to be searched.
#[derive(Debug)]
pub struct Router {
    table: Table,
    trie: Trie<Bucket>,
}

/// The route that a request belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Match {
    /// The position of the route in the list that the router was built from.
    pub route: usize,
    /// Which of its paths matched; `None` if it lists none.
    pub path: Option<usize>,
    /// The named groups of the path that took part.
    pub captures: Captures,
    /// The request's path in normal form.
    pub normalized_path: String,
}

/// Named groups and what they matched, in normalised form, in the order of their parentheses.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Captures(Vec<(Arc<str>, Box<str>)>);

impl Captures {
    /// What the group `name` matched: empty if it matched the empty text, `None` if it took no part.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(found, _)| *found == name).map(|(_, value)| value)
    }

    /// Every group that took part.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }
}

impl Router {
    /// A router over `routes`, given in the order of the file. A route that serves no HTTP protocol
    /// or lists no criterion at all matches nothing.
    pub fn build(routes: Vec<Criteria>) -> Self {
        let table = Table::new(routes);
        let mut ranks: Growing<Vec<u32>> = Growing::default();
        for rank in 0..table.entries.len() as u32 {
            ranks.entry(table.literal(rank).as_bytes()).push(rank);
        }
        let trie = ranks.freeze(|ranks| Bucket::build(ranks, &table));
        Self { table, trie }
    }

    /// The routes that the router was built from.
    pub fn routes(&self) -> &[Criteria] {
        &self.table.routes
    }

    /// Every path of every route (its position and the path's), in the order they are tried.
    pub fn order(&self) -> impl Iterator<Item = (usize, Option<usize>)> {
        self.table.entries.iter().map(|entry| (entry.route as usize, entry.path()))
    }

    /// Whether `head` meets everything that `route` demands, its path aside.
    pub fn meets(&self, route: usize, head: &RequestHead) -> bool {
        View::new(head).is_some_and(|view| view.mismatch(&self.table.routes[route]).is_none())
    }

    /// The route that `head` belongs to. A path that is no UTF-8 once decoded belongs to none.
    pub fn find(&self, head: &RequestHead) -> Option<Match> {
        let view = View::new(head)?;
        let rank = self.first(&view)?;
        Some(self.table.found(rank, &view))
    }

    /// The place in [`Self::order`] of what [`Self::find`] finds.
    pub(crate) fn winner(&self, head: &RequestHead) -> Option<u32> {
        self.first(&View::new(head)?)
    }

    /// The places in [`Self::order`] of all that match, ascending.
    pub(crate) fn matching(&self, head: &RequestHead) -> Vec<u32> {
        View::new(head).map_or_else(Vec::new, |view| self.all(&view))
    }

    /// What the route at a place in [`Self::order`] demands.
    pub(crate) fn criteria(&self, rank: u32) -> &Criteria {
        self.table.route(rank)
    }

    /// The path at a place in [`Self::order`]; `None` for a route without paths.
    pub(crate) fn path(&self, rank: u32) -> Option<&PathCriterion> {
        self.table.criterion(rank)
    }

    /// Whether the entry at a place in [`Self::order`] matches.
    pub(crate) fn matches(&self, head: &RequestHead, rank: u32) -> bool {
        View::new(head).is_some_and(|view| self.table.matches(rank, &view))
    }

    /// Those of the entries at `ranks` whose demands are met, the path aside.
    pub(crate) fn met(&self, head: &RequestHead, ranks: impl Iterator<Item = u32>) -> Vec<u32> {
        let Some(view) = View::new(head) else { return Vec::new() };
        ranks.filter(|rank| self.table.meets(*rank, &view)).collect()
    }

    fn first(&self, view: &View) -> Option<u32> {
        let mut best = NONE;
        self.trie.walk(view.path().as_bytes(), |depth, bucket| {
            best = bucket.best(&self.table, view, depth, best);
        });
        (best != NONE).then_some(best)
    }

    /// Every rank that matches, ascending.
    fn all(&self, view: &View) -> Vec<u32> {
        let mut ranks = Vec::new();
        self.trie.walk(view.path().as_bytes(), |depth, bucket| {
            bucket.matching(&self.table, view, depth, &mut ranks);
        });
        ranks.sort_unstable();
        // A route that lists several hosts stands under each that fits.
        ranks.dedup();
        ranks
    }
}

/// No rank.
const NONE: u32 = u32::MAX;

/// The routes and, in the order they are tried, their paths. A position in that order is a *rank*.
#[derive(Debug)]
struct Table {
    routes: Vec<Criteria>,
    entries: Vec<Entry>,
    tails: Tails,
}

/// One path of a route, or a route without paths.
#[derive(Debug, Clone, Copy)]
struct Entry {
    route: u32,
    /// [`NONE`] for a route without paths.
    path: u32,
    tail: Tail,
    /// The length of the literal beginning.
    literal: u32,
    /// Whether the path is all that the route demands.
    path_only: bool,
}

impl Entry {
    fn path(self) -> Option<usize> {
        (self.path != NONE).then_some(self.path as usize)
    }
}

impl Table {
    fn new(routes: Vec<Criteria>) -> Self {
        let mut tails = Tails::default();
        let mut entries = Vec::new();
        for (index, route) in routes.iter().enumerate() {
            if !route.protocols.any() || Rank::of(route, None).kinds == 0 {
                continue;
            }
            let path_only = View::demands_only_a_path(route);
            let mut add = |path: u32, criterion: Option<&PathCriterion>, tail: Tail| {
                let literal = literal(criterion).len() as u32;
                let entry = Entry { route: index as u32, path, tail, literal, path_only };
                entries.push((Rank::of(route, criterion).documented(), entry));
            };
            for (at, path) in (0..).zip(&route.paths) {
                match path {
                    PathCriterion::Prefix(_) => add(at, Some(path), Tail::Open),
                    PathCriterion::Regex(pattern) => add(at, Some(path), tails.intern(pattern)),
                    PathCriterion::Invalid(_) => {}
                }
            }
            if route.paths.is_empty() {
                add(NONE, None, Tail::Open);
            }
        }
        entries.sort_by_key(|(priority, entry)| (Reverse(*priority), entry.route, entry.path));
        Self { routes, entries: entries.into_iter().map(|(_, entry)| entry).collect(), tails }
    }

    fn entry(&self, rank: u32) -> Entry {
        self.entries[rank as usize]
    }

    fn route(&self, rank: u32) -> &Criteria {
        &self.routes[self.entry(rank).route as usize]
    }

    fn criterion(&self, rank: u32) -> Option<&PathCriterion> {
        self.entry(rank).path().map(|path| &self.route(rank).paths[path])
    }

    fn rank_of(&self, rank: u32) -> Rank {
        Rank::of(self.route(rank), self.criterion(rank))
    }

    /// The text that a path must begin with to match.
    fn literal(&self, rank: u32) -> &str {
        literal(self.criterion(rank))
    }

    /// Whether the request meets everything but the path.
    fn meets(&self, rank: u32, view: &View) -> bool {
        self.entry(rank).path_only || view.mismatch(self.route(rank)).is_none()
    }

    /// Whether the request's path matches after the literal, whose `depth` bytes it begins with.
    fn path_matches(&self, rank: u32, view: &View, depth: usize) -> bool {
        self.tails.is_match(self.entry(rank).tail, view.path(), depth)
    }

    /// Whether a request of which nothing is known yet matches.
    fn matches(&self, rank: u32, view: &View) -> bool {
        let literal = self.literal(rank);
        view.path().starts_with(literal)
            && self.meets(rank, view)
            && self.path_matches(rank, view, literal.len())
    }

    fn found(&self, rank: u32, view: &View) -> Match {
        let entry = self.entry(rank);
        Match {
            route: entry.route as usize,
            path: entry.path(),
            captures: Captures(self.tails.captures(entry.tail, view.path(), entry.literal as usize)),
            normalized_path: view.path().to_owned(),
        }
    }
}

fn literal(criterion: Option<&PathCriterion>) -> &str {
    match criterion {
        Some(PathCriterion::Prefix(text)) => text,
        Some(PathCriterion::Regex(pattern)) => pattern.literal_prefix(),
        Some(PathCriterion::Invalid(_)) | None => "",
    }
}

#[cfg(test)]
mod tests;
