//! Taking the rest of a body that nobody wants. A client that is still writing when its answer comes
//! would otherwise find the connection reset, and the answer gone with it.

use std::ops::{Deref, DerefMut};
use std::time::Duration;

use http_body_util::BodyExt;
use hyper::Version;
use hyper::body::{Body as _, Incoming};
use hyper::header::EXPECT;
use tokio::runtime::Handle;
use tokio::time::timeout;

/// A body whose unread rest is taken, and forgotten, after it is dropped.
pub(super) struct Lingering {
    incoming: Option<Incoming>,
    lingers: bool,
}

/// How long the rest may take.
const LINGERING_TIME: Duration = Duration::from_secs(10);

/// The rest that is small enough to keep the connection for.
const SMALL: u64 = 64 << 10;

impl Lingering {
    pub fn new(incoming: Incoming, head: &hyper::http::request::Parts) -> Self {
        // HTTP/2 cancels one stream and keeps the connection; a client that waits to be told to go on
        // is not told.
        let lingers = head.version < Version::HTTP_2 && !head.headers.contains_key(EXPECT);
        Self { incoming: Some(incoming), lingers }
    }

    /// Whether there is more to come than is worth waiting for.
    pub fn closes_connection(&self) -> bool {
        !self.is_end_stream() && self.size_hint().upper().is_none_or(|rest| rest > SMALL)
    }
}

impl Deref for Lingering {
    type Target = Incoming;

    fn deref(&self) -> &Incoming {
        self.incoming.as_ref().expect("a body is there until it is dropped")
    }
}

impl DerefMut for Lingering {
    fn deref_mut(&mut self) -> &mut Incoming {
        self.incoming.as_mut().expect("a body is there until it is dropped")
    }
}

impl Drop for Lingering {
    fn drop(&mut self) {
        let Some(mut incoming) = self.incoming.take().filter(|body| self.lingers && !body.is_end_stream())
        else {
            return;
        };
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(timeout(LINGERING_TIME, async move {
                while let Some(Ok(_)) = incoming.frame().await {}
            }));
        }
    }
}
