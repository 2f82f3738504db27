//! The server: its addresses, what it is given to answer, and how it stops.

use std::{io, net::SocketAddr, sync::Arc};

use hyper::{Request, Response, body::Incoming};
use ipnet::IpNet;
use tokio::net::TcpListener;

pub use crate::listener::Load;
use crate::{
    Body,
    admin::Admin,
    forwarded::TrustedProxies,
    head::{self, ClientConnection, RequestLine},
    limits::Limits,
    listener,
    refusal::Refusal,
    stopping::{Stop, Stopping},
};

/// What answers the requests of a server.
pub trait Handler: Send + Sync + 'static {
    /// Answers one request, whose head was checked: its target is a path with a query, and it has one
    /// `Host` (none is possible only in HTTP/1.0). The future and the answer's body are dropped as soon
    /// as the client has left.
    fn handle(
        self: Arc<Self>,
        connection: ClientConnection,
        request: Request<Incoming>,
    ) -> impl Future<Output = Response<Body>> + Send;

    /// Answers one request with a refusal of the server's own: there is no room for it, or its head is
    /// not in order.
    fn refuse(
        &self,
        _connection: &ClientConnection,
        _line: RequestLine<'_>,
        mut refusal: Refusal,
    ) -> Response<Body> {
        refusal.headers.push(("x-request-id", head::request_id()));
        refusal.response()
    }
}

/// A server that is bound to its addresses.
pub struct Server {
    clients: TcpListener,
    admin: TcpListener,
    addresses: (SocketAddr, SocketAddr),
    limits: Limits,
    trusted: TrustedProxies,
    load: Load,
    stop: Stop,
    stopping: Stopping,
}

impl Server {
    /// Binds the address for clients and the one for administration; port 0 takes a free one. Forwarding
    /// headers count from peers in `trusted`.
    ///
    /// # Errors
    /// An address that cannot be bound, by name.
    pub async fn bind(
        listen: SocketAddr,
        admin: SocketAddr,
        limits: Limits,
        trusted: Vec<IpNet>,
    ) -> io::Result<Self> {
        let (clients, admin) = (bind(listen).await?, bind(admin).await?);
        let addresses = (clients.local_addr()?, admin.local_addr()?);
        let load = Load::new(&limits);
        let trusted = TrustedProxies::new(trusted);
        let (stop, stopping) = Stop::new();
        Ok(Self { clients, admin, addresses, limits, trusted, load, stop, stopping })
    }

    /// Where clients and administrators are served.
    pub fn addresses(&self) -> (SocketAddr, SocketAddr) {
        self.addresses
    }

    /// What clients occupy, to be read at any time.
    pub fn load(&self) -> Load {
        self.load.clone()
    }

    /// What tells the server to stop.
    pub fn stop(&self) -> Stop {
        self.stop.clone()
    }

    /// Serves until it is told to [stop](Self::stop), then drains: `/readyz` says so, nothing is accepted
    /// any more, idle connections end, and requests in flight have [`Limits::drain_time`] to finish.
    /// Dropping the future cuts everything at once.
    pub async fn run(self, handler: Arc<impl Handler>) {
        // As long as the server runs, there is somebody who could stop it.
        let (_stop, stopping) = (self.stop, self.stopping);
        let admin = Arc::new(Admin::new(stopping.clone()));
        let (_never, forever) = Stop::new();
        let admin_limits = Admin::limits();
        let admin_load = Load::new(&admin_limits);
        let nobody = TrustedProxies::default();
        tokio::select! {
            () = listener::serve(self.clients, handler, self.limits, self.trusted, self.load, stopping) => {}
            () = listener::serve(self.admin, admin, admin_limits, nobody, admin_load, forever) => {}
        }
    }
}

async fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .map_err(|error| io::Error::new(error.kind(), format!("cannot listen on {address}: {error}")))
}
