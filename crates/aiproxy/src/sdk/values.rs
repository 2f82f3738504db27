//! The values that programs of every language hold.

use config_core::plan::proxy::Field;
use config_core::sdk::{API_VERSION, Access, ClientKey, Text};

/// Stands for a key that the gateway asks for.
pub const GATEWAY_KEY: &str = "YOUR_GATEWAY_KEY";

/// What to give the client as its key. Without one no client starts.
pub fn api_key(access: &Access<'_>) -> &'static str {
    match access.key {
        ClientKey::Gateway => GATEWAY_KEY,
        ClientKey::Provider => "YOUR_PROVIDER_KEY",
        _ => "unused",
    }
}

/// The version of Azure's API to ask for: the configured one, which the client's would replace.
pub fn api_version<'a>(access: &'a Access<'_>) -> &'a str {
    let configured = access.proxy.texts().find(|(field, _)| *field == Field::AzureApiVersion);
    let configured = configured.map(|(_, version)| version).filter(|version| !version.contains("$("));
    configured.unwrap_or(API_VERSION)
}

/// Where the client sends its requests.
pub fn url(access: &Access<'_>) -> Text {
    let mut url = Text::literal(access.origin.to_string());
    url.append(&access.base);
    url
}

/// The headers of every request, the gateway's key among them if that is where it is looked for.
pub fn headers(access: &Access<'_>) -> Vec<(String, Text)> {
    let key = match &access.key {
        ClientKey::Header(name) => Some(name.to_string()),
        _ => None,
    };
    with_key(&access.headers, key)
}

/// The same for query arguments.
pub fn query(access: &Access<'_>) -> Vec<(String, Text)> {
    let key = match &access.key {
        ClientKey::Query(name) => Some(name.to_string()),
        _ => None,
    };
    with_key(&access.query, key)
}

fn with_key(pairs: &[(String, Text)], key: Option<String>) -> Vec<(String, Text)> {
    let key = key.map(|name| (name, Text::literal(GATEWAY_KEY)));
    pairs.iter().cloned().chain(key).collect()
}

/// The model to ask for.
pub fn model(access: &Access<'_>) -> Text {
    access.model.clone().unwrap_or_else(|| Text::literal(access.example_model()))
}
