//! What an entity must have one of, beyond what the schema can point at.

use super::config::Config;
use super::keys::missing_place;
use crate::diagnostic::Diagnostic;
use crate::rules::Rule;
use crate::syntax::Document;

/// Reports services without an address and consumers without a name.
pub(super) fn check(config: &Config, document: &Document, diagnostics: &mut Vec<Diagnostic>) {
    for service in &config.services {
        let has_address = service.fields.host.is_some() || service.fields.url.is_some();
        if !has_address && service.hole_in(&["host", "url", ""]).is_none() {
            let finding = Diagnostic::new(
                Rule::MissingField,
                missing_place(document, service.node),
                "the service lacks `host` or `url`",
            );
            diagnostics
                .push(finding.help(
                    "add `host: localhost`; Kong demands an address even where `ai-proxy` replaces it",
                ));
        }
    }
    for consumer in &config.consumers {
        let has_name = consumer.fields.username.is_some() || consumer.fields.custom_id.is_some();
        if !has_name && consumer.hole_in(&["username", "custom_id", ""]).is_none() {
            let finding = Diagnostic::new(
                Rule::MissingField,
                missing_place(document, consumer.node),
                "the consumer lacks `username` or `custom_id`",
            );
            diagnostics.push(finding.help("add `username: …`"));
        }
    }
}
