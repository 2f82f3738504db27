//! `invalid-value`: texts of the right type that their field cannot mean. Types, ranges and lists of
//! words are the schema's; paths, templates and secret references have rules of their own.

mod account;
mod address;
mod header;
mod host;
mod key;
mod url;
mod word;

pub(super) use word::VAULT_TYPES;

use std::ops::Range;

use crate::analysis::Facts;
use crate::catalog;
use crate::diagnostic::Diagnostic;
use crate::model::{Consumer, Endpoint, KeyAuth, KeyauthCredential, Plugin, Protocol, Route, Service, Text};
use crate::rules::Rule;
use crate::secret;
use crate::syntax::{Document, NodeId, Spanned};

pub(crate) fn check(facts: &Facts, diagnostics: &mut Vec<Diagnostic>) {
    let config = facts.config;
    let mut forms = Forms { document: facts.document, diagnostics };
    for service in &config.services {
        forms.service(&service.fields);
    }
    for route in &config.routes {
        forms.route(&route.fields);
    }
    for plugin in &config.plugins {
        forms.plugin(&plugin.fields);
        let options = plugin.ai_proxy.as_ref().and_then(|config| config.model.options.as_ref());
        forms.text(options.and_then(|options| options.upstream_url.as_ref()), url::upstream_url);
        let auth = plugin.ai_proxy.as_ref().and_then(|config| config.auth.as_ref());
        forms.text(auth.and_then(|auth| auth.gcp_service_account_json.as_ref()), account::key_file);
        if let Some(config) = &plugin.key_auth {
            forms.key_auth(config);
        }
    }
    for credential in &config.keyauth_credentials {
        forms.credential(&credential.fields);
    }
    for consumer in &config.consumers {
        forms.consumer(&consumer.fields);
    }
    for vault in &config.vaults {
        forms.text(vault.fields.id.as_ref(), word::uuid);
        forms.text(vault.fields.prefix.as_ref(), word::vault_prefix);
        forms.text(vault.fields.name.as_ref(), word::vault_type);
        forms.texts(vault.fields.tags.as_ref(), word::tag);
        forms.text(vault.env.as_ref().and_then(|env| env.prefix.as_ref()), word::env_prefix);
    }
}

/// Which field has which form.
struct Forms<'a> {
    document: &'a Document<'a>,
    diagnostics: &'a mut Vec<Diagnostic>,
}

impl Forms<'_> {
    fn service(&mut self, service: &Service) {
        self.text(service.id.as_ref(), word::uuid);
        self.text(service.name.as_ref(), word::name);
        self.text(service.url.as_ref(), url::service_url);
        self.text(service.host.as_ref(), host::of_service);
        self.text(service.path.as_ref(), url::path_of_service);
        self.texts(service.ca_certificates.as_ref(), word::certificate_id);
        self.texts(service.tags.as_ref(), word::tag);
    }

    fn route(&mut self, route: &Route) {
        self.text(route.id.as_ref(), word::uuid);
        self.text(route.name.as_ref(), word::name);
        self.protocols(route.protocols.as_ref());
        self.texts(route.methods.as_ref(), word::method);
        self.texts(route.hosts.as_ref(), host::criterion);
        self.texts(route.snis.as_ref(), host::server_name);
        self.texts(route.tags.as_ref(), word::tag);
        for endpoint in
            [&route.sources, &route.destinations].into_iter().flatten().flat_map(|list| list.iter())
        {
            self.endpoint(endpoint);
        }
        for header in route.headers.iter().flat_map(|headers| headers.iter()) {
            let key = self.document.key_of(header.values.node).unwrap_or(header.values.node);
            self.at(key, &header.name, header::name);
            if header.values.is_empty() {
                let place = self.document.key_place(header.values.node);
                let message =
                    format!("the header `{}` has no values, so nothing could match it", header.name);
                self.diagnostics.push(
                    Diagnostic::new(Rule::InvalidValue, place, message)
                        .help("list the values that count, as in `[gold]`, or leave the header out"),
                );
            }
            header.values.iter().for_each(|value| self.at(value.node, value, header::value));
        }
    }

    fn endpoint(&mut self, endpoint: &Spanned<Endpoint>) {
        if endpoint.ip.is_none() && endpoint.port.is_none() {
            let place = self.document.place(endpoint.node);
            self.diagnostics.push(
                Diagnostic::new(Rule::InvalidValue, place, "an address without `ip` and `port` says nothing")
                    .help("write `ip: 10.0.0.0/8`, `port: 443`, or both"),
            );
        }
        self.text(endpoint.ip.as_ref(), address::ip_or_range);
    }

    fn plugin(&mut self, plugin: &Plugin) {
        self.text(plugin.id.as_ref(), word::uuid);
        self.text(plugin.instance_name.as_ref(), word::name);
        self.protocols(plugin.protocols.as_ref());
        if let Some(name) = plugin.name.as_ref().filter(|name| catalog::is_run(name)) {
            self.protocols_of_requests(name, plugin);
        }
        self.texts(plugin.tags.as_ref(), word::tag);
    }

    fn protocols(&mut self, protocols: Option<&Spanned<Vec<Spanned<Protocol>>>>) {
        if let Some(protocols) = protocols.filter(|protocols| protocols.is_empty()) {
            let place = self.document.key_place(protocols.node);
            self.diagnostics.push(
                Diagnostic::new(
                    Rule::InvalidValue,
                    place,
                    "a list without any protocol leaves nothing to serve",
                )
                .help("name the protocols, or leave `protocols` out"),
            );
        }
    }

    /// The plugins that are run take no part in streams.
    fn protocols_of_requests(&mut self, name: &str, plugin: &Plugin) {
        use Protocol::{Grpc, Grpcs, Http, Https};
        let protocols = plugin.protocols.iter().flat_map(|protocols| protocols.iter());
        for protocol in protocols.filter(|it| ![Grpc, Grpcs, Http, Https].contains(&it.value)) {
            let place = self.document.place(protocol.node);
            let message = format!("`{name}` does not run on `{}`", protocol.value);
            self.diagnostics.push(
                Diagnostic::new(Rule::InvalidValue, place, message)
                    .help("write some of `grpc`, `grpcs`, `http` and `https`, or leave `protocols` out"),
            );
        }
    }

    fn key_auth(&mut self, config: &KeyAuth) {
        self.texts(config.key_names.as_ref(), header::token);
        if let Some(names) = config.key_names.as_ref().filter(|names| names.is_empty()) {
            let place = self.document.key_place(names.node);
            let message = "a list without any name leaves no key to look for: no request could pass";
            self.diagnostics.push(
                Diagnostic::new(Rule::InvalidValue, place, message)
                    .help("name the header, as in `[apikey]`, or leave `key_names` out"),
            );
        }
        self.text(config.realm.as_ref(), key::realm);
    }

    fn credential(&mut self, credential: &KeyauthCredential) {
        self.text(credential.id.as_ref(), word::uuid);
        self.text(credential.key.as_ref(), key::key);
        self.texts(credential.tags.as_ref(), word::tag);
        if let Some(ttl) = credential.ttl.as_ref().filter(|ttl| ttl.get() > 0) {
            let place = self.document.place(ttl.node);
            let message =
                "a key in a file never expires: Kong counts `ttl` from the moment it stores the key";
            self.diagnostics.push(
                Diagnostic::new(Rule::InvalidValue, place, message)
                    .help("leave `ttl` out, and take the key out of the file when it is to end"),
            );
        }
    }

    fn consumer(&mut self, consumer: &Consumer) {
        self.text(consumer.id.as_ref(), word::uuid);
        self.texts(consumer.tags.as_ref(), word::tag);
    }

    fn texts(&mut self, list: Option<&Spanned<Vec<Spanned<Text>>>>, form: Form) {
        list.into_iter().flat_map(|list| list.iter()).for_each(|text| self.text(Some(text), form));
    }

    fn text(&mut self, text: Option<&Spanned<Text>>, form: Form) {
        if let Some(text) = text {
            self.at(text.node, text, form);
        }
    }

    fn at(&mut self, node: NodeId, text: &str, form: Form) {
        // What decK puts in is not known here, and a reference where none is read is a finding of
        // its own.
        if secret::deck_env(text).is_some() || secret::looks_like_reference(text) {
            return;
        }
        if let Err(fault) = form(text) {
            let place = self.document.place_within(node, fault.range);
            self.diagnostics.push(Diagnostic::new(Rule::InvalidValue, place, fault.message).help(fault.help));
        }
    }
}

/// Says whether a text has its field's form.
type Form = fn(&str) -> Verdict;

type Verdict = Result<(), Fault>;

/// What is wrong with a text.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Fault {
    /// The bytes of the text that are wrong.
    range: Range<usize>,
    message: String,
    help: String,
}

impl Fault {
    fn new(range: Range<usize>, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { range, message: message.into(), help: help.into() }
    }

    /// `` `text` `` and what it is not.
    fn whole(text: &str, predicate: &str, help: impl Into<String>) -> Self {
        Self::new(0..text.len(), format!("`{text}` {predicate}"), help)
    }

    /// A fault of the character at `at`.
    fn at(text: &str, at: usize, message: impl Into<String>, help: impl Into<String>) -> Self {
        let width = text[at..].chars().next().map_or(0, char::len_utf8);
        Self::new(at..at + width, message, help)
    }

    /// The same fault in a text of which this one starts at `by`.
    fn shifted(mut self, by: usize) -> Self {
        self.range = self.range.start + by..self.range.end + by;
        self
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FORMS: &[Form] = &[
        address::ip_or_range,
        header::name,
        header::token,
        header::value,
        host::criterion,
        host::server_name,
        host::of_service,
        key::key,
        key::realm,
        url::service_url,
        url::path_of_service,
        url::upstream_url,
        word::uuid,
        word::certificate_id,
        word::name,
        word::tag,
        word::method,
        word::vault_prefix,
        word::vault_type,
        word::env_prefix,
    ];

    proptest! {
        #[test]
        fn whatever_is_written_is_judged_at_a_place_in_it(
            text in "((https?|tcp)?(://)?)[~*$()a-z0-9:/?#@%.é\\[\\] -]{0,16}",
        ) {
            for form in FORMS {
                if let Err(fault) = form(&text) {
                    prop_assert!(text.get(fault.range.clone()).is_some(), "{fault:?}");
                    prop_assert!(!fault.message.is_empty() && !fault.help.is_empty());
                }
            }
        }
    }
}
