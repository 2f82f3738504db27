//! Streams that go wrong after they have begun: the status is out, so the client is told by an event.

use serde_json::Value;

use crate::stage::{STREAM, Setting, Stage, play, post};
use crate::wire::{Message, Wire, within};

const HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";

/// A whole event.
const EVENT: &str = "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"model\":\"gpt-4o\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\"},\"finish_reason\":null}]}\n\n";

fn chunk(text: &str) -> String {
    format!("{:x}\r\n{text}\r\n", text.len())
}

/// A client whose stream has begun, and the upstream that sends it.
async fn begun(stage: &Stage) -> (Wire, Wire) {
    let client = stage.asks(post("/chat", STREAM)).await;
    let mut upstream = stage.upstream().await;
    upstream.message().await;
    upstream.send(HEAD).await;
    (client, upstream)
}

/// The data of each event. Every event is whole.
#[track_caller]
fn events(answer: &Message) -> Vec<String> {
    assert_eq!(answer.status(), 200, "{answer:?}");
    assert_eq!(answer.header("content-type").map(|t| t.starts_with("text/event-stream")), Some(true));
    let text = answer.text();
    assert!(text.is_empty() || text.ends_with("\n\n"), "{text:?}");
    let data = |event: &str| event.strip_prefix("data: ").unwrap_or(event).to_owned();
    text.split_terminator("\n\n").map(data).collect()
}

/// Asserts `whole` events and then one error event, after which nothing comes.
#[track_caller]
fn breaks(answer: &Message, whole: usize, kind: &str, code: &str) {
    let events = events(answer);
    assert_eq!(events.len(), whole + 1, "{events:#?}");
    let error: Value = serde_json::from_str(&events[whole]).expect("an event of JSON");
    assert_eq!((&error["error"]["type"], &error["error"]["code"]), (&kind.into(), &code.into()), "{error}");
}

#[test]
fn a_stream_that_breaks_ends_in_an_error_event() {
    let log = play(Setting::default(), async |stage| {
        let half = &EVENT[..EVENT.len() / 2];
        for (sent, whole) in [
            (String::new(), 0),
            (chunk(EVENT), 1),
            (chunk(EVENT) + &chunk(half), 1),
            // Its line is whole, and so is what the client reads of it.
            (chunk(&EVENT[..EVENT.len() - 1]), 1),
            (chunk(EVENT) + &chunk(EVENT)[..40], 1),
            (chunk(EVENT) + "not a size\r\n", 1),
            (chunk(EVENT) + "3\r\nabcdef\r\n", 1),
            (chunk(&EVENT.repeat(100)), 100),
        ] {
            for resets in [false, true] {
                let (mut client, mut upstream) = begun(stage).await;
                upstream.send(&sent).await;
                if resets {
                    // A reset overtakes bytes; what the client has seen was there before.
                    client.until("\r\n\r\n").await;
                    for _ in 0..sent.matches("\n\n").count() {
                        assert!(client.until("\n\n").await.ends_with(EVENT));
                    }
                    upstream.reset();
                    let end = client.until("\r\n0\r\n\r\n").await;
                    assert_eq!(end.matches("\"upstream_").count(), 1, "{end}");
                } else {
                    drop(upstream);
                    let answer = client.message().await;
                    let broken = answer.text().contains("upstream_invalid_response");
                    let code = if broken { "upstream_invalid_response" } else { "upstream_disconnected" };
                    breaks(&answer, whole, "server_error", code);
                }
                drop(client);
                stage.is_at_rest(&sent).await;
            }
        }
    });
    assert!(log.iter().any(|line| line["aborted"] == "upstream"), "{log:?}");
}

#[test]
fn a_stream_that_falls_silent_ends_in_an_error_event() {
    play(Setting { read_timeout: 100, ..Setting::default() }, async |stage| {
        for (sent, whole) in [(String::new(), 0), (chunk(EVENT), 1), (chunk(EVENT) + &chunk("data: "), 1)] {
            let (mut client, mut upstream) = begun(stage).await;
            upstream.send(&sent).await;
            breaks(&client.message().await, whole, "timeout_error", "upstream_timeout");
            upstream.ended().await;
        }
    });
}

#[test]
fn an_event_reaches_the_client_before_the_next_is_sent() {
    play(Setting::default(), async |stage| {
        let (mut client, mut upstream) = begun(stage).await;
        client.until("\r\n\r\n").await;
        for _ in 0..20 {
            for byte in chunk(EVENT).bytes() {
                upstream.send([byte]).await;
            }
            assert!(client.until("\n\n").await.ends_with(EVENT));
        }
        upstream.send(chunk("data: [DONE]\n\n") + "0\r\n\r\n").await;
        client.until("data: [DONE]\n\n").await;
        client.until("0\r\n\r\n").await;
    });
}

#[test]
fn a_client_that_leaves_ends_the_stream_at_its_upstream() {
    let log = play(Setting::default(), async |stage| {
        for resets in [false, true] {
            let (mut client, mut upstream) = begun(stage).await;
            upstream.send(chunk(EVENT)).await;
            client.until("\n\n").await;
            stage.is_left(client, upstream, resets).await;
        }
    });
    assert_eq!(log.iter().filter(|line| line["aborted"] == "client").count(), 2, "{log:?}");
}

#[test]
fn an_event_without_end_is_not_held_without_end() {
    play(Setting::default(), async |stage| {
        let (mut client, mut upstream) = begun(stage).await;
        let piece = chunk(&"x".repeat(1 << 16));
        upstream.send(chunk("data: ")).await;
        let flood = async { while upstream.try_send(&piece).await.is_ok() {} };
        let (answer, ()) = tokio::join!(client.message(), within("the gateway gives up", flood));
        let events = events(&answer);
        assert!(events.len() == 1 && events[0].contains("longer than"), "{events:.200?}");
    });
}

#[test]
fn what_is_no_stream_passes_as_what_it_is() {
    play(Setting::default(), async |stage| {
        for content_type in ["application/json", "text/html", ""] {
            let mut client = stage.asks(post("/chat", STREAM)).await;
            let mut upstream = stage.upstream().await;
            upstream.message().await;
            let body = "{\"object\":\"chat.completion\"}";
            let line = if content_type.is_empty() {
                String::new()
            } else {
                format!("content-type: {content_type}\r\n")
            };
            upstream
                .send(format!("HTTP/1.1 200 OK\r\n{line}content-length: {}\r\n\r\n{body}", body.len()))
                .await;
            let answer = client.message().await;
            assert_eq!((answer.status(), answer.complete), (200, true), "{content_type}: {answer:?}");
        }
    });
}
