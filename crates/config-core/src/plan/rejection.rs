//! An answer that the gateway gives itself.

use super::key_auth::INVALID_KEY;

/// A refused request: status and the members of OpenAI's error object. Where Kong refuses the same
/// request, `message` is its text, byte for byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// HTTP status.
    pub status: u16,
    /// `error.message`.
    pub message: String,
    /// `error.code`, for programs to tell causes apart.
    pub code: Option<&'static str>,
    /// `error.param`: the request member at fault.
    pub param: Option<&'static str>,
}

impl Rejection {
    /// 400: the request is at fault.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self { status: 400, message: message.into(), code: None, param: None }
    }

    /// 401: no valid key; a text and its code.
    pub(super) fn unauthorized((message, code): (&str, &'static str)) -> Self {
        Self { status: 401, message: message.to_owned(), code: Some(code), param: None }
    }

    /// 404: no route matches. Kong's text.
    pub fn no_route() -> Self {
        Self { status: 404, message: "no Route matched with those values".into(), code: None, param: None }
    }

    /// 503: the route has no plugin that could answer, and requests are not proxied without one.
    pub fn no_proxy() -> Self {
        let message = "no ai-proxy plugin applies to this route".into();
        Self { status: 503, message, code: Some("no_ai_proxy"), param: None }
    }

    /// 413: the body is `size` bytes, of which `limit` are read.
    pub fn too_large(size: usize, limit: u64) -> Self {
        let message = format!("request body is {size} bytes; max_request_body_size is {limit}");
        Self { status: 413, message, code: Some("request_too_large"), param: None }
    }

    /// 500: the configuration leaves no way to answer.
    pub fn misconfigured(message: impl Into<String>) -> Self {
        Self { status: 500, message: message.into(), code: Some("misconfigured_route"), param: None }
    }

    /// Whether the request came with a key that is nobody's.
    pub fn is_unknown_key(&self) -> bool {
        self.code == Some(INVALID_KEY)
    }

    /// Names the request member at fault.
    pub fn param(mut self, param: &'static str) -> Self {
        self.param = Some(param);
        self
    }

    /// `error.type`.
    pub fn kind(&self) -> &'static str {
        formats::error::kind(self.status)
    }
}
