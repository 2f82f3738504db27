//! A server on loopback that stands in for an endpoint or an upstream: it keeps what it is asked and
//! answers as it is told.

use std::fmt;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{HeaderMap, Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// The server, until it is dropped.
pub struct StandIn {
    pub url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
    task: JoinHandle<()>,
}

/// A request as it came.
#[derive(Clone)]
pub struct Seen {
    /// Method, path and query.
    pub line: String,
    pub headers: HeaderMap,
    pub body: String,
}

impl StandIn {
    /// Answers each request with the status and the body that `answer` makes of it.
    pub async fn start(answer: impl Fn(&Seen) -> (u16, String) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("it is bound"));
        let seen = Arc::new(Mutex::new(Vec::new()));
        let answer = Arc::new(answer);
        let task = tokio::spawn({
            let seen = Arc::clone(&seen);
            async move {
                while let Ok((stream, _)) = listener.accept().await {
                    let (seen, answer) = (Arc::clone(&seen), Arc::clone(&answer));
                    let service = service_fn(move |request: Request<Incoming>| {
                        let (seen, answer) = (Arc::clone(&seen), Arc::clone(&answer));
                        async move {
                            let request = Seen::read(request).await?;
                            let (status, body) = answer(&request);
                            seen.lock().unwrap().push(request);
                            let answer = Response::builder().status(status);
                            let answer = answer.header("content-type", "application/json");
                            Ok::<_, hyper::Error>(
                                answer.body(Full::new(Bytes::from(body))).expect("an answer"),
                            )
                        }
                    });
                    tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
                }
            }
        });
        Self { url, seen, task }
    }

    /// An upstream that is content with everything.
    pub async fn upstream() -> Self {
        Self::start(|_| (200, "{}".to_owned())).await
    }

    /// What has come so far.
    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// The one request that has come.
    pub fn only(&self) -> Seen {
        let [only] = &self.seen()[..] else { panic!("{} requests have come", self.seen().len()) };
        only.clone()
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Seen {
    async fn read(request: Request<Incoming>) -> Result<Self, hyper::Error> {
        let (parts, body) = request.into_parts();
        let body = body.collect().await?.to_bytes();
        Ok(Self {
            line: format!("{} {}", parts.method, parts.uri),
            headers: parts.headers,
            body: String::from_utf8_lossy(&body).into_owned(),
        })
    }

    /// A header's text; empty if it has none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("text"))
    }

    /// A field of the form that the body is.
    pub fn field(&self, name: &str) -> &str {
        let fields = self.body.split('&').filter_map(|field| field.split_once('='));
        fields.clone().find(|(other, _)| *other == name).map_or("", |(_, value)| value)
    }
}

/// Without what differs from run to run.
impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.line)?;
        let mut headers: Vec<_> = self.headers.iter().filter(|(name, _)| *name != "host").collect();
        headers.sort_by_key(|(name, _)| name.as_str());
        for (name, value) in headers {
            writeln!(f, "{name}: {}", value.to_str().expect("text"))?;
        }
        write!(f, "\n{}", self.body.replace('&', "\n"))
    }
}
