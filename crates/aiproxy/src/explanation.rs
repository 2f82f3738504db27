//! The answer of `explain`: the document of `schemas/explain.schema.json`, of which the text for
//! people is another view. Scripts rely on it: fields are added, never renamed or left out.

mod answer;
pub mod human;
mod json;
mod upstream;

use serde::Serialize;
use serde_json::{Map, Value, value::RawValue};

pub use answer::{Client, Variables, explain};

/// What happens to one request.
#[derive(Debug, Serialize)]
pub struct Explanation {
    pub format: &'static str,
    pub outcome: Outcome,
    /// What was not known and is assumed.
    pub assumed: Vec<&'static str>,
    pub request: RequestLine,
    pub route: Option<Route>,
    /// Whom the client is taken for.
    pub consumer: Option<Consumer>,
    pub captures: Map<String, Value>,
    pub templates: Vec<Template>,
    pub provider: Option<String>,
    pub route_type: Option<String>,
    pub model: Option<String>,
    pub upstream: Option<Upstream>,
    pub error: Option<Error>,
    /// What Kong 3.10, open source and as shipped, would pick.
    pub kong: Option<Kong>,
    pub candidates: Vec<Candidate>,
    /// How many candidates the cap left out.
    pub candidates_omitted: usize,
    /// Whether the references to secrets resolve here, if asked.
    pub secrets: Option<Vec<Secret>>,
    /// What else is worth knowing about the upstream request.
    pub notes: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    Proxied,
    NoRoute,
    Rejected,
}

#[derive(Debug, Serialize)]
pub struct RequestLine {
    pub method: String,
    pub url: String,
}

#[derive(Debug, Serialize)]
pub struct Route {
    pub name: Option<String>,
    pub pointer: String,
    /// The path that matched, as configured.
    pub path: Option<String>,
    pub file: String,
    pub line: usize,
    pub column: usize,
}

#[derive(Debug, Serialize)]
pub struct Consumer {
    pub username: Option<String>,
    pub custom_id: Option<String>,
    pub id: Option<String>,
}

#[derive(Debug, Serialize)]
pub struct Template {
    pub field: String,
    pub template: String,
    pub value: String,
}

#[derive(Debug, Serialize)]
pub struct Upstream {
    pub method: String,
    pub url: String,
    pub headers: Vec<Header>,
    /// What the path was taken from.
    pub path_origin: &'static str,
    /// The translated body, if one was given and is JSON.
    pub body: Option<Box<RawValue>>,
}

/// A header; a secret one shows its reference, never its value.
#[derive(Debug, Serialize)]
pub struct Header {
    pub name: String,
    pub value: String,
    pub secret: bool,
}

#[derive(Debug, Serialize)]
pub struct Error {
    pub status: u16,
    pub message: String,
}

#[derive(Debug, Serialize)]
pub struct Kong {
    pub route: Option<String>,
    pub pointer: Option<String>,
    pub differs: bool,
    pub reason: Option<String>,
}

/// One path of a route, held against the request.
#[derive(Debug, Serialize)]
pub struct Candidate {
    pub route: Option<String>,
    pub pointer: String,
    pub path: Option<String>,
    pub matched: bool,
    pub chosen: bool,
    pub reason: String,
    /// How much of the request's path the pattern matched, or could have gone on from.
    pub matched_prefix: String,
}

#[derive(Debug, Serialize)]
pub struct Secret {
    pub reference: String,
    pub resolved: bool,
}
