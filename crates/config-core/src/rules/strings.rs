//! The strings of all that aiproxy runs: routes, services, its plugins and the keys of consumers. What other plugins and
//! entities mean by their strings is theirs.

use crate::analysis::Facts;
use crate::model::{Hole, PluginEntity};
use crate::syntax::{Document, Kind, NodeId, Slot};

/// Where a string stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Within {
    /// Under `auth` of ai-proxy, where references to secrets are resolved.
    Auth,
    /// The key of a consumer, which may be a reference too.
    Key,
    /// Under `model` of ai-proxy, where placeholders are evaluated.
    Model,
    /// Elsewhere in the configuration of ai-proxy or key-auth.
    Plugin,
    /// In a route or service.
    RouteOrService,
}

/// A string value.
pub(super) struct Found<'f> {
    pub node: NodeId,
    pub text: &'f str,
    pub within: Within,
    document: &'f Document<'f>,
    /// The mapping in which the field's name begins.
    root: NodeId,
}

/// Keys that no gateway reads, or under which other entities stand.
const NOT_READ: &[&str] = &["plugins", "routes", "tags", "_comment", "_ignore", "created_at", "updated_at"];

/// Shows `visit` every string, leaving out fields that are broken: one mistake, one finding.
pub(super) fn for_each<'f>(facts: &'f Facts<'f>, mut visit: impl FnMut(Found<'f>)) {
    let document = facts.document;
    let mut open = Vec::new();
    let mut field = |root: NodeId, value: NodeId, within: Within| {
        open.push(value);
        while let Some(node) = open.pop() {
            match &document.node(node).kind {
                Kind::Scalar(_) => {
                    if let Some(text) = document.str(node) {
                        visit(Found { node, text, within, document, root });
                    }
                }
                Kind::Sequence(_) => open.extend(document.items(node)),
                Kind::Mapping(_) => open.extend(document.entries(node).iter().map(|(_, value)| value)),
            }
        }
    };
    let mut entity = |node: NodeId, holes: &[Hole]| {
        for (key, value) in document.entries(node) {
            let key = document.key_text(*key);
            if !NOT_READ.contains(&key) && holes.iter().all(|hole| hole.field != key) {
                field(node, *value, Within::RouteOrService);
            }
        }
    };
    facts.config.services.iter().for_each(|service| entity(service.node, &service.holes));
    facts.config.routes.iter().for_each(|route| entity(route.node, &route.holes));
    for credential in &facts.config.keyauth_credentials {
        if let Some(key) = &credential.fields.key {
            field(credential.node, key.node, Within::Key);
        }
    }
    for config in facts.config.plugins.iter().filter_map(key_auth) {
        document.entries(config).iter().for_each(|(_, value)| field(config, *value, Within::Plugin));
    }
    for config in facts.config.plugins.iter().filter_map(ai_proxy) {
        for (key, value) in document.entries(config) {
            let within = match document.key_text(*key) {
                "auth" => Within::Auth,
                "model" => Within::Model,
                _ => Within::Plugin,
            };
            field(config, *value, within);
        }
    }
}

/// The `config` of a plugin that is ai-proxy and has no mistake of structure.
fn ai_proxy(plugin: &PluginEntity) -> Option<NodeId> {
    plugin.ai_proxy.as_ref().and(plugin.fields.config).map(|config| config.0)
}

/// The same of key-auth.
fn key_auth(plugin: &PluginEntity) -> Option<NodeId> {
    plugin.key_auth.as_ref().and(plugin.fields.config).map(|config| config.0)
}

impl Found<'_> {
    /// The field as people name it, such as `auth.header_value`.
    pub fn field(&self) -> String {
        let mut names = Vec::new();
        let mut at = self.node;
        while at != self.root {
            let node = self.document.node(at);
            if let Slot::Value(key) = node.slot {
                names.push(self.document.key_text(key));
            }
            at = node.parent;
        }
        names.reverse();
        names.join(".")
    }
}
