//! The parts of a plan that proofs ask about, by route.

use super::criteria::Criteria;
use super::key_auth::KeyPlaces;
use super::prepare::{Body, Decision, prepare};
use super::proxy::Proxy;
use super::rejection::Rejection;
use super::request::RequestHead;
use super::router::{Captures, Router};
use super::{Plan, Route};
use crate::model::{ConsumerIndex, PluginIndex, RouteIndex};

impl Plan {
    /// What decides which route a request belongs to.
    pub(crate) fn router(&self) -> &Router {
        &self.router
    }

    /// What each route demands that a request can match.
    pub(crate) fn criteria(&self) -> impl Iterator<Item = (RouteIndex, &Criteria)> {
        self.routable.iter().copied().zip(self.router.routes())
    }

    /// A plugin, if it is an ai-proxy that could be compiled.
    pub(crate) fn proxy(&self, plugin: PluginIndex) -> Option<&Proxy> {
        self.proxies[plugin.0].as_ref()?.as_ref().ok()
    }

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

    /// What one plugin makes of a request with these captures, wherever it runs and whoever asks; the
    /// body is not known. `path` is the request's in its normal form. `None` for a plugin that is broken
    /// or not ai-proxy.
    pub(crate) fn rehearse(
        &self,
        plugin: PluginIndex,
        head: &RequestHead<'_>,
        captures: &Captures,
        path: &str,
    ) -> Option<Result<Decision, Rejection>> {
        let proxy = self.proxy(plugin)?;
        let rendered = proxy.render(head, captures);
        Some(rendered.and_then(|rendered| prepare(proxy, &rendered, head, path, Body::Unknown)))
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
