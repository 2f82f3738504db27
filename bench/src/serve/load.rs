//! The client side: a fixed number of connections, each with one request at a time.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, channel::Channel, combinators::UnsyncBoxBody};
use hyper::{
    Request, Response, StatusCode,
    body::Incoming,
    client::conn::http1::{self, SendRequest},
    header,
};
use hyper_util::rt::TokioIo;
use memchr::memmem;
use tokio::{net::TcpStream, task::JoinSet, time};

use super::upstream::{EVENTS, Pace, STREAM, Upstream};

/// Where every contender has a chat.
pub const CHAT: &str = "/v1/chat/completions";

/// Clients at a time.
pub const CONNECTIONS: usize = 16;

/// A slice that takes longer has met something that holds an answer back.
const DEADLINE: Duration = Duration::from_secs(30);

type Body = UnsyncBoxBody<Bytes, std::convert::Infallible>;

/// What every client does again and again, at a path.
#[derive(Clone)]
pub struct Work {
    pub path: String,
    pub kind: Kind,
}

/// What a client does.
#[derive(Clone)]
pub enum Kind {
    /// Asks with this body for an answer in one piece.
    Chat(Bytes),
    /// Asks for a stream and lets an event go when it has the one before.
    Stream(Upstream),
}

/// Has all connections do `work`, each `times`; the latency of each, and the time of all.
pub async fn run(gateway: SocketAddr, work: &Work, times: usize) -> (Vec<Duration>, Duration) {
    let start = Instant::now();
    let mut clients = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let work = work.clone();
        clients.spawn(async move {
            let mut latencies = Vec::with_capacity(times);
            let mut connection = connect(gateway).await;
            for _ in 0..times {
                let start = Instant::now();
                match &work.kind {
                    Kind::Chat(body) => chat(&mut connection, &work.path, body.clone()).await,
                    Kind::Stream(upstream) => stream(&mut connection, &work.path, upstream.pace()).await,
                }
                latencies.push(start.elapsed());
            }
            latencies
        });
    }
    let all = time::timeout(DEADLINE, clients.join_all()).await.expect("nothing is held back");
    (all.concat(), start.elapsed())
}

/// Opens a stream, takes one event of it, and leaves it open as long as the result lives.
pub async fn open_stream(gateway: SocketAddr, upstream: &Upstream) -> impl Sized + use<> {
    let mut connection = connect(gateway).await;
    let pace = upstream.pace();
    let mut body = ask(&mut connection, CHAT, stream_body(pace.id)).await.into_body();
    pace.next();
    let first = time::timeout(DEADLINE, body.frame()).await.expect("nothing is held back");
    assert!(first.is_some_and(|frame| frame.is_ok()), "the stream ended early");
    (connection, body, pace)
}

/// Uploads `bytes` in pieces of 64 KiB; the answer tells how many arrived.
pub async fn upload(gateway: SocketAddr, bytes: usize) -> String {
    let piece = Bytes::from(vec![b'x'; 64 << 10]);
    let (mut pieces, body) = Channel::new(1);
    tokio::spawn(async move {
        for _ in 0..bytes / piece.len() {
            pieces.send_data(piece.clone()).await.expect("a gateway that reads on");
        }
    });
    let request = head("/files")
        .header(header::CONTENT_LENGTH, bytes)
        .header(header::CONTENT_TYPE, "application/octet-stream")
        .body(body.boxed_unsync())
        .expect("a valid head");
    let mut connection = connect(gateway).await;
    let answer = connection.send_request(request).await.expect("an answer");
    let answer = answer.into_body().collect().await.expect("a whole answer").to_bytes();
    String::from_utf8_lossy(&answer).into_owned()
}

async fn connect(gateway: SocketAddr) -> SendRequest<Body> {
    let socket = TcpStream::connect(gateway).await.expect("the gateway listens");
    socket.set_nodelay(true).expect("a socket");
    let (sender, connection) = http1::handshake(TokioIo::new(socket)).await.expect("no bytes are sent yet");
    tokio::spawn(connection);
    sender
}

async fn chat(connection: &mut SendRequest<Body>, path: &str, body: Bytes) {
    let answer =
        ask(connection, path, body).await.into_body().collect().await.expect("a whole answer").to_bytes();
    assert!(memmem::find(&answer, b"chat.completion").is_some(), "an answer of the model");
}

async fn stream(connection: &mut SendRequest<Body>, path: &str, pace: Pace) {
    let mut body = ask(connection, path, stream_body(pace.id)).await.into_body();
    pace.next();
    let (mut events, mut ended) = (0, false);
    while let Some(frame) = body.frame().await {
        let data = frame.expect("an undisturbed stream").into_data().unwrap_or_default();
        ended |= memmem::find(&data, b"[DONE]").is_some();
        // Each event is on its way alone, and small enough to come in one piece.
        if memmem::find(&data, b" gateway").is_some() {
            events += 1;
            pace.next();
        }
    }
    assert!(events == EVENTS && ended, "{events} events came");
}

async fn ask(connection: &mut SendRequest<Body>, path: &str, body: Bytes) -> Response<Incoming> {
    connection.ready().await.expect("a connection to keep");
    let request = head(path)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::CONTENT_LENGTH, body.len())
        .body(Full::new(body).boxed_unsync())
        .expect("a valid head");
    let answer = connection.send_request(request).await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::OK);
    answer
}

/// What the official SDK for Python sends, less what tells its platform.
fn head(path: &str) -> hyper::http::request::Builder {
    Request::post(path)
        .header(header::HOST, "gateway.test")
        .header(header::ACCEPT, "application/json")
        .header(header::USER_AGENT, "OpenAI/Python 1.99.9")
        .header(header::ACCEPT_ENCODING, "identity")
        .header("apikey", super::CLIENT_KEY)
        .header("x-stainless-lang", "python")
        .header("x-stainless-package-version", "1.99.9")
        .header("x-stainless-retry-count", "0")
}

/// A question of `bytes` bytes, or slightly more.
pub fn chat_body(bytes: usize) -> Bytes {
    let sentence = "Say in plain words what a reverse proxy does for the \\\"model\\\" behind it. ";
    let question = sentence.repeat(bytes / sentence.len());
    format!(
        "{{\"model\":\"gpt-4o-mini\",\"messages\":[{{\"role\":\"system\",\"content\":\"You answer briefly.\"}},\
         {{\"role\":\"user\",\"content\":\"{question}\"}}],\"temperature\":0.2,\"max_tokens\":256}}"
    )
    .into()
}

fn stream_body(id: u64) -> Bytes {
    format!(
        "{{\"model\":\"gpt-4o-mini\",\"stream\":true,\"messages\":[{{\"role\":\"user\",\"content\":\"Count to two \
         hundred, {STREAM}{id}.\"}}]}}"
    )
    .into()
}
