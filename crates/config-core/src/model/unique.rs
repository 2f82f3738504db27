//! Names and ids that must be unique, and plugins that would run twice.

use rustc_hash::FxHashMap;

use super::config::{Config, Scope};
use super::value::Text;
use super::wording::quote;
use crate::diagnostic::Diagnostic;
use crate::rules::Rule;
use crate::syntax::{Document, NodeId, Spanned};

/// Reports `duplicate-name` and `duplicate-plugin`.
pub(super) fn check(config: &Config, document: &Document, diagnostics: &mut Vec<Diagnostic>) {
    let Config { services, routes, plugins, consumers, keyauth_credentials, vaults, .. } = config;
    let mut names = |field, kind, values: &mut dyn Iterator<Item = &Option<Spanned<Text>>>| {
        duplicates(document, field, kind, values, diagnostics);
    };
    names("name", "services", &mut services.iter().map(|it| &it.fields.name));
    names("name", "routes", &mut routes.iter().map(|it| &it.fields.name));
    names("instance_name", "plugins", &mut plugins.iter().map(|it| &it.fields.instance_name));
    names("username", "consumers", &mut consumers.iter().map(|it| &it.fields.username));
    names("custom_id", "consumers", &mut consumers.iter().map(|it| &it.fields.custom_id));
    names("prefix", "vaults", &mut vaults.iter().map(|it| &it.fields.prefix));
    names("id", "services", &mut services.iter().map(|it| &it.fields.id));
    names("id", "routes", &mut routes.iter().map(|it| &it.fields.id));
    names("id", "plugins", &mut plugins.iter().map(|it| &it.fields.id));
    names("id", "consumers", &mut consumers.iter().map(|it| &it.fields.id));
    names("id", "keys", &mut keyauth_credentials.iter().map(|it| &it.fields.id));
    names("id", "vaults", &mut vaults.iter().map(|it| &it.fields.id));
    duplicate_plugins(config, document, diagnostics);
}

fn duplicates(
    document: &Document,
    field: &str,
    kind: &str,
    values: &mut dyn Iterator<Item = &Option<Spanned<Text>>>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let mut first: FxHashMap<String, NodeId> = FxHashMap::default();
    for value in values.flatten() {
        // The case of a UUID's digits makes no difference.
        let key = if field == "id" { value.to_ascii_lowercase() } else { value.as_str().to_owned() };
        let earlier = *first.entry(key).or_insert(value.node);
        if earlier != value.node {
            let message = format!("two {kind} have the {field} {}", quote(value));
            let finding = Diagnostic::new(Rule::DuplicateName, document.place(value.node), message)
                .help(format!("give each of the {kind} its own {field}"))
                .related(document.span(earlier), "first used here");
            diagnostics.push(finding);
        }
    }
}

/// Of two enabled instances on one scope Kong runs the one that it happens to load last, or refuses
/// the file where both derive the same id.
fn duplicate_plugins(config: &Config, document: &Document, diagnostics: &mut Vec<Diagnostic>) {
    let mut first: FxHashMap<(&str, Scope), usize> = FxHashMap::default();
    for (index, plugin) in config.plugins.iter().enumerate() {
        let (Some(name), Some(scope)) = (&plugin.fields.name, plugin.scope) else { continue };
        let earlier = *first.entry((name.as_str(), scope)).or_insert(index);
        if earlier == index {
            continue;
        }
        let other = &config.plugins[earlier];
        let is_same_id = plugin.kong_id.is_some() && plugin.kong_id == other.kong_id;
        let both_run = plugin.fields.is_enabled() && other.fields.is_enabled();
        if !is_same_id && !both_run {
            continue;
        }
        let message = format!("{} is configured twice for {}", quote(name), describe(scope));
        let kong = if is_same_id { "refuses the file" } else { "runs the one that it loads last" };
        let earlier = other.fields.name.as_ref().map_or(other.node, |name| name.node);
        let finding = Diagnostic::new(Rule::DuplicatePlugin, document.place(name.node), message)
            .help(format!("keep one of the two; plugins are never merged, and Kong {kong}"))
            .related(document.span(earlier), "first configured here");
        diagnostics.push(finding);
    }
}

fn describe(scope: Scope) -> String {
    let parts = [
        scope.route.map(|_| "the same route"),
        scope.service.map(|_| "the same service"),
        scope.consumer.map(|_| "the same consumer"),
    ];
    let parts: Vec<&str> = parts.into_iter().flatten().collect();
    if parts.is_empty() { "every request".to_owned() } else { parts.join(" and ") }
}
