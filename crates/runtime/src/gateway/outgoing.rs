//! The upstream's request, as the plan's decision has it.

use bytes::Bytes;
use config_core::plan::prepare::{Decision, Resolve};
use config_core::plan::rejection::Rejection;
use hyper::body::Body as _;
use hyper::header::{HeaderName, HeaderValue, TRANSFER_ENCODING};
use hyper::{Request, Uri};

use crate::Body;
use crate::identity::Proof;
use crate::mock::Conversation;
use crate::refusal::full;

/// The body of a request on its way.
pub(super) enum Outgoing {
    /// All of it.
    Whole(Bytes),
    /// The client's, which is passed on while it arrives.
    Streamed(Body),
}

/// The request, signed or with its token. Refused with 500 if HTTP has no way to write it.
pub(super) fn request(
    decision: &Decision,
    resolve: Resolve<'_>,
    body: Outgoing,
    proof: Option<&Proof>,
) -> Result<Request<Body>, Rejection> {
    let unsendable = |what: &str| Rejection::misconfigured(format!("{what} cannot be sent"));
    let (whole, body) = match body {
        Outgoing::Whole(bytes) => (Some(bytes.clone()), full(bytes)),
        Outgoing::Streamed(body) => (None, body),
    };
    let url = decision.url.origin() + &decision.target(resolve)?;
    // hyper leaves out the body of a `GET` unless told that there is one.
    let is_chunked = !body.is_end_stream() && body.size_hint().exact().is_none();
    let mut request = Request::new(body);
    *request.uri_mut() = Uri::try_from(url).map_err(|_| unsendable("the upstream URL"))?;
    *request.method_mut() = decision.method.parse().map_err(|_| unsendable("the method"))?;
    for header in decision.headers(resolve)? {
        let name = HeaderName::try_from(&*header.name);
        let value = HeaderValue::try_from(&*header.value);
        let (Ok(name), Ok(mut value)) = (name, value) else {
            return Err(unsendable(&format!("the header `{}`", header.name)));
        };
        value.set_sensitive(header.secret);
        request.headers_mut().append(name, value);
    }
    if is_chunked {
        request.headers_mut().insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
    }
    request.extensions_mut().insert(Conversation::from(decision));
    match (proof, whole) {
        (Some(proof), Some(whole)) => proof.authenticate(&mut request, &whole),
        (Some(proof @ Proof::Bearer(_)), None) => proof.authenticate(&mut request, b""),
        (Some(Proof::Signature(..)), None) => {
            return Err(unsendable("a signature over a body that is not read"));
        }
        (None, _) => {}
    }
    Ok(request)
}

/// The values of a request's headers that no answer may quote.
pub(super) fn credentials(request: &Request<Body>) -> Vec<HeaderValue> {
    request.headers().values().filter(|value| value.is_sensitive()).cloned().collect()
}
