//! HTTP/2 clients that cost more than they pay. Frames are written by hand, so that they can be wrong.

use std::time::Duration;

use runtime::limits::Limits;

use crate::stage::{ANSWER, QUESTION, Setting, Stage, ok, play};
use crate::wire::{Wire, within};

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;

const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// A frame, RFC 9113 §4.1.
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("a small frame").to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// Fields without any compression, RFC 7541 §6.2.2.
fn block(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in fields {
        block.push(0);
        for text in [name, value] {
            block.extend(integer(text.len()));
            block.extend_from_slice(text.as_bytes());
        }
    }
    block
}

/// An integer after a prefix of seven bits, RFC 7541 §5.1.
fn integer(mut value: usize) -> Vec<u8> {
    if value < 127 {
        return vec![value as u8];
    }
    let mut bytes = vec![127];
    value -= 127;
    while value >= 128 {
        bytes.push((value % 128) as u8 | 128);
        value /= 128;
    }
    bytes.push(value as u8);
    bytes
}

fn request(path: &str) -> Vec<u8> {
    block(&[
        (":method", "POST"),
        (":scheme", "http"),
        (":authority", "a"),
        (":path", path),
        ("content-type", "application/json"),
    ])
}

/// A connection on which both sides have said hello.
async fn connected(stage: &Stage) -> Wire {
    let mut client = stage.asks(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
    client.send(frame(SETTINGS, 0, 0, &[])).await;
    client
}

/// The next frame but those that every connection has: its kind, flags, stream and payload.
async fn next(client: &mut Wire) -> Option<(u8, u8, u32, Vec<u8>)> {
    loop {
        let head = client.take(9).await?;
        let number = |bytes: &[u8]| bytes.iter().fold(0, |number, byte| number << 8 | u32::from(*byte));
        let payload = client.take(number(&head[..3]) as usize).await?;
        let (kind, flags, stream) = (head[3], head[4], number(&head[5..]));
        match kind {
            SETTINGS if flags & 1 == 0 => client.try_send(frame(SETTINGS, 1, 0, &[])).await.ok()?,
            PING if flags & 1 == 0 => client.try_send(frame(PING, 1, 0, &payload)).await.ok()?,
            SETTINGS | PING | WINDOW_UPDATE => {}
            _ => return Some((kind, flags, stream, payload)),
        }
    }
}

/// Reads until the gateway ends the connection.
async fn is_dismissed(mut client: Wire) {
    within("the connection ends", async { while next(&mut client).await.is_some() {} }).await;
}

#[test]
fn a_stream_is_answered() {
    play(Setting::default(), async |stage| {
        let mut client = connected(stage).await;
        client.send(frame(HEADERS, END_HEADERS, 1, &request("/chat"))).await;
        client.send(frame(DATA, END_STREAM, 1, QUESTION.as_bytes())).await;
        let mut upstream = stage.upstream().await;
        assert_eq!(upstream.message().await.text(), QUESTION);
        upstream.send(ok("application/json", ANSWER)).await;
        let (kind, _, stream, _) = next(&mut client).await.expect("a head");
        assert_eq!((kind, stream), (HEADERS, 1));
        let (kind, _, _, payload) = next(&mut client).await.expect("a body");
        assert_eq!((kind, &*payload), (DATA, ANSWER.as_bytes()));
    });
}

/// CVE-2023-44487: each stream is begun and at once given up.
#[test]
fn rapid_resets_end_the_connection() {
    play(Setting::default(), async |stage| {
        let mut client = connected(stage).await;
        for stream in (1..100_000).step_by(2) {
            let mut frames = frame(HEADERS, END_HEADERS | END_STREAM, stream, &request("/nowhere"));
            frames.extend(frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes()));
            if client.try_send(frames).await.is_err() {
                break;
            }
        }
        is_dismissed(client).await;
        stage.is_at_rest("after rapid resets").await;
    });
}

#[test]
fn resets_of_requests_under_way_cancel_them() {
    play(Setting::default(), async |stage| {
        let mut client = connected(stage).await;
        for stream in (1..20).step_by(2) {
            client.send(frame(HEADERS, END_HEADERS, stream, &request("/chat"))).await;
            client.send(frame(DATA, END_STREAM, stream, QUESTION.as_bytes())).await;
            let mut upstream = stage.upstream().await;
            upstream.message().await;
            client.send(frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes())).await;
            upstream.ended().await;
            stage.has_in_flight(0).await;
        }
    });
}

#[test]
fn more_streams_than_allowed_are_refused_one_by_one() {
    play(Setting::default(), async |stage| {
        let mut client = connected(stage).await;
        let streams: Vec<u32> = (1..301).step_by(2).collect();
        let frames =
            streams.iter().flat_map(|stream| frame(HEADERS, END_HEADERS, *stream, &request("/chat")));
        client.send(frames.collect::<Vec<u8>>()).await;
        let mut refused = 0;
        while refused < 50 {
            match next(&mut client).await {
                Some((RST_STREAM, _, _, code)) => {
                    assert_eq!(code, 7_u32.to_be_bytes(), "REFUSED_STREAM");
                    refused += 1;
                }
                Some((GOAWAY, ..)) | None => break,
                Some(other) => panic!("{other:?}"),
            }
        }
        drop(client);
        stage.is_at_rest("after many streams").await;
    });
}

/// CVE-2024-27316 and its kin: a head that never ends.
#[test]
fn a_flood_of_continuations_ends_the_connection() {
    play(Setting::default(), async |stage| {
        let mut client = connected(stage).await;
        client.send(frame(HEADERS, 0, 1, &request("/chat"))).await;
        let piece = frame(CONTINUATION, 0, 1, &block(&[("x-a", &"b".repeat(10_000))]));
        let flood = async { while client.try_send(&piece).await.is_ok() {} };
        within("the gateway gives up", flood).await;
        drop(client);
        // Empty ones cost the gateway no memory, only time.
        let mut client = connected(stage).await;
        client.send(frame(HEADERS, 0, 1, &request("/chat"))).await;
        let empty = frame(CONTINUATION, 0, 1, &[]).repeat(1000);
        let flood = async { while client.try_send(&empty).await.is_ok() {} };
        within("the gateway gives up", flood).await;
    });
}

/// A large field is put into the table once, and then named again and again by one byte.
#[test]
fn a_bomb_of_header_fields_is_refused() {
    play(Setting::default(), async |stage| {
        let mut client = connected(stage).await;
        let mut bomb = request("/chat");
        // Literal with incremental indexing, new name, RFC 7541 §6.2.1; then index 62, the newest.
        bomb.extend([0x40, 1, b'x']);
        bomb.extend(integer(4000));
        bomb.extend(vec![b'y'; 4000]);
        bomb.extend(vec![0x80 | 62; 10_000]);
        client.send(frame(HEADERS, END_HEADERS | END_STREAM, 1, &bomb)).await;
        match next(&mut client).await {
            // 431, or the end of the stream or of the connection.
            Some((HEADERS, _, 1, block)) => assert!(block.windows(3).any(|text| text == b"431"), "{block:?}"),
            Some((RST_STREAM | GOAWAY, ..)) | None => {}
            Some(other) => panic!("{other:?}"),
        }
        drop(client);
        stage.is_at_rest("after a bomb").await;
    });
}

#[test]
fn frames_that_are_wrong_end_the_connection() {
    let head = request("/chat");
    let connection_specific = block(&[
        (":method", "POST"),
        (":scheme", "http"),
        (":authority", "a"),
        (":path", "/chat"),
        ("connection", "close"),
    ]);
    let wrong: Vec<(&str, Vec<u8>)> = vec![
        ("data for no stream", frame(DATA, 0, 1, b"x")),
        ("an even stream", frame(HEADERS, END_HEADERS, 2, &head)),
        ("a head on stream 0", frame(HEADERS, END_HEADERS, 0, &head)),
        ("a continuation of nothing", frame(CONTINUATION, END_HEADERS, 1, &head)),
        ("a head that is no HPACK", frame(HEADERS, END_HEADERS, 1, &[0xff; 50])),
        ("a window beyond all bounds", frame(WINDOW_UPDATE, 0, 0, &0x7fff_ffff_u32.to_be_bytes())),
        ("settings of a wrong size", frame(SETTINGS, 0, 0, &[0; 5])),
        ("a ping of a wrong size", frame(PING, 0, 0, &[0; 3])),
        ("a frame larger than agreed", frame(DATA, 0, 1, &vec![0; 1 << 20])),
        ("HTTP/1.1", b"GET / HTTP/1.1\r\nhost: a\r\n\r\n".to_vec()),
    ];
    play(Setting::default(), async |stage| {
        for (what, bytes) in &wrong {
            println!("{what}");
            let mut client = connected(stage).await;
            // The gateway may have seen enough before it has seen all.
            let _ = client.try_send(bytes).await;
            is_dismissed(client).await;
            stage.still_works().await;
        }
        // A stream alone is at fault: RFC 9113 §8.2.2.
        let mut client = connected(stage).await;
        client.send(frame(HEADERS, END_HEADERS | END_STREAM, 1, &connection_specific)).await;
        let answer = next(&mut client).await;
        assert!(matches!(answer, Some((RST_STREAM | GOAWAY, ..))), "{answer:?}");
    });
}

/// The window stays shut while the connection looks alive.
#[test]
fn a_stream_whose_client_takes_nothing_is_cut() {
    let moment = Duration::from_millis(100);
    let limits = Limits { write_idle_time: moment, ..Setting::default().limits };
    play(Setting { limits, ..Setting::default() }, async |stage| {
        let mut client = connected(stage).await;
        client.send(frame(HEADERS, END_HEADERS | END_STREAM, 1, &request("/files/a"))).await;
        let mut upstream = stage.upstream().await;
        upstream.message().await;
        upstream
            .send("HTTP/1.1 200 OK\r\ncontent-type: audio/mpeg\r\ncontent-length: 1000000000000\r\n\r\n")
            .await;
        let piece = vec![b'x'; 1 << 20];
        let flood = async { while upstream.try_send(&piece).await.is_ok() {} };
        within("the gateway gives up", flood).await;
    });
}

#[test]
fn a_connection_without_requests_ends() {
    let moment = Duration::from_millis(100);
    let limits = Limits { head_time: moment, keep_alive_time: moment, ..Setting::default().limits };
    play(Setting { limits, ..Setting::default() }, async |stage| {
        // Nothing, settings only, and a head that never ends.
        let client = stage.asks(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
        is_dismissed(client).await;
        let client = connected(stage).await;
        is_dismissed(client).await;
        let mut client = connected(stage).await;
        client.send(frame(HEADERS, 0, 1, &request("/chat"))).await;
        is_dismissed(client).await;
    });
}

#[test]
fn a_connection_that_breaks_cancels_all_its_streams() {
    play(Setting::default(), async |stage| {
        for resets in [false, true] {
            let mut client = connected(stage).await;
            let mut upstreams = Vec::new();
            for stream in (1..20).step_by(2) {
                client.send(frame(HEADERS, END_HEADERS, stream, &request("/chat"))).await;
                client.send(frame(DATA, END_STREAM, stream, QUESTION.as_bytes())).await;
                let mut upstream = stage.upstream().await;
                upstream.message().await;
                upstreams.push(upstream);
            }
            if resets {
                client.reset();
            } else {
                drop(client);
            }
            for mut upstream in upstreams {
                upstream.ended().await;
            }
            stage.is_at_rest("after the connection broke").await;
        }
    });
}

#[test]
fn heads_that_are_wrong_are_refused() {
    let pseudo = |path: &'static str, authority: &'static str| {
        vec![(":method", "POST"), (":scheme", "http"), (":authority", authority), (":path", path)]
    };
    let with = |name: &'static str, value: &'static str| [pseudo("/chat", "a"), vec![(name, value)]].concat();
    let heads = [
        pseudo("chat", "a"),
        pseudo("", "a"),
        pseudo("*", "a"),
        pseudo("/ch at", "a"),
        pseudo("/chat\r\ninjected: x", "a"),
        pseudo("/chat HTTP/1.1\r\n\r\n", "a"),
        pseudo("/chat\0", "a"),
        pseudo("/chat", "user@a"),
        pseudo("/chat", "a b"),
        pseudo("/chat", "a\r\nb"),
        with(":path", "/files/a"),
        with(":unknown", "x"),
        with("host", "b"),
        with("Content-Type", "application/json"),
        with("x-a", "b\r\ninjected: x"),
        with("x-a", "b\0"),
        with("x a", "b"),
        with("", "b"),
        with("transfer-encoding", "chunked"),
        with("connection", "keep-alive"),
        with("upgrade", "h2c"),
        with("te", "gzip"),
        with("content-length", "5"),
        with("content-length", "x"),
        vec![(":method", "POST"), (":path", "/chat"), (":authority", "a")],
        vec![("x-a", "b"), (":method", "POST"), (":scheme", "http"), (":path", "/chat"), (":authority", "a")],
        vec![(":method", "CONNECT"), (":authority", "evil.test:443")],
        vec![(":method", "PO ST"), (":scheme", "http"), (":path", "/chat"), (":authority", "a")],
    ];
    play(Setting::default(), async |stage| {
        for head in &heads {
            println!("{head:?}");
            let mut client = connected(stage).await;
            client.send(frame(HEADERS, END_HEADERS | END_STREAM, 1, &block(head))).await;
            match next(&mut client).await {
                // 400 is entry 12 of the static table; what it lacks comes by the name of entry 8.
                Some((HEADERS, _, 1, block)) => {
                    let refused = [0x80 | 12, 0x40 | 8].contains(&block[0]);
                    assert!(refused, "{head:?}: {block:?}");
                }
                Some((RST_STREAM | GOAWAY, ..)) | None => {}
                Some(other) => panic!("{head:?}: {other:?}"),
            }
            drop(client);
            stage.still_works().await;
        }
    });
}

/// Each is answered, and the client takes no answer.
#[test]
fn floods_that_ask_for_answers_are_not_read_on() {
    play(Setting::default(), async |stage| {
        for piece in [frame(PING, 0, 0, &[7; 8]), frame(SETTINGS, 0, 0, &[0, 3, 0, 0, 0, 100])] {
            let mut client = connected(stage).await;
            client.fill(&piece.repeat(1000)).await;
            drop(client);
            stage.is_at_rest("after a flood").await;
        }
    });
}
