//! How much of anything one client may have.

use std::time::Duration;

/// Bounds on what clients can make the gateway hold or wait for. Upstream timeouts are the services'
/// business, body sizes the plugins'.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Connections at a time; beyond, new ones are answered with 503 and closed.
    pub connections: usize,
    /// Requests at a time; beyond, they are answered with 503 and `retry-after`.
    pub in_flight: usize,
    /// Bytes of a request's line and headers.
    pub head_bytes: usize,
    /// Header fields of a request.
    pub header_fields: usize,
    /// From the first moment of a connection, or the first byte of a later request, to the end of a
    /// request's headers.
    pub head_time: Duration,
    /// From the end of an answer to the first byte of the next request. Longer than load balancers
    /// keep their connections, which else would send requests into closing ones.
    pub keep_alive_time: Duration,
    /// Between two pieces of a request's body.
    pub body_idle_time: Duration,
    /// From the end of the headers to the end of a body that is read whole; and how long a client may be
    /// waited for in a body that is passed on, beyond a second for each KiB of it.
    pub body_time: Duration,
    /// How long a client may take none of its answer.
    pub write_idle_time: Duration,
    /// How long requests in flight may take once the server has been told to stop.
    pub drain_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 4096,
            in_flight: 1024,
            head_bytes: 32 << 10,
            header_fields: 100,
            head_time: Duration::from_secs(10),
            keep_alive_time: Duration::from_secs(75),
            body_idle_time: Duration::from_secs(30),
            body_time: Duration::from_secs(300),
            write_idle_time: Duration::from_secs(60),
            drain_time: Duration::from_secs(30),
        }
    }
}
