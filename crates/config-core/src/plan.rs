//! What a file does to requests: compiled, verified, free of YAML.
//!
//! [`Plan::route`] and [`Routed::prepare`] are the only decisions about a request; every front end
//! calls them. Both are pure.

pub mod auth;
pub mod criteria;
pub mod landing;
pub mod normalize;
pub mod prepare;
pub mod priority;
pub mod protocol;
pub mod proxy;
pub mod rejection;
pub mod request;
pub mod router;
pub mod scope;
pub mod upstream;
