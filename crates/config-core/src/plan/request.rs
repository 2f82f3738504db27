//! The head of a request as a client sent it, in bytes: routing depends on what typed HTTP
//! libraries normalise away.

use super::rejection::Rejection;

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

    /// Whether the client's `Connection` header says that the header `name` is for this connection alone,
    /// RFC 9110 §7.6.1. Never so of what describes the content, which no sender may name there: without
    /// it the upstream could read the body in another way than it was read here.
    pub fn ends_here(&self, name: &str) -> bool {
        let mut options =
            self.header_values("connection").flat_map(|value| value.split(|byte| *byte == b','));
        options.any(|option| option.trim_ascii().eq_ignore_ascii_case(name.as_bytes()))
            && !name.starts_with("content-")
    }

    fn split_target(&self) -> (&'a [u8], Option<&'a [u8]>) {
        match self.target.iter().skip(1).position(|byte| *byte == b'?') {
            Some(at) => (&self.target[..=at], Some(&self.target[at + 2..])),
            None => (self.target, None),
        }
    }
}

/// Refuses a target with characters that a path or query may not have. They are those of RFC 3986, and
/// what clients send all the same and every server on the way reads alike: all of Unicode that is
/// visible, but for what ends a target in text (`<`, `>`, `` ` `` in a path, `"` in a query) or in HTTP.
///
/// # Errors
/// 400; the message says which character it is, and how to write it.
pub fn check_target(target: &[u8]) -> Result<(), Rejection> {
    let path = target.iter().position(|byte| *byte == b'?').unwrap_or(target.len());
    let is_refused = |(at, byte): (usize, u8)| match byte {
        ..=b' ' | 0x7f | b'#' | b'<' | b'>' => true,
        b'`' => at < path,
        b'"' => at > path,
        _ => false,
    };
    let text = std::str::from_utf8(target).map_err(|error| error.valid_up_to());
    let refused = target.iter().copied().enumerate().find(|it| is_refused(*it)).map(|(at, _)| at);
    let Some(at) = refused.into_iter().chain(text.err()).min() else { return Ok(()) };
    let byte = target[at];
    let shown = match byte {
        b' ' => "a space".to_owned(),
        b'!'..=b'~' => format!("the character `{}`", char::from(byte)),
        _ => format!("the byte 0x{byte:02X}"),
    };
    let message = format!("the request target has {shown}, which has to be percent-encoded: %{byte:02X}");
    Err(Rejection { code: Some("malformed_request"), ..Rejection::bad_request(message) })
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
    fn a_target_has_characters_of_a_path_and_a_query() {
        for target in ["/", "/a-b.c_d~e!f$g&h'i(j)k*l+m,n;o=p:q@r%zz", "/\"{|}^[]\\?`{|}^[]\\?", "/ä?ö", "*"]
        {
            assert_eq!(check_target(target.as_bytes()), Ok(()), "{target}");
        }
        for (target, shown) in [
            (&b"/a b"[..], "a space, which has to be percent-encoded: %20"),
            (b"/a?b c", "a space, which has to be percent-encoded: %20"),
            (b"/`?", "the character ```, which has to be percent-encoded: %60"),
            (b"/?\"", "the character `\"`, which has to be percent-encoded: %22"),
            (b"/<", "the character `<`, which has to be percent-encoded: %3C"),
            (b"/?#", "the character `#`, which has to be percent-encoded: %23"),
            (b"/\xff ", "the byte 0xFF, which has to be percent-encoded: %FF"),
            (b"/\t\xff", "the byte 0x09, which has to be percent-encoded: %09"),
        ] {
            let message = check_target(target).unwrap_err().message;
            assert_eq!(message.strip_prefix("the request target has "), Some(shown));
        }
    }

    #[test]
    fn header_names_ignore_case_and_keep_order() {
        assert_eq!(head("/").header_values("x-A").collect::<Vec<_>>(), [b"1", b"2"]);
        assert_eq!(head("/").header("host"), None);
    }

    #[test]
    fn headers_of_the_connection_end_here() {
        let headers: &[(&[u8], &[u8])] =
            &[(b"Connection", b"close, X-A"), (b"connection", b"b,,content-type")];
        let head = RequestHead { headers, ..head("/") };
        assert_eq!(
            ["x-a", "b", "c", "content-type"].map(|name| head.ends_here(name)),
            [true, true, false, false]
        );
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
