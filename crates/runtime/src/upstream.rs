//! The way to the upstreams: pooled HTTP/1.1 connections, plain or over TLS, and how long each step may
//! take. Environment variables that name proxies are not looked at, and redirects are not followed.

mod answer;
mod connect;
mod error;
mod sending;

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use config_core::plan::timeouts::Timeouts;
use hyper::{Request, Response, StatusCode};
use hyper_util::client::legacy::{Client, ResponseFuture};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::ClientConfig;
use rustls_pki_types::CertificateDer;

use crate::{Body, mock};
use answer::Answer;
use connect::Connector;
pub use error::{Cause, UpstreamError};
use sending::Sending;

/// What answers requests. A clone shares the connections.
#[derive(Clone)]
pub enum Upstream {
    /// The hosts that the plan names.
    Http(Arc<HttpUpstream>),
    /// The process itself, for `--mock`.
    Mock,
}

/// Connections to hosts.
pub struct HttpUpstream {
    tls: Arc<ClientConfig>,
    /// A pool for each way of timing connections, since they keep the timeouts they were made with.
    pools: RwLock<HashMap<Times, Client<Connector, Sending>>>,
}

/// The timeouts that belong to a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Times {
    connect: Duration,
    write: Duration,
}

/// How long an unused connection is kept: less than the idle time of the common load balancers.
const POOL_IDLE: Duration = Duration::from_secs(60);

/// The most unused connections to one host.
const POOL_SIZE: usize = 256;

/// The most bytes of an answer's head, and of what is read or written ahead on one connection.
const BUFFER: usize = 64 << 10;

impl Upstream {
    /// Real hosts, whose certificates are checked against the public authorities and those of `ca`.
    /// Errors with the first certificate of `ca` that is none.
    pub fn http(ca: Vec<CertificateDer<'static>>) -> Result<Self, rustls::Error> {
        let tls = Arc::new(connect::tls(ca)?);
        Ok(Self::Http(Arc::new(HttpUpstream { tls, pools: RwLock::default() })))
    }

    /// No host: answers are made up, see [`mock`].
    pub fn mock() -> Self {
        Self::Mock
    }

    /// Sends a request, whose URI is absolute, and waits for the head of the answer. The answer's body
    /// fails with an [`UpstreamError`] where the upstream breaks off or takes too long. Dropping either
    /// closes the connection at once.
    pub async fn send(
        &self,
        request: Request<Body>,
        timeouts: Timeouts,
    ) -> Result<Response<Body>, UpstreamError> {
        match self {
            Upstream::Http(upstream) => upstream.send(request, timeouts).await,
            Upstream::Mock => Ok(mock::answer(request).await),
        }
    }
}

impl HttpUpstream {
    async fn send(
        &self,
        request: Request<Body>,
        timeouts: Timeouts,
    ) -> Result<Response<Body>, UpstreamError> {
        let host = request.uri().authority().cloned();
        let failed = |cause| UpstreamError::new(host.clone(), cause);
        let (parts, body) = request.into_parts();
        let (body, sent) = Sending::new(body);
        let times = Times { connect: timeouts.connect, write: timeouts.write };
        let answered = self.request(times, Request::from_parts(parts, body));
        let response = tokio::select! {
            biased;
            response = answered => response,
            () = sent.since(timeouts.read) => return Err(failed(Cause::ReadTimeout(timeouts.read))),
        };
        let response = response.map_err(|error| failed(Cause::of(&error)))?;
        // No upgrade is ever asked for.
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            return Err(failed(Cause::Upgrade));
        }
        Ok(response.map(|body| Body::new(Answer::new(body, timeouts.read, host))))
    }

    fn request(&self, times: Times, request: Request<Sending>) -> ResponseFuture {
        if let Some(pool) = self.pools.read().unwrap_or_else(PoisonError::into_inner).get(&times) {
            return pool.request(request);
        }
        let mut pools = self.pools.write().unwrap_or_else(PoisonError::into_inner);
        pools.entry(times).or_insert_with(|| self.open(times)).request(request)
    }

    fn open(&self, times: Times) -> Client<Connector, Sending> {
        Client::builder(TokioExecutor::new())
            .pool_idle_timeout(POOL_IDLE)
            .pool_max_idle_per_host(POOL_SIZE)
            .pool_timer(TokioTimer::new())
            .http1_max_buf_size(BUFFER)
            .build(Connector::new(Arc::clone(&self.tls), times))
    }
}
