//! The APIs that the mock knows.

use config_core::model::{Provider, RouteType};
use formats::WireFormat;
use hyper::{Response, StatusCode};

use super::answer::Answer;
use super::ask::Ask;
use super::question::Question;
use super::{
    anthropic::Anthropic, bedrock::Bedrock, cohere::Cohere, cohere_v1::CohereV1, completions::Completions,
    gemini::Gemini, generation::Generation, huggingface::HuggingFace, mistral::Mistral, ollama::Ollama,
    openai::OpenAi,
};
use crate::Body;

/// How an API is asked and answers.
pub trait Dialect: Sync {
    /// What a request asks for, or why it asks for nothing.
    fn ask(&self, question: &Question) -> Result<Ask, &'static str>;

    /// A whole answer.
    fn whole(&self, question: &Question, answer: &Answer) -> Response<Body>;

    /// The same as a stream.
    fn stream(&self, question: &Question, answer: &Answer) -> Response<Body>;

    /// An error.
    fn failure(&self, status: StatusCode, message: &str) -> Response<Body>;
}

/// The API of a request: of a translated one the plan's, else the one whose path it has. None if it asks
/// no model for text.
pub fn of(question: &Question) -> Option<&'static dyn Dialect> {
    let Some(conversation) = &question.conversation else { return by_path(question, None) };
    let is_chat = conversation.route_type == RouteType::Chat;
    Some(match conversation.wire {
        WireFormat::Preserved => return by_path(question, Some(conversation.provider)),
        WireFormat::OpenAi if is_chat => &OpenAi,
        WireFormat::OpenAi | WireFormat::HuggingFaceCompletions => &Completions,
        WireFormat::Anthropic => &Anthropic,
        WireFormat::CohereV2 => &Cohere,
        WireFormat::CohereV1 => &CohereV1,
        WireFormat::Mistral => &Mistral,
        WireFormat::Ollama => &Ollama::Chat,
        WireFormat::OllamaGenerate => &Ollama::Generate,
        WireFormat::Llama2Raw | WireFormat::HuggingFaceGeneration => &Generation,
        WireFormat::Gemini | WireFormat::Vertex => &Gemini,
        WireFormat::Bedrock => &Bedrock,
        WireFormat::HuggingFaceChat => &HuggingFace,
    })
}

/// Paths as the providers' own clients call them. What stands before them is Azure's deployment, a gateway
/// or nothing.
fn by_path(question: &Question, provider: Option<Provider>) -> Option<&'static dyn Dialect> {
    if question.method != "POST" {
        return None;
    }
    Some(match &*question.segments() {
        [.., "chat", "completions"] => match provider {
            Some(Provider::Mistral) => &Mistral,
            Some(Provider::Huggingface) => &HuggingFace,
            _ => &OpenAi,
        },
        [.., "completions"] => &Completions,
        [.., "v1", "messages"] => &Anthropic,
        [.., "v2", "chat"] => &Cohere,
        [.., "v1", "chat"] => &CohereV1,
        [.., "api", "chat"] => &Ollama::Chat,
        [.., "api", "generate"] => &Ollama::Generate,
        [.., "model", _, "converse" | "converse-stream"] => &Bedrock,
        [.., "models", model] if is_gemini(model) => &Gemini,
        // What else Google's models are asked for: tokens to count, texts to embed.
        [.., "models", model] if model.contains(':') => return None,
        [.., "models", _] | [.., "models", _, _] | [.., "generate" | "generate_stream"] => &Generation,
        _ => return None,
    })
}

fn is_gemini(segment: &str) -> bool {
    let verb = segment.rsplit_once(':').map(|(_, verb)| verb);
    matches!(verb, Some("generateContent" | "streamGenerateContent"))
}
