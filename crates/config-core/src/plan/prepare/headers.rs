//! The upstream's headers: what passes, what the provider needs, and the credential.

use formats::WireFormat;

use super::{HeaderValue, UpstreamHeader};
use crate::model::{Provider, RouteType};
use crate::plan::auth::{client_credentials, passed_headers};
use crate::plan::proxy::{Field, Proxy, Rendered};
use crate::plan::request::RequestHead;
use crate::secret::SecretValue;

/// Every header to send, the credential last.
pub(super) fn build(
    proxy: &Proxy,
    rendered: &Rendered,
    head: &RequestHead<'_>,
    wire: WireFormat,
    stream: bool,
) -> Vec<UpstreamHeader> {
    let preserve = proxy.route_type == RouteType::Preserve;
    let mut headers = Vec::with_capacity(8);
    if !preserve {
        headers.push(plain("content-type", "application/json"));
        // A compressed stream would have to be buffered to be read, and an answer that passes may be
        // more than its client can read.
        let passes = wire == WireFormat::Preserved;
        headers.push(plain("accept-encoding", if stream || passes { "identity" } else { "gzip, identity" }));
    }
    let passed = passed_headers(proxy.provider, preserve, proxy.auth.allow_override);
    for name in passed {
        let sent = head.header_values(name).filter(|_| !head.ends_here(name));
        headers.extend(sent.filter_map(text).map(|value| plain(name, value)));
    }
    for (name, value) in required(proxy, rendered, wire, stream) {
        set(&mut headers, plain(name, &value));
    }
    for credential in credentials(proxy, head) {
        set(&mut headers, credential);
    }
    headers
}

/// What the provider needs and the configuration says.
fn required(
    proxy: &Proxy,
    rendered: &Rendered,
    wire: WireFormat,
    stream: bool,
) -> Vec<(&'static str, String)> {
    // What the client accepts is the gateway's answer; AWS streams in a format of its own.
    let accept = (wire == WireFormat::Bedrock).then(|| match stream {
        true => ("accept", "application/vnd.amazon.eventstream".to_owned()),
        false => ("accept", "application/json".to_owned()),
    });
    let version = rendered.text(Field::AnthropicVersion).filter(|_| proxy.provider == Provider::Anthropic);
    // Only the serverless text-generation endpoint knows these.
    let serverless = wire == WireFormat::HuggingFaceGeneration && rendered.url.is_none();
    let option =
        |name, value: Option<bool>| value.filter(|_| serverless).map(|value| (name, value.to_string()));
    version
        .map(|version| ("anthropic-version", version.to_owned()))
        .into_iter()
        .chain(accept)
        .chain(option("x-use-cache", proxy.use_cache))
        .chain(option("x-wait-for-model", proxy.wait_for_model))
        .collect()
}

/// The configured credential, or the client's own where that may win.
fn credentials(proxy: &Proxy, head: &RequestHead<'_>) -> Vec<UpstreamHeader> {
    let theirs = |name: &str| {
        let may_win = proxy.auth.allow_override && !head.ends_here(name);
        let value = head.header(name).filter(|_| may_win).and_then(text)?;
        Some(secret(name, None, SecretValue::Literal(value.to_owned())))
    };
    match proxy.auth.effective_header() {
        Some(ours) => {
            let configured = || secret(&ours.name, ours.name_reference.clone(), ours.value.clone());
            vec![theirs(&ours.name).unwrap_or_else(configured)]
        }
        None if proxy.auth.param.is_none() && proxy.auth.identity.is_none() => {
            client_credentials(proxy.provider).iter().filter_map(|name| theirs(name)).collect()
        }
        None => Vec::new(),
    }
}

/// Adds a header in place of others of its name.
fn set(headers: &mut Vec<UpstreamHeader>, header: UpstreamHeader) {
    headers.retain(|other| other.name != header.name);
    headers.push(header);
}

fn plain(name: &'static str, value: &str) -> UpstreamHeader {
    UpstreamHeader { name: name.into(), name_reference: None, value: HeaderValue::Plain(value.to_owned()) }
}

fn secret(name: &str, name_reference: Option<SecretValue>, value: SecretValue) -> UpstreamHeader {
    UpstreamHeader { name: name.to_owned().into(), name_reference, value: HeaderValue::Secret(value) }
}

/// A client's header value, if it is text that may be sent on.
pub(super) fn text(value: &[u8]) -> Option<&str> {
    std::str::from_utf8(value).ok().filter(|text| !text.chars().any(|c| c.is_control() && c != '\t'))
}
