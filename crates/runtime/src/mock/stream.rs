//! Streams as the providers send them, piece by piece.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use hyper::{Response, StatusCode};
use serde_json::Value;

use crate::Body;

const SSE: &str = "text/event-stream";

/// Server-sent events.
pub fn events(events: impl IntoIterator<Item = Value>) -> Response<Body> {
    pieces(SSE, events.into_iter().map(|event| format!("data: {event}\n\n").into()))
}

/// The same, and at last the mark that OpenAI's streams end with.
pub fn done(events: impl IntoIterator<Item = Value>) -> Response<Body> {
    let events = events.into_iter().map(|event| format!("data: {event}\n\n").into());
    pieces(SSE, events.chain([Bytes::from_static(b"data: [DONE]\n\n")]))
}

/// Events that are called what their `type` says.
pub fn named(events: impl IntoIterator<Item = Value>) -> Response<Body> {
    let named = |event: Value| {
        let name = event["type"].as_str().unwrap_or_default();
        format!("event: {name}\ndata: {event}\n\n").into()
    };
    pieces(SSE, events.into_iter().map(named))
}

/// Events whose lines end as Google's do.
pub fn crlf(events: impl IntoIterator<Item = Value>) -> Response<Body> {
    pieces(SSE, events.into_iter().map(|event| format!("data: {event}\r\n\r\n").into()))
}

/// The items of a JSON array.
pub fn array(items: impl IntoIterator<Item = Value>) -> Response<Body> {
    let items = items.into_iter().zip(0..).map(|(item, number)| {
        let before = if number == 0 { "[" } else { ",\r\n" };
        format!("{before}{item}\n").into()
    });
    pieces("application/json", items.chain([Bytes::from_static(b"]\n")]))
}

/// JSON objects, each on a line.
pub fn lines(content_type: &'static str, objects: impl IntoIterator<Item = Value>) -> Response<Body> {
    pieces(content_type, objects.into_iter().map(|object| format!("{object}\n").into()))
}

/// A body in pieces, so that each is flushed alone.
pub fn pieces(content_type: &'static str, pieces: impl IntoIterator<Item = Bytes>) -> Response<Body> {
    super::respond(StatusCode::OK, content_type, Pieces(pieces.into_iter().collect()))
}

struct Pieces(VecDeque<Bytes>);

impl HttpBody for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.pop_front().map(|piece| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_empty()
    }

    /// Unknown, as of any stream.
    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}
