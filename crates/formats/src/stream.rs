//! A stream in a provider's format on its way to a client that speaks OpenAI's.

use bytes::Bytes;

use crate::WireFormat;
use crate::chunks::Chunks;
use crate::codec::{Codec, Events};
use crate::completion::Completion;
use crate::error::ErrorObject;
use crate::facts::Facts;
use crate::framing::{Framing, FramingError, Objects};

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

    /// A stream that is over before it comes, for a client that asked for one: a server that does not
    /// stream has answered with `completion`. Its end is all of it.
    pub fn whole(codec: &dyn Codec, completion: &Completion, mut chunks: Chunks) -> Self {
        say(completion, &mut chunks);
        Self::new(codec, Framing::Objects(Objects::default()), chunks)
    }

    /// The same for an exchange that the provider names so in the answer's headers.
    pub fn named(mut self, request_id: &str) -> Self {
        self.events.named(request_id, &mut self.chunks);
        self
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

/// Formats in which a stream may be `application/json` as well: an array of what would be events, or one
/// object after the other. From others, that is a whole answer.
const STREAMS_JSON: [WireFormat; 5] = [
    WireFormat::Gemini,
    WireFormat::Vertex,
    WireFormat::Ollama,
    WireFormat::OllamaGenerate,
    WireFormat::CohereV1,
];

/// How a provider's stream of this media type (lower case, without parameters) is cut; none if an answer
/// of this type is no stream.
pub fn framing(wire: WireFormat, media_type: &str) -> Option<Framing> {
    if media_type == "application/json" && !STREAMS_JSON.contains(&wire) {
        return None;
    }
    Framing::of(media_type)
}

/// Says a whole answer as a stream.
fn say(completion: &Completion, chunks: &mut Chunks) {
    chunks.id(completion.id.as_deref().unwrap_or_default());
    chunks.model(completion.model.as_deref().unwrap_or_default());
    for (index, choice) in completion.choices.iter().enumerate() {
        chunks.begin(index);
        chunks.reasoning(index, choice.reasoning.as_deref().unwrap_or_default());
        chunks.text(index, choice.text.as_deref().unwrap_or_default());
        for call in &choice.tool_calls {
            chunks.whole_tool_call(index, call.id.as_deref(), &call.name, &call.arguments);
        }
        chunks.finish(index, choice.finish);
    }
    chunks.usage(completion.usage);
    chunks.done();
}

fn broken(error: &FramingError) -> ErrorObject {
    ErrorObject::new(502, error.to_string())
}
