//! The configuration of the `ai-proxy` plugin (Kong 3.10, and the Azure identity fields that only
//! Kong Enterprise reads).

use schemars::JsonSchema;
use serde::Deserialize;

use super::value::{Int, Integer, MAX_EXACT_INTEGER, Number, Positive, Text, words};
use crate::syntax::Spanned;

/// Sends requests to a large language model.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AiProxy {
    /// What clients send on this route: chats, completions, or anything (`preserve`).
    pub route_type: Spanned<RouteType>,
    /// The credential that the upstream gets.
    pub auth: Option<Spanned<Auth>>,
    /// Which model of which provider.
    pub model: Spanned<Model>,
    /// What is recorded of each request.
    pub logging: Option<Spanned<Logging>>,
    /// Whether clients may (`allow`, the default), must not (`deny`) or always do (`always`) get a
    /// stream.
    pub response_streaming: Option<Spanned<ResponseStreaming>>,
    /// The largest request body to read, in bytes; 8192 in Kong unless given.
    pub max_request_body_size: Option<Spanned<Int<1, MAX_EXACT_INTEGER>>>,
    /// Whether responses name provider and model in `X-Kong-LLM-Model`; they do unless told not to.
    pub model_name_header: Option<Spanned<bool>>,
    /// The format that clients speak; `openai` unless given.
    pub llm_format: Option<Spanned<LlmFormat>>,
}

/// The credential that the upstream gets.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Auth {
    /// The header that carries the credential. Goes with `header_value`.
    pub header_name: Option<Spanned<Text>>,
    /// The whole header value, a scheme such as `Bearer` included; best a reference
    /// `{vault://env/NAME}`.
    pub header_value: Option<Spanned<Text>>,
    /// The query or body parameter that carries the credential. Goes with `param_value` and
    /// `param_location`.
    pub param_name: Option<Spanned<Text>>,
    /// The parameter's value; best a reference `{vault://env/NAME}`.
    pub param_value: Option<Spanned<Text>>,
    /// Where the parameter goes.
    pub param_location: Option<Spanned<ParamLocation>>,
    /// Whether a credential that the client sends wins; it does not unless allowed.
    pub allow_override: Option<Spanned<bool>>,
    /// Authenticate to Google Cloud as a service account.
    pub gcp_use_service_account: Option<Spanned<bool>>,
    /// The service account's key file as JSON text; otherwise `GCP_SERVICE_ACCOUNT`.
    pub gcp_service_account_json: Option<Spanned<Text>>,
    /// The AWS access key id; otherwise `AWS_ACCESS_KEY_ID`.
    pub aws_access_key_id: Option<Spanned<Text>>,
    /// The AWS secret access key; otherwise `AWS_SECRET_ACCESS_KEY`.
    pub aws_secret_access_key: Option<Spanned<Text>>,
    /// Authenticate to Azure with an identity's token instead of a key (in Kong: Enterprise only).
    pub azure_use_managed_identity: Option<Spanned<bool>>,
    /// The identity's client id; otherwise `AZURE_CLIENT_ID` (in Kong: Enterprise only).
    pub azure_client_id: Option<Spanned<Text>>,
    /// The app registration's secret; otherwise `AZURE_CLIENT_SECRET` (in Kong: Enterprise only).
    pub azure_client_secret: Option<Spanned<Text>>,
    /// The app registration's tenant; otherwise `AZURE_TENANT_ID` (in Kong: Enterprise only).
    pub azure_tenant_id: Option<Spanned<Text>>,
}

/// Which model of which provider.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// Whose model it is.
    pub provider: Spanned<Provider>,
    /// The model's name; may hold templates such as `$(uri_captures.model)`.
    pub name: Option<Spanned<Text>>,
    /// The same as `name`, and refused by Kong: write `name`.
    #[schemars(extend("deprecated" = true))]
    pub model: Option<Spanned<Text>>,
    /// Settings of the model and of its provider.
    pub options: Option<Spanned<ModelOptions>>,
}

impl Model {
    /// The model's name, from `name` or else from its alias `model`.
    pub fn given_name(&self) -> Option<&Spanned<Text>> {
        self.name.as_ref().or(self.model.as_ref())
    }
}

/// Settings of the model and of its provider. Strings may hold templates.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ModelOptions {
    /// The most tokens to generate.
    pub max_tokens: Option<Spanned<Integer>>,
    /// Sampling temperature, 0 to 5.
    pub temperature: Option<Spanned<Number<0, 5>>>,
    /// Nucleus sampling, 0 to 1.
    pub top_p: Option<Spanned<Number<0, 1>>>,
    /// Sampling from the k likeliest tokens, 0 to 500.
    pub top_k: Option<Spanned<Int<0, 500>>>,
    /// Price of 1,000,000 prompt tokens, for the statistics.
    pub input_cost: Option<Spanned<Positive>>,
    /// Price of 1,000,000 generated tokens, for the statistics.
    pub output_cost: Option<Spanned<Positive>>,
    /// The `anthropic-version` header; the provider anthropic needs it.
    pub anthropic_version: Option<Spanned<Text>>,
    /// The Azure OpenAI resource: the first label of its host.
    pub azure_instance: Option<Spanned<Text>>,
    /// The deployment in the Azure OpenAI resource.
    pub azure_deployment_id: Option<Spanned<Text>>,
    /// The `api-version` of Azure OpenAI; `2023-05-15` unless given.
    pub azure_api_version: Option<Spanned<Text>>,
    /// What a llama2 upstream speaks; the provider llama2 needs it.
    pub llama2_format: Option<Spanned<Llama2Format>>,
    /// What a mistral upstream speaks.
    pub mistral_format: Option<Spanned<MistralFormat>>,
    /// The whole upstream URL, in place of the provider's own.
    pub upstream_url: Option<Spanned<Text>>,
    /// The upstream path, in place of the provider's own. Deprecated: write `upstream_url`.
    #[schemars(extend("deprecated" = true))]
    pub upstream_path: Option<Spanned<Text>>,
    /// Settings of gemini; all of them together mean Vertex AI.
    pub gemini: Option<Spanned<Gemini>>,
    /// Settings of bedrock.
    pub bedrock: Option<Spanned<Bedrock>>,
    /// Settings of huggingface.
    pub huggingface: Option<Spanned<Huggingface>>,
}

/// Settings of gemini; all of them together mean Vertex AI.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Gemini {
    /// The host of the regional endpoint.
    pub api_endpoint: Option<Spanned<Text>>,
    /// The Google Cloud project.
    pub project_id: Option<Spanned<Text>>,
    /// The Google Cloud location.
    pub location_id: Option<Spanned<Text>>,
}

/// Settings of bedrock.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Bedrock {
    /// The AWS region; otherwise `AWS_REGION`, then `AWS_DEFAULT_REGION`.
    pub aws_region: Option<Spanned<Text>>,
}

/// Settings of huggingface.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Huggingface {
    /// Whether a cached answer will do.
    pub use_cache: Option<Spanned<bool>>,
    /// Whether to wait for a model that is not loaded.
    pub wait_for_model: Option<Spanned<bool>>,
}

/// What is recorded of each request.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Logging {
    /// Record tokens, latency and cost.
    pub log_statistics: Option<Spanned<bool>>,
    /// Record request and response bodies; does nothing without `log_statistics`.
    pub log_payloads: Option<Spanned<bool>>,
}

words! {
    /// What clients send on a route.
    pub enum RouteType {
        /// OpenAI chat completions.
        Chat = "llm/v1/chat",
        /// OpenAI completions.
        Completions = "llm/v1/completions",
        /// Anything; passed on as it is.
        Preserve = "preserve",
    }
}

words! {
    /// Whose model it is.
    pub enum Provider {
        /// OpenAI.
        Openai = "openai",
        /// Azure OpenAI.
        Azure = "azure",
        /// Anthropic.
        Anthropic = "anthropic",
        /// Cohere.
        Cohere = "cohere",
        /// Mistral, or what speaks like it.
        Mistral = "mistral",
        /// A self-hosted Llama 2, or what speaks like it.
        Llama2 = "llama2",
        /// Google's Gemini, direct or on Vertex AI.
        Gemini = "gemini",
        /// Amazon Bedrock.
        Bedrock = "bedrock",
        /// Hugging Face.
        Huggingface = "huggingface",
    }
}

words! {
    /// Where the credential's parameter goes.
    pub enum ParamLocation {
        /// Into the query string.
        Query = "query",
        /// Into the JSON body.
        Body = "body",
    }
}

words! {
    /// Whether clients get streams.
    pub enum ResponseStreaming {
        /// If they ask.
        Allow = "allow",
        /// Never: a request for a stream is refused.
        Deny = "deny",
        /// Always: a request for none is refused.
        Always = "always",
    }
}

words! {
    /// The format that clients speak.
    pub enum LlmFormat {
        /// OpenAI's.
        Openai = "openai",
        /// Amazon Bedrock's own.
        Bedrock = "bedrock",
        /// Gemini's own.
        Gemini = "gemini",
    }
}

words! {
    /// What a llama2 upstream speaks.
    pub enum Llama2Format {
        /// The prompt template of the model, as text.
        Raw = "raw",
        /// OpenAI's format.
        Openai = "openai",
        /// Ollama's format.
        Ollama = "ollama",
    }
}

words! {
    /// What a mistral upstream speaks.
    pub enum MistralFormat {
        /// OpenAI's format.
        Openai = "openai",
        /// Ollama's format.
        Ollama = "ollama",
    }
}
