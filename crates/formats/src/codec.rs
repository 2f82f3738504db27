//! Providers with an API of their own: what each makes of a request, of its whole answer and of its
//! stream, behind one trait. A new provider is one module here and one row in [`codec`].

mod anthropic;
pub(crate) mod bedrock;
mod cohere;
mod cohere_v1;
mod expected;
mod gemini;
mod llama2_raw;
mod mistral;
mod names;
mod ollama;
mod text_generation;
#[cfg(test)]
mod trial;
mod turns;

use std::collections::HashSet;

use crate::WireFormat;
use crate::body::Members;
use crate::chat::{Chat, RequestError};
use crate::chunks::Chunks;
use crate::completion::Completion;
use crate::error::ErrorObject;
use crate::framing::Frame;
use crate::functions;
use crate::openai::Options;

use gemini::Gemini;

pub use expected::{Expected, Operation, Origin};
pub(crate) use names::fnv1a;
pub use names::{NameRule, ToolNames};

/// What is known of a request when its body is translated.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The provider's name in configurations, for messages.
    pub provider: &'a str,
    /// What the client asks for.
    pub operation: Operation,
    /// The model to ask.
    pub model: &'a str,
    /// The version of the provider's API, where the configuration names one.
    pub api_version: Option<&'a str>,
    /// Whether the answer is to be a stream.
    pub stream: bool,
    /// Options of the configuration.
    pub options: &'a Options,
}

/// A request in a provider's format, and what its answer is to be read with.
#[derive(Debug, Clone)]
pub struct Translated {
    /// The body to send.
    pub body: Vec<u8>,
    /// What the answer is to be read with.
    pub expected: Expected,
    /// Members of the client's request that ask for something and were left out, because the provider has
    /// nothing like them.
    pub dropped: Vec<String>,
}

/// A body in a provider's format.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outgoing {
    /// The JSON to send.
    pub body: Vec<u8>,
    /// Tools that had to be renamed.
    pub tool_names: ToolNames,
    /// Members of which the provider has something like in other requests, and that were left out of this
    /// one.
    pub dropped: Vec<&'static str>,
}

/// A provider's format: the three faces that it shows.
pub trait Codec: Sync {
    /// The request members, beyond those that every conversation is made of, that the provider has
    /// something like. What else asks for something is dropped and reported.
    fn members(&self) -> &'static [&'static str];

    /// The request in the provider's format.
    ///
    /// # Errors
    /// If the provider cannot be asked what the client asks; the message says where in the request.
    fn request(&self, chat: &Chat<'_>) -> Result<Outgoing, RequestError>;

    /// What a whole answer, JSON with a good status, says. `request_id` is the provider's own name of the
    /// exchange, from the answer's headers.
    ///
    /// # Errors
    /// If it is no answer: for the client, that is the upstream's failure.
    fn answer(&self, json: &str, request_id: Option<&str>) -> Result<Completion, ErrorObject>;

    /// What reads the frames of one stream.
    fn events(&self) -> Box<dyn Events>;
}

/// Reads the frames of one stream in a provider's format.
pub trait Events: Send {
    /// What the provider names the exchange, in the answer's headers. Said before the first frame.
    fn named(&mut self, _request_id: &str, _chunks: &mut Chunks) {}

    /// Says in OpenAI's terms what a frame says; a frame that means nothing to clients says nothing. An
    /// error ends the stream: [`Chunks::fail`].
    fn frame(&mut self, frame: &Frame<'_>, chunks: &mut Chunks);

    /// The upstream's bytes are over: says what was held back until here. Called once, and only if
    /// neither an end nor an error has been said.
    fn end(&mut self, _chunks: &mut Chunks) {}
}

/// The codec of a format, for what the client asks; none where the provider speaks the client's format, so
/// that members are edited and bytes pass.
pub fn codec(wire: WireFormat, operation: Operation) -> Option<&'static dyn Codec> {
    let completions = operation == Operation::Completions;
    match wire {
        WireFormat::Anthropic => Some(&anthropic::Anthropic),
        WireFormat::Bedrock => Some(&bedrock::Bedrock),
        WireFormat::Gemini => Some(&Gemini::Public),
        WireFormat::Vertex => Some(&Gemini::Vertex),
        WireFormat::Mistral if completions => Some(&mistral::Completions),
        WireFormat::Ollama => Some(&ollama::Ollama::Chat),
        WireFormat::OllamaGenerate if completions => Some(&ollama::Ollama::Generate),
        WireFormat::Llama2Raw => Some(&llama2_raw::Llama2Raw),
        WireFormat::HuggingFaceGeneration if completions => Some(&text_generation::TextGeneration),
        WireFormat::CohereV2 => Some(&cohere::Cohere),
        WireFormat::CohereV1 => Some(&cohere_v1::CohereV1),
        WireFormat::Preserved
        | WireFormat::OpenAi
        | WireFormat::Mistral
        | WireFormat::OllamaGenerate
        | WireFormat::HuggingFaceChat
        | WireFormat::HuggingFaceCompletions
        | WireFormat::HuggingFaceGeneration => None,
    }
}

/// Members that every codec takes: what is said in them is said in some way.
const COMMON: [&str; 12] = [
    "model",
    "messages",
    "prompt",
    "stream",
    "stream_options",
    "max_tokens",
    "max_completion_tokens",
    "temperature",
    "tools",
    "tool_choice",
    "functions",
    "function_call",
];

/// Of these, and of what codecs take, members that completions requests do not have.
const OF_CHATS: [&str; 3] = ["tools", "tool_choice", "parallel_tool_calls"];

/// Whether a member's value asks for something: leaving others out changes no answer.
pub(crate) fn asks(value: &str) -> bool {
    !["null", "false", "0", "0.0", "\"\"", "[]", "{}"].contains(&value)
}

/// Turns a request into `codec`'s format.
///
/// # Errors
/// If the provider cannot be asked what the client asks.
pub fn translate(
    codec: &dyn Codec,
    wire: WireFormat,
    body: &mut Members<'_>,
    asked: &Asked<'_>,
) -> Result<Translated, RequestError> {
    functions::to_tools(body);
    let mut chat = Chat::read(body, asked.model, asked.stream, asked.options)?;
    chat.api_version = asked.api_version;
    let is_idle = |name: &str| chat.prompt.is_some() && OF_CHATS.contains(&name);
    let takes = |name: &str| (COMMON.contains(&name) || codec.members().contains(&name)) && !is_idle(name);
    if let Some(n) = chat.n.filter(|_| !takes("n")) {
        let provider = asked.provider;
        let message =
            format!("n > 1 is not supported by {provider} (n is {n}); leave `n` out and ask {n} times");
        return Err(RequestError::new("n", message));
    }
    let is_asked = |name: &&str| match *name {
        "n" => chat.n.is_some(),
        "response_format" => chat.response_format.is_some(),
        "parallel_tool_calls" => chat.parallel_tool_calls == Some(false),
        name => body.get(name).is_some_and(asks),
    };
    let Outgoing { body: outgoing, tool_names, dropped: unsaid } = codec.request(&chat)?;
    let mut known = HashSet::new();
    let unknown = body.keys().filter(|name| !takes(name)).filter(is_asked);
    let dropped = unknown.chain(unsaid).filter(|name| known.insert(*name)).map(str::to_owned).collect();
    let includes_usage = body.present("stream_options").is_some_and(includes_usage);
    let expected = Expected {
        wire,
        operation: asked.operation,
        model: asked.model.to_owned(),
        includes_usage,
        tool_names,
    };
    Ok(Translated { body: outgoing, expected, dropped })
}

fn includes_usage(options: &str) -> bool {
    crate::peek::member(options, "include_usage") == Some("true")
}
