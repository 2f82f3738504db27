//! `unsupported-entity`, as far as it is about routes: proxying without `ai-proxy` is Kong's, and a
//! request to such a route is answered 503. Lists of other entities are reported where they are read.

use crate::analysis::{Facts, protocols};
use crate::diagnostic::Diagnostic;
use crate::model::{Hole, RouteEntity, missing_place};
use crate::rules::Rule;

/// Said once a file.
pub(crate) fn check(facts: &Facts, diagnostics: &mut Vec<Diagnostic>) {
    let config = facts.config;
    // What cannot be read may have been meant to serve any of the routes.
    if !config.holes.is_empty()
        || config.services.iter().any(|service| !service.holes.is_empty())
        || config.plugins.iter().any(|plugin| plugin.holes.iter().any(leaves_scope_open))
    {
        return;
    }
    let unserved: Vec<&RouteEntity> = (config.routes.iter().zip(&facts.routes))
        .filter(|(route, known)| {
            let is_matched = route.holes.is_empty()
                && route.service.is_none_or(|service| config[service].fields.is_enabled())
                && protocols(route).any();
            is_matched && known.plugins.is_empty()
        })
        .map(|(route, _)| route)
        .collect();
    let Some(first) = unserved.first() else { return };
    let place = match &first.fields.name {
        Some(name) => facts.document.place(name.node),
        None => missing_place(facts.document, first.node),
    };
    let whom = match unserved.len() {
        1 => "this route".to_owned(),
        2 => "this route and another one".to_owned(),
        n => format!("this route and {} others", n - 1),
    };
    let message = format!("no enabled `ai-proxy` applies to {whom}, and aiproxy answers 503 there");
    diagnostics.push(Diagnostic::new(Rule::UnsupportedEntity, place, message).help(
        "configure `ai-proxy` on the route, on its service or for all; other routes are Kong's to serve",
    ));
}

/// Whether a mistake leaves open which plugin it is, or where it runs.
fn leaves_scope_open(hole: &Hole) -> bool {
    ["", "name", "enabled", "route", "service", "consumer"].contains(&&*hole.field)
        || hole.rule == Rule::UnknownField
}
