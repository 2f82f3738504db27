//! Streams, event by event.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;

use super::{ANSWER, STREAM, stage, timeless};
use crate::running::{header, piece, whole};
use crate::{END, EVENTS, answer, chunk};

/// The events of a stream of Anthropic's.
const START: &str = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"model\":\"model-1-20250929\",\"usage\":{\"input_tokens\":20,\"output_tokens\":1}}}\n\n";
const HELLO: &str = "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"Hello\"}}\n\n";
const STOP: &str = "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":2}}\n\n";
const OVER: &str = "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
const DONE: &str = "data: [DONE]\n\n";

/// The one chunk in a piece of a stream.
fn delta(piece: &[u8]) -> Value {
    let text = std::str::from_utf8(piece).expect("text");
    let data = text.strip_prefix("data: ").and_then(|text| text.strip_suffix("\n\n")).expect("one event");
    let mut chunk: Value = serde_json::from_str(data).expect("JSON");
    assert_eq!((&chunk["id"], &chunk["model"]), (&"msg_1".into(), &"model-1-20250929".into()));
    chunk["choices"][0].take()
}

#[tokio::test]
async fn each_event_passes_before_the_next_is_sent() {
    let (gateway, upstream) = stage("").await;
    let mut client = gateway.client().await;
    let (mut got, (_, mut peer)) = tokio::join!(
        client.post("/claude", STREAM),
        upstream.answers([EVENTS.as_bytes(), &chunk(START)].concat())
    );
    assert_eq!(header(&got, "content-type"), Some("text/event-stream"));
    assert_eq!(header(&got, "cache-control"), Some("no-cache"));
    assert_eq!(header(&got, "x-accel-buffering"), Some("no"));
    assert_eq!(header(&got, "content-length"), None);
    let begun = delta(&piece(&mut got).await.unwrap().unwrap());
    assert_eq!(begun["delta"]["role"], "assistant");
    for _ in 0..3 {
        peer.send(chunk(HELLO)).await;
        let hello = delta(&piece(&mut got).await.unwrap().unwrap());
        assert_eq!(hello["delta"]["content"], "Hello");
    }
    peer.send(chunk(STOP)).await;
    assert_eq!(delta(&piece(&mut got).await.unwrap().unwrap())["finish_reason"], "stop");
    peer.send(chunk(OVER)).await;
    assert_eq!(piece(&mut got).await.unwrap().unwrap(), DONE);
    // The upstream has not said that there is nothing more to come.
    assert!(piece(&mut got).await.is_none());
}

#[tokio::test]
async fn the_end_of_a_stream_frees_its_connection() {
    let (gateway, upstream) = stage("").await;
    let mut client = gateway.client().await;
    let all = [EVENTS.as_bytes(), &chunk(START), &chunk(STOP), &chunk(OVER)].concat();
    let (got, (_, mut peer)) = tokio::join!(client.post("/claude", STREAM), upstream.answers(&all));
    assert!(whole(got).await.ends_with(DONE.as_bytes()));
    peer.send(END).await;
    let again = async {
        peer.request().await;
        peer.send([&*all, END.as_bytes()].concat()).await;
    };
    let (got, ()) = tokio::join!(client.post("/claude", STREAM), again);
    assert!(whole(got).await.ends_with(DONE.as_bytes()));
}

#[tokio::test]
async fn what_follows_the_end_is_not_read() {
    let (gateway, upstream) = stage("").await;
    let mut client = gateway.client().await;
    let all = [EVENTS.as_bytes(), &chunk(START), &chunk(STOP), &chunk([OVER, HELLO].concat())].concat();
    let (got, (_, mut peer)) = tokio::join!(client.post("/claude", STREAM), upstream.answers(&all));
    let text = String::from_utf8(whole(got).await.to_vec()).unwrap();
    assert!(text.ends_with(DONE) && !text.contains("Hello"), "{text}");
    // The upstream goes on, and is left.
    peer.left().await;
    assert_eq!(gateway.log()[0]["aborted"], Value::Null);
}

#[tokio::test]
async fn a_client_that_leaves_ends_the_upstream_at_once() {
    let (gateway, upstream) = stage("").await;
    let mut client = gateway.client().await;
    let (mut got, (_, mut peer)) = tokio::join!(
        client.post("/claude", STREAM),
        upstream.answers([EVENTS.as_bytes(), &chunk(START)].concat())
    );
    piece(&mut got).await.unwrap().unwrap();
    drop((got, client));
    peer.left().await;
    assert_eq!(gateway.log()[0]["aborted"], "client");
}

#[tokio::test]
async fn a_stream_that_does_not_end_well_ends_with_an_error_event() {
    let error = "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded, sk-secret\"}}\n\n";
    let mut errors = String::new();
    for (service, rest, closes) in [
        ("", chunk(error), false),
        ("", [chunk("data: {\"ty"), END.into()].concat(), true),
        ("", END.into(), false),
        ("", Vec::new(), true),
        ("", chunk("data: no JSON\n\n"), false),
        ("read_timeout: 100", Vec::new(), false),
    ] {
        let (gateway, upstream) = stage(service).await;
        let mut client = gateway.client().await;
        let sent = [EVENTS.as_bytes(), &chunk(START), &rest].concat();
        let play = async {
            let (_, peer) = upstream.answers(sent).await;
            (!closes).then_some(peer)
        };
        let (got, _peer) = tokio::join!(client.post("/claude", STREAM), play);
        let text = String::from_utf8(whole(got).await.to_vec()).unwrap();
        let events: Vec<_> = text.split_terminator("\n\n").collect();
        assert_eq!(events.len(), 2, "{text}");
        errors += events[1];
        errors += "\n";
        assert_eq!(gateway.log()[0]["aborted"], "upstream", "{text}");
    }
    insta::assert_snapshot!(errors);
}

#[tokio::test]
async fn compressed_events_are_translated_as_they_come() {
    let (gateway, upstream) = stage("").await;
    let mut client = gateway.client().await;
    let head = EVENTS.replace("\r\n\r\n", "\r\ncontent-encoding: gzip\r\n\r\n");
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    let mut zipped = |event: &str| {
        encoder.write_all(event.as_bytes()).unwrap();
        encoder.flush().unwrap();
        chunk(std::mem::take(encoder.get_mut()))
    };
    let (mut got, (_, mut peer)) = tokio::join!(
        client.post("/claude", STREAM),
        upstream.answers([head.as_bytes(), &zipped(START)].concat())
    );
    assert_eq!(header(&got, "content-encoding"), None);
    piece(&mut got).await.unwrap().unwrap();
    peer.send(zipped(HELLO)).await;
    assert_eq!(delta(&piece(&mut got).await.unwrap().unwrap())["delta"]["content"], "Hello");
}

/// From a server that does not stream.
#[tokio::test]
async fn a_whole_answer_becomes_a_stream() {
    let (gateway, upstream) = stage("").await;
    let mut client = gateway.client().await;
    let headers = "content-type: application/json\r\netag: \"x\"";
    let (got, _peer) =
        tokio::join!(client.post("/claude", STREAM), upstream.answers(answer(headers, ANSWER)));
    assert_eq!(header(&got, "content-type"), Some("text/event-stream"));
    assert_eq!((header(&got, "etag"), header(&got, "cache-control")), (None, Some("no-cache")));
    let text = String::from_utf8(whole(got).await.to_vec()).unwrap();
    insta::assert_snapshot!(timeless(&text));
}
