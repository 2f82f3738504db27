//! Cohere's Chat, version 2 (Cohere, "Chat", "Streaming", "Migrating from v1 to v2").

mod events;
mod request;

use std::borrow::Cow;

use serde::Serialize;

use super::{Codec, Events, Outgoing};
use crate::chat::{Chat, RequestError};
use crate::completion::{Call, Choice, Completion, FinishReason};
use crate::error::ErrorObject;
use crate::peek::{count, each_object, members, present, text};
use crate::usage::Usage;

/// The codec of Cohere's Chat, version 2.
pub struct Cohere;

/// What both versions have something like.
pub(super) const MEMBERS: [&str; 7] =
    ["top_p", "top_k", "stop", "seed", "presence_penalty", "frequency_penalty", "response_format"];

impl Codec for Cohere {
    fn members(&self) -> &'static [&'static str] {
        &MEMBERS
    }

    fn request(&self, chat: &Chat<'_>) -> Result<Outgoing, RequestError> {
        request::write(chat)
    }

    fn answer(&self, json: &str, _request_id: Option<&str>) -> Result<Completion, ErrorObject> {
        let names = ["id", "message", "finish_reason", "usage"];
        let [id, message, reason, usage] = members(json, names).unwrap_or_default();
        let names = ["content", "tool_plan", "tool_calls"];
        let Some([content, plan, calls]) = message.and_then(|message| members(message, names)) else {
            return Err(refusal(json, text(message).as_deref(), "message"));
        };
        let mut choice = Choice { finish: finish(reason)?, ..Choice::default() };
        choice.reasoning = text(plan).map(Into::into);
        each_object(content.unwrap_or_default(), ["text", "thinking"], |[said, thought]| {
            if let Some(said) = text(said) {
                choice.say(&said);
            }
            if let Some(thought) = text(thought) {
                choice.think(&thought);
            }
        });
        each_object(calls.unwrap_or_default(), ["id", "function"], |[id, function]| {
            let function = function.and_then(|function| members(function, ["name", "arguments"]));
            let [name, arguments] =
                function.unwrap_or_default().map(|member| text(member).unwrap_or_default());
            choice.call(Call {
                id: text(id).map(Into::into),
                name: name.into(),
                arguments: arguments.into(),
            });
        });
        let completion = Completion {
            id: text(id).map(Into::into),
            created: None,
            model: None,
            choices: vec![choice],
            usage: usage.and_then(self::usage),
        };
        completion.bounded()
    }

    fn events(&self) -> Box<dyn Events> {
        Box::new(events::ChatV2)
    }
}

/// Reasons that are not `stop`, as are `COMPLETE` and `STOP_SEQUENCE`; the last is version 1's.
const FINISH: [(&str, FinishReason); 3] = [
    ("MAX_TOKENS", FinishReason::Length),
    ("TOOL_CALL", FinishReason::ToolCalls),
    ("ERROR_TOXIC", FinishReason::ContentFilter),
];

/// Reasons that tell of no answer, or of a part that is none; the last is version 1's.
const FAILURES: [(&str, &str); 3] = [
    ("ERROR", "the upstream failed while it was answering"),
    ("TIMEOUT", "the upstream took too long to answer"),
    ("ERROR_LIMIT", "the conversation is too long for the model"),
];

/// Why an answer ends.
pub(super) fn finish(reason: Option<&str>) -> Result<FinishReason, ErrorObject> {
    let reason = text(reason).unwrap_or_default();
    match FAILURES.iter().find(|(name, _)| *name == reason) {
        Some((name, message)) => Err(ErrorObject::new(502, *message).code(*name)),
        None => Ok(FinishReason::from_table(&FINISH, &reason)),
    }
}

/// What a client gets for an answer without `member`; errors of this API have no more than a message.
pub(super) fn refusal(json: &str, message: Option<&str>, member: &str) -> ErrorObject {
    match message.filter(|message| !message.is_empty()) {
        Some(message) => ErrorObject::new(502, message),
        None => ErrorObject::instead_of_answer(json, member),
    }
}

/// What an answer took, from `usage` or version 1's `meta`: what the model read and wrote if that is known,
/// else what is charged for. The numbers are floats.
pub(super) fn usage(json: &str) -> Option<Usage> {
    let [tokens, billed, cached] = members(json, ["tokens", "billed_units", "cached_tokens"])?;
    let counted = [tokens, billed].into_iter().find_map(|counts| {
        let [input, output] = members(present(counts)?, ["input_tokens", "output_tokens"])?;
        let [input, output] = [input, output].map(|number| count(number?));
        input.or(output).map(|_| [input, output])
    });
    let [input, output] = counted?;
    Some(Usage {
        prompt_tokens: input.unwrap_or_default(),
        completion_tokens: output.unwrap_or_default(),
        cached_tokens: present(cached).and_then(count),
        reasoning_tokens: None,
    })
}

/// How to generate, which both versions are told alike. Numbers are brought into the ranges that the API
/// takes, which are narrower than OpenAI's.
#[derive(Serialize)]
pub(super) struct Generation<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    k: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    frequency_penalty: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    presence_penalty: Option<f64>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    stop_sequences: &'a [Cow<'a, str>],
}

/// The most texts at which to stop.
const MAX_STOPS: usize = 5;

impl<'a> Generation<'a> {
    /// What the request says.
    pub fn of(chat: &'a Chat<'_>) -> Result<Self, RequestError> {
        Ok(Self {
            max_tokens: chat.max_tokens,
            temperature: chat.temperature,
            p: chat.top_p.map(|p| p.clamp(0.01, 0.99)),
            k: chat.top_k.map(|k| k.clamp(0, 500)),
            seed: chat.seed,
            frequency_penalty: chat.frequency_penalty.map(|penalty| penalty.clamp(0.0, 1.0)),
            presence_penalty: chat.presence_penalty.map(|penalty| penalty.clamp(0.0, 1.0)),
            stop_sequences: chat.stop_within(MAX_STOPS, "cohere")?,
        })
    }
}

#[cfg(test)]
mod tests;
