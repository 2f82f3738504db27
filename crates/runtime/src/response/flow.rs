//! What happens to the bytes of an answer on their way.

use bytes::Bytes;
use formats::codec::Codec;
use formats::error::ErrorObject;
use formats::facts::Facts;
use formats::openai::{self, stream::Tap};
use formats::sse::Splitter;
use formats::stream::Stream;

use super::encoding::{Coding, decoded};
use super::pieces::Pieces;

/// How an answer's bytes are looked at while they pass.
pub(super) enum Flow {
    /// Not at all.
    Opaque,
    /// Unchanged; a copy is read at the end.
    Copied(Copy),
    /// Unchanged, and the events among them are read.
    Watched(Events),
    /// Unchanged, and what it would say in OpenAI's format is read.
    Read(Box<Stream>),
    /// Event by event.
    Events(Events),
    /// Event by event, in another format.
    Translated(Box<Stream>),
}

/// The beginning of an answer, for statistics.
pub(super) struct Copy {
    /// None once it is too long.
    pieces: Option<Pieces>,
    coding: Option<Coding>,
    /// What reads it, if it is in a provider's own format.
    codec: Option<&'static dyn Codec>,
}

/// The events of a stream; `None` after one too long.
pub(super) struct Events {
    splitter: Option<Splitter>,
    tap: Tap,
}

/// What an answer said.
#[derive(Default)]
pub(crate) struct Said {
    pub facts: Facts,
    /// The whole answer, if it was held.
    pub body: Option<Bytes>,
}

/// The most bytes that are held of an answer for statistics, as they came and decoded. Longer ones pass
/// uncounted.
const MAX_COPY: usize = 4 << 20;

impl Flow {
    pub fn copied(coding: Option<Coding>) -> Self {
        Flow::Copied(Copy { pieces: Some(Pieces::default()), coding, codec: None })
    }

    /// The same of an answer in a provider's own format.
    pub fn copied_in(codec: &'static dyn Codec, coding: Option<Coding>) -> Self {
        Flow::Copied(Copy { pieces: Some(Pieces::default()), coding, codec: Some(codec) })
    }

    /// What the client gets of what came. Errors with what breaks the stream off.
    pub fn data(&mut self, data: Bytes) -> Result<Bytes, ErrorObject> {
        match self {
            Flow::Opaque => Ok(data),
            Flow::Copied(copy) => {
                copy.add(&data);
                Ok(data)
            }
            Flow::Watched(events) => {
                // Statistics stop at an event that is too long, the stream does not.
                let _ = events.push(data.clone());
                Ok(data)
            }
            Flow::Read(stream) => {
                stream.push(data.clone());
                Ok(data)
            }
            Flow::Events(events) => events.push(data),
            Flow::Translated(stream) => Ok(stream.push(data)),
        }
    }

    /// What the client gets at the end, or in place of it.
    pub fn end(&mut self, failure: Option<&ErrorObject>) -> Bytes {
        match self {
            Flow::Opaque | Flow::Copied(_) => Bytes::new(),
            Flow::Watched(events) => {
                events.end(failure);
                Bytes::new()
            }
            Flow::Read(stream) => {
                stream.end(failure);
                Bytes::new()
            }
            Flow::Events(events) => events.end(failure),
            Flow::Translated(stream) => stream.end(failure),
        }
    }

    /// Whether a failure can be told to the client in the middle of the answer.
    pub fn tells_failures(&self) -> bool {
        matches!(self, Flow::Events(_) | Flow::Translated(_))
    }

    /// Whether the client gets exactly the bytes that come.
    pub fn passes(&self) -> bool {
        !matches!(self, Flow::Events(_) | Flow::Translated(_))
    }

    /// Whether the client has had all that it will get, whatever else comes.
    pub fn is_over(&self) -> bool {
        matches!(self, Flow::Translated(stream) if stream.is_over())
    }

    /// The error that a translated stream ended in.
    pub fn failure(&self) -> Option<&str> {
        match self {
            Flow::Translated(stream) => stream.facts().error.as_deref(),
            _ => None,
        }
    }

    pub fn said(&mut self) -> Said {
        match self {
            Flow::Opaque => Said::default(),
            Flow::Copied(copy) => match copy.take() {
                Some(body) => Said { facts: copy.facts(&body), body: Some(body) },
                None => Said::default(),
            },
            Flow::Watched(events) | Flow::Events(events) => {
                Said { facts: events.tap.facts().clone(), body: None }
            }
            Flow::Read(stream) | Flow::Translated(stream) => {
                Said { facts: stream.facts().clone(), body: None }
            }
        }
    }
}

impl Copy {
    fn add(&mut self, data: &Bytes) {
        self.pieces.take_if(|pieces| !pieces.add(data.clone(), MAX_COPY));
    }

    /// The whole answer, unless it was too long.
    fn take(&mut self) -> Option<Bytes> {
        let whole = self.pieces.take()?.joined();
        Some(match self.coding {
            Some(coding) => decoded(whole, coding, MAX_COPY),
            None => whole,
        })
    }

    /// What the whole answer says about itself; nothing if it is none.
    fn facts(&self, body: &[u8]) -> Facts {
        let Some(codec) = self.codec else { return openai::response::read(body) };
        let completion = std::str::from_utf8(body).ok().and_then(|json| codec.answer(json, None).ok());
        completion.map(|completion| completion.facts()).unwrap_or_default()
    }
}

impl Events {
    pub fn new(tap: Tap) -> Self {
        Self { splitter: Some(Splitter::new()), tap }
    }

    fn push(&mut self, data: Bytes) -> Result<Bytes, ErrorObject> {
        let Some(splitter) = &mut self.splitter else { return Ok(Bytes::new()) };
        match splitter.push(data) {
            Ok(batch) if batch.is_empty() => Ok(batch),
            Ok(batch) => Ok(self.tap.batch(batch)),
            Err(too_long) => {
                self.splitter = None;
                Err(ErrorObject::new(502, too_long.to_string()))
            }
        }
    }

    fn end(&mut self, failure: Option<&ErrorObject>) -> Bytes {
        let rest = self.splitter.as_mut().map(Splitter::finish).unwrap_or_default();
        self.tap.end(&rest, failure).into()
    }
}
