//! Why an upstream gave no answer, or broke one off.

use std::error::Error;
use std::fmt;
use std::io;
use std::iter::successors;
use std::time::Duration;

use hyper::http::uri::Authority;
use hyper_util::client::legacy;
use rustls::CertificateError;

use super::connect::Expired;
use crate::refusal::Refusal;
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

    /// What to answer with while nothing of an answer has been sent.
    pub fn refusal(&self) -> Refusal {
        let (status, code) = match &self.cause {
            Cause::Body(error) => return error.refusal(),
            Cause::ConnectTimeout(_) | Cause::WriteTimeout(_) | Cause::ReadTimeout(_) => {
                (504, "upstream_timeout")
            }
            Cause::Connect(_) => (502, "upstream_unreachable"),
            Cause::Closed | Cause::Broken(_) => (502, "upstream_disconnected"),
            Cause::Invalid(_) | Cause::Upgrade => (502, "upstream_invalid_response"),
        };
        Refusal::new(status, code, self.to_string())
    }
}

impl Cause {
    /// What an error of the HTTP client comes from.
    pub(super) fn of(error: &(dyn Error + 'static)) -> Self {
        let chain = || successors(Some(error), |error| (**error).source());
        if let Some(error) = chain().find_map(|error| error.downcast_ref::<BodyError>()) {
            return Cause::Body(error.clone());
        }
        let io = || chain().filter_map(|error| error.downcast_ref::<io::Error>());
        if let Some(expired) = io().find_map(|error| error.get_ref()?.downcast_ref::<Expired>()) {
            return match *expired {
                Expired::Connect(limit) => Cause::ConnectTimeout(limit),
                Expired::Write(limit) => Cause::WriteTimeout(limit),
            };
        }
        // The number that follows in an error of the system tells clients nothing.
        let root = || {
            if let Some(why) = io().find_map(distrust) {
                return format!("invalid peer certificate: {why}");
            }
            let text = chain().last().unwrap_or(error).to_string();
            text.split(" (os error").next().unwrap_or_default().to_owned()
        };
        if chain().filter_map(|error| error.downcast_ref::<legacy::Error>()).any(legacy::Error::is_connect) {
            return Cause::Connect(root());
        }
        let is_cut = io().any(|error| error.kind() == io::ErrorKind::UnexpectedEof);
        match chain().find_map(|error| error.downcast_ref::<hyper::Error>()) {
            _ if is_cut => Cause::Closed,
            Some(error) if error.is_parse() => Cause::Invalid(root()),
            Some(error) if error.source().is_some() => Cause::Broken(root()),
            _ => Cause::Closed,
        }
    }
}

/// Why a certificate is not trusted, in words, where that is what went wrong.
fn distrust(error: &io::Error) -> Option<String> {
    let inner = error.get_ref()?;
    // The connector puts one into another.
    if let Some(error) = inner.downcast_ref() {
        return distrust(error);
    }
    let Some(rustls::Error::InvalidCertificate(why)) = inner.downcast_ref() else { return None };
    Some(match why {
        CertificateError::UnknownIssuer => "no trusted authority has issued it".to_owned(),
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "it has expired".to_owned(),
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "it is for another name".to_owned()
        }
        // The only error of the verifier that rustls has no name for and operators do meet.
        CertificateError::Other(other) if other.to_string() == "CaUsedAsEndEntity" => {
            "it is an authority's own, not one for a server".to_owned()
        }
        other => other.to_string(),
    })
}

/// What happened, and to which host.
impl fmt::Display for UpstreamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = self.host.as_ref().map_or("", Authority::host);
        match &self.cause {
            Cause::Connect(why) => write!(f, "cannot connect to the upstream {host}: {why}"),
            Cause::ConnectTimeout(limit) => {
                write!(f, "the upstream {host} could not be connected to within {limit:?}")
            }
            Cause::WriteTimeout(limit) => {
                write!(f, "the upstream {host} took nothing of the request for {limit:?}")
            }
            Cause::ReadTimeout(limit) => write!(f, "the upstream {host} sent nothing for {limit:?}"),
            Cause::Closed => {
                write!(f, "the upstream {host} closed the connection before its answer was complete")
            }
            Cause::Invalid(why) => write!(f, "the upstream {host} did not answer in HTTP: {why}"),
            Cause::Upgrade => write!(f, "the upstream {host} changed the protocol without being asked to"),
            Cause::Broken(why) => write!(f, "the connection to the upstream {host} broke: {why}"),
            Cause::Body(error) => error.fmt(f),
        }
    }
}

impl Error for UpstreamError {}
