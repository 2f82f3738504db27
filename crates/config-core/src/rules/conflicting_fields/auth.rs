//! Which parts of `auth` go together, and with which provider.

use super::{all_or_none, at_key, is_true, node};
use crate::diagnostic::{Diagnostic, Severity};
use crate::model::{AiProxy, Auth, Provider};
use crate::syntax::Document;

pub(super) fn check(document: &Document, config: &AiProxy) -> Vec<Diagnostic> {
    let Some(auth) = &config.auth else { return Vec::new() };
    let found = [
        header(document, auth),
        parameter(document, auth),
        allow_override(document, auth, config),
        identity_of_another_provider(document, auth, config),
        identity_and_key(document, auth),
        app_registration(document, auth),
        access_key(document, auth),
        key_for_vertex(document, auth, config),
    ];
    found.into_iter().flatten().collect()
}

/// Kong does not check this while one of the two is a secret reference.
fn header(document: &Document, auth: &Auth) -> Option<Diagnostic> {
    let pair = [("header_name", node(&auth.header_name)), ("header_value", node(&auth.header_value))];
    all_or_none(document, &pair, "a header has a name and a value")
}

fn parameter(document: &Document, auth: &Auth) -> Option<Diagnostic> {
    let triple = [
        ("param_name", node(&auth.param_name)),
        ("param_value", node(&auth.param_value)),
        ("param_location", node(&auth.param_location)),
    ];
    all_or_none(document, &triple, "a parameter has a name, a value and a place")
}

fn allow_override(document: &Document, auth: &Auth, config: &AiProxy) -> Option<Diagnostic> {
    let provider = &config.model.provider;
    let allow = auth.allow_override.as_ref().filter(|allow| allow.value)?;
    matches!(provider.value, Provider::Bedrock | Provider::Gemini).then(|| {
        let message = format!("provider `{}` supports `allow_override: false` only", provider.value);
        at_key(document, allow.node, message).related(document.span(provider.node), "the provider").help(
            "remove `allow_override`: its requests are signed, or carry a token, on the gateway's behalf",
        )
    })
}

fn identity_of_another_provider(document: &Document, auth: &Auth, config: &AiProxy) -> Option<Diagnostic> {
    let provider = &config.model.provider;
    let flag = auth.azure_use_managed_identity.as_ref().filter(|flag| flag.value)?;
    (provider.value != Provider::Azure).then(|| {
        let message = format!(
            "`azure_use_managed_identity` is for the provider `azure`, and this is `{}`",
            provider.value
        );
        at_key(document, flag.node, message)
            .related(document.span(provider.node), "the provider")
            .help("remove `azure_use_managed_identity`, or write `provider: azure`")
    })
}

fn identity_and_key(document: &Document, auth: &Auth) -> Option<Diagnostic> {
    let flag = auth.azure_use_managed_identity.as_ref().filter(|flag| flag.value)?;
    let (field, key) = [("header_name", node(&auth.header_name)), ("param_name", node(&auth.param_name))]
        .into_iter()
        .find_map(|(field, key)| key.map(|key| (field, key)))?;
    let message = format!("`azure_use_managed_identity` and `{field}` exclude each other: a token or a key");
    let key = document.key_place(key).span;
    Some(
        at_key(document, flag.node, message)
            .related(key, "the key is configured here")
            .help("remove one of them; Azure takes the identity's token in place of an `api-key`"),
    )
}

fn app_registration(document: &Document, auth: &Auth) -> Option<Diagnostic> {
    let secret = auth.azure_client_secret.as_ref()?;
    let others = [("azure_client_id", &auth.azure_client_id), ("azure_tenant_id", &auth.azure_tenant_id)];
    let missing: Vec<_> =
        others.iter().filter(|(_, field)| field.is_none()).map(|(name, _)| format!("`{name}`")).collect();
    (!missing.is_empty()).then(|| {
        let missing = missing.join(" and ");
        at_key(
            document,
            secret.node,
            format!("`azure_client_secret` needs {missing} too: it belongs to an app registration"),
        )
        .help(format!("add {missing}, or take `azure_client_secret` away"))
    })
}

fn access_key(document: &Document, auth: &Auth) -> Option<Diagnostic> {
    let pair = [
        ("aws_access_key_id", node(&auth.aws_access_key_id)),
        ("aws_secret_access_key", node(&auth.aws_secret_access_key)),
    ];
    all_or_none(document, &pair, "an access key has an id and a secret")
}

/// Vertex AI takes OAuth tokens; a key is for the public API.
fn key_for_vertex(document: &Document, auth: &Auth, config: &AiProxy) -> Option<Diagnostic> {
    let gemini = config.model.options.as_ref()?.gemini.as_ref()?;
    let is_vertex = config.model.provider.value == Provider::Gemini
        && gemini.api_endpoint.is_some()
        && gemini.project_id.is_some()
        && gemini.location_id.is_some();
    if !is_vertex || is_true(&auth.gcp_use_service_account) {
        return None;
    }
    let header = auth.header_name.as_ref().filter(|name| name.eq_ignore_ascii_case("x-goog-api-key"));
    let parameter = auth.param_name.as_ref().filter(|name| name.as_str() == "key");
    let key = header.or(parameter)?;
    let message = format!("`{}` carries an API key, and Vertex AI takes OAuth tokens only", key.as_str());
    let span = document.key_place(gemini.node).span;
    Some(
        Diagnostic { place: document.place(key.node), ..at_key(document, key.node, message) }
            .severity(Severity::Warning)
            .related(span, "these three options choose Vertex AI")
            .help("write `gcp_use_service_account: true`, or remove `options.gemini` to use the public API"),
    )
}
