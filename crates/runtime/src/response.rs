//! The answer to a client: which headers it gets, what happens to the bytes on their way, and what is
//! made of an upstream's errors.

mod encoding;
mod error;
mod flow;
mod headers;
mod mending;
mod passing;
mod pieces;
mod reply;
mod translation;
mod whole;

use std::time::Duration;

use config_core::model::RouteType;
use config_core::plan::prepare::Decision;
use formats::codec::codec;
use formats::openai::mend::Mender;
use hyper::header::CONTENT_TYPE;
use hyper::http::{request, response};
use hyper::{Method, Response};

use crate::Body;
use crate::gateway::Exchange;
use crate::refusal::Refusal;
use encoding::Decoder;
use flow::Flow;
pub(crate) use flow::Said;
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
        (200..300, None) if native.is_some() => passing::native(&mut parts, body, &asked, &exchange),
        (200..300, None) => match mender(&asked) {
            Some(mender) if !is_stream(&parts) => {
                mending::mended(&mut parts, body, mender, &asked, &mut exchange).await
            }
            mender => passing::plain(&mut parts, body, mender, &asked, preserve, &exchange),
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
