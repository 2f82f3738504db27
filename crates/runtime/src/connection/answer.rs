//! An answer on its way to the client.

use std::{
    pin::{Pin, pin},
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use tokio::{
    sync::OwnedSemaphorePermit,
    task_local,
    time::{Instant, sleep_until},
};

use super::activity::Open;
use crate::{Body, BoxError};

/// A body that occupies its connection and its place among the requests in flight until it has been
/// handed over whole, or dropped.
pub struct Answer {
    body: Body,
    taking: Option<Arc<Taking>>,
    _open: Open,
    _room: Option<OwnedSemaphorePermit>,
}

impl Answer {
    /// An answer to an `open` request, for which there was `room` or not.
    pub fn new(body: Body, open: Open, room: Option<OwnedSemaphorePermit>) -> Self {
        let taking = TAKING.try_with(Arc::clone).ok();
        let answer = Self { body, taking, _open: open, _room: room };
        answer.waits_for_client(true);
        answer
    }

    fn waits_for_client(&self, waits: bool) {
        if let Some(taking) = &self.taking {
            *taking.since.lock().unwrap_or_else(PoisonError::into_inner) = waits.then(Instant::now);
        }
    }
}

impl hyper::body::Body for Answer {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let frame = Pin::new(&mut self.body).poll_frame(context);
        self.waits_for_client(frame.is_ready());
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

task_local! {
    static TAKING: Arc<Taking>;
}

/// Whether a stream's client takes what it is given.
#[derive(Default)]
pub struct Taking {
    /// Since when the client has been given something; `None` while the gateway has nothing to give.
    since: Mutex<Option<Instant>>,
}

impl Taking {
    /// Runs `stream` until its client has taken nothing for `patience`, or up to twice that long.
    pub async fn watched(stream: impl Future<Output = ()>, patience: Duration) {
        let taking = Arc::new(Self::default());
        let mut stream = pin!(TAKING.scope(taking.clone(), stream));
        tokio::select! {
            () = stream.as_mut() => {}
            () = taking.stalled(patience) => {}
        }
    }

    async fn stalled(&self, patience: Duration) {
        let mut next = Instant::now() + patience;
        loop {
            sleep_until(next).await;
            let now = Instant::now();
            let since = *self.since.lock().unwrap_or_else(PoisonError::into_inner);
            next = since.unwrap_or(now) + patience;
            if next <= now {
                return;
            }
        }
    }
}
