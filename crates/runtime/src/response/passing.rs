//! Answers that pass as they come: what is read of them on the way, and what has to be decoded for that.

use formats::chunks::Chunks;
use formats::codec::{Expected, Operation, ToolNames, codec};
use formats::openai::mend::Mender;
use formats::openai::stream::Tap;
use formats::stream::{self, Stream};
use hyper::http::response::Parts;

use super::encoding::{Coding, Decoder, Encoding, accepts_gzip};
use super::flow::{Events, Flow};
use super::{Asked, Way, headers, is_stream, media_type, translation};
use crate::Body;
use crate::gateway::Exchange;

/// How a good answer passes to a client that speaks the provider's format: as it is. For statistics, what
/// it would say to another client is read.
pub(super) fn native(parts: &mut Parts, body: Body, asked: &Asked<'_>, exchange: &Exchange) -> Way {
    let (Some(recording), Some(native)) = (exchange.recording(), asked.decision.native) else {
        return Way::plain(body);
    };
    let encoding = Encoding::of(&parts.headers);
    let Some(codec) = codec(native, Operation::Chat).filter(|_| encoding != Encoding::Other) else {
        return Way::plain(body);
    };
    let framing = media_type(parts).and_then(|media_type| stream::framing(native, &media_type));
    let Some(framing) = framing.filter(|_| asked.decision.stream) else {
        return Way { flow: Flow::copied_in(codec, encoding.coding()), ..Way::plain(body) };
    };
    let coding = encoding.coding();
    if coding.is_some() {
        headers::of_decoded(&mut parts.headers);
    }
    let expected = Expected {
        wire: native,
        operation: Operation::Chat,
        model: asked.decision.model.clone().unwrap_or_default(),
        includes_usage: false,
        tool_names: ToolNames::default(),
    };
    let chunks = Chunks::new(expected, translation::origin(), recording.payloads, Vec::new());
    let stream = Stream::new(codec, framing, chunks);
    Way { body, decoder: coding.map(Decoder::new), flow: Flow::Read(Box::new(stream)) }
}

/// How a good answer passes to a client of OpenAI's, or unread: what has to be decoded, how it is looked at,
/// and what mends its events.
pub(super) fn plain(
    parts: &mut Parts,
    body: Body,
    mender: Option<Mender>,
    asked: &Asked<'_>,
    preserve: bool,
    exchange: &Exchange,
) -> Way {
    let recording = exchange.recording();
    let keeps_text = recording.is_some_and(|recording| recording.payloads);
    let encoding = Encoding::of(&parts.headers);
    let media_type = media_type(parts);
    if is_stream(parts) {
        return match (preserve, encoding) {
            (true, Encoding::Identity) if recording.is_some() => {
                Way { flow: Flow::Watched(Events::new(Tap::new(false, keeps_text))), ..Way::plain(body) }
            }
            (true, _) | (false, Encoding::Other) => Way::plain(body),
            (false, Encoding::Identity | Encoding::Known(_)) => {
                headers::of_stream(&mut parts.headers);
                let tap = Tap::new(asked.decision.hides_usage, keeps_text).redacting((asked.secrets)());
                let tap = tap.mending(mender);
                let decoder = encoding.coding().map(Decoder::new);
                Way { body, decoder, flow: Flow::Events(Events::new(tap)) }
            }
        };
    }
    let coding = encoding.coding();
    let undone = coding.filter(|coding| {
        let taken = *coding == Coding::Gzip && accepts_gzip(&asked.head.headers);
        !preserve && !taken
    });
    if undone.is_some() {
        headers::of_decoded(&mut parts.headers);
    }
    let is_json = media_type.is_none_or(|media_type| media_type.ends_with("json"));
    let flow = match recording {
        // The copy is of what the client gets.
        Some(_) if is_json && encoding != Encoding::Other => {
            Flow::copied(if undone.is_some() { None } else { coding })
        }
        _ => Flow::Opaque,
    };
    Way { body, decoder: undone.map(Decoder::new), flow }
}
