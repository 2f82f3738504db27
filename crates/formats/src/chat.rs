//! A client's request in a typed, borrowed form: what providers with an API of their own are asked from.
//!
//! It is read once, and what OpenAI lets clients say in several ways is said in one: `developer` is
//! `system`, functions are tools, a stop text is a list, and the token limit, temperature and the like are
//! already those that count.

mod content;
mod read;

use std::borrow::Cow;

pub(crate) use content::is_blank;
pub use content::{Content, Image, ImageSource, Part};
use serde_json::value::RawValue;

use crate::body::Members;
use crate::functions::{ANY_OBJECT, arguments_text};

/// A chat completions request; a completions request is one with its prompt as the only message.
#[derive(Debug, Clone)]
pub struct Chat<'a> {
    /// The model to ask.
    pub model: &'a str,
    /// The version of the provider's API, where the configuration names one.
    pub api_version: Option<&'a str>,
    /// Whether the answer is to be a stream.
    pub stream: bool,
    /// The conversation. Never empty.
    pub messages: Vec<Message<'a>>,
    /// The text of a completions request.
    pub prompt: Option<Cow<'a, str>>,
    /// Tools that the model may call.
    pub tools: Vec<Tool<'a>>,
    /// Which of them it may or must call; only where there are tools.
    pub tool_choice: Option<ToolChoice<'a>>,
    /// Whether it may call several at once.
    pub parallel_tool_calls: Option<bool>,
    /// The most tokens to generate: the configured limit, else the request's.
    pub max_tokens: Option<u64>,
    /// Sampling temperature; the configured one wins.
    pub temperature: Option<f64>,
    /// Nucleus sampling; the configured one wins.
    pub top_p: Option<f64>,
    /// Sampling from the k likeliest tokens; the configured one wins.
    pub top_k: Option<i64>,
    /// Texts at which to stop. No item is empty.
    pub stop: Vec<Cow<'a, str>>,
    /// A seed for sampling.
    pub seed: Option<i64>,
    /// How much repeating a topic is held against a token.
    pub presence_penalty: Option<f64>,
    /// How much being frequent is held against a token.
    pub frequency_penalty: Option<f64>,
    /// The number of answers, if more than one.
    pub n: Option<u64>,
    /// Who asks, in the client's terms.
    pub user: Option<Cow<'a, str>>,
    /// The form of the answer, if it is not to be plain text.
    pub response_format: Option<ResponseFormat<'a>>,
    /// How much to reason: `none`, `minimal`, `low`, `medium`, `high` or what else the client says.
    pub reasoning_effort: Option<Cow<'a, str>>,
    /// Which of temperature and nucleus sampling the configuration has set.
    pub configured: Configured,
    body: &'a Members<'a>,
}

/// What of the sampling options comes from the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Configured {
    /// `temperature` does.
    pub temperature: bool,
    /// `top_p` does.
    pub top_p: bool,
}

/// One turn of a conversation.
#[derive(Debug, Clone)]
pub enum Message<'a> {
    /// Instructions, of `system` or `developer`.
    System(Content<'a>),
    /// What the user said.
    User(Content<'a>),
    /// What the model answered.
    Assistant(Assistant<'a>),
    /// What a tool that the model called has returned.
    Tool(ToolResult<'a>),
}

/// An answer of the model that the client sends back.
#[derive(Debug, Clone)]
pub struct Assistant<'a> {
    /// Its text, possibly none.
    pub content: Content<'a>,
    /// Its calls.
    pub tool_calls: Vec<ToolCall<'a>>,
}

/// A call of a tool.
#[derive(Debug, Clone)]
pub struct ToolCall<'a> {
    /// The call's id, by which its result is known.
    pub id: Cow<'a, str>,
    /// The tool.
    pub name: Cow<'a, str>,
    /// JSON text of the arguments as the client sent it; possibly empty, possibly no JSON.
    pub arguments: Cow<'a, str>,
    /// Where the call stands, for messages: `messages[3].tool_calls[0]`.
    pub place: Place,
}

/// What a tool returned.
#[derive(Debug, Clone)]
pub struct ToolResult<'a> {
    /// The id of the call.
    pub call_id: Cow<'a, str>,
    /// The tool that was called, from the call of this id in an earlier message; empty if there is none.
    pub name: Cow<'a, str>,
    /// The result.
    pub content: Content<'a>,
}

/// A tool that the model may call.
#[derive(Debug, Clone)]
pub struct Tool<'a> {
    /// Its name.
    pub name: Cow<'a, str>,
    /// What it does.
    pub description: Option<Cow<'a, str>>,
    /// The JSON schema of its arguments, an object.
    pub parameters: Option<&'a RawValue>,
    /// Whether calls have to follow the schema strictly.
    pub strict: Option<bool>,
}

/// Which tools the model may or must call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToolChoice<'a> {
    /// None.
    None,
    /// Those that it likes.
    Auto,
    /// At least one.
    Required,
    /// This one.
    Named(Cow<'a, str>),
}

/// The form of the answer.
#[derive(Debug, Clone)]
pub enum ResponseFormat<'a> {
    /// Any JSON object.
    JsonObject,
    /// JSON of this schema.
    JsonSchema {
        /// The schema's name.
        name: Cow<'a, str>,
        /// What it is for.
        description: Option<Cow<'a, str>>,
        /// The schema; none means any JSON.
        schema: Option<&'a RawValue>,
        /// Whether the answer has to follow it strictly.
        strict: Option<bool>,
    },
}

/// A place in the request's body, for messages to the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place(pub(crate) String);

/// Why a request cannot be said in a provider's terms.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct RequestError {
    /// What is wrong and where, for the client.
    pub message: String,
    /// The request member at fault: the top one.
    pub param: Option<&'static str>,
}

/// The longest message, in bytes: it may quote what the client has sent.
const MAX_MESSAGE: usize = 1 << 10;

impl RequestError {
    /// An error about a member. A message that quotes too much keeps its beginning and its end.
    pub fn new(param: &'static str, message: impl Into<String>) -> Self {
        let mut message = message.into();
        if message.len() > MAX_MESSAGE {
            let head = message.floor_char_boundary(MAX_MESSAGE / 2);
            let tail = message.ceil_char_boundary(message.len() - MAX_MESSAGE / 2);
            message.replace_range(head..tail, "…");
        }
        // Logs and terminals show it, too.
        if message.contains(char::is_control) {
            message = message.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        }
        Self { message, param: Some(param) }
    }
}

impl<'a> Chat<'a> {
    /// JSON text of a member that is not part of OpenAI's API, for what a provider lets clients send
    /// beside it.
    pub fn extra(&self, name: &str) -> Option<&'a str> {
        self.body.present(name)
    }

    /// JSON text of such a member that has to be an object.
    ///
    /// # Errors
    /// If it is none; `form` says what to send.
    pub(crate) fn extra_object(
        &self,
        name: &'static str,
        form: &str,
    ) -> Result<Option<&'a RawValue>, RequestError> {
        let Some(text) = self.extra(name) else { return Ok(None) };
        let object = serde_json::from_str(text).ok().filter(|_| text.starts_with('{'));
        object.map(Some).ok_or_else(|| RequestError::new(name, format!("{name} must be {form}")))
    }

    /// The text of a completions request.
    ///
    /// # Errors
    /// If it is another request.
    pub fn prompt_text(&self) -> Result<&str, RequestError> {
        self.prompt.as_deref().ok_or_else(|| RequestError::new("prompt", "prompt is missing"))
    }

    /// The stop texts, for a provider that takes no more than `max`.
    ///
    /// # Errors
    /// If there are more: to leave some out would make the model go on where the client ends it.
    pub fn stop_within(&self, max: usize, provider: &str) -> Result<&[Cow<'a, str>], RequestError> {
        match self.stop.len() {
            count if count <= max => Ok(&self.stop),
            count => {
                let message = format!(
                    "stop has {count} texts, and {provider} takes at most {max}; send the {max} that matter"
                );
                Err(RequestError::new("stop", message))
            }
        }
    }

    /// An error about a conversation in which there is nothing that `provider` could answer.
    pub(crate) fn nothing_to_answer(&self, provider: &str) -> RequestError {
        match self.prompt {
            Some(_) => RequestError::new("prompt", format!("prompt is blank: {provider} needs a text")),
            None => {
                let message = format!(
                    "messages say nothing to answer: {provider} needs a message of role `user` with a text or an image"
                );
                RequestError::new("messages", message)
            }
        }
    }

    /// The calls of tools that the conversation tells of, in order.
    pub fn tool_calls(&self) -> impl Iterator<Item = &ToolCall<'a>> {
        self.messages.iter().flat_map(|message| match message {
            Message::Assistant(assistant) => &*assistant.tool_calls,
            _ => &[],
        })
    }

    /// All instructions as one text, a line for each message; empty if there are none.
    pub fn instructions(&self) -> String {
        self.system_texts().collect::<Vec<_>>().join("\n")
    }

    /// All instructions, each system message's texts joined; blank ones left out.
    pub fn system_texts(&self) -> impl Iterator<Item = Cow<'_, str>> {
        let texts = self.messages.iter().filter_map(|message| match message {
            Message::System(content) => Some(content.text()),
            _ => None,
        });
        texts.filter(|text| !text.trim().is_empty())
    }

    /// The conversation without its instructions.
    pub fn turns(&self) -> impl Iterator<Item = &Message<'a>> {
        self.messages.iter().filter(|message| !matches!(message, Message::System(_)))
    }
}

impl Tool<'_> {
    /// The schema of the arguments, for providers that demand one: without one, an object of anything.
    pub fn schema(&self) -> &RawValue {
        let said = self.parameters.filter(|schema| !schema.get()[1..].trim_ascii_start().starts_with('}'));
        said.unwrap_or_else(|| serde_json::from_str(ANY_OBJECT).expect("it is JSON"))
    }
}

impl ToolCall<'_> {
    /// The arguments as JSON text of an object; `{}` if there are none.
    ///
    /// # Errors
    /// If they are no JSON object: providers that take an object could not be sent them.
    pub fn arguments_object(&self) -> Result<&RawValue, RequestError> {
        let text = arguments_text(&self.arguments);
        let object = serde_json::from_str::<&RawValue>(text).ok().filter(|json| json.get().starts_with('{'));
        object.ok_or_else(|| {
            let message = format!("{}.function.arguments must be the text of a JSON object", self.place);
            RequestError::new("messages", message)
        })
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
