//! Answers that the gateway gives itself.

use bytes::Bytes;
use config_core::plan::rejection::Rejection;
use formats::error::ErrorObject;
use http_body_util::{BodyExt, Full};
use hyper::{
    Response, StatusCode,
    header::{CONTENT_TYPE, HeaderName, HeaderValue},
};

use crate::Body;

/// An answer with OpenAI's error object, as its SDKs expect it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// HTTP status; one that is none becomes 500.
    pub status: u16,
    /// The error object.
    pub error: Box<ErrorObject>,
    /// Further headers; a value that no header can hold is left out.
    pub headers: Vec<(&'static str, String)>,
}

/// The content type of everything that the gateway says.
pub(crate) const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");

impl Refusal {
    /// A refusal without headers, with the `type` that belongs to its status.
    pub fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, error: ErrorObject::new(status, message).code(code).into(), headers: Vec::new() }
    }

    /// The request is not what RFC 9110 and 9112 make it.
    pub(crate) fn malformed(status: u16, message: impl Into<String>) -> Box<Self> {
        Box::new(Self::new(status, "malformed_request", message))
    }

    /// The last answer of its connection, because what comes next may be no request.
    pub(crate) fn closing(mut self: Box<Self>) -> Box<Self> {
        self.headers.push(("connection", "close".to_owned()));
        self
    }

    /// 503: the gateway has all the work it takes on.
    pub(crate) fn busy(message: impl Into<String>) -> Box<Self> {
        let refusal = Self::new(503, "overloaded", message);
        Box::new(Self { headers: vec![("retry-after", "1".to_owned())], ..refusal })
    }

    /// The answer.
    pub fn response(&self) -> Response<Body> {
        let mut response = Response::new(full(self.error.to_json()));
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, JSON);
        for (name, value) in &self.headers {
            if let Ok(value) = HeaderValue::try_from(value) {
                headers.append(HeaderName::from_static(name), value);
            }
        }
        response
    }
}

impl From<Rejection> for Refusal {
    fn from(rejection: Rejection) -> Self {
        let kind = rejection.kind().into();
        let Rejection { status, message, code, param } = rejection;
        let error = Box::new(ErrorObject {
            kind,
            code: code.map(Into::into),
            param: param.map(Into::into),
            ..ErrorObject::new(status, message)
        });
        Self { status, error, headers: Vec::new() }
    }
}

/// A whole body.
pub fn full(body: impl Into<Bytes>) -> Body {
    Full::new(body.into()).map_err(|never| match never {}).boxed_unsync()
}
