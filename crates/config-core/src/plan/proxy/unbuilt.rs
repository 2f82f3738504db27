//! What a plugin may ask for that the gateway does not speak yet.

use formats::WireFormat;
use formats::codec::{Operation, codec};

use super::Proxy;
use crate::model::{Llama2Format, LlmFormat, MistralFormat, Provider, RouteType};
use crate::plan::obstacle::Obstacle;

impl Proxy {
    /// Why no request can be sent for this plugin yet; `None` if one can. Decisions are made all the
    /// same, to be shown; they refuse to be [sent](crate::plan::prepare::Decision::target).
    pub fn unbuilt(&self) -> Option<String> {
        if self.llm_format != LlmFormat::Openai {
            return None;
        }
        let operation = match self.route_type {
            RouteType::Preserve => return None,
            RouteType::Chat => Operation::Chat,
            RouteType::Completions => Operation::Completions,
        };
        let wire = match self.provider {
            Provider::Openai | Provider::Azure => return None,
            Provider::Anthropic => WireFormat::Anthropic,
            Provider::Cohere => WireFormat::CohereV2,
            Provider::Mistral => match self.mistral_format {
                MistralFormat::Openai => return None,
                MistralFormat::Ollama => WireFormat::Ollama,
            },
            Provider::Llama2 => match self.llama2_format {
                Some(Llama2Format::Raw) => WireFormat::Llama2Raw,
                Some(Llama2Format::Ollama) => WireFormat::Ollama,
                Some(Llama2Format::Openai) | None => return None,
            },
            Provider::Gemini => WireFormat::Gemini,
            Provider::Bedrock => WireFormat::Bedrock,
            Provider::Huggingface if operation == Operation::Chat => return None,
            Provider::Huggingface => WireFormat::HuggingFaceGeneration,
        };
        let unbuilt =
            || format!("requests to `{}` are not translated into {} yet", self.provider, wire.as_str());
        codec(wire, operation).is_none().then(unbuilt)
    }

    /// The same as what keeps the file from being served, at the plugin's provider.
    pub(in crate::plan) fn obstacle(&self) -> Option<Obstacle> {
        let message = self.unbuilt()?;
        let help =
            "serve the file with `--mock`, where such routes answer 501, or leave the plugin out".into();
        Some(Obstacle { line: self.origin.line, column: self.origin.column, message, help })
    }
}
