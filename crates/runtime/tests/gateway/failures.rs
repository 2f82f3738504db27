//! Answers that are errors: the gateway's own, and the upstream's.

use std::time::Duration;

use hyper::Response;
use hyper::body::Incoming;
use runtime::Limits;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::running::{header, whole};
use crate::{CHAT, STREAM, stage};

/// Status and error object; every error has these headers.
async fn error(answer: Response<Incoming>) -> (u16, Value) {
    assert_eq!(header(&answer, "content-type"), Some("application/json; charset=utf-8"));
    assert!(header(&answer, "x-request-id").is_some());
    let status = answer.status().as_u16();
    (status, serde_json::from_slice(&whole(answer).await).expect("JSON"))
}

#[tokio::test]
async fn the_gateway_refuses_in_the_shape_of_openai() {
    let (gateway, _upstream) = stage("", Limits::default()).await;
    let mut client = gateway.client().await;
    let (status, body) = error(client.post("/nowhere", CHAT).await).await;
    assert_eq!(status, 404);
    assert_eq!(
        body,
        json!({"error": {"message": "no Route matched with those values", "type": "not_found_error",
                         "param": null, "code": null}})
    );
    let (status, body) = error(client.post("/chat", "{}").await).await;
    assert_eq!((status, &body["error"]["type"]), (400, &json!("invalid_request_error")));
    let log = gateway.log();
    assert_eq!(log[0]["error"], "no Route matched with those values");
    assert_eq!((&log[1]["route"]["name"], &log[1]["service"]["name"]), (&json!("chat"), &json!("ai")));
}

#[tokio::test]
async fn an_upstream_that_is_not_there_is_a_502() {
    let (gateway, upstream) = stage("", Limits::default()).await;
    drop(upstream);
    let mut client = gateway.client().await;
    let answer = client.post("/chat", CHAT).await;
    assert_eq!(header(&answer, "x-kong-llm-model"), Some("openai/gpt-4o"));
    assert_eq!(header(&answer, "connection"), None);
    let (status, body) = error(answer).await;
    assert_eq!(status, 502);
    insta::assert_snapshot!(body, @r#"{"error":{"message":"cannot connect to the upstream 127.0.0.1: Connection refused","type":"server_error","param":null,"code":"upstream_unreachable"}}"#);
}

#[tokio::test]
async fn an_upstream_that_says_nothing_is_a_504() {
    let (gateway, upstream) = stage("read_timeout: 100", Limits::default()).await;
    let mut client = gateway.client().await;
    let (answer, (_, mut peer)) = tokio::join!(client.post("/chat", CHAT), upstream.answers(""));
    let (status, body) = error(answer).await;
    assert_eq!(status, 504);
    insta::assert_snapshot!(body, @r#"{"error":{"message":"the upstream 127.0.0.1 sent nothing for 100ms","type":"timeout_error","param":null,"code":"upstream_timeout"}}"#);
    peer.left().await;
}

#[tokio::test]
async fn what_is_not_http_is_a_502() {
    let (gateway, upstream) = stage("", Limits::default()).await;
    let mut client = gateway.client().await;
    for (sent, code) in [
        ("SSH-2.0-OpenSSH\r\n\r\n", "upstream_invalid_response"),
        (
            "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
            "upstream_invalid_response",
        ),
        ("HTTP/1.1 200 OK\r\n", "upstream_disconnected"),
    ] {
        let leaves = async { drop(upstream.answers(sent).await) };
        let (answer, ()) = tokio::join!(client.post("/chat", CHAT), leaves);
        let (status, body) = error(answer).await;
        assert_eq!((status, &body["error"]["code"]), (502, &json!(code)), "{body}");
    }
}

#[tokio::test]
async fn an_upstreams_error_keeps_its_status_and_loses_the_key_it_quotes() {
    let (gateway, upstream) = stage("", Limits::default()).await;
    let mut client = gateway.client().await;
    for body in [CHAT, STREAM] {
        let page = "<html>sk-secret</html>";
        let sent = format!(
            "HTTP/1.1 429 Too Many\r\nretry-after: 7\r\ncontent-type: text/html\r\ncontent-length: {}\r\n\r\n{page}",
            page.len()
        );
        let (answer, _peer) = tokio::join!(client.post("/chat", body), upstream.answers(sent));
        assert_eq!(header(&answer, "retry-after"), Some("7"));
        let (status, body) = error(answer).await;
        assert_eq!(status, 429);
        assert_eq!(body["error"]["message"], "upstream returned 429 (text/html)");
    }
    let body = r#"{"error":{"message":"Incorrect API key provided: sk-secret","type":"a","param":null,"code":null}}"#;
    for target in ["/chat", "/files/1"] {
        let sent = format!(
            "HTTP/1.1 401 No\r\ncontent-type: application/json; charset=utf-8\r\nlocation: /?key=sk-secret\r\n\
             content-length: {}\r\n\r\n{body}",
            body.len()
        );
        let (answer, _peer) = tokio::join!(client.post(target, CHAT), upstream.answers(sent));
        assert_eq!(header(&answer, "location"), Some("/?key=***"));
        let (status, body) = error(answer).await;
        assert_eq!((status, &body["error"]["message"]), (401, &json!("Incorrect API key provided: ***")));
    }
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_before_it_is_read() {
    let (gateway, _upstream) = stage("", Limits::default()).await;
    let mut client = TcpStream::connect(gateway.address).await.unwrap();
    let head = "POST /chat HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 999999999\r\n\r\n";
    client.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"}}") {
        assert_ne!(client.read_buf(&mut answer).await.unwrap(), 0);
    }
    let answer = String::from_utf8(answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert!(answer.contains("\r\nconnection: close\r\n"), "{answer}");
    assert!(
        answer.contains("request body is 999999999 bytes; max_request_body_size is 16777216"),
        "{answer}"
    );
    // A client that goes on writing is listened to for a while, so that it gets to read.
    client.write_all(&[b' '; 100_000]).await.unwrap();
}

#[tokio::test]
async fn a_body_that_does_not_come_is_a_408() {
    let limits = Limits { body_idle_time: Duration::from_millis(100), ..Limits::default() };
    let (gateway, _upstream) = stage("", limits).await;
    let mut client = TcpStream::connect(gateway.address).await.unwrap();
    let head =
        "POST /chat HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{";
    client.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"}}") {
        assert_ne!(client.read_buf(&mut answer).await.unwrap(), 0);
    }
    assert!(answer.starts_with(b"HTTP/1.1 408 "));
}

#[tokio::test]
async fn what_the_server_refuses_is_logged_as_well() {
    let busy = Limits { in_flight: 0, ..Limits::default() };
    for (limits, method, status, message) in [
        (busy, "POST", 503, "the gateway has too many requests in flight; try again"),
        (Limits::default(), "TRACE", 405, "TRACE is not supported"),
    ] {
        let (gateway, _upstream) = stage("", limits).await;
        let got = gateway.client().await.send(method, "/chat?key=k", &[], "").await;
        assert_eq!(got.status(), status);
        let id = header(&got, "x-request-id").unwrap().to_owned();
        whole(got).await;
        let [line] = &*gateway.log() else { panic!("one line for one request") };
        assert_eq!(line["request"], json!({"id": id, "method": method, "uri": "/chat?key=***", "size": 0}));
        assert_eq!((&line["response"]["status"], &line["error"]), (&json!(status), &json!(message)));
    }
}
