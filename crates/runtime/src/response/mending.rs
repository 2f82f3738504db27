//! Answers of servers that speak OpenAI's format but for details, which are mended on the way to the client.

use bytes::Bytes;
use formats::openai::mend::Mender;
use hyper::http::response::Parts;

use super::flow::Flow;
use super::translation::{bad_gateway, decoder, refused};
use super::{Asked, Way, headers, whole};
use crate::Body;
use crate::gateway::Exchange;
use crate::refusal::{JSON, Refusal, full};

/// What the client gets of a whole answer: the answer, mended, or an error if it is none. Streams are mended
/// event by event.
pub(super) async fn mended(
    parts: &mut Parts,
    body: Body,
    mender: Mender,
    asked: &Asked<'_>,
    exchange: &mut Exchange,
) -> Way {
    match read(parts, body, mender, asked).await {
        Ok(answer) => {
            headers::of_another_body(&mut parts.headers, JSON);
            let flow = exchange.recording().map_or(Flow::Opaque, |_| Flow::copied(None));
            Way { flow, ..Way::plain(full(answer)) }
        }
        Err(refusal) => refused(parts, refusal, asked, exchange),
    }
}

async fn read(parts: &Parts, body: Body, mender: Mender, asked: &Asked<'_>) -> Result<Bytes, Refusal> {
    let answer = whole::read(body, decoder(parts, asked)?).await?;
    let mended = mender.answer(&answer).map_err(bad_gateway)?;
    Ok(mended.map_or(answer, Bytes::from))
}
