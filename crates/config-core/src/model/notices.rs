//! What is accepted with a remark: plugins and entities that aiproxy does not run, and fields that
//! Kong has deprecated.

use super::ai_proxy::RouteType;
use super::config::{Config, Hole, PluginEntity};
use super::entity::PathHandling;
use super::wording::quote;
use crate::catalog::{self, Edition, PLUGINS};
use crate::diagnostic::{Diagnostic, Severity};
use crate::rules::Rule;
use crate::suggest::nearest;
use crate::syntax::{Document, NodeId};

/// Reports `unsupported-plugin`, `unknown-plugin`, `unsupported-entity` and `deprecated-field`.
pub(super) fn check(config: &mut Config, document: &Document, diagnostics: &mut Vec<Diagnostic>) {
    for plugin in &mut config.plugins {
        if let Some(finding) = not_run(plugin, document) {
            if finding.severity == Severity::Error {
                let hole =
                    Hole { rule: finding.rule, place: finding.place.clone(), field: "name".to_owned() };
                plugin.entity.holes.push(hole);
            }
            diagnostics.push(finding);
        }
    }
    entities(config, document, diagnostics);
    deprecated(config, document, diagnostics);
}

/// A remark about a plugin that is not run.
fn not_run(plugin: &PluginEntity, document: &Document) -> Option<Diagnostic> {
    let name = plugin.fields.name.as_ref().filter(|name| !catalog::is_run(name))?;
    let place = document.place(name.node);
    let quoted = quote(name);
    let Some(known) = catalog::plugin(name) else {
        let message = format!("{quoted} is neither a plugin of Kong's nor one that aiproxy runs");
        let finding = Diagnostic::new(Rule::UnknownPlugin, place, message);
        let meant = nearest(name, PLUGINS.iter().map(|plugin| plugin.name));
        return Some(match meant {
            Some(meant) if is_one_typo_away(name, meant) => {
                finding.severity(Severity::Error).help(format!("write `{meant}`"))
            }
            Some(meant) => finding.help(format!("did you mean `{meant}`? {RUN}")),
            None => finding
                .help(format!("{RUN}; `aiproxy serve` does not start, since the plugin may guard access")),
        });
    };
    let kong = if known.edition == Edition::Enterprise { "Kong Enterprise" } else { "Kong" };
    let finding = if known.guards && plugin.fields.is_enabled() {
        let message =
            format!("aiproxy does not run {quoted}, which guards access: its routes would stand open");
        Diagnostic::new(Rule::UnsupportedPlugin, place, message)
            .help(
                "`aiproxy serve` does not start with it; guard access with `key-auth` or in front of aiproxy, and take \
                 the plugin out",
            )
    } else {
        let message = format!("aiproxy does not run {quoted} (a plugin of {kong})");
        Diagnostic::new(Rule::UnsupportedPlugin, place, message)
            .help("requests are served without it; take the plugin out if it is not needed")
    };
    Some(finding)
}

const RUN: &str = "aiproxy runs `ai-proxy` and `key-auth` only";

/// Whether one letter was left out, added, replaced or swapped with its neighbour, whatever is in
/// capitals or joined by something other than a hyphen.
fn is_one_typo_away(name: &str, known: &str) -> bool {
    let plain = name.to_lowercase().replace(['_', ' '], "-");
    strsim::osa_distance(&plain, known) <= 1
}

/// Once for each kind of entity in a file.
fn entities(config: &Config, document: &Document, diagnostics: &mut Vec<Diagnostic>) {
    let consumers = config.consumers.iter().map(|consumer| consumer.node);
    let lists = std::iter::once(document.root()).chain(consumers);
    let lists = lists.flat_map(|mapping| document.entries(mapping));
    let lists = lists.map(|(key, value)| (document.key_text(*key), *value));
    let of_services = config.services.iter().filter_map(|service| service.fields.filter_chains);
    let of_routes = config.routes.iter().filter_map(|route| route.fields.filter_chains);
    let filters = of_services.chain(of_routes).map(|list| ("filter_chains", list.0));
    let mut seen: Vec<&str> = Vec::new();
    for (key, value) in lists.chain(filters) {
        let Some(entity) = catalog::unsupported_entity(key) else { continue };
        if document.is_null(value) || seen.contains(&entity.key) {
            continue;
        }
        seen.push(entity.key);
        let edition = if entity.edition == Edition::Enterprise { " of Kong Enterprise" } else { "" };
        let message = format!("aiproxy does not run `{}` ({}{edition})", entity.key, entity.what);
        let finding = Diagnostic::new(Rule::UnsupportedEntity, document.key_place(value), message)
            .help("they are accepted and left aside, unchecked");
        diagnostics.push(finding);
    }
}

fn deprecated(config: &Config, document: &Document, diagnostics: &mut Vec<Diagnostic>) {
    let mut report = |node: NodeId, message: &str, help: &str| {
        let place = document.key_place(node);
        diagnostics.push(Diagnostic::new(Rule::DeprecatedField, place, message).help(help));
    };
    for route in &config.routes {
        if let Some(handling) = &route.fields.path_handling
            && handling.value == PathHandling::V1
        {
            report(
                handling.node,
                "`path_handling: v1` is deprecated, and Kong's present router takes it for `v0`",
                "leave `path_handling` out",
            );
        }
    }
    for plugin in &config.plugins {
        let Some(config) = &plugin.ai_proxy else { continue };
        let options = config.model.options.as_ref();
        if let Some(path) = options.and_then(|options| options.upstream_path.as_ref()) {
            // There the path of an `upstream_url` does not count.
            let help = match config.route_type.value {
                RouteType::Preserve => {
                    "let clients send the path that the upstream knows: nothing else sets it in `preserve`"
                }
                RouteType::Chat | RouteType::Completions => "write the whole URL as `upstream_url`",
            };
            report(path.node, "`upstream_path` is deprecated, and Kong 4.0 drops it", help);
        }
    }
}
