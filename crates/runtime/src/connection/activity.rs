//! When a connection is idle.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::{Instant, sleep_until};

use crate::limits::Limits;

/// What a connection is doing.
pub struct Activity {
    state: Mutex<State>,
    head_time: Duration,
    keep_alive_time: Duration,
}

struct State {
    /// Requests whose answers are not complete.
    open: usize,
    /// Until when a request must have come if none is open.
    deadline: Instant,
}

impl Activity {
    /// A connection that has just been opened.
    pub fn new(limits: &Limits) -> Self {
        Self {
            state: Mutex::new(State { open: 0, deadline: Instant::now() + limits.head_time }),
            head_time: limits.head_time,
            keep_alive_time: limits.keep_alive_time,
        }
    }

    /// Begins a request.
    pub fn open(self: &Arc<Self>) -> Open {
        self.state().open += 1;
        Open(self.clone())
    }

    /// Begins a request's head.
    pub fn head(&self) {
        self.state().deadline = Instant::now() + self.head_time;
    }

    /// Until when a request, or the rest of its head, must have come; `None` while one is answered.
    pub fn deadline(&self) -> Option<Instant> {
        let state = self.state();
        (state.open == 0).then_some(state.deadline)
    }

    /// Until the deadline has passed with no request open.
    pub async fn idle(&self) {
        loop {
            match self.deadline() {
                Some(deadline) if deadline <= Instant::now() => return,
                Some(deadline) => sleep_until(deadline).await,
                // after this time at the earliest can it be idle
                None => sleep_until(Instant::now() + self.keep_alive_time).await,
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request until its answer is complete or dropped.
pub struct Open(Arc<Activity>);

impl Drop for Open {
    fn drop(&mut self) {
        let deadline = Instant::now() + self.0.keep_alive_time;
        let mut state = self.0.state();
        state.open -= 1;
        state.deadline = deadline;
    }
}
