//! Answers that are errors: in OpenAI's shape for OpenAI's clients, and without the gateway's credentials
//! for all.

use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use formats::WireFormat;
use formats::error::{ERROR_TYPE, from_upstream, redact, retry_after};
use http_body_util::BodyExt;
use hyper::body::Frame;
use hyper::header::{CONTENT_TYPE, RETRY_AFTER};
use hyper::http::response::Parts;
use hyper::{HeaderMap, StatusCode};
use tokio::time::{Instant, timeout_at};

use super::encoding::{Encoding, decoded};
use super::headers;
use crate::refusal::{JSON, full};
use crate::{Body, BoxError};

/// The most bytes that are read of an error.
const MAX_ERROR: usize = 1 << 20;

/// Turns an upstream's error into one of OpenAI's, whatever it is.
pub(super) async fn converted(
    parts: &mut Parts,
    mut body: Body,
    wire: WireFormat,
    secrets: &[String],
    patience: Duration,
) -> Body {
    let secrets: Vec<_> = secrets.iter().map(String::as_str).collect();
    let (bytes, _) = beginning(&mut body, patience).await;
    let bytes = readable(bytes, &parts.headers);
    let content_type = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let (status, answer) = from_upstream(parts.status.as_u16(), content_type, &bytes, wire);
    let answer = match parts.headers.get(ERROR_TYPE).and_then(|name| name.to_str().ok()) {
        Some(name) => answer.named(name),
        None => answer,
    };
    if let Some(seconds) = retry_after(parts.status.as_u16(), &bytes, wire) {
        parts.headers.entry(RETRY_AFTER).or_insert_with(|| seconds.into());
    }
    let (bytes, _) = answer.into_body(bytes, &secrets);
    headers::redact_all(&mut parts.headers, &secrets);
    parts.status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    headers::of_another_body(&mut parts.headers, JSON);
    full(bytes)
}

/// Lets an upstream's error pass, but for quotations of `secrets`.
pub(super) async fn redacted(
    parts: &mut Parts,
    mut body: Body,
    secrets: &[String],
    patience: Duration,
) -> Body {
    let secrets: Vec<_> = secrets.iter().map(String::as_str).collect();
    headers::redact_all(&mut parts.headers, &secrets);
    let (bytes, is_whole) = beginning(&mut body, patience).await;
    let text = readable(bytes.clone(), &parts.headers);
    let text = String::from_utf8_lossy(&text);
    let said = redact(&text, &secrets);
    if said == text {
        let rest = if is_whole { Body::default() } else { body };
        return Body::new(Followed { first: bytes, rest });
    }
    headers::of_decoded(&mut parts.headers);
    full(said.into_owned())
}

/// A body without the coding that its headers name, if that can be undone.
fn readable(bytes: Bytes, headers: &HeaderMap) -> Bytes {
    match Encoding::of(headers).coding() {
        Some(coding) => decoded(bytes, coding, MAX_ERROR),
        None => bytes,
    }
}

/// What was read of a body, and the body.
struct Followed {
    first: Bytes,
    rest: Body,
}

impl hyper::body::Body for Followed {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if self.first.is_empty() {
            return Pin::new(&mut self.rest).poll_frame(cx);
        }
        Poll::Ready(Some(Ok(Frame::data(mem::take(&mut self.first)))))
    }

    fn is_end_stream(&self) -> bool {
        self.first.is_empty() && self.rest.is_end_stream()
    }
}

/// As much of a body as is read of an error, and whether that is all.
async fn beginning(body: &mut Body, patience: Duration) -> (Bytes, bool) {
    let end = Instant::now() + patience;
    let mut bytes = BytesMut::new();
    while bytes.len() < MAX_ERROR {
        match timeout_at(end, body.frame()).await {
            Ok(None) => return (bytes.freeze(), true),
            Ok(Some(Ok(frame))) => bytes.extend_from_slice(frame.data_ref().map_or(&[][..], |data| data)),
            Ok(Some(Err(_))) | Err(_) => break,
        }
    }
    (bytes.freeze(), false)
}
