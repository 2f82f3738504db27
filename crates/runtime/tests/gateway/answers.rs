//! Whole answers.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use runtime::Limits;

use crate::running::{header, whole};
use crate::{ANSWER, CHAT, answer, stage};

#[tokio::test]
async fn a_chat_goes_through_and_comes_back() {
    let (gateway, upstream) = stage("", Limits::default()).await;
    let mut client = gateway.client().await;
    let headers = "content-type: application/json\r\nx-request-id: req-1\r\nx-ratelimit-limit-requests: 9\r\n\
                   set-cookie: a=b\r\nkeep-alive: timeout=5\r\nconnection: x-hop\r\nx-hop: 1\r\nserver: x";
    let (got, (sent, _peer)) = tokio::join!(
        client.send(
            "POST",
            "/chat?a=b",
            &["content-type: application/json", "authorization: Bearer sk-client", "cookie: a=b"],
            CHAT
        ),
        upstream.answers(answer(headers, ANSWER)),
    );
    insta::assert_snapshot!(sent.head.replace(&upstream.port().to_string(), "PORT"), @r"
    POST /v1/chat/completions HTTP/1.1
    content-type: application/json
    accept-encoding: gzip, identity
    authorization: sk-secret
    host: 127.0.0.1:PORT
    content-length: 77
    ");
    let text = String::from_utf8(sent.body).unwrap();
    assert_eq!(text, CHAT.replace("]}", r#"],"stream":false}"#));
    let mut names: Vec<_> = got.headers().keys().map(|name| name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "content-length",
            "content-type",
            "date",
            "x-kong-llm-model",
            "x-ratelimit-limit-requests",
            "x-request-id"
        ]
    );
    assert_eq!(header(&got, "x-request-id"), Some("req-1"));
    assert_eq!(header(&got, "x-kong-llm-model"), Some("openai/gpt-4o"));
    assert_eq!(whole(got).await, ANSWER);
    drop(client);
    let log = gateway.log();
    assert_eq!(log.len(), 1);
    assert_eq!(log[0]["request"]["id"], "req-1");
    assert_eq!(log[0]["request"]["uri"], "/chat?a=***");
    assert_eq!(log[0]["request"]["size"], CHAT.len());
    assert_eq!(log[0]["response"], serde_json::json!({"status": 200, "size": ANSWER.len()}));
    assert_eq!(log[0]["upstream_status"], 200);
    assert_eq!(log[0]["aborted"], serde_json::Value::Null);
    assert_eq!(log[0]["ai"], serde_json::Value::Null);
}

#[tokio::test]
async fn a_connection_is_used_again() {
    let (gateway, upstream) = stage("", Limits::default()).await;
    let mut client = gateway.client().await;
    let mut peer = None;
    for _ in 0..3 {
        let play = async {
            let mut peer = match peer.take() {
                Some(peer) => peer,
                None => upstream.accept().await,
            };
            peer.request().await;
            peer.send(answer("content-type: application/json", ANSWER)).await;
            peer
        };
        let (got, used) = tokio::join!(client.post("/chat", CHAT), play);
        assert_eq!(whole(got).await, ANSWER);
        peer = Some(used);
    }
}

#[tokio::test]
async fn gzip_passes_to_those_who_take_it_and_is_undone_for_others() {
    let (gateway, upstream) = stage("", Limits::default()).await;
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(ANSWER.as_bytes()).unwrap();
    let zipped = encoder.finish().unwrap();
    let headers = "content-type: application/json\r\ncontent-encoding: gzip";
    for (accepts, passes) in [("gzip", true), ("gzip;q=0", false), ("identity", false)] {
        let mut client = gateway.client().await;
        let accepts = format!("accept-encoding: {accepts}");
        let headers_sent = ["content-type: application/json", &*accepts];
        let (got, _peer) = tokio::join!(
            client.send("POST", "/chat", &headers_sent, CHAT),
            upstream.answers(answer(headers, &zipped)),
        );
        assert_eq!(header(&got, "content-encoding"), passes.then_some("gzip"), "{accepts}");
        assert_eq!(whole(got).await, if passes { &zipped } else { ANSWER.as_bytes() }, "{accepts}");
    }
}

#[tokio::test]
async fn a_head_has_no_body_and_is_logged_as_complete() {
    let (gateway, upstream) = stage("", Limits::default()).await;
    let mut client = gateway.client().await;
    let (got, _peer) = tokio::join!(
        client.send("HEAD", "/files/1", &[], ""),
        upstream.answers("HTTP/1.1 200 OK\r\ncontent-length: 12\r\n\r\n"),
    );
    assert_eq!(header(&got, "content-length"), Some("12"));
    assert_eq!(whole(got).await, "");
    let got = client.send("HEAD", "/nowhere", &[], "").await;
    assert_eq!(got.status(), 404);
    assert_eq!(whole(got).await, "");
    drop(client);
    assert!(gateway.log().iter().all(|line| line["aborted"].is_null()));
}
