//! Clients that speak Converse.

use formats::framing::event_stream::{encode_event, encode_exception};
use runtime::Limits;

use super::statistics;
use crate::running::{Running, header, whole};
use crate::upstream::Upstream;

/// A gateway for clients of Bedrock, and its upstream.
async fn stage() -> (Running, Upstream) {
    let upstream = Upstream::bind().await;
    let yaml = format!(
        r#"_format_version: "3.0"
services:
  - name: ai
    url: http://ai.internal
    routes:
      - name: converse
        paths: [/]
        plugins:
          - name: ai-proxy
            config:
              route_type: llm/v1/chat
              llm_format: bedrock
              auth: {{header_name: authorization, header_value: "{{vault://env/KEY}}"}}
              model:
                provider: bedrock
                options: {{upstream_url: "http://127.0.0.1:{}/", max_tokens: 5, bedrock: {{aws_region: eu-west-1}}}}
              logging: {{log_statistics: true, log_payloads: true}}"#,
        upstream.port()
    );
    let hosts = runtime::Upstream::http(Vec::new()).expect("no certificates, none wrong");
    (Running::start(&yaml, Limits::default(), hosts).await, upstream)
}

const CONVERSE: &str = r#"{"messages":[{"role":"user","content":[{"text":"Say hello."}]}]}"#;

#[tokio::test]
async fn requests_and_streams_pass_as_the_provider_s_own_client_knows_them() {
    let (gateway, upstream) = stage().await;
    let mut client = gateway.client().await;
    let stream = [
        encode_event("messageStart", r#"{"role":"assistant"}"#),
        encode_exception("throttlingException", r#"{"message":"slow down"}"#),
    ]
    .concat();
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/vnd.amazon.eventstream\r\ncontent-length: {}\r\n\r\n",
        stream.len()
    );
    let (answer, (sent, _peer)) = tokio::join!(
        client.post("/model/m%3A1/converse-stream", CONVERSE),
        upstream.answers([head.as_bytes(), &stream].concat())
    );
    assert!(sent.head.starts_with("POST /model/m%3A1/converse-stream HTTP/1.1\r\n"), "{}", sent.head);
    assert_eq!(
        sent.body,
        br#"{"messages":[{"role":"user","content":[{"text":"Say hello."}]}],"inferenceConfig":{"maxTokens":5}}"#
    );
    assert_eq!(header(&answer, "content-type"), Some("application/vnd.amazon.eventstream"));
    assert_eq!(whole(answer).await, stream);
}

const ANSWER: &str = r#"{"output":{"message":{"role":"assistant","content":[{"text":"Hello"}]}},"stopReason":"end_turn","usage":{"inputTokens":3,"outputTokens":2,"totalTokens":12,"cacheReadInputTokens":7},"metrics":{"latencyMs":9}}"#;

#[tokio::test]
async fn a_whole_answer_passes_and_is_counted() {
    let (gateway, upstream) = stage().await;
    let mut client = gateway.client().await;
    let sent = crate::answer("content-type: application/json", ANSWER);
    let (got, _peer) = tokio::join!(client.post("/model/m%3A1/converse", CONVERSE), upstream.answers(sent));
    assert_eq!(whole(got).await, ANSWER);
    drop(client);
    insta::assert_json_snapshot!(statistics(&gateway));
}

#[tokio::test]
async fn a_stream_is_counted() {
    let (gateway, upstream) = stage().await;
    let mut client = gateway.client().await;
    let stream = [
        encode_event("messageStart", r#"{"role":"assistant"}"#),
        encode_event("contentBlockDelta", r#"{"contentBlockIndex":0,"delta":{"text":"Hello"}}"#),
        encode_event("messageStop", r#"{"stopReason":"end_turn"}"#),
        encode_event("metadata", r#"{"usage":{"inputTokens":3,"outputTokens":2,"totalTokens":5}}"#),
    ]
    .concat();
    let sent = crate::answer("content-type: application/vnd.amazon.eventstream", &stream);
    let (got, _peer) =
        tokio::join!(client.post("/model/m%3A1/converse-stream", CONVERSE), upstream.answers(sent));
    assert_eq!(whole(got).await, stream);
    drop(client);
    insta::assert_json_snapshot!(statistics(&gateway));
}

#[tokio::test]
async fn errors_pass_as_the_provider_tells_them() {
    let (gateway, upstream) = stage().await;
    let mut client = gateway.client().await;
    let (answer, _) = tokio::join!(
        client.post("/model/m/converse", CONVERSE),
        upstream.answers(
            "HTTP/1.1 424 Failed Dependency\r\ncontent-type: application/json\r\ncontent-length: 17\r\n\
             x-amzn-errortype: ModelErrorException\r\n\r\n{\"message\":\"odd\"}"
        )
    );
    assert_eq!(
        (answer.status().as_u16(), header(&answer, "x-amzn-errortype")),
        (424, Some("ModelErrorException"))
    );
    assert_eq!(whole(answer).await, r#"{"message":"odd"}"#);
}
