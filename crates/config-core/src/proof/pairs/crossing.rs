//! Clients that leave a part of their path out and end up with another provider.

use rustc_hash::FxHashMap;

use super::contest::KongOrder;
use super::shadow::Wins;
use super::{Crossing, Crowd, Judge, SHOWN};
use crate::analysis::Facts;
use crate::model::{Auth, Provider, RouteIndex};
use crate::pattern::Pattern;
use crate::plan::Routing;
use crate::plan::caller::Caller;
use crate::plan::criteria::PathCriterion;
use crate::proof::operations::Operation;
use crate::proof::request::Request;
use crate::proof::space::EntryId;
use crate::syntax::Spanned;

/// The crossings of a file, each at the broader path; at its own where that path wins nothing at all.
pub(super) fn find(judge: &mut Judge) -> Vec<Crowd<Crossing>> {
    let mut crowds: Vec<Crowd<Crossing>> = Vec::new();
    let mut place = FxHashMap::default();
    for from in judge.entries.clone() {
        let Some(crossing) = crossing(judge, from) else { continue };
        // A path that wins nothing besides is too much to be said in passing.
        let broad = if crossing.shadow.is_some() { from } else { judge.broader(from, crossing.to) };
        let at = *place.entry(broad).or_insert_with(|| {
            crowds.push(Crowd { broad, shown: Vec::new(), more: 0 });
            crowds.len() - 1
        });
        match crowds[at].shown.len() < SHOWN {
            true => crowds[at].shown.push(crossing),
            false => crowds[at].more += 1,
        }
    }
    crowds
}

/// A request of the clients of `from` that another provider gets.
fn crossing(judge: &mut Judge, from: EntryId) -> Option<Crossing> {
    let Some(PathCriterion::Regex(pattern)) = judge.space.path(from) else { return None };
    let base = base(pattern).filter(|_| !judge.is_hole(from))?;
    let facts = judge.proofs.facts;
    let own = spends(facts, judge.route(from));
    for operation in operations(facts, judge.route(from)) {
        let path = format!("{base}{}", operation.path());
        let Ok(Some(request)) = judge.space.request_at(&[from], &path) else { continue };
        let Some(to) = judge.space.winner(&request) else { continue };
        let route = judge.route(from);
        let is_own = judge.space.matching(&request).iter().any(|entry| judge.route(*entry) == route);
        let others = spends(facts, judge.route(to));
        let is_other = others.iter().any(|spent| !own.contains(spent)) && !own.is_empty();
        let crosses = request.method == operation.method()
            && !is_own
            && is_other
            && !judge.is_hole(to)
            && judge.lets_in(from, to)
            && judge.is_served(&request)
            && !judge.is_taken_by_kong(from, to);
        if !crosses {
            continue;
        }
        if judge.wins(from) != Wins::Nothing {
            return Some(Crossing { from, to, request, shadow: None });
        }
        // What several routes take together is said of all of them.
        if let Some(shadow) = judge.shadow_by(from, judge.route(to)) {
            return Some(Crossing { from, to, request, shadow: Some(shadow) });
        }
    }
    None
}

/// What a client takes for its base if it forgets the capture that follows; never the root.
fn base(pattern: &Pattern) -> Option<&str> {
    let literal = pattern.literal_prefix();
    let tail = pattern.tail();
    let has_capture = tail.starts_with("(?P<") || tail.starts_with('(') && !tail.starts_with("(?");
    if !pattern.is_anchored() || !has_capture {
        return None;
    }
    match literal.strip_suffix('/') {
        Some(base) => (!base.is_empty()).then_some(base),
        None => literal.ends_with(|last: char| last.is_ascii_alphanumeric()).then_some(literal),
    }
}

/// What clients of a route ask for.
fn operations(facts: &Facts, route: RouteIndex) -> Vec<Operation> {
    let mut operations: Vec<Operation> = Vec::new();
    for plugin in &facts.route(route).plugins {
        let Some(config) = &facts.config[*plugin].ai_proxy else { continue };
        let model = config.model.given_name().map(|name| name.as_str());
        for operation in Operation::of(config.route_type.value, model) {
            if !operations.contains(&operation) {
                operations.push(operation);
            }
        }
    }
    operations
}

/// A provider and the credential that is sent to it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Spent<'a> {
    provider: Provider,
    credential: Vec<Option<&'a str>>,
}

/// What the plugins that can run on a route spend.
fn spends<'a>(facts: &'a Facts<'_>, route: RouteIndex) -> Vec<Spent<'a>> {
    let configs =
        facts.route(route).plugins.iter().filter_map(|plugin| facts.config[*plugin].ai_proxy.as_ref());
    let spent = configs.map(|config| {
        let auth = config.auth.as_ref().map(|auth| &auth.value);
        Spent { provider: config.model.provider.value, credential: auth.map_or(Vec::new(), credential) }
    });
    spent.collect()
}

fn credential(auth: &Auth) -> Vec<Option<&str>> {
    let texts = [
        &auth.header_name,
        &auth.header_value,
        &auth.param_name,
        &auth.param_value,
        &auth.gcp_service_account_json,
        &auth.aws_access_key_id,
        &auth.aws_secret_access_key,
        &auth.azure_client_id,
        &auth.azure_client_secret,
        &auth.azure_tenant_id,
    ];
    let flag = |flag: &Option<Spanned<bool>>| flag.as_ref().filter(|flag| flag.value).map(|_| "true");
    let texts = texts.into_iter().map(|text| text.as_ref().map(|text| text.as_str()));
    texts.chain([flag(&auth.gcp_use_service_account), flag(&auth.azure_use_managed_identity)]).collect()
}

impl Judge<'_, '_> {
    /// Whether whoever may use the one route may use the other.
    fn lets_in(&self, from: EntryId, to: EntryId) -> bool {
        let is_guarded = |id| self.proofs.plan.routes()[self.route(id).0].is_guarded();
        is_guarded(from) || !is_guarded(to)
    }

    /// Whether the plan passes the request on.
    fn is_served(&self, request: &Request) -> bool {
        request.with_head(|head| {
            matches!(self.proofs.plan.route(head, Caller::Assumed(None)), Routing::Routed(_))
        })
    }

    /// Whether Kong gives all that `from` should get to `to`, which is then what is said.
    fn is_taken_by_kong(&mut self, from: EntryId, to: EntryId) -> bool {
        from < to
            && self.is_tie(from, to)
            && self.kong_order(from, to) == KongOrder::Other
            && self.is_inside(from, to) == Ok(true)
    }
}
