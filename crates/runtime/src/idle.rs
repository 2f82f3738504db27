//! How long something may make no progress.

use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::Instant;

use crate::timer::Timer;

/// A limit on the time spent waiting for one step.
pub(crate) struct Idle {
    limit: Duration,
    waiting_since: Option<Instant>,
    timer: Timer,
}

impl Idle {
    pub fn new(limit: Duration) -> Self {
        Self { limit, waiting_since: None, timer: Timer::default() }
    }

    /// The time that one step may take.
    pub fn limit(&self) -> Duration {
        self.limit
    }

    /// Says that the step was made, and returns how long it was waited for.
    pub fn progress(&mut self) -> Duration {
        self.waiting_since.take().map_or(Duration::ZERO, |since| since.elapsed())
    }

    /// Says that the step is waited for; ready once that has taken too long.
    pub fn poll_expired(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let since = *self.waiting_since.get_or_insert_with(Instant::now);
        self.timer.poll(cx, since + self.limit)
    }
}
