//! Answers in a provider's own format, on their way to a client that speaks OpenAI's.

use std::time::SystemTime;

use bytes::Bytes;
use formats::body::is_json;
use formats::chunks::Chunks;
use formats::codec::{Codec, Expected, Origin};
use formats::completion::Completion;
use formats::error::{ErrorObject, from_upstream};
use formats::stream::{self, Stream};
use hyper::header::HeaderValue;
use hyper::http::response::Parts;
use hyper::{HeaderMap, StatusCode};

use super::encoding::{Decoder, Encoding};
use super::flow::Flow;
use super::{Asked, Way, headers, media_type, whole};
use crate::gateway::Exchange;
use crate::refusal::{JSON, Refusal, full};
use crate::{Body, clock};

const EVENT_STREAM: HeaderValue = HeaderValue::from_static("text/event-stream");

/// The headers in which providers name an exchange.
const REQUEST_IDS: [&str; 3] = ["x-amzn-requestid", "request-id", "x-request-id"];

/// What the client gets of a good answer: its translation, event by event where it is a stream, or an
/// error if it has none.
pub(super) async fn translated(
    parts: &mut Parts,
    body: Body,
    codec: &dyn Codec,
    expected: &Expected,
    asked: &Asked<'_>,
    exchange: &mut Exchange,
) -> Way {
    let translation = Translation { codec, expected, asked, exchange };
    match translation.of(parts, body).await {
        Ok(way) => {
            parts.status = StatusCode::OK;
            way
        }
        Err(refusal) => refused(parts, refusal, asked, exchange),
    }
}

/// The answer of a client that gets an error in place of the upstream's.
pub(super) fn refused(
    parts: &mut Parts,
    mut refusal: Refusal,
    asked: &Asked<'_>,
    exchange: &mut Exchange,
) -> Way {
    let secrets = (asked.secrets)();
    let secrets: Vec<_> = secrets.iter().map(String::as_str).collect();
    refusal.error.redact(&secrets);
    exchange.refused(&refusal.error.message);
    parts.status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::BAD_GATEWAY);
    headers::redact_all(&mut parts.headers, &secrets);
    headers::of_another_body(&mut parts.headers, JSON);
    Way::plain(full(refusal.error.to_json()))
}

/// What an answer is translated with.
struct Translation<'a> {
    codec: &'a dyn Codec,
    expected: &'a Expected,
    asked: &'a Asked<'a>,
    exchange: &'a Exchange,
}

impl Translation<'_> {
    async fn of(&self, parts: &mut Parts, body: Body) -> Result<Way, Refusal> {
        let decoder = decoder(parts, self.asked)?;
        let media_type = media_type(parts);
        let stream = self.asked.decision.stream;
        let framing = media_type.as_deref().and_then(|it| stream::framing(self.expected.wire, it));
        if let Some(framing) = framing.filter(|_| stream) {
            of_stream(&mut parts.headers);
            let stream = Stream::new(self.codec, framing, self.chunks());
            let stream = match request_id(&parts.headers) {
                Some(id) => stream.named(id),
                None => stream,
            };
            return Ok(Way { body, decoder, flow: Flow::Translated(Box::new(stream)) });
        }
        let whole = whole::read(body, decoder).await?;
        let completion = self.completion(&whole, &parts.headers, media_type.as_deref())?;
        if stream {
            // A server that cannot stream has answered; the client reads nothing but events.
            of_stream(&mut parts.headers);
            let stream = Stream::whole(self.codec, &completion, self.chunks());
            return Ok(Way { flow: Flow::Translated(Box::new(stream)), ..Way::plain(Body::default()) });
        }
        headers::of_another_body(&mut parts.headers, JSON);
        let flow = self.exchange.recording().map_or(Flow::Opaque, |_| Flow::copied(None));
        Ok(Way { flow, ..Way::plain(full(completion.to_json(self.expected, &origin()))) })
    }

    /// What a whole answer says.
    fn completion(
        &self,
        whole: &Bytes,
        headers: &HeaderMap,
        media_type: Option<&str>,
    ) -> Result<Completion, Refusal> {
        let Ok(json) = std::str::from_utf8(whole) else {
            return Err(self.failure("the upstream's answer is not UTF-8"));
        };
        let why = match self.codec.answer(json, request_id(headers)) {
            Ok(completion) if !completion.choices.is_empty() => return Ok(completion),
            Ok(_) => "the upstream's answer has no choices".to_owned(),
            Err(error) => error.message,
        };
        if let Some(error) = told(whole, self.expected) {
            return Err(bad_gateway(error));
        }
        if !is_json(json) {
            let media_type = media_type.unwrap_or("no content type");
            return Err(self.failure(&format!("the upstream's answer is no JSON ({media_type})")));
        }
        Err(self.failure(&why))
    }

    fn chunks(&self) -> Chunks {
        Chunks::new(self.expected.clone(), origin(), self.keeps_text(), (self.asked.secrets)())
    }

    fn keeps_text(&self) -> bool {
        self.exchange.recording().is_some_and(|recording| recording.payloads)
    }

    /// Kong's words, and the reason.
    fn failure(&self, why: &str) -> Refusal {
        failure(self.asked, why)
    }
}

/// What undoes an answer's coding, if it has any. Refused if nothing does: then it cannot be read.
pub(super) fn decoder(parts: &Parts, asked: &Asked<'_>) -> Result<Option<Decoder>, Refusal> {
    match Encoding::of(&parts.headers) {
        Encoding::Other => {
            Err(failure(asked, "the upstream's answer is compressed in a way that was not asked for"))
        }
        encoding => Ok(encoding.coding().map(Decoder::new)),
    }
}

/// Kong's words for an answer that cannot be translated, and the reason.
fn failure(asked: &Asked<'_>, why: &str) -> Refusal {
    let from = format!("{}://{}", asked.decision.provider, asked.decision.route_type);
    bad_gateway(ErrorObject::new(502, format!("transformation failed from type {from}: {why}")))
}

/// An upstream's failure.
pub(super) fn bad_gateway(error: ErrorObject) -> Refusal {
    Refusal { status: 502, error: Box::new(error), headers: Vec::new() }
}

fn request_id(headers: &HeaderMap) -> Option<&str> {
    REQUEST_IDS.iter().find_map(|name| headers.get(*name)?.to_str().ok())
}

/// The error that an answer with a good status tells of.
fn told(whole: &Bytes, expected: &Expected) -> Option<ErrorObject> {
    formats::openai::response::read(whole).error?;
    Some(from_upstream(502, None, whole, expected.wire).1.object().clone())
}

fn of_stream(headers: &mut HeaderMap) {
    headers::of_another_body(headers, EVENT_STREAM);
    headers::of_stream(headers);
}

/// A random name and the time.
pub(super) fn origin() -> Origin {
    let created = clock::since_1970(SystemTime::now()).as_secs();
    Origin { id: uuid::Uuid::new_v4().simple().to_string(), created }
}
