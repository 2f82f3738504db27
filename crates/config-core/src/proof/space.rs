//! The requests that a plan's routes tell apart.
//!
//! A question is about *entries*: one path of one route, in the order in which they are tried. Methods,
//! hosts, headers, server names and schemes are cut into [cells](cell) that no criterion of the routes
//! in question tells apart; within a cell the question is one about paths. What is found is replayed
//! through the plan's router before it is an answer.

mod cell;
mod header;
mod name;
pub(crate) mod value;

use std::cell::{Cell, RefCell};

use rustc_hash::FxHashMap;

use crate::language::{Languages, Paths, PathsId, Undecided};
use crate::model::RouteIndex;
use crate::plan::criteria::{Criteria, PathCriterion};
use crate::plan::router::Router;
use crate::plan::{Plan, priority::Rank};
use crate::proof::request::Request;
pub(in crate::proof) use cell::Cells;

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

/// What open-source Kong 3.10, as shipped, picks for a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KongPick {
    /// No route.
    Nothing,
    /// This entry.
    Entry(EntryId),
    /// One of several routes that tie, by ids that are random on every load.
    Random,
}

/// The requests that a plan's routes tell apart.
pub struct Space<'p> {
    router: &'p Router,
    entries: Vec<Entry>,
    /// By route, in the order in which they are tried.
    by_route: Vec<(RouteIndex, EntryId)>,
    /// The sets are the entries' paths, by [`EntryId`], and then the endings.
    languages: Languages,
    endings: FxHashMap<Box<str>, PathsId>,
    /// How many comparisons all questions together may still take.
    comparisons: Cell<usize>,
    /// What Kong does with the request that was asked for last: many routes may compete for one.
    kong: RefCell<Option<(Request, KongPick)>>,
}

/// Some seconds' work: no more than a file that is made to take long would cost.
const COMPARISONS: usize = 1 << 25;

/// What it costs to ask the router, in comparisons.
const REPLAY: usize = 128;

/// How many looks at a header's name cost as much as a comparison.
const LOOKS: usize = 8;

/// How many entries may be found to win, one after the other, before a question is left open.
const ROUNDS: usize = 256;

impl<'p> Space<'p> {
    /// The space of `plan`; questions may be narrowed down to paths with one of `endings`.
    pub fn new<'e>(plan: &'p Plan, endings: impl IntoIterator<Item = &'e str>) -> Self {
        let router = plan.router();
        let entries: Vec<Entry> = (0..)
            .zip(plan.tried())
            .map(|(rank, (route, path))| Entry {
                route,
                path,
                rank: Rank::of(router.criteria(rank), router.path(rank)),
            })
            .collect();
        let ids = (0..).map(EntryId);
        let mut by_route: Vec<_> = entries.iter().map(|entry| entry.route).zip(ids).collect();
        by_route.sort_unstable();
        let mut sets: Vec<Paths<'_>> =
            (0..entries.len()).map(|rank| paths(router.path(rank as u32))).collect();
        let endings: FxHashMap<&'e str, PathsId> = endings
            .into_iter()
            .map(|ending| {
                sets.push(Paths::Ending(ending));
                (ending, PathsId(sets.len() as u32 - 1))
            })
            .collect();
        Self {
            router,
            entries,
            by_route,
            languages: Languages::new(sets),
            endings: endings.into_iter().map(|(ending, id)| (ending.into(), id)).collect(),
            comparisons: Cell::new(COMPARISONS),
            kong: RefCell::default(),
        }
    }

    /// Every entry, in the order in which they are tried.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// An entry.
    pub fn entry(&self, id: EntryId) -> &Entry {
        &self.entries[id.0 as usize]
    }

    /// The entries of a route, in the order in which they are tried; none if no request can match it.
    pub fn entries_of(&self, route: RouteIndex) -> impl Iterator<Item = EntryId> {
        let start = self.by_route.partition_point(|(other, _)| *other < route);
        self.by_route[start..].iter().take_while(move |(other, _)| *other == route).map(|(_, id)| *id)
    }

    /// What an entry's route demands.
    pub fn criteria(&self, id: EntryId) -> &'p Criteria {
        self.router.criteria(id.0)
    }

    /// An entry's path; `None` for a route without paths.
    pub fn path(&self, id: EntryId) -> Option<&'p PathCriterion> {
        self.router.path(id.0)
    }

    /// A request that each of `all` matches and none of `none`: the most natural one of these, POST over
    /// plain HTTP before others, and of those one with the shortest path. `None` if there is no such
    /// request.
    ///
    /// # Errors
    /// The question is too large, or a pattern holds what automata cannot.
    pub fn find(&self, all: &[EntryId], none: &[EntryId]) -> Result<Option<Request>, Undecided> {
        self.search(all, none, None)
    }

    /// A path that is one of each of `all` and of none of `none`, whatever else their routes demand.
    ///
    /// # Errors
    /// As for [`Self::find`].
    pub fn find_path(&self, all: &[EntryId], none: &[EntryId]) -> Result<Option<String>, Undecided> {
        if none.iter().any(|id| self.path(*id).is_none()) {
            return Ok(None);
        }
        let (within, without): (Vec<_>, Vec<_>) =
            (self.path_sets(all).collect(), self.path_sets(none).collect());
        self.languages.find(&within, &without)
    }

    /// A request that each of `all` matches and that the plan gives to the first of them; `None` if every
    /// request that all of them match belongs to other entries. `ending`, which is one of those that the
    /// space was made with: of those only the requests whose path ends so.
    ///
    /// # Errors
    /// As for [`Self::find`].
    pub fn find_won(&self, all: &[EntryId], ending: Option<&str>) -> Result<Option<Request>, Undecided> {
        let ending = match ending {
            Some(ending) => Some(*self.endings.get(ending).ok_or(Undecided::Ending)?),
            None => None,
        };
        let Some(&target) = all.first() else { return Ok(None) };
        if all.iter().any(|other| *other < target) {
            return Ok(None);
        }
        // Where another entry is found to win, it is excluded and the question asked again. Once nothing
        // is left, those excluded take all that the target matches, and they are tried before it.
        let mut before = Vec::new();
        for _ in 0..ROUNDS {
            let Some(request) = self.search(all, &before, ending)? else { return Ok(None) };
            self.spend(REPLAY)?;
            match self.winner(&request) {
                Some(winner) if winner == target => return Ok(Some(request)),
                Some(winner) if winner < target && !before.contains(&winner) => before.push(winner),
                _ => return Err(Undecided::Unconfirmed),
            }
        }
        Err(Undecided::TooManyCases)
    }

    /// The entry that the plan gives the request to.
    pub fn winner(&self, request: &Request) -> Option<EntryId> {
        request.with_head(|head| self.router.winner(head)).map(EntryId)
    }

    /// Every entry that matches the request, in the order in which they are tried.
    pub fn matching(&self, request: &Request) -> Vec<EntryId> {
        request.with_head(|head| self.router.matching(head)).into_iter().map(EntryId).collect()
    }

    /// The entry that open-source Kong 3.10, as shipped, gives the request to.
    pub fn kong_winner(&self, request: &Request) -> KongPick {
        let mut last = self.kong.borrow_mut();
        if let Some((known, pick)) = &*last
            && known == request
        {
            return *pick;
        }
        let pick = match request.with_head(|head| self.router.kong_winner(head)) {
            None => KongPick::Nothing,
            Some((rank, is_random, matching)) => {
                // Each header that a match demands was looked for among all that are sent. The answer is
                // there by now: it is the next question that may find too little left.
                let looks = matching.saturating_mul(request.headers.len().pow(2));
                let _ = self.spend(looks / LOOKS);
                if is_random { KongPick::Random } else { KongPick::Entry(EntryId(rank)) }
            }
        };
        *last = Some((request.clone(), pick));
        pick
    }

    /// The request with this normalised path that an entry matches, if it matches the path.
    pub fn taken(&self, id: EntryId, path: &str) -> Option<Request> {
        let request = self.request_at(&[id], path).ok()??;
        request.with_head(|head| self.router.matches(head, id.0)).then_some(request)
    }

    /// The request with this normalised path that meets all else that the routes of `all` demand; `None`
    /// if nothing does. Whether their paths match is not looked at.
    ///
    /// # Errors
    /// As for [`Self::find`].
    pub fn request_at(&self, all: &[EntryId], path: &str) -> Result<Option<Request>, Undecided> {
        let cells = Cells::new(&self.all_criteria(all), &[]);
        match cells.requests().next() {
            Some(request) => Ok(Some(Request { path: path.to_owned(), ..request })),
            None => cells.doubt().map_or(Ok(None), Err),
        }
    }

    fn search(
        &self,
        all: &[EntryId],
        none: &[EntryId],
        ending: Option<PathsId>,
    ) -> Result<Option<Request>, Undecided> {
        if all.iter().any(|id| none.contains(id)) {
            return Ok(None);
        }
        // Cells are charged once they are made, so with nothing left none are.
        if self.comparisons.get() == 0 {
            return Err(Undecided::TooManyCases);
        }
        let within: Vec<PathsId> = self.path_sets(all).chain(ending).collect();
        let cells = Cells::new(&self.all_criteria(all), &self.all_criteria(none));
        let mut doubt = cells.doubt();
        self.spend(cells.cost())?;
        for (count, request) in cells.requests().enumerate() {
            if count == CELLS || self.spend(cells.size()).is_err() {
                doubt = Some(Undecided::TooManyCases);
                break;
            }
            let met = match none {
                [] => Vec::new(),
                _ => request.with_head(|head| self.router.met(head, none.iter().map(|id| id.0))),
            };
            let met: Vec<EntryId> = met.into_iter().map(EntryId).collect();
            // Without a path to miss it by, such an entry takes the whole cell.
            if met.iter().any(|id| self.path(*id).is_none()) {
                continue;
            }
            let without: Vec<PathsId> = self.path_sets(&met).collect();
            match self.shortest(&within, &without) {
                Ok(Some(path)) => {
                    let request = Request { path, ..request };
                    let matches = |id: &EntryId| request.with_head(|head| self.router.matches(head, id.0));
                    if all.iter().all(matches) && !none.iter().any(matches) {
                        return Ok(Some(request));
                    }
                    doubt = Some(Undecided::Unconfirmed);
                }
                Ok(None) => {}
                Err(undecided) => doubt = Some(undecided),
            }
        }
        doubt.map_or(Ok(None), Err)
    }

    fn spend(&self, comparisons: usize) -> Result<(), Undecided> {
        let left = self.comparisons.get().checked_sub(comparisons);
        self.comparisons.set(left.unwrap_or(0));
        left.map(drop).ok_or(Undecided::TooManyCases)
    }

    fn shortest(&self, within: &[PathsId], without: &[PathsId]) -> Result<Option<String>, Undecided> {
        match (within, without) {
            ([], []) => Ok(Some("/".to_owned())),
            _ => self.languages.find(within, without),
        }
    }

    /// What the entries' routes demand, each once.
    fn all_criteria(&self, ids: &[EntryId]) -> Vec<&'p Criteria> {
        let mut criteria: Vec<&'p Criteria> = Vec::with_capacity(ids.len());
        for id in ids {
            let found = self.criteria(*id);
            if !criteria.iter().any(|other| std::ptr::eq(*other, found)) {
                criteria.push(found);
            }
        }
        criteria
    }

    /// The entries' sets of paths, but for those that hold every path.
    fn path_sets(&self, ids: &[EntryId]) -> impl Iterator<Item = PathsId> {
        ids.iter().filter(|id| self.path(**id).is_some()).map(|id| PathsId(id.0))
    }
}

/// How many cells are looked into before a question is left open.
const CELLS: usize = 256;

fn paths(path: Option<&PathCriterion>) -> Paths<'_> {
    match path {
        Some(PathCriterion::Prefix(text)) => Paths::Prefix(text),
        Some(PathCriterion::Regex(pattern)) => Paths::Regex(pattern),
        // The router holds no invalid path.
        Some(PathCriterion::Invalid(_)) | None => Paths::Any,
    }
}

#[cfg(test)]
mod tests;
