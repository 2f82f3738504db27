//! The stream of version 2, event by event (Cohere, "Streaming", "Streaming for tool use").

use std::borrow::Cow;

use super::{finish, usage};
use crate::body::only_item;
use crate::chunks::Chunks;
use crate::codec::Events;
use crate::error::ErrorObject;
use crate::framing::{DONE, Frame};
use crate::peek::{count, member, members, present, text};

/// Nothing has to be remembered between events.
#[derive(Debug)]
pub(super) struct ChatV2;

impl Events for ChatV2 {
    fn frame(&mut self, frame: &Frame<'_>, chunks: &mut Chunks) {
        let Some([kind, id, index, delta]) = members(&frame.data, ["type", "id", "index", "delta"]) else {
            if frame.data.trim_ascii() != DONE {
                chunks.fail(ErrorObject::unreadable_event());
            }
            return;
        };
        let index = index.and_then(count).unwrap_or_default();
        let delta = delta.unwrap_or_default();
        let message = || member(delta, "message").unwrap_or_default();
        match text(kind).as_deref() {
            Some("message-start") => {
                chunks.id(&text(id).unwrap_or_default());
                chunks.begin(0);
            }
            Some("content-delta") => {
                let content = member(message(), "content").unwrap_or_default();
                let [said, thought] = members(content, ["text", "thinking"]).unwrap_or_default().map(text);
                chunks.reasoning(0, &thought.unwrap_or_default());
                chunks.text(0, &said.unwrap_or_default());
            }
            Some("tool-plan-delta") => {
                chunks.reasoning(0, &text(member(message(), "tool_plan")).unwrap_or_default());
            }
            Some("tool-call-start") => {
                let (id, [name, arguments]) = call(message());
                chunks.tool_call(0, index, id.as_deref(), &name.unwrap_or_default());
                chunks.arguments(0, index, &arguments.unwrap_or_default());
            }
            Some("tool-call-delta") => {
                let (_, [_, arguments]) = call(message());
                chunks.arguments(0, index, &arguments.unwrap_or_default());
            }
            Some("tool-call-end") => chunks.end_tool_call(0, index),
            Some("message-end") => end(delta, chunks),
            // Where contents begin and end, citations, and whatever is added to the API.
            _ => {}
        }
    }
}

/// The id of a call, and its function's name and arguments. It is an object where whole answers have a
/// list.
fn call(message: &str) -> (Option<Cow<'_, str>>, [Option<Cow<'_, str>>; 2]) {
    let calls = member(message, "tool_calls").unwrap_or_default();
    let [id, function] = members(only_item(calls).unwrap_or(calls), ["id", "function"]).unwrap_or_default();
    let function = function.and_then(|function| members(function, ["name", "arguments"]));
    (text(id), function.unwrap_or_default().map(text))
}

fn end(delta: &str, chunks: &mut Chunks) {
    let names = ["error", "finish_reason", "usage"];
    let [error, reason, counts] = members(delta, names).unwrap_or_default();
    chunks.usage(counts.and_then(usage));
    match (present(error), finish(reason)) {
        (Some(error), _) => chunks.fail(ErrorObject::of_event(error)),
        (None, Err(error)) => chunks.fail(error),
        (None, Ok(reason)) => {
            chunks.finish(0, reason);
            chunks.done();
        }
    }
}
