//! Streams of events.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use runtime::Limits;

use crate::running::{header, piece, whole};
use crate::{END, EVENTS, STREAM, chunk, stage};

const HELLO: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hello\"}}]}\n\n";
const STOP: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
const DONE: &str = "data: [DONE]\n\n";

#[tokio::test]
async fn each_event_passes_before_the_next_is_sent() {
    let (gateway, upstream) = stage("", Limits::default()).await;
    let mut client = gateway.client().await;
    let (mut got, (_, mut peer)) = tokio::join!(
        client.post("/chat", STREAM),
        upstream.answers([EVENTS.as_bytes(), &chunk(HELLO)].concat())
    );
    assert_eq!(header(&got, "content-type"), Some("text/event-stream"));
    assert_eq!(header(&got, "cache-control"), Some("no-cache"));
    assert_eq!(header(&got, "x-accel-buffering"), Some("no"));
    assert_eq!(header(&got, "content-length"), None);
    assert_eq!(piece(&mut got).await.unwrap().unwrap(), HELLO);
    for event in [STOP, ": a comment\n\n", DONE] {
        peer.send(chunk(event)).await;
        assert_eq!(piece(&mut got).await.unwrap().unwrap(), event);
    }
    peer.send(END).await;
    assert!(piece(&mut got).await.is_none());
}

#[tokio::test]
async fn an_event_cut_anywhere_arrives_whole() {
    let (gateway, upstream) = stage("", Limits::default()).await;
    let mut client = gateway.client().await;
    let (mut got, (_, mut peer)) = tokio::join!(
        client.post("/chat", STREAM),
        upstream.answers([EVENTS.as_bytes(), &chunk("dat")].concat())
    );
    peer.send(chunk(&HELLO[3..20])).await;
    peer.send(chunk(format!("{}{}", &HELLO[20..], &STOP[..5]))).await;
    assert_eq!(piece(&mut got).await.unwrap().unwrap(), HELLO);
    peer.send(chunk(format!("{}{DONE}", &STOP[5..]))).await;
    assert_eq!(piece(&mut got).await.unwrap().unwrap(), format!("{STOP}{DONE}"));
}

#[tokio::test]
async fn a_client_that_leaves_ends_the_upstream_at_once() {
    let (gateway, upstream) = stage("", Limits::default()).await;
    let mut client = gateway.client().await;
    let (mut got, (_, mut peer)) = tokio::join!(
        client.post("/chat", STREAM),
        upstream.answers([EVENTS.as_bytes(), &chunk(HELLO)].concat())
    );
    assert_eq!(piece(&mut got).await.unwrap().unwrap(), HELLO);
    drop((got, client));
    peer.left().await;
    let log = gateway.log();
    assert_eq!((&log[0]["aborted"], &log[0]["response"]["status"]), (&"client".into(), &200.into()));
}

#[tokio::test]
async fn a_client_that_leaves_before_the_answer_ends_the_upstream_at_once() {
    let (gateway, upstream) = stage("", Limits::default()).await;
    let mut client = gateway.client().await;
    let mut peer = {
        let asking = client.post("/chat", STREAM);
        let accepting = async {
            let mut peer = upstream.accept().await;
            peer.request().await;
            peer
        };
        tokio::select! {
            _ = asking => panic!("nobody has answered"),
            peer = accepting => peer,
        }
    };
    drop(client);
    peer.left().await;
    let log = gateway.log();
    assert_eq!((&log[0]["aborted"], &log[0]["response"]["status"]), (&"client".into(), &499.into()));
}

#[tokio::test]
async fn a_stream_that_breaks_off_ends_with_an_error_event() {
    let (gateway, upstream) = stage("", Limits::default()).await;
    let mut client = gateway.client().await;
    let (got, _) = tokio::join!(
        client.post("/chat", STREAM),
        upstream.answers([EVENTS.as_bytes(), &chunk(HELLO)].concat())
    );
    let text = String::from_utf8(whole(got).await.to_vec()).unwrap();
    let error = text.strip_prefix(HELLO).unwrap();
    insta::assert_snapshot!(error, @r#"data: {"error":{"message":"the upstream 127.0.0.1 closed the connection before its answer was complete","type":"server_error","param":null,"code":"upstream_disconnected"}}"#);
    assert_eq!(gateway.log()[0]["aborted"], "upstream");
}

#[tokio::test]
async fn a_stream_that_falls_silent_ends_with_an_error_event() {
    let (gateway, upstream) = stage("read_timeout: 100", Limits::default()).await;
    let mut client = gateway.client().await;
    let (got, (_, mut peer)) = tokio::join!(
        client.post("/chat", STREAM),
        upstream.answers([EVENTS.as_bytes(), &chunk(HELLO)].concat())
    );
    let text = String::from_utf8(whole(got).await.to_vec()).unwrap();
    insta::assert_snapshot!(text.strip_prefix(HELLO).unwrap(), @r#"data: {"error":{"message":"the upstream 127.0.0.1 sent nothing for 100ms","type":"timeout_error","param":null,"code":"upstream_timeout"}}"#);
    peer.left().await;
}

#[tokio::test]
async fn a_stream_without_its_last_event_gets_one() {
    let (gateway, upstream) = stage("", Limits::default()).await;
    let mut client = gateway.client().await;
    let sent = [EVENTS.as_bytes(), &chunk(format!("{HELLO}{STOP}")), END.as_bytes()].concat();
    let (got, _peer) = tokio::join!(client.post("/chat", STREAM), upstream.answers(sent));
    assert_eq!(whole(got).await, format!("{HELLO}{STOP}{DONE}"));
}

#[tokio::test]
async fn compressed_events_are_decoded_as_they_come() {
    let (gateway, upstream) = stage("", Limits::default()).await;
    let mut client = gateway.client().await;
    let head = EVENTS.replace("\r\n\r\n", "\r\ncontent-encoding: gzip\r\n\r\n");
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    let mut zipped = |event: &str| {
        encoder.write_all(event.as_bytes()).unwrap();
        encoder.flush().unwrap();
        chunk(std::mem::take(encoder.get_mut()))
    };
    let (mut got, (_, mut peer)) = tokio::join!(
        client.send("POST", "/chat", &["content-type: application/json", "accept-encoding: gzip"], STREAM),
        upstream.answers([head.as_bytes(), &zipped(HELLO)].concat())
    );
    assert_eq!(header(&got, "content-encoding"), None);
    assert_eq!(piece(&mut got).await.unwrap().unwrap(), HELLO);
    peer.send(zipped(DONE)).await;
    assert_eq!(piece(&mut got).await.unwrap().unwrap(), DONE);
    peer.send(chunk(encoder.finish().unwrap())).await;
    peer.send(END).await;
    assert!(piece(&mut got).await.is_none());
}

#[tokio::test]
async fn an_answer_that_is_no_stream_passes_as_it_is() {
    let (gateway, upstream) = stage("", Limits::default()).await;
    let mut client = gateway.client().await;
    let sent = crate::answer("content-type: application/json", crate::ANSWER);
    let (got, _peer) = tokio::join!(client.post("/chat", STREAM), upstream.answers(sent));
    assert_eq!(header(&got, "content-type"), Some("application/json"));
    assert_eq!(whole(got).await, crate::ANSWER);
}

#[tokio::test]
async fn an_error_in_a_stream_does_not_quote_the_credential() {
    let (gateway, upstream) = stage("", Limits::default()).await;
    let mut client = gateway.client().await;
    let error =
        "data: {\"error\":{\"message\":\"no: sk-secret\",\"type\":\"x\",\"param\":null,\"code\":null}}\n\n";
    let sent = [EVENTS.as_bytes(), &chunk(HELLO), &chunk(error), END.as_bytes()].concat();
    let (got, _peer) = tokio::join!(client.post("/chat", STREAM), upstream.answers(sent));
    assert_eq!(whole(got).await, format!("{HELLO}{}", error.replace("sk-secret", "***")));
}
