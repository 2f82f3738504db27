//! A concrete request that a proof speaks about.

use crate::diagnostic::Witness;
use crate::language::target;
use crate::plan::request::{RequestHead, Scheme};

/// A request's head, owned. The client connects to what [`Witness::url`] says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Plain or TLS.
    pub scheme: Scheme,
    /// The server name of the TLS handshake; `None` over plain HTTP, and for an address.
    pub sni: Option<String>,
    /// The method.
    pub method: String,
    /// The normalised path.
    pub path: String,
    /// Names and values. The host is among them where it is another than the URL's.
    pub headers: Vec<(String, String)>,
}

impl Request {
    /// Gives the head that the router sees to `use_it`.
    pub fn with_head<T>(&self, use_it: impl FnOnce(&RequestHead<'_>) -> T) -> T {
        self.witness().with_head(use_it)
    }

    /// The request as a finding shows it.
    pub fn witness(&self) -> Witness {
        Witness {
            scheme: self.scheme,
            sni: self.sni.clone(),
            method: self.method.clone(),
            path: target(&self.path),
            headers: self.headers.clone(),
            consumer: None,
        }
    }
}
