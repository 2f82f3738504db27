//! A stream in a provider's format on its way to a client that speaks OpenAI's.

use bytes::Bytes;

use crate::chunks::Chunks;
use crate::codec::{Codec, Events};
use crate::error::ErrorObject;
use crate::facts::Facts;
use crate::framing::{Framing, FramingError};

/// Translates a stream event by event: no event waits for the next one, and memory stays bounded whatever
/// its length.
pub struct Stream {
    framing: Framing,
    events: Box<dyn Events>,
    chunks: Chunks,
}

impl Stream {
    /// A translator for a stream that is cut by `framing` and written to `chunks`.
    pub fn new(codec: &dyn Codec, framing: Framing, chunks: Chunks) -> Self {
        Self { framing, events: codec.events(), chunks }
    }

    /// Takes what came; returns what the client gets for it, possibly nothing.
    pub fn push(&mut self, chunk: Bytes) -> Bytes {
        if self.chunks.is_over() {
            return Bytes::new();
        }
        let (events, chunks) = (&mut self.events, &mut self.chunks);
        let cut = self.framing.push(chunk, &mut |frame| {
            if !chunks.is_over() {
                events.frame(frame, chunks);
            }
        });
        if let Err(error) = cut {
            self.chunks.fail(broken(&error));
        }
        self.chunks.take()
    }

    /// The end: returns what the client gets at last. `failure` is why the upstream broke off, if it did. A
    /// stream that ends without saying that the answer is complete has failed too, whatever its
    /// connection says.
    pub fn end(&mut self, failure: Option<&ErrorObject>) -> Bytes {
        let (events, chunks) = (&mut self.events, &mut self.chunks);
        if chunks.is_over() {
            return chunks.take();
        }
        let cut = self.framing.finish(&mut |frame| {
            if !chunks.is_over() {
                events.frame(frame, chunks);
            }
        });
        if !chunks.is_over() && failure.is_none() && cut.is_ok() {
            events.end(chunks);
        }
        match (failure, cut) {
            (Some(failure), _) => chunks.fail(failure.clone()),
            (None, Err(error)) => chunks.fail(broken(&error)),
            (None, Ok(())) if chunks.is_finished() => chunks.done(),
            (None, Ok(())) => {
                chunks.fail(ErrorObject::new(
                    502,
                    "the upstream's stream ended before its answer was complete",
                ));
            }
        }
        chunks.take()
    }

    /// Whether an end or an error has been written: nothing that comes will change that.
    pub fn is_over(&self) -> bool {
        self.chunks.is_over()
    }

    /// What the stream has said so far.
    pub fn facts(&self) -> &Facts {
        self.chunks.facts()
    }
}

fn broken(error: &FramingError) -> ErrorObject {
    ErrorObject::new(502, error.to_string())
}
