//! What a route's `protocols` say to a request that it has won. They take no part in matching: a
//! request that is refused here does not go on to the next route.

use super::{
    criteria::Criteria,
    normalize::percent_encode_upstream,
    request::{RequestHead, Scheme, split_host_port},
};

/// The outcome for a matched request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProtocolVerdict {
    /// Go on.
    Served,
    /// Redirect to the same URL over TLS.
    Redirect {
        /// 301, 302, 307 or 308.
        status: u16,
        /// The `Location` header.
        location: String,
    },
    /// Refuse.
    Refused {
        /// 415 or 426.
        status: u16,
        /// The text of the error.
        message: &'static str,
        /// The `Upgrade` header, to be sent with `Connection: Upgrade`.
        upgrade: Option<&'static str>,
    },
}

/// Holds `head` against the protocols of `route`.
pub fn protocol_verdict(route: &Criteria, head: &RequestHead) -> ProtocolVerdict {
    let protocols = route.protocols;
    let encrypted = head.scheme == Scheme::Https;
    if protocols.https && !protocols.http && !encrypted {
        return tls_required(route, head);
    }
    if protocols.grpc || protocols.grpcs {
        if !head.content_type().is_some_and(|value| value.starts_with(b"application/grpc")) {
            return ProtocolVerdict::Refused {
                status: 415,
                message: "Non-gRPC request matched gRPC route",
                upgrade: None,
            };
        }
        if !head.http2 {
            return upgrade("Please use HTTP2 protocol", "HTTP/2");
        }
        if !protocols.grpc && !encrypted {
            return upgrade("Please use HTTPS protocol", "TLS/1.2, HTTP/2");
        }
    }
    ProtocolVerdict::Served
}

fn tls_required(route: &Criteria, head: &RequestHead) -> ProtocolVerdict {
    let refused = upgrade("Please use HTTPS protocol", "TLS/1.2, HTTP/1.1");
    let Some(host) = head.host().map(|host| split_host_port(host).0) else { return refused };
    match route.https_redirect_status_code {
        status @ (301 | 302 | 307 | 308) => ProtocolVerdict::Redirect {
            status,
            location: format!(
                "https://{}{}",
                percent_encode_upstream(host),
                percent_encode_upstream(head.target)
            ),
        },
        _ => refused,
    }
}

fn upgrade(message: &'static str, upgrade: &'static str) -> ProtocolVerdict {
    ProtocolVerdict::Refused { status: 426, message, upgrade: Some(upgrade) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::criteria::Protocols;

    fn verdict(
        protocols: &[&str],
        status: u16,
        scheme: Scheme,
        http2: bool,
        content_type: &str,
    ) -> ProtocolVerdict {
        let route = Criteria {
            protocols: Protocols::from_names(protocols.iter().copied()),
            https_redirect_status_code: status,
            ..Criteria::default()
        };
        let headers: &[(&[u8], &[u8])] =
            &[(b"Host", b"ai.test:8000"), (b"Content-Type", content_type.as_bytes())];
        let head = RequestHead {
            scheme,
            http2,
            method: b"POST",
            target: b"/a%20b\r?x=1",
            headers,
            port: 8000,
            sni: None,
        };
        protocol_verdict(&route, &head)
    }

    fn status(verdict: ProtocolVerdict) -> u16 {
        match verdict {
            ProtocolVerdict::Served => 200,
            ProtocolVerdict::Redirect { status, .. } | ProtocolVerdict::Refused { status, .. } => status,
        }
    }

    #[test]
    fn an_https_route_wants_tls() {
        assert_eq!(status(verdict(&["https"], 426, Scheme::Http, false, "")), 426);
        assert_eq!(status(verdict(&["https"], 426, Scheme::Https, false, "")), 200);
        assert_eq!(status(verdict(&["http", "https"], 426, Scheme::Http, false, "")), 200);
        assert_eq!(status(verdict(&["http"], 426, Scheme::Https, false, "")), 200);
        assert_eq!(
            verdict(&["https"], 308, Scheme::Http, false, ""),
            ProtocolVerdict::Redirect { status: 308, location: "https://ai.test/a%20b%0D?x=1".to_owned() }
        );
    }

    #[test]
    fn a_grpc_route_wants_grpc_over_http2() {
        let grpc = "application/grpc+proto";
        assert_eq!(status(verdict(&["grpc"], 426, Scheme::Http, true, "application/json")), 415);
        assert_eq!(status(verdict(&["grpc"], 426, Scheme::Http, false, grpc)), 426);
        assert_eq!(status(verdict(&["grpc"], 426, Scheme::Http, true, grpc)), 200);
        assert_eq!(status(verdict(&["grpcs"], 426, Scheme::Http, true, grpc)), 426);
    }
}
