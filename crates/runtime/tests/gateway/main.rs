//! Whole exchanges over real sockets: the test is the client and the upstream.

mod answers;
mod failures;
mod native;
mod preserve;
#[path = "../support/gateway.rs"]
mod running;
mod statistics;
mod streams;
mod tls;
mod translated;
#[path = "../support/upstream.rs"]
mod upstream;

use running::Running;
use runtime::Limits;
use upstream::Upstream;

const CHAT: &str = r#"{"model":"gpt-4o","messages":[{"role":"user","content":"Hi"}]}"#;
const STREAM: &str = r#"{"model":"gpt-4o","messages":[{"role":"user","content":"Hi"}],"stream":true}"#;

const ANSWER: &str = r#"{"id":"chatcmpl-1","object":"chat.completion","model":"gpt-4o-2024-08-06","choices":[{"index":0,"message":{"role":"assistant","content":"Hello"},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11}}"#;

/// A gateway and its upstream: `/chat`, `/logged` with statistics and bodies, `/files/…`, which is
/// preserved, and `/named/…`, which is too, for the model `whisper-1`. `service` is added to the service, such as `read_timeout: 1`.
async fn stage(service: &str, limits: Limits) -> (Running, Upstream) {
    let upstream = Upstream::bind().await;
    let route = |name: &str, path: &str, route_type: &str, url: &str, more: &str| {
        let url = format!("http://127.0.0.1:{}{url}", upstream.port());
        format!(
            r#"
      - name: {name}
        paths: [{path}]
        plugins:
          - name: ai-proxy
            config:
              route_type: {route_type}
              auth: {{header_name: Authorization, header_value: "{{vault://env/KEY}}"}}
              model: {{provider: openai, options: {{upstream_url: "{url}"}}}}
              {more}"#
        )
    };
    let yaml = format!(
        r#"_format_version: "3.0"
services:
  - name: ai
    url: http://ai.internal
    {service}
    routes:{}{}{}{}"#,
        route("chat", "/chat", "llm/v1/chat", "/v1/chat/completions", ""),
        route(
            "logged",
            "/logged",
            "llm/v1/chat",
            "/v1/chat/completions",
            "logging: {log_statistics: true, log_payloads: true}"
        ),
        route("files", "/files", "preserve", "/", "logging: {log_statistics: true}"),
        route("named", "/named", "preserve", "/", "").replace("{provider", "{name: whisper-1, provider"),
    );
    let hosts = runtime::Upstream::http(Vec::new()).expect("no certificates, none wrong");
    (Running::start(&yaml, limits, hosts).await, upstream)
}

/// A whole answer with these headers.
fn answer(headers: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let head = format!("HTTP/1.1 200 OK\r\n{headers}\r\ncontent-length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// The head of a chunked stream of events.
const EVENTS: &str =
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";

/// A chunk.
fn chunk(data: impl AsRef<[u8]>) -> Vec<u8> {
    let data = data.as_ref();
    [format!("{:x}\r\n", data.len()).as_bytes(), data, b"\r\n"].concat()
}

/// The last chunk.
const END: &str = "0\r\n\r\n";
