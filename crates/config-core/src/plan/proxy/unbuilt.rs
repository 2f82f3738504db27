//! What a plugin may ask for that the gateway does not speak yet.

use super::Proxy;
use crate::model::{Llama2Format, LlmFormat, MistralFormat, Provider, RouteType};
use crate::plan::auth::Identity;
use crate::plan::obstacle::Obstacle;

impl Proxy {
    /// Why no request can be sent for this plugin yet; `None` if one can. Decisions are made all the
    /// same, to be shown; they refuse to be [sent](crate::plan::prepare::Decision::target).
    pub fn unbuilt(&self) -> Option<String> {
        let provider = self.provider;
        if !matches!(provider, Provider::Openai | Provider::Azure | Provider::Mistral | Provider::Llama2) {
            return Some(format!("requests to `{provider}` are not translated yet"));
        }
        if self.llm_format != LlmFormat::Openai {
            return Some(format!("clients that speak `llm_format: {}` are not served yet", self.llm_format));
        }
        if let Some(Identity::AzureManaged { .. }) = self.auth.identity {
            return Some("tokens of an Azure managed identity are not fetched yet".to_owned());
        }
        let format = match provider {
            _ if self.route_type == RouteType::Preserve => None,
            Provider::Mistral if self.mistral_format == MistralFormat::Ollama => {
                Some(("mistral_format", "ollama"))
            }
            Provider::Llama2 => self
                .llama2_format
                .filter(|format| *format != Llama2Format::Openai)
                .map(|format| ("llama2_format", format.as_str())),
            _ => None,
        };
        format.map(|(option, format)| format!("requests are not translated into `{option}: {format}` yet"))
    }

    /// The same as what keeps the file from being served, at the plugin's provider.
    pub(in crate::plan) fn obstacle(&self) -> Option<Obstacle> {
        let message = self.unbuilt()?;
        let help =
            "serve the file with `--mock`, where such routes answer 501, or leave the plugin out".into();
        Some(Obstacle { line: self.origin.line, column: self.origin.column, message, help })
    }
}
