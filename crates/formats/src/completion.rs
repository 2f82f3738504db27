//! A whole answer in OpenAI's terms, and as OpenAI writes it.

use serde::Serialize;
use serde_json::value::RawValue;

use crate::codec::{Expected, Operation, Origin};
use crate::error::ErrorObject;
use crate::facts::{Facts, Text};
use crate::functions::arguments_text;
use crate::usage::Usage;

/// An answer of a model, whoever gave it.
#[derive(Debug, Clone, Default)]
pub struct Completion {
    /// The provider's id for it, if it gives any.
    pub id: Option<String>,
    /// When it was made, in seconds since 1970, if the provider says so.
    pub created: Option<u64>,
    /// The model that answered, if the provider says so.
    pub model: Option<String>,
    /// The answers asked for; at least one.
    pub choices: Vec<Choice>,
    /// What it took.
    pub usage: Option<Usage>,
}

/// One of the answers asked for.
#[derive(Debug, Clone, Default)]
pub struct Choice {
    /// The text; none where there is none, as with an answer that only calls tools.
    pub text: Option<String>,
    /// What was thought before.
    pub reasoning: Option<String>,
    /// The calls of tools.
    pub tool_calls: Vec<Call>,
    /// Why it ends.
    pub finish: FinishReason,
}

/// A call of a tool.
#[derive(Debug, Clone, Default)]
pub struct Call {
    /// The provider's id for it, if it gives any; else one is made up.
    pub id: Option<String>,
    /// The tool, by the name that was sent to the provider.
    pub name: String,
    /// JSON text of the arguments; empty means `{}`.
    pub arguments: String,
}

/// Why an answer ends: OpenAI's closed set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FinishReason {
    /// The model was done, or met a stop text.
    #[default]
    Stop,
    /// A limit was reached.
    Length,
    /// Tools are to be called.
    ToolCalls,
    /// The provider holds the rest back.
    ContentFilter,
}

impl FinishReason {
    /// The reason's name in OpenAI's API.
    pub fn as_str(self) -> &'static str {
        match self {
            FinishReason::Stop => "stop",
            FinishReason::Length => "length",
            FinishReason::ToolCalls => "tool_calls",
            FinishReason::ContentFilter => "content_filter",
        }
    }

    /// A provider's reason, by a table of those that are not `stop`: unknown ones are.
    pub fn from_table(table: &[(&str, FinishReason)], reason: &str) -> Self {
        table.iter().find(|(name, _)| *name == reason).map_or(FinishReason::Stop, |(_, finish)| *finish)
    }

    /// The reason of an answer that calls tools, or calls none: providers without a reason for it say that
    /// they stopped, and a client that is told of calls looks for them.
    pub fn with_calls(self, calls: bool) -> Self {
        match (self, calls) {
            (FinishReason::Stop, true) => FinishReason::ToolCalls,
            (FinishReason::ToolCalls, false) => FinishReason::Stop,
            (reason, _) => reason,
        }
    }
}

/// The most choices of one answer, and the most tool calls in all of them; no provider gives a hundredth.
/// What an answer of nothing else would take is far more than its bytes.
pub(crate) const MAX_CHOICES: usize = 256;
pub(crate) const MAX_CALLS: usize = 4096;

pub(crate) fn too_many_choices() -> ErrorObject {
    ErrorObject::new(502, format!("the upstream's answer has more than {MAX_CHOICES} choices"))
}

pub(crate) fn too_many_calls() -> ErrorObject {
    ErrorObject::new(502, format!("the upstream's answer has more than {MAX_CALLS} tool calls"))
}

impl Completion {
    /// What the answer says about itself, for statistics.
    pub fn facts(&self) -> Facts {
        let mut text = Text::default();
        for (index, choice) in self.choices.iter().enumerate() {
            text.add(choice.text.as_deref().unwrap_or_default(), index == 0);
        }
        let finished = !self.choices.is_empty();
        Facts { usage: self.usage, model: self.model.clone(), finished, text, ..Facts::default() }
    }

    /// The same, if it has no more choices and tool calls than an answer may have.
    ///
    /// # Errors
    /// If it has.
    pub(crate) fn bounded(self) -> Result<Self, ErrorObject> {
        if self.choices.len() > MAX_CHOICES {
            return Err(too_many_choices());
        }
        let calls: usize = self.choices.iter().map(|choice| choice.tool_calls.len()).sum();
        if calls > MAX_CALLS { Err(too_many_calls()) } else { Ok(self) }
    }

    /// The answer as OpenAI's client gets it: `chat.completion` or `text_completion`.
    pub fn to_json(&self, expected: &Expected, origin: &Origin) -> Vec<u8> {
        let id = self.id.as_deref().filter(|id| !id.is_empty());
        let id = id.map_or_else(|| origin.completion_id(expected.operation), str::to_owned);
        let model = self.model.as_deref().filter(|model| !model.is_empty()).unwrap_or(&expected.model);
        let created = self.created.unwrap_or(origin.created);
        let choices = self.choices.iter().enumerate();
        // Clients count on the counts; what nobody has counted is 0.
        let usage = self.usage.unwrap_or_default().to_openai();
        match expected.operation {
            Operation::Chat => {
                let mut calls = 0;
                let choices: Vec<_> = choices
                    .map(|(index, choice)| choice.to_chat(index, expected, origin, &mut calls))
                    .collect();
                json(&Written { id: &id, object: "chat.completion", created, model, choices, usage })
            }
            Operation::Completions => {
                let choices: Vec<_> = choices.map(|(index, choice)| choice.to_text(index)).collect();
                json(&Written { id: &id, object: "text_completion", created, model, choices, usage })
            }
        }
    }
}

fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("texts and numbers have JSON")
}

#[derive(Serialize)]
struct Written<'a, C> {
    id: &'a str,
    object: &'static str,
    created: u64,
    model: &'a str,
    choices: Vec<C>,
    usage: Box<RawValue>,
}

#[derive(Serialize)]
struct ChatChoice<'a> {
    index: usize,
    message: ChatMessage<'a>,
    logprobs: (),
    finish_reason: FinishReason,
}

#[derive(Serialize)]
struct ChatMessage<'a> {
    role: &'static str,
    content: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_content: Option<&'a str>,
    refusal: (),
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<ChatCall<'a>>,
}

#[derive(Serialize)]
struct ChatCall<'a> {
    id: String,
    r#type: &'static str,
    function: ChatFunction<'a>,
}

#[derive(Serialize)]
struct ChatFunction<'a> {
    name: &'a str,
    arguments: &'a str,
}

#[derive(Serialize)]
struct TextChoice<'a> {
    index: usize,
    text: &'a str,
    logprobs: (),
    finish_reason: FinishReason,
}

impl Choice {
    /// Adds a piece of the text.
    pub(crate) fn say(&mut self, text: &str) {
        self.text.get_or_insert_default().push_str(text);
    }

    /// Adds a piece of what was thought.
    pub(crate) fn think(&mut self, text: &str) {
        self.reasoning.get_or_insert_default().push_str(text);
    }

    /// Adds a call. One more than an answer may have is kept of those that are too many, to tell.
    pub(crate) fn call(&mut self, call: Call) {
        if self.tool_calls.len() <= MAX_CALLS {
            self.tool_calls.push(call);
        }
    }

    fn to_chat<'a>(
        &'a self,
        index: usize,
        expected: &'a Expected,
        origin: &Origin,
        calls: &mut usize,
    ) -> ChatChoice<'a> {
        let written = self.tool_calls.iter().map(|call| {
            let id = origin.tool_call_id(call.id.as_deref(), *calls);
            *calls += 1;
            let name = expected.tool_names.original(&call.name);
            ChatCall {
                id,
                r#type: "function",
                function: ChatFunction { name, arguments: arguments_text(&call.arguments) },
            }
        });
        let tool_calls: Vec<_> = written.collect();
        let text = self.text.as_deref().filter(|text| !text.is_empty());
        ChatChoice {
            index,
            logprobs: (),
            finish_reason: self.finish.with_calls(!tool_calls.is_empty()),
            message: ChatMessage {
                role: "assistant",
                content: if tool_calls.is_empty() { Some(text.unwrap_or_default()) } else { text },
                reasoning_content: self.reasoning.as_deref().filter(|text| !text.is_empty()),
                refusal: (),
                tool_calls,
            },
        }
    }

    fn to_text(&self, index: usize) -> TextChoice<'_> {
        let text = self.text.as_deref().unwrap_or_default();
        TextChoice { index, text, logprobs: (), finish_reason: self.finish.with_calls(false) }
    }
}
