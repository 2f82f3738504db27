//! Why an upstream gave no answer, or broke one off.

use std::error::Error;
use std::fmt;
use std::io;
use std::time::Duration;

use formats::error::ErrorObject;
use hyper::http::uri::Authority;

use super::connect::Expired;
use crate::request_body::BodyError;

/// An upstream failed. Shows the host and what happened; neither port nor address nor credentials.
#[derive(Debug, Clone)]
pub struct UpstreamError {
    host: Option<Authority>,
    /// What happened.
    pub cause: Cause,
}

/// What an upstream did or did not do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// There is no connection, and why: unknown name, refused, no trust in its certificate.
    Connect(String),
    /// There was no connection in time.
    ConnectTimeout(Duration),
    /// It took none of the request for too long.
    WriteTimeout(Duration),
    /// It sent nothing for too long.
    ReadTimeout(Duration),
    /// It closed the connection before the answer was complete.
    Closed,
    /// What it sent is not HTTP.
    Invalid(String),
    /// It changed the protocol, which nobody had asked for.
    Upgrade,
    /// The connection broke.
    Broken(String),
    /// The client's body came to no good end.
    Body(BodyError),
}

impl UpstreamError {
    pub(super) fn new(host: Option<Authority>, cause: Cause) -> Self {
        Self { host, cause }
    }

    /// The status and error object to answer with.
    pub fn answer(&self) -> (u16, ErrorObject) {
        let (status, kind, code) = match &self.cause {
            Cause::Body(error) => return error.rejection().answer(),
            Cause::ConnectTimeout(_) | Cause::WriteTimeout(_) | Cause::ReadTimeout(_) => {
                (504, "timeout_error", "upstream_timeout")
            }
            Cause::Connect(_) => (502, "server_error", "upstream_unreachable"),
            Cause::Closed | Cause::Broken(_) => (502, "server_error", "upstream_disconnected"),
            Cause::Invalid(_) | Cause::Upgrade => (502, "server_error", "upstream_invalid_response"),
        };
        (status, error_object(self.to_string(), kind, Some(code), None))
    }
}
