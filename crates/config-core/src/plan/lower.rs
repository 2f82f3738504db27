//! Configuration to plan: the only place that sees both.

mod obstacles;

use std::time::Duration;

use rustc_hash::FxHashMap;

use super::caller::{Consumer, Key, KeyCredential};
use super::criteria::{Criteria, HeaderCriterion, HeaderValue, HostPattern, PathCriterion, SniPattern};
use super::key_auth::KeyAuth;
use super::obstacle::Obstacle;
use super::proxy::{Origin, Proxy, Uncompilable};
use super::router::Router;
use super::secrets;
use super::timeouts::Timeouts;
use super::{Broken, Plan, Route, Unroutable};
use crate::analysis::{Facts, PathKind, protocols};
use crate::catalog;
use crate::diagnostic::{Diagnostic, Severity};
use crate::kong_id::entity_id;
use crate::model::{
    self, AiProxy, Entity, Header, Hole, Milliseconds, PluginEntity, RouteEntity, RouteIndex, Text,
};
use crate::rules::Rule;
use crate::syntax::{NodeId, Spanned};

pub(crate) use obstacles::{ForeignGuards, obstacles};

impl Plan {
    /// The plan of a file, given its findings. What an error made unusable is a hole that answers
    /// 500, or that no request matches where it cannot be said which would.
    pub(crate) fn lower(facts: &Facts, findings: &[Diagnostic]) -> Plan {
        let errors = Errors::new(facts, findings);
        let mut criteria = Vec::new();
        let mut routable = Vec::new();
        let mut routes = Vec::with_capacity(facts.config.routes.len());
        for (index, entity) in facts.config.routes.iter().enumerate() {
            let index = RouteIndex(index);
            let unroutable = match why_unroutable(facts, &errors, entity) {
                Some(reason) => Some(reason),
                None => match route_criteria(facts, index, entity) {
                    Some(found) => {
                        criteria.push(found);
                        routable.push(index);
                        None
                    }
                    None => Some(Unroutable::Broken(
                        errors.under(entity.node, "one of its criteria is not valid"),
                    )),
                },
            };
            routes.push(route(facts, &errors, index, unroutable));
        }
        let vaults = facts.env_vaults();
        let proxies = facts.config.plugins.iter().map(|plugin| {
            if plugin.name().is_some_and(|name| name != catalog::AI_PROXY) {
                return None;
            }
            if let Some(hole) = plugin.holes.first() {
                return Some(Err(errors.hole(hole)));
            }
            let config = plugin.ai_proxy.as_ref()?;
            Some(match (Proxy::lower(config, &vaults), errors.first_under(plugin.node)) {
                (Err(reasons), None) => Err(errors.uncompilable(&reasons[0])),
                (_, Some(broken)) => Err(broken),
                (Ok(proxy), None) => Ok(proxy.at(origin(facts, plugin, config))),
            })
        });
        let proxies: Vec<_> = proxies.collect();
        let key_auths = facts.config.plugins.iter().map(|plugin| {
            if plugin.name() != Some(catalog::KEY_AUTH) {
                return None;
            }
            let broken = plugin.holes.first().map(|hole| errors.hole(hole));
            if let Some(broken) = broken.or_else(|| errors.first_under(plugin.node)) {
                return Some(Err(broken));
            }
            Some(Ok(KeyAuth::lower(plugin.key_auth.as_ref()?, plugin.anonymous)))
        });
        let key_auths = key_auths.collect();
        let keys = facts.config.keyauth_credentials.iter().filter_map(|credential| {
            let text = credential.fields.key.as_ref()?;
            let line = errors.line(facts.document.span(text.node).start);
            Some(KeyCredential { consumer: credential.consumer?, key: Key::parse(text, &vaults).ok()?, line })
        });
        let keys = keys.collect();
        let secrets =
            facts.config.plugins.iter().zip(&proxies).filter(|(plugin, _)| plugin.fields.is_enabled());
        let secrets = secrets.filter_map(|(plugin, proxy)| {
            let given = plugin.ai_proxy.as_ref()?.auth.as_deref()?;
            let compiled = &proxy.as_ref()?.as_ref().ok()?.auth;
            Some(secrets::of_plugin(facts, given, compiled, &vaults))
        });
        let secrets = secrets.flatten().collect();
        Plan {
            file: facts.document.source().name().to_owned(),
            proxies,
            routes,
            router: Router::build(criteria),
            routable,
            instances: facts.instances.clone(),
            key_auths,
            consumers: facts.config.consumers.iter().map(consumer).collect(),
            keys,
            secrets,
        }
    }
}

fn origin(facts: &Facts, plugin: &PluginEntity, config: &AiProxy) -> Origin {
    let document = facts.document;
    let provider = document.span(config.model.provider.node);
    let position = document.source().position(provider.start as usize);
    let id = plugin.kong_id.unwrap_or_else(|| entity_id("plugins", &document.pointer(plugin.node)));
    Origin { id: id.to_string(), line: position.line, column: position.column }
}

/// The findings of severity error, to say why a part of the plan is missing.
struct Errors<'a> {
    facts: &'a Facts<'a>,
    /// The first finding of a rule at a place.
    at: FxHashMap<(Rule, u32, &'a str), &'a Diagnostic>,
    /// The first error at or under a place of the document, by pointer.
    places: FxHashMap<&'a str, &'a Diagnostic>,
}

/// Errors that break a plugin on some routes and for some requests only: these are told what is
/// missing when they come.
const OF_A_REQUEST: [Rule; 3] = [Rule::UndefinedCapture, Rule::OptionalCapture, Rule::CaptureMissingOnPath];

impl<'a> Errors<'a> {
    fn new(facts: &'a Facts<'a>, findings: &'a [Diagnostic]) -> Self {
        let mut at = FxHashMap::default();
        for finding in findings {
            at.entry((finding.rule, finding.place.span.start, &*finding.place.pointer)).or_insert(finding);
        }
        let mut places = FxHashMap::default();
        let errors = findings
            .iter()
            .filter(|d| d.rule.severity() == Severity::Error && d.severity == Severity::Error)
            .filter(|d| !OF_A_REQUEST.contains(&d.rule));
        for error in errors {
            let mut pointer = Some(&*error.place.pointer);
            while let Some(place) = pointer {
                places.entry(place).or_insert(error);
                pointer = place.rsplit_once('/').map(|(parent, _)| parent);
            }
        }
        Self { facts, at, places }
    }

    fn hole(&self, hole: &Hole) -> Broken {
        let found = self.at.get(&(hole.rule, hole.place.span.start, &*hole.place.pointer));
        let message = found.map_or_else(|| hole.rule.summary().to_owned(), |d| d.message.clone());
        Broken { rule: hole.rule, line: self.line(hole.place.span.start), message }
    }

    /// The reason as `invalid-value` words it, for one that hides behind a mistake in the text.
    fn uncompilable(&self, reason: &Uncompilable) -> Broken {
        let place = self.facts.document.place_within(reason.node, reason.range.clone());
        let line = self.line(place.span.start);
        Broken { rule: Rule::InvalidValue, line, message: reason.message.clone() }
    }

    /// The first error in the subtree of `node`, or else `reason`.
    fn under(&self, node: NodeId, reason: &str) -> Broken {
        self.first_under(node).unwrap_or_else(|| Broken {
            rule: Rule::InvalidValue,
            line: self.line(self.facts.document.span(node).start),
            message: reason.to_owned(),
        })
    }

    /// The first error in the subtree of `node`.
    fn first_under(&self, node: NodeId) -> Option<Broken> {
        if self.places.is_empty() {
            return None;
        }
        let d = self.places.get(&*self.facts.document.pointer(node))?;
        Some(Broken { rule: d.rule, line: self.line(d.place.span.start), message: d.message.clone() })
    }

    fn line(&self, byte: u32) -> usize {
        self.facts.document.source().position(byte as usize).line
    }
}

fn route(facts: &Facts, errors: &Errors, index: RouteIndex, unroutable: Option<Unroutable>) -> Route {
    let entity = &facts.config[index];
    let document = facts.document;
    let position = document.source().position(document.span(entity.node).start as usize);
    Route {
        name: entity.fields.name.as_ref().map(|name| name.as_str().to_owned()),
        pointer: document.pointer(entity.node),
        line: position.line,
        column: position.column,
        paths: texts(&entity.fields.paths).map(str::to_owned).collect(),
        service_name: entity
            .service
            .and_then(|service| facts.config[service].fields.name.as_ref())
            .map(|name| name.as_str().to_owned()),
        timeouts: timeouts(facts, entity),
        guard: facts.guards.select(index, entity.service, None),
        service: entity.service,
        broken: entity.holes.first().map(|hole| errors.hole(hole)),
        unroutable,
    }
}

fn timeouts(facts: &Facts, route: &RouteEntity) -> Timeouts {
    let Some(service) = route.service.map(|service| &facts.config[service].fields) else {
        return Timeouts::default();
    };
    let duration = |field: &Option<Spanned<Milliseconds>>, default| {
        field.as_ref().map_or(default, |field| Duration::from_millis(field.value.get() as u64))
    };
    let default = Timeouts::default();
    Timeouts {
        connect: duration(&service.connect_timeout, default.connect),
        write: duration(&service.write_timeout, default.write),
        read: duration(&service.read_timeout, default.read),
    }
}

fn consumer(entity: &Entity<model::Consumer>) -> Consumer {
    let text = |field: &Option<Spanned<Text>>| field.as_ref().map(|text| text.value.as_str().to_owned());
    Consumer {
        id: entity.kong_id.map(|id| id.to_string()),
        username: text(&entity.fields.username),
        custom_id: text(&entity.fields.custom_id),
    }
}

fn why_unroutable(facts: &Facts, errors: &Errors, entity: &RouteEntity) -> Option<Unroutable> {
    if let Some(hole) = unmatchable(entity) {
        return Some(Unroutable::Broken(errors.hole(hole)));
    }
    why_unserved(facts, entity)
}

/// Why no request can match a route, whatever else it says.
fn why_unserved(facts: &Facts, entity: &RouteEntity) -> Option<Unroutable> {
    if entity.service.is_some_and(|service| !facts.config[service].fields.is_enabled()) {
        return Some(Unroutable::ServiceDisabled);
    }
    (!protocols(entity).any()).then_some(Unroutable::NoHttpProtocol)
}

/// The mistake because of which no request can be said to be the route's. A field that does not exist
/// may have been meant as a criterion, but a route that has others matches by these, to answer 500.
fn unmatchable(entity: &RouteEntity) -> Option<&Hole> {
    let fields = &entity.fields;
    let matches = fields.paths.is_some()
        || fields.methods.is_some()
        || fields.hosts.is_some()
        || fields.headers.is_some()
        || fields.snis.is_some();
    entity.holes.iter().find(|hole| {
        let unknown = hole.rule == Rule::UnknownField && !matches;
        unknown || hole.field.is_empty() || RouteEntity::MATCHING.contains(&&*hole.field)
    })
}

/// What a route demands of requests; `None` if no request can be said to be the route's.
pub(crate) fn criteria_of(facts: &Facts, index: RouteIndex) -> Option<Criteria> {
    let entity = &facts.config[index];
    let is_served = unmatchable(entity).is_none() && why_unserved(facts, entity).is_none();
    is_served.then(|| route_criteria(facts, index, entity)).flatten()
}

/// What a route demands of requests; `None` if one of its criteria is not valid, since leaving it
/// out would open the route to more requests.
fn route_criteria(facts: &Facts, index: RouteIndex, entity: &RouteEntity) -> Option<Criteria> {
    let fields = &entity.fields;
    let header = |header: &Header| -> Option<HeaderCriterion> {
        let values = header.values.value.iter().map(|value| HeaderValue::parse(value.as_str()).ok());
        Some(HeaderCriterion::new(&header.name, values.collect::<Option<_>>()?))
    };
    Some(Criteria {
        methods: texts(&fields.methods).map(str::to_owned).collect(),
        hosts: texts(&fields.hosts).map(|host| HostPattern::parse(host).ok()).collect::<Option<_>>()?,
        hosts_given: fields.hosts.is_some(),
        headers: fields
            .headers
            .iter()
            .flat_map(|headers| headers.iter())
            .map(header)
            .collect::<Option<_>>()?,
        paths: facts
            .route(index)
            .paths
            .iter()
            .map(|path| path_criterion(facts, path.node, &path.kind))
            .collect(),
        snis: texts(&fields.snis).map(|sni| SniPattern::parse(sni).ok()).collect::<Option<_>>()?,
        regex_priority: fields.regex_priority.as_ref().map_or(0, |priority| priority.value.get()),
        protocols: protocols(entity),
        https_redirect_status_code: fields
            .https_redirect_status_code
            .as_ref()
            .map_or(426, |status| status.value.get()),
        kong_id: entity.kong_id,
    })
}

fn path_criterion(facts: &Facts, node: NodeId, kind: &PathKind) -> PathCriterion {
    match kind {
        PathKind::Prefix(prefix) => PathCriterion::Prefix(prefix.clone()),
        PathKind::Regex(Ok(pattern)) => PathCriterion::Regex(pattern.clone()),
        PathKind::Regex(Err(_)) | PathKind::Neither => {
            PathCriterion::Invalid(facts.document.str(node).unwrap_or_default().to_owned())
        }
    }
}

fn texts(list: &Option<Spanned<Vec<Spanned<Text>>>>) -> impl Iterator<Item = &str> {
    list.iter().flat_map(|list| &list.value).map(|text| text.value.as_str())
}
