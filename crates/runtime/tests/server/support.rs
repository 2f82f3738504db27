//! A running server, a handler that tells what reached it, and clients that send what they are told.

use std::{
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::{
    Request, Response,
    body::{Frame, Incoming},
    client::conn::http2::{self, SendRequest},
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use runtime::{
    Body, BoxError, Stop,
    head::{self, ClientConnection},
    limits::Limits,
    refusal,
    server::{Handler, Load, Server},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::Semaphore,
    task::JoinHandle,
};

/// Limits under which a connection that is kept alive ends soon, and nothing else is cut.
pub fn limits() -> Limits {
    Limits { keep_alive_time: Duration::from_millis(50), ..Limits::default() }
}

/// Tells what reached it. Some paths have it do more.
#[derive(Default)]
pub struct Mirror {
    /// Given when a request has come in.
    pub came: Signal,
    /// Given when one, or its answer, was dropped before its end.
    pub left: Signal,
    /// Lets one `/held` answer.
    pub go: Signal,
}

/// Something that is waited for as often as it was given.
pub struct Signal(Semaphore);

impl Default for Signal {
    fn default() -> Self {
        Self(Semaphore::new(0))
    }
}

impl Signal {
    pub fn give(&self) {
        self.0.add_permits(1);
    }

    pub async fn given(&self) {
        self.0.acquire().await.unwrap().forget();
    }
}

impl Handler for Mirror {
    async fn handle(self: Arc<Self>, client: ClientConnection, request: Request<Incoming>) -> Response<Body> {
        self.came.give();
        let mut presence = Presence { mirror: self.clone(), is_over: false };
        let (parts, body) = request.into_parts();
        let fields = head::fields(&parts.headers);
        let head = client.request_head(&parts, &fields);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let mut told = format!("{} {}\n", text(head.method), text(head.target));
        for (name, value) in head.headers {
            told += &format!("{}: {}\n", text(name), text(value));
        }
        match head.path() {
            b"/unread" => {}
            b"/client" => told = format!("{:?} {} {}", client.scheme, client.port, client.client_ip),
            b"/held" => self.go.given().await,
            b"/endless" => return Response::new(Endless { _presence: presence }.boxed_unsync()),
            _ => match body.collect().await {
                Ok(body) => told += &text(&body.to_bytes()),
                Err(_) => told += "(the body broke off)",
            },
        }
        presence.is_over = true;
        Response::new(refusal::full(told))
    }
}

struct Presence {
    mirror: Arc<Mirror>,
    is_over: bool,
}

impl Drop for Presence {
    fn drop(&mut self) {
        if !self.is_over {
            self.mirror.left.give();
        }
    }
}

/// A body that goes on for as long as it is taken.
struct Endless {
    _presence: Presence,
}

impl hyper::body::Body for Endless {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&[b'x'; 16 << 10])))))
    }
}

/// A server in front of a mirror.
pub struct Running {
    pub mirror: Arc<Mirror>,
    pub address: SocketAddr,
    pub admin: SocketAddr,
    pub load: Load,
    stop: Stop,
    server: JoinHandle<()>,
}

impl Running {
    pub async fn start(limits: Limits) -> Self {
        Self::start_behind(limits, &[]).await
    }

    /// Trusts the proxies in `trusted`.
    pub async fn start_behind(limits: Limits, trusted: &[&str]) -> Self {
        let free = SocketAddr::from(([127, 0, 0, 1], 0));
        let trusted = trusted.iter().map(|network| network.parse().unwrap()).collect();
        let server = Server::bind(free, free, limits, trusted).await.unwrap();
        let (address, admin) = server.addresses();
        let (mirror, load, stop) = (Arc::new(Mirror::default()), server.load(), server.stop());
        let run = server.run(mirror.clone());
        Self { mirror, address, admin, load, stop, server: tokio::spawn(run) }
    }

    pub async fn connect(&self) -> Client {
        Client::to(self.address).await
    }

    /// All that a client gets that sends `bytes`, and then only listens.
    pub async fn answer(&self, bytes: impl AsRef<[u8]>) -> String {
        let mut client = self.connect().await;
        client.send(bytes).await;
        client.rest().await
    }

    /// A client that speaks HTTP/2, and its connection's end.
    pub async fn http2(&self) -> (SendRequest<Body>, JoinHandle<hyper::Result<()>>) {
        let stream = TokioIo::new(TcpStream::connect(self.address).await.unwrap());
        let (client, connection) = http2::Builder::new(TokioExecutor::new())
            .initial_stream_window_size(1 << 10)
            .handshake(stream)
            .await
            .unwrap();
        (client, tokio::spawn(connection))
    }

    /// Tells the server to stop.
    pub fn stop(self) -> Stopping {
        self.stop.now();
        Stopping { load: self.load, server: self.server }
    }

    /// Stops the server, which must leave nothing behind.
    pub async fn end(self) {
        self.stop().ended().await;
    }
}

/// A server that has been told to stop.
pub struct Stopping {
    load: Load,
    server: JoinHandle<()>,
}

impl Stopping {
    pub async fn ended(self) {
        self.server.await.unwrap();
        assert_eq!((self.load.connections(), self.load.in_flight()), (0, 0));
    }

    /// Drops the server before it has ended.
    pub async fn cut(self) {
        self.server.abort();
        assert!(self.server.await.unwrap_err().is_cancelled());
    }
}

/// A client that sends bytes.
pub struct Client(pub TcpStream);

impl Client {
    pub async fn to(address: SocketAddr) -> Self {
        Self(TcpStream::connect(address).await.unwrap())
    }

    /// Sends, unless the server has closed the connection already.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = self.0.write_all(bytes.as_ref()).await;
    }

    /// What comes, up to `end`.
    pub async fn until(&mut self, end: &str) -> String {
        let mut received = Vec::new();
        while !received.ends_with(end.as_bytes()) {
            match self.0.read_u8().await {
                Ok(byte) => received.push(byte),
                Err(error) => panic!("{error} after {:?}", String::from_utf8_lossy(&received)),
            }
        }
        shown(&received)
    }

    /// What comes until the server closes the connection.
    pub async fn rest(&mut self) -> String {
        let mut received = Vec::new();
        match self.0.read_to_end(&mut received).await {
            Ok(_) => shown(&received),
            Err(error) => format!("{}({error})\n", shown(&received)),
        }
    }
}

/// What was received, without what differs from run to run.
fn shown(received: &[u8]) -> String {
    let text = String::from_utf8_lossy(received).replace("\r\n", "\n");
    let differs = |line: &&str| line.starts_with("date: ") || line.starts_with("x-request-id: ");
    text.split_inclusive('\n').filter(|line| !differs(line)).collect()
}

/// Cases and their answers, for a snapshot.
pub async fn answers(running: &Running, cases: &[(&str, &str)]) -> String {
    let mut report = String::new();
    for (name, request) in cases {
        let answer = running.answer(request).await;
        report += &format!("=== {name}\n{request:?}\n---\n{}\n", answer.trim_end());
    }
    report
}

/// A request without a body.
pub fn get(uri: &str) -> Request<Body> {
    Request::get(uri).body(refusal::full("")).unwrap()
}

/// Status and body of an answer.
pub async fn whole(response: Response<Incoming>) -> String {
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    format!("{status}\n{}", String::from_utf8_lossy(&body))
}
