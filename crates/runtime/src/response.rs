//! The answer to a client: which headers it gets, what happens to the bytes on their way, and what is
//! made of an upstream's errors.

mod encoding;
mod error;
mod flow;
mod headers;
mod mending;
mod pieces;
mod reply;
mod translation;
mod whole;

use std::time::Duration;

use config_core::model::RouteType;
use config_core::plan::prepare::Decision;
use formats::chunks::Chunks;
use formats::codec::{Expected, Operation, ToolNames, codec};
use formats::openai::mend::Mender;
use formats::openai::stream::Tap;
use formats::stream::{self, Stream};
use hyper::header::CONTENT_TYPE;
use hyper::http::{request, response};
use hyper::{Method, Response};

use crate::Body;
use crate::gateway::Exchange;
use crate::refusal::Refusal;
use encoding::{Coding, Decoder, Encoding};
pub(crate) use flow::Said;
use flow::{Events, Flow};
use reply::Reply;

/// What was asked, as far as the answer depends on it.
pub(crate) struct Asked<'a> {
    /// The client's request.
    pub head: &'a request::Parts,
    /// The upstream's request.
    pub decision: &'a Decision,
    /// The credentials that were sent, which no error may quote.
    pub secrets: &'a (dyn Fn() -> Vec<String> + Sync),
    /// How long an error may take to arrive.
    pub patience: Duration,
}

/// How an answer's body gets to the client.
struct Way {
    body: Body,
    /// What undoes its coding.
    decoder: Option<Decoder>,
    flow: Flow,
}

impl Way {
    /// As it is.
    fn plain(body: Body) -> Self {
        Self { body, decoder: None, flow: Flow::Opaque }
    }
}

/// The client's answer, made of the upstream's.
pub(crate) async fn answer(
    answer: Response<Body>,
    asked: Asked<'_>,
    mut exchange: Exchange,
) -> Response<Body> {
    let (mut parts, body) = answer.into_parts();
    exchange.answered(parts.status);
    headers::filter(&mut parts.headers, parts.status);
    let native = asked.decision.native;
    let preserve = asked.decision.route_type == RouteType::Preserve || native.is_some();
    let expected = asked.decision.expected.as_ref();
    let translator =
        expected.and_then(|expected| Some((expected, codec(expected.wire, expected.operation)?)));
    let way = match (parts.status.as_u16(), translator) {
        (200..300, Some((expected, codec))) => {
            translation::translated(&mut parts, body, codec, expected, &asked, &mut exchange).await
        }
        (200..300, None) if native.is_some() => passing_native(&mut parts, body, &asked, &exchange),
        (200..300, None) => match mender(&asked).filter(|_| !is_stream(&parts)) {
            Some(mender) => mending::mended(&mut parts, body, mender, &asked, &mut exchange).await,
            None => passing(&mut parts, body, &asked, preserve, &exchange),
        },
        _ if preserve => {
            Way::plain(error::redacted(&mut parts, body, &(asked.secrets)(), asked.patience).await)
        }
        _ => {
            let wire = asked.decision.wire;
            Way::plain(error::converted(&mut parts, body, wire, &(asked.secrets)(), asked.patience).await)
        }
    };
    exchange.answers(parts.status, &mut parts.headers);
    let bodiless = asked.head.method == Method::HEAD;
    let reply = Reply::new(way, exchange, bodiless);
    Response::from_parts(parts, Body::new(reply))
}

/// An answer that no upstream gave.
pub(crate) fn refused(refusal: &Refusal, method: &Method, mut exchange: Exchange) -> Response<Body> {
    let (mut parts, body) = refusal.response().into_parts();
    exchange.refused(&refusal.error.message);
    exchange.answers(parts.status, &mut parts.headers);
    let bodiless = method == Method::HEAD;
    Response::from_parts(parts, Body::new(Reply::new(Way::plain(body), exchange, bodiless)))
}

/// How a good answer passes to a client that speaks the provider's format: as it is. For statistics, what
/// it would say to another client is read.
fn passing_native(parts: &mut response::Parts, body: Body, asked: &Asked<'_>, exchange: &Exchange) -> Way {
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

/// How a good answer passes: what has to be decoded for the client, and how it is looked at.
fn passing(
    parts: &mut response::Parts,
    body: Body,
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
                let tap = tap.mending(mender(asked));
                let decoder = encoding.coding().map(Decoder::new);
                Way { body, decoder, flow: Flow::Events(Events::new(tap)) }
            }
        };
    }
    let coding = encoding.coding();
    let undone = coding.filter(|coding| {
        let taken = *coding == Coding::Gzip && encoding::accepts_gzip(&asked.head.headers);
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

/// What mends the answer, if its server is known to deviate from OpenAI's format.
fn mender(asked: &Asked<'_>) -> Option<Mender> {
    let model = asked.decision.model.as_deref().unwrap_or_default();
    Mender::of(asked.decision.wire, model, translation::origin)
}

fn is_stream(parts: &response::Parts) -> bool {
    media_type(parts).as_deref() == Some("text/event-stream")
}

/// The content type without parameters, in lower case.
fn media_type(parts: &response::Parts) -> Option<String> {
    let value = parts.headers.get(CONTENT_TYPE)?.to_str().ok()?;
    Some(value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
}
