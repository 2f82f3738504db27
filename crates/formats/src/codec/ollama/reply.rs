//! Replies of both endpoints: a whole one is written as a stream's only line would be.

use std::borrow::Cow;

use crate::chunks::Chunks;
use crate::codec::Events;
use crate::completion::{Call, Choice, Completion, FinishReason, MAX_CALLS};
use crate::error::ErrorObject;
use crate::framing::Frame;
use crate::peek::{count, each_object, member, members, present, string};
use crate::rfc3339::unix_seconds;
use crate::usage::Usage;

/// Reads the lines of one stream.
pub(super) struct Lines;

/// Reasons that are not `stop`; that a model was loaded or unloaded is one of these.
const FINISH: [(&str, FinishReason); 1] = [("length", FinishReason::Length)];

/// What is read of a reply: `message` is a chat's, `response` and `thinking` are a text's.
const MEMBERS: [&str; 10] = [
    "model",
    "created_at",
    "message",
    "response",
    "thinking",
    "done",
    "done_reason",
    "prompt_eval_count",
    "eval_count",
    "error",
];

/// A whole reply, or a line of a stream.
struct Reply<'a> {
    model: Option<Cow<'a, str>>,
    created: Option<u64>,
    text: Option<Cow<'a, str>>,
    thinking: Option<Cow<'a, str>>,
    calls: Vec<Call>,
    /// Why it ends, on the last line.
    finish: Option<FinishReason>,
    usage: Option<Usage>,
}

pub(super) fn answer(json: &str) -> Result<Completion, ErrorObject> {
    let reply = Reply::read(json)?;
    let owned = |text: Option<Cow<'_, str>>| text.map(Cow::into_owned);
    let completion = Completion {
        id: None,
        created: reply.created,
        model: owned(reply.model),
        choices: vec![Choice {
            text: owned(reply.text),
            reasoning: owned(reply.thinking),
            tool_calls: reply.calls,
            finish: reply.finish.unwrap_or_default(),
        }],
        usage: reply.usage,
    };
    completion.bounded()
}

impl Events for Lines {
    fn frame(&mut self, frame: &Frame<'_>, chunks: &mut Chunks) {
        let reply = match Reply::read(&frame.data) {
            Ok(reply) => reply,
            Err(error) => return chunks.fail(error),
        };
        chunks.model(reply.model.as_deref().unwrap_or_default());
        if let Some(created) = reply.created {
            chunks.created(created);
        }
        chunks.reasoning(0, reply.thinking.as_deref().unwrap_or_default());
        chunks.text(0, reply.text.as_deref().unwrap_or_default());
        for call in &reply.calls {
            chunks.whole_tool_call(0, call.id.as_deref(), &call.name, &call.arguments);
        }
        if let Some(finish) = reply.finish {
            chunks.usage(reply.usage);
            chunks.finish(0, finish);
            chunks.done();
        }
    }
}

impl<'a> Reply<'a> {
    fn read(json: &'a str) -> Result<Self, ErrorObject> {
        let [model, created, message, response, thinking, done, reason, prompt, completion, error] =
            members(json, MEMBERS)
                .ok_or_else(|| ErrorObject::new(502, "the upstream's reply is no JSON object"))?;
        if present(error).is_some_and(|error| error != "\"\"") {
            return Err(ErrorObject::of_event(json));
        }
        let [text, thinking, calls] = match (message, response) {
            (Some(message), _) => members(message, ["content", "thinking", "tool_calls"])
                .ok_or_else(|| ErrorObject::new(502, "the `message` of the upstream's reply is no object"))?,
            (None, Some(response)) => [Some(response), thinking, None],
            (None, None) => {
                let message = "the upstream's reply has neither a `message` nor a `response`";
                return Err(ErrorObject::new(502, message));
            }
        };
        let finish = || FinishReason::from_table(&FINISH, &reason.and_then(string).unwrap_or_default());
        Ok(Self {
            model: model.and_then(string),
            created: created.and_then(string).and_then(|time| unix_seconds(&time)),
            text: text.and_then(string),
            thinking: thinking.and_then(string),
            calls: calls.map(tool_calls).unwrap_or_default(),
            finish: (done == Some("true")).then(finish),
            usage: usage(prompt, completion),
        })
    }
}

/// Counts of the request and of the answer; a request that is in the cache is not counted.
fn usage(prompt: Option<&str>, completion: Option<&str>) -> Option<Usage> {
    let [prompt, completion] = [prompt, completion].map(|text| text.and_then(count));
    (prompt.is_some() || completion.is_some()).then(|| Usage {
        prompt_tokens: prompt.unwrap_or_default(),
        completion_tokens: completion.unwrap_or_default(),
        ..Usage::default()
    })
}

fn tool_calls(list: &str) -> Vec<Call> {
    let mut calls = Vec::new();
    each_object(list, ["id", "function"], |[id, function]| {
        let Some(name) = function.and_then(|function| member(function, "name")).and_then(string) else {
            return;
        };
        let arguments = function.and_then(|function| member(function, "arguments")).unwrap_or_default();
        // An object; in its text, as OpenAI has it, some servers behind Ollama's interface.
        let arguments = string(arguments).map_or_else(|| arguments.to_owned(), Cow::into_owned);
        // One more than may be is kept, to tell.
        if calls.len() > MAX_CALLS {
            return;
        }
        calls.push(Call { id: id.and_then(string).map(Cow::into_owned), name: name.into_owned(), arguments });
    });
    calls
}
