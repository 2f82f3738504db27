//! Which status and which `type` an error has. The official SDKs choose their exception by the status.

use crate::WireFormat;

/// `error.type` by status.
const KINDS: [(u16, &str); 9] = [
    (401, "authentication_error"),
    (402, "billing_error"),
    (403, "permission_error"),
    (404, "not_found_error"),
    (408, "timeout_error"),
    (429, "rate_limit_error"),
    (499, "request_cancelled"),
    (503, "overloaded_error"),
    (504, "timeout_error"),
];

/// `error.type` of other statuses, of 4xx and of 5xx.
const OTHERS: [&str; 2] = ["invalid_request_error", "server_error"];

/// The `type` of an error with this status.
pub fn kind(status: u16) -> &'static str {
    match KINDS.iter().find(|(known, _)| *known == status) {
        Some((_, kind)) => kind,
        None if status < 500 => OTHERS[0],
        None => OTHERS[1],
    }
}

/// Whether this is the `type` of some status.
pub(super) fn is_kind(kind: &str) -> bool {
    OTHERS.contains(&kind) || KINDS.iter().any(|(_, known)| *known == kind)
}

/// An upstream's status that clients get as another one, or with another type than their own errors.
struct Row {
    upstream: u16,
    /// The formats whose servers use the status so; all if there are none.
    wires: &'static [WireFormat],
    client: u16,
    kind: &'static str,
}

/// Text generation inference, which Llama 2 is served with, too.
pub(super) const TEXT_GENERATION: &[WireFormat] = &[
    WireFormat::HuggingFaceChat,
    WireFormat::HuggingFaceCompletions,
    WireFormat::HuggingFaceGeneration,
    WireFormat::Llama2Raw,
];
const COHERE: &[WireFormat] = &[WireFormat::CohereV1, WireFormat::CohereV2];

/// What OpenAI's own API never answers, said in its terms.
const ROWS: [Row; 9] = [
    // The client has authenticated with a proxy that it does not know.
    Row { upstream: 407, wires: &[], client: 502, kind: "server_error" },
    Row { upstream: 408, wires: &[], client: 504, kind: "timeout_error" },
    Row { upstream: 410, wires: &[], client: 404, kind: "not_found_error" },
    Row { upstream: 422, wires: &[WireFormat::Mistral], client: 400, kind: "invalid_request_error" },
    Row { upstream: 422, wires: TEXT_GENERATION, client: 400, kind: "invalid_request_error" },
    Row { upstream: 424, wires: TEXT_GENERATION, client: 502, kind: "server_error" },
    Row { upstream: 424, wires: &[WireFormat::Bedrock], client: 502, kind: "server_error" },
    Row { upstream: 498, wires: COHERE, client: 401, kind: "authentication_error" },
    Row { upstream: 529, wires: &[], client: 503, kind: "overloaded_error" },
];

/// The status for the client and the `type` where the upstream names none. Statuses that are no errors,
/// or none at all, become 502.
pub(super) fn for_client(status: u16, wire: WireFormat) -> (u16, &'static str) {
    let is_meant = |row: &&Row| row.upstream == status && (row.wires.is_empty() || row.wires.contains(&wire));
    match ROWS.iter().find(is_meant) {
        Some(row) => (row.client, row.kind),
        None if (400..600).contains(&status) => (status, kind(status)),
        None => (502, kind(502)),
    }
}
