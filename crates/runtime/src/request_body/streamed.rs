//! A client's body, passed on while it arrives.

use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use config_core::plan::prepare::Inspection;
use hyper::body::{Body as _, Frame, Incoming, SizeHint};

use super::BodyError;
use super::linger::Lingering;
use crate::BoxError;
use crate::idle::Idle;
use crate::limits::Limits;

/// A body that takes from the client what the upstream takes from it. It fails with a [`BodyError`] when
/// the client is too slow, breaks off, or sends what is refused; what is refused is not passed on.
pub(crate) struct Streamed {
    incoming: Lingering,
    idle: Idle,
    /// Spent waiting for the client, and how much of that is free.
    waited: Duration,
    body_time: Duration,
    inspection: Option<Inspection>,
    upload: Arc<Upload>,
}

/// Bytes that earn a client one more second of waiting. An upload over a poor line is many times faster.
const SLOWEST: u64 = 1 << 10;

/// What is known of a body while it passes.
#[derive(Default)]
pub(crate) struct Upload {
    received: AtomicU64,
    named: OnceLock<Named>,
}

/// The model that a body named.
pub(crate) struct Named {
    pub model: String,
    /// The value of the answer's `x-kong-llm-model`.
    pub header: Option<String>,
}

impl Upload {
    /// Bytes that have arrived.
    pub fn received(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
    }

    /// The model, if it has been named by now.
    pub fn named(&self) -> Option<&Named> {
        self.named.get()
    }
}

impl Streamed {
    pub(super) fn new(incoming: Lingering, inspection: Option<Inspection>, limits: &Limits) -> Self {
        Self {
            incoming,
            idle: Idle::new(limits.body_idle_time),
            waited: Duration::ZERO,
            body_time: limits.body_time,
            inspection,
            upload: Arc::default(),
        }
    }

    /// What is known while it passes.
    pub fn upload(&self) -> Arc<Upload> {
        Arc::clone(&self.upload)
    }

    /// Whether the client has been waited for longer than what it has sent is worth.
    fn is_too_slow(&self) -> bool {
        self.waited > self.body_time + Duration::from_secs(self.upload.received() / SLOWEST)
    }

    /// Checks the next bytes, and the end if that is it.
    fn admit(&mut self, data: &[u8]) -> Result<(), BodyError> {
        self.upload.received.fetch_add(data.len() as u64, Ordering::Relaxed);
        let Some(inspection) = &mut self.inspection else { return Ok(()) };
        inspection.feed(data).map_err(BodyError::Rejected)?;
        if let (Some(model), None) = (inspection.model(), self.upload.named()) {
            let named = Named { model: model.to_owned(), header: inspection.response_model_header() };
            let _ = self.upload.named.set(named);
        }
        // With its last byte a body whose length is known is complete, whatever is found out later.
        if self.incoming.is_end_stream() { self.end() } else { Ok(()) }
    }

    fn end(&mut self) -> Result<(), BodyError> {
        self.inspection.as_mut().map_or(Ok(()), Inspection::finish).map_err(BodyError::Rejected)
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
            let incoming: &mut Incoming = &mut this.incoming;
            let Poll::Ready(frame) = Pin::new(incoming).poll_frame(cx) else {
                let limit = this.idle.limit();
                return this.idle.poll_expired(cx).map(|()| Some(Err(BodyError::TooSlow(limit).into())));
            };
            this.waited += this.idle.progress();
            if this.is_too_slow() {
                return Poll::Ready(Some(Err(BodyError::TooSlow(this.waited).into())));
            }
            return Poll::Ready(match frame.map(|frame| frame.map(Frame::into_data)) {
                None => this.end().err().map(|error| Err(error.into())),
                Some(Err(error)) => Some(Err(BodyError::of(&error).into())),
                // Trailers end here.
                Some(Ok(Err(_))) => continue,
                Some(Ok(Ok(data))) => Some(match this.admit(&data) {
                    Ok(()) => Ok(Frame::data(data)),
                    Err(error) => Err(error.into()),
                }),
            });
        }
    }

    fn is_end_stream(&self) -> bool {
        // Unless there is nothing at all, the end has to be looked at.
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}
