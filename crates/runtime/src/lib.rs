//! Runs a compiled plan over hyper. It connects, streams, authenticates, times out and logs; what
//! becomes of a request was decided by the plan.

pub mod access_log;
mod admin;
mod clock;
mod connection;
mod forwarded;
pub mod gateway;
pub mod head;
pub mod identity;
mod idle;
pub mod limits;
mod listener;
pub mod mock;
pub mod refusal;
mod request_body;
mod response;
pub mod secrets;
pub mod server;
mod stopping;
mod timer;
pub mod upstream;

use std::pin::Pin;

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;

pub use access_log::AccessLog;
pub use gateway::Gateway;
pub use head::ClientConnection;
pub use identity::Identities;
pub use limits::Limits;
pub use server::Server;
pub use stopping::Stop;
pub use upstream::Upstream;

/// What goes wrong on a connection.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The body of an answer, or of a request to an upstream.
pub type Body = UnsyncBoxBody<Bytes, BoxError>;

/// A future without a name.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
