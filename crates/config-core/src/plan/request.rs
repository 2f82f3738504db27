//! The head of a request as a client sent it, in bytes: routing depends on what typed HTTP
//! libraries normalise away.

/// Whether the client's connection is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// Plain.
    Http,
    /// TLS.
    Https,
}

/// Everything about a request but its body.
#[derive(Debug, Clone, Copy)]
pub struct RequestHead<'a> {
    /// Of the client's connection (or what a trusted proxy says it was).
    pub scheme: Scheme,
    /// Whether the request came over HTTP/2.
    pub http2: bool,
    /// The method, case kept.
    pub method: &'a [u8],
    /// The raw request target in origin form, query included.
    pub target: &'a [u8],
    /// Names and values in the order sent. The host is among them; HTTP/2's `:authority` is given
    /// as `host`.
    pub headers: &'a [(&'a [u8], &'a [u8])],
    /// The port the client connected to (or what a trusted proxy says it was).
    pub port: u16,
    /// The server name of the TLS handshake.
    pub sni: Option<&'a [u8]>,
}

impl<'a> RequestHead<'a> {
    /// The raw path: the target up to its first `?`, which is looked for from the second byte on.
    pub fn path(&self) -> &'a [u8] {
        self.split_target().0
    }

    /// The raw query without its `?`; an empty one is a query too.
    pub fn query(&self) -> Option<&'a [u8]> {
        self.split_target().1
    }

    /// The `Host` header, port included.
    pub fn host(&self) -> Option<&'a [u8]> {
        self.header("host")
    }

    /// The `Content-Type` header.
    pub fn content_type(&self) -> Option<&'a [u8]> {
        self.header("content-type")
    }

    /// The first value of the header `name`, in any case.
    pub fn header(&self, name: &str) -> Option<&'a [u8]> {
        self.header_values(name).next()
    }

    /// Every value of the header `name`, in any case, in the order sent.
    pub fn header_values(&self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        self.headers
            .iter()
            .filter(move |(sent, _)| sent.eq_ignore_ascii_case(name.as_bytes()))
            .map(|(_, value)| *value)
    }

    fn split_target(&self) -> (&'a [u8], Option<&'a [u8]>) {
        match self.target.iter().skip(1).position(|byte| *byte == b'?') {
            Some(at) => (&self.target[..=at], Some(&self.target[at + 2..])),
            None => (self.target, None),
        }
    }
}

/// Splits a host at its first `:` if a port number follows. A bracketed IPv6 address therefore
/// stays whole, its port included, as it does in Kong.
pub fn split_host_port(host: &[u8]) -> (&[u8], Option<u16>) {
    let Some(colon) = host.iter().position(|byte| *byte == b':') else { return (host, None) };
    match std::str::from_utf8(&host[colon + 1..]).ok().filter(|port| !port.starts_with('+')) {
        Some(port) => match port.parse() {
            Ok(port) => (&host[..colon], Some(port)),
            Err(_) => (host, None),
        },
        None => (host, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(target: &str) -> RequestHead<'_> {
        RequestHead {
            scheme: Scheme::Http,
            http2: false,
            method: b"GET",
            target: target.as_bytes(),
            headers: &[(b"X-A", b"1"), (b"x-a", b"2")],
            port: 8000,
            sni: None,
        }
    }

    #[test]
    fn a_target_is_split_at_its_first_question_mark_but_never_at_the_first_byte() {
        for (target, path, query) in [
            ("/a?b=1", "/a", Some("b=1")),
            ("/a?b?c", "/a", Some("b?c")),
            ("/a?", "/a", Some("")),
            ("/a", "/a", None),
            ("?a", "?a", None),
            ("??", "?", Some("")),
            ("", "", None),
        ] {
            let head = head(target);
            assert_eq!((head.path(), head.query()), (path.as_bytes(), query.map(str::as_bytes)), "{target}");
        }
    }

    #[test]
    fn header_names_ignore_case_and_keep_order() {
        assert_eq!(head("/").header_values("x-A").collect::<Vec<_>>(), [b"1", b"2"]);
        assert_eq!(head("/").header("host"), None);
    }

    #[test]
    fn a_host_is_split_only_before_a_number() {
        for (host, name, port) in [
            ("ai.test", "ai.test", None),
            ("ai.test:80", "ai.test", Some(80)),
            ("ai.test:", "ai.test:", None),
            ("ai.test:x", "ai.test:x", None),
            ("ai.test:+80", "ai.test:+80", None),
            ("ai.test:99999", "ai.test:99999", None),
            ("[::1]:80", "[::1]:80", None),
            ("::1", "::1", None),
        ] {
            assert_eq!(split_host_port(host.as_bytes()), (name.as_bytes(), port), "{host}");
        }
    }
}
