//! Anthropic's Messages (Anthropic, "Messages", "Streaming messages", "OpenAI SDK compatibility").

mod events;
mod request;
pub(super) mod schema;

use super::{Codec, Events, Outgoing};
use crate::chat::{Chat, RequestError};
use crate::completion::{Call, Choice, Completion, FinishReason};
use crate::error::ErrorObject;
use crate::peek::{count, each_object, member, members, present, text};
use crate::usage::Usage;

/// The codec of Anthropic's Messages.
pub struct Anthropic;

impl Codec for Anthropic {
    fn members(&self) -> &'static [&'static str] {
        &["parallel_tool_calls", "top_p", "top_k", "stop", "user", "response_format", "thinking"]
    }

    fn request(&self, chat: &Chat<'_>) -> Result<Outgoing, RequestError> {
        request::write(chat)
    }

    fn answer(&self, json: &str, _request_id: Option<&str>) -> Result<Completion, ErrorObject> {
        let names = ["id", "model", "content", "stop_reason", "usage"];
        let [id, model, content, stop_reason, usage] = members(json, names).unwrap_or_default();
        let Some(content) = content.filter(|content| content.starts_with('[')) else {
            return Err(ErrorObject::instead_of_answer(json, "content"));
        };
        let mut choice = Choice { finish: finish(stop_reason), ..Choice::default() };
        let names = ["type", "text", "thinking", "id", "name", "input"];
        each_object(content, names, |[kind, said, thought, id, name, input]| match text(kind).as_deref() {
            Some("text") => choice.say(&text(said).unwrap_or_default()),
            Some("thinking") => choice.think(&text(thought).unwrap_or_default()),
            Some("tool_use") => choice.call(Call {
                id: text(id).map(Into::into),
                name: text(name).unwrap_or_default().into_owned(),
                arguments: present(input).unwrap_or_default().to_owned(),
            }),
            // What the provider's own tools did, and thoughts that only it can read.
            _ => {}
        });
        let mut counts = Counts::default();
        let completion = Completion {
            id: text(id).map(Into::into),
            created: None,
            model: text(model).map(Into::into),
            choices: vec![choice],
            usage: usage.and_then(|usage| counts.update(usage)),
        };
        completion.bounded()
    }

    fn events(&self) -> Box<dyn Events> {
        Box::new(events::Messages::default())
    }
}

/// Reasons that are not `stop`, as are `end_turn`, `stop_sequence` and `pause_turn` (Anthropic, "Handling
/// stop reasons").
const FINISH: [(&str, FinishReason); 4] = [
    ("max_tokens", FinishReason::Length),
    ("model_context_window_exceeded", FinishReason::Length),
    ("tool_use", FinishReason::ToolCalls),
    ("refusal", FinishReason::ContentFilter),
];

fn finish(stop_reason: Option<&str>) -> FinishReason {
    FinishReason::from_table(&FINISH, &text(stop_reason).unwrap_or_default())
}

/// Anthropic's count of tokens, in which those of the cache are not among the input's.
#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    input: u64,
    cache_creation: u64,
    cache_read: Option<u64>,
    output: u64,
    thinking: Option<u64>,
}

impl Counts {
    /// Takes over what a `usage` object says; all of it is cumulative. Nothing comes of what is none.
    fn update(&mut self, usage: &str) -> Option<Usage> {
        let names = [
            "input_tokens",
            "cache_creation_input_tokens",
            "cache_read_input_tokens",
            "output_tokens",
            "output_tokens_details",
        ];
        let [input, creation, read, output, details] = members(usage, names)?;
        let [input, creation, read, output] = [input, creation, read, output].map(|text| count(text?));
        self.input = input.unwrap_or(self.input);
        self.cache_creation = creation.unwrap_or(self.cache_creation);
        self.cache_read = read.or(self.cache_read);
        self.output = output.unwrap_or(self.output);
        let thinking = details.and_then(|details| member(details, "thinking_tokens")).and_then(count);
        self.thinking = thinking.or(self.thinking);
        let cached = self.cache_read.unwrap_or_default();
        Some(Usage {
            prompt_tokens: self.input.saturating_add(self.cache_creation).saturating_add(cached),
            completion_tokens: self.output,
            cached_tokens: self.cache_read,
            reasoning_tokens: self.thinking,
        })
    }
}

#[cfg(test)]
mod tests;
