//! The entities of a declarative file, field by field (Kong 3.10; decK's additions say so).
//!
//! Every field is optional here, and an explicit null means unset: what an entity must have is
//! said by the schema (`required`), which speaks first. So an entity with a mistake still tells
//! what else it says. A field that a later stage points at is [`Spanned`].

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::{Deserializer, Error};

use super::key_auth::KeyauthCredential;
use super::value::{ForeignKey, Headers, Int, Integer, MAX_EXACT_INTEGER, Nested, Opaque, Text, words};
use crate::syntax::Spanned;

/// Seconds since 1970.
pub(super) type Timestamp = Int<1, MAX_EXACT_INTEGER>;

/// A port number.
type Port = Int<0, 65_535>;

/// Milliseconds, as far as Kong's timers reach.
pub type Milliseconds = Int<1, 2_147_483_646>;

/// An upstream service. `ai-proxy` replaces its address, so that it is a name to hang routes and
/// plugins on.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// A UUID; derived from the name unless given.
    pub id: Option<Spanned<Text>>,
    /// Unique among services.
    pub name: Option<Spanned<Text>>,
    /// Protocol, host, port and path in one; overrides those fields.
    pub url: Option<Spanned<Text>>,
    /// `http` unless given.
    pub protocol: Option<Spanned<Protocol>>,
    /// Host name or address, without a port.
    pub host: Option<Spanned<Text>>,
    /// 80 unless given.
    pub port: Option<Spanned<Port>>,
    /// Goes before the request's path.
    pub path: Option<Spanned<Text>>,
    /// 5 unless given.
    pub retries: Option<Spanned<Int<0, 32_767>>>,
    /// Milliseconds; 60000 unless given.
    pub connect_timeout: Option<Spanned<Milliseconds>>,
    /// Milliseconds; 60000 unless given.
    pub write_timeout: Option<Spanned<Milliseconds>>,
    /// Milliseconds; 60000 unless given.
    pub read_timeout: Option<Spanned<Milliseconds>>,
    /// The certificate to show to the upstream.
    pub client_certificate: Option<Spanned<ForeignKey>>,
    /// Whether the upstream's certificate is verified.
    pub tls_verify: Option<Spanned<bool>>,
    /// How long the upstream's certificate chain may be.
    pub tls_verify_depth: Option<Spanned<Int<0, 64>>>,
    /// Ids of the certificates to trust.
    pub ca_certificates: Option<Spanned<Vec<Spanned<Text>>>>,
    /// Whether the service's routes exist; they do unless `false`.
    pub enabled: Option<Spanned<bool>>,
    /// Routes of this service.
    pub routes: Option<Nested<Route>>,
    /// Plugins of this service.
    pub plugins: Option<Nested<Plugin>>,
    /// Wasm filters of this service.
    pub filter_chains: Option<Opaque>,
    /// Labels for tools.
    pub tags: Option<Spanned<Vec<Spanned<Text>>>>,
    /// Seconds since 1970.
    pub created_at: Option<Spanned<Timestamp>>,
    /// Not read.
    pub updated_at: Option<Opaque>,
    /// A remark.
    #[serde(rename = "_comment")]
    pub _comment: Option<Spanned<Text>>,
    /// Anything; not read.
    #[serde(rename = "_ignore")]
    pub _ignore: Option<Spanned<Vec<Opaque>>>,
}

impl Service {
    /// Whether the service's routes exist.
    pub fn is_enabled(&self) -> bool {
        self.enabled.as_ref().is_none_or(|enabled| enabled.value)
    }
}

/// Which requests go where.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// A UUID; derived from the name unless given.
    pub id: Option<Spanned<Text>>,
    /// Unique among routes.
    pub name: Option<Spanned<Text>>,
    /// `[http, https]` unless given.
    pub protocols: Option<Spanned<Vec<Spanned<Protocol>>>>,
    /// Request methods, in upper case.
    pub methods: Option<Spanned<Vec<Spanned<Text>>>>,
    /// Host names; `*.x` and `x.*` are wildcards.
    pub hosts: Option<Spanned<Vec<Spanned<Text>>>>,
    /// `/x` is a prefix, `~/x` a regex.
    pub paths: Option<Spanned<Vec<Spanned<Text>>>>,
    /// Lists of accepted values by header name.
    pub headers: Option<Spanned<Headers>>,
    /// Server names of TLS connections.
    pub snis: Option<Spanned<Vec<Spanned<Text>>>>,
    /// Where stream connections come from.
    pub sources: Option<Spanned<Vec<Spanned<Endpoint>>>>,
    /// Where stream connections go to.
    pub destinations: Option<Spanned<Vec<Spanned<Endpoint>>>>,
    /// Higher comes first among regex paths; 0 unless given.
    pub regex_priority: Option<Spanned<Integer>>,
    /// Whether the matched prefix is cut from the upstream path; it is unless `false`.
    pub strip_path: Option<Spanned<bool>>,
    /// Whether the upstream gets the client's `Host`.
    pub preserve_host: Option<Spanned<bool>>,
    /// How service path and request path are joined; `v0` unless given.
    pub path_handling: Option<Spanned<PathHandling>>,
    /// What a plain HTTP request to an https-only route is answered; 426 unless given.
    pub https_redirect_status_code: Option<Spanned<RedirectStatus>>,
    /// Whether request bodies are buffered; they are unless `false`.
    pub request_buffering: Option<Spanned<bool>>,
    /// Whether response bodies are buffered; they are unless `false`.
    pub response_buffering: Option<Spanned<bool>>,
    /// The service that the route belongs to.
    pub service: Option<Spanned<ForeignKey>>,
    /// Plugins of this route.
    pub plugins: Option<Nested<Plugin>>,
    /// Wasm filters of this route.
    pub filter_chains: Option<Opaque>,
    /// Labels for tools.
    pub tags: Option<Spanned<Vec<Spanned<Text>>>>,
    /// Seconds since 1970.
    pub created_at: Option<Spanned<Timestamp>>,
    /// Not read.
    pub updated_at: Option<Opaque>,
    /// A remark.
    #[serde(rename = "_comment")]
    pub _comment: Option<Spanned<Text>>,
    /// Anything; not read.
    #[serde(rename = "_ignore")]
    pub _ignore: Option<Spanned<Vec<Opaque>>>,
}

/// An address or range of addresses, a port, or both.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Endpoint {
    /// An address or a range in CIDR notation.
    pub ip: Option<Spanned<Text>>,
    /// A port.
    pub port: Option<Spanned<Port>>,
}

/// One plugin on a route, service or consumer, or, without any of them, on every request.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Plugin {
    /// A UUID; derived from name and scope unless given.
    pub id: Option<Spanned<Text>>,
    /// Which plugin, such as `ai-proxy`.
    #[schemars(required)]
    pub name: Option<Spanned<Text>>,
    /// A label, unique among plugins.
    pub instance_name: Option<Spanned<Text>>,
    /// The plugin's own settings.
    pub config: Option<Opaque>,
    /// The route that it runs on.
    pub route: Option<Spanned<ForeignKey>>,
    /// The service on whose routes it runs.
    pub service: Option<Spanned<ForeignKey>>,
    /// The consumer for whom it runs.
    pub consumer: Option<Spanned<ForeignKey>>,
    /// Whether the plugin runs; it does unless `false`.
    pub enabled: Option<Spanned<bool>>,
    /// `[grpc, grpcs, http, https]` unless given.
    pub protocols: Option<Spanned<Vec<Spanned<Protocol>>>>,
    /// Labels for tools.
    pub tags: Option<Spanned<Vec<Spanned<Text>>>>,
    /// Seconds since 1970.
    pub created_at: Option<Spanned<Timestamp>>,
    /// Not read.
    pub updated_at: Option<Opaque>,
    /// decK: the shared settings under `_plugin_configs` to start from.
    #[serde(rename = "_config")]
    pub _config: Option<Spanned<Text>>,
    /// A remark.
    #[serde(rename = "_comment")]
    pub _comment: Option<Spanned<Text>>,
    /// Anything; not read.
    #[serde(rename = "_ignore")]
    pub _ignore: Option<Spanned<Vec<Opaque>>>,
}

impl Plugin {
    /// Whether the instance exists.
    pub fn is_enabled(&self) -> bool {
        self.enabled.as_ref().is_none_or(|enabled| enabled.value)
    }
}

/// A client that an authentication plugin recognises.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Consumer {
    /// A UUID; derived from the username unless given.
    pub id: Option<Spanned<Text>>,
    /// Unique among consumers.
    pub username: Option<Spanned<Text>>,
    /// An id in another system, unique among consumers.
    pub custom_id: Option<Spanned<Text>>,
    /// Plugins for this consumer.
    pub plugins: Option<Nested<Plugin>>,
    /// Labels for tools.
    pub tags: Option<Spanned<Vec<Spanned<Text>>>>,
    /// Seconds since 1970.
    pub created_at: Option<Spanned<Timestamp>>,
    /// Not read.
    pub updated_at: Option<Opaque>,
    /// The keys that the plugin `key-auth` knows the consumer by.
    pub keyauth_credentials: Option<Nested<KeyauthCredential>>,
    /// Names and passwords.
    pub basicauth_credentials: Option<Opaque>,
    /// HMAC secrets.
    pub hmacauth_credentials: Option<Opaque>,
    /// JWT keys.
    pub jwt_secrets: Option<Opaque>,
    /// OAuth 2.0 clients.
    pub oauth2_credentials: Option<Opaque>,
    /// Kong Enterprise: client certificates.
    pub mtls_auth_credentials: Option<Opaque>,
    /// Group names for the plugin `acl`.
    pub acls: Option<Opaque>,
    /// Kong Enterprise: consumer groups.
    pub groups: Option<Opaque>,
    /// A remark.
    #[serde(rename = "_comment")]
    pub _comment: Option<Spanned<Text>>,
    /// Anything; not read.
    #[serde(rename = "_ignore")]
    pub _ignore: Option<Spanned<Vec<Opaque>>>,
}

/// A store that `{vault://prefix/…}` references read from.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Vault {
    /// A UUID.
    pub id: Option<Spanned<Text>>,
    /// The word that references use.
    #[schemars(required)]
    pub prefix: Option<Spanned<Text>>,
    /// The kind of vault; `env` reads the environment.
    #[schemars(required)]
    pub name: Option<Spanned<Text>>,
    /// A remark.
    pub description: Option<Spanned<Text>>,
    /// The vault's own settings.
    pub config: Option<Opaque>,
    /// Labels for tools.
    pub tags: Option<Spanned<Vec<Spanned<Text>>>>,
    /// Seconds since 1970.
    pub created_at: Option<Spanned<Timestamp>>,
    /// Not read.
    pub updated_at: Option<Opaque>,
    /// A remark.
    #[serde(rename = "_comment")]
    pub _comment: Option<Spanned<Text>>,
    /// Anything; not read.
    #[serde(rename = "_ignore")]
    pub _ignore: Option<Spanned<Vec<Opaque>>>,
}

/// The settings of an `env` vault.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EnvVault {
    /// Goes before every variable's name, as it is.
    pub prefix: Option<Spanned<Text>>,
}

/// decK's remarks about the file. Kong refuses them.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Info {
    /// Entities with these tags are managed by the file.
    pub select_tags: Option<Opaque>,
    /// Default fields by kind of entity.
    pub defaults: Option<Opaque>,
    /// Where referenced entities outside the file are looked up.
    pub default_lookup_tags: Option<Opaque>,
    /// How consumer groups override plugins.
    pub consumer_group_policy_overrides: Option<Opaque>,
    /// Whether passwords are hashes already.
    pub skip_hash_for_basic_auth: Option<Opaque>,
    /// Whether plugin definitions are included.
    pub include_plugin_definitions: Option<Opaque>,
}

words! {
    /// What a route or service speaks.
    pub enum Protocol {
        /// gRPC without TLS.
        Grpc = "grpc",
        /// gRPC over TLS.
        Grpcs = "grpcs",
        /// HTTP without TLS.
        Http = "http",
        /// HTTP over TLS.
        Https = "https",
        /// A TCP stream.
        Tcp = "tcp",
        /// A TLS stream that ends at the gateway.
        Tls = "tls",
        /// A TLS stream that passes through.
        TlsPassthrough = "tls_passthrough",
        /// UDP datagrams.
        Udp = "udp",
    }
}

/// The status that answers a plain HTTP request to a route that is https-only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RedirectStatus(u16);

impl RedirectStatus {
    /// Every status that Kong accepts, its default first.
    pub const ALL: [u16; 5] = [426, 301, 302, 307, 308];

    /// The status code.
    pub fn get(self) -> u16 {
        self.0
    }
}

impl<'de> Deserialize<'de> for RedirectStatus {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let status = Integer::deserialize(deserializer)?.get();
        let known = Self::ALL.into_iter().find(|known| i64::from(*known) == status);
        known.map(Self).ok_or_else(|| D::Error::custom("expected 426, 301, 302, 307 or 308"))
    }
}

impl JsonSchema for RedirectStatus {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "RedirectStatus".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "enum": Self::ALL })
    }
}

words! {
    /// How service path and request path are joined.
    pub enum PathHandling {
        /// With exactly one slash.
        V0 = "v0",
        /// As in old releases of Kong; deprecated, and the same as `v0` to its present router.
        V1 = "v1",
    }
}
