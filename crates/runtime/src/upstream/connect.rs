//! Making connections, and how long that, and writing to them, may take.

use std::error::Error;
use std::io;
use std::iter::successors;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::Uri;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tower_service::Service;

use super::Times;
use crate::idle::Idle;
use crate::{BoxError, BoxFuture};

/// Makes connections, plain or over TLS.
#[derive(Clone)]
pub(super) struct Connector {
    inner: HttpsConnector<HttpConnector>,
    times: Times,
}

/// A connection that fails when its peer takes nothing for too long.
pub(super) struct Stream {
    inner: MaybeHttpsStream<TokioIo<TcpStream>>,
    writing: Idle,
}

/// A step of a connection took too long.
#[derive(Debug, Clone, Copy, thiserror::Error)]
pub(super) enum Expired {
    #[error("no connection within {0:?}")]
    Connect(Duration),
    #[error("nothing written for {0:?}")]
    Write(Duration),
}

/// How often an unused or silent connection is probed, so that its peer's disappearance is noticed.
const TCP_KEEPALIVE: Duration = Duration::from_secs(30);

/// TLS with the public authorities and those of `ca`, for HTTP/1.1.
pub(super) fn tls(ca: Vec<CertificateDer<'static>>) -> Result<ClientConfig, rustls::Error> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    ca.into_iter().try_for_each(|certificate| roots.add(certificate))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    tls.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(tls)
}

impl Connector {
    pub fn new(tls: Arc<ClientConfig>, times: Times) -> Self {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_keepalive(Some(TCP_KEEPALIVE));
        // Shared among a name's addresses, so that a dead one leaves time for the next.
        tcp.set_connect_timeout(Some(times.connect));
        Self { inner: (tcp, tls).into(), times }
    }
}

impl Service<Uri> for Connector {
    type Response = Stream;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Stream, BoxError>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let Times { connect, write } = self.times;
        let connecting = self.inner.call(uri);
        Box::pin(async move {
            match timeout(connect, connecting).await {
                Ok(Ok(inner)) => Ok(Stream { inner, writing: Idle::new(write) }),
                Ok(Err(error)) if !timed_out(&*error) => Err(error),
                Ok(Err(_)) | Err(_) => Err(expired(Expired::Connect(connect)).into()),
            }
        })
    }
}

impl Connection for Stream {
    fn connected(&self) -> Connected {
        self.inner.connected()
    }
}

impl Stream {
    /// What a write came to, unless it has been pending for too long.
    fn timed<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.writing.progress();
            return written;
        }
        let limit = self.writing.limit();
        self.writing.poll_expired(cx).map(|()| Err(expired(Expired::Write(limit))))
    }
}

impl Read for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(cx, buffer)
    }
}

impl Write for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write(cx, bytes);
        self.timed(cx, written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.inner).poll_flush(cx);
        self.timed(cx, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.inner).poll_shutdown(cx);
        self.timed(cx, shut)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write_vectored(cx, pieces);
        self.timed(cx, written)
    }
}

/// Whether the last of a name's addresses had its share of the time.
fn timed_out(error: &(dyn Error + 'static)) -> bool {
    let chain = successors(Some(error), |error| (**error).source());
    let mut io = chain.filter_map(|error| error.downcast_ref::<io::Error>());
    io.any(|error| error.kind() == io::ErrorKind::TimedOut)
}

fn expired(what: Expired) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, what)
}
