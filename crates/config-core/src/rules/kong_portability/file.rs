//! The shape of the file, and the keys that decK adds to Kong's.

use crate::analysis::Facts;
use crate::catalog::{self, Edition};
use crate::diagnostic::{Diagnostic, Edit, Fix, Safety};
use crate::model::Format;
use crate::rules::Rule;
use crate::rules::invalid_value::VAULT_TYPES;
use crate::source::Span;
use crate::syntax::{Document, Kind, NodeId, Place};

pub(super) fn check(facts: &Facts) -> Vec<Diagnostic> {
    let document = facts.document;
    let mut found: Vec<_> = shape(document, facts.config.format).into_iter().collect();
    for key in ["_info", "_workspace", "_konnect", "_plugin_configs"] {
        found.extend(given(document, document.root(), key).map(|node| decks_own(document, node, key)));
    }
    for plugin in &facts.config.plugins {
        let shared = given(document, plugin.node, "_config");
        found.extend(shared.map(|node| decks_own(document, node, "_config")));
    }
    found.extend(enterprise(facts));
    found
}

/// What open-source Kong does not have.
fn enterprise(facts: &Facts) -> Vec<Diagnostic> {
    let document = facts.document;
    let mut found = Vec::new();
    let consumers = facts.config.consumers.iter().map(|consumer| consumer.node);
    let mappings = std::iter::once(document.root()).chain(consumers);
    for (key, value) in mappings.flat_map(|mapping| document.entries(mapping)) {
        let key = document.key_text(*key);
        let is_enterprise =
            catalog::unsupported_entity(key).is_some_and(|entity| entity.edition == Edition::Enterprise);
        if is_enterprise && !document.is_null(*value) {
            let message =
                format!("open-source Kong refuses `{key}`: `unknown field`; Kong Enterprise reads it");
            found.push(
                Diagnostic::new(Rule::KongPortability, document.key_place(*value), message)
                    .help(format!("for open-source Kong, take `{key}` out")),
            );
        }
    }
    for name in facts.config.plugins.iter().filter_map(|plugin| plugin.fields.name.as_ref()) {
        if catalog::plugin(name).is_some_and(|plugin| plugin.edition == Edition::Enterprise) {
            let message = format!(
                "open-source Kong refuses this: `plugin '{0}' not enabled`; Kong Enterprise has it",
                name.as_str()
            );
            found.push(
                Diagnostic::new(Rule::KongPortability, document.place(name.node), message)
                    .help("for open-source Kong, take the plugin out"),
            );
        }
    }
    for name in facts.config.vaults.iter().filter_map(|vault| vault.fields.name.as_ref()) {
        if name.as_str() != "env" && VAULT_TYPES.contains(&name.as_str()) {
            let message = format!(
                "open-source Kong refuses this: `vault '{0}' is not installed`; Kong Enterprise has it",
                name.as_str()
            );
            found.push(
                Diagnostic::new(Rule::KongPortability, document.place(name.node), message)
                    .help("for open-source Kong, write `name: env` and hand the secrets over as variables"),
            );
        }
    }
    found
}

fn shape(document: &Document, format: Format) -> Option<Diagnostic> {
    let root = document.root();
    let first = match &document.node(root).kind {
        Kind::Mapping(_) => document.span(document.entries(root).first()?.0),
        Kind::Sequence(range) if !range.is_empty() => {
            let start = document.span(root).start;
            Span { start, end: start + 1 }
        }
        _ => return None,
    };
    let place = Place { span: first, pointer: String::new() };
    let (message, help, head) = match format {
        Format::BareList => (
            "Kong refuses a bare list: `failed parsing declarative configuration: expected an object`",
            "write `_format_version: \"3.0\"` and `routes:` above it; here it is read as that list",
            "_format_version: \"3.0\"\nroutes:\n",
        ),
        Format::RoutesOnly => (
            "Kong refuses a file without `_format_version`: `required field missing`",
            "write `_format_version: \"3.0\"`, with the quotes; here the file is read as that version",
            "_format_version: \"3.0\"\n",
        ),
        Format::Declarative => return None,
    };
    let finding = Diagnostic::new(Rule::KongPortability, place, message).help(help);
    Some(match insertion(document, head) {
        Some(edit) => finding.fix(Fix {
            title: "write the full form of a declarative file".to_owned(),
            safety: Safety::Safe,
            edits: vec![edit],
        }),
        None => finding,
    })
}

/// Puts lines before a document in block style that begins at the start of a line.
fn insertion(document: &Document, lines: &str) -> Option<Edit> {
    let root = document.span(document.root());
    let source = document.source();
    let is_block = !source.slice(root).starts_with(['{', '[']);
    (is_block && source.position(root.start as usize).column == 1)
        .then(|| Edit { span: Span::at(root.start as usize), text: lines.to_owned() })
}

fn decks_own(document: &Document, node: NodeId, key: &str) -> Diagnostic {
    let message = format!("Kong refuses `{key}`: `unknown field`; only decK reads it");
    Diagnostic::new(Rule::KongPortability, document.key_place(node), message)
        .help(format!("send the file through decK, or take `{key}` out"))
}

/// The value of a key that is there and not null.
fn given(document: &Document, mapping: NodeId, key: &str) -> Option<NodeId> {
    document.get(mapping, key).filter(|value| !document.is_null(*value))
}
