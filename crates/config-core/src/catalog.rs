//! What Kong 3.10 knows by name: its plugins, of which aiproxy runs two, and the entities that aiproxy
//! does not run.

/// Where a plugin or entity is to be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edition {
    /// The open-source gateway.
    OpenSource,
    /// Kong Enterprise only.
    Enterprise,
}

/// A plugin of Kong's catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KongPlugin {
    /// The value of the plugin's `name`.
    pub name: &'static str,
    /// Where it is to be had.
    pub edition: Edition,
    /// Whether it can keep a request from the model, so that leaving it out opens what was closed: by
    /// refusing it, by counting, by what it finds in it, or by answering in the model's place. Not those
    /// that change a request or an answer, record it, or put another upstream in the model's place
    /// (`ai-proxy` does that itself); nor `cors`, which refuses nothing: pages of other origins are
    /// refused without it.
    pub guards: bool,
}

/// The plugin that sends requests to a model.
pub const AI_PROXY: &str = "ai-proxy";

/// The plugin that lets only clients in that have a key.
pub const KEY_AUTH: &str = "key-auth";

/// Whether aiproxy runs the plugin of this name.
pub fn is_run(name: &str) -> bool {
    [AI_PROXY, KEY_AUTH].contains(&name)
}

/// Kong's catalogue, by name.
pub const PLUGINS: &[KongPlugin] = &[
    guard("acl"),
    open("acme"),
    enterprise_guard("ai-azure-content-safety"),
    open("ai-prompt-decorator"),
    guard("ai-prompt-guard"),
    guard("ai-prompt-template"),
    open(AI_PROXY),
    enterprise("ai-proxy-advanced"),
    enterprise("ai-rag-injector"),
    enterprise_guard("ai-rate-limiting-advanced"),
    open("ai-request-transformer"),
    open("ai-response-transformer"),
    enterprise_guard("ai-sanitizer"),
    enterprise("ai-semantic-cache"),
    enterprise_guard("ai-semantic-prompt-guard"),
    enterprise("app-dynamics"),
    enterprise_guard("application-registration"),
    open("aws-lambda"),
    open("azure-functions"),
    guard("basic-auth"),
    guard("bot-detection"),
    enterprise("canary"),
    enterprise("confluent"),
    enterprise("confluent-consume"),
    open("correlation-id"),
    open("cors"),
    open("datadog"),
    enterprise("degraphql"),
    enterprise("exit-transformer"),
    open("file-log"),
    enterprise("forward-proxy"),
    enterprise("graphql-proxy-cache-advanced"),
    enterprise_guard("graphql-rate-limiting-advanced"),
    open("grpc-gateway"),
    open("grpc-web"),
    enterprise_guard("header-cert-auth"),
    guard("hmac-auth"),
    open("http-log"),
    enterprise_guard("injection-protection"),
    guard("ip-restriction"),
    enterprise("jq"),
    enterprise_guard("json-threat-protection"),
    enterprise_guard("jwe-decrypt"),
    guard("jwt"),
    enterprise_guard("jwt-signer"),
    enterprise("kafka-consume"),
    enterprise("kafka-log"),
    enterprise("kafka-upstream"),
    guard(KEY_AUTH),
    enterprise_guard("key-auth-enc"),
    enterprise_guard("konnect-application-auth"),
    guard("ldap-auth"),
    enterprise_guard("ldap-auth-advanced"),
    open("loggly"),
    enterprise_guard("mocking"),
    enterprise_guard("mtls-auth"),
    enterprise_guard("oas-validation"),
    guard("oauth2"),
    enterprise_guard("oauth2-introspection"),
    enterprise_guard("opa"),
    enterprise_guard("openid-connect"),
    open("opentelemetry"),
    // Their Lua code may do anything, refuse a request included.
    guard("post-function"),
    guard("pre-function"),
    open("prometheus"),
    open("proxy-cache"),
    enterprise("proxy-cache-advanced"),
    guard("rate-limiting"),
    enterprise_guard("rate-limiting-advanced"),
    guard("redirect"),
    enterprise_guard("request-callout"),
    guard("request-size-limiting"),
    guard("request-termination"),
    open("request-transformer"),
    enterprise("request-transformer-advanced"),
    enterprise_guard("request-validator"),
    guard("response-ratelimiting"),
    open("response-transformer"),
    enterprise("response-transformer-advanced"),
    enterprise("route-by-header"),
    enterprise("route-transformer-advanced"),
    enterprise_guard("saml"),
    enterprise_guard("service-protection"),
    open("session"),
    guard("standard-webhooks"),
    open("statsd"),
    enterprise("statsd-advanced"),
    open("syslog"),
    open("tcp-log"),
    enterprise_guard("tls-handshake-modifier"),
    enterprise("tls-metadata-headers"),
    open("udp-log"),
    enterprise("upstream-oauth"),
    enterprise("upstream-timeout"),
    enterprise_guard("vault-auth"),
    enterprise_guard("websocket-size-limit"),
    enterprise_guard("websocket-validator"),
    enterprise_guard("xml-threat-protection"),
    open("zipkin"),
];

/// The plugin of this name, if Kong has one.
pub fn plugin(name: &str) -> Option<&'static KongPlugin> {
    PLUGINS.binary_search_by(|plugin| plugin.name.cmp(name)).ok().map(|at| &PLUGINS[at])
}

/// A kind of entity that is accepted and not run, by its key in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KongEntity {
    /// The key of the list.
    pub key: &'static str,
    /// Where it is to be had.
    pub edition: Edition,
    /// What its entities are, in the plural.
    pub what: &'static str,
}

/// The kinds of entities that are accepted and not run, at the top of a file or, as for
/// credentials, in a consumer.
pub const ENTITIES: &[KongEntity] = &[
    entity("upstreams", "load balancers"),
    entity("targets", "load balancing targets"),
    entity("certificates", "TLS certificates"),
    entity("snis", "TLS server names"),
    entity("ca_certificates", "trusted certificates"),
    entity("keys", "cryptographic keys"),
    entity("key_sets", "sets of keys"),
    entity("filter_chains", "Wasm filters"),
    entity("parameters", "parameters of the cluster"),
    entity("workspaces", "workspaces"),
    entity("clustering_data_planes", "data planes"),
    entity("basicauth_credentials", "user names and passwords"),
    entity("hmacauth_credentials", "HMAC secrets"),
    entity("jwt_secrets", "JWT keys"),
    entity("oauth2_credentials", "OAuth 2.0 clients"),
    entity("oauth2_authorization_codes", "OAuth 2.0 codes"),
    entity("oauth2_tokens", "OAuth 2.0 tokens"),
    entity("acls", "access groups"),
    entity("acme_storage", "ACME state"),
    entity("sessions", "sessions"),
    entity("ratelimiting_metrics", "rate limiting counters"),
    enterprise_entity("groups", "groups of consumers"),
    enterprise_entity("mtls_auth_credentials", "client certificates"),
    enterprise_entity("consumer_groups", "groups of consumers"),
    enterprise_entity("consumer_group_consumers", "groups of consumers"),
    enterprise_entity("consumer_group_plugins", "plugins of consumer groups"),
    enterprise_entity("partials", "shared plugin settings"),
    enterprise_entity("custom_entities", "entities of plugins"),
    enterprise_entity("degraphql_routes", "GraphQL queries"),
    enterprise_entity("graphql_ratelimiting_cost_decorations", "GraphQL costs"),
    enterprise_entity("event_hooks", "event hooks"),
    enterprise_entity("licenses", "licences"),
    enterprise_entity("rbac_roles", "roles of administrators"),
    enterprise_entity("rbac_role_entities", "rights of administrators"),
    enterprise_entity("rbac_role_endpoints", "rights of administrators"),
    enterprise_entity("rbac_endpoint_permissions", "rights of administrators"),
    enterprise_entity("rbac_users", "administrators"),
    enterprise_entity("rbac_user_roles", "roles of administrators"),
];

/// The kind of entity under this key, if it is one that is not run.
pub fn unsupported_entity(key: &str) -> Option<&'static KongEntity> {
    ENTITIES.iter().find(|entity| entity.key == key)
}

const fn open(name: &'static str) -> KongPlugin {
    KongPlugin { name, edition: Edition::OpenSource, guards: false }
}

const fn guard(name: &'static str) -> KongPlugin {
    KongPlugin { name, edition: Edition::OpenSource, guards: true }
}

const fn enterprise(name: &'static str) -> KongPlugin {
    KongPlugin { name, edition: Edition::Enterprise, guards: false }
}

const fn enterprise_guard(name: &'static str) -> KongPlugin {
    KongPlugin { name, edition: Edition::Enterprise, guards: true }
}

const fn entity(key: &'static str, what: &'static str) -> KongEntity {
    KongEntity { key, edition: Edition::OpenSource, what }
}

const fn enterprise_entity(key: &'static str, what: &'static str) -> KongEntity {
    KongEntity { key, edition: Edition::Enterprise, what }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plugins_are_sorted_so_that_look_up_finds_each() {
        for listed in PLUGINS {
            assert_eq!(plugin(listed.name), Some(listed), "{}", listed.name);
        }
        assert_eq!(plugin("ai-prox"), None);
    }
}
