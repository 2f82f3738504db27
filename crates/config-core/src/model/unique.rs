//! Names and ids that must be unique, and plugins that would run twice.

use rustc_hash::FxHashMap;

use super::config::{Config, Scope};
use super::value::Text;
use super::wording::quote;
use crate::diagnostic::Diagnostic;
use crate::key_digest::{self, Digest};
use crate::rules::Rule;
use crate::secret;
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
    names("id", "credentials", &mut keyauth_credentials.iter().map(|it| &it.fields.id));
    names("id", "vaults", &mut vaults.iter().map(|it| &it.fields.id));
    duplicate_keys(config, document, diagnostics);
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

/// A key is one consumer's, and Kong refuses to hold it twice. The key itself is not shown.
fn duplicate_keys(config: &Config, document: &Document, diagnostics: &mut Vec<Diagnostic>) {
    let mut first: FxHashMap<Identity, NodeId> = FxHashMap::default();
    for key in config.keyauth_credentials.iter().filter_map(|credential| credential.fields.key.as_ref()) {
        let earlier = *first.entry(Identity::of(key)).or_insert(key.node);
        if earlier != key.node {
            let finding = Diagnostic::new(
                Rule::DuplicateName,
                document.place(key.node),
                "two credentials have the same key",
            )
            .help("give each client a key of its own: a request with this one could be of either")
            .related(document.span(earlier), "first used here");
            diagnostics.push(finding);
        }
    }
}

/// What two keys have in common if they are the same.
#[derive(PartialEq, Eq, Hash)]
enum Identity<'a> {
    /// What the key is read from.
    Source(&'a str),
    Digest(Digest),
}

impl<'a> Identity<'a> {
    fn of(key: &'a str) -> Self {
        if secret::looks_like_reference(key) || secret::deck_env(key).is_some() {
            return Identity::Source(key);
        }
        Identity::Digest(key_digest::parse(key).unwrap_or_else(|| key_digest::digest(key.as_bytes())))
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
