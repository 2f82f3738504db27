//! Plugins and filters that may keep requests out and are not run: to serve without them would open what
//! they close.

use super::{Facts, Obstacle, catalog, why_unserved};
use crate::model::{ConsumerIndex, PluginEntity, RouteIndex};
use crate::plan::scope::Instances;
use crate::syntax::{NodeId, ScalarType};

/// The enabled plugins and Wasm filters that may refuse requests, run on a route that requests can match,
/// and are not run here. What a plugin does that Kong does not ship is not known, so it counts, and so
/// does a filter.
pub(crate) fn obstacles(facts: &Facts) -> Vec<Obstacle> {
    let plugins = facts.config.plugins.iter().filter_map(|plugin| of_plugin(facts, plugin));
    let chains = filter_chains(facts).into_iter().filter(|chain| runs(facts, *chain));
    let filters = chains.map(|chain| {
        let message = "a chain of Wasm filters may guard access, and aiproxy does not run it".to_owned();
        obstacle(facts, chain, message)
    });
    plugins.chain(filters).collect()
}

/// Where plugins and filters that are not run here may keep requests out: those of [`obstacles`], by
/// route.
pub(crate) struct ForeignGuards {
    plugins: Instances<()>,
    anywhere: bool,
}

impl ForeignGuards {
    /// Those of a file.
    pub(crate) fn of(facts: &Facts) -> Self {
        let guards = || facts.config.plugins.iter().filter(|plugin| may_guard(plugin));
        let alone = facts.document.get(facts.document.root(), "filter_chains");
        let mut chains = alone.into_iter().flat_map(|list| facts.document.items(list));
        Self {
            plugins: Instances::new(guards().filter_map(|plugin| Some((plugin.scope?, ())))),
            // A scope that cannot be read may have been meant to be any.
            anywhere: guards().any(|plugin| plugin.scope.is_none())
                || chains.any(|chain| runs(facts, *chain)),
        }
    }

    /// Whether a request to `route` meets one of them, if its client is taken for `consumer`.
    pub(crate) fn meet(&self, facts: &Facts, route: RouteIndex, consumer: Option<ConsumerIndex>) -> bool {
        let entity = &facts.config[route];
        let service = entity.service.map(|service| &facts.config[service].fields);
        let lists = [entity.fields.filter_chains, service.and_then(|service| service.filter_chains)];
        let mut chains = lists.iter().flatten().flat_map(|list| facts.document.items(list.0));
        self.anywhere
            || self.plugins.select(route, entity.service, consumer).is_some()
            || chains.any(|chain| runs(facts, *chain))
    }
}

/// Whether a plugin is not run here and may refuse requests.
fn may_guard(plugin: &PluginEntity) -> bool {
    plugin.fields.is_enabled()
        && plugin.name().is_some_and(|name| {
            !catalog::is_run(name) && catalog::plugin(name).is_none_or(|known| known.guards)
        })
}

fn of_plugin(facts: &Facts, plugin: &PluginEntity) -> Option<Obstacle> {
    let name = plugin.fields.name.as_ref()?;
    if !may_guard(plugin) || !meets_a_route(facts, plugin) {
        return None;
    }
    let message = match catalog::plugin(name) {
        Some(_) => format!("`{}` guards access, and aiproxy does not run it", name.as_str()),
        None => format!(
            "`{}` is no plugin of Kong's: it may guard access, and aiproxy does not run it",
            name.as_str()
        ),
    };
    Some(obstacle(facts, name.node, message))
}

fn obstacle(facts: &Facts, at: NodeId, message: String) -> Obstacle {
    let help = "guard access in front of aiproxy, or with `key-auth`, and take it out of the file or set \
                `enabled: false`";
    let position = facts.document.source().position(facts.document.span(at).start as usize);
    Obstacle { line: position.line, column: position.column, message, help: help.to_owned() }
}

/// Every chain of Wasm filters: those of routes that requests can match, of services with such a route,
/// and all that stand by themselves.
fn filter_chains(facts: &Facts) -> Vec<NodeId> {
    let served = || facts.config.routes.iter().filter(|route| why_unserved(facts, route).is_none());
    let services =
        facts.config.services.iter().enumerate().filter(|(index, _)| {
            served().any(|route| route.service.is_some_and(|service| service.0 == *index))
        });
    let of_services = services.filter_map(|(_, service)| service.fields.filter_chains);
    let of_routes = served().filter_map(|route| route.fields.filter_chains);
    let alone = facts.document.get(facts.document.root(), "filter_chains");
    let lists = alone.into_iter().chain(of_services.chain(of_routes).map(|list| list.0));
    lists.flat_map(|list| facts.document.items(list)).copied().collect()
}

/// Whether a chain is enabled and has a filter that is. What is no chain at all might be meant as one.
fn runs(facts: &Facts, chain: NodeId) -> bool {
    let document = facts.document;
    let is_off = |enabled| document.scalar(enabled).is_some_and(|it| it.value == ScalarType::Bool(false));
    let is_enabled = |entity| !document.get(entity, "enabled").is_some_and(is_off);
    let filters = document.get(chain, "filters").map(|filters| document.items(filters));
    is_enabled(chain) && filters.is_none_or(|filters| filters.iter().any(|filter| is_enabled(*filter)))
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
