//! How long something may make no progress.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

/// A limit on the time spent waiting for one step. Progress costs nothing: the timer is not moved by it,
/// but looks when it fires whether there has been any.
pub(crate) struct Idle {
    limit: Duration,
    waiting_since: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Idle {
    pub fn new(limit: Duration) -> Self {
        Self { limit, waiting_since: None, timer: None }
    }

    /// The time that one step may take.
    pub fn limit(&self) -> Duration {
        self.limit
    }

    /// Says that the step was made.
    pub fn progress(&mut self) {
        self.waiting_since = None;
    }

    /// Says that the step is waited for; ready once that has taken too long.
    pub fn poll_expired(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let deadline = *self.waiting_since.get_or_insert_with(Instant::now) + self.limit;
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        while timer.as_mut().poll(cx).is_ready() {
            if timer.deadline() >= deadline {
                return Poll::Ready(());
            }
            timer.as_mut().reset(deadline);
        }
        Poll::Pending
    }
}
