//! A gateway with a client before it and an upstream behind it, both played by the test.

use std::{
    fs, io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use config_core::{check::compile, source::SourceFile};
use runtime::{
    Identities,
    access_log::AccessLog,
    gateway::Gateway,
    limits::Limits,
    secrets::Secrets,
    server::{Load, Server},
    upstream::Upstream,
};
use serde_json::Value;
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    runtime::{Builder, RuntimeMetrics},
    task,
    time::timeout,
};

use crate::wire::{Wire, within};

/// What must appear nowhere but in requests to the upstream.
pub const SECRET: &str = "sk-hostile-0123456789";

/// The client's question in most tests.
pub const QUESTION: &str =
    r#"{"model":"gpt-4o","messages":[{"role":"user","content":"Hello"}],"stream":false}"#;

/// The same, for a stream.
pub const STREAM: &str = r#"{"model":"gpt-4o","messages":[{"role":"user","content":"Hello"}],"stream":true}"#;

/// A gateway at work.
pub struct Stage {
    address: SocketAddr,
    upstream: TcpListener,
    load: Load,
    gateway: RuntimeMetrics,
    at_rest: AtRest,
}

/// What a test may change.
pub struct Setting {
    pub limits: Limits,
    /// Of the service, in milliseconds.
    pub connect_timeout: u32,
    pub write_timeout: u32,
    pub read_timeout: u32,
    /// Of every route.
    pub max_request_body_size: u32,
}

/// What there is while nobody is connected.
#[derive(Debug, PartialEq, Eq)]
struct AtRest {
    connections: usize,
    in_flight: usize,
    descriptors: usize,
    tasks: usize,
}

impl Default for Setting {
    /// Long times: whatever happens happens because of something else.
    fn default() -> Self {
        let minute = Duration::from_secs(60);
        let limits = Limits {
            head_time: minute,
            keep_alive_time: minute,
            body_idle_time: minute,
            body_time: minute,
            write_idle_time: minute,
            drain_time: minute,
            ..Limits::default()
        };
        Self {
            limits,
            connect_timeout: 60_000,
            write_timeout: 60_000,
            read_timeout: 60_000,
            max_request_body_size: 1 << 20,
        }
    }
}

/// Plays `scene` with a gateway of its own. Afterwards nothing of it may be left, and nobody but the
/// upstream may have seen the secret. Scenes are played one at a time, because what they leave behind is
/// counted over the whole process. Returns the lines of the access log.
pub fn play(setting: Setting, scene: impl AsyncFnOnce(&mut Stage)) -> Vec<Value> {
    let _alone = alone();
    let lines = Lines::default();
    let log = AccessLog::to(lines.clone(), "the test".into());
    let director = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let descriptors_before = descriptors();
    let gateway = Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    director.block_on(async {
        let upstream = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = upstream.local_addr().expect("it is bound").port();
        let handler = Arc::new(setting.gateway(port, log.clone()));
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let entered = gateway.enter();
        let server = Server::bind(any, any, setting.limits.clone(), Vec::new()).await.expect("free ports");
        drop(entered);
        let (address, load, stop) = (server.addresses().0, server.load(), server.stop());
        let serving = gateway.spawn(server.run(handler));
        // The server's own task, and after its first use the one that tends the pool.
        let at_rest = AtRest { connections: 0, in_flight: 0, descriptors: descriptors(), tasks: 2 };
        let mut stage = Stage { address, upstream, load, gateway: gateway.metrics(), at_rest };
        stage.still_works().await;
        scene(&mut stage).await;
        stage.is_at_rest("after the scene").await;
        stop.now();
        within("the server drains", serving).await.expect("no panic");
    });
    drop(gateway);
    assert_eq!(descriptors(), descriptors_before);
    log.close();
    lines.parsed()
}

impl Stage {
    /// A connection to the gateway.
    pub async fn client(&self) -> Wire {
        Wire::new(TcpStream::connect(self.address).await.expect("the gateway listens"))
    }

    /// A client that has asked.
    pub async fn asks(&self, request: impl AsRef<[u8]>) -> Wire {
        let mut client = self.client().await;
        client.send(request).await;
        client
    }

    /// The gateway's next connection to the upstream.
    pub async fn upstream(&self) -> Wire {
        Wire::new(within("the gateway connects", self.upstream.accept()).await.expect("a connection").0)
    }

    /// Closes the upstream's port; connections to it are refused from here on.
    pub async fn close_upstream(&mut self) {
        // A listener of another port takes its place.
        self.upstream = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    }

    /// Fills the queue of connections that the upstream does not accept; it stays full while the result
    /// lives.
    pub async fn crowd_upstream(&mut self) -> Vec<TcpStream> {
        let address = self.upstream.local_addr().expect("it is bound");
        self.close_upstream().await;
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_reuseaddr(true).expect("a socket");
        socket.bind(address).expect("the port was ours");
        self.upstream = socket.listen(1).expect("a port");
        let mut waiting = Vec::new();
        while let Ok(Ok(stream)) = timeout(Duration::from_millis(100), TcpStream::connect(address)).await {
            waiting.push(stream);
        }
        waiting
    }

    /// A question and its answer, on connections of their own. Nobody may have reached the upstream
    /// unseen before: it would be the first in the queue.
    pub async fn still_works(&mut self) {
        let mut client = self.asks(post("/chat", QUESTION)).await;
        let mut upstream = self.upstream().await;
        let request = upstream.message().await;
        assert_eq!(request.text(), QUESTION);
        assert_eq!(request.header("authorization"), Some(&*format!("Bearer {SECRET}")));
        upstream.send(ok("application/json", ANSWER)).await;
        let answer = client.message().await;
        assert_eq!((answer.status(), answer.text(), answer.complete), (200, ANSWER, true));
        drop((client, upstream));
        self.is_at_rest("after an ordinary exchange").await;
    }

    /// The client leaves, with a reset or in order, and the gateway has to notice by itself: nothing more is
    /// sent. Waits until it has left the upstream and holds nothing any more.
    pub async fn is_left(&self, client: Wire, mut upstream: Wire, resets: bool) {
        if resets {
            client.reset();
        } else {
            drop(client);
        }
        upstream.ended().await;
        drop(upstream);
        self.is_at_rest("after the client left").await;
    }

    /// Waits until the gateway holds nothing any more: both ends that the test held must be dropped.
    pub async fn is_at_rest(&self, when: &str) {
        let deadline = Instant::now() + Duration::from_secs(20);
        while self.state() != self.at_rest {
            assert!(Instant::now() < deadline, "{when}: {:?}, at rest {:?}", self.state(), self.at_rest);
            task::yield_now().await;
        }
    }

    /// Waits for the gateway to have this many requests in flight.
    pub async fn has_in_flight(&self, requests: usize) {
        let deadline = Instant::now() + Duration::from_secs(20);
        while self.load.in_flight() != requests {
            assert!(Instant::now() < deadline, "{} requests in flight", self.load.in_flight());
            task::yield_now().await;
        }
    }

    fn state(&self) -> AtRest {
        AtRest {
            connections: self.load.connections(),
            in_flight: self.load.in_flight(),
            descriptors: descriptors(),
            tasks: self.gateway.num_alive_tasks(),
        }
    }
}

impl Setting {
    fn gateway(&self, port: u16, log: AccessLog) -> Gateway {
        let source = SourceFile::new("hostile.yaml", self.yaml(port));
        let mut compiled = compile(&source).expect("YAML");
        assert_eq!(compiled.errors(), 0);
        let secret = |name: &str| (name == "HOSTILE").then(|| format!("Bearer {SECRET}"));
        let Ok((secrets, keys)) = Secrets::resolve(&compiled.plan, &secret) else {
            panic!("a secret is missing")
        };
        let identities =
            Identities::resolve(&mut compiled.plan, &secrets, &|_| None).expect("there are none");
        let upstream = Upstream::http(Vec::new()).expect("no certificates");
        Gateway::new(compiled.plan, secrets, keys, identities, upstream, log, self.limits.clone())
    }

    /// A route for chat, one whose model is a part of the path, one over TLS, one for anything else, and one
    /// whose answers are translated.
    fn yaml(&self, port: u16) -> String {
        let Self { connect_timeout, write_timeout, read_timeout, max_request_body_size, .. } = self;
        let route = |name: &str, path: &str, route_type: &str, model: &str, scheme: &str, provider: &str| {
            let options = match provider {
                "anthropic" => ", anthropic_version: '2023-06-01', max_tokens: 100",
                _ => "",
            };
            format!(
                "      - name: {name}\n        paths: ['~{path}']\n        plugins:\n          - name: ai-proxy\n            \
                 config:\n              route_type: {route_type}\n              max_request_body_size: \
                 {max_request_body_size}\n              auth: {{header_name: Authorization, header_value: \
                 '{{vault://env/HOSTILE}}'}}\n              logging: {{log_statistics: true, log_payloads: true}}\n              \
                 model:\n                provider: {provider}\n                name: {model}\n                options: \
                 {{upstream_url: '{scheme}://127.0.0.1:{port}/v1/chat/completions'{options}}}\n"
            )
        };
        format!(
            "_format_version: '3.0'\nservices:\n  - name: model\n    host: localhost\n    connect_timeout: \
             {connect_timeout}\n    write_timeout: {write_timeout}\n    read_timeout: {read_timeout}\n    retries: 0\n    \
             routes:\n{}{}{}{}{}",
            route("chat", "/chat$", "llm/v1/chat", "gpt-4o", "http", "openai"),
            route(
                "named",
                "/named/(?<model>[^#?/]+)/chat$",
                "llm/v1/chat",
                "$(uri_captures.model)",
                "http",
                "openai"
            ),
            route("files", "/files", "preserve", "gpt-4o", "http", "openai"),
            route("encrypted", "/encrypted/chat$", "llm/v1/chat", "gpt-4o", "https", "openai"),
            route("claude", "/claude$", "llm/v1/chat", "gpt-4o", "http", "anthropic"),
        )
    }
}

/// A whole answer.
pub const ANSWER: &str = r#"{"id":"c","object":"chat.completion","created":1,"model":"gpt-4o","choices":[{"index":0,"message":{"role":"assistant","content":"Hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}"#;

/// A request with a body.
pub fn post(path: &str, body: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nhost: gateway.test\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// An answer with a body.
pub fn ok(content_type: &str, body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

/// Where the access log goes.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Lines {
    fn parsed(&self) -> Vec<Value> {
        let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let text = str::from_utf8(&bytes).expect("the log is text");
        assert!(!text.contains(SECRET), "{text}");
        text.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect()
    }
}

fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    // A scene that failed says nothing about the next.
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Open descriptors of this process.
fn descriptors() -> usize {
    fs::read_dir("/proc/self/fd").map_or(0, Iterator::count)
}
