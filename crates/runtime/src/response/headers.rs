//! Which of an upstream's headers a client gets: all but those that belong to the upstream's connection,
//! or would let the upstream's site act on the gateway's.

use formats::error::redact;
use hyper::header::{self, HeaderName, HeaderValue};
use hyper::{HeaderMap, StatusCode};

/// Headers that end here.
static ENDING: [HeaderName; 20] = [
    // RFC 9110 §7.6.1: of one connection.
    header::CONNECTION,
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    // Of the site that sent them: a browser would apply them to the gateway's.
    header::SET_COOKIE,
    HeaderName::from_static("set-cookie2"),
    header::ALT_SVC,
    header::STRICT_TRANSPORT_SECURITY,
    HeaderName::from_static("clear-site-data"),
    HeaderName::from_static("nel"),
    HeaderName::from_static("report-to"),
    HeaderName::from_static("reporting-endpoints"),
    header::ACCESS_CONTROL_ALLOW_ORIGIN,
    header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
    header::SERVER,
];

/// Removes what ends here, and lengths that no answer with this status may have.
pub(super) fn filter(headers: &mut HeaderMap, status: StatusCode) {
    let named: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    // RFC 9112 §6.3: a length beside a transfer coding does not count, and one that is said twice is said
    // once from here on: the body knows it. RFC 9110 §8.6: 204 has none, and HTTP/2 clients insist.
    let is_number = |length: &HeaderValue| length.as_bytes().iter().all(u8::is_ascii_digit);
    let is_plain = headers.get_all(header::CONTENT_LENGTH).iter().all(is_number);
    let has_none = headers.contains_key(header::TRANSFER_ENCODING) || status == StatusCode::NO_CONTENT;
    if has_none || !is_plain {
        headers.remove(header::CONTENT_LENGTH);
    }
    let ending: Vec<HeaderName> =
        headers.keys().filter(|name| ENDING.contains(name) || named.contains(name)).cloned().collect();
    for name in &ending {
        headers.remove(name);
    }
}

/// Headers that say something of the very bytes of a body.
static OF_THE_BODY: [HeaderName; 12] = [
    header::CONTENT_ENCODING,
    header::CONTENT_LENGTH,
    header::CONTENT_RANGE,
    header::CONTENT_DISPOSITION,
    header::CONTENT_LOCATION,
    header::ACCEPT_RANGES,
    header::ETAG,
    header::LAST_MODIFIED,
    HeaderName::from_static("content-md5"),
    HeaderName::from_static("digest"),
    HeaderName::from_static("content-digest"),
    HeaderName::from_static("repr-digest"),
];

/// Removes what was said of a body that another one takes the place of, which is `content_type`.
pub(super) fn of_another_body(headers: &mut HeaderMap, content_type: HeaderValue) {
    for name in &OF_THE_BODY {
        headers.remove(name);
    }
    headers.insert(header::CONTENT_TYPE, content_type);
}

/// Gives an answer the headers of a stream that nobody on the way may hold back.
pub(super) fn of_stream(headers: &mut HeaderMap) {
    const X_ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(X_ACCEL_BUFFERING, HeaderValue::from_static("no"));
    of_decoded(headers);
}

/// Removes what was said of a body before its coding was undone.
pub(super) fn of_decoded(headers: &mut HeaderMap) {
    headers.remove(header::CONTENT_ENCODING);
    headers.remove(header::CONTENT_LENGTH);
}

/// Takes quotations of `secrets` out of all values: a redirect may repeat a credential of the query.
pub(super) fn redact_all(headers: &mut HeaderMap, secrets: &[&str]) {
    for value in headers.values_mut() {
        let Ok(text) = value.to_str() else { continue };
        let redacted = redact(text, secrets);
        if redacted != text {
            *value = HeaderValue::try_from(redacted.as_ref()).unwrap_or(HeaderValue::from_static("***"));
        }
    }
}
