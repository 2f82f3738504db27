//! `method-cannot-work`: methods whose requests carry no body, on routes that need a prompt in it.

use crate::analysis::Facts;
use crate::diagnostic::Diagnostic;
use crate::model::{RouteIndex, RouteType};
use crate::rules::Rule;

pub(crate) fn check(facts: &Facts, diagnostics: &mut Vec<Diagnostic>) {
    for index in (0..facts.config.routes.len()).map(RouteIndex) {
        let Some(what) = asked_for(facts, index) else { continue };
        let Some(methods) = &facts.config[index].fields.methods else { continue };
        for method in methods.iter().filter(|method| BODILESS.contains(&method.as_str())) {
            if method.as_str() == "OPTIONS" && answers_preflight(facts, index) {
                continue;
            }
            let message = format!(
                "requests with `{}` carry no body, and a {what} is asked for in the body",
                method.as_str()
            );
            let help = if methods.iter().any(|method| method.as_str() == "POST") {
                "leave it out: each such request is answered 400 `request body doesn't contain valid prompts`"
            } else {
                "write `methods: [POST]`"
            };
            diagnostics.push(
                Diagnostic::new(Rule::MethodCannotWork, facts.document.place(method.node), message)
                    .help(help),
            );
        }
    }
}

/// Methods whose requests carry no content.
pub(super) const BODILESS: [&str; 5] = ["GET", "HEAD", "OPTIONS", "TRACE", "CONNECT"];

/// What every request to the route must ask for; `None` if it may ask for something else, or nothing
/// is known of it.
pub(super) fn asked_for(facts: &Facts, route: RouteIndex) -> Option<&'static str> {
    let mut asked_for = None;
    for plugin in &facts.route(route).plugins {
        asked_for = Some(match facts.config[*plugin].ai_proxy.as_ref()?.route_type.value {
            RouteType::Chat => "chat",
            RouteType::Completions => "completion",
            RouteType::Preserve => return None,
        });
    }
    asked_for
}

/// Whether the plugin `cors` may run on the route: it answers `OPTIONS` itself.
fn answers_preflight(facts: &Facts, route: RouteIndex) -> bool {
    facts.config.plugins.iter().filter(|plugin| plugin.name() == Some("cors")).any(|plugin| {
        plugin.scope.is_none_or(|scope| {
            scope.route.is_none_or(|on| on == route)
                && scope.service.is_none_or(|on| facts.config[route].service == Some(on))
        })
    })
}
