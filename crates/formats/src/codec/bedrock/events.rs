//! ConverseStream, event by event. Bedrock pads the payloads of its events with a member `p`, which says
//! nothing.

use super::{finish, usage_of};
use crate::chunks::Chunks;
use crate::codec::Events;
use crate::error::{self, ErrorObject};
use crate::framing::{Frame, Kind};
use crate::peek::{count, member, members, present, string};

/// Nothing is remembered between events: each says what it belongs to.
pub(super) struct ConverseStream;

/// The statuses that exceptions have for clients where they come in place of a stream.
const STATUSES: [(&str, u16); 10] = [
    ("ValidationException", 400),
    ("AccessDeniedException", 403),
    ("ResourceNotFoundException", 404),
    ("ThrottlingException", 429),
    ("ModelNotReadyException", 429),
    ("ModelTimeoutException", 504),
    ("InternalServerException", 500),
    ("ModelStreamErrorException", 502),
    ("ModelErrorException", 502),
    ("ServiceUnavailableException", 503),
];

impl Events for ConverseStream {
    fn named(&mut self, request_id: &str, chunks: &mut Chunks) {
        chunks.id(request_id);
    }

    fn frame(&mut self, frame: &Frame<'_>, chunks: &mut Chunks) {
        let name = match &frame.kind {
            Kind::Event(name) => &**name,
            Kind::Exception(name) => return chunks.fail(exception(name, &frame.data)),
            Kind::Unnamed => return,
        };
        let names = ["contentBlockIndex", "start", "delta", "stopReason", "usage"];
        let Some([index, start, delta, stop_reason, usage]) = members(&frame.data, names) else {
            return chunks.fail(ErrorObject::unreadable_event());
        };
        let index = index.and_then(count).unwrap_or_default();
        match name {
            "messageStart" => chunks.begin(0),
            "contentBlockStart" => begin(index, start.unwrap_or_default(), chunks),
            "contentBlockDelta" => add(index, delta.unwrap_or_default(), chunks),
            "contentBlockStop" => chunks.end_tool_call(0, index),
            "messageStop" => chunks.finish(0, finish(stop_reason)),
            "metadata" => {
                chunks.usage(usage.and_then(usage_of));
                if chunks.is_finished() {
                    chunks.done();
                }
            }
            _ => {}
        }
    }
}

/// Only calls begin with something; those of Bedrock's own tools are done already.
fn begin(index: u64, start: &str, chunks: &mut Chunks) {
    let Some(call) = member(start, "toolUse") else { return };
    let [id, name, kind] = members(call, ["toolUseId", "name", "type"]).unwrap_or_default();
    if present(kind).is_none() {
        let [id, name] = [id, name].map(|text| text.and_then(string).unwrap_or_default());
        chunks.tool_call(0, index, Some(&id), &name);
    }
}

fn add(index: u64, delta: &str, chunks: &mut Chunks) {
    let [text, call, thought] = members(delta, ["text", "toolUse", "reasoningContent"]).unwrap_or_default();
    if let Some(text) = text.and_then(string) {
        chunks.text(0, &text);
    }
    if let Some(fragment) = call.and_then(|call| member(call, "input")).and_then(string) {
        chunks.arguments(0, index, &fragment);
    }
    if let Some(thought) = thought.and_then(|thought| member(thought, "text")).and_then(string) {
        chunks.reasoning(0, &thought);
    }
}

/// The error of an exception, as a client would have got it in place of the stream: by the same name,
/// though the stream has it in lower case.
fn exception(name: &str, payload: &str) -> ErrorObject {
    let known = STATUSES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    let (name, status) = known.map_or((name, 502), |(known, status)| (*known, *status));
    let message = error::message(payload);
    let error = ErrorObject::new(
        status,
        message.unwrap_or_else(|| "the upstream's stream ended with an error without a message".to_owned()),
    );
    if name.is_empty() { error } else { error.code(name.to_owned()) }
}
