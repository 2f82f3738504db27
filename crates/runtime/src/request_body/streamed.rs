//! A client's body, passed on while it arrives.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Frame, SizeHint};

use super::BodyError;
use super::linger::Lingering;
use crate::BoxError;
use crate::idle::Idle;

/// A body that takes from the client what the upstream takes from it. It fails with a [`BodyError`] when
/// the client is too slow, breaks off, or sends what is refused.
pub(crate) struct Streamed {
    incoming: Lingering,
    idle: Idle,
    received: Arc<AtomicU64>,
}

impl Streamed {
    pub(super) fn new(incoming: Lingering, idle: Duration) -> Self {
        Self { incoming, idle: Idle::new(idle), received: Arc::default() }
    }

    /// Counts the bytes that have arrived.
    pub fn received(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.received)
    }
}

impl hyper::body::Body for Streamed {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        loop {
            let Poll::Ready(frame) = Pin::new(&mut *this.incoming).poll_frame(cx) else {
                let limit = this.idle.limit();
                return this.idle.poll_expired(cx).map(|()| Some(Err(BodyError::TooSlow(limit).into())));
            };
            this.idle.progress();
            return Poll::Ready(match frame {
                None => None,
                Some(Err(error)) => Some(Err(BodyError::of(&error).into())),
                // Trailers end here.
                Some(Ok(frame)) if frame.is_trailers() => continue,
                Some(Ok(frame)) => {
                    let length = frame.data_ref().map_or(0, Bytes::len);
                    this.received.fetch_add(length as u64, Ordering::Relaxed);
                    Some(Ok(frame))
                }
            });
        }
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}
