//! Upstreams and clients of translated answers, which are read and not only passed on.

use std::io::Write as _;

use flate2::{Compression, write::GzEncoder};
use serde_json::Value;

use crate::memory::resident;
use crate::stage::{QUESTION, SECRET, STREAM, Setting, Stage, play, post};
use crate::wire::{Message, Wire, within};

const HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
const START: &str = "data: {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"model\":\"claude\",\"usage\":{\"input_tokens\":1,\"output_tokens\":1}}}\n\n";
const TEXT: &str = "data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"Hi\"}}\n\n";
const STOP: &str = "data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":1}}\n\ndata: {\"type\":\"message_stop\"}\n\n";

/// More than any buffer on the way, less than what passes.
const BOUND: u64 = 24 << 20;

/// More than is held of a whole answer while it grows.
const WHOLE_BOUND: u64 = 160 << 20;

fn chunk(bytes: impl AsRef<[u8]>) -> Vec<u8> {
    let bytes = bytes.as_ref();
    [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat()
}

/// A client that has asked, and the upstream that has read the question.
async fn asked(stage: &Stage, question: &str) -> (Wire, Wire) {
    let client = stage.asks(post("/claude", question)).await;
    let mut upstream = stage.upstream().await;
    upstream.message().await;
    (client, upstream)
}

async fn begun(stage: &Stage) -> (Wire, Wire) {
    let (client, mut upstream) = asked(stage, STREAM).await;
    upstream.send(HEAD).await;
    (client, upstream)
}

/// The data of the last event, of whole events only.
#[track_caller]
fn last(answer: &Message) -> &str {
    assert_eq!((answer.status(), answer.complete), (200, true), "{answer:.300?}");
    let text = answer.text();
    assert!(text.ends_with("\n\n") && !text.contains(SECRET), "{text:.300?}");
    let event = text.trim_end_matches('\n').rsplit("\n\n").next().unwrap_or_default();
    event.strip_prefix("data: ").expect("an event")
}

/// The message of the error that a stream ends with.
#[track_caller]
fn error(answer: &Message) -> String {
    let error: Value = serde_json::from_str(last(answer)).expect("JSON");
    error["error"]["message"].as_str().expect("an error").to_owned()
}

#[test]
fn whatever_is_sent_the_stream_ends_in_order() {
    let deep = format!("data: {}\n\n", "[".repeat(100_000));
    let events: [&[u8]; 9] = [
        b"data: \xff\xfe\n\n",
        b"data: {\"type\":\"content_block_delta\",\"delta\":{\"type\":\"text_delta\",\"text\":\"\xc3\x28\"}}\n\n",
        b"data: null\n\ndata: 1\n\ndata: []\n\ndata: \"\"\n\n",
        b"data: {\"type\":{}}\n\ndata: {\"type\":\"message_delta\",\"delta\":[],\"usage\":-1}\n\n",
        b"data: {\"type\":\"content_block_delta\",\"index\":18446744073709551615,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"{\"}}\n\n",
        b"data: {\"type\":\"content_block_start\",\"index\":1e400,\"content_block\":{\"type\":\"tool_use\"}}\n\n",
        b"\0\0\0\0\r\r\r\r",
        b"data: {\"type\":\"error\",\"error\":null}\n\n",
        deep.as_bytes(),
    ];
    play(Setting::default(), async |stage| {
        for event in events {
            for start in ["", START] {
                let (mut client, mut upstream) = begun(stage).await;
                if !start.is_empty() {
                    upstream.send(chunk(start)).await;
                }
                let _ = upstream.try_send([&*chunk(event), b"0\r\n\r\n"].concat()).await;
                let answer = client.message().await;
                assert!(last(&answer) == "[DONE]" || !error(&answer).is_empty(), "{}", event.escape_ascii());
                drop((client, upstream));
                stage.is_at_rest("after broken events").await;
            }
        }
    });
}

#[test]
fn an_upstream_that_leaves_at_any_byte_is_told() {
    let log = play(Setting::default(), async |stage| {
        let all = [HEAD.as_bytes(), &chunk(START), &chunk(TEXT), &chunk(STOP)].concat();
        let over = all.len() - b"\n\r\n".len();
        for end in (HEAD.len()..all.len()).step_by(7) {
            for resets in [false, true] {
                let (mut client, mut upstream) = asked(stage, STREAM).await;
                upstream.send(&all[..end]).await;
                if resets {
                    client.until("\r\n\r\n").await;
                    upstream.reset();
                    let rest = client.until("\r\n0\r\n\r\n").await;
                    assert!(end >= over || rest.contains("\"error\""), "{end}: {rest}");
                } else {
                    drop(upstream);
                    let answer = client.message().await;
                    assert!(end >= over || !error(&answer).is_empty(), "{end}: {answer:?}");
                }
                drop(client);
            }
        }
    });
    assert!(log.iter().any(|line| line["aborted"] == "upstream"));
}

#[test]
fn an_event_without_end_is_not_held_without_end() {
    play(Setting::default(), async |stage| {
        let (mut client, mut upstream) = begun(stage).await;
        let piece = chunk("x".repeat(1 << 16));
        upstream.send(chunk("data: ")).await;
        let flood = async { while upstream.try_send(&piece).await.is_ok() {} };
        let (answer, ()) = tokio::join!(client.message(), within("the gateway gives up", flood));
        assert!(error(&answer).contains("longer than"), "{answer:.300?}");
    });
}

#[test]
fn tool_calls_without_end_come_to_an_end() {
    play(Setting::default(), async |stage| {
        let (mut client, mut upstream) = begun(stage).await;
        let calls = async {
            for call in 0..1_000_000 {
                let call = format!(
                    "data: {{\"type\":\"content_block_start\",\"index\":{call},\"content_block\":{{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"n\"}}}}\n\n"
                );
                if upstream.try_send(chunk(call.repeat(100))).await.is_err() {
                    break;
                }
            }
        };
        let (answer, ()) = tokio::join!(client.message(), within("the gateway gives up", calls));
        assert!(error(&answer).contains("tool calls"), "{}", error(&answer));
    });
}

#[test]
fn a_stream_of_any_length_is_not_held() {
    play(Setting::default(), async |stage| {
        let (mut client, mut upstream) = begun(stage).await;
        upstream.send(chunk(START)).await;
        client.until("\n\n").await;
        let before = resident();
        let piece = chunk(TEXT.repeat(500));
        let flood = async {
            for _ in 0..1000 {
                upstream.send(&piece).await;
            }
            upstream.send([&*chunk(STOP), b"0\r\n\r\n"].concat()).await;
        };
        let (received, ()) = tokio::join!(client.passes("[DONE]\n\n\r\n0\r\n\r\n"), flood);
        let grown = resident().saturating_sub(before);
        assert!(grown < BOUND, "{grown} bytes of {received}");
    });
}

#[test]
fn a_stream_that_nobody_takes_is_not_read() {
    play(Setting::default(), async |stage| {
        let (client, mut upstream) = begun(stage).await;
        let before = resident();
        let taken = upstream.fill(&chunk(TEXT.repeat(500))).await;
        let grown = resident().saturating_sub(before);
        assert!(grown < BOUND, "{grown} bytes of {taken}");
        drop(client);
        upstream.ended().await;
    });
}

#[test]
fn what_goes_on_after_the_end_is_left() {
    play(Setting::default(), async |stage| {
        let (mut client, mut upstream) = begun(stage).await;
        upstream.send(chunk([START, TEXT, STOP].concat())).await;
        let garbage = async { while upstream.try_send(chunk(TEXT)).await.is_ok() {} };
        let (answer, ()) = tokio::join!(client.message(), within("the gateway leaves", garbage));
        assert_eq!(last(&answer), "[DONE]");
        assert_eq!(answer.text().matches("Hi").count(), 1);
    });
}

#[test]
fn a_client_that_leaves_ends_the_stream_at_its_upstream() {
    let log = play(Setting::default(), async |stage| {
        for resets in [false, true] {
            let (mut client, mut upstream) = begun(stage).await;
            upstream.send(chunk([START, TEXT].concat())).await;
            client.until("Hi").await;
            stage.is_left(client, upstream, resets).await;
        }
    });
    assert_eq!(log.iter().filter(|line| line["aborted"] == "client").count(), 2, "{log:?}");
}

/// Declared or not, and compressed: 64 MiB in 64 KiB.
#[test]
fn a_whole_answer_is_read_up_to_a_bound() {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    let zeros = vec![b' '; 1 << 20];
    for _ in 0..64 {
        encoder.write_all(&zeros).expect("memory");
    }
    let bomb = encoder.finish().expect("memory");
    let piece = chunk(vec![b' '; 1 << 16]);
    let heads = [
        "content-length: 90000000000".to_owned(),
        "transfer-encoding: chunked".to_owned(),
        format!("content-encoding: gzip\r\ncontent-length: {}", bomb.len()),
    ];
    play(Setting::default(), async |stage| {
        for head in &heads {
            let (mut client, mut upstream) = asked(stage, QUESTION).await;
            let before = resident();
            upstream
                .send(format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n{head}\r\n\r\n"))
                .await;
            let flood = async {
                if head.contains("gzip") {
                    let _ = upstream.try_send(&bomb).await;
                    return;
                }
                while upstream.try_send(&piece).await.is_ok() {}
            };
            let (answer, ()) = tokio::join!(client.message(), within("the gateway gives up", flood));
            let grown = resident().saturating_sub(before);
            let message = answer.refuses(502, "server_error", "upstream_answer_too_large");
            assert!(message.contains("33554432"), "{message}");
            assert!(grown < WHOLE_BOUND, "{head}: {grown} bytes");
            drop((client, upstream));
            stage.is_at_rest(head).await;
        }
    });
}

/// A chunk for each byte, of which none is worth more memory than a byte: neither where an answer is read
/// whole nor where a copy of it is kept for statistics.
#[test]
fn crumbs_make_no_heap() {
    play(Setting::default(), async |stage| {
        for (path, passes) in [("/claude", false), ("/chat", true)] {
            let mut client = stage.asks(post(path, QUESTION)).await;
            let mut upstream = stage.upstream().await;
            upstream.message().await;
            let before = resident();
            upstream
                .send(
                    "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n",
                )
                .await;
            let crumbs = b"1\r\n \r\n".repeat(1 << 14);
            let flood = async {
                for _ in 0..64 {
                    upstream.send(&crumbs).await;
                }
                upstream.send("1\r\nx\r\n").await;
            };
            let taken = async {
                if passes {
                    client.passes("x\r\n").await;
                }
            };
            tokio::join!(flood, taken);
            let grown = resident().saturating_sub(before);
            assert!(grown < BOUND, "{path}: {grown} bytes");
            upstream.send("0\r\n\r\n").await;
            if passes {
                client.until("0\r\n\r\n").await;
            } else {
                client.message().await.refuses(502, "server_error", Value::Null);
            }
            drop((client, upstream));
            stage.is_at_rest(path).await;
        }
    });
}

#[test]
fn a_whole_answer_that_is_cut_or_no_answer_is_told() {
    let bodies: [(&str, &[u8]); 8] = [
        ("content-length: 90", b"{\"id\":"),
        ("transfer-encoding: chunked", b"6\r\n{\"id\":\r\n"),
        ("transfer-encoding: chunked", b"zz\r\n"),
        ("content-length: 4", b"null"),
        ("content-length: 2", b"\xff\xff"),
        ("content-length: 0", b""),
        ("content-length: 4\r\ncontent-encoding: gzip", b"\x1f\x8b\x08\x00"),
        ("content-length: 14", b"{\"content\":[]}"),
    ];
    play(Setting::default(), async |stage| {
        for (head, body) in bodies {
            let (mut client, mut upstream) = asked(stage, QUESTION).await;
            let head = format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n{head}\r\n\r\n");
            upstream.send([head.as_bytes(), body].concat()).await;
            drop(upstream);
            let answer = client.message().await;
            assert!([200, 502].contains(&answer.status()) && answer.complete, "{head}{answer:?}");
            let json = answer.json();
            assert!(json["error"]["message"].is_string() || json["choices"].is_array(), "{json}");
            drop(client);
            stage.is_at_rest(&head).await;
        }
    });
}
