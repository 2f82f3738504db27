//! The values that programs of every language hold.

use config_core::plan::proxy::Field;
use config_core::sdk::{API_VERSION, Access, ClientKey};

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
