//! Asking an endpoint that gives out tokens or keys: bounded in time and size, and again where that may
//! help. Redirects are not followed.

#[cfg(test)]
mod tests;

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use config_core::plan::timeouts::Timeouts;
use http_body_util::BodyExt;
use hyper::header::HeaderName;
use hyper::{Method, Request, StatusCode};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::time::{Instant, sleep, timeout};

use super::failure::Failure;
use crate::refusal::full;
use crate::upstream::{Cause, Upstream};

/// A whole answer; it may hold a token.
pub(super) struct Reply {
    pub host: String,
    pub status: u16,
    pub body: Bytes,
}

impl Reply {
    /// The body of an answer that is no error; of an error, the endpoint's words but for `secrets`.
    pub fn good(&self, secrets: &[&str]) -> Result<&[u8], Failure> {
        match self.status {
            200 => Ok(&self.body),
            _ => Err(Failure::of(self, secrets)),
        }
    }
}

/// How an endpoint is to be treated.
#[derive(Debug, Clone, Copy)]
pub(super) struct Manner {
    /// Until there is a connection.
    pub connect: Duration,
    /// Which statuses are worth another attempt.
    pub passes: fn(u16) -> bool,
}

/// An endpoint on the internet.
pub(super) const REMOTE: Manner =
    Manner { connect: Duration::from_secs(5), passes: |status| matches!(status, 408 | 429 | 500..) };

/// One that the machine itself has: who is not there within a second never will be.
pub(super) const LOCAL: Manner = Manner { connect: Duration::from_secs(1), ..REMOTE };

/// How often it is asked at most.
const ATTEMPTS: u32 = 4;

/// How long the first pause between two attempts is; each is twice as long as the one before, up to the
/// longest.
const FIRST_PAUSE: Duration = Duration::from_millis(800);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// How long Azure's instance metadata service answers 410 at most: it is being updated.
const UPDATE: Duration = Duration::from_secs(70);

/// How long one attempt may take.
const ATTEMPT: Duration = Duration::from_secs(10);

/// How long an endpoint may be silent.
const SILENCE: Duration = Duration::from_secs(5);

/// The most bytes of an answer that counts.
const MAX_REPLY: usize = 64 << 10;

/// RFC 3986's unreserved characters stay.
pub(super) const RESERVED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Asks until there is an answer that counts, whatever its status, or no more to be hoped for.
pub(super) async fn ask(
    upstream: &Upstream,
    request: &Request<Bytes>,
    manner: Manner,
) -> Result<Reply, Failure> {
    retried(manner, || attempt(upstream, request.clone(), manner)).await
}

/// A `GET` with headers.
pub(super) fn get(uri: &str, headers: &[(&'static str, &str)]) -> Result<Request<Bytes>, Failure> {
    request(Method::GET, uri, headers, String::new())
}

/// A request without a body, or with one as given.
pub(super) fn request(
    method: Method,
    uri: &str,
    headers: &[(&'static str, &str)],
    body: String,
) -> Result<Request<Bytes>, Failure> {
    let mut request = Request::builder().method(method).uri(uri);
    for (name, value) in headers {
        request = request.header(HeaderName::from_static(name), *value);
    }
    // The URI and the values are the operator's.
    request.body(body.into()).map_err(|_| Failure::refused("the request for it cannot be written"))
}

/// A `POST` of a form.
pub(super) fn post_form(uri: &str, fields: &[(&str, &str)]) -> Result<Request<Bytes>, Failure> {
    let form = "application/x-www-form-urlencoded";
    request(Method::POST, uri, &[("content-type", form)], query(fields))
}

/// `name=value&…`, percent-encoded.
pub(super) fn query(fields: &[(&str, &str)]) -> String {
    let pair = |(name, value): &(&str, &str)| format!("{name}={}", encoded(value));
    fields.iter().map(pair).collect::<Vec<_>>().join("&")
}

/// A text as part of a URI.
pub(super) fn encoded(text: &str) -> String {
    utf8_percent_encode(text, &RESERVED).to_string()
}

/// Repeats `attempt` while its failure, or its answer's status, may pass.
async fn retried<F>(manner: Manner, mut attempt: impl FnMut() -> F) -> Result<Reply, Failure>
where
    F: Future<Output = Result<Reply, Failure>>,
{
    let started = Instant::now();
    let mut pause = FIRST_PAUSE;
    let mut attempts = 0;
    loop {
        let result = attempt().await;
        attempts += 1;
        let again = match &result {
            Ok(reply) if reply.status == StatusCode::GONE && (manner.passes)(reply.status) => {
                started.elapsed() + pause <= UPDATE
            }
            Ok(reply) => (manner.passes)(reply.status) && attempts < ATTEMPTS,
            Err(_) => attempts < ATTEMPTS,
        };
        if !again {
            return result;
        }
        sleep(pause).await;
        pause = LONGEST_PAUSE.min(pause * 2);
    }
}

async fn attempt(upstream: &Upstream, request: Request<Bytes>, manner: Manner) -> Result<Reply, Failure> {
    let host = request.uri().host().unwrap_or_default().to_owned();
    let timeouts = Timeouts { connect: manner.connect, write: SILENCE, read: SILENCE };
    let exchange = async {
        let answer = upstream.send(request.map(full), timeouts).await;
        let answer = answer.map_err(|error| Failure::unavailable(happened(&host, &error.cause)))?;
        let status = answer.status().as_u16();
        let mut incoming = answer.into_body();
        let mut body = BytesMut::new();
        while let Some(frame) = incoming.frame().await {
            let frame = frame.map_err(|_| Failure::unavailable(format!("{host} broke its answer off")))?;
            body.extend_from_slice(frame.data_ref().map_or(&[][..], |data| data));
            // Not what was asked for, whatever it is.
            if body.len() > MAX_REPLY {
                body.clear();
                break;
            }
        }
        Ok(Reply { host: host.clone(), status, body: body.freeze() })
    };
    let late = || Failure::unavailable(format!("{host} did not answer within {ATTEMPT:?}"));
    timeout(ATTEMPT, exchange).await.unwrap_or_else(|_| Err(late()))
}

fn happened(host: &str, cause: &Cause) -> String {
    match cause {
        Cause::Connect(why) => format!("cannot connect to {host}: {why}"),
        Cause::ConnectTimeout(limit) => format!("cannot connect to {host} within {limit:?}"),
        Cause::WriteTimeout(limit) | Cause::ReadTimeout(limit) => format!("{host} was silent for {limit:?}"),
        Cause::Invalid(_) | Cause::Upgrade => format!("{host} did not answer in HTTP"),
        Cause::Closed | Cause::Broken(_) | Cause::Body(_) => format!("{host} broke the connection"),
    }
}
