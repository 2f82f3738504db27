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
};
use runtime::{
    Body, BoxError,
    head::{self, ClientConnection},
    limits::Limits,
    refusal,
    server::{Handler, Load, Server},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::{Notify, oneshot},
    task::JoinHandle,
};

/// Limits under which a connection that is kept alive ends soon, and nothing else is cut.
pub fn limits() -> Limits {
    Limits { keep_alive_time: Duration::from_millis(50), ..Limits::default() }
}

/// Tells what reached it. Some paths have it do more.
#[derive(Default)]
pub struct Mirror {
    /// Told when a request has come in.
    pub came: Notify,
    /// Told when one, or its answer, was dropped before its end.
    pub left: Notify,
    /// Lets one `/held` answer.
    pub go: Notify,
}

impl Handler for Mirror {
    async fn handle(self: Arc<Self>, client: ClientConnection, request: Request<Incoming>) -> Response<Body> {
        self.came.notify_one();
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
            b"/held" => self.go.notified().await,
            b"/endless" => return Response::new(Endless(presence).boxed_unsync()),
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
            self.mirror.left.notify_one();
        }
    }
}

/// A body that goes on for as long as it is taken.
struct Endless(Presence);

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
    stop: oneshot::Sender<()>,
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
        let (stop, stopped) = oneshot::channel();
        let (mirror, load) = (Arc::new(Mirror::default()), server.load());
        let run = server.run(mirror.clone(), async {
            let _ = stopped.await;
        });
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

    /// Tells the server to stop.
    pub fn stop(self) -> Stopping {
        self.stop.send(()).unwrap();
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
    let lines = text.split_inclusive('\n').filter(|line| !line.starts_with("date: "));
    lines.collect()
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
