//! A request as the router sees it.

use std::{borrow::Cow, cell::OnceCell};

use crate::plan::{
    criteria::{Criteria, HeaderCriterion},
    normalize::normalize,
    request::{RequestHead, Scheme, split_host_port},
};

/// A request with its path in normal form.
pub struct View<'a> {
    head: &'a RequestHead<'a>,
    path: Cow<'a, str>,
    host: OnceCell<Option<(&'a [u8], u16)>>,
}

/// The first kind of criterion that a request fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mismatch {
    Method,
    Host,
    /// The position among the route's headers.
    Header(usize),
    Sni,
}

impl<'a> View<'a> {
    /// `None` if the path is no UTF-8 in normal form.
    pub fn new(head: &'a RequestHead<'a>) -> Option<Self> {
        let path = match normalize(head.path()) {
            Cow::Borrowed(path) => Cow::Borrowed(std::str::from_utf8(path).ok()?),
            Cow::Owned(path) => Cow::Owned(String::from_utf8(path).ok()?),
        };
        Some(Self { head, path, host: OnceCell::new() })
    }

    /// The normalised path.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The request itself.
    pub fn head(&self) -> &'a RequestHead<'a> {
        self.head
    }

    /// The host that is asked for and the port that counts: the host's own, or else the connection's.
    pub fn host(&self) -> Option<(&'a [u8], u16)> {
        *self.host.get_or_init(|| {
            let (name, port) = split_host_port(self.head.host()?);
            Some((name, port.unwrap_or(self.head.port)))
        })
    }

    /// The values sent for `header`, in lower case; one that is no UTF-8 equals nothing.
    pub fn lowered(&self, header: &HeaderCriterion) -> impl Iterator<Item = String> {
        header.sent(self.head).filter_map(|value| std::str::from_utf8(value).ok()).map(str::to_lowercase)
    }

    /// Whether [`Self::mismatch`] finds nothing, whatever the request.
    pub fn demands_only_a_path(route: &Criteria) -> bool {
        route.methods.is_empty()
            && route.hosts.is_empty()
            && route.snis.is_empty()
            && route.headers.is_empty()
    }

    /// What the request lacks to belong to `route`, its path aside.
    pub fn mismatch(&self, route: &Criteria) -> Option<Mismatch> {
        let method = |method: &String| method.as_bytes() == self.head.method;
        if !route.methods.is_empty() && !route.methods.iter().any(method) {
            return Some(Mismatch::Method);
        }
        if !route.hosts.is_empty() {
            let accepted = |(host, port)| route.hosts.iter().any(|pattern| pattern.accepts(host, port));
            if !self.host().is_some_and(accepted) {
                return Some(Mismatch::Host);
            }
        }
        if !route.snis.is_empty() && self.head.scheme == Scheme::Https {
            let accepted = |sni| route.snis.iter().any(|pattern| pattern.accepts(sni));
            if !self.head.sni.is_some_and(accepted) {
                return Some(Mismatch::Sni);
            }
        }
        let accepted = |header: &HeaderCriterion| {
            self.lowered(header).any(|sent| header.values().iter().any(|value| value.accepts(&sent)))
        };
        route.headers.iter().position(|header| !accepted(header)).map(Mismatch::Header)
    }
}
