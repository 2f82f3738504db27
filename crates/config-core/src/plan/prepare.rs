//! What a request becomes: the pure part of the plugin's pipeline, in Kong's order.

mod assembly;
pub(in crate::plan) mod body;
mod checks;
mod dropped;
mod headers;
mod inspection;

use std::borrow::Cow;

use bytes::Bytes;
use formats::WireFormat;
use formats::codec::Expected;

pub use assembly::{AssembledHeader, Resolve};
use body::ClientBody;
use checks::Checked;
pub use dropped::DROPPED_HEADER;
pub use inspection::Inspection;

use super::auth::{Credential, Identity};
use super::proxy::{Field, Proxy, Rendered, query_argument};
use super::rejection::Rejection;
use super::request::RequestHead;
use super::upstream::{self, Call, PathOrigin, UpstreamUrl};
use crate::model::{
    Llama2Format, LlmFormat, MistralFormat, ParamLocation, Provider, ResponseStreaming, RouteType,
};
use crate::secret::SecretValue;

/// A client's body, as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Body<'a> {
    /// Not known: what depends on it is skipped, and no stream is assumed.
    Unknown,
    /// The whole body.
    Bytes(&'a [u8]),
    /// To be passed on while it arrives; only where [`BodyUse`] says so.
    Streamed,
}

/// How much of a client's body has to be read before anything can be sent upstream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyUse {
    /// All of it, of which `limit` bytes are read.
    Whole {
        /// The most bytes to read.
        limit: u64,
    },
    /// None: it may be passed on while it arrives.
    Streamed,
}

/// What is sent upstream, complete but for secrets and signature.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// HTTP method.
    pub method: String,
    /// Where to; a credential in the query is not part of it.
    pub url: UpstreamUrl,
    /// What the path was taken from.
    pub path_origin: PathOrigin,
    /// Headers, in the order sent; host and framing are the connection's business.
    pub headers: Vec<UpstreamHeader>,
    /// A credential to add to the query.
    pub query_credential: Option<Credential>,
    /// The body.
    pub body: UpstreamBody,
    /// A credential to add to the body, as a member of its JSON object.
    pub body_credential: Option<Credential>,
    /// The members of the body that may hold a credential, the upstream's or a client's: nothing shows
    /// their values.
    pub secret_members: Vec<String>,
    /// How to sign the request or which token to fetch for it.
    pub identity: Option<Identity>,
    /// The model that is asked, if known.
    pub model: Option<String>,
    /// Whether the answer is to be a stream.
    pub stream: bool,
    /// What the body is in, and the answer will be.
    pub wire: WireFormat,
    /// What client and provider both speak, where it is known and not translated: the answer passes too.
    pub native: Option<WireFormat>,
    /// What the answer is to be read with, where it has to be translated.
    pub expected: Option<Expected>,
    /// Whose model it is.
    pub provider: Provider,
    /// What the client sent.
    pub route_type: RouteType,
    /// What has to see a streamed body before it is passed on; of a whole body, it did.
    pub inspection: Option<Inspection>,
    /// Whether the body passes without a look at the model that it may name.
    pub unread: bool,
    /// What was not known and is assumed: `body`.
    pub assumed: Vec<&'static str>,
    /// The value of the answer's `X-Kong-LLM-Model`.
    pub response_model_header: Option<String>,
    /// Whether the stream's usage is asked for on the gateway's own behalf, so that the client is not to
    /// see it.
    pub hides_usage: bool,
    /// Request members that the provider has nothing like and that were left out.
    pub dropped_members: Vec<String>,
}

/// A header to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpstreamHeader {
    /// Its name, in lower case; the text of `name_reference` if there is one.
    pub name: Cow<'static, str>,
    /// What the name has to be taken from, if it is not written in the file.
    pub name_reference: Option<SecretValue>,
    /// Its value.
    pub value: HeaderValue,
}

/// A header's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeaderValue {
    /// May be shown.
    Plain(String),
    /// May not.
    Secret(SecretValue),
}

/// The body to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UpstreamBody {
    /// The client's is not known.
    Unknown,
    /// The client's, byte for byte.
    Passthrough,
    /// These bytes.
    Bytes(Bytes),
}

/// Decides what becomes of a request. `path` is the client's path in its normal form.
pub fn prepare(
    proxy: &Proxy,
    rendered: &Rendered,
    head: &RequestHead<'_>,
    path: &str,
    body: Body<'_>,
) -> Result<Decision, Rejection> {
    let wire = wire_format(proxy, rendered);
    let method = method(proxy, head)?;
    let guarded = rendered.text(Field::Name).is_some() || proxy.response_streaming == ResponseStreaming::Deny;
    let mut client = body::read(proxy, head, guarded, body)?;
    let (checked, inspection) = check(proxy, rendered, wire, guarded, &client, body)?;
    let body_credential = body::credential(proxy, &client)?;
    let passes = rendered.native.is_some() || proxy.route_type == RouteType::Preserve;
    let call = Call {
        model: checked.model.as_deref(),
        stream: checked.stream,
        wire,
        path,
        query: head.query().unwrap_or_default(),
        keeps_query: passes,
    };
    let (url, path_origin) = upstream::url(proxy, rendered, &call)?;
    let asks_usage = proxy.log_statistics && checked.stream && reports_usage(proxy.provider, wire, &url);
    let native = rendered.native.as_ref().and_then(|_| native_format(proxy, rendered));
    let mut translated = match native {
        Some(native) => body::configure(proxy, native, &checked, &mut client)?,
        None => body::translate(proxy, rendered, wire, &checked, asks_usage, &mut client)?,
    };
    if let Some(credential) = &body_credential {
        translated.dropped.retain(|member| *member != credential.name);
    }
    let named = checked.model.as_ref().filter(|_| proxy.model_name_header);
    Ok(Decision {
        method,
        url,
        path_origin,
        headers: headers::build(proxy, rendered, head, wire, checked.stream),
        query_credential: query_credential(proxy, call.query),
        body: translated.body,
        body_credential,
        secret_members: proxy.auth.param_at(ParamLocation::Body).iter().map(|it| it.name.clone()).collect(),
        identity: proxy.auth.identity.clone(),
        response_model_header: named.map(|model| format!("{}/{model}", proxy.provider)),
        model: checked.model,
        stream: checked.stream,
        wire,
        native,
        expected: translated.expected,
        inspection: inspection.filter(|_| body == Body::Streamed),
        unread: rendered.native.is_none()
            && matches!(client, ClientBody::Opaque | ClientBody::Passing(None))
            && !matches!(body, Body::Unknown | Body::Bytes([])),
        provider: proxy.provider,
        route_type: proxy.route_type,
        assumed: if matches!(body, Body::Unknown) { vec!["body"] } else { Vec::new() },
        hides_usage: translated.hides_usage,
        dropped_members: translated.dropped,
    })
}

/// What the body and the path settle, and what looks at a body that passes.
fn check(
    proxy: &Proxy,
    rendered: &Rendered,
    wire: WireFormat,
    guarded: bool,
    client: &ClientBody<'_>,
    body: Body<'_>,
) -> Result<(Checked, Option<Inspection>), Rejection> {
    let configured = rendered.text(Field::Name);
    if let Some(native) = &rendered.native {
        return Ok((checks::native(proxy, configured, native)?, None));
    }
    if proxy.route_type != RouteType::Preserve {
        return Ok((checks::conversation(proxy, wire, configured, client)?, None));
    }
    let ClientBody::Passing(form) = client else {
        return Ok((checks::preserved(proxy.response_streaming, configured, client)?, None));
    };
    let mut inspection = Inspection::new(proxy, configured, guarded, form.as_ref());
    if let Body::Bytes(whole) = body {
        inspection.feed(whole)?;
        inspection.finish()?;
    }
    Ok((inspection.checked(), Some(inspection)))
}

/// Whether a stream of the provider reports its usage when asked, and only then. Others report it
/// unasked, or refuse what they do not know.
fn reports_usage(provider: Provider, wire: WireFormat, url: &UpstreamUrl) -> bool {
    match provider {
        Provider::Openai => true,
        Provider::Huggingface => wire == WireFormat::HuggingFaceChat,
        Provider::Azure => {
            let query = url.query.as_deref().unwrap_or_default();
            query_argument(query.as_bytes(), b"api-version").is_some_and(|version| {
                // A version is a date, perhaps with `-preview`; the API without dates is younger.
                let dated = version.get(..10).filter(|date| date[4] == b'-' && date[7] == b'-');
                dated.map_or(UNDATED.contains(&&*version), |date| date >= AZURE_REPORTS_USAGE_SINCE)
            })
        }
        _ => false,
    }
}

/// The first version, a preview, of Azure's API that knows `stream_options`.
const AZURE_REPORTS_USAGE_SINCE: &[u8] = b"2024-09-01";

/// The versions of Azure's API that follow its development.
const UNDATED: [&[u8]; 3] = [b"preview", b"latest", b"v1"];

/// The method to send: of a preserved request the client's, unless the answer would be the request's
/// headers, or no answer at all. A prompt is posted, but `OPTIONS` is not taken for one: `key-auth` may
/// have let it pass without a key.
fn method(proxy: &Proxy, head: &RequestHead<'_>) -> Result<String, Rejection> {
    match (proxy.route_type, head.method) {
        (RouteType::Chat | RouteType::Completions, b"OPTIONS") => {
            let rejection = Rejection::bad_request("OPTIONS asks a model nothing; send POST");
            Err(Rejection { status: 405, ..rejection })
        }
        (RouteType::Chat | RouteType::Completions, _) => Ok("POST".to_owned()),
        (RouteType::Preserve, b"TRACE" | b"CONNECT") => {
            let message = "the methods TRACE and CONNECT do not go upstream";
            Err(Rejection { status: 405, ..Rejection::bad_request(message) })
        }
        (RouteType::Preserve, method) => Ok(String::from_utf8_lossy(method).into_owned()),
    }
}

/// How much of a request's body [`prepare`] has to see.
pub fn body_use(proxy: &Proxy, head: &RequestHead<'_>) -> BodyUse {
    match body::passes(proxy, head) {
        true => BodyUse::Streamed,
        false => BodyUse::Whole { limit: proxy.max_request_body_size },
    }
}

/// What a client speaks that speaks the provider's own format.
fn native_format(proxy: &Proxy, rendered: &Rendered) -> Option<WireFormat> {
    match proxy.llm_format {
        LlmFormat::Openai => None,
        LlmFormat::Gemini if upstream::is_vertex(rendered) => Some(WireFormat::Vertex),
        LlmFormat::Gemini => Some(WireFormat::Gemini),
        LlmFormat::Bedrock => Some(WireFormat::Bedrock),
    }
}

/// What goes over the wire.
fn wire_format(proxy: &Proxy, rendered: &Rendered) -> WireFormat {
    if proxy.route_type == RouteType::Preserve || proxy.llm_format != LlmFormat::Openai {
        return WireFormat::Preserved;
    }
    let completions = proxy.route_type == RouteType::Completions;
    let url_ends_with = |end: &str| {
        rendered.url.as_ref().is_some_and(|url| url.path.path.trim_end_matches('/').ends_with(end))
    };
    let ollama = match completions && !url_ends_with("/api/chat") {
        true => WireFormat::OllamaGenerate,
        false => WireFormat::Ollama,
    };
    match proxy.provider {
        Provider::Openai | Provider::Azure => WireFormat::OpenAi,
        Provider::Anthropic => WireFormat::Anthropic,
        Provider::Cohere if url_ends_with("/v1/chat") => WireFormat::CohereV1,
        Provider::Cohere => WireFormat::CohereV2,
        Provider::Mistral => match proxy.mistral_format {
            MistralFormat::Openai => WireFormat::Mistral,
            MistralFormat::Ollama => ollama,
        },
        Provider::Llama2 => match proxy.llama2_format {
            Some(Llama2Format::Raw) => WireFormat::Llama2Raw,
            Some(Llama2Format::Ollama) => ollama,
            Some(Llama2Format::Openai) | None => WireFormat::OpenAi,
        },
        Provider::Gemini if upstream::is_vertex(rendered) => WireFormat::Vertex,
        Provider::Gemini => WireFormat::Gemini,
        Provider::Bedrock => WireFormat::Bedrock,
        Provider::Huggingface if completions && url_ends_with("/v1/completions") => {
            WireFormat::HuggingFaceCompletions
        }
        Provider::Huggingface if completions => WireFormat::HuggingFaceGeneration,
        Provider::Huggingface => WireFormat::HuggingFaceChat,
    }
}

/// The credential for the query: the configured one, or the client's own where that may win.
fn query_credential(proxy: &Proxy, query: &[u8]) -> Option<Credential> {
    let ours = proxy.auth.param_at(ParamLocation::Query)?;
    let theirs = query_argument(query, ours.name.as_bytes())
        .filter(|_| proxy.auth.allow_override)
        .and_then(|value| String::from_utf8(value.into_owned()).ok());
    Some(match theirs {
        Some(value) => Credential { value: SecretValue::Literal(value), ..ours.clone() },
        None => ours.clone(),
    })
}
