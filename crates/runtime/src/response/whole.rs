//! Answers that have to be read whole before anything can be made of them.

use bytes::Bytes;
use formats::error::ErrorObject;
use http_body_util::BodyExt;

use super::encoding::Decoder;
use super::pieces::Pieces;
use crate::refusal::Refusal;
use crate::upstream::UpstreamError;
use crate::{Body, BoxError};

/// The most bytes of an answer that is read whole, decoded.
const MAX_WHOLE: usize = 32 << 20;

/// Reads all of a body, which `decoder` decodes. Refused with what goes wrong, so that a client gets a
/// proper error as long as nothing of an answer was given to it.
pub(super) async fn read(mut body: Body, mut decoder: Option<Decoder>) -> Result<Bytes, Refusal> {
    let mut whole = Pieces::default();
    while let Some(frame) = body.frame().await {
        // Trailers end here.
        let Ok(data) = frame.map_err(|error| broken(&error))?.into_data() else { continue };
        let Some(decoder) = &mut decoder else {
            add(&mut whole, data)?;
            continue;
        };
        decoder.push(data);
        loop {
            let decoded = decoder.decode().map_err(|_| cut())?;
            if decoded.is_empty() {
                break;
            }
            add(&mut whole, decoded)?;
        }
    }
    if let Some(decoder) = &mut decoder {
        add(&mut whole, decoder.finish().map_err(|_| cut())?)?;
    }
    Ok(whole.joined())
}

fn add(whole: &mut Pieces, piece: Bytes) -> Result<(), Refusal> {
    if whole.add(piece, MAX_WHOLE) {
        return Ok(());
    }
    let message = format!("the upstream's answer is larger than {MAX_WHOLE} bytes");
    Err(Refusal::new(502, "upstream_answer_too_large", message))
}

/// What a body fails with.
pub(super) fn broken(error: &BoxError) -> Refusal {
    match error.downcast_ref::<UpstreamError>() {
        Some(error) => error.refusal(),
        None => Refusal::new(502, "upstream_disconnected", error.to_string()),
    }
}

/// The end of a coding has not come, or is none.
pub(super) fn cut() -> Refusal {
    let error = ErrorObject::new(502, "the upstream's compressed answer is broken or cut short");
    Refusal { status: 502, error: Box::new(error), headers: Vec::new() }
}
