//! aiproxy's compiler: gateway configuration in; located findings and a verified plan out.
//!
//! The way through: [`source`] → [`syntax`] → [`model`] → analysis → [`rules`] → diagnostics, and
//! [`model`] + analysis → [`plan`]; what proofs show of the plan becomes findings too. Pure: this crate reads
//! no file, environment, clock or socket.

mod analysis;
mod catalog;
pub mod check;
pub mod diagnostic;
pub(crate) mod key_digest;
mod kong_id;
mod language;
pub mod model;
pub mod pattern;
pub mod plan;
mod proof;
pub mod rules;
pub mod schema;
pub mod sdk;
pub mod secret;
pub mod source;
pub mod suggest;
mod suppress;
pub mod syntax;
mod template;
