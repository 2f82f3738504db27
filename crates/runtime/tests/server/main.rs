//! The server before sockets that behave, misbehave and vanish.

mod admin;
mod drain;
mod framing;
mod heads;
mod limits;
mod support;
