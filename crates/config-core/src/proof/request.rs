//! A concrete request that a proof speaks about.

use crate::diagnostic::Witness;
use crate::language::target;
use crate::plan::request::{RequestHead, Scheme};

/// A request's head, owned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Plain or TLS.
    pub scheme: Scheme,
    /// The method.
    pub method: String,
    /// The normalised path.
    pub path: String,
    /// Names and values, the host among them where it matters.
    pub headers: Vec<(String, String)>,
    /// The port the client connects to.
    pub port: u16,
    /// The server name of the TLS handshake.
    pub sni: Option<String>,
}

impl Request {
    /// Gives the head that the router sees to `use_it`.
    pub fn with_head<T>(&self, use_it: impl FnOnce(&RequestHead<'_>) -> T) -> T {
        let target = target(&self.path);
        let headers: Vec<_> =
            self.headers.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())).collect();
        use_it(&RequestHead {
            scheme: self.scheme,
            http2: false,
            method: self.method.as_bytes(),
            target: target.as_bytes(),
            headers: &headers,
            port: self.port,
            sni: self.sni.as_deref().map(str::as_bytes),
        })
    }

    /// The request as a finding shows it.
    pub fn witness(&self) -> Witness {
        Witness { method: self.method.clone(), path: target(&self.path), headers: self.headers.clone() }
    }
}
