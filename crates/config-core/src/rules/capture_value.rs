//! The groups that a template's capture comes from, and paths in which they have a value that tells.

use crate::analysis::{Facts, PathFacts, PathKind};
use crate::language::capture::Outcome;
use crate::model::RouteIndex;
use crate::pattern::{Group, Pattern};
use crate::proof::trial::{Taken, Trial};

/// A capture with no more values than this is a list of choices.
pub(super) const FEW_VALUES: usize = 64;

/// A group that a capture comes from.
#[derive(Clone, Copy)]
pub(super) struct Origin<'f> {
    facts: &'f Facts<'f>,
    pub route: RouteIndex,
    pub path: &'f PathFacts,
    pub pattern: &'f Pattern,
    pub group: &'f Group,
    name: &'f str,
}

/// The groups called `name` in the paths of `routes`, in the order of both.
pub(super) fn origins<'f>(
    facts: &'f Facts<'f>,
    routes: &'f [RouteIndex],
    name: &'f str,
) -> impl Iterator<Item = Origin<'f>> {
    routes.iter().flat_map(move |route| {
        facts.routes[route.0].paths.iter().filter_map(move |path| {
            let PathKind::Regex(Ok(pattern)) = &path.kind else { return None };
            Some(Origin { facts, route: *route, path, pattern, group: pattern.group(name)?, name })
        })
    })
}

impl<'f> Origin<'f> {
    /// Whether the group is known to have few values.
    pub fn is_list(&self) -> bool {
        matches!(self.facts.captures.values(self.pattern, self.name, FEW_VALUES), Ok(Some(_)))
    }

    /// The route's request for a path with this outcome for the group, the shortest one. `None` if there
    /// is no such path, if that is not known, or if the route does not take it so.
    pub fn shortest(&self, outcome: Outcome) -> Option<Taken> {
        let shown = self.facts.captures.find(self.pattern, self.name, outcome).ok()??;
        let taken = Trial::of(self.facts, self.route)?.take(&shown.path)?;
        (taken.captures.get(self.name) == shown.value.as_deref()).then_some(taken)
    }

    /// The route's request for a path in which the group is `value`, as far as putting it where another
    /// value stands finds one.
    pub fn with_value(&self, value: &str) -> Option<Taken> {
        let shown = self.facts.captures.find(self.pattern, self.name, Outcome::Set).ok()??;
        let range = self.pattern.compile()?.captures(&shown.path)?.name(self.name)?.range();
        let path = [&shown.path[..range.start], value, &shown.path[range.end..]].concat();
        let taken = Trial::of(self.facts, self.route)?.take(&path)?;
        (taken.path == path && taken.captures.get(self.name) == Some(value)).then_some(taken)
    }
}
