//! How a stream's bytes are cut into frames, by media type. Every decoder gives the same frames wherever
//! the chunks were cut, and holds at most [`MAX_EVENT`](crate::sse::MAX_EVENT) bytes, or one message of an
//! [`event_stream`].

pub mod event_stream;
mod objects;

use std::borrow::Cow;

use bytes::Bytes;

use crate::sse::{self, Splitter};
use event_stream::Messages;
pub(crate) use objects::Objects;

/// One message of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame<'a> {
    /// What the framing says of it.
    pub kind: Kind<'a>,
    /// What it says: JSON, in all formats that are known.
    pub data: Cow<'a, str>,
}

/// What a framing says of a frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind<'a> {
    /// Nothing.
    Unnamed,
    /// The type of event.
    Event(Cow<'a, str>),
    /// The type of error.
    Exception(Cow<'a, str>),
}

/// Why a stream cannot be cut into frames any further.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FramingError {
    /// A frame is longer than is waited for.
    #[error(transparent)]
    TooLong(#[from] sse::EventTooLong),
    /// The bytes are not what the media type promises.
    #[error("the upstream's stream is broken: {0}")]
    Broken(&'static str),
}

/// Cuts a stream.
#[derive(Debug)]
pub enum Framing {
    /// Server-sent events.
    Sse(Splitter),
    /// JSON objects, one after the other: on lines of their own, or as the items of an array.
    Objects(Objects),
    /// AWS's event stream.
    Messages(Messages),
}

impl Framing {
    /// The framing of a media type (lower case, without parameters); none if it is no stream's.
    pub fn of(media_type: &str) -> Option<Self> {
        match media_type {
            "text/event-stream" => Some(Framing::Sse(Splitter::new())),
            "application/json"
            | "application/x-ndjson"
            | "application/ndjson"
            | "application/jsonl"
            | "application/stream+json" => Some(Framing::Objects(Objects::default())),
            "application/vnd.amazon.eventstream" => Some(Framing::Messages(Messages::default())),
            _ => None,
        }
    }

    /// Takes what came and calls `visit` with each frame that is complete by now.
    ///
    /// # Errors
    /// If the stream cannot be cut any further; it is lost then.
    pub fn push(&mut self, chunk: Bytes, visit: &mut dyn FnMut(&Frame<'_>)) -> Result<(), FramingError> {
        match self {
            Framing::Sse(splitter) => {
                let batch = splitter.push(chunk)?;
                sse::events(&batch).for_each(|event| visit_event(&event, visit));
                Ok(())
            }
            Framing::Objects(objects) => objects.push(&chunk, visit),
            Framing::Messages(messages) => messages.push(&chunk, visit),
        }
    }

    /// The end of the bytes: a last frame that lacks nothing but its end is visited.
    ///
    /// # Errors
    /// If they end in the middle of a frame.
    pub fn finish(&mut self, visit: &mut dyn FnMut(&Frame<'_>)) -> Result<(), FramingError> {
        match self {
            Framing::Sse(splitter) => {
                let rest = splitter.finish();
                for event in sse::events(&rest).filter(|event| !event.data.trim_ascii().is_empty()) {
                    let data = event.data.trim_ascii();
                    if data != DONE && !crate::peek::is_json(data) {
                        return Err(CUT);
                    }
                    visit_event(&event, visit);
                }
                Ok(())
            }
            Framing::Objects(objects) => objects.finish(),
            Framing::Messages(messages) => messages.finish(),
        }
    }
}

const CUT: FramingError = FramingError::Broken("it ended in the middle of an event");

/// The last event of a stream in OpenAI's format, and of those that follow it.
pub const DONE: &str = "[DONE]";

fn visit_event(event: &sse::Event<'_>, visit: &mut dyn FnMut(&Frame<'_>)) {
    if event.data.trim_ascii().is_empty() {
        return;
    }
    // All formats that are known repeat the event's name, if it has one, in its data.
    visit(&Frame { kind: Kind::Unnamed, data: Cow::Borrowed(&event.data) });
}
