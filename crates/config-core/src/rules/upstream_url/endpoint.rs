//! What is asked for at which path: the endpoints that providers document, and those of their public
//! hosts.

use formats::WireFormat;

use crate::model::RouteType;

/// What an endpoint takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    Chat,
    Completions,
    Messages,
    CohereV1,
    CohereV2,
    OllamaChat,
    OllamaGenerate,
    Generate,
    Converse,
    /// What no chat and no completion is asked for with.
    Other(&'static str),
}

use Operation::*;

impl Operation {
    /// What a route of this type sends in this format; `None` if there is more than one endpoint for it.
    pub fn sent(wire: WireFormat, route_type: RouteType) -> Option<Self> {
        let completions = route_type == RouteType::Completions;
        Some(match wire {
            WireFormat::OpenAi if completions => Completions,
            WireFormat::HuggingFaceCompletions => Completions,
            WireFormat::OpenAi | WireFormat::Mistral | WireFormat::HuggingFaceChat => Chat,
            WireFormat::Anthropic => Messages,
            WireFormat::CohereV1 => CohereV1,
            WireFormat::CohereV2 => CohereV2,
            WireFormat::OllamaGenerate => OllamaGenerate,
            WireFormat::Ollama => OllamaChat,
            WireFormat::Gemini | WireFormat::Vertex => Generate,
            WireFormat::Bedrock => Converse,
            WireFormat::Preserved | WireFormat::Llama2Raw | WireFormat::HuggingFaceGeneration => return None,
        })
    }

    /// What is sent, in the plural.
    pub fn what(self) -> &'static str {
        match self {
            Chat => "chats in OpenAI's format",
            Completions => "completions in OpenAI's format",
            Messages => "messages in Anthropic's format",
            CohereV1 => "chats in the format of Cohere's version 1",
            CohereV2 => "chats in Cohere's format",
            OllamaChat => "chats in Ollama's format",
            OllamaGenerate => "completions in Ollama's format",
            Generate => "requests in Gemini's format",
            Converse => "requests in the format of Bedrock's Converse",
            Other(what) => what,
        }
    }

    /// How the paths of such endpoints commonly end; `None` where the model stands in them.
    pub fn path(self) -> Option<&'static str> {
        Some(match self {
            Chat => "/v1/chat/completions",
            Completions => "/v1/completions",
            Messages => "/v1/messages",
            CohereV1 => "/v1/chat",
            CohereV2 => "/v2/chat",
            OllamaChat => "/api/chat",
            OllamaGenerate => "/api/generate",
            Generate | Converse | Other(_) => return None,
        })
    }

    /// What is behind the model in the paths of such endpoints; `None` where no model stands in them.
    pub fn ending(self) -> Option<&'static str> {
        match self {
            Generate => Some(":generateContent"),
            Converse => Some("/converse"),
            _ => None,
        }
    }
}

/// Endings of paths that mean the same on every host. What anybody may call an endpoint of his own, such as
/// `/api/chat`, is not among them. The first that fits counts; `v*` is a version.
const ENDINGS: &[(&[&str], Operation)] = &[
    (&["chat", "completions"], Chat),
    (&["v*", "completions"], Completions),
    (&["deployments", "*", "completions"], Completions),
    (&["v*", "messages"], Messages),
    (&["v*", "complete"], Other("prompts for Anthropic's old models, which are all retired")),
    (&["v*", "responses"], Other("requests of OpenAI's Responses API")),
    (&["v*", "embeddings"], Other("texts to embed")),
    (&["deployments", "*", "embeddings"], Other("texts to embed")),
    (&["v*", "moderations"], Other("texts to moderate")),
    (&["v*", "images", "generations"], Other("prompts for images")),
    (&["v*", "audio", "*"], Other("audio")),
    (&["v*", "models"], Other("questions for a list of models")),
    (&["*:generateContent"], Generate),
    (&["*:streamGenerateContent"], Generate),
    (&["model", "*", "converse"], Converse),
    (&["model", "*", "converse-stream"], Converse),
    (&["model", "*", "invoke"], Other("requests in the format of one model")),
    (&["model", "*", "invoke-with-response-stream"], Other("requests in the format of one model")),
];

/// What the endpoint takes whose path ends in these segments, if its ending tells.
pub(super) fn of_ending(segments: &[String]) -> Option<Operation> {
    let ends = |ending: &[&str]| {
        segments.len() >= ending.len() && fit(ending, &segments[segments.len() - ending.len()..])
    };
    ENDINGS.iter().find(|(ending, _)| ends(ending)).map(|(_, operation)| *operation)
}

/// Whether a segment is the version of an API, such as `v1` or `v1beta`.
pub(super) fn is_version(segment: &str) -> bool {
    let rest = segment.strip_prefix('v').unwrap_or_default();
    rest.starts_with(|c: char| c.is_ascii_digit()) && rest.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// A provider's own host.
pub(super) struct PublicHost {
    /// A name, of which `*` may stand for a part.
    name: &'static str,
    /// All endpoints for chats and completions; empty if not all are known.
    endpoints: &'static [(Operation, &'static str)],
    /// What every path begins with, one of these; empty if that is not known.
    roots: &'static [&'static str],
    /// Why nothing is answered there any more, and what to write instead.
    pub gone: Option<(&'static str, &'static str)>,
}

const fn host(
    name: &'static str,
    endpoints: &'static [(Operation, &'static str)],
    roots: &'static [&'static str],
) -> PublicHost {
    PublicHost { name, endpoints, roots, gone: None }
}

const OPENAI: &[(Operation, &str)] = &[(Chat, "/v1/chat/completions"), (Completions, "/v1/completions")];
const AZURE: &[(Operation, &str)] = &[
    (Chat, "/openai/deployments/*/chat/completions"),
    (Chat, "/openai/v1/chat/completions"),
    (Completions, "/openai/deployments/*/completions"),
    (Completions, "/openai/v1/completions"),
];
const COHERE: &[(Operation, &str)] =
    &[(CohereV2, "/v2/chat"), (CohereV1, "/v1/chat"), (Chat, "/compatibility/v1/chat/completions")];

const HOSTS: &[PublicHost] = &[
    host("api.openai.com", OPENAI, &["v1"]),
    host("*.api.openai.com", OPENAI, &["v1"]),
    host("*.openai.azure.com", AZURE, &["openai"]),
    host("*.openai.azure.us", AZURE, &["openai"]),
    host("*.openai.azure.cn", AZURE, &["openai"]),
    host("*.cognitiveservices.azure.com", &[], &[]),
    host("*.services.ai.azure.com", &[], &[]),
    host("api.anthropic.com", &[(Messages, "/v1/messages"), (Chat, "/v1/chat/completions")], &["v1"]),
    host("api.cohere.com", COHERE, &["v1", "v2", "compatibility"]),
    host("api.cohere.ai", COHERE, &["v1", "v2", "compatibility"]),
    host("api.mistral.ai", &[(Chat, "/v1/chat/completions")], &["v1"]),
    host("generativelanguage.googleapis.com", &[], &[]),
    host("aiplatform.googleapis.com", &[], &[]),
    host("*-aiplatform.googleapis.com", &[], &[]),
    host("bedrock-runtime.*.amazonaws.com", &[], &[]),
    host("router.huggingface.co", &[], &[]),
    host("*.endpoints.huggingface.cloud", &[], &[]),
    PublicHost {
        gone: Some((
            "`api-inference.huggingface.co` answers 410 Gone",
            "leave `upstream_url` out, which means `https://router.huggingface.co`, or write the URL of your own \
             endpoint",
        )),
        ..host("api-inference.huggingface.co", &[], &[])
    },
];

/// The public host of this name.
pub(super) fn public(host: &str) -> Option<&'static PublicHost> {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    HOSTS.iter().find(|public| match public.name.split_once('*') {
        Some((start, end)) => host.strip_prefix(start).is_some_and(|rest| rest.ends_with(end)),
        None => host == public.name,
    })
}

/// Whether a host is a provider's own.
pub(in crate::rules) fn is_public(host: &str) -> bool {
    public(host).is_some()
}

/// Whether a host is one of Azure's.
pub(in crate::rules) fn is_azure(host: &str) -> bool {
    public(host).is_some_and(|public| public.name.contains(".azure."))
}

impl PublicHost {
    /// Whether all its endpoints are known, and none for `operation` has this path.
    pub fn lacks(&self, operation: Operation, path: &[String]) -> bool {
        let has = |(_, endpoint): &&(Operation, &str)| {
            let endpoint: Vec<_> = endpoint.split('/').skip(1).collect();
            fit(&endpoint, path)
        };
        !self.endpoints.is_empty() && !self.of(operation).any(|it| has(&it))
    }

    /// The path of the first endpoint for `operation`.
    pub fn path(&self, operation: Operation) -> Option<&'static str> {
        self.of(operation).next().map(|(_, path)| *path)
    }

    fn of(&self, operation: Operation) -> impl Iterator<Item = &'static (Operation, &'static str)> {
        self.endpoints.iter().filter(move |(of, _)| *of == operation)
    }

    /// What every path begins with, one of these; empty if that is not known.
    pub fn roots(&self) -> &'static [&'static str] {
        self.roots
    }
}

/// Whether segments are as a pattern has them: `*` is any, `v*` a version, `*x` any that ends in `x`.
fn fit(pattern: &[&str], segments: &[String]) -> bool {
    pattern.len() == segments.len()
        && pattern.iter().zip(segments).all(|(pattern, segment)| match *pattern {
            "v*" => is_version(segment),
            pattern => match pattern.strip_prefix('*') {
                Some(ending) => segment.ends_with(ending),
                None => segment == pattern,
            },
        })
}
