//! `unsupported-entity`, as far as it is about routes: proxying without `ai-proxy` is Kong's, and a
//! request to such a route is answered 503. Lists of other entities are reported where they are read.

use crate::analysis::{Facts, RouteFacts, protocols};
use crate::diagnostic::Diagnostic;
use crate::model::{Hole, RouteEntity, RouteIndex, missing_place};
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
    let unserved: Vec<(&RouteEntity, &RouteFacts)> = (config.routes.iter().zip(&facts.routes).enumerate())
        .filter(|(index, (route, _))| {
            let is_matched = route.holes.is_empty()
                && route.service.is_none_or(|service| config[service].fields.is_enabled())
                && protocols(route).any();
            is_matched && facts.instances.select(RouteIndex(*index), route.service, None).is_none()
        })
        .map(|(_, route)| route)
        .collect();
    let Some((first, known)) = unserved.first() else { return };
    let place = match &first.fields.name {
        Some(name) => facts.document.place(name.node),
        None => missing_place(facts.document, first.node),
    };
    let whom = match unserved.len() {
        1 => "this route".to_owned(),
        2 => "this route and another one".to_owned(),
        n => format!("this route and {} others", n - 1),
    };
    let (message, help) = if known.plugins.is_empty() {
        (
            format!("no enabled `ai-proxy` applies to {whom}, and aiproxy answers 503 there"),
            "configure `ai-proxy` on the route, on its service or for all; other routes are Kong's to serve",
        )
    } else {
        (
            format!("only consumers have an `ai-proxy` on {whom}, and aiproxy answers 503 to anyone else"),
            "configure `ai-proxy` for clients that no plugin has recognised too: on the route, on its service \
             or for all",
        )
    };
    diagnostics.push(Diagnostic::new(Rule::UnsupportedEntity, place, message).help(help));
}

/// Whether a mistake leaves open which plugin it is, or where it runs.
fn leaves_scope_open(hole: &Hole) -> bool {
    ["", "name", "enabled", "route", "service", "consumer"].contains(&&*hole.field)
        || hole.rule == Rule::UnknownField
}
