//! What an entity must have one of, beyond what the schema can point at.

use super::config::Config;
use super::keys::missing_place;
use crate::diagnostic::Diagnostic;
use crate::rules::Rule;
use crate::syntax::Document;

/// Reports services without an address, consumers without a name and credentials without a consumer.
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
    for credential in &config.keyauth_credentials {
        let names_one = credential.consumer.is_some() || credential.fields.consumer.is_some();
        if !names_one && credential.hole_in(&["consumer", ""]).is_none() {
            let place = missing_place(document, credential.node);
            let finding = Diagnostic::new(Rule::MissingField, place, "the credential lacks `consumer`");
            diagnostics
                .push(finding.help("add `consumer: …` with the username of the client whose key it is"));
        }
    }
}
