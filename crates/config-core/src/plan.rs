//! What a file does to requests: compiled, verified, free of YAML.
//!
//! [`Plan::route`] and [`Routed::prepare`] are the only decisions about a request; every front end
//! calls them. Both are pure. A request is decided in two steps because its head (route, captures,
//! templates) is known before its body (model, stream, shape).

mod admission;
pub mod auth;
pub mod caller;
pub mod criteria;
pub(crate) mod key_auth;
pub(crate) mod landing;
mod lower;
pub mod normalize;
pub mod obstacle;
mod origin;
mod outline;
mod parts;
pub mod prepare;
pub(crate) mod priority;
pub(crate) mod protocol;
pub mod proxy;
pub mod rejection;
pub mod request;
pub mod router;
pub(crate) mod scope;
pub mod secrets;
pub mod timeouts;
pub mod upstream;

use std::collections::BTreeSet;

use crate::model::{ConsumerIndex, PluginIndex, Provider, RouteIndex, ServiceIndex};
use crate::rules::Rule;

pub(crate) use lower::{ForeignGuards, criteria_of, obstacles};

use admission::{Admitted, Refusal, Stop};
use auth::{CloudUse, Identity};
use caller::{Caller, Consumer, KeyCredential};
use key_auth::{KeyAuth, Withheld};
use prepare::{Body, BodyUse, Decision, UpstreamBody, prepare};
use proxy::{Field, Proxy, Rendered};
use rejection::Rejection;
use request::RequestHead;
use router::{Captures, Match, Router};
use scope::Instances;
use secrets::SecretUse;
use timeouts::Timeouts;
use upstream::Endpoint;

/// A compiled file.
#[derive(Debug)]
pub struct Plan {
    file: String,
    routes: Vec<Route>,
    router: Router,
    /// The route of each position in the router, which knows only those that can match.
    routable: Vec<RouteIndex>,
    instances: Instances<PluginIndex>,
    /// By [`PluginIndex`]; `None` for plugins other than ai-proxy.
    proxies: Vec<Option<Result<Proxy, Broken>>>,
    /// By [`PluginIndex`]; `None` for plugins other than key-auth.
    key_auths: Vec<Option<Result<KeyAuth, Broken>>>,
    /// By [`ConsumerIndex`].
    consumers: Vec<Consumer>,
    keys: Vec<KeyCredential>,
    secrets: Vec<SecretUse>,
}

/// A route as the plan knows it.
#[derive(Debug)]
pub struct Route {
    /// Its name; an unnamed route is known by its pointer.
    pub name: Option<String>,
    /// RFC 6901 pointer into the document as written.
    pub pointer: String,
    /// 1-based line of its first key.
    pub line: usize,
    /// 1-based column of its first key.
    pub column: usize,
    /// Its paths as written.
    pub paths: Vec<String>,
    /// The name of its service.
    pub service_name: Option<String>,
    /// The timeouts of its service.
    pub timeouts: Timeouts,
    service: Option<ServiceIndex>,
    /// The `key-auth` that runs on it.
    guard: Option<PluginIndex>,
    /// Why no request can match it.
    unroutable: Option<Unroutable>,
    /// A mistake because of which it cannot answer, though it matches.
    broken: Option<Broken>,
}

/// A part of the file that a finding of severity error made unusable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// The rule that reported it.
    pub rule: Rule,
    /// The 1-based line of the finding.
    pub line: usize,
    /// The finding's message.
    pub message: String,
}

/// Why a route takes no part in routing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unroutable {
    /// A mistake in what it matches on.
    Broken(Broken),
    /// Its service has `enabled: false`.
    ServiceDisabled,
    /// It serves TCP, TLS or UDP streams only.
    NoHttpProtocol,
}

/// What becomes of a request's head.
#[derive(Debug)]
pub enum Routing<'p, 'r> {
    /// No route matches: 404.
    NoRoute(Rejection),
    /// A route matches and then refuses.
    Rejected(Rejected<'p>),
    /// The route takes keys from the body, and there is none elsewhere in the request: to be asked again
    /// with the body, of which `limit` bytes are read.
    NeedsBody {
        /// The most bytes to read.
        limit: u64,
    },
    /// A plugin is ready for the body.
    Routed(Box<Routed<'p, 'r>>),
}

/// A request that its route refuses, whatever its body.
#[derive(Debug)]
pub struct Rejected<'p> {
    /// The route that won.
    pub route: &'p Route,
    /// Which of its paths matched, as written.
    pub path: Option<&'p str>,
    /// The named path groups that took part.
    pub captures: Captures,
    /// The client, if it is a consumer of the file.
    pub consumer: Option<ConsumerIndex>,
    /// The plugin, if one was chosen.
    pub proxy: Option<&'p Proxy>,
    /// The answer.
    pub rejection: Rejection,
    /// Response headers that belong to the answer.
    pub headers: Vec<(&'static str, String)>,
}

/// A request that its route takes, up to its body.
#[derive(Debug)]
pub struct Routed<'p, 'r> {
    /// The route that won.
    pub route: &'p Route,
    /// Which of its paths matched, as written.
    pub path: Option<&'p str>,
    /// The named path groups that took part.
    pub captures: Captures,
    /// The client, if it is a consumer of the file.
    pub consumer: Option<ConsumerIndex>,
    /// Whether the client sent a key that is nobody's, and was let in all the same, as anonymous.
    pub unknown_key: bool,
    /// The plugin that runs.
    pub proxy: &'p Proxy,
    /// Its templates, filled in.
    pub rendered: Rendered,
    head: RequestHead<'r>,
    guard: Option<&'p KeyAuth>,
    withheld: Option<Withheld<'r>>,
    normalized_path: String,
}

/// A path held against a request; see [`Plan::candidates`].
#[derive(Debug)]
pub struct Candidate<'p> {
    /// The path's route.
    pub route: &'p Route,
    /// The path as written; `None` for a route without paths.
    pub path: Option<&'p str>,
    /// Whether the request meets all of the route's criteria.
    pub matched: bool,
    /// Whether the route won by this path.
    pub chosen: bool,
    /// Why it won or lost.
    pub reason: String,
    /// How much of the normalised path the path matched, or could have gone on from.
    pub matched_prefix: String,
}

/// What Kong 3.10 (open source, as shipped) would pick; see [`Plan::kong_choice`].
#[derive(Debug)]
pub struct KongChoice<'p> {
    /// Kong's route.
    pub route: Option<&'p Route>,
    /// Whether it is another than ours.
    pub differs: bool,
    /// Why it differs, or why it cannot be told.
    pub reason: Option<String>,
}

impl Plan {
    /// The name of the file that was compiled.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Every route, in file order.
    pub fn routes(&self) -> &[Route] {
        &self.routes
    }

    /// Whether a mistake in the route itself makes it a hole: what it demands may not be what is meant.
    pub(crate) fn is_hole(&self, route: RouteIndex) -> bool {
        self.routes[route.0].broken.is_some()
    }

    /// The plugins whose requests need a cloud's identity or an AWS region that the file does not name, in
    /// file order; of those, only the ones that run on some route.
    pub fn cloud_uses(&self) -> Vec<CloudUse<'_>> {
        let uses = self.running().map(|proxy| CloudUse {
            identity: proxy.auth.identity.as_ref(),
            lacks_region: proxy.lacks_region(),
            line: proxy.origin.line,
        });
        uses.filter(|used| used.identity.is_some() || used.lacks_region).collect()
    }

    /// Takes `region` for the AWS region where the file names none.
    pub fn assume_region(&mut self, region: &str) {
        let proxies = self.proxies.iter_mut().flatten().filter_map(|proxy| proxy.as_mut().ok());
        for proxy in proxies.filter(|proxy| proxy.provider == Provider::Bedrock) {
            proxy.aws_region.get_or_insert_with(|| region.to_owned());
            if let Some(Identity::AwsSigV4 { region: signed, .. }) = &mut proxy.auth.identity {
                signed.get_or_insert_with(|| region.to_owned());
            }
        }
    }

    /// The plugins that run on some route, in file order.
    fn running(&self) -> impl Iterator<Item = &Proxy> {
        let running = self.routable.iter().flat_map(|route| {
            let instances = self.instances.possible(*route, self.routes[route.0].service);
            instances.into_iter().map(|plugin| plugin.0)
        });
        let running: BTreeSet<usize> = running.collect();
        running.into_iter().filter_map(|plugin| self.proxies[plugin].as_ref()?.as_ref().ok())
    }

    /// A consumer of the file.
    pub fn consumer(&self, index: ConsumerIndex) -> &Consumer {
        &self.consumers[index.0]
    }

    /// Every consumer, in file order.
    pub fn consumers(&self) -> &[Consumer] {
        &self.consumers
    }

    /// The keys of the file's consumers, in file order.
    pub fn key_credentials(&self) -> &[KeyCredential] {
        &self.keys
    }

    /// Lets `endpoint` stand in for the built-in endpoint of every plugin for `provider`; says of how
    /// many. A configured `upstream_url` is left alone.
    pub fn replace_endpoint(&mut self, provider: Provider, endpoint: &Endpoint) -> usize {
        let proxies = self.proxies.iter_mut().flatten().filter_map(|proxy| proxy.as_mut().ok());
        let built_in = |proxy: &&mut Proxy| {
            proxy.provider == provider && proxy.texts().all(|(field, _)| field != Field::UpstreamUrl)
        };
        proxies.filter(built_in).map(|proxy| proxy.endpoint = Some(endpoint.clone())).count()
    }

    /// Decides what can be decided without the body: route, captures, client, plugin, templates.
    pub fn route<'p, 'r>(&'p self, head: &RequestHead<'r>, caller: Caller<'_>) -> Routing<'p, 'r> {
        let Some(found) = self.router.find(head) else {
            return Routing::NoRoute(Rejection::no_route());
        };
        let index = self.routable[found.route];
        let route = &self.routes[index.0];
        let Match { path, captures, normalized_path, route: position } = found;
        let path = path.map(|path| &*route.paths[path]);
        match self.admit((index, position), head, &captures, caller) {
            Err(Stop::NeedsBody { limit }) => Routing::NeedsBody { limit },
            Err(Stop::Refused(refusal)) => {
                let Refusal { consumer, proxy, rejection, headers } = *refusal;
                Routing::Rejected(Rejected { route, path, captures, consumer, proxy, rejection, headers })
            }
            Ok(Admitted { guard, consumer, withheld, unknown_key, proxy, rendered }) => {
                Routing::Routed(Box::new(Routed {
                    route,
                    path,
                    captures,
                    consumer,
                    unknown_key,
                    proxy,
                    rendered,
                    head: *head,
                    guard,
                    withheld,
                    normalized_path,
                }))
            }
        }
    }

    /// Every path held against a request: the winner, then those that match but are tried later,
    /// then those that do not match, the ones that got furthest first, then routes that cannot match
    /// at all.
    pub fn candidates(&self, head: &RequestHead) -> Vec<Candidate<'_>> {
        let considered = self.router.candidates(head).into_iter().map(|candidate| {
            let route = &self.routes[self.routable[candidate.route].0];
            Candidate {
                route,
                path: candidate.path.map(|path| &*route.paths[path]),
                matched: candidate.matched,
                chosen: candidate.chosen,
                reason: candidate.reason.text(|by| self.routes[self.routable[by].0].label()),
                matched_prefix: candidate.matched_prefix,
            }
        });
        let never = self.routes.iter().filter_map(|route| {
            let reason = route.unroutable.as_ref()?.to_string();
            let path = route.paths.first().map(|path| &**path);
            Some(Candidate {
                route,
                path,
                matched: false,
                chosen: false,
                reason,
                matched_prefix: String::new(),
            })
        });
        considered.chain(never).collect()
    }

    /// What Kong 3.10 would pick for a request.
    pub fn kong_choice(&self, head: &RequestHead) -> KongChoice<'_> {
        let choice = self.router.find_as_kong(head);
        KongChoice {
            route: choice.found.map(|found| &self.routes[self.routable[found.route].0]),
            differs: choice.differs,
            reason: choice.reason,
        }
    }

    /// The consumer of this username, custom id or id.
    pub fn consumer_named(&self, name: &str) -> Option<ConsumerIndex> {
        let is_named = |consumer: &Consumer| {
            let names = [&consumer.username, &consumer.custom_id, &consumer.id];
            names.into_iter().any(|it| it.as_deref() == Some(name))
        };
        self.consumers.iter().position(is_named).map(ConsumerIndex)
    }

    /// The key-auth instance that guards a route.
    fn guard(&self, route: RouteIndex) -> Option<&Result<KeyAuth, Broken>> {
        self.key_auths[self.routes[route.0].guard?.0].as_ref()
    }
}

impl Routed<'_, '_> {
    /// How much of the body [`Routed::prepare`] has to see.
    pub fn body_use(&self) -> BodyUse {
        match &self.withheld {
            Some(withheld) if withheld.reads_body() => {
                BodyUse::Whole { limit: self.proxy.max_request_body_size }
            }
            _ => prepare::body_use(self.proxy, &self.head),
        }
    }

    /// Decides the rest: the upstream request, or why there is none.
    pub fn prepare(&self, body: Body<'_>) -> Result<Decision, Rejection> {
        let decide = |head: &RequestHead<'_>, body| {
            let mut decision = prepare(self.proxy, &self.rendered, head, &self.normalized_path, body)?;
            decision.secret_members.extend_from_slice(self.guard.map_or(&[], KeyAuth::body_names));
            Ok(decision)
        };
        let Some(withheld) = &self.withheld else { return decide(&self.head, body) };
        let head = withheld.head(&self.head);
        let Some(kept) = withheld.body(&head, body)? else { return decide(&head, body) };
        let decision = decide(&head, Body::Bytes(&kept))?;
        Ok(match decision.body {
            // What passes is what is left of the client's body.
            UpstreamBody::Passthrough => Decision { body: UpstreamBody::Bytes(kept.into()), ..decision },
            _ => decision,
        })
    }
}

impl Route {
    /// Whether `key-auth` runs on it.
    pub fn is_guarded(&self) -> bool {
        self.guard.is_some()
    }

    /// Its name in backticks, or where it stands.
    pub fn label(&self) -> String {
        match &self.name {
            Some(name) => format!("`{name}`"),
            None => format!("the route at {}", self.pointer),
        }
    }
}

impl Broken {
    fn rejection(&self, what: &str) -> Rejection {
        let Broken { rule, line, message } = self;
        Rejection::misconfigured(format!("{what} has an error ({}, line {line}): {message}", rule.id()))
    }
}

impl std::fmt::Display for Unroutable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Unroutable::Broken(Broken { rule, line, message }) => {
                write!(f, "cannot be matched because of an error ({}, line {line}): {message}", rule.id())
            }
            Unroutable::ServiceDisabled => f.write_str("its service has `enabled: false`"),
            Unroutable::NoHttpProtocol => f.write_str("its protocols are not HTTP"),
        }
    }
}
