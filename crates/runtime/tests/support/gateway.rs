//! A gateway on loopback, its access log, and a client of it.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use config_core::check::compile;
use config_core::source::SourceFile;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use runtime::access_log::AccessLog;
use runtime::secrets::{Environment, Secrets};
use runtime::{Gateway, Identities, Limits, Server, Upstream};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

/// A gateway that runs until it is dropped.
pub struct Running {
    pub address: SocketAddr,
    log: AccessLog,
    lines: Lines,
    server: JoinHandle<()>,
}

/// A connection to a gateway.
pub struct Client(http1::SendRequest<Full<Bytes>>);

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Running {
    /// Serves `yaml`, whose references all stand for `sk-secret`.
    pub async fn start(yaml: &str, limits: Limits, upstream: Upstream) -> Self {
        Self::start_in(&|_| Some("sk-secret".to_owned()), yaml, limits, upstream).await
    }

    /// Serves `yaml` in an environment.
    pub async fn start_in(
        environment: Environment<'_>,
        yaml: &str,
        limits: Limits,
        upstream: Upstream,
    ) -> Self {
        let mut compiled = compile(&SourceFile::new("routes.yaml", yaml)).expect("YAML");
        assert_eq!(compiled.errors(), 0, "{yaml}");
        let resolved = Secrets::resolve(&compiled.plan, environment);
        let Ok((secrets, keys)) = resolved else { panic!("every variable is set") };
        let identities = Identities::resolve(&mut compiled.plan, &secrets, environment);
        let identities = identities.expect("the identities can be used");
        let lines = Lines::default();
        let log = AccessLog::to(lines.clone(), "the test".to_owned());
        let gateway =
            Gateway::new(compiled.plan, secrets, keys, identities, upstream, log.clone(), limits.clone());
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let server = Server::bind(any, any, limits, Vec::new()).await.expect("free ports");
        let address = server.addresses().0;
        let server = tokio::spawn(server.run(Arc::new(gateway)));
        Self { address, log, lines, server }
    }

    pub async fn client(&self) -> Client {
        let stream = TcpStream::connect(self.address).await.expect("the gateway listens");
        let (client, connection) = http1::handshake(TokioIo::new(stream)).await.expect("a connection");
        tokio::spawn(connection);
        Client(client)
    }

    /// The lines of the access log up to now.
    pub fn log(&self) -> Vec<Value> {
        self.log.close();
        let lines = self.lines.0.lock().unwrap();
        let text = std::str::from_utf8(&lines).expect("text");
        text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Client {
    /// Sends a request with headers such as `accept: a`.
    pub async fn send(
        &mut self,
        method: &str,
        target: &str,
        headers: &[&str],
        body: impl Into<Bytes>,
    ) -> Response<Incoming> {
        let mut request = Request::builder().method(method).uri(target).header("host", "ai.test");
        for header in headers {
            let (name, value) = header.split_once(": ").expect("a header");
            request = request.header(name, value);
        }
        let request = request.body(Full::new(body.into())).expect("a request");
        self.0.ready().await.expect("the connection is kept");
        self.0.send_request(request).await.expect("an answer")
    }

    pub async fn post(&mut self, target: &str, body: impl Into<Bytes>) -> Response<Incoming> {
        self.send("POST", target, &["content-type: application/json"], body).await
    }
}

/// The whole body; fails if it is cut.
pub async fn whole(answer: Response<Incoming>) -> Bytes {
    answer.into_body().collect().await.expect("a whole body").to_bytes()
}

/// The next piece of a body.
pub async fn piece(answer: &mut Response<Incoming>) -> Option<Result<Bytes, hyper::Error>> {
    Some(answer.body_mut().frame().await?.map(|frame| frame.into_data().expect("data")))
}

/// A header as text.
pub fn header<'a>(answer: &'a Response<Incoming>, name: &str) -> Option<&'a str> {
    answer.headers().get(name).map(|value| value.to_str().expect("text"))
}

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
