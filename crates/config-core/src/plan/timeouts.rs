//! How long an upstream may take.

use std::time::Duration;

/// The timeouts of a route's service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Timeouts {
    /// Until there is a connection.
    pub connect: Duration,
    /// Between two writes to the upstream.
    pub write: Duration,
    /// Until the first byte of the answer, and then between two reads.
    pub read: Duration,
}

/// Kong's: 60 seconds each.
impl Default for Timeouts {
    fn default() -> Self {
        let minute = Duration::from_secs(60);
        Self { connect: minute, write: minute, read: minute }
    }
}
