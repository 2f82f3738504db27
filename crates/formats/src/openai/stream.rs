//! A stream in OpenAI's format on its way to the client: what it says is remembered, what the client did
//! not ask for is taken out, and it comes to a proper end.

use std::borrow::Cow;
use std::ops::Range;

use bytes::Bytes;

use super::mend::Mender;
use super::response::Top;
use crate::body::is_filled_array;
use crate::error::{ErrorObject, redact};
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
    secrets: Vec<String>,
    mender: Option<Mender>,
    /// Whether the client was told that the answer cannot be completed, in place of what the upstream sent.
    is_given_up: bool,
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
    /// It passes without these of its bytes.
    Cut(Range<usize>),
    /// The client gets these bytes in its place.
    Replace(Bytes),
}

impl Verdict {
    /// Appends what the client gets of the event with these bytes.
    fn write(&self, event: &[u8], sent: &mut Vec<u8>) {
        match self {
            Verdict::Pass => sent.extend_from_slice(event),
            Verdict::Drop => {}
            Verdict::Cut(cut) => {
                sent.extend_from_slice(&event[..cut.start]);
                sent.extend_from_slice(&event[cut.end..]);
            }
            Verdict::Replace(bytes) => sent.extend_from_slice(bytes),
        }
    }
}

impl Tap {
    /// `hides_usage`: the gateway asked for the usage chunk and the client did not, so that the client
    /// must not see it. `keeps_text`: the text is wanted, for a log that holds answers.
    pub fn new(hides_usage: bool, keeps_text: bool) -> Self {
        Self { hides_usage, keeps_text, ..Self::default() }
    }

    /// The same, and no error that passes quotes one of `secrets`, nor does an event that is no chunk.
    pub fn redacting(self, secrets: Vec<String>) -> Self {
        Self { secrets, ..self }
    }

    /// The same, and what deviates from OpenAI's format is mended.
    pub fn mending(self, mender: Option<Mender>) -> Self {
        Self { mender, ..self }
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
            if verdict != Verdict::Pass || changed.is_some() {
                let sent = changed.get_or_insert_with(|| {
                    let mut sent = Vec::with_capacity(batch.len());
                    sent.extend_from_slice(&batch[..passed]);
                    sent
                });
                verdict.write(&event.bytes, sent);
            }
            passed += event.bytes.len();
        }
        changed.map_or(batch, Bytes::from)
    }

    /// Takes one event.
    pub fn event(&mut self, event: &Event<'_>) -> Verdict {
        let data = event.data.trim_ascii();
        if self.is_given_up {
            return Verdict::Drop;
        }
        if data.is_empty() {
            return Verdict::Pass;
        }
        self.is_begun = true;
        if data == DONE {
            self.facts.done = true;
            return Verdict::Pass;
        }
        let Some(chunk) = Top::read(&event.data) else { return self.redacted(event) };
        chunk.add_to(&mut self.facts, self.keeps_text);
        if let Some(error) = chunk.error.and_then(|_| ErrorObject::in_place_of(&event.data, &self.secrets)) {
            return Verdict::Replace(error.to_event().into());
        }
        let is_null = chunk.usage == Some("null");
        match chunk.usage {
            None if chunk.choices.is_none() => return self.redacted(event),
            Some(_) if self.hides_usage && !is_null && chunk.choices.is_some_and(is_empty_array) => {
                return Verdict::Drop;
            }
            _ => {}
        }
        let mended = match &mut self.mender {
            Some(mender) => mender.chunk(&event.data, &chunk),
            None => Ok(None),
        };
        match mended {
            Ok(Some(mended)) => Verdict::Replace(one_event(&mended)),
            Ok(None) => chunk
                .usage
                .filter(|_| self.hides_usage && is_null)
                .and_then(|usage| usage_member(event, usage))
                .map_or(Verdict::Pass, Verdict::Cut),
            Err(error) => {
                let event = error.to_event().into();
                self.facts.error = Some(error.message);
                self.is_given_up = true;
                Verdict::Replace(event)
            }
        }
    }

    /// What the client gets of an event that is none of OpenAI's, and may be an error in another shape.
    fn redacted(&self, event: &Event<'_>) -> Verdict {
        let secrets: Vec<_> = self.secrets.iter().map(String::as_str).collect();
        let text = String::from_utf8_lossy(&event.bytes);
        let said = redact(&text, &secrets);
        if said == text { Verdict::Pass } else { Verdict::Replace(said.into_owned().into()) }
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
                    self.event(&event).write(&event.bytes, &mut end);
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
            _ if self.facts.done || self.is_given_up => {}
            Some(failure) => end.extend_from_slice(&failure.to_event()),
            // Clients stop reading at an error.
            None if self.facts.error.is_some() => {}
            None => end.extend_from_slice(DONE_EVENT),
        }
        end
    }
}

/// An event with this data. Line ends are blanks in JSON and the end of a field in an event.
fn one_event(data: &str) -> Bytes {
    format!("data: {}\n\n", data.trim_ascii().replace(['\n', '\r'], " ")).into()
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

/// Where the event has the member `usage`, with the comma that goes with it; `value` is a slice of the
/// event's data. Nothing if the data is not one piece of the event's bytes, or writes the member's name
/// in an unusual way: `null` does no harm there.
fn usage_member(event: &Event<'_>, value: &str) -> Option<Range<usize>> {
    let data = &*event.data;
    let start = value.as_ptr().addr() - data.as_ptr().addr();
    let (before, after) = (&data[..start], &data[start + value.len()..]);
    let before = before.trim_ascii_end().strip_suffix(':')?.trim_ascii_end();
    let before = before.strip_suffix("\"usage\"")?.trim_ascii_end();
    let (before, after) = match before.strip_suffix(',') {
        Some(before) => (before, after),
        None => (before, after.trim_ascii_start().strip_prefix(',').unwrap_or(after)),
    };
    let at = data.as_ptr().addr().checked_sub(event.bytes.as_ptr().addr())?;
    (event.bytes.get(at..at + data.len())? == data.as_bytes())
        .then(|| at + before.len()..at + data.len() - after.len())
}

#[cfg(test)]
mod tests;
