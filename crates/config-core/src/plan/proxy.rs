//! One `ai-proxy` plugin, compiled: templates taken apart and judged, secrets named, options typed.

mod destination;
mod lower;
mod native;
mod render;

use formats::openai::Options;

pub(crate) use destination::Destination;
pub(crate) use lower::host_of;
pub(in crate::plan) use lower::{CONNECTION_HEADERS, is_token};
pub use lower::{Uncompilable, host_error};
pub(in crate::plan) use native::{CONVERSE, GENERATE_CONTENT, Native, operations};
pub use render::{Rendered, RenderedTemplate};
pub(crate) use render::{absent, empty, query_argument};
pub(in crate::plan) use render::{form_decode, split_argument};

use super::auth::Auth;
use super::landing::Landing;
use super::upstream::Endpoint;
use super::upstream::template::{PathTemplate, UrlTemplate};
use crate::model::{Llama2Format, LlmFormat, MistralFormat, Provider, ResponseStreaming, RouteType};
use crate::template::Template;

/// How much of a request body is read unless configured; Kong reads 8 KiB, which refuses most chats.
pub const DEFAULT_MAX_REQUEST_BODY_SIZE: u64 = 16 << 20;

/// A compiled `ai-proxy` plugin.
#[derive(Debug, Clone)]
pub struct Proxy {
    /// Whose model it is.
    pub provider: Provider,
    /// What clients send.
    pub route_type: RouteType,
    /// The credential.
    pub auth: Auth,
    /// Options that beat the request's.
    pub options: Options,
    /// What a llama2 upstream speaks.
    pub llama2_format: Option<Llama2Format>,
    /// What a mistral upstream speaks.
    pub mistral_format: MistralFormat,
    /// The AWS region, if not the environment's.
    pub aws_region: Option<String>,
    /// Hugging Face: whether a cached answer will do.
    pub use_cache: Option<bool>,
    /// Hugging Face: whether to wait for a model that is not loaded.
    pub wait_for_model: Option<bool>,
    /// Price of 1,000,000 prompt tokens.
    pub input_cost: Option<f64>,
    /// Price of 1,000,000 generated tokens.
    pub output_cost: Option<f64>,
    /// Whether clients get streams.
    pub response_streaming: ResponseStreaming,
    /// The most bytes of a body that are read.
    pub max_request_body_size: u64,
    /// Whether tokens, latency and cost are recorded.
    pub log_statistics: bool,
    /// Whether bodies are recorded.
    pub log_payloads: bool,
    /// Whether responses name provider and model.
    pub model_name_header: bool,
    /// The format that clients speak.
    pub llm_format: LlmFormat,
    /// Stands in for the provider's built-in endpoint.
    pub endpoint: Option<Endpoint>,
    /// Where the file has it. A plan knows; of a plugin compiled by itself it is the default.
    pub origin: Origin,
    fields: Vec<CompiledField>,
}

/// Where a file has a plugin, and what it is called in logs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Origin {
    /// Its id in Kong; where Kong would draw one at random, one made from its place in the file.
    pub id: String,
    /// 1-based line of its `provider`.
    pub line: usize,
    /// 1-based column of its `provider`.
    pub column: usize,
}

/// A string of a plugin's `model` block that may hold placeholders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Field {
    /// The model's name.
    Name,
    /// The `anthropic-version` header.
    AnthropicVersion,
    /// The first label of an Azure host.
    AzureInstance,
    /// The Azure deployment.
    AzureDeploymentId,
    /// The `api-version` argument.
    AzureApiVersion,
    /// The whole upstream URL.
    UpstreamUrl,
    /// The upstream path.
    UpstreamPath,
    /// The host of a Vertex AI endpoint.
    GeminiApiEndpoint,
    /// The Google Cloud project.
    GeminiProjectId,
    /// The Google Cloud location.
    GeminiLocationId,
}

impl Field {
    /// Every field: those that Kong passes through its template step with an effect.
    pub const ALL: [Field; 10] = [
        Field::Name,
        Field::AnthropicVersion,
        Field::AzureInstance,
        Field::AzureDeploymentId,
        Field::AzureApiVersion,
        Field::UpstreamUrl,
        Field::UpstreamPath,
        Field::GeminiApiEndpoint,
        Field::GeminiProjectId,
        Field::GeminiLocationId,
    ];

    /// The field as configurations name it, from `config` down.
    pub fn as_str(self) -> &'static str {
        match self {
            Field::Name => "model.name",
            Field::AnthropicVersion => "model.options.anthropic_version",
            Field::AzureInstance => "model.options.azure_instance",
            Field::AzureDeploymentId => "model.options.azure_deployment_id",
            Field::AzureApiVersion => "model.options.azure_api_version",
            Field::UpstreamUrl => "model.options.upstream_url",
            Field::UpstreamPath => "model.options.upstream_path",
            Field::GeminiApiEndpoint => "model.options.gemini.api_endpoint",
            Field::GeminiProjectId => "model.options.gemini.project_id",
            Field::GeminiLocationId => "model.options.gemini.location_id",
        }
    }

    /// Where the field's values land; of URLs and paths, in the parts that are not a query.
    fn landing(self) -> Landing {
        match self {
            Field::Name | Field::AnthropicVersion => Landing::Text,
            Field::AzureInstance | Field::GeminiApiEndpoint => Landing::HostLabel,
            Field::AzureDeploymentId | Field::GeminiProjectId | Field::GeminiLocationId => Landing::Segment,
            Field::AzureApiVersion => Landing::Query,
            Field::UpstreamUrl => Landing::Segment,
            Field::UpstreamPath => Landing::Path,
        }
    }
}

impl Proxy {
    /// The configured strings of the `model` block, in the order of [`Field`].
    pub fn texts(&self) -> impl Iterator<Item = (Field, &str)> {
        self.fields.iter().map(|compiled| (compiled.field, compiled.template.text()))
    }

    /// Whether requests need an AWS region, to be signed or for Bedrock's own host, that the file does not
    /// name.
    pub(super) fn lacks_region(&self) -> bool {
        let built_in =
            || self.endpoint.is_none() && self.texts().all(|(field, _)| field != Field::UpstreamUrl);
        self.provider == Provider::Bedrock
            && self.aws_region.is_none()
            && (self.auth.identity.is_some() || built_in())
    }

    /// The plugin in its place in a file.
    pub(super) fn at(self, origin: Origin) -> Self {
        Self { origin, ..self }
    }
}

#[derive(Debug, Clone)]
struct CompiledField {
    field: Field,
    template: Template,
    shape: Shape,
}

/// What a field's text is made into.
#[derive(Debug, Clone)]
enum Shape {
    Text,
    Path(PathTemplate),
    Url(UrlTemplate),
}
