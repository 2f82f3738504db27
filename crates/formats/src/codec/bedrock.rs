//! Amazon Bedrock's Converse and ConverseStream (AWS, "Amazon Bedrock Runtime API reference").

mod events;
mod models;
mod request;
mod shape;

use super::{Codec, Events, Outgoing};
use crate::chat::{Chat, RequestError};
use crate::completion::{Call, Choice, Completion, FinishReason};
use crate::error::ErrorObject;
use crate::peek::{count, each_object, member, members, present, string};
use crate::usage::Usage;

pub(crate) use request::configure;

/// The codec of Converse.
pub struct Bedrock;

impl Codec for Bedrock {
    fn members(&self) -> &'static [&'static str] {
        &["top_p", "top_k", "stop", "response_format", "guardrailConfig"]
    }

    fn request(&self, chat: &Chat<'_>) -> Result<Outgoing, RequestError> {
        request::write(chat)
    }

    fn answer(&self, json: &str, request_id: Option<&str>) -> Result<Completion, ErrorObject> {
        let [output, stop_reason, usage] =
            members(json, ["output", "stopReason", "usage"]).unwrap_or_default();
        let message = output.and_then(|output| member(output, "message"));
        let content = message.and_then(|message| member(message, "content"));
        let Some(content) = content.filter(|content| content.starts_with('[')) else {
            return Err(ErrorObject::instead_of_answer(json, "output.message.content"));
        };
        let mut choice = Choice { finish: finish(stop_reason), ..Choice::default() };
        let blocks = ["text", "citationsContent", "toolUse", "reasoningContent"];
        each_object(content, blocks, |[text, cited, call, thought]| {
            if let Some(text) = text.and_then(string) {
                choice.say(&text);
            }
            if let Some(cited) = cited.and_then(|cited| member(cited, "content")) {
                each_object(cited, ["text"], |[text]| {
                    choice.say(&text.and_then(string).unwrap_or_default());
                });
            }
            if let Some(thought) = thought.and_then(thought_of) {
                choice.think(&thought);
            }
            if let Some(call) = call.and_then(call_of) {
                choice.call(call);
            }
        });
        let completion = Completion {
            id: request_id.map(str::to_owned),
            created: None,
            model: None,
            choices: vec![choice],
            usage: usage.and_then(usage_of),
        };
        completion.bounded()
    }

    fn events(&self) -> Box<dyn Events> {
        Box::new(events::ConverseStream)
    }
}

/// Reasons that are not `stop`, as are `end_turn`, `stop_sequence`, `malformed_model_output` and
/// `malformed_tool_use`.
const FINISH: [(&str, FinishReason); 5] = [
    ("max_tokens", FinishReason::Length),
    ("model_context_window_exceeded", FinishReason::Length),
    ("tool_use", FinishReason::ToolCalls),
    ("content_filtered", FinishReason::ContentFilter),
    ("guardrail_intervened", FinishReason::ContentFilter),
];

fn finish(stop_reason: Option<&str>) -> FinishReason {
    FinishReason::from_table(&FINISH, &stop_reason.and_then(string).unwrap_or_default())
}

/// Thoughts in clear text; what is redacted, only the model can read.
fn thought_of(content: &str) -> Option<String> {
    let text = member(member(content, "reasoningText")?, "text").and_then(string)?;
    Some(text.into_owned())
}

/// A call of one of the client's tools; those of Bedrock's own (`server_tool_use`) are done already.
fn call_of(block: &str) -> Option<Call> {
    let [id, name, input, kind] = members(block, ["toolUseId", "name", "input", "type"])?;
    if present(kind).is_some() {
        return None;
    }
    Some(Call {
        id: id.and_then(string).map(Into::into),
        name: name.and_then(string)?.into_owned(),
        arguments: present(input).unwrap_or_default().to_owned(),
    })
}

/// Bedrock's count of tokens, in which those read from the cache and written to it are not among the
/// input's (AWS, "Prompt caching for faster model inference").
fn usage_of(usage: &str) -> Option<Usage> {
    let names = ["inputTokens", "outputTokens", "cacheReadInputTokens", "cacheWriteInputTokens"];
    let [input, output, read, written] = members(usage, names)?.map(|text| count(text?));
    (input.is_some() || output.is_some()).then(|| Usage {
        prompt_tokens: [input, read, written].into_iter().flatten().fold(0, u64::saturating_add),
        completion_tokens: output.unwrap_or_default(),
        cached_tokens: read,
        reasoning_tokens: None,
    })
}
