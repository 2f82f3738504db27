//! Where key-auth can run.

use crate::diagnostic::Diagnostic;
use crate::model::PluginEntity;
use crate::rules::Rule;
use crate::syntax::Document;

/// Who a consumer is comes out of the plugin, so it cannot be chosen by consumer.
pub(super) fn check(document: &Document, plugin: &PluginEntity) -> Option<Diagnostic> {
    plugin.scope?.consumer?;
    let place = match &plugin.fields.consumer {
        Some(consumer) => document.key_place(consumer.node),
        None => document.place(plugin.fields.name.as_ref()?.node),
    };
    let message = "`key-auth` cannot run for one consumer: it is what tells who a client is";
    Some(
        Diagnostic::new(Rule::ConflictingFields, place, message)
            .help("configure it on a route, on a service or for all; a consumer gets `keyauth_credentials`"),
    )
}
