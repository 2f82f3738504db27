//! Web pages of other sites are no clients. A page can make a browser send requests to any host that the
//! browser reaches, a gateway on the user's own machine or network included, and JSON sent as a form needs
//! no consent of the host. Only browsers say where a request comes from, and pages cannot make them lie.

use super::rejection::Rejection;
use super::request::RequestHead;

/// The refusal of a request that a page of another origin makes: its `Origin` names another host than
/// the request's own (or `null`), or `Sec-Fetch-Site` says `cross-site`.
pub(super) fn refusal(head: &RequestHead<'_>) -> Option<Rejection> {
    let host = head.host().unwrap_or_default();
    let is_foreign = head.header_values("origin").any(|origin| !is_own(origin, host));
    let is_cross_site =
        head.header_values("sec-fetch-site").any(|site| site.eq_ignore_ascii_case(b"cross-site"));
    (is_foreign || is_cross_site).then(|| Rejection {
        status: 403,
        message: "requests of web pages from another origin are refused".to_owned(),
        code: Some("foreign_origin"),
        param: None,
    })
}

/// Whether an origin is that of the host that it asks. The scheme does not count: a proxy in front may
/// speak TLS.
fn is_own(origin: &[u8], host: &[u8]) -> bool {
    let schemes: [(&[u8], &[u8]); 2] = [(b"http://", b":80"), (b"https://", b":443")];
    schemes.into_iter().any(|(scheme, port)| {
        let Some((start, authority)) = origin.split_at_checked(scheme.len()) else { return false };
        let host = host.strip_suffix(port).unwrap_or(host);
        let authority = authority.strip_suffix(port).unwrap_or(authority);
        start.eq_ignore_ascii_case(scheme) && !host.is_empty() && authority.eq_ignore_ascii_case(host)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::request::Scheme;

    fn is_refused(headers: &[(&str, &str)]) -> bool {
        let headers: Vec<_> =
            headers.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())).collect();
        refusal(&RequestHead {
            scheme: Scheme::Http,
            http2: false,
            method: b"POST",
            target: b"/",
            headers: &headers,
            port: 8000,
            sni: None,
        })
        .is_some()
    }

    #[test]
    fn a_page_of_another_origin_is_refused() {
        for origin in [
            "null",
            "",
            "http://evil.test",
            "http://ai.test",
            "http://ai.test:8001",
            "http://ai.test:8000.evil.test",
            "http://x@ai.test:8000",
            "ai.test:8000",
            "file://",
            "chrome-extension://ai.test:8000",
            "http://ai.test:8000, http://evil.test",
        ] {
            assert!(is_refused(&[("Host", "ai.test:8000"), ("Origin", origin)]), "{origin}");
        }
        assert!(is_refused(&[("Origin", "http://")]));
        assert!(is_refused(&[("host", "a"), ("origin", "http://a"), ("origin", "http://b")]));
        assert!(is_refused(&[("host", "a"), ("Sec-Fetch-Site", "Cross-Site")]));
    }

    #[test]
    fn a_page_of_the_gateway_itself_and_clients_that_are_no_browsers_pass() {
        assert!(!is_refused(&[]));
        assert!(!is_refused(&[("host", "a"), ("sec-fetch-site", "same-origin")]));
        for (host, origin) in [
            ("ai.test:8000", "http://AI.test:8000"),
            ("ai.test", "https://ai.test"),
            ("ai.test:443", "https://ai.test"),
            ("ai.test", "http://ai.test:80"),
            ("[::1]:8000", "http://[::1]:8000"),
        ] {
            assert!(!is_refused(&[("host", host), ("origin", origin)]), "{origin} at {host}");
        }
    }
}
