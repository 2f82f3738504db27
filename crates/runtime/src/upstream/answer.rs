//! An answer's body on its way from an upstream.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::http::uri::Authority;

use super::{Cause, UpstreamError};
use crate::BoxError;
use crate::idle::Idle;

/// A body that fails when the upstream takes too long over its next piece.
pub(super) struct Answer {
    incoming: Incoming,
    idle: Idle,
    host: Option<Authority>,
}

impl Answer {
    pub fn new(incoming: Incoming, limit: Duration, host: Option<Authority>) -> Self {
        Self { incoming, idle: Idle::new(limit), host }
    }

    fn failed(&self, cause: Cause) -> BoxError {
        UpstreamError::new(self.host.clone(), cause).into()
    }
}

impl hyper::body::Body for Answer {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match Pin::new(&mut self.incoming).poll_frame(cx) {
            Poll::Ready(frame) => {
                self.idle.progress();
                Poll::Ready(frame.map(|frame| frame.map_err(|error| self.failed(Cause::of(&error)))))
            }
            Poll::Pending => self
                .idle
                .poll_expired(cx)
                .map(|()| Some(Err(self.failed(Cause::ReadTimeout(self.idle.limit()))))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}
