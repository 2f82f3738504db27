//! AWS Signature, version 4: a request's parts and a key in, headers out (AWS General Reference, "Create a
//! signed AWS API request").

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt::Write as _;
use std::time::SystemTime;

use percent_encoding::{percent_decode_str, percent_encode};
use ring::digest::{SHA256, digest};
use ring::hmac;

use super::Keys;
use crate::identity::clock;
use crate::identity::endpoint::{RESERVED, encoded};

/// What is signed of a request, as it is sent.
#[derive(Clone, Copy)]
pub(crate) struct Parts<'a> {
    pub method: &'a str,
    /// The value of `host`.
    pub host: &'a str,
    /// Path and query.
    pub target: &'a str,
    pub content_type: Option<&'a str>,
    pub body: &'a [u8],
}

/// The name under which Bedrock's runtime signs.
const SERVICE: &str = "bedrock";

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// The headers that make the request a signed one, by their names.
pub(crate) fn sign(
    parts: Parts<'_>,
    keys: &Keys,
    region: &str,
    time: SystemTime,
) -> Vec<(&'static str, String)> {
    let time = clock::basic(time);
    let scope = format!("{}/{region}/{SERVICE}/aws4_request", &time[..8]);
    let mut headers = vec![("x-amz-date", time.clone())];
    if let Some(session) = &keys.session {
        headers.push(("x-amz-security-token", session.reveal().to_owned()));
    }
    let (request, signed) = canonical(parts, &headers);
    let message =
        format!("{ALGORITHM}\n{time}\n{scope}\n{}", hex(digest(&SHA256, request.as_bytes()).as_ref()));
    let first = format!("AWS4{}", keys.secret.reveal());
    let key = scope.split('/').fold(hmac::Key::new(hmac::HMAC_SHA256, first.as_bytes()), |key, part| {
        hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&key, part.as_bytes()).as_ref())
    });
    let signature = hex(hmac::sign(&key, message.as_bytes()).as_ref());
    let id = &keys.id;
    let authorization =
        format!("{ALGORITHM} Credential={id}/{scope}, SignedHeaders={signed}, Signature={signature}");
    headers.push(("authorization", authorization));
    headers
}

/// The canonical request, and the names of the headers in it.
fn canonical(parts: Parts<'_>, added: &[(&'static str, String)]) -> (String, String) {
    let mut headers: Vec<(&str, &str)> = added.iter().map(|(name, value)| (*name, &**value)).collect();
    headers.push(("host", parts.host));
    headers.extend(parts.content_type.map(|value| ("content-type", value)));
    headers.sort_unstable();
    let (path, query) = parts.target.split_once('?').unwrap_or((parts.target, ""));
    let mut request = format!("{}\n{}\n{}\n", parts.method, canonical_path(path), canonical_query(query));
    for (name, value) in &headers {
        // Runs of blanks count as one.
        let value = value.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
        request.push_str(&format!("{name}:{value}\n"));
    }
    let names: Vec<_> = headers.iter().map(|(name, _)| *name).collect();
    let names = names.join(";");
    request.push_str(&format!("\n{names}\n{}", hex(digest(&SHA256, parts.body).as_ref())));
    (request, names)
}

/// Every segment of the path as it is sent, encoded once more; runs of slashes count as one.
fn canonical_path(path: &str) -> String {
    let segments: Vec<_> = path.split('/').filter(|segment| !segment.is_empty()).map(encoded).collect();
    let end = if path.ends_with('/') && !segments.is_empty() { "/" } else { "" };
    format!("/{}{end}", segments.join("/"))
}

/// The arguments, decoded as a form's and encoded anew, by name and then by value.
fn canonical_query(query: &str) -> String {
    let decoded = |text: &str| -> String {
        let blanks = text.replace('+', " ");
        let bytes: Cow<'_, [u8]> = percent_decode_str(&blanks).into();
        percent_encode(&bytes, &RESERVED).to_string()
    };
    let mut arguments: Vec<(String, String)> = query
        .split('&')
        .filter(|argument| !argument.is_empty())
        .map(|argument| argument.split_once('=').unwrap_or((argument, "")))
        .map(|(name, value)| (decoded(name), decoded(value)))
        .collect();
    arguments.sort_unstable();
    let arguments: Vec<_> = arguments.iter().map(|(name, value)| format!("{name}={value}")).collect();
    arguments.join("&")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
