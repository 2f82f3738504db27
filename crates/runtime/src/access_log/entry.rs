//! What one line says. The names are those of Kong's log serializer where it has them. Scripts rely on
//! them: fields are added, never renamed or left out.

use std::net::IpAddr;

use formats::statistics::Statistics;
use schemars::JsonSchema;
use serde::Serialize;

/// A request and what became of it. Nothing in it is a secret: no header, no body (but for
/// `ai.proxy.payload`, where configured), and no query value that could be a credential.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(title = "aiproxy access log entry")]
pub struct Entry {
    /// When the request's head had arrived: milliseconds since 1970, UTC.
    pub started_at: u64,
    /// Who sent it: the connection's peer, or whom a trusted proxy names.
    pub client_ip: IpAddr,
    /// What came.
    pub request: RequestEntry,
    /// What went back.
    pub response: ResponseEntry,
    /// How long it took.
    pub latencies: Latencies,
    /// The route that took it.
    pub route: Option<RouteEntry>,
    /// The route's service, if it has one with a name.
    pub service: Option<ServiceEntry>,
    /// The consumer whose key the client showed.
    pub consumer: Option<ConsumerEntry>,
    /// Where it was sent on to.
    pub upstream_uri: Option<String>,
    /// What the upstream answered.
    pub upstream_status: Option<u16>,
    /// Statistics of the model's answer.
    pub ai: Option<AiEntry>,
    /// The message of an error that the gateway, not the upstream, answered with.
    pub error: Option<String>,
    /// Who broke the exchange off before its end.
    pub aborted: Option<Aborted>,
}

/// What came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RequestEntry {
    /// The `X-Request-Id` of the answer.
    pub id: String,
    /// The method; empty, as `uri` is, of a request that could not be read.
    pub method: String,
    /// Path and query, of which values that could be credentials are masked.
    pub uri: String,
    /// Bytes of the body that arrived.
    pub size: u64,
}

/// What went back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ResponseEntry {
    /// The status; 499 if the client had left before there was one.
    pub status: u16,
    /// Bytes of the body that were sent.
    pub size: u64,
}

/// How long it took, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct Latencies {
    /// From the request's head to the last byte of the answer.
    pub request: f64,
    /// From the first byte sent upstream to the head of its answer; absent if there was none.
    pub proxy: Option<f64>,
    /// What the gateway itself took until the request was on its way upstream, or was refused.
    pub kong: f64,
}

/// A route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RouteEntry {
    /// Its name.
    pub name: Option<String>,
    /// Where it stands in the file, by which an unnamed route is known.
    pub pointer: String,
}

/// A service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ServiceEntry {
    /// Its name.
    pub name: String,
}

/// A consumer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ConsumerEntry {
    /// Its name.
    pub username: Option<String>,
    /// Its id in another system.
    pub custom_id: Option<String>,
}

/// What plugins for models have to say.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct AiEntry {
    /// The `ai-proxy` plugin's part: `meta`, `usage` and `payload` as Kong lays them out.
    pub proxy: Statistics,
}

/// Who broke an exchange off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Aborted {
    /// The client left before the end of the answer.
    Client,
    /// The upstream broke off, or fell silent, in the middle of its answer.
    Upstream,
}

/// The schema of a line, as published in `schemas/access-log.schema.json`.
pub fn schema() -> String {
    let schema = schemars::generate::SchemaSettings::draft2020_12()
        .for_serialize()
        .into_generator()
        .into_root_schema_for::<Entry>();
    let text = serde_json::to_string_pretty(&schema).expect("a schema has string keys and finite numbers");
    text + "\n"
}
