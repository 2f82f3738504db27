//! The wire formats that aiproxy speaks, without I/O: bytes or values in, bytes or values out.
//!
//! Clients speak OpenAI's format; a provider speaks one [`WireFormat`]. Where that is an API of its own, a
//! [`codec`] translates: the request through [`chat`], a whole answer through [`completion`], a stream
//! through [`framing`] and [`chunks`]. Where it is OpenAI's, members are edited and bytes pass
//! ([`openai`], [`mistral`]).

pub mod body;
pub mod chat;
pub mod chunks;
pub mod codec;
pub mod completion;
pub mod error;
pub mod facts;
pub mod framing;
mod functions;
pub mod mistral;
pub mod multipart;
pub mod native;
pub mod openai;
mod peek;
pub mod rfc3339;
pub mod sse;
pub mod statistics;
pub mod stream;
pub mod usage;

/// What goes over the wire to an upstream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WireFormat {
    /// Whatever client and provider agreed on; passed on unread.
    Preserved,
    /// OpenAI chat completions or completions.
    OpenAi,
    /// Anthropic Messages.
    Anthropic,
    /// Cohere Chat, version 2.
    CohereV2,
    /// Cohere Chat, version 1, for URLs that name it.
    CohereV1,
    /// Mistral chat completions: OpenAI's with a closed set of fields.
    Mistral,
    /// Ollama's `/api/chat`.
    Ollama,
    /// Ollama's `/api/generate`.
    OllamaGenerate,
    /// A prompt template as text, to a Llama 2 text-generation server.
    Llama2Raw,
    /// Gemini `generateContent`, of the public API.
    Gemini,
    /// The same of Vertex AI, which takes links to files.
    Vertex,
    /// Amazon Bedrock Converse.
    Bedrock,
    /// OpenAI chat completions with Hugging Face's finish reasons and errors.
    HuggingFaceChat,
    /// OpenAI completions with the same.
    HuggingFaceCompletions,
    /// Hugging Face text generation.
    HuggingFaceGeneration,
}

impl WireFormat {
    /// The format's name in messages.
    pub fn as_str(self) -> &'static str {
        match self {
            WireFormat::Preserved => "preserved",
            WireFormat::OpenAi => "openai",
            WireFormat::Anthropic => "anthropic",
            WireFormat::CohereV2 => "cohere v2",
            WireFormat::CohereV1 => "cohere v1",
            WireFormat::Mistral => "mistral",
            WireFormat::Ollama => "ollama",
            WireFormat::OllamaGenerate => "ollama generate",
            WireFormat::Llama2Raw => "llama2 raw",
            WireFormat::Gemini => "gemini",
            WireFormat::Vertex => "vertex",
            WireFormat::Bedrock => "bedrock",
            WireFormat::HuggingFaceChat => "huggingface chat",
            WireFormat::HuggingFaceCompletions => "huggingface completions",
            WireFormat::HuggingFaceGeneration => "huggingface text generation",
        }
    }
}
