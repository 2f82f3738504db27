//! Paths that win no request.

use rustc_hash::FxHashSet;

use super::{Judge, Shadowed};
use crate::language::Undecided;
use crate::model::RouteIndex;
use crate::proof::space::EntryId;

/// Whether an entry wins any request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wins {
    /// It does.
    Some,
    /// Others win all that it matches.
    Nothing,
    /// It is not known.
    Unknown,
}

/// Of the `challenged`, which are those that another entry may come before, the ones that win nothing,
/// in the order of the file.
pub(super) fn find(judge: &mut Judge, challenged: impl IntoIterator<Item = EntryId>) -> Vec<Shadowed> {
    let mut shadowed: Vec<Shadowed> =
        challenged.into_iter().filter_map(|entry| shadow(judge, entry)).collect();
    let space = judge.space;
    shadowed.sort_unstable_by_key(|it| (space.entry(it.entry).route, space.entry(it.entry).path));
    // Of a route that is shadowed as a whole, one finding speaks for all of its paths.
    let mut told = FxHashSet::default();
    shadowed.retain(|it| !it.whole_route || told.insert(judge.route(it.entry)));
    shadowed
}

/// The most winners that are named.
const NAMED: usize = 8;

fn shadow(judge: &mut Judge, entry: EntryId) -> Option<Shadowed> {
    if judge.wins(entry) != Wins::Nothing {
        return None;
    }
    let (space, route) = (judge.space, judge.route(entry));
    let own: Vec<EntryId> =
        space.entries_of(route).filter(|path| judge.wins(*path) != Wins::Nothing).collect();
    // A path that only repeats what other paths of its route would take before it does no harm.
    let before: Vec<EntryId> = own.iter().copied().filter(|path| *path < entry).collect();
    if !before.is_empty() && space.find(&[entry], &before) == Ok(None) {
        return None;
    }
    let mut winners = Vec::new();
    let mut shown = None;
    // What is left after the winners so far belongs to the next one.
    while winners.len() < NAMED
        && let Ok(Some(request)) = space.find(&[entry], &winners)
        && let Some(winner) = space.winner(&request).filter(|winner| !winners.contains(winner))
    {
        if judge.route(winner) != route && shown.is_none() {
            shown = Some((winners.len(), request));
        }
        winners.push(winner);
    }
    let (at, request) = shown?;
    if winners.iter().any(|winner| judge.is_hole(*winner)) {
        return None;
    }
    winners.swap(0, at);
    let kong = space.kong_winner(&request);
    Some(Shadowed { entry, whole_route: own.is_empty(), winners, request, kong })
}

impl Judge<'_, '_> {
    /// Whether an entry wins any request.
    pub(super) fn wins(&mut self, entry: EntryId) -> Wins {
        if let Some(known) = self.wins[entry.0 as usize] {
            return known;
        }
        let found = match self.space.find_won(&[entry], None) {
            Ok(Some(_)) => Wins::Some,
            Ok(None) => Wins::Nothing,
            Err(reason) => {
                self.open_winner(entry, reason);
                Wins::Unknown
            }
        };
        self.wins[entry.0 as usize] = Some(found);
        found
    }

    /// That an entry wins nothing, nor another path of its route if that is so of all of them, and that
    /// only the route `by` takes it from them.
    pub(super) fn shadow_by(&mut self, entry: EntryId, by: RouteIndex) -> Option<Shadowed> {
        let told = shadow(self, entry)?;
        let route = self.route(entry);
        let space = self.space;
        for path in space.entries_of(route).filter(|path| *path == entry || told.whole_route) {
            let winners = shadow(self, path).map_or(Vec::new(), |it| it.winners);
            let is_by_it = |winner: &EntryId| [by, route].contains(&self.route(*winner));
            if winners.len() == NAMED || !winners.iter().all(is_by_it) {
                return None;
            }
        }
        Some(told)
    }

    /// Whether what is told of one path says that `entry` wins nothing.
    pub(super) fn tells(&self, told: &Shadowed, entry: EntryId) -> bool {
        told.entry == entry || told.whole_route && self.route(told.entry) == self.route(entry)
    }

    fn open_winner(&self, entry: EntryId, reason: Undecided) {
        self.proofs.leave_open(reason, format!("whether {} can win a request", self.label(entry)));
    }
}
