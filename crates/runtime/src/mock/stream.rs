//! Event streams as OpenAI sends them.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use hyper::{Response, StatusCode};
use serde_json::Value;

use crate::Body;

/// Sends `chunks`, each as an event of its own, and then the mark of the end.
pub fn events(chunks: impl IntoIterator<Item = Value>) -> Response<Body> {
    let events = chunks.into_iter().map(|chunk| Bytes::from(format!("data: {chunk}\n\n")));
    let done = Bytes::from_static(b"data: [DONE]\n\n");
    super::respond(StatusCode::OK, "text/event-stream", Pieces(events.chain([done]).collect()))
}

/// A body in pieces, so that each is flushed alone.
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
