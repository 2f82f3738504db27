//! The administrator's side: whether the server lives and wants work.

use std::{net::IpAddr, sync::Arc, time::Duration};

use hyper::{
    HeaderMap, Method, Request, Response,
    body::Incoming,
    header::{CACHE_CONTROL, CONTENT_TYPE, HOST, HeaderValue, ORIGIN},
    http::uri::Authority,
};

use crate::{
    Body,
    head::ClientConnection,
    limits::Limits,
    refusal::{self, Refusal},
    server::Handler,
    stopping::Stopping,
};

/// Answers `/livez` and `/readyz`.
pub(crate) struct Admin {
    stopping: Stopping,
}

impl Admin {
    /// Ready until `stopping` says otherwise.
    pub fn new(stopping: Stopping) -> Self {
        Self { stopping }
    }

    /// Bounds for probes: few, small and brief.
    pub fn limits() -> Limits {
        Limits {
            connections: 32,
            in_flight: 32,
            head_bytes: 8 << 10,
            header_fields: 50,
            head_time: Duration::from_secs(5),
            write_idle_time: Duration::from_secs(5),
            ..Limits::default()
        }
    }

    fn answer(&self, local: IpAddr, request: &Request<Incoming>) -> Response<Body> {
        let refused = |status, code, message: &str| Refusal::new(status, code, message).response();
        if !addressed(request.headers(), local) {
            let message = "the admin address answers only to localhost or its own address as Host";
            return refused(403, "foreign_host", message);
        }
        if !same_origin(request.headers()) {
            return refused(403, "foreign_origin", "the admin address does not answer to web pages");
        }
        let path = request.uri().path();
        if !["/livez", "/readyz"].contains(&path) {
            return refused(404, "not_found", "there are /livez and /readyz here");
        }
        if ![Method::GET, Method::HEAD].contains(request.method()) {
            let refusal = Refusal::new(405, "method_not_allowed", "only GET and HEAD are answered here");
            return Refusal { headers: vec![("allow", "GET, HEAD".to_owned())], ..refusal }.response();
        }
        let draining = path == "/readyz" && self.stopping.is_now();
        let (status, text) = if draining { (503, "draining\n") } else { (200, "ok\n") };
        let mut response = Response::new(refusal::full(text));
        *response.status_mut() = status.try_into().unwrap_or_default();
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        response
    }
}

impl Handler for Admin {
    async fn handle(
        self: Arc<Self>,
        connection: ClientConnection,
        request: Request<Incoming>,
    ) -> Response<Body> {
        let mut response = self.answer(connection.local.ip().to_canonical(), &request);
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}

/// Whether the host is one that no name server can point at us: a page whose own name was made to
/// resolve to this address cannot read it.
fn addressed(headers: &HeaderMap, local: IpAddr) -> bool {
    let host = headers.get(HOST).and_then(|host| Authority::try_from(host.as_bytes()).ok());
    host.is_some_and(|host| {
        let name = host.host();
        let bare = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
        name.eq_ignore_ascii_case("localhost")
            || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback() || address == local)
    })
}

/// Whether the request is from no page at all or from one of ours.
fn same_origin(headers: &HeaderMap) -> bool {
    headers.get_all(ORIGIN).iter().all(|origin| {
        let authority = origin.as_bytes().strip_prefix(b"http://");
        authority.is_some_and(|authority| {
            headers.get(HOST).is_some_and(|host| host.as_bytes().eq_ignore_ascii_case(authority))
        })
    })
}
