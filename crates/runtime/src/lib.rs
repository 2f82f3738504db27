//! Runs a compiled plan over hyper. It connects, streams, authenticates, times out and logs; what
//! becomes of a request was decided by the plan.

pub mod access_log;
mod admin;
mod connection;
pub mod forwarded;
pub mod head;
pub mod limits;
mod listener;
pub mod refusal;
pub mod secrets;
pub mod server;
mod stopping;

use std::pin::Pin;

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;

/// What goes wrong on a connection.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The body of an answer, or of a request to an upstream.
pub type Body = UnsyncBoxBody<Bytes, BoxError>;

/// A future without a name.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
