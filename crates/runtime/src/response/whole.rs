//! Answers that have to be read whole before anything can be made of them.

use bytes::{Bytes, BytesMut};
use formats::error::ErrorObject;
use http_body_util::BodyExt;

use super::encoding::Decoder;
use crate::refusal::Refusal;
use crate::upstream::UpstreamError;
use crate::{Body, BoxError};

/// The most bytes of an answer that is read whole, decoded.
const MAX_WHOLE: usize = 32 << 20;

/// Reads all of a body, which `decoder` decodes. Refused with what goes wrong, so that a client gets a
/// proper error as long as nothing of an answer was given to it.
pub(super) async fn read(mut body: Body, mut decoder: Option<Decoder>) -> Result<Bytes, Refusal> {
    let mut whole = Whole::default();
    while let Some(frame) = body.frame().await {
        // Trailers end here.
        let Ok(data) = frame.map_err(|error| broken(&error))?.into_data() else { continue };
        let Some(decoder) = &mut decoder else {
            whole.add(data)?;
            continue;
        };
        decoder.push(data);
        loop {
            let decoded = decoder.decode().map_err(|_| cut())?;
            if decoded.is_empty() {
                break;
            }
            whole.add(decoded)?;
        }
    }
    if let Some(decoder) = &mut decoder {
        whole.add(decoder.finish().map_err(|_| cut())?)?;
    }
    Ok(whole.joined())
}

/// What has come of a body; copied only if it comes in pieces.
#[derive(Default)]
struct Whole {
    first: Bytes,
    all: BytesMut,
}

impl Whole {
    fn add(&mut self, piece: Bytes) -> Result<(), Refusal> {
        if self.first.len() + piece.len() > MAX_WHOLE || self.all.len() + piece.len() > MAX_WHOLE {
            let message = format!("the upstream's answer is larger than {MAX_WHOLE} bytes");
            return Err(Refusal::new(502, "upstream_answer_too_large", message));
        }
        if self.first.is_empty() {
            self.first = piece;
            return Ok(());
        }
        if self.all.is_empty() {
            self.all.extend_from_slice(&self.first);
        }
        self.all.extend_from_slice(&piece);
        Ok(())
    }

    fn joined(self) -> Bytes {
        if self.all.is_empty() { self.first } else { self.all.freeze() }
    }
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
