//! What a request passes between its route and its body: protocol, origin, key, plugin, templates, in
//! this order, which is Kong's.

use super::caller::Caller;
use super::key_auth::{KeyAuth, Verdict, Withheld};
use super::protocol::{ProtocolVerdict, protocol_verdict};
use super::proxy::{DEFAULT_MAX_REQUEST_BODY_SIZE, Proxy, Rendered};
use super::rejection::Rejection;
use super::request::RequestHead;
use super::router::Captures;
use super::{Broken, Plan, Route, origin};
use crate::model::{ConsumerIndex, RouteIndex};

/// A request that may go on to its body.
pub(super) struct Admitted<'p, 'r> {
    pub guard: Option<&'p KeyAuth>,
    pub consumer: Option<ConsumerIndex>,
    pub withheld: Option<Withheld<'r>>,
    pub unknown_key: bool,
    pub proxy: &'p Proxy,
    pub rendered: Rendered,
}

/// Why a request does not go on.
pub(super) enum Stop<'p> {
    NeedsBody { limit: u64 },
    Refused(Box<Refusal<'p>>),
}

/// An answer, and as far as the request got.
pub(super) struct Refusal<'p> {
    pub consumer: Option<ConsumerIndex>,
    pub proxy: Option<&'p Proxy>,
    pub rejection: Rejection,
    pub headers: Vec<(&'static str, String)>,
}

impl Plan {
    /// Takes a request that `index` has won, the router's `position`, as far as its body.
    pub(super) fn admit<'p, 'r>(
        &'p self,
        (index, position): (RouteIndex, usize),
        head: &RequestHead<'r>,
        captures: &Captures,
        caller: Caller<'_>,
    ) -> Result<Admitted<'p, 'r>, Stop<'p>> {
        let route = &self.routes[index.0];
        match protocol_verdict(&self.router.routes()[position], head) {
            ProtocolVerdict::Served => {}
            ProtocolVerdict::Redirect { status, location } => {
                let rejection = Rejection { status, ..Rejection::bad_request("Please use HTTPS protocol") };
                return Err(refused(rejection).with(vec![("location", location)]));
            }
            ProtocolVerdict::Refused { status, message, upgrade } => {
                let rejection = Rejection { status, ..Rejection::bad_request(message) };
                let upgrade =
                    upgrade.map(|to| [("connection", "Upgrade".to_owned()), ("upgrade", to.to_owned())]);
                return Err(refused(rejection).with(upgrade.into_iter().flatten().collect()));
            }
        }
        if let Some(rejection) = origin::refusal(head) {
            return Err(refused(rejection).into());
        }
        let guard = match self.guard(index) {
            None => None,
            Some(Ok(guard)) => Some(guard),
            Some(Err(broken)) => {
                return Err(refused(broken.rejection("the key-auth plugin of this route")).into());
            }
        };
        let (consumer, withheld, unknown_key) = match guard.map(|guard| guard.admit(head, caller)) {
            None => (caller.assumed(), None, false),
            Some(Verdict::Admitted { consumer, withheld, unknown_key }) => (consumer, withheld, unknown_key),
            Some(Verdict::NeedsBody) => return Err(Stop::NeedsBody { limit: self.body_limit(index) }),
            Some(Verdict::Refused { rejection, challenge }) => {
                let challenge = challenge.map(|challenge| ("www-authenticate", challenge));
                return Err(refused(rejection).with(challenge.into_iter().collect()));
            }
        };
        let stop = |proxy, rejection| Stop::from(Refusal { consumer, proxy, ..refused(rejection) });
        if let Some(broken) = &route.broken {
            return Err(stop(None, broken.rejection("this route")));
        }
        let proxy = match self.instance(index, consumer) {
            Some(Ok(proxy)) => proxy,
            Some(Err(broken)) => {
                return Err(stop(None, broken.rejection("the ai-proxy plugin of this route")));
            }
            None => return Err(stop(None, Rejection::no_proxy())),
        };
        let seen = withheld.as_ref().map_or(*head, |withheld| withheld.head(head));
        let rendered = proxy.render(&seen, captures).map_err(|rejection| stop(Some(proxy), rejection))?;
        Ok(Admitted { guard, consumer, withheld, unknown_key, proxy, rendered })
    }

    /// The routes on which anybody at all can spend a configured credential: no key is asked for, or
    /// whoever has none is taken for somebody.
    pub fn open_routes(&self) -> impl Iterator<Item = &Route> {
        self.open_route_indices().map(|index| &self.routes[index.0])
    }

    /// The same routes, by their places in the file.
    pub(crate) fn open_route_indices(&self) -> impl Iterator<Item = RouteIndex> {
        self.routable.iter().copied().filter(|index| self.is_open(*index))
    }

    /// Whether there is a route on which an `ai-proxy` may run, be it for one consumer alone.
    pub fn has_proxies(&self) -> bool {
        let runs =
            |index: &RouteIndex| !self.instances.possible(*index, self.routes[index.0].service).is_empty();
        self.routable.iter().any(runs)
    }

    fn is_open(&self, index: RouteIndex) -> bool {
        let consumer = match self.guard(index) {
            None => None,
            Some(Ok(guard)) if guard.anonymous().is_some() => guard.anonymous(),
            Some(_) => return false,
        };
        match self.instance(index, consumer) {
            Some(Ok(Proxy { auth, .. })) => {
                auth.header.is_some() || auth.param.is_some() || auth.identity.is_some()
            }
            _ => false,
        }
    }

    /// How much of a body is read to find a key in it: as much as any plugin of the route takes.
    fn body_limit(&self, index: RouteIndex) -> u64 {
        let possible = self.instances.possible(index, self.routes[index.0].service);
        let proxies = possible.iter().filter_map(|plugin| self.proxies[plugin.0].as_ref()?.as_ref().ok());
        proxies.map(|proxy| proxy.max_request_body_size).max().unwrap_or(DEFAULT_MAX_REQUEST_BODY_SIZE)
    }

    /// The ai-proxy instance that runs on a route for a consumer.
    pub(super) fn instance(
        &self,
        route: RouteIndex,
        consumer: Option<ConsumerIndex>,
    ) -> Option<&Result<Proxy, Broken>> {
        let plugin = self.instances.select(route, self.routes[route.0].service, consumer)?;
        self.proxies[plugin.0].as_ref()
    }
}

fn refused<'p>(rejection: Rejection) -> Refusal<'p> {
    Refusal { consumer: None, proxy: None, rejection, headers: Vec::new() }
}

impl<'p> Refusal<'p> {
    /// The same with headers of its answer.
    fn with(self, headers: Vec<(&'static str, String)>) -> Stop<'p> {
        Refusal { headers, ..self }.into()
    }
}

impl<'p> From<Refusal<'p>> for Stop<'p> {
    fn from(refusal: Refusal<'p>) -> Self {
        Stop::Refused(Box::new(refusal))
    }
}
