//! The stream of version 1, event by event: JSON on lines of their own (Cohere, "Chat v1").

use super::each_call;
use crate::chunks::Chunks;
use crate::codec::Events;
use crate::codec::cohere::{finish, usage};
use crate::error::ErrorObject;
use crate::framing::Frame;
use crate::peek::{count, member, members, present, text};

/// What came in pieces, so that it is not said again when it comes as a whole.
#[derive(Debug, Default)]
pub(super) struct ChatV1 {
    has_text: bool,
    has_calls: bool,
}

impl Events for ChatV1 {
    fn frame(&mut self, frame: &Frame<'_>, chunks: &mut Chunks) {
        let names = [
            "event_type",
            "generation_id",
            "text",
            "tool_call_delta",
            "tool_calls",
            "finish_reason",
            "response",
            "message",
        ];
        let Some([kind, id, said, delta, calls, reason, response, message]) = members(&frame.data, names)
        else {
            return chunks.fail(ErrorObject::unreadable_event());
        };
        match text(kind).as_deref() {
            Some("stream-start") => {
                chunks.id(&text(id).unwrap_or_default());
                chunks.begin(0);
            }
            Some("text-generation") => self.say(said, chunks),
            Some("tool-calls-chunk") => {
                self.say(said, chunks);
                self.add(present(delta).unwrap_or_default(), chunks);
            }
            Some("tool-calls-generation") => {
                if !self.has_text {
                    self.say(said, chunks);
                }
                if !self.has_calls {
                    each_call(calls.unwrap_or_default(), |call| {
                        chunks.whole_tool_call(0, None, &call.name, &call.arguments);
                    });
                }
            }
            Some("stream-end") => {
                let meta = response.and_then(|response| member(response, "meta"));
                chunks.usage(meta.and_then(usage));
                match finish(reason) {
                    Ok(reason) => {
                        chunks.finish(0, reason);
                        chunks.done();
                    }
                    Err(error) => chunks.fail(error),
                }
            }
            // An error in place of events.
            None if text(message).is_some() => chunks.fail(ErrorObject::of_event(&frame.data)),
            // Searches, citations, and whatever is added to the API.
            _ => {}
        }
    }
}

impl ChatV1 {
    fn say(&mut self, said: Option<&str>, chunks: &mut Chunks) {
        let said = text(said).unwrap_or_default();
        self.has_text |= !said.is_empty();
        chunks.text(0, &said);
    }

    /// A piece of a call: first its name, then its arguments.
    fn add(&mut self, delta: &str, chunks: &mut Chunks) {
        let names = ["index", "name", "parameters"];
        let [index, name, parameters] = members(delta, names).unwrap_or_default();
        let index = index.and_then(count).unwrap_or_default();
        if let Some(name) = text(name) {
            self.has_calls = true;
            chunks.tool_call(0, index, None, &name);
        }
        chunks.arguments(0, index, &text(parameters).unwrap_or_default());
    }
}
