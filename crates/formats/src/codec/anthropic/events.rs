//! Anthropic's stream, event by event (Anthropic, "Streaming messages").

use super::{Counts, finish};
use crate::chunks::Chunks;
use crate::codec::Events;
use crate::error::ErrorObject;
use crate::framing::Frame;
use crate::peek::{count, member, members, present, text};

/// What is remembered between events: the counts, which come in two parts.
#[derive(Debug, Default)]
pub(super) struct Messages {
    counts: Counts,
}

impl Events for Messages {
    fn frame(&mut self, frame: &Frame<'_>, chunks: &mut Chunks) {
        let names = ["type", "index", "message", "content_block", "delta", "usage"];
        let Some([kind, index, message, block, delta, usage]) = members(&frame.data, names) else {
            return chunks.fail(ErrorObject::unreadable_event());
        };
        let index = index.and_then(count).unwrap_or_default();
        match text(kind).as_deref() {
            Some("message_start") => self.start(message.unwrap_or_default(), chunks),
            Some("content_block_start") => start_block(index, block.unwrap_or_default(), chunks),
            Some("content_block_delta") => add(index, delta.unwrap_or_default(), chunks),
            Some("content_block_stop") => chunks.end_tool_call(0, index),
            Some("message_delta") => {
                self.count(usage, chunks);
                let reason = delta.and_then(|delta| member(delta, "stop_reason"));
                if reason.is_some() {
                    chunks.finish(0, finish(reason));
                }
            }
            Some("message_stop") => chunks.done(),
            Some("error") => chunks.fail(ErrorObject::of_event(&frame.data)),
            // `ping`, and whatever is added to the API.
            _ => {}
        }
    }
}

impl Messages {
    fn start(&mut self, message: &str, chunks: &mut Chunks) {
        let [id, model, usage] = members(message, ["id", "model", "usage"]).unwrap_or_default();
        chunks.id(&text(id).unwrap_or_default());
        chunks.model(&text(model).unwrap_or_default());
        self.count(usage, chunks);
        chunks.begin(0);
    }

    fn count(&mut self, usage: Option<&str>, chunks: &mut Chunks) {
        chunks.usage(present(usage).and_then(|usage| self.counts.update(usage)));
    }
}

fn start_block(index: u64, block: &str, chunks: &mut Chunks) {
    let [kind, id, name] = members(block, ["type", "id", "name"]).unwrap_or_default().map(text);
    if kind.as_deref() == Some("tool_use") {
        chunks.tool_call(0, index, id.as_deref(), &name.unwrap_or_default());
    }
}

fn add(index: u64, delta: &str, chunks: &mut Chunks) {
    let names = ["type", "text", "thinking", "partial_json"];
    let [kind, said, thought, arguments] = members(delta, names).unwrap_or_default().map(text);
    match kind.as_deref() {
        Some("text_delta") => chunks.text(0, &said.unwrap_or_default()),
        Some("thinking_delta") => chunks.reasoning(0, &thought.unwrap_or_default()),
        Some("input_json_delta") => chunks.arguments(0, index, &arguments.unwrap_or_default()),
        // Signatures of thoughts and citations.
        _ => {}
    }
}
