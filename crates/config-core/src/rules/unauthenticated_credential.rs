//! `unauthenticated-credential`: routes on which whoever reaches the gateway spends its credential. Which
//! they are is the plan's to say; here only what it does not run is added.

use crate::diagnostic::{Diagnostic, Witness};
use crate::model::{RouteIndex, missing_place};
use crate::plan::caller::{Caller, Keys};
use crate::plan::prepare::Body;
use crate::plan::{ForeignGuards, Routing};
use crate::proof::Proofs;
use crate::rules::Rule;
use crate::rules::client_value::Requests;
use crate::syntax::Place;

/// How many more routes are pointed at; the others are counted.
const SHOWN_ROUTES: usize = 3;

pub(crate) fn check(proofs: &Proofs, diagnostics: &mut Vec<Diagnostic>) {
    let facts = proofs.facts;
    let foreign = ForeignGuards::of(facts);
    let open: Vec<RouteIndex> = proofs
        .plan
        .open_route_indices()
        .filter(|route| {
            let guard = facts.guards.select(*route, facts.config[*route].service, None);
            let anonymous = guard.and_then(|guard| facts.config[guard].anonymous);
            !foreign.meet(facts, *route, anonymous)
        })
        .collect();
    let Some((first, others)) = open.split_first() else { return };
    let message = match others.len() {
        0 => "nothing guards this route: whoever reaches it spends its credential".to_owned(),
        1 => "nothing guards this route and one other: whoever reaches them spends their credentials"
            .to_owned(),
        more => {
            format!(
                "nothing guards this route and {more} others: whoever reaches them spends their credentials"
            )
        }
    };
    let mut finding = Diagnostic::new(Rule::UnauthenticatedCredential, place(proofs, *first), message)
        .help("guard it with `key-auth` (without `anonymous`), or let only those reach the gateway who may");
    for route in others.iter().take(SHOWN_ROUTES) {
        finding = finding.related(place(proofs, *route).span, "not guarded either");
    }
    finding.witness = witness(proofs, *first);
    diagnostics.push(finding);
}

/// The route's name, or where it would stand.
fn place(proofs: &Proofs, route: RouteIndex) -> Place {
    let (document, entity) = (proofs.facts.document, &proofs.facts.config[route]);
    match &entity.fields.name {
        Some(name) => document.place(name.node),
        None => missing_place(document, entity.node),
    }
}

/// A request without a key that the route takes.
fn witness(proofs: &Proofs, route: RouteIndex) -> Option<Witness> {
    let facts = proofs.facts;
    let templates = facts.route(route).plugins.iter().flat_map(|plugin| &facts.plugins[plugin.0].templates);
    let keys = Keys::default();
    let caller = Caller::Keyed { keys: &keys, body: Body::Unknown };
    Requests::new(proofs).find(route, templates, None, |head| match proofs.plan.route(head, caller) {
        Routing::Routed(routed) => std::ptr::eq(routed.route, &proofs.plan.routes()[route.0]),
        _ => false,
    })
}
