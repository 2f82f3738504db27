//! The providers that every contender stands before: answers of chat models without a model.

use std::{
    collections::HashMap,
    convert::Infallible,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use bytes::Bytes;
use http_body_util::{BodyExt, Either, Full, channel::Channel};
use hyper::{Method, Request, Response, body::Incoming, header, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use memchr::memmem;
use tokio::{net::TcpListener, sync::Semaphore};

use super::api::Api;

/// A provider in this process. A stream of its events advances only as its client says: each event
/// takes a permit that the client gives once it has the one before.
#[derive(Clone, Default)]
pub struct Upstream {
    streams: Arc<Mutex<HashMap<u64, Arc<Semaphore>>>>,
    next: Arc<AtomicU64>,
}

/// The client's hand on one stream. Dropping it ends the stream.
pub struct Pace {
    /// What the request has to name after [`STREAM`].
    pub id: u64,
    permits: Arc<Semaphore>,
    upstream: Upstream,
}

impl Upstream {
    /// Starts to serve; the address it listens on.
    pub async fn start(&self) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let upstream = self.clone();
        tokio::spawn(async move {
            loop {
                let (socket, _) = listener.accept().await.expect("room for a connection");
                socket.set_nodelay(true).expect("a socket");
                let upstream = upstream.clone();
                let service = service_fn(move |request| answer(upstream.clone(), request));
                tokio::spawn(async move {
                    // A gateway may close at any time.
                    let _ = http1::Builder::new().serve_connection(TokioIo::new(socket), service).await;
                });
            }
        });
        address
    }

    /// A stream of its own to ask for.
    pub fn pace(&self) -> Pace {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let permits = Arc::new(Semaphore::new(0));
        self.streams.lock().expect("no panic under the lock").insert(id, Arc::clone(&permits));
        Pace { id, permits, upstream: self.clone() }
    }
}

impl Pace {
    /// Lets the next event go.
    pub fn next(&self) {
        self.permits.add_permits(1);
    }
}

impl Drop for Pace {
    fn drop(&mut self) {
        self.permits.close();
        self.upstream.streams.lock().expect("no panic under the lock").remove(&self.id);
    }
}

/// What a question says of the stream that it is for, before its id.
pub const STREAM: &str = "stream number ";

/// Events that the client sees in one stream, beside the final `[DONE]`.
pub const EVENTS: usize = 200;

type Answer = Response<Either<Full<Bytes>, Channel<Bytes, Infallible>>>;

async fn answer(upstream: Upstream, request: Request<Incoming>) -> Result<Answer, hyper::Error> {
    let Some(api) = Api::of(request.uri().path()).filter(|_| request.method() == Method::POST) else {
        return Ok(whole(format!("{{\"bytes\":{}}}", count(request.into_body()).await?).into()));
    };
    let body = request.into_body().collect().await?.to_bytes();
    let Some(id) = number(&body, STREAM.as_bytes()) else {
        return Ok(whole(Bytes::from_static(api.answer())));
    };
    let permits = upstream.streams.lock().expect("no panic under the lock").get(&id).cloned();
    let permits = permits.expect("the stream of a client that waits");
    let wants_usage = memmem::find(&body, b"\"include_usage\":true").is_some();
    let (mut events, body) = Channel::new(1);
    tokio::spawn(async move {
        let event = api.event();
        let mut next = Bytes::from([api.start(), event.clone()].concat());
        for _ in 0..EVENTS {
            let Ok(permit) = permits.acquire().await else { return };
            permit.forget();
            if events.send_data(next).await.is_err() {
                return;
            }
            next = event.clone();
        }
        // The client may be gone.
        let _ = events.send_data(api.end(wants_usage)).await;
    });
    let response = Response::builder().header(header::CONTENT_TYPE, api.media_type());
    Ok(response.body(Either::Right(body)).expect("a valid head"))
}

fn whole(body: Bytes) -> Answer {
    let response = Response::builder().header(header::CONTENT_TYPE, "application/json");
    response.body(Either::Left(Full::new(body))).expect("a valid head")
}

async fn count(mut body: Incoming) -> Result<usize, hyper::Error> {
    let mut bytes = 0;
    while let Some(frame) = body.frame().await {
        bytes += frame?.data_ref().map_or(0, Bytes::len);
    }
    Ok(bytes)
}

/// The number that follows `key`.
fn number(body: &[u8], key: &[u8]) -> Option<u64> {
    let rest = &body[memmem::find(body, key)? + key.len()..];
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    str::from_utf8(&rest[..digits]).ok()?.parse().ok()
}
