//! OAuth's answer with a token, as Microsoft and Google give it.

use std::time::{Duration, SystemTime};

use hyper::header::HeaderValue;
use serde::Deserialize;

use super::cached::Fresh;
use super::clock;
use super::endpoint::Reply;
use super::failure::Failure;

/// What counts of the answer.
#[derive(Deserialize)]
struct Answer {
    access_token: String,
    expires_in: Option<Seconds>,
    expires_on: Option<Seconds>,
}

/// Azure's instance metadata service writes its numbers as strings.
#[derive(Deserialize)]
#[serde(untagged)]
enum Seconds {
    Number(f64),
    Text(String),
}

/// The value of `authorization` that a token makes, and how long it can be used. Of an answer that is an
/// error, the endpoint's words but for `secrets`.
pub(super) fn bearer(reply: &Reply, secrets: &[&str]) -> Result<Fresh<HeaderValue>, Failure> {
    if reply.status != 200 {
        return Err(Failure::of(reply, secrets));
    }
    let unreadable = || Failure::unreadable(reply, "a token and its expiry");
    let answer: Answer = serde_json::from_slice(&reply.body).map_err(|_| unreadable())?;
    let left = answer.expires_in.as_ref().and_then(Seconds::get);
    let until = |at: u64| at.saturating_sub(clock::unix(SystemTime::now()));
    let left = left.or_else(|| answer.expires_on.as_ref().and_then(Seconds::get).map(until));
    let lifetime = Duration::from_secs(left.ok_or_else(unreadable)?);
    if lifetime.is_zero() {
        return Err(Failure::unavailable(format!("the token of {} has expired already", reply.host)));
    }
    Ok(Fresh { value: header(&answer.access_token).ok_or_else(unreadable)?, lifetime })
}

/// `Bearer <token>`, never shown; `None` if a header cannot carry the token.
pub(super) fn header(token: &str) -> Option<HeaderValue> {
    let is_token = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
    let mut value = HeaderValue::try_from(format!("Bearer {token}")).ok().filter(|_| is_token)?;
    value.set_sensitive(true);
    Some(value)
}

impl Seconds {
    fn get(&self) -> Option<u64> {
        match self {
            // Saturates; what is no number is 0.
            Seconds::Number(number) => Some(*number as u64),
            Seconds::Text(text) => text.trim().parse().ok(),
        }
    }
}
