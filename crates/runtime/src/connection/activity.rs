//! What a connection is doing.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use tokio::time::{Instant, sleep_until};

use crate::{limits::Limits, refusal::Refusal};

/// The requests of a connection: how many there were, and how many are being answered.
pub struct Activity(Mutex<State>);

struct State {
    /// Requests so far.
    begun: usize,
    /// Requests whose answers are not complete.
    open: usize,
    /// When the last of them was, or when the connection was opened.
    idle_since: Instant,
    /// A request that is not in order, and how many come before it.
    refused: Option<(usize, Refused)>,
    /// Who waits for the connection to become idle.
    reader: Option<Waker>,
}

/// A request that is not in order.
pub struct Refused {
    /// The answer.
    pub refusal: Box<Refusal>,
    /// As much of the head as has come.
    pub head: Bytes,
}

impl Activity {
    /// A connection that has just been opened.
    pub fn new() -> Self {
        Self(Mutex::new(State { begun: 0, open: 0, idle_since: Instant::now(), refused: None, reader: None }))
    }

    /// Begins a request, and says if it is one that was refused.
    pub fn open(self: &Arc<Self>) -> (Open, Option<Refused>) {
        let mut state = self.state();
        let begun = state.begun;
        let refused = state.refused.take_if(|(before, _)| *before == begun);
        state.begun += 1;
        state.open += 1;
        (Open(self.clone()), refused.map(|(_, refused)| refused))
    }

    /// Refuses the request that comes after `before` others.
    pub fn refuse(&self, before: usize, refused: Refused) {
        self.state().refused = Some((before, refused));
    }

    /// Since when no request has been open.
    pub fn idle_since(&self) -> Option<Instant> {
        let state = self.state();
        (state.open == 0).then_some(state.idle_since)
    }

    /// As [`Self::idle_since`]; if one is open, the task is woken when none is.
    pub fn poll_idle_since(&self, context: &Context<'_>) -> Poll<Instant> {
        let mut state = self.state();
        if state.open == 0 {
            return Poll::Ready(state.idle_since);
        }
        state.reader = Some(context.waker().clone());
        Poll::Pending
    }

    /// Until the client has let the connection idle for longer than `limits` allow.
    pub async fn idle(&self, limits: &Limits) {
        loop {
            let patience = if self.state().begun == 0 { limits.head_time } else { limits.keep_alive_time };
            let now = Instant::now();
            let deadline = self.idle_since().unwrap_or(now) + patience;
            if deadline <= now {
                return;
            }
            sleep_until(deadline).await;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request until its answer is complete or dropped.
pub struct Open(Arc<Activity>);

impl Drop for Open {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.open -= 1;
        state.idle_since = Instant::now();
        if state.open == 0
            && let Some(reader) = state.reader.take()
        {
            reader.wake();
        }
    }
}
