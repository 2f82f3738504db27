//! Accepting connections, as many as there is room for.

use std::{io, sync::Arc, time::Duration};

use http_body_util::BodyExt;
use hyper::HeaderMap;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::JoinSet,
    time::{sleep, timeout},
};

use crate::{
    BoxError,
    connection::{self, Context},
    forwarded::TrustedProxies,
    head::RequestLine,
    limits::Limits,
    refusal::Refusal,
    server::Handler,
    stopping::Stopping,
};

/// How long to wait after a failure to accept that is not the connection's own: what is missing,
/// descriptors or memory, comes back only as connections end.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Connections beyond the limit that are told so at a time; more are closed without a word.
const TURNED_AWAY: usize = 64;

/// How long telling so may take.
const TURN_AWAY_TIME: Duration = Duration::from_secs(1);

/// How much longer than its connection an HTTP/2 stream may last.
const STREAMS_END_TIME: Duration = Duration::from_secs(1);

/// What clients occupy of a server.
#[derive(Debug, Clone)]
pub struct Load {
    connections: Arc<Semaphore>,
    requests: Arc<Semaphore>,
    most: (usize, usize),
}

impl Load {
    pub(crate) fn new(limits: &Limits) -> Self {
        let connections = limits.connections.min(Semaphore::MAX_PERMITS);
        let requests = limits.in_flight.min(u32::MAX as usize);
        Self {
            connections: Arc::new(Semaphore::new(connections)),
            requests: Arc::new(Semaphore::new(requests)),
            most: (connections, requests),
        }
    }

    /// Open connections.
    pub fn connections(&self) -> usize {
        self.most.0 - self.connections.available_permits()
    }

    /// Requests whose answers are not complete.
    pub fn in_flight(&self) -> usize {
        self.most.1 - self.requests.available_permits()
    }

    /// Room for one more request.
    pub(crate) fn requests(&self) -> Arc<Semaphore> {
        self.requests.clone()
    }

    /// Until no request is in flight.
    async fn idle(&self) {
        let all = u32::try_from(self.most.1).unwrap_or(u32::MAX);
        let _ = self.requests.acquire_many(all).await;
    }
}

/// Serves the connections of `socket` until `stopping`, then closes it and returns when the connections
/// have ended, or have been cut for taking longer than [`Limits::drain_time`].
pub(crate) async fn serve<H: Handler>(
    socket: TcpListener,
    handler: Arc<H>,
    limits: Limits,
    trusted: TrustedProxies,
    load: Load,
    mut stopping: Stopping,
) {
    let drain_time = limits.drain_time;
    let context = Arc::new(Context { handler, limits, trusted, requests: load.requests() });
    let turned_away = Arc::new(Semaphore::new(TURNED_AWAY));
    let stop = stopping.clone();
    let mut connections = JoinSet::new();
    loop {
        let stream = tokio::select! {
            biased;
            () = stopping.stopped() => break,
            Some(_) = connections.join_next() => continue,
            stream = accept(&socket) => stream,
        };
        if let Ok(room) = load.connections.clone().try_acquire_owned() {
            let connection = connection::serve(stream, context.clone(), stop.clone());
            connections.spawn(async move {
                connection.await;
                drop(room);
            });
        } else if let Ok(room) = turned_away.clone().try_acquire_owned() {
            let context = context.clone();
            connections.spawn(async move {
                let _ = timeout(TURN_AWAY_TIME, turn_away(stream, context)).await;
                drop(room);
            });
        }
    }
    drop(socket);
    let ended = async { while connections.join_next().await.is_some() {} };
    if timeout(drain_time, ended).await.is_err() {
        connections.shutdown().await;
    }
    let _ = timeout(STREAMS_END_TIME, load.idle()).await;
}

async fn accept(socket: &TcpListener) -> TcpStream {
    loop {
        match socket.accept().await {
            Ok((stream, _)) => return stream,
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
            Err(_) => sleep(ACCEPT_PAUSE).await,
        }
    }
}

/// Says that there is no room. What the client has sent is read and dropped: closing a socket with
/// unread bytes in it resets the connection and can take the answer away.
async fn turn_away<H: Handler>(mut stream: TcpStream, context: Arc<Context<H>>) -> Result<(), BoxError> {
    let refusal = Refusal::busy("the gateway has too many connections; try again").closing();
    let client = context.trusted.connection(stream.peer_addr()?, stream.local_addr()?, &HeaderMap::new());
    let response = context.handler.refuse(&client, RequestLine::default(), *refusal);
    let (parts, body) = response.into_parts();
    let body = body.collect().await?.to_bytes();
    let mut answer = format!("HTTP/1.1 {}\r\n", parts.status).into_bytes();
    for (name, value) in &parts.headers {
        answer.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
    }
    answer.extend(format!("content-length: {}\r\n\r\n", body.len()).into_bytes());
    answer.extend(body);
    stream.write_all(&answer).await?;
    stream.shutdown().await?;
    let mut dropped = [0; 1024];
    while stream.read(&mut dropped).await? > 0 {}
    Ok(())
}
