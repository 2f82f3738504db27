//! One connection of a client, from its first byte to its end.

mod activity;
mod answer;
mod framing;
mod input;
mod stream;

use std::{convert::Infallible, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use hyper::{
    Request, Response,
    body::Incoming,
    rt::Executor,
    server::conn::{http1, http2},
    service::service_fn,
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulConnection,
};
use tokio::{net::TcpStream, sync::Semaphore, time::timeout};

use self::{
    activity::Activity,
    answer::{Answer, Taking},
    input::Version,
    stream::ClientStream,
};
use crate::{
    forwarded::TrustedProxies,
    head::{self, RequestLine},
    limits::Limits,
    refusal::Refusal,
    server::Handler,
    stopping::Stopping,
};

/// Streams of one HTTP/2 connection at a time. A client can open more connections.
const STREAMS: u32 = 100;

/// What an HTTP/2 client may send of one body, and of all, before the gateway has passed it on.
const STREAM_WINDOW: u32 = 64 << 10;
const CONNECTION_WINDOW: u32 = 1 << 20;

/// What is buffered of an HTTP/2 stream's answer.
const SEND_BUFFER: usize = 16 << 10;

/// The least that hyper can be told to buffer.
const MIN_BUFFER: usize = 8 << 10;

/// How often an HTTP/2 client is asked whether it is still there, and how long it has to say so.
const PING_INTERVAL: Duration = Duration::from_secs(20);
const PING_TIME: Duration = Duration::from_secs(20);

/// What all connections of a listener share.
pub(crate) struct Context<H> {
    pub handler: Arc<H>,
    pub limits: Limits,
    pub trusted: TrustedProxies,
    /// Room for requests.
    pub requests: Arc<Semaphore>,
}

/// Serves one connection to its end: the client's, that of its patience or ours, or, once `stopping`, that
/// of the requests in flight.
pub(crate) async fn serve<H: Handler>(stream: TcpStream, context: Arc<Context<H>>, mut stopping: Stopping) {
    let (Ok(peer), Ok(local), Ok(())) = (stream.peer_addr(), stream.local_addr(), stream.set_nodelay(true))
    else {
        return;
    };
    let limits = &context.limits;
    let activity = Arc::new(Activity::new());
    let mut stream = ClientStream::new(stream, limits, activity.clone());
    let version = tokio::select! {
        version = timeout(limits.head_time, stream.version()) => version,
        () = stopping.stopped() => return,
    };
    let Ok(Ok(version)) = version else { return };
    let requests = {
        let (context, activity) = (context.clone(), activity.clone());
        service_fn(move |request| answer(context.clone(), activity.clone(), (peer, local), request))
    };
    match version {
        Version::Http1 => {
            let connection = http1::Builder::new()
                .max_headers(limits.header_fields)
                .max_buf_size(limits.head_bytes.max(MIN_BUFFER))
                .header_read_timeout(None)
                .serve_connection(TokioIo::new(stream), requests);
            drive(connection, stopping, std::future::pending(), limits).await;
        }
        Version::Http2 => {
            let connection = http2::Builder::new(Streams { write_idle_time: limits.write_idle_time })
                .timer(TokioTimer::new())
                .max_concurrent_streams(STREAMS)
                .max_header_list_size(u32::try_from(limits.head_bytes).unwrap_or(u32::MAX))
                .initial_stream_window_size(STREAM_WINDOW)
                .initial_connection_window_size(CONNECTION_WINDOW)
                .max_send_buf_size(SEND_BUFFER)
                .keep_alive_interval(PING_INTERVAL)
                .keep_alive_timeout(PING_TIME)
                .serve_connection(TokioIo::new(stream), requests);
            drive(connection, stopping, activity.idle(limits), limits).await;
        }
    }
}

/// Runs a connection. When it has been idle for too long or the server stops, it ends after the requests
/// in flight; an idle client that then goes on is cut.
async fn drive<C: GracefulConnection>(
    connection: C,
    mut stopping: Stopping,
    idle: impl Future<Output = ()>,
    limits: &Limits,
) {
    let mut connection = pin!(connection);
    tokio::select! {
        _ = connection.as_mut() => {}
        () = stopping.stopped() => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
        () = idle => {
            connection.as_mut().graceful_shutdown();
            let _ = timeout(limits.head_time, connection).await;
        }
    }
}

/// Answers one request, if there is room for it and its head is in order.
async fn answer<H: Handler>(
    context: Arc<Context<H>>,
    activity: Arc<Activity>,
    (peer, local): (SocketAddr, SocketAddr),
    mut request: Request<Incoming>,
) -> Result<Response<Answer>, Infallible> {
    let (open, refused) = activity.open();
    let room = context.requests.clone().try_acquire_owned().ok();
    let refusal = match (&refused, &room) {
        (Some(refused), _) => Some(refused.refusal.clone()),
        (None, None) => Some(Refusal::busy("the gateway has too many requests in flight; try again")),
        (None, Some(_)) => head::admit(&mut request, &context.limits).err().map(Refusal::closing),
    };
    let client = context.trusted.connection(peer, local, request.headers());
    let response = match refusal {
        Some(refusal) => {
            let line = match &refused {
                // What hyper read instead is not what came.
                Some(refused) => RequestLine::read(&refused.head),
                None => RequestLine::of(request.method(), request.uri()),
            };
            context.handler.refuse(&client, line, *refusal)
        }
        None => context.handler.clone().handle(client, request).await,
    };
    Ok(response.map(|body| Answer::new(body, open, room)))
}

/// Runs the streams of an HTTP/2 connection, each until its client has taken nothing of its answer for
/// too long. A client can keep a stream's window shut while its connection looks alive.
#[derive(Clone)]
struct Streams {
    write_idle_time: Duration,
}

impl<F: Future<Output = ()> + Send + 'static> Executor<F> for Streams {
    fn execute(&self, stream: F) {
        let stalled = self.write_idle_time;
        tokio::spawn(Taking::watched(stream, stalled));
    }
}
