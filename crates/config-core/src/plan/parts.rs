//! The parts of a plan that proofs ask about, by route.

use super::criteria::Criteria;
use super::key_auth::KeyPlaces;
use super::proxy::Proxy;
use super::rejection::Rejection;
use super::request::RequestHead;
use super::{Plan, Route};
use crate::model::{ConsumerIndex, RouteIndex};

impl Plan {
    /// Every path of every route that can match, in the order in which they are tried.
    pub(crate) fn tried(&self) -> impl Iterator<Item = (RouteIndex, Option<usize>)> {
        self.router.order().map(|(position, path)| (self.routable[position], path))
    }

    /// What a route demands; `None` if no request can match it.
    pub(crate) fn demands(&self, route: RouteIndex) -> Option<&Criteria> {
        let position = self.routable.binary_search(&route).ok()?;
        Some(&self.router.routes()[position])
    }

    /// Whether a request meets everything that a route demands, its path aside.
    pub(crate) fn meets(&self, route: RouteIndex, head: &RequestHead<'_>) -> bool {
        self.routable.binary_search(&route).is_ok_and(|position| self.router.meets(position, head))
    }

    /// The route, and which of its paths, that a request belongs to.
    pub(crate) fn winner(&self, head: &RequestHead<'_>) -> Option<(RouteIndex, Option<usize>)> {
        let found = self.router.find(head)?;
        Some((self.routable[found.route], found.path))
    }

    /// The ai-proxy of a route, and the consumer for whom it runs; anybody if `None`. Of plugins for
    /// single consumers the first, and only where there is none for everybody.
    pub(crate) fn client(&self, route: RouteIndex) -> Result<(Option<ConsumerIndex>, &Proxy), Rejection> {
        let plugin = |consumer| match self.instance(route, consumer) {
            Some(Ok(proxy)) => Ok((consumer, proxy)),
            Some(Err(broken)) => Err(broken.rejection("the ai-proxy plugin of this route")),
            None => Err(Rejection::no_proxy()),
        };
        let anonymous = match self.guard(route) {
            Some(Ok(guard)) => guard.anonymous(),
            _ => None,
        };
        let for_all = plugin(anonymous);
        // Without a key nobody is known to be a consumer.
        let knows_consumers = self.key_places(route).is_some();
        let has_plugins = !self.instances.possible(route, self.routes[route.0].service).is_empty();
        if for_all.is_ok() || !knows_consumers || !has_plugins {
            return for_all;
        }
        let consumers = (0..self.consumers.len()).map(|index| Some(ConsumerIndex(index)));
        consumers.map(plugin).find(Result::is_ok).unwrap_or(for_all)
    }

    /// Whether a route answers nobody because of a mistake.
    pub(crate) fn is_broken(&self, route: RouteIndex) -> bool {
        self.routes[route.0].broken.is_some()
    }

    /// Where a route looks for clients' keys; `None` if it asks for none, or lets in who has none.
    pub(crate) fn key_places(&self, route: RouteIndex) -> Option<KeyPlaces<'_>> {
        let guard = self.guard(route)?.as_ref().ok()?;
        guard.anonymous().is_none().then(|| guard.places())
    }
}

impl Route {
    /// Why no request can match it, if so.
    pub fn why_unroutable(&self) -> Option<String> {
        self.unroutable.as_ref().map(ToString::to_string)
    }
}
