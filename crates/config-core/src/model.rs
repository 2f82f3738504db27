//! The typed, still spanned configuration. The structs here are the one source of both what serde
//! reads and what `schemas/config.schema.json` says.

mod ai_proxy;
mod config;
mod demands;
mod elsewhere;
mod entity;
mod key_auth;
mod keys;
mod links;
mod notices;
mod read;
mod structure;
mod unique;
mod value;
mod values;
mod versions;
mod wording;

pub use ai_proxy::{
    AiProxy, Auth, Bedrock, Gemini, Huggingface, Llama2Format, LlmFormat, Logging, MistralFormat, Model,
    ModelOptions, ParamLocation, Provider, ResponseStreaming, RouteType,
};
pub use config::{
    Config, ConsumerIndex, CredentialEntity, Entity, Format, Hole, PluginEntity, PluginIndex, RouteEntity,
    RouteIndex, Scope, ServiceIndex, VaultEntity,
};
pub use entity::{
    Consumer, Endpoint, EnvVault, Info, Milliseconds, PathHandling, Plugin, Protocol, RedirectStatus, Route,
    Service, Vault,
};
pub use key_auth::{KeyAuth, KeyauthCredential};
pub use value::{
    ForeignKey, Header, Headers, Int, Integer, MAX_EXACT_INTEGER, Nested, Number, Opaque, Positive, Text,
};

pub(crate) use key_auth::{KEYS, may_be_key};
pub(crate) use keys::missing_place;

#[cfg(test)]
mod tests;
