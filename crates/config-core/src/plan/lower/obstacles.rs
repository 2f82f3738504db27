//! Plugins that may keep requests out and are not run: to serve without them would open what they close.

use super::{Facts, Obstacle, catalog, why_unserved};
use crate::model::{PluginEntity, RouteIndex};

/// The enabled plugins that may refuse requests, run on a route that requests can match, and are not run
/// here. What a plugin does that Kong does not ship is not known, so it counts.
pub(crate) fn obstacles(facts: &Facts) -> Vec<Obstacle> {
    facts.config.plugins.iter().filter_map(|plugin| obstacle(facts, plugin)).collect()
}

fn obstacle(facts: &Facts, plugin: &PluginEntity) -> Option<Obstacle> {
    let name = plugin.fields.name.as_ref()?;
    if catalog::is_run(name) || !plugin.fields.is_enabled() || !meets_a_route(facts, plugin) {
        return None;
    }
    let message = match catalog::plugin(name) {
        Some(known) if !known.guards => return None,
        Some(_) => format!("`{}` guards access, and aiproxy does not run it", name.as_str()),
        None => format!(
            "`{}` is no plugin of Kong's: it may guard access, and aiproxy does not run it",
            name.as_str()
        ),
    };
    let help = "guard access in front of aiproxy, or with `key-auth`, and take the plugin out of the file or set \
                `enabled: false`";
    let position = facts.document.source().position(facts.document.span(name.node).start as usize);
    Some(Obstacle { line: position.line, column: position.column, message, help: help.to_owned() })
}

/// Whether the plugin's scope has a route that requests can match. For whichever consumer: who would be
/// one is for the plugin to say.
fn meets_a_route(facts: &Facts, plugin: &PluginEntity) -> bool {
    let Some(scope) = plugin.scope else { return true };
    let mut routes = facts.config.routes.iter().enumerate();
    routes.any(|(index, route)| {
        scope.route.is_none_or(|it| it == RouteIndex(index))
            && scope.service.is_none_or(|it| route.service == Some(it))
            && why_unserved(facts, route).is_none()
    })
}
