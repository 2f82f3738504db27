//! What is sent upstream, as it may be shown.

use config_core::plan::{
    auth::Identity,
    prepare::{DROPPED_HEADER, Decision},
};
use serde_json::value::RawValue;

use super::{Header, Upstream, json::indented};

impl Upstream {
    /// The upstream request that `decision` makes of a client's `body`, secrets as their references.
    pub fn new(decision: &Decision, body: Option<&[u8]>) -> Self {
        let headers = decision.shown_headers().into_iter();
        let headers = headers.map(|header| Header::new(&header.name, &header.value, header.secret));
        let signed =
            decision.identity.as_ref().map(|identity| Header::new("authorization", token(identity), true));
        Self {
            method: decision.method.clone(),
            url: decision.shown_url(),
            headers: headers.chain(signed).collect(),
            path_origin: decision.path_origin.as_str(),
            body: decision
                .shown_body(body)
                .and_then(|body| RawValue::from_string(indented(&body, BODY_DEPTH)).ok()),
        }
    }
}

/// How deep in the document a body stands.
const BODY_DEPTH: usize = 2;

impl Header {
    fn new(name: &str, value: &str, secret: bool) -> Self {
        Self { name: name.to_owned(), value: value.to_owned(), secret }
    }
}

/// What stands for a token or signature that is made when the request is sent.
fn token(identity: &Identity) -> &'static str {
    match identity {
        Identity::AzureManaged { .. } => "Bearer (a token of Microsoft Entra ID)",
        Identity::GcpServiceAccount { .. } => "Bearer (a token for the Google service account)",
        Identity::AwsSigV4 { .. } => "AWS4-HMAC-SHA256 (a signature over the request)",
    }
}

/// What the request itself does not show.
pub fn notes(decision: &Decision) -> Vec<String> {
    let mut notes = Vec::new();
    if decision.unread
        && let Some(model) = &decision.model
    {
        notes.push(format!("the body passes unread, so it may name another model than `{model}`"));
    }
    if !decision.dropped_members.is_empty() {
        let members: Vec<_> = decision.dropped_members.iter().map(|member| format!("`{member}`")).collect();
        notes.push(format!(
            "{} takes nothing like {} here: left out, and named in the answer's `{DROPPED_HEADER}`",
            decision.provider,
            members.join(", ")
        ));
    }
    notes
}
