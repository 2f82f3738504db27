//! Answers that are no streams.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;

use super::{ANSWER, CHAT, STREAM, stage, timeless};
use crate::answer;
use crate::running::{header, whole};

const JSON: &str = "content-type: application/json";

#[tokio::test]
async fn an_answer_is_openai_s_with_the_provider_s_names() {
    let (gateway, upstream) = stage("").await;
    let mut client = gateway.client().await;
    let headers = "content-type: application/json\r\netag: \"x\"\r\ncontent-md5: x\r\nset-cookie: a=b\r\n\
                   request-id: req_1\r\nanthropic-ratelimit-requests-remaining: 9";
    let (got, (sent, _peer)) =
        tokio::join!(client.post("/claude", CHAT), upstream.answers(answer(headers, ANSWER)));
    assert!(sent.head.contains("x-api-key: sk-secret\r\n"), "{}", sent.head);
    assert_eq!(header(&got, "content-type"), Some("application/json; charset=utf-8"));
    assert_eq!(header(&got, "request-id"), Some("req_1"));
    assert_eq!(header(&got, "anthropic-ratelimit-requests-remaining"), Some("9"));
    for gone in ["etag", "content-md5", "set-cookie", "transfer-encoding", "x-aiproxy-dropped"] {
        assert_eq!(header(&got, gone), None, "{gone}");
    }
    let length = header(&got, "content-length").expect("a length").to_owned();
    let text = String::from_utf8(whole(got).await.to_vec()).unwrap();
    assert_eq!(length, text.len().to_string());
    insta::assert_snapshot!(timeless(&text));
}

#[tokio::test]
async fn a_compressed_answer_is_decoded_and_a_broken_one_is_told() {
    let (gateway, upstream) = stage("").await;
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(ANSWER.as_bytes()).unwrap();
    let zipped = encoder.finish().unwrap();
    for (coding, body, status) in
        [("gzip", &*zipped, 200), ("gzip", &zipped[..zipped.len() - 9], 502), ("br", &*zipped, 502)]
    {
        let mut client = gateway.client().await;
        let headers = format!("{JSON}\r\ncontent-encoding: {coding}");
        let (got, _peer) =
            tokio::join!(client.post("/claude", CHAT), upstream.answers(answer(&headers, body)));
        assert_eq!(got.status(), status);
        assert_eq!(header(&got, "content-encoding"), None);
        let body: Value = serde_json::from_slice(&whole(got).await).expect("JSON");
        assert_eq!(body["error"].is_null(), status == 200, "{body}");
    }
}

/// What a client gets for an upstream's answer that is none.
async fn refusal(request: &'static str, answer: Vec<u8>) -> String {
    let (gateway, upstream) = stage("").await;
    let mut client = gateway.client().await;
    let (got, _peer) = tokio::join!(client.post("/claude", request), upstream.answers(answer));
    let status = got.status().as_u16();
    assert_eq!(header(&got, "content-type"), Some("application/json; charset=utf-8"));
    let body: Value = serde_json::from_slice(&whole(got).await).expect("JSON");
    let log = gateway.log();
    assert_eq!(log[0]["error"], body["error"]["message"]);
    assert_eq!((&log[0]["response"]["status"], &log[0]["upstream_status"]), (&status.into(), &200.into()));
    format!("{status} {}\n", body["error"])
}

#[tokio::test]
async fn what_is_no_answer_is_the_upstream_s_failure() {
    let mut refusals = String::new();
    for (request, content_type, body) in [
        (CHAT, "application/json", r#"{"object":"list"}"#),
        (CHAT, "application/json", r#"{"id":"msg_1","content":[{"#),
        (CHAT, "text/html", "<html>sk-secret</html>"),
        (CHAT, "text/event-stream", "event: ping\ndata: {}\n\n"),
        (CHAT, "application/json", ""),
        (
            CHAT,
            "application/json",
            r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded by sk-secret"}}"#,
        ),
        (STREAM, "text/html", "<html>"),
        (STREAM, "application/json", r#"{"error":{"message":"no stream"}}"#),
    ] {
        let headers = format!("content-type: {content_type}");
        refusals += &refusal(request, answer(&headers, body)).await;
    }
    insta::assert_snapshot!(refusals);
}

#[tokio::test]
async fn bytes_that_are_no_text_are_no_answer() {
    let refusal = refusal(CHAT, answer(JSON, b"{\"id\":\"\xff\"}")).await;
    insta::assert_snapshot!(refusal, @r#"502 {"message":"transformation failed from type anthropic://llm/v1/chat: the upstream's answer is not UTF-8","type":"server_error","param":null,"code":null}"#);
}

#[tokio::test]
async fn an_upstream_that_stops_in_the_middle_is_told() {
    let (gateway, upstream) = stage("read_timeout: 100").await;
    for (closes, status) in [(false, 504), (true, 502)] {
        let mut client = gateway.client().await;
        let head = format!("HTTP/1.1 200 OK\r\n{JSON}\r\ncontent-length: 900\r\n\r\n{}", &ANSWER[..40]);
        let play = async {
            let (_, peer) = upstream.answers(head).await;
            if closes { None } else { Some(peer) }
        };
        let (got, peer) = tokio::join!(client.post("/claude", CHAT), play);
        assert_eq!(got.status(), status);
        let body: Value = serde_json::from_slice(&whole(got).await).expect("JSON");
        assert!(body["error"]["code"].is_string(), "{body}");
        if let Some(mut peer) = peer {
            peer.left().await;
        }
    }
}

#[tokio::test]
async fn a_client_that_leaves_ends_the_upstream_at_once() {
    let (gateway, upstream) = stage("").await;
    let mut client = gateway.client().await;
    let head = format!("HTTP/1.1 200 OK\r\n{JSON}\r\ncontent-length: 900\r\n\r\n{}", &ANSWER[..40]);
    let mut peer = {
        let asking = client.post("/claude", CHAT);
        tokio::select! {
            _ = asking => panic!("there is no whole answer"),
            (_, peer) = upstream.answers(head) => peer,
        }
    };
    drop(client);
    peer.left().await;
    assert_eq!(gateway.log()[0]["response"]["status"], 499);
}

#[tokio::test]
async fn what_was_left_out_is_named_on_every_answer() {
    let (gateway, upstream) = stage("").await;
    let chat = |stream: bool| {
        format!(
            r#"{{"messages":[{{"role":"user","content":"Hi"}}],"stream":{stream},"logit_bias":{{"1":2}},"a\r\nb":1}}"#
        )
    };
    for (path, stream, status) in [
        ("/claude", false, "200 OK"),
        ("/claude", false, "429 Too Many Requests"),
        ("/claude", true, "200 OK"),
        ("/mistral", false, "200 OK"),
        ("/mistral", true, "400 Bad Request"),
    ] {
        let mut client = gateway.client().await;
        let answer = String::from_utf8(answer(JSON, ANSWER)).unwrap().replace("200 OK", status).into_bytes();
        let (got, _peer) = tokio::join!(client.post(path, chat(stream)), upstream.answers(answer));
        assert_eq!(header(&got, "x-aiproxy-dropped"), Some("logit_bias, a??b"), "{path} {status}");
    }
}
