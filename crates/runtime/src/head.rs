//! The head of a request: checked, brought to one form, and as the plan sees it.

use std::net::{IpAddr, SocketAddr};

use config_core::plan::request::{RequestHead, Scheme, check_target};
use hyper::{
    HeaderMap, Method, Request, Uri, Version,
    header::{HOST, HeaderValue},
    http::{request::Parts, uri::Authority},
};
use uuid::Uuid;

use crate::{limits::Limits, refusal::Refusal};

/// What a route can be asked with.
const METHODS: &str = "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT";

/// Whom a request comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientConnection {
    /// The other end of the connection: the client, or a proxy before it.
    pub peer: SocketAddr,
    /// Our end of it.
    pub local: SocketAddr,
    /// Of the client's own connection, if a trusted proxy told; else of this one.
    pub scheme: Scheme,
    /// The port that the client connected to, if a trusted proxy told; else ours.
    pub port: u16,
    /// The client's address, if a trusted proxy told; else the peer's.
    pub client_ip: IpAddr,
}

/// The first line of a request, as far as it is known. Of one that nobody could read both parts are empty.
#[derive(Debug, Clone, Copy, Default)]
pub struct RequestLine<'a> {
    /// The method.
    pub method: &'a str,
    /// The request target.
    pub target: &'a [u8],
}

impl<'a> RequestLine<'a> {
    /// That of a head.
    pub fn of(method: &'a Method, uri: &'a Uri) -> Self {
        let target = uri.path_and_query().map_or("/", |target| target.as_str());
        Self { method: method.as_str(), target: target.as_bytes() }
    }

    /// That of the bytes of a head that is refused, unless it is itself what is wrong or has not come.
    pub fn read(head: &'a [u8]) -> Self {
        let line = head.iter().position(|byte| *byte == b'\r').map_or(&[][..], |end| &head[..end]);
        let mut parts = line.split(|byte| *byte == b' ');
        let (Some(method), Some(target @ [b'/', ..]), Some(_), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Self::default();
        };
        match std::str::from_utf8(method) {
            Ok(method) if Method::from_bytes(method.as_bytes()).is_ok() && check_target(target).is_ok() => {
                Self { method, target }
            }
            _ => Self::default(),
        }
    }
}

impl ClientConnection {
    /// The head as the plan sees it, of a request that this server passed on; `fields` are those of
    /// [`fields`].
    pub fn request_head<'a>(&self, parts: &'a Parts, fields: &'a [(&'a [u8], &'a [u8])]) -> RequestHead<'a> {
        RequestHead {
            scheme: self.scheme,
            http2: parts.version == Version::HTTP_2,
            method: parts.method.as_str().as_bytes(),
            target: parts.uri.path_and_query().map_or("/", |target| target.as_str()).as_bytes(),
            headers: fields,
            port: self.port,
            sni: None,
        }
    }
}

/// Names and values of all headers, in lower case, the host first, values of one name in the order sent.
pub fn fields(headers: &HeaderMap) -> Vec<(&[u8], &[u8])> {
    let mut fields = Vec::with_capacity(headers.len());
    fields.extend(headers.get(HOST).map(|host| (HOST.as_str().as_bytes(), host.as_bytes())));
    let others = headers.iter().filter(|(name, _)| **name != HOST);
    fields.extend(others.map(|(name, value)| (name.as_str().as_bytes(), value.as_bytes())));
    fields
}

/// A new name for a request: a random UUID.
pub fn request_id() -> String {
    Uuid::new_v4().hyphenated().encode_lower(&mut Uuid::encode_buffer()).to_owned()
}

/// Refuses a request that does not say clearly what it is for, and brings any other to one form: its
/// target is a path with a query, and its one `Host` header names the authority, whichever way and in
/// whichever version of HTTP it was sent. Only HTTP/1.0 may come without a host.
///
/// # Errors
/// RFC 9112 §3.2: no host, several, or one that is none or another than the target's; a target that is no
/// path. RFC 9110 §9.3: methods for proxies of another kind. More header fields than `limits` allow.
pub(crate) fn admit<B>(request: &mut Request<B>, limits: &Limits) -> Result<(), Box<Refusal>> {
    // Of HTTP/1 they were counted before they were read.
    let most = limits.header_fields;
    if request.headers().len() > most {
        return Err(Refusal::malformed(431, format!("the request has more than {most} header fields")));
    }
    if [Method::CONNECT, Method::TRACE].contains(request.method()) {
        let message = format!("{} is not supported", request.method());
        let refusal = Refusal::new(405, "method_not_supported", message);
        return Err(Box::new(Refusal { headers: vec![("allow", METHODS.to_owned())], ..refusal }));
    }
    let named = host(request)?;
    let target = request.uri().path_and_query().map(|target| target.as_str()).unwrap_or_default();
    let target = match target.as_bytes().first() {
        Some(b'/') => target.parse(),
        // `http://host?query` asks for the root
        Some(b'?') if request.uri().authority().is_some() => format!("/{target}").parse(),
        None if request.uri().scheme().is_some() => Ok(Uri::from_static("/")),
        _ => return Err(refused("the request target must be a path that starts with a slash")),
    };
    let target = target.map_err(|_| refused("the request target is not valid"))?;
    *request.uri_mut() = target;
    if let Some(named) = named {
        request.headers_mut().insert(HOST, named);
    }
    Ok(())
}

/// The one host that a request names.
fn host<B>(request: &Request<B>) -> Result<Option<HeaderValue>, Box<Refusal>> {
    let mut sent = request.headers().get_all(HOST).iter();
    let header = sent.next();
    if sent.next().is_some() {
        return Err(refused("the request has more than one Host header"));
    }
    let authority = request.uri().authority();
    if let Some(header) = header {
        let valid = Authority::try_from(header.as_bytes()).is_ok_and(|host| is_host(&host));
        if !valid {
            return Err(refused("the Host header is not a host name or address with an optional port"));
        }
    }
    match (header, authority) {
        (_, Some(authority)) if !is_host(authority) => {
            Err(refused("the request target's authority must be a host with an optional port"))
        }
        (Some(header), Some(authority))
            if !header.as_bytes().eq_ignore_ascii_case(authority.as_str().as_bytes()) =>
        {
            Err(refused("the request target and the Host header name different hosts"))
        }
        (Some(header), _) => Ok(Some(header.clone())),
        (None, Some(authority)) if request.version() != Version::HTTP_11 => {
            Ok(HeaderValue::from_str(authority.as_str()).ok())
        }
        (None, None) if request.version() == Version::HTTP_10 => Ok(None),
        (None, _) => Err(refused("the request has no Host header")),
    }
}

/// Without the user and password that a URL may have before its host.
fn is_host(authority: &Authority) -> bool {
    !authority.as_str().contains('@') && !authority.host().is_empty()
}

fn refused(message: &str) -> Box<Refusal> {
    Refusal::malformed(400, message)
}
