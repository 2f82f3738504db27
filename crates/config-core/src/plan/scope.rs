//! Which instance of a plugin runs: Kong's eight ranks of scope.

use rustc_hash::FxHashMap;

use crate::model::{ConsumerIndex, RouteIndex, Scope, ServiceIndex};

/// The enabled instances of one plugin name, by scope.
#[derive(Debug, Clone)]
pub struct Instances<T> {
    by_scope: FxHashMap<Scope, T>,
    /// Whose instances there are, by the rest of their scopes.
    consumers: FxHashMap<(Option<RouteIndex>, Option<ServiceIndex>), Vec<ConsumerIndex>>,
}

impl<T: Copy> Instances<T> {
    /// The instances given with their scopes. Of several with the same scope the last one counts,
    /// as in Kong.
    pub fn new(instances: impl IntoIterator<Item = (Scope, T)>) -> Self {
        let by_scope: FxHashMap<Scope, T> = instances.into_iter().collect();
        let mut consumers: FxHashMap<_, Vec<_>> = FxHashMap::default();
        for scope in by_scope.keys() {
            if let Some(consumer) = scope.consumer {
                consumers.entry((scope.route, scope.service)).or_default().push(consumer);
            }
        }
        Self { by_scope, consumers }
    }

    /// The one instance that runs for a request, by the ranks of Kong's plugin iterator. A scope
    /// must match exactly, and instances are never merged.
    pub fn select(
        &self,
        route: RouteIndex,
        service: Option<ServiceIndex>,
        consumer: Option<ConsumerIndex>,
    ) -> Option<T> {
        let (r, s, c) = (Some(route), service, consumer);
        let ranks = [
            (r, s, c),
            (r, None, c),
            (None, s, c),
            (r, s, None),
            (None, None, c),
            (r, None, None),
            (None, s, None),
            (None, None, None),
        ];
        ranks.into_iter().find_map(|(route, service, consumer)| {
            self.by_scope.get(&Scope { route, service, consumer }).copied()
        })
    }

    /// Every instance that can run on a route, for whichever consumer: those of consumers in the
    /// order of the consumers, then the one that runs for everybody else. Costs what it returns.
    pub fn possible(&self, route: RouteIndex, service: Option<ServiceIndex>) -> Vec<T> {
        let (r, s) = (Some(route), service);
        let above = [(r, s), (r, None), (None, s)];
        // An instance of a consumer alone ranks below one of route and service, above all others.
        let alone = !self.by_scope.contains_key(&Scope { route: r, service: s, consumer: None });
        let places = above.into_iter().chain(alone.then_some((None, None)));
        let mut consumers: Vec<_> =
            places.filter_map(|place| self.consumers.get(&place)).flatten().copied().collect();
        consumers.sort_unstable();
        consumers.dedup();
        let consumers = consumers.into_iter().map(Some).chain([None]);
        consumers.filter_map(|consumer| self.select(route, service, consumer)).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const R: RouteIndex = RouteIndex(0);
    const S: ServiceIndex = ServiceIndex(0);
    const C: ConsumerIndex = ConsumerIndex(0);

    fn scope(route: bool, service: bool, consumer: bool) -> Scope {
        Scope { route: route.then_some(R), service: service.then_some(S), consumer: consumer.then_some(C) }
    }

    /// Kong's order of scopes, most specific first.
    fn ranked() -> [Scope; 8] {
        [
            scope(true, true, true),
            scope(true, false, true),
            scope(false, true, true),
            scope(true, true, false),
            scope(false, false, true),
            scope(true, false, false),
            scope(false, true, false),
            scope(false, false, false),
        ]
    }

    #[test]
    fn each_rank_wins_over_all_below_it() {
        for rank in 0..8 {
            let instances = Instances::new(ranked().into_iter().enumerate().skip(rank).map(|(i, s)| (s, i)));
            assert_eq!(instances.select(R, Some(S), Some(C)), Some(rank));
        }
    }

    #[test]
    fn scope_must_match_exactly() {
        let instances = Instances::new([(scope(true, true, false), 0)]);
        assert_eq!(instances.select(R, None, None), None);
        assert_eq!(instances.select(R, Some(ServiceIndex(1)), None), None);
        assert_eq!(instances.select(R, Some(S), Some(C)), Some(0));
    }

    #[test]
    fn what_can_run_is_what_is_selected_for_somebody() {
        // Every set of scopes of one route, one service and two consumers.
        let all: Vec<Scope> = [None, Some(C), Some(ConsumerIndex(1))]
            .into_iter()
            .flat_map(|consumer| {
                [(true, true), (true, false), (false, true), (false, false)]
                    .map(|(route, service)| Scope { consumer, ..scope(route, service, false) })
            })
            .collect();
        for set in 0..1 << all.len() {
            let chosen = all.iter().enumerate().filter(|(index, _)| set & (1 << index) != 0);
            let instances = Instances::new(chosen.map(|(index, scope)| (*scope, index)));
            let consumers = [Some(C), Some(ConsumerIndex(1)), None];
            let selected: BTreeSet<_> =
                consumers.iter().filter_map(|consumer| instances.select(R, Some(S), *consumer)).collect();
            let mut possible = instances.possible(R, Some(S));
            possible.sort_unstable();
            assert_eq!(possible, selected.into_iter().collect::<Vec<_>>(), "{set:b}");
        }
    }

    #[test]
    fn a_consumers_instance_and_the_routes_own_can_both_run() {
        let instances = Instances::new([
            (scope(false, false, true), 0),
            (scope(true, false, false), 1),
            (Scope::default(), 2),
        ]);
        assert_eq!(instances.possible(R, None), vec![0, 1]);
        assert_eq!(instances.possible(RouteIndex(7), None), vec![0, 2]);
    }
}
