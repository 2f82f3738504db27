//! The upstream URL: provider × route type × options, assembled in one place, as a value.

pub(in crate::plan) mod template;

use std::borrow::Cow;
use std::fmt;

use formats::WireFormat;

use super::landing::{encode_path, encode_query, encode_segment, has_dot_segment};
use super::normalize::percent_encode_upstream;
use super::proxy::{
    CONVERSE, Field, GENERATE_CONTENT, Proxy, Rendered, form_decode, query_argument, split_argument,
};
use super::rejection::Rejection;
use super::request::Scheme;
use crate::model::{MistralFormat, Provider, RouteType};
use crate::template::parse;
use template::{RenderedPath, UrlTemplate};

/// Where a request goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpstreamUrl {
    /// Plain or TLS.
    pub scheme: Scheme,
    /// The host.
    pub host: Host,
    /// The port, if not the scheme's own.
    pub port: Option<u16>,
    /// The encoded path; starts with `/` and has no dot segment, however often it is decoded.
    pub path: String,
    /// The encoded query, without a credential.
    pub query: Option<String>,
}

/// An upstream host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Host {
    /// A host name or address.
    Name(String),
    /// Bedrock's, in the region of the environment (`AWS_REGION`, then `AWS_DEFAULT_REGION`).
    BedrockInEnvironment,
}

/// What an upstream path was taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathOrigin {
    /// The provider's own endpoint.
    BuiltIn,
    /// The client's path.
    Client,
    /// `model.options.upstream_path`.
    UpstreamPath,
    /// `model.options.upstream_url`.
    UpstreamUrl,
}

/// Stands in for a provider's built-in endpoint: scheme, host and port are replaced, the path is put
/// before the built-in one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    scheme: Scheme,
    host: String,
    port: Option<u16>,
    prefix: String,
}

/// What of a request its URL depends on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Call<'a> {
    /// The model; `None` only while the body that names it is unknown.
    pub model: Option<&'a str>,
    /// Whether the answer is to be a stream.
    pub stream: bool,
    /// What is sent.
    pub wire: WireFormat,
    /// The client's normalised path.
    pub path: &'a str,
    /// The client's raw query.
    pub query: &'a [u8],
    /// Whether the client's arguments go upstream.
    pub keeps_query: bool,
}

impl PathOrigin {
    /// The origin in one word; an option by its name.
    pub fn as_str(self) -> &'static str {
        match self {
            PathOrigin::BuiltIn => "built-in",
            PathOrigin::Client => "client",
            PathOrigin::UpstreamPath => "upstream_path",
            PathOrigin::UpstreamUrl => "upstream_url",
        }
    }
}

impl Host {
    fn as_str(&self) -> &str {
        match self {
            Host::Name(name) => name,
            Host::BedrockInEnvironment => "bedrock-runtime.$AWS_REGION.amazonaws.com",
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for UpstreamUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_origin(f)?;
        f.write_str(&self.path)?;
        match &self.query {
            Some(query) => write!(f, "?{query}"),
            None => Ok(()),
        }
    }
}

impl UpstreamUrl {
    /// Scheme, host and port.
    pub fn origin(&self) -> String {
        let mut origin = String::with_capacity(64);
        self.write_origin(&mut origin).expect("a string takes all text");
        origin
    }

    fn write_origin(&self, out: &mut impl fmt::Write) -> fmt::Result {
        out.write_str(match self.scheme {
            Scheme::Http => "http://",
            Scheme::Https => "https://",
        })?;
        out.write_str(self.host.as_str())?;
        match self.port {
            Some(port) => write!(out, ":{port}"),
            None => Ok(()),
        }
    }
}

impl Endpoint {
    /// Reads a base URL such as `http://127.0.0.1:9000/mock`; says what is wrong with another text.
    pub fn parse(text: &str) -> Result<Self, String> {
        let template = parse(text).map_err(|errors| errors[0].message.clone())?;
        if !template.is_literal() {
            return Err("a base URL holds no placeholders".to_owned());
        }
        let url = UrlTemplate::parse(&template).map_err(|(reason, _)| reason)?;
        let none = |_: &_| Ok::<_, std::convert::Infallible>(String::new());
        let Ok(host) = url.render_host(none);
        let Ok(RenderedPath { path, query }) = url.path.render(none, none);
        if query.is_some() {
            return Err("a base URL has no query".to_owned());
        }
        Ok(Self { scheme: url.scheme, host, port: url.port, prefix: path.trim_end_matches('/').to_owned() })
    }
}

/// The URL that a call goes to, and where its path comes from.
pub(super) fn url(
    proxy: &Proxy,
    rendered: &Rendered,
    call: &Call<'_>,
) -> Result<(UpstreamUrl, PathOrigin), Rejection> {
    let (path, origin) = path(proxy, rendered, call)?;
    let (scheme, host, port, path) = match (&rendered.url, &proxy.endpoint) {
        (Some(url), _) => (url.scheme, Host::Name(url.host.clone()), url.port, path),
        (None, Some(endpoint)) => {
            let path = format!("{}{path}", endpoint.prefix);
            (endpoint.scheme, Host::Name(endpoint.host.clone()), endpoint.port, path)
        }
        (None, None) => (Scheme::Https, built_in_host(proxy, rendered)?, None, path),
    };
    if has_dot_segment(&path) {
        return Err(Rejection::bad_request("the upstream path would have a segment `.` or `..`"));
    }
    let query = query(proxy, rendered, call, origin);
    let default = match scheme {
        Scheme::Http => 80,
        Scheme::Https => 443,
    };
    Ok((UpstreamUrl { scheme, host, port: port.filter(|port| *port != default), path, query }, origin))
}

fn path(proxy: &Proxy, rendered: &Rendered, call: &Call<'_>) -> Result<(String, PathOrigin), Rejection> {
    let url = rendered.url.as_ref().map(|url| url.path.path.as_str());
    let configured = rendered.path.as_ref().map(|path| path.path.as_str());
    // Where both are set, the URL's path counts, but gemini and bedrock look at `upstream_path` first.
    let path_wins = matches!(proxy.provider, Provider::Gemini | Provider::Bedrock);
    // Clients of Azure name the deployment themselves, in a path under `/openai/`.
    let preserved = |path: &str| match path.starts_with("/openai/") {
        true => Ok(path.to_owned()),
        false => under_deployment(proxy, rendered, path, url),
    };
    let (path, origin) = if proxy.route_type == RouteType::Preserve {
        match (url, configured) {
            (Some(url), Some(_)) if !path_wins => (url.to_owned(), PathOrigin::UpstreamUrl),
            (_, Some(path)) => (preserved(path)?, PathOrigin::UpstreamPath),
            (_, None) => {
                let path = encode_path(&percent_encode_upstream(call.path.as_bytes()));
                (preserved(&path)?, PathOrigin::Client)
            }
        }
    } else {
        match (url, configured) {
            (_, Some(path)) if path_wins => (path.to_owned(), PathOrigin::UpstreamPath),
            (Some("" | "/"), _) if path_wins => (built_in_path(proxy, rendered, call)?, PathOrigin::BuiltIn),
            (Some(url), _) => (completed(url, call.wire), PathOrigin::UpstreamUrl),
            (None, Some(_)) if proxy.provider == Provider::Huggingface => {
                (built_in_path(proxy, rendered, call)?, PathOrigin::BuiltIn)
            }
            (None, Some(path)) => (under_deployment(proxy, rendered, path, url)?, PathOrigin::UpstreamPath),
            (None, None) => (built_in_path(proxy, rendered, call)?, PathOrigin::BuiltIn),
        }
    };
    let path = if path.starts_with('/') { path } else { format!("/{path}") };
    Ok((path, origin))
}

/// A Hugging Face URL may be the server's base; any other URL is as given.
fn completed(path: &str, wire: WireFormat) -> String {
    const CHAT: &str = "/v1/chat/completions";
    let base = path.trim_end_matches('/');
    match wire {
        WireFormat::HuggingFaceChat if base.ends_with(CHAT) => base.to_owned(),
        WireFormat::HuggingFaceChat => base.to_owned() + CHAT,
        _ => path.to_owned(),
    }
}

/// On Azure's own host, paths are those of a deployment.
fn under_deployment(
    proxy: &Proxy,
    rendered: &Rendered,
    path: &str,
    url: Option<&str>,
) -> Result<String, Rejection> {
    match (proxy.provider, url) {
        (Provider::Azure, None) => Ok(format!("{}/{}", deployment(rendered)?, path.trim_start_matches('/'))),
        _ => Ok(path.to_owned()),
    }
}

fn deployment(rendered: &Rendered) -> Result<String, Rejection> {
    let id = option(rendered, Field::AzureDeploymentId, "azure provider")?;
    Ok(format!("/openai/deployments/{}", encode_segment(id)))
}

fn built_in_host(proxy: &Proxy, rendered: &Rendered) -> Result<Host, Rejection> {
    let name = match proxy.provider {
        Provider::Openai => "api.openai.com".to_owned(),
        Provider::Azure => {
            format!("{}.openai.azure.com", option(rendered, Field::AzureInstance, "azure provider")?)
        }
        Provider::Anthropic => "api.anthropic.com".to_owned(),
        Provider::Cohere => "api.cohere.com".to_owned(),
        Provider::Mistral if proxy.mistral_format == MistralFormat::Openai => "api.mistral.ai".to_owned(),
        Provider::Mistral | Provider::Llama2 => return Err(self_hosted()),
        Provider::Gemini => match vertex(rendered) {
            Some(vertex) => vertex.host.to_owned(),
            None => "generativelanguage.googleapis.com".to_owned(),
        },
        Provider::Bedrock => match &proxy.aws_region {
            Some(region) => format!("bedrock-runtime.{region}.amazonaws.com"),
            None => return Ok(Host::BedrockInEnvironment),
        },
        Provider::Huggingface => "router.huggingface.co".to_owned(),
    };
    Ok(Host::Name(name))
}

/// The path of a provider's endpoint. Completions go to the chat endpoint where the provider has no
/// living other.
fn built_in_path(proxy: &Proxy, rendered: &Rendered, call: &Call<'_>) -> Result<String, Rejection> {
    let completions = proxy.route_type == RouteType::Completions;
    // Shown, never sent: without a body there is nothing to send.
    let model = || call.model.map_or("{model}".to_owned(), encode_segment);
    Ok(match proxy.provider {
        Provider::Openai if completions => "/v1/completions".to_owned(),
        Provider::Openai | Provider::Mistral => "/v1/chat/completions".to_owned(),
        Provider::Azure if completions => format!("{}/completions", deployment(rendered)?),
        Provider::Azure => format!("{}/chat/completions", deployment(rendered)?),
        Provider::Anthropic => "/v1/messages".to_owned(),
        Provider::Cohere => "/v2/chat".to_owned(),
        Provider::Llama2 => return Err(self_hosted()),
        Provider::Gemini => {
            let model = call.model.map_or("{model}".to_owned(), |model| encode_segment(bare(model)));
            let operation = GENERATE_CONTENT[usize::from(call.stream)];
            let parent = match vertex(rendered) {
                Some(Vertex { project, location, .. }) => format!(
                    "/v1/projects/{}/locations/{}/publishers/google",
                    encode_segment(project),
                    encode_segment(location)
                ),
                None => "/v1beta".to_owned(),
            };
            format!("{parent}/models/{model}:{operation}")
        }
        Provider::Bedrock => format!("/model/{}/{}", model(), CONVERSE[usize::from(call.stream)]),
        Provider::Huggingface if completions => {
            // A model is `owner/name`: its one slash separates segments.
            let model = match call.model.and_then(|model| model.split_once('/')) {
                Some((owner, name)) => format!("{}/{}", encode_segment(owner), encode_segment(name)),
                None => model(),
            };
            format!("/hf-inference/models/{model}")
        }
        Provider::Huggingface => "/v1/chat/completions".to_owned(),
    })
}

/// A Gemini model without the collection that Google's own lists name it with.
fn bare(model: &str) -> &str {
    let model = model.strip_prefix("publishers/google/").unwrap_or(model);
    model.strip_prefix("models/").unwrap_or(model)
}

struct Vertex<'a> {
    host: &'a str,
    project: &'a str,
    location: &'a str,
}

/// Whether a gemini plugin goes to Vertex AI.
pub(super) fn is_vertex(rendered: &Rendered) -> bool {
    vertex(rendered).is_some()
}

/// All three options together mean Vertex AI.
fn vertex(rendered: &Rendered) -> Option<Vertex<'_>> {
    Some(Vertex {
        host: rendered.text(Field::GeminiApiEndpoint)?,
        project: rendered.text(Field::GeminiProjectId)?,
        location: rendered.text(Field::GeminiLocationId)?,
    })
}

fn option<'a>(rendered: &'a Rendered, field: Field, needed_by: &str) -> Result<&'a str, Rejection> {
    rendered
        .text(field)
        .ok_or_else(|| Rejection::misconfigured(format!("must set '{}' for {needed_by}", field.as_str())))
}

fn self_hosted() -> Rejection {
    Rejection::misconfigured("must set 'model.options.upstream_url' for self-hosted providers/models")
}

/// The query: configured arguments, then those of the provider, then the client's that go upstream
/// and are not yet there.
fn query(proxy: &Proxy, rendered: &Rendered, call: &Call<'_>, origin: PathOrigin) -> Option<String> {
    let of_url = rendered.url.as_ref().and_then(|url| url.path.query.as_deref());
    let of_path = rendered.path.as_ref().filter(|_| origin == PathOrigin::UpstreamPath);
    let of_path = of_path.and_then(|path| path.query.as_deref());
    let mut arguments: Vec<Cow<'_, str>> =
        of_url.iter().chain(&of_path).flat_map(|query| query.split('&')).map(Cow::Borrowed).collect();
    arguments.retain(|argument| !argument.is_empty());
    let has = |arguments: &[Cow<'_, str>], name: &[u8]| {
        arguments.iter().any(|argument| *form_decode(split_argument(argument.as_bytes()).0) == *name)
    };

    if proxy.provider == Provider::Azure && !has(&arguments, API_VERSION) {
        arguments.extend(api_version(rendered, call.query).map(Cow::Owned));
    }
    let streams = call.stream && matches!(call.wire, WireFormat::Gemini | WireFormat::Vertex);
    if streams && !has(&arguments, b"alt") {
        arguments.push("alt=sse".into());
    }
    if call.keeps_query {
        let configured = arguments.len();
        for argument in call.query.split(|byte| *byte == b'&').filter(|argument| !argument.is_empty()) {
            let name = form_decode(split_argument(argument).0);
            if !is_credential(proxy, &name) && !has(&arguments[..configured], &name) {
                arguments.push(encode_query(&String::from_utf8_lossy(argument)).into());
            }
        }
    }
    (!arguments.is_empty()).then(|| arguments.join("&"))
}

const API_VERSION: &[u8] = b"api-version";

/// The client's version, else the configured one.
fn api_version(rendered: &Rendered, query: &[u8]) -> Option<String> {
    let asked = query_argument(query, API_VERSION)
        .and_then(|version| String::from_utf8(version.into_owned()).ok())
        .filter(|version| !version.is_empty());
    let version = asked.or_else(|| rendered.text(Field::AzureApiVersion).map(str::to_owned))?;
    Some(format!("api-version={}", encode_segment(&version)))
}

/// Whether an argument is where a credential travels: ours is added when the request is sent, and a
/// client's ends here.
fn is_credential(proxy: &Proxy, name: &[u8]) -> bool {
    let ours = proxy.auth.param.as_ref().is_some_and(|(credential, _)| credential.name.as_bytes() == name);
    ours || (proxy.provider == Provider::Gemini && name == b"key")
}
