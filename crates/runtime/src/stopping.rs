//! Telling everything at once that the server stops.

use tokio::sync::watch;

/// Says so.
#[derive(Clone)]
pub struct Stop(watch::Sender<bool>);

/// Hears it.
#[derive(Clone)]
pub(crate) struct Stopping(watch::Receiver<bool>);

impl Stop {
    pub(crate) fn new() -> (Self, Stopping) {
        let (sender, receiver) = watch::channel(false);
        (Self(sender), Stopping(receiver))
    }

    /// From now on, the server stops: whoever asks from here on is told so.
    pub fn now(&self) {
        self.0.send_replace(true);
    }
}

impl Stopping {
    /// Whether the server stops.
    pub fn is_now(&self) -> bool {
        *self.0.borrow()
    }

    /// Until the server stops.
    pub async fn stopped(&mut self) {
        // fails only if nobody is left who could say so
        let _ = self.0.wait_for(|stopping| *stopping).await;
    }
}
