//! A client's body: read whole, or passed on while it arrives.

mod linger;
mod streamed;

use std::fmt;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use config_core::plan::prepare::Inspection;
use config_core::plan::rejection::Rejection;
use http_body_util::BodyExt;
use hyper::body::{Body as _, Incoming};
use tokio::time::{Instant, timeout_at};

use crate::limits::Limits;
use crate::refusal::Refusal;
use linger::Lingering;
pub(crate) use streamed::{Streamed, Upload};

/// A body of which nothing, some or all has been read. Dropped before its end, it is still taken from the
/// client for a while, so that a client that writes before it reads gets to see the answer.
pub(crate) struct ClientBody {
    incoming: Lingering,
    received: u64,
}

/// Why a body did not arrive as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BodyError {
    /// It is larger than what is read.
    TooLarge {
        /// Its size, or what has come of it when the client did not say.
        size: u64,
        /// Whether the client said so.
        declared: bool,
        /// The most bytes that are read.
        limit: u64,
    },
    /// Nothing came for too long, or the whole took too long.
    TooSlow(Duration),
    /// The client left, or its framing is broken.
    Broken(String),
    /// Its content is refused.
    Rejected(Rejection),
}

/// The most bytes set aside for a body on the strength of its declared size.
const INITIAL_CAPACITY: u64 = 64 << 10;

impl ClientBody {
    pub fn new(incoming: Incoming, head: &hyper::http::request::Parts) -> Self {
        Self { incoming: Lingering::new(incoming, head), received: 0 }
    }

    /// Bytes that have arrived.
    pub fn received(&self) -> u64 {
        self.received
    }

    /// Whether the connection cannot well be used for another request, because too much of the body has
    /// not been read.
    pub fn closes_connection(&self) -> bool {
        self.incoming.closes_connection()
    }

    /// Reads all of it, of which at most `limit` bytes are accepted.
    pub async fn read_whole(&mut self, limit: u64, limits: &Limits) -> Result<Bytes, BodyError> {
        let size = self.incoming.size_hint();
        if let Some(size) = size.exact().filter(|size| *size > limit) {
            return Err(BodyError::TooLarge { size, declared: true, limit });
        }
        let end = Instant::now() + limits.body_time;
        let first = self.piece(limit, end, limits).await?;
        if self.incoming.is_end_stream() {
            return Ok(first);
        }
        let mut whole = BytesMut::with_capacity(size.lower().min(INITIAL_CAPACITY) as usize);
        whole.extend_from_slice(&first);
        while !self.incoming.is_end_stream() {
            let piece = self.piece(limit, end, limits).await?;
            if piece.is_empty() {
                break;
            }
            whole.extend_from_slice(&piece);
        }
        Ok(whole.freeze())
    }

    /// To be passed on as it arrives, and as `inspection` lets it.
    pub fn into_streamed(self, inspection: Option<Inspection>, limits: &Limits) -> Streamed {
        Streamed::new(self.incoming, inspection, limits)
    }

    /// The next bytes; none at the end.
    async fn piece(&mut self, limit: u64, end: Instant, limits: &Limits) -> Result<Bytes, BodyError> {
        loop {
            let pause = Instant::now() + limits.body_idle_time;
            let frame = timeout_at(end.min(pause), self.incoming.frame()).await.map_err(|_| {
                BodyError::TooSlow(if end < pause { limits.body_time } else { limits.body_idle_time })
            })?;
            let Some(frame) = frame else { return Ok(Bytes::new()) };
            match frame.map_err(|error| BodyError::of(&error))?.into_data() {
                Ok(data) if data.is_empty() => {}
                Ok(data) => {
                    self.received += data.len() as u64;
                    if self.received > limit {
                        return Err(BodyError::TooLarge { size: self.received, declared: false, limit });
                    }
                    return Ok(data);
                }
                // Trailers end here.
                Err(_) => {}
            }
        }
    }
}

impl BodyError {
    fn of(error: &hyper::Error) -> Self {
        Self::Broken(error.to_string())
    }

    /// What to answer with.
    pub fn refusal(&self) -> Refusal {
        let (status, code) = match self {
            BodyError::Rejected(rejection) => return rejection.clone().into(),
            BodyError::TooLarge { .. } => (413, "request_too_large"),
            BodyError::TooSlow(_) => (408, "request_timeout"),
            BodyError::Broken(_) => (400, "request_incomplete"),
        };
        Refusal::new(status, code, self.to_string())
    }
}

impl fmt::Display for BodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BodyError::TooLarge { size, declared: true, limit } => {
                write!(f, "request body is {size} bytes; max_request_body_size is {limit}")
            }
            BodyError::TooLarge { size, declared: false, limit } => {
                write!(f, "request body is at least {size} bytes; max_request_body_size is {limit}")
            }
            BodyError::TooSlow(limit) => write!(f, "request body did not arrive in time: waited {limit:?}"),
            BodyError::Broken(why) => write!(f, "request body did not arrive as a whole: {why}"),
            BodyError::Rejected(rejection) => f.write_str(&rejection.message),
        }
    }
}

impl std::error::Error for BodyError {}
