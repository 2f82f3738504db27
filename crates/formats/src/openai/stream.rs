//! A stream in OpenAI's format on its way to the client: what it says is remembered, what the client did
//! not ask for is taken out, and it comes to a proper end.

use std::borrow::Cow;

use bytes::Bytes;

use super::response::Top;
use crate::body::is_filled_array;
use crate::error::ErrorObject;
use crate::facts::Facts;
use crate::peek::is_json;
use crate::sse::{self, Event};

/// What the last event of a stream carries.
const DONE: &str = "[DONE]";

/// The last event of a stream.
const DONE_EVENT: &[u8] = b"data: [DONE]\n\n";

/// Reads the events that pass by.
#[derive(Debug, Default)]
pub struct Tap {
    hides_usage: bool,
    keeps_text: bool,
    /// Whether any event carried data.
    is_begun: bool,
    facts: Facts,
}

/// What becomes of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It passes as it came.
    Pass,
    /// The client does not get it.
    Drop,
    /// The client gets these bytes in its place.
    Replace(Bytes),
}

impl Tap {
    /// `hides_usage`: the gateway asked for the usage chunk and the client did not, so that the client
    /// must not see it. `keeps_text`: the text is wanted, for a log that holds answers.
    pub fn new(hides_usage: bool, keeps_text: bool) -> Self {
        Self { hides_usage, keeps_text, ..Self::default() }
    }

    /// What the stream has said so far.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Takes a batch of complete events, as [`sse::Splitter::push`] returns them; returns what the client
    /// gets of it. Copies nothing if every event passes.
    pub fn batch(&mut self, batch: Bytes) -> Bytes {
        let mut changed: Option<Vec<u8>> = None;
        let mut passed = 0;
        for event in sse::events(&batch) {
            let verdict = self.event(&event);
            if verdict != Verdict::Pass && changed.is_none() {
                changed = Some(batch[..passed].to_vec());
            }
            passed += event.bytes.len();
            match (verdict, &mut changed) {
                (Verdict::Pass, Some(changed)) => changed.extend_from_slice(&event.bytes),
                (Verdict::Replace(bytes), Some(changed)) => changed.extend_from_slice(&bytes),
                (Verdict::Drop, _) | (_, None) => {}
            }
        }
        changed.map_or(batch, Bytes::from)
    }

    /// Takes one event.
    pub fn event(&mut self, event: &Event<'_>) -> Verdict {
        let data = event.data.trim_ascii();
        if data.is_empty() {
            return Verdict::Pass;
        }
        self.is_begun = true;
        if data == DONE {
            self.facts.done = true;
            return Verdict::Pass;
        }
        let Some(chunk) = Top::read(&event.data) else { return Verdict::Pass };
        chunk.add_to(&mut self.facts, self.keeps_text);
        if let Some(error) = chunk.error.and_then(|_| ErrorObject::unlike_openai(&event.data)) {
            return Verdict::Replace(error.to_event().into());
        }
        match chunk.usage {
            Some("null") if self.hides_usage => {
                without_usage(event).map_or(Verdict::Pass, |bytes| Verdict::Replace(bytes.into()))
            }
            Some(usage)
                if self.hides_usage && usage != "null" && chunk.choices.is_some_and(is_empty_array) =>
            {
                Verdict::Drop
            }
            _ => Verdict::Pass,
        }
    }

    /// Ends the stream: returns what the client gets after the last complete event.
    ///
    /// `rest` is what [`sse::Splitter::finish`] returned: a last event whose blank line is missing is
    /// completed, half an event is dropped. `failure` is why the upstream broke off, if it did. The end
    /// is then an error event, unless the stream had said that it is over; a stream that ended by itself
    /// without saying so gets its `[DONE]`. An upstream that sent nothing at all, or stopped in the
    /// middle of an event, has failed too, whatever its connection says.
    pub fn end(&mut self, rest: &Bytes, failure: Option<&ErrorObject>) -> Vec<u8> {
        let mut end = Vec::new();
        let mut is_cut = false;
        for event in sse::events(rest).filter(|event| !event.data.is_empty()) {
            match complete(&event) {
                Some(bytes) => {
                    let event = Event { bytes: bytes.into(), data: event.data };
                    match self.event(&event) {
                        Verdict::Pass => end.extend_from_slice(&event.bytes),
                        Verdict::Replace(bytes) => end.extend_from_slice(&bytes),
                        Verdict::Drop => {}
                    }
                }
                // Everything else had come.
                None if DONE.starts_with(&*event.data) => {}
                None => is_cut = true,
            }
        }
        let broken = || ErrorObject::new(502, "the upstream's stream ended in the middle of an event");
        let empty = || ErrorObject::new(502, "the upstream's stream ended without an event");
        let failure = match failure {
            Some(failure) => Some(Cow::Borrowed(failure)),
            None if is_cut => Some(Cow::Owned(broken())),
            None if !self.is_begun => Some(Cow::Owned(empty())),
            None => None,
        };
        match failure {
            _ if self.facts.done => {}
            Some(failure) => end.extend_from_slice(&failure.to_event()),
            // Clients stop reading at an error.
            None if self.facts.error.is_some() => {}
            None => end.extend_from_slice(DONE_EVENT),
        }
        end
    }
}

fn is_empty_array(json: &str) -> bool {
    json.starts_with('[') && !is_filled_array(json)
}

/// An event with its blank line, if that is all that it lacks.
fn complete(event: &Event<'_>) -> Option<Vec<u8>> {
    let data = event.data.trim_ascii();
    let line_ends: &[u8] = if event.bytes.ends_with(b"\n") { b"\n" } else { b"\n\n" };
    (data == DONE || is_json(data)).then(|| [&event.bytes, line_ends].concat())
}

/// The event without the member `usage` of its data, every other byte kept. Nothing if the data is not one
/// piece of the event's bytes, or writes the member's name in an unusual way: `null` does no harm there.
fn without_usage(event: &Event<'_>) -> Option<Vec<u8>> {
    let Cow::Borrowed(data) = event.data else { return None };
    let value = Top::read(data)?.usage?;
    let start = value.as_ptr().addr() - data.as_ptr().addr();
    let (mut from, mut to) = (start, start + value.len());
    let name = data[..from].trim_ascii_end().strip_suffix(':')?.trim_ascii_end();
    from = name.strip_suffix("\"usage\"")?.trim_ascii_end().len();
    if data[..from].ends_with(',') {
        from -= 1;
    } else if let Some(after) = data[to..].trim_ascii_start().strip_prefix(',') {
        to = data.len() - after.len();
    }
    let at = memchr::memmem::find(&event.bytes, data.as_bytes())?;
    Some([&event.bytes[..at + from], &event.bytes[at + to..]].concat())
}

#[cfg(test)]
mod tests;
