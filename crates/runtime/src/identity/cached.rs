//! What is fetched and then used until it expires: fetched once for all who ask, and again before it
//! expires, while the old one is still given out.

#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::failure::Failure;

/// A value that expires, and how to get at it.
pub(super) struct Cached<T>(Arc<Mutex<State<T>>>);

/// A value as it was fetched.
pub(super) struct Fresh<T> {
    pub value: T,
    /// How long it can be used.
    pub lifetime: Duration,
}

struct State<T> {
    held: Option<Held<T>>,
    /// What the fetch that is under way will come to.
    flight: Option<watch::Receiver<Option<Result<T, Failure>>>>,
    /// When the last fetch failed, and why.
    failed: Option<(Instant, Failure)>,
}

struct Held<T> {
    value: T,
    refresh: Instant,
    expires: Instant,
}

enum Look<T> {
    Held(T),
    Failed(Failure),
    Under(watch::Receiver<Option<Result<T, Failure>>>),
}

/// How long before it expires a value is fetched anew; one of a short life after half of it.
const EARLY: Duration = Duration::from_secs(5 * 60);

/// The longest that a value is used, whatever it says.
const LONGEST: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// How long a failure is the answer for all who ask, so that an endpoint in trouble is not stormed.
const PAUSE: Duration = Duration::from_secs(1);

/// The same while there is a value that still can be used.
const LONG_PAUSE: Duration = Duration::from_secs(30);

impl<T> Default for Cached<T> {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(State { held: None, flight: None, failed: None })))
    }
}

impl<T: Clone + Send + Sync + 'static> Cached<T> {
    /// The value. `fetch` is asked for one if there is none or it expires soon, and nobody else is fetching
    /// one. A fetch goes on when whoever waited for it has left.
    pub async fn get<F>(&self, fetch: impl FnOnce() -> F) -> Result<T, Failure>
    where
        F: Future<Output = Result<Fresh<T>, Failure>> + Send + 'static,
    {
        let mut flight = match self.look(fetch) {
            Look::Held(value) => return Ok(value),
            Look::Failed(failure) => return Err(failure),
            Look::Under(flight) => flight,
        };
        let broken_off = || Failure::unavailable("the fetch was broken off");
        let landed = flight.wait_for(Option::is_some).await.map_err(|_| broken_off())?;
        landed.clone().unwrap_or_else(|| Err(broken_off()))
    }

    fn look<F>(&self, fetch: impl FnOnce() -> F) -> Look<T>
    where
        F: Future<Output = Result<Fresh<T>, Failure>> + Send + 'static,
    {
        let mut state = lock(&self.0);
        let now = Instant::now();
        // The sender of one that came to no end is gone.
        state.flight.take_if(|flight| flight.has_changed().is_err());
        let rests = |pause| state.failed.as_ref().filter(|(at, _)| now < *at + pause);
        if let Some(held) = state.held.as_ref().filter(|held| now < held.expires) {
            let value = held.value.clone();
            if held.refresh <= now && state.flight.is_none() && rests(LONG_PAUSE).is_none() {
                self.start(&mut state, fetch());
            }
            return Look::Held(value);
        }
        if let Some(flight) = &state.flight {
            return Look::Under(flight.clone());
        }
        match rests(PAUSE) {
            Some((_, failure)) => Look::Failed(failure.clone()),
            None => Look::Under(self.start(&mut state, fetch())),
        }
    }

    fn start(
        &self,
        state: &mut State<T>,
        fetch: impl Future<Output = Result<Fresh<T>, Failure>> + Send + 'static,
    ) -> watch::Receiver<Option<Result<T, Failure>>> {
        let (sender, receiver) = watch::channel(None);
        state.flight = Some(receiver.clone());
        let shared = Arc::clone(&self.0);
        tokio::spawn(async move {
            let fetched = fetch.await;
            let result = fetched.as_ref().map(|fresh| fresh.value.clone()).map_err(Failure::clone);
            lock(&shared).land(fetched, Instant::now());
            sender.send_replace(Some(result));
        });
        receiver
    }
}

impl<T> State<T> {
    fn land(&mut self, fetched: Result<Fresh<T>, Failure>, now: Instant) {
        self.flight = None;
        match fetched {
            Ok(Fresh { value, lifetime }) => {
                let lifetime = lifetime.min(LONGEST);
                let expires = now + lifetime;
                let refresh = now + lifetime - EARLY.min(lifetime / 2);
                self.held = Some(Held { value, refresh, expires });
                self.failed = None;
            }
            Err(failure) => self.failed = Some((now, failure)),
        }
    }
}

fn lock<T>(state: &Mutex<State<T>>) -> MutexGuard<'_, State<T>> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
