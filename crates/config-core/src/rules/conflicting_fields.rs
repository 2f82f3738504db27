//! `conflicting-fields`: fields that are right each by itself and wrong together. The finding is at
//! the field that makes the demand.

mod auth;
mod key_auth;
mod model;
mod route;
mod service;

use crate::analysis::Facts;
use crate::catalog;
use crate::diagnostic::Diagnostic;
use crate::rules::Rule;
use crate::syntax::{Document, NodeId, Spanned};

pub(crate) fn check(facts: &Facts, diagnostics: &mut Vec<Diagnostic>) {
    let document = facts.document;
    for service in &facts.config.services {
        diagnostics.extend(service::check(document, service));
    }
    for route in facts.config.routes.iter().filter(|route| route.unmatchable().is_none()) {
        diagnostics.extend(route::check(document, &route.fields));
    }
    for plugin in facts.config.plugins.iter().filter(|plugin| plugin.name() == Some(catalog::KEY_AUTH)) {
        diagnostics.extend(key_auth::check(document, plugin));
    }
    for config in facts.config.plugins.iter().filter_map(|plugin| plugin.ai_proxy.as_ref()) {
        diagnostics.extend(auth::check(document, config));
        diagnostics.extend(model::check(document, config));
    }
}

/// A finding at the key of a value.
fn at_key(document: &Document, node: NodeId, message: impl Into<String>) -> Diagnostic {
    Diagnostic::new(Rule::ConflictingFields, document.key_place(node), message)
}

/// A field of a group that is set all together or not at all.
type Member<'a> = (&'a str, Option<NodeId>);

/// Where the value of an optional field is.
fn node<T>(field: &Option<Spanned<T>>) -> Option<NodeId> {
    field.as_ref().map(|field| field.node)
}

fn is_true(field: &Option<Spanned<bool>>) -> bool {
    field.as_ref().is_some_and(|field| field.value)
}

/// The finding that some of `group` is set and some is not.
fn all_or_none(document: &Document, group: &[Member], purpose: &str) -> Option<Diagnostic> {
    let (first, node) = group.iter().find_map(|(name, node)| node.map(|node| (*name, node)))?;
    let missing: Vec<_> =
        group.iter().filter(|(_, node)| node.is_none()).map(|(name, _)| format!("`{name}`")).collect();
    if missing.is_empty() {
        return None;
    }
    let missing = missing.join(" and ");
    Some(
        at_key(document, node, format!("`{first}` needs {missing} too: {purpose}"))
            .help(format!("add {missing}, or take `{first}` away")),
    )
}
