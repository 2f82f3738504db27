//! The requests that the official SDKs make, by client and operation.
//!
//! The clients are OpenAI's own and the one for Azure of the same packages, in Python and Node. Both put
//! the operation's path behind a base that the caller gives.

use crate::model::{Provider, RouteType};

/// Which client of the SDK sends a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Family {
    /// `OpenAI`: `base_url`, then the operation.
    OpenAi,
    /// `AzureOpenAI`: `azure_endpoint`, then `/openai`, for most operations a deployment, then the
    /// operation.
    Azure,
}

/// What a client can ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    /// `chat.completions.create`
    Chat,
    /// `completions.create`
    Completion,
    /// `responses.create`
    Response,
    /// `embeddings.create`
    Embedding,
    /// `audio.transcriptions.create`
    Transcription,
    /// `audio.translations.create`
    Translation,
    /// `audio.speech.create`
    Speech,
    /// `images.generate`
    Image,
    /// `images.edit`
    ImageEdit,
    /// `moderations.create`
    Moderation,
    /// `models.list`
    Models,
}

impl Family {
    /// Both, the plainer one first.
    pub const ALL: [Family; 2] = [Family::OpenAi, Family::Azure];

    /// The header in which the client sends its `api_key`; with OpenAI's client after `Bearer `.
    pub fn key_header(self) -> &'static str {
        match self {
            Family::OpenAi => "authorization",
            Family::Azure => "api-key",
        }
    }
}

/// The columns of the table of operations.
struct Row {
    method: &'static str,
    path: &'static str,
    /// Whether the client for Azure names a deployment in the path.
    of_deployment: bool,
    /// The type of route, other than `preserve`, that takes it.
    route_type: Option<RouteType>,
    /// What the names of models made for it contain.
    models: &'static [&'static str],
}

impl Operation {
    /// Every operation, the most used first.
    pub const ALL: [Operation; 11] = [
        Operation::Chat,
        Operation::Completion,
        Operation::Response,
        Operation::Embedding,
        Operation::Transcription,
        Operation::Translation,
        Operation::Speech,
        Operation::Image,
        Operation::ImageEdit,
        Operation::Moderation,
        Operation::Models,
    ];

    #[rustfmt::skip]
    const fn row(self) -> Row {
        const fn row(method: &'static str, path: &'static str, of_deployment: bool, route_type: Option<RouteType>, models: &'static [&'static str]) -> Row {
            Row { method, path, of_deployment, route_type, models }
        }
        match self {
            Operation::Chat => row("POST", "/chat/completions", true, Some(RouteType::Chat), &[]),
            Operation::Completion => row("POST", "/completions", true, Some(RouteType::Completions), &["-instruct", "davinci", "babbage"]),
            Operation::Response => row("POST", "/responses", false, None, &["codex", "deep-research"]),
            Operation::Embedding => row("POST", "/embeddings", true, None, &["embed"]),
            Operation::Transcription => row("POST", "/audio/transcriptions", true, None, &["whisper", "transcribe"]),
            Operation::Translation => row("POST", "/audio/translations", true, None, &[]),
            Operation::Speech => row("POST", "/audio/speech", true, None, &["tts"]),
            Operation::Image => row("POST", "/images/generations", true, None, &["dall-e", "gpt-image"]),
            Operation::ImageEdit => row("POST", "/images/edits", true, None, &[]),
            Operation::Moderation => row("POST", "/moderations", false, None, &["moderation"]),
            Operation::Models => row("GET", "/models", false, None, &[]),
        }
    }

    /// The method it is sent with.
    pub fn method(self) -> &'static str {
        self.row().method
    }

    /// What the client puts behind its base.
    pub fn path(self) -> &'static str {
        self.row().path
    }

    /// Whether the client for Azure puts the operation under a deployment.
    pub fn is_of_deployment(self) -> bool {
        self.row().of_deployment
    }

    /// A model that could be asked for it, for examples.
    pub fn example_model(self, provider: Provider) -> &'static str {
        match self {
            Operation::Embedding => "text-embedding-3-small",
            Operation::Transcription | Operation::Translation => "whisper-1",
            Operation::Speech => "tts-1",
            Operation::Image | Operation::ImageEdit => "gpt-image-1",
            Operation::Moderation => "omni-moderation-latest",
            Operation::Completion if matches!(provider, Provider::Openai | Provider::Azure) => {
                "gpt-3.5-turbo-instruct"
            }
            Operation::Chat | Operation::Completion | Operation::Response | Operation::Models => {
                chat_model(provider)
            }
        }
    }

    /// Whether a route of this type takes it.
    pub fn is_for(self, route_type: RouteType) -> bool {
        route_type == RouteType::Preserve || self.row().route_type == Some(route_type)
    }

    /// The operations that a route of this type takes: the one that the model is made for first, as far
    /// as its name tells.
    pub fn of(route_type: RouteType, model: Option<&str>) -> Vec<Operation> {
        let is_made_for = |operation: &Operation| {
            model.is_some_and(|model| operation.row().models.iter().any(|part| model.contains(part)))
        };
        let mut operations: Vec<_> =
            Self::ALL.into_iter().filter(|operation| operation.is_for(route_type)).collect();
        operations.sort_by_key(|operation| !is_made_for(operation));
        operations
    }
}

/// What comes before the operation in the paths of a provider's own OpenAI-style API, as its manual has
/// them.
pub fn api_root(provider: Provider) -> &'static str {
    match provider {
        Provider::Openai | Provider::Mistral | Provider::Llama2 | Provider::Huggingface => "/v1",
        Provider::Anthropic => "/v1",
        Provider::Azure | Provider::Bedrock => "/openai/v1",
        Provider::Cohere => "/compatibility/v1",
        Provider::Gemini => "/v1beta/openai",
    }
}

/// A model of the provider to chat with.
fn chat_model(provider: Provider) -> &'static str {
    match provider {
        Provider::Openai | Provider::Azure => "gpt-4o",
        Provider::Anthropic => "claude-sonnet-4-6",
        Provider::Cohere => "command-r",
        Provider::Mistral => "mistral-small-latest",
        Provider::Llama2 => "llama-3",
        Provider::Gemini => "gemini-2.5-flash",
        Provider::Bedrock => "amazon.nova-lite-v1",
        Provider::Huggingface => "HuggingFaceH4/zephyr-7b-beta",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_takes_what_its_type_says() {
        assert_eq!(Operation::of(RouteType::Chat, Some("whisper-1")), [Operation::Chat]);
        assert_eq!(Operation::of(RouteType::Completions, None), [Operation::Completion]);
        assert_eq!(Operation::of(RouteType::Preserve, None), Operation::ALL);
    }

    #[test]
    fn the_models_name_tells_what_it_is_for() {
        for (model, operation) in [
            ("whisper-2", Operation::Transcription),
            ("gpt-4o-mini-transcribe", Operation::Transcription),
            ("gpt-4o-mini-tts", Operation::Speech),
            ("text-embedding-3-small", Operation::Embedding),
            ("dall-e-3", Operation::Image),
            ("gpt-3.5-turbo-instruct", Operation::Completion),
            ("omni-moderation-latest", Operation::Moderation),
            ("gpt-4o", Operation::Chat),
        ] {
            assert_eq!(Operation::of(RouteType::Preserve, Some(model))[0], operation, "{model}");
        }
    }
}
