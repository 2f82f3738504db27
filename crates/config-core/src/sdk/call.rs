//! A request as a client of the SDK sends it.

use super::origin::Origin;
use crate::language::target;
use crate::plan::landing::encode_value;
use crate::plan::prepare::Body;
use crate::plan::request::{RequestHead, Scheme};
use crate::proof::operations::{Family, Operation};

/// A call of an operation, complete but for what does not depend on the gateway.
#[derive(Debug, Clone, Copy)]
pub(super) struct Call<'c> {
    pub family: Family,
    pub operation: Operation,
    pub origin: &'c Origin,
    /// The normalised path.
    pub path: &'c str,
    /// What is sent beside the client's own headers, or in their place.
    pub headers: &'c [(String, String)],
    /// What is sent beside the client's own arguments.
    pub query: &'c [(String, String)],
}

/// The version of Azure's API that examples ask for.
pub const API_VERSION: &str = "2024-10-21";

impl Call<'_> {
    /// Gives the head of the request to `use_it`.
    pub fn with_head<T>(&self, use_it: impl FnOnce(&RequestHead<'_>) -> T) -> T {
        let target = self.target();
        let own = self.own_headers();
        let is_replaced = |name: &str| self.headers.iter().any(|(given, _)| given.eq_ignore_ascii_case(name));
        let own = own.iter().filter(|(name, _)| !is_replaced(name));
        let own = own.map(|(name, value)| (name.as_bytes(), value.as_bytes()));
        let given = self.headers.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes()));
        let headers: Vec<(&[u8], &[u8])> = own.chain(given).collect();
        let is_name =
            self.origin.host.parse::<std::net::Ipv4Addr>().is_err() && !self.origin.host.starts_with('[');
        use_it(&RequestHead {
            scheme: self.origin.scheme,
            http2: false,
            method: self.operation.method().as_bytes(),
            target: target.as_bytes(),
            headers: &headers,
            port: self.origin.port(),
            sni: (self.origin.scheme == Scheme::Https && is_name).then_some(self.origin.host.as_bytes()),
        })
    }

    /// The request's target, encoded.
    pub fn target(&self) -> String {
        let version = (self.family == Family::Azure).then_some(("api-version", API_VERSION));
        let given = self.query.iter().map(|(name, value)| (&**name, &**value));
        let arguments: Vec<String> = version
            .into_iter()
            .chain(given)
            .map(|(name, value)| format!("{}={}", encode_value(name), encode_value(value)))
            .collect();
        let path = target(self.path);
        if arguments.is_empty() { path } else { format!("{path}?{}", arguments.join("&")) }
    }

    fn own_headers(&self) -> Vec<(&'static str, String)> {
        let key = match self.family {
            Family::OpenAi => "Bearer key",
            Family::Azure => "key",
        };
        let mut headers = vec![
            ("host", self.origin.authority()),
            ("accept", "application/json".to_owned()),
            ("user-agent", "OpenAI/Python".to_owned()),
            (self.family.key_header(), key.to_owned()),
        ];
        headers.extend(content_type(self.operation).map(|it| ("content-type", it.to_owned())));
        headers
    }
}

/// Whether the client sends a header by itself.
pub(super) fn is_own_header(family: Family, name: &str) -> bool {
    let of_connection = ["host", "accept", "user-agent", "content-type", "content-length", "connection"];
    of_connection.contains(&name) || name == family.key_header()
}

/// A body as the operation takes it; of an upload nothing but that it names the model.
pub(super) fn body(operation: Operation, model: &str) -> Option<String> {
    let body = match operation {
        Operation::Chat => {
            serde_json::json!({"model": model, "messages": [{"role": "user", "content": "Say hello."}]})
        }
        Operation::Completion | Operation::Image => {
            serde_json::json!({"model": model, "prompt": "Say hello."})
        }
        Operation::Response | Operation::Embedding | Operation::Speech | Operation::Moderation => {
            serde_json::json!({"model": model, "input": "Say hello."})
        }
        Operation::Models => return Some(String::new()),
        Operation::Transcription | Operation::Translation | Operation::ImageEdit => return None,
    };
    Some(body.to_string())
}

/// The body as [`Routed::prepare`](crate::plan::Routed::prepare) takes it.
pub(super) fn known(body: &Option<String>) -> Body<'_> {
    body.as_ref().map_or(Body::Unknown, |body| Body::Bytes(body.as_bytes()))
}

fn content_type(operation: Operation) -> Option<&'static str> {
    match operation {
        Operation::Models => None,
        Operation::Transcription | Operation::Translation | Operation::ImageEdit => {
            Some("multipart/form-data; boundary=boundary")
        }
        _ => Some("application/json"),
    }
}
