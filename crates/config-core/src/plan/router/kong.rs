//! What open-source Kong 3.10, as shipped, would do: its priorities go wrong in known ways, and it
//! breaks ties by id.

use std::cmp::Ordering;

use rustc_hash::{FxHashMap, FxHashSet};
use uuid::Uuid;

use super::{Match, Router, Table, view::View};
use crate::{
    kong_id::split_group_id,
    plan::{criteria::Criteria, priority::Rank, request::RequestHead},
};

/// Kong's choice for one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KongChoice {
    /// The match that Kong picks. If it is undecided: the first of the equals in the file.
    pub found: Option<Match>,
    /// Whether another route wins than ours.
    pub differs: bool,
    /// Whether routes tie that Kong gives random ids on every load.
    pub undecided: bool,
    /// Why Kong's choice differs, or is undecided.
    pub reason: Option<String>,
}

/// The places of a choice in the order in which entries are tried.
#[derive(Debug, Clone, Copy)]
struct Pick {
    kong: u32,
    ours: u32,
    undecided: bool,
    /// How many match.
    matching: usize,
}

/// What Kong sorts paths by: the greater is tried first.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KongKey {
    priority: u64,
    /// `None` if random.
    id: Option<Uuid>,
}

impl KongKey {
    /// How the one compares to the other; `None` if ids decide of which one is random.
    pub(crate) fn order(self, other: Self) -> Option<Ordering> {
        match self.priority.cmp(&other.priority) {
            Ordering::Equal => Some(self.id?.cmp(&other.id?)),
            unequal => Some(unequal),
        }
    }
}

impl Router {
    /// What Kong would pick for `head`.
    pub fn find_as_kong(&self, head: &RequestHead) -> KongChoice {
        let picked = View::new(head).and_then(|view| Some((self.kong_pick(&view)?, view)));
        let Some((Pick { kong, ours, undecided, .. }, view)) = picked else {
            return KongChoice { found: None, differs: false, undecided: false, reason: None };
        };
        let table = &self.table;
        let differs = table.entry(kong).route != table.entry(ours).route;
        let reason = if undecided {
            Some(
                "several routes rank alike, and Kong goes by id, which is random for a route without a name"
                    .to_owned(),
            )
        } else {
            differs.then(|| table.why(kong, ours))
        };
        KongChoice { found: Some(table.found(kong, &view)), differs, undecided, reason }
    }

    /// The place in [`Self::order`] of what Kong would pick, and whether it ties with routes that Kong
    /// gives random ids on every load; and how many match.
    pub(crate) fn kong_winner(&self, head: &RequestHead) -> Option<(u32, bool, usize)> {
        let pick = self.kong_pick(&View::new(head)?)?;
        Some((pick.kong, pick.undecided, pick.matching))
    }

    fn kong_pick(&self, view: &View) -> Option<Pick> {
        let table = &self.table;
        let found = self.all(view);
        let (ours, matching) = (*found.first()?, found.len());
        let priorities: Vec<u64> = found.iter().map(|rank| table.rank_of(*rank).kong_shipped()).collect();
        let priority = *priorities.iter().max()?;
        let tied = found.into_iter().zip(priorities).filter(|(_, other)| *other == priority);
        let tied: Vec<(u32, KongKey)> =
            tied.map(|(rank, _)| (rank, KongKey { priority, id: table.kong_id(rank) })).collect();

        let route = |(rank, _): &(u32, KongKey)| table.entry(*rank).route;
        let several = tied.iter().any(|other| route(other) != route(&tied[0]));
        let undecided = several && tied.iter().any(|(_, key)| key.id.is_none());
        // Paths of one group have one id; the first of them that matches counts.
        let greater = |a: (u32, KongKey), b: (u32, KongKey)| match b.1.order(a.1) {
            Some(Ordering::Greater) => b,
            _ => a,
        };
        let (kong, _) = match several && !undecided {
            true => tied.into_iter().reduce(greater),
            false => tied.into_iter().next(),
        }?;
        Some(Pick { kong, ours, undecided, matching })
    }
}

impl Router {
    /// What Kong sorts each place in [`Self::order`] by.
    pub(crate) fn kong_keys(&self) -> Vec<KongKey> {
        let table = &self.table;
        let mut known: FxHashMap<u32, Vec<Rank>> = FxHashMap::default();
        let keys = (0..table.entries.len() as u32).map(|rank| {
            let groups = known.entry(table.entry(rank).route).or_insert_with(|| groups(table.route(rank)));
            KongKey { priority: table.rank_of(rank).kong_shipped(), id: table.id_among(groups, rank) }
        });
        keys.collect()
    }
}

impl Table {
    /// The id by which Kong breaks ties.
    fn kong_id(&self, rank: u32) -> Option<Uuid> {
        let route = self.route(rank);
        match route.paths.len() {
            0 | 1 => route.kong_id,
            _ => self.id_among(&groups(route), rank),
        }
    }

    /// The same, given the groups of the route's paths.
    fn id_among(&self, groups: &[Rank], rank: u32) -> Option<Uuid> {
        let id = self.route(rank).kong_id?;
        match groups.len() {
            0 | 1 => Some(id),
            _ => {
                let of = self.rank_of(rank);
                groups.iter().position(|group| *group == of).map(|at| split_group_id(id, at + 1))
            }
        }
    }

    /// Why Kong picks `theirs` over `ours`.
    fn why(&self, theirs: u32, ours: u32) -> String {
        let (kong, documented) = (self.rank_of(theirs), self.rank_of(ours));
        if kong.kong_shipped() == documented.kong_shipped() {
            let id = |rank| self.kong_id(rank).unwrap_or_default();
            return format!(
                "both rank alike, and Kong goes by id: {} is greater than {}",
                id(theirs),
                id(ours)
            );
        }
        let fact = if kong.regex_priority != documented.regex_priority
            && (kong.headers > 0 || kong.regex_priority.max(documented.regex_priority) >= 1 << 10)
        {
            "`regex_priority` runs into other fields"
        } else if kong.plain_hosts && !documented.plain_hosts {
            "plain hosts outweigh more kinds of criteria"
        } else if kong.regex && !documented.regex {
            "a regex path outweighs more criteria"
        } else if documented.regex && !kong.regex {
            "with four kinds of criteria a prefix outweighs a regex"
        } else {
            "fields of its priority overlap"
        };
        match self.rank_of(ours).advantage(kong) {
            Some(_) => format!("Kong 3.10 computes priorities other than it documents: {fact}"),
            None => format!("Kong 3.10 ranks apart what it documents as equal: {fact}"),
        }
    }
}

/// The groups into which Kong splits the paths of a route, in the order of their first paths.
fn groups(route: &Criteria) -> Vec<Rank> {
    let mut known = FxHashSet::default();
    let ranks = route.paths.iter().map(|path| Rank::of(route, Some(path)));
    ranks.filter(|rank| known.insert(*rank)).collect()
}
