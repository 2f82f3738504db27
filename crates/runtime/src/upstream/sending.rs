//! A request's body on its way to an upstream.

use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use tokio::time::{Instant, sleep_until};

use crate::{Body, BoxError};

/// A body that is handed over in pieces, and whose end can be waited for: the connection takes a piece
/// when it has written the one before and drops the body when it has taken the last.
pub(super) struct Sending {
    body: Body,
    /// What is left of a large piece.
    rest: Bytes,
    sent: Arc<OnceLock<Instant>>,
}

/// When a body was handed over.
pub(super) struct Sent(Arc<OnceLock<Instant>>);

/// The most bytes handed over at once.
const PIECE: usize = 64 << 10;

impl Sending {
    /// A body, and what tells when it is gone.
    pub fn new(body: Body) -> (Self, Sent) {
        let sent = Arc::new(OnceLock::new());
        (Self { body, rest: Bytes::new(), sent: sent.clone() }, Sent(sent))
    }
}

impl Drop for Sending {
    fn drop(&mut self) {
        self.sent.get_or_init(Instant::now);
    }
}

impl Sent {
    /// Waits until the body has been gone for `time`. That it goes wakes nobody: mostly the answer comes
    /// first.
    pub async fn since(&self, time: Duration) {
        let mut next = Instant::now() + time;
        loop {
            sleep_until(next).await;
            let now = Instant::now();
            // Gone by now, but not when last looked: its time is still to come.
            next = self.0.get().map_or(now, |sent| *sent) + time;
            if next <= now {
                return;
            }
        }
    }
}

impl hyper::body::Body for Sending {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if self.rest.is_empty() {
            match Pin::new(&mut self.body).poll_frame(cx) {
                Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                    Ok(data) => self.rest = data,
                    Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
                },
                other => return other,
            }
        }
        let length = self.rest.len().min(PIECE);
        Poll::Ready(Some(Ok(Frame::data(self.rest.split_to(length)))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let rest = self.rest.len() as u64;
        let body = self.body.size_hint();
        let mut hint = SizeHint::new();
        hint.set_lower(body.lower() + rest);
        if let Some(upper) = body.upper() {
            hint.set_upper(upper + rest);
        }
        hint
    }
}
