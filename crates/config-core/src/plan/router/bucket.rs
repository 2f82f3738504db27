//! The paths that share one literal beginning.

use rustc_hash::FxHashMap;

use super::{Table, list::List, view::View};
use crate::plan::criteria::{HeaderCriterion, HeaderValue, NamePattern};

/// Entries that begin alike. Few of them are simply tried in order; of many, only those that the
/// request's host or headers point to.
#[derive(Debug)]
pub struct Bucket {
    /// The least rank of all.
    first: u32,
    /// What names neither a host nor a fixed header, or all if there are few.
    rest: List,
    keyed: Option<Box<Keyed>>,
}

/// Entries by what they demand. One that lists several hosts stands under each.
#[derive(Debug, Default)]
struct Keyed {
    hosts: FxHashMap<Box<[u8]>, List>,
    host_suffixes: Affixes,
    host_prefixes: Affixes,
    headers: Vec<(HeaderCriterion, FxHashMap<Box<str>, List>)>,
}

/// Entries by the beginning or ending of a host.
#[derive(Debug, Default)]
struct Affixes {
    lists: FxHashMap<Box<[u8]>, List>,
    /// The length of the longest key: how far a client can make us look.
    longest: usize,
}

/// Buckets of more entries than this are keyed.
const FEW: usize = 8;

impl Bucket {
    /// A bucket of `ranks`, which ascend.
    pub fn build(ranks: Vec<u32>, table: &Table) -> Self {
        let first = ranks.first().copied().unwrap_or(super::NONE);
        if ranks.len() <= FEW {
            return Self { first, rest: List::build(ranks, table), keyed: None };
        }
        let mut drafts = Drafts::default();
        for rank in ranks {
            drafts.file(rank, table);
        }
        let rest = List::build(std::mem::take(&mut drafts.rest), table);
        Self { first, rest, keyed: drafts.finish(table) }
    }

    /// The least rank below `limit` that matches, or `limit`. The literal beginning, `depth` bytes
    /// long, has matched already.
    pub fn best(&self, table: &Table, view: &View, depth: usize, limit: u32) -> u32 {
        if self.first >= limit {
            return limit;
        }
        let mut best = self.rest.best(table, view, depth, limit);
        if let Some(keyed) = &self.keyed {
            keyed.visit(view, |list| best = list.best(table, view, depth, best));
        }
        best
    }

    /// Adds every rank that matches to `found`. The literal beginning, `depth` bytes long, has matched
    /// already.
    pub fn matching(&self, table: &Table, view: &View, depth: usize, found: &mut Vec<u32>) {
        self.rest.matching(table, view, depth, found);
        if let Some(keyed) = &self.keyed {
            keyed.visit(view, |list| list.matching(table, view, depth, found));
        }
    }
}

impl Keyed {
    fn visit<'a>(&'a self, view: &View, mut visit: impl FnMut(&'a List)) {
        if let Some((host, _)) = view.host() {
            self.hosts.get(host).into_iter().for_each(&mut visit);
            // Endings begin with a dot and beginnings end with one.
            let dots = |at: usize| host[at] == b'.';
            for from in
                (host.len().saturating_sub(self.host_suffixes.longest)..host.len()).filter(|at| dots(*at))
            {
                self.host_suffixes.lists.get(&host[from..]).into_iter().for_each(&mut visit);
            }
            for last in (0..self.host_prefixes.longest.min(host.len())).filter(|at| dots(*at)) {
                self.host_prefixes.lists.get(&host[..=last]).into_iter().for_each(&mut visit);
            }
        }
        for (header, lists) in &self.headers {
            for value in view.lowered(header) {
                lists.get(value.as_str()).into_iter().for_each(&mut visit);
            }
        }
    }
}

/// A [`Keyed`] whose lists still grow.
#[derive(Default)]
struct Drafts<'a> {
    rest: Vec<u32>,
    hosts: FxHashMap<&'a NamePattern, Vec<u32>>,
    headers: FxHashMap<&'a str, HeaderDraft<'a>>,
}

/// One header's values.
struct HeaderDraft<'a> {
    header: &'a HeaderCriterion,
    lists: FxHashMap<&'a str, Vec<u32>>,
}

impl<'a> Drafts<'a> {
    fn file(&mut self, rank: u32, table: &'a Table) {
        let route = table.route(rank);
        let push = |list: &mut Vec<u32>| {
            if list.last() != Some(&rank) {
                list.push(rank);
            }
        };
        if !route.hosts.is_empty() {
            for host in &route.hosts {
                push(self.hosts.entry(host.name()).or_default());
            }
        } else if let Some((header, values)) =
            route.headers.iter().find_map(|header| Some((header, fixed(header)?)))
        {
            let empty = || HeaderDraft { header, lists: FxHashMap::default() };
            let lists = &mut self.headers.entry(header.name()).or_insert_with(empty).lists;
            for value in values {
                push(lists.entry(value).or_default());
            }
        } else {
            self.rest.push(rank);
        }
    }

    fn finish(self, table: &Table) -> Option<Box<Keyed>> {
        if self.hosts.is_empty() && self.headers.is_empty() {
            return None;
        }
        let mut keyed = Box::<Keyed>::default();
        for (name, ranks) in self.hosts {
            let list = List::build(ranks, table);
            let (affixes, key) = match name {
                NamePattern::Exact(name) => {
                    keyed.hosts.insert(name.as_bytes().into(), list);
                    continue;
                }
                NamePattern::Suffix(suffix) => (&mut keyed.host_suffixes, suffix),
                NamePattern::Prefix(prefix) => (&mut keyed.host_prefixes, prefix),
            };
            affixes.longest = affixes.longest.max(key.len());
            affixes.lists.insert(key.as_bytes().into(), list);
        }
        for HeaderDraft { header, lists } in self.headers.into_values() {
            let lists = lists.into_iter().map(|(value, ranks)| (value.into(), List::build(ranks, table)));
            keyed.headers.push((header.clone(), lists.collect()));
        }
        Some(keyed)
    }
}

/// The values of a header if none is a regex.
fn fixed(header: &HeaderCriterion) -> Option<Vec<&str>> {
    let values = header.values().iter();
    values
        .map(|value| match value {
            HeaderValue::Exact(text) => Some(text.as_str()),
            HeaderValue::Regex(_) => None,
        })
        .collect()
}
