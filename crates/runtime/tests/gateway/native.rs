//! Clients that speak the provider's own format: what they get is what the provider sent.

mod bedrock;

use runtime::Limits;
use serde_json::Value;

use crate::running::{Running, header, whole};
use crate::upstream::Upstream;
use crate::{END, EVENTS, answer, chunk};

const ASKED: &str =
    r#"{"contents":[{"parts":[{"text":"Say hello"}]}],"generation_config":{"max_output_tokens":900}}"#;
const ANSWER: &str = r#"{"candidates":[{"content":{"parts":[{"text":"Hello"}],"role":"model"},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":3,"candidatesTokenCount":2,"thoughtsTokenCount":4},"modelVersion":"gemini-2.5-flash-001"}"#;

/// A gateway for clients of Gemini, which limits answers and keeps statistics, and its upstream.
async fn stage() -> (Running, Upstream) {
    let upstream = Upstream::bind().await;
    let yaml = format!(
        r#"_format_version: "3.0"
services:
  - name: ai
    url: http://ai.internal
    routes:
      - name: gemini
        paths: [/v1beta]
        plugins:
          - name: ai-proxy
            config:
              route_type: llm/v1/chat
              llm_format: gemini
              auth: {{header_name: x-goog-api-key, header_value: "{{vault://env/KEY}}"}}
              model:
                provider: gemini
                options: {{upstream_url: "http://127.0.0.1:{}/", max_tokens: 100}}
              logging: {{log_statistics: true, log_payloads: true}}"#,
        upstream.port()
    );
    let hosts = runtime::Upstream::http(Vec::new()).expect("no certificates, none wrong");
    (Running::start(&yaml, Limits::default(), hosts).await, upstream)
}

/// What is said of the one request that was made, but for what differs from run to run.
fn statistics(gateway: &Running) -> Value {
    let mut log = gateway.log();
    assert_eq!(log.len(), 1);
    let mut proxy = log[0]["ai"]["proxy"].take();
    for (of, name) in
        [("meta", "plugin_id"), ("meta", "llm_latency"), ("meta", "llm_ttft"), ("usage", "time_per_token")]
    {
        assert!(proxy[of].as_object_mut().expect("an object").remove(name).is_some(), "{name}");
    }
    proxy
}

#[tokio::test]
async fn a_whole_answer_passes_and_is_counted() {
    let (gateway, upstream) = stage().await;
    let mut client = gateway.client().await;
    let (got, (sent, _peer)) = tokio::join!(
        client.post("/v1beta/models/gemini-2.5-flash:generateContent", ASKED),
        upstream.answers(answer("content-type: application/json; charset=UTF-8", ANSWER))
    );
    assert!(sent.head.starts_with("POST /v1beta/models/gemini-2.5-flash:generateContent HTTP/1.1\r\n"));
    let limited =
        r#"{"contents":[{"parts":[{"text":"Say hello"}]}],"generationConfig":{"maxOutputTokens":100}}"#;
    assert_eq!(String::from_utf8(sent.body).unwrap(), limited);
    assert_eq!(header(&got, "content-type"), Some("application/json; charset=UTF-8"));
    assert_eq!(whole(got).await, ANSWER);
    drop(client);
    insta::assert_json_snapshot!(statistics(&gateway));
}

#[tokio::test]
async fn a_stream_passes_byte_for_byte_and_is_counted() {
    for (target, head, text) in [
        ("streamGenerateContent?alt=sse", EVENTS, format!("data: {ANSWER}\r\n\r\n")),
        (
            "streamGenerateContent",
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n",
            format!("[{ANSWER}\r\n]"),
        ),
    ] {
        let (gateway, upstream) = stage().await;
        let mut client = gateway.client().await;
        let target = format!("/v1beta/models/gemini-2.5-flash:{target}");
        let (start, end) = text.split_at(40);
        let sent = [head.as_bytes(), &chunk(start), &chunk(end), END.as_bytes()].concat();
        let (got, (sent, _peer)) = tokio::join!(client.post(&target, ASKED), upstream.answers(sent));
        assert!(sent.head.starts_with(&format!("POST {target} HTTP/1.1\r\n")), "{}", sent.head);
        assert_eq!(whole(got).await, text);
        drop(client);
        insta::allow_duplicates! { insta::assert_json_snapshot!(statistics(&gateway)) }
    }
}

#[tokio::test]
async fn an_error_passes_as_it_came() {
    let (gateway, upstream) = stage().await;
    let mut client = gateway.client().await;
    let error = r#"{"error":{"code":429,"message":"Quota exceeded.","status":"RESOURCE_EXHAUSTED"}}"#;
    let sent = answer("content-type: application/json", error);
    let sent = String::from_utf8(sent).unwrap().replace("200 OK", "429 Too Many Requests");
    let (got, _peer) = tokio::join!(
        client.post("/v1beta/models/gemini-2.5-flash:generateContent", ASKED),
        upstream.answers(sent)
    );
    assert_eq!(got.status(), 429);
    assert_eq!(whole(got).await, error);
}
