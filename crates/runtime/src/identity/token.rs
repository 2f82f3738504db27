//! Tokens: OAuth's answer with one, as Microsoft and Google give it, the file that holds one, and the header
//! that carries one.

use std::path::PathBuf;
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
    let body = reply.good(secrets)?;
    let unreadable = || Failure::unreadable(reply, "a token and its expiry");
    let answer: Answer = serde_json::from_slice(body).map_err(|_| unreadable())?;
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
    let mut value = HeaderValue::try_from(format!("Bearer {token}")).ok().filter(|_| is_token(token))?;
    value.set_sensitive(true);
    Some(value)
}

/// The token of a file, which somebody else writes anew from time to time.
pub(super) async fn read(file: PathBuf) -> Result<String, Failure> {
    let path = file.clone();
    let text = tokio::task::spawn_blocking(move || std::fs::read_to_string(path)).await;
    let unreadable = |why: String| Failure::refused(format!("the file `{}` {why}", file.display()));
    let text = text.map_err(|_| unreadable("was not read".to_owned()))?;
    let text = text.map_err(|error| unreadable(format!("cannot be read: {error}")))?;
    match text.trim() {
        token if token.is_empty() || token.contains(char::is_control) => {
            Err(unreadable("holds no token".to_owned()))
        }
        token => Ok(token.to_owned()),
    }
}

/// Whether a text is one word that a header can carry.
pub(super) fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn reply(body: impl Into<bytes::Bytes>) -> Reply {
        Reply { host: "id.test".to_owned(), status: 200, body: body.into() }
    }

    /// How long the token of an answer can be used, in seconds.
    fn lifetime(times: &str) -> Result<u64, String> {
        let body = format!(r#"{{"access_token":"t"{times}}}"#);
        let fresh = bearer(&reply(body), &[]).map_err(|failure| failure.reason)?;
        Ok(fresh.lifetime.as_secs())
    }

    #[test]
    fn times_are_numbers_or_texts() {
        let in_an_hour =
            [r#","expires_in":3599"#, r#","expires_in":" 3599""#, r#","expires_in":3599.9,"expires_on":"0""#];
        for times in in_an_hour {
            assert_eq!(lifetime(times), Ok(3599), "{times}");
        }
        let at = clock::unix(SystemTime::now()) + 3600;
        for times in
            [format!(r#","expires_on":{at}"#), format!(r#","expires_in":"later","expires_on":"{at}""#)]
        {
            assert!(matches!(lifetime(&times), Ok(3590..=3600)), "{times}");
        }
        assert_eq!(lifetime(r#","expires_in":1e300"#), Ok(u64::MAX));
        for times in [r#","expires_in":-1"#, r#","expires_on":"1735689600""#] {
            assert_eq!(
                lifetime(times),
                Err("the token of id.test has expired already".to_owned()),
                "{times}"
            );
        }
        for times in ["", r#","expires_in":null"#, r#","expires_in":[1]"#] {
            let without = "id.test answered without a token and its expiry";
            assert_eq!(lifetime(times), Err(without.to_owned()), "{times}");
        }
    }

    proptest! {
        #[test]
        fn no_answer_is_too_strange(body in prop::collection::vec(any::<u8>(), 0..64), token in any::<String>()) {
            let _ = bearer(&reply(body), &[]);
            let body = serde_json::json!({ "access_token": token, "expires_in": 1 }).to_string();
            if let Ok(fresh) = bearer(&reply(body), &[]) {
                prop_assert!(token.bytes().all(|byte| byte.is_ascii_graphic()));
                prop_assert!(fresh.value.is_sensitive());
            }
        }
    }
}
