//! Why there is no token: what an endpoint said, free of secrets, and what to answer with.

use formats::error::redact;
use serde_json::Value;

use super::endpoint::Reply;

/// Why nothing was fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    /// The status of an answer that says so.
    pub status: u16,
    /// What happened; no secret is part of it.
    pub reason: String,
}

/// The longest quotation of what an endpoint says, in characters.
const MAX_QUOTATION: usize = 300;

impl Failure {
    /// It is a matter of configuration: asking again would not help.
    pub fn refused(reason: impl Into<String>) -> Self {
        Self { status: 500, reason: reason.into() }
    }

    /// The endpoint could not be reached, or is in trouble.
    pub fn unavailable(reason: impl Into<String>) -> Self {
        Self { status: 502, reason: reason.into() }
    }

    /// An answer other than 200, in the endpoint's words but for `secrets`.
    pub fn of(reply: &Reply, secrets: &[&str]) -> Self {
        let said = said(&reply.body).map(|said| quotation(&said, secrets));
        let reason = match said.filter(|said| !said.is_empty()) {
            Some(said) => format!("{} answered {}: {said}", reply.host, reply.status),
            None => format!("{} answered {}", reply.host, reply.status),
        };
        match reply.status {
            408 | 410 | 429 | 500.. => Self::unavailable(reason),
            _ => Self::refused(reason),
        }
    }

    /// An answer of 200 that is not what was asked for.
    pub fn unreadable(reply: &Reply, expected: &str) -> Self {
        Self::unavailable(format!("{} answered without {expected}", reply.host))
    }
}

/// The first line, as far as it may be shown.
fn quotation(said: &str, secrets: &[&str]) -> String {
    let said = redact(said, secrets);
    let line = said.trim().lines().next().unwrap_or_default();
    line.chars().filter(|c| !c.is_control()).take(MAX_QUOTATION).collect()
}

/// What an error says: OAuth's `error_description`, the `message` of Microsoft's and Amazon's services, or
/// the `Code` and `Message` of an XML answer.
fn said(body: &[u8]) -> Option<String> {
    let Ok(value) = serde_json::from_slice::<Value>(body) else {
        let text = std::str::from_utf8(body).ok()?;
        let message = element(text, "Message")?;
        return Some(element(text, "Code").map_or(message.clone(), |code| format!("{code}: {message}")));
    };
    let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    let nested = value.get("error").filter(|error| error.is_object());
    ["error_description", "message", "Message"]
        .iter()
        .find_map(|name| text(&value, name).or_else(|| text(nested?, name)))
        .or_else(|| text(&value, "error"))
}

/// The text of the first XML element of a name. What these answers hold has no markup inside.
pub(super) fn element(xml: &str, name: &str) -> Option<String> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    let (text, _) = rest.split_once(&format!("</{name}>"))?;
    const ENTITIES: [(&str, &str); 5] =
        [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")];
    Some(ENTITIES.iter().fold(text.trim().to_owned(), |text, (entity, c)| text.replace(entity, c)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(status: u16, body: &str) -> String {
        let reply = Reply { host: "id.test".to_owned(), status, body: body.to_owned().into() };
        let Failure { status, reason } = Failure::of(&reply, &["s3cr3t-value"]);
        format!("{status} {reason}")
    }

    #[test]
    fn a_failure_is_in_the_endpoints_words_without_secrets() {
        let said = [
            reason(
                401,
                r#"{"error":"invalid_client","error_description":"AADSTS7000215: wrong s3cr3t-value\r\nTrace ID: 1"}"#,
            ),
            reason(400, r#"{"error":"invalid_grant"}"#),
            reason(400, r#"{"error":{"code":400,"message":"no such account"}}"#),
            reason(500, r#"{"statusCode":500,"message":"An unexpected error"}"#),
            reason(
                403,
                "<ErrorResponse><Error><Code>AccessDenied</Code><Message>Not &lt;authorized&gt;</Message></Error></ErrorResponse>",
            ),
            reason(302, "<html>s3cr3t-value</html>"),
            reason(429, ""),
            reason(400, &format!(r#"{{"message":"{}\u0007"}}"#, "long ".repeat(1000))),
        ];
        insta::assert_snapshot!(said.join("\n"), @r"
        500 id.test answered 401: AADSTS7000215: wrong ***
        500 id.test answered 400: invalid_grant
        500 id.test answered 400: no such account
        502 id.test answered 500: An unexpected error
        500 id.test answered 403: AccessDenied: Not <authorized>
        500 id.test answered 302
        502 id.test answered 429
        500 id.test answered 400: long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long long
        ");
    }
}
