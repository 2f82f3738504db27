//! Clients that speak a provider's own format: their path says which model they ask and how.

use percent_encoding::percent_decode_str;

use crate::model::LlmFormat;
use crate::plan::normalize::normalize;
use crate::plan::request::RequestHead;
use crate::plan::router::Captures;

/// What a native request's path asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::plan) struct Native {
    /// The model, if the path names one.
    pub model: Option<String>,
    /// Whether the operation is the streaming one.
    pub stream: bool,
    /// An operation that is neither it nor the one that answers whole.
    pub unknown: Option<String>,
}

impl Native {
    /// Reads the captures `model` and `operation` if the route has both, else the provider's path.
    pub fn of(format: LlmFormat, head: &RequestHead<'_>, captures: &Captures) -> Option<Self> {
        let [whole, streaming] = operations(format)?;
        let path = normalize(head.path());
        let path = String::from_utf8_lossy(&path);
        let asked = match (captures.get("model"), captures.get("operation")) {
            (Some(model), Some(operation)) => Some((model, operation)),
            _ => in_path(format, &path),
        };
        let Some((model, operation)) = asked else {
            return Some(Self { model: None, stream: false, unknown: None });
        };
        let model = percent_decode_str(model).decode_utf8_lossy().into_owned();
        let unknown = (![whole, streaming].contains(&operation)).then(|| operation.to_owned());
        Some(Self { model: Some(model), stream: operation == streaming, unknown })
    }
}

/// Gemini's operation that answers whole, and the one that streams.
pub(in crate::plan) const GENERATE_CONTENT: [&str; 2] = ["generateContent", "streamGenerateContent"];

/// The same of Bedrock.
pub(in crate::plan) const CONVERSE: [&str; 2] = ["converse", "converse-stream"];

/// The operations of a native format that ask a model for text: the one that answers whole and the one
/// that streams.
pub(in crate::plan) fn operations(format: LlmFormat) -> Option<[&'static str; 2]> {
    match format {
        LlmFormat::Openai => None,
        LlmFormat::Gemini => Some(GENERATE_CONTENT),
        LlmFormat::Bedrock => Some(CONVERSE),
    }
}

/// Model and operation of `…/models/{model}:{operation}` or `…/model/{model}/{operation}`.
fn in_path(format: LlmFormat, path: &str) -> Option<(&str, &str)> {
    let (rest, operation) = path.rsplit_once(if format == LlmFormat::Gemini { ':' } else { '/' })?;
    let (_, model) = rest.rsplit_once(if format == LlmFormat::Gemini { "/models/" } else { "/model/" })?;
    (!model.contains('/') && !operation.contains('/')).then_some((model, operation))
}
