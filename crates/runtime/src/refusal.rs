//! Answers that the gateway gives itself.

use bytes::Bytes;
use config_core::plan::rejection::Rejection;
use http_body_util::{BodyExt, Full};
use hyper::{
    Response, StatusCode,
    header::{CONTENT_TYPE, HeaderValue},
};

use crate::Body;

/// `rejection` as OpenAI's SDKs expect an error: its status, and its members as a JSON object. A status
/// that is none becomes 500.
pub fn response(rejection: &Rejection) -> Response<Body> {
    let mut response = Response::new(full(json(rejection)));
    *response.status_mut() =
        StatusCode::from_u16(rejection.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// A whole body.
pub fn full(body: impl Into<Bytes>) -> Body {
    Full::new(body.into()).map_err(|never| match never {}).boxed_unsync()
}

/// The error object.
pub(crate) fn json(rejection: &Rejection) -> String {
    serde_json::json!({"error": {
        "message": rejection.message,
        "type": rejection.kind(),
        "code": rejection.code,
        "param": rejection.param,
    }})
    .to_string()
}

/// 503: the gateway has all the work it takes on.
pub(crate) fn busy(message: &str) -> Rejection {
    Rejection { status: 503, message: message.into(), code: Some("overloaded"), param: None }
}
