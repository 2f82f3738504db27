//! Upstreams that fail at every step of a whole answer.

use flate2::{Compression, write::GzEncoder};
use std::io::Write as _;

use crate::stage::{ANSWER, QUESTION, SECRET, Setting, ok, play, post};
use crate::wire::within;

/// A setting whose upstreams may be silent for a moment only.
fn impatient() -> Setting {
    Setting { read_timeout: 100, ..Setting::default() }
}

#[test]
fn an_upstream_that_refuses_is_told() {
    play(Setting::default(), async |stage| {
        stage.close_upstream().await;
        for _ in 0..2 {
            let answer = stage.asks(post("/chat", QUESTION)).await.message().await;
            let message = answer.refuses(502, "server_error", "upstream_unreachable");
            assert!(message.contains("127.0.0.1"), "{message}");
        }
    });
}

#[test]
fn an_upstream_that_breaks_off_before_a_whole_head_is_told() {
    let log = play(Setting::default(), async |stage| {
        for sent in [
            "",
            "H",
            "HTTP/1.1 200 OK\r\n",
            "HTTP/1.1 200 OK\r\ncontent-type: appl",
            "HTTP/1.1 100 Continue\r\n\r\n",
        ] {
            for (reads, resets) in [(false, false), (false, true), (true, false), (true, true)] {
                let mut client = stage.asks(post("/chat", QUESTION)).await;
                let mut upstream = stage.upstream().await;
                if reads {
                    upstream.message().await;
                }
                upstream.send(sent).await;
                if resets {
                    upstream.reset();
                } else {
                    drop(upstream);
                }
                let answer = client.message().await;
                // A connection that is reset at once may never have looked like one.
                let unmade = !reads && answer.json()["error"]["code"] == "upstream_unreachable";
                let code = if unmade { "upstream_unreachable" } else { "upstream_disconnected" };
                answer.refuses(502, "server_error", code);
                drop(client);
                stage.is_at_rest(sent).await;
            }
        }
    });
    assert_eq!(log.iter().filter(|line| line["response"]["status"] == 502).count(), 20);
}

#[test]
fn an_upstream_that_says_nothing_is_given_up() {
    play(impatient(), async |stage| {
        for sent in ["", "HTTP/1.1 200 OK\r\ncontent-", "HTTP/1.1 102 Processing\r\n\r\n"] {
            let mut client = stage.asks(post("/chat", QUESTION)).await;
            let mut upstream = stage.upstream().await;
            upstream.message().await;
            upstream.send(sent).await;
            client.message().await.refuses(504, "timeout_error", "upstream_timeout");
            upstream.ended().await;
        }
    });
}

#[test]
fn an_upstream_that_trickles_interim_answers_forever_is_given_up() {
    play(impatient(), async |stage| {
        let mut client = stage.asks(post("/chat", QUESTION)).await;
        let mut upstream = stage.upstream().await;
        upstream.message().await;
        let flood = async {
            while upstream.try_send("HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n").await.is_ok() {}
        };
        let (answer, ()) = tokio::join!(client.message(), within("the gateway gives up", flood));
        answer.refuses(504, "timeout_error", "upstream_timeout");
    });
}

#[test]
fn interim_answers_and_trickled_bytes_lead_to_the_answer() {
    play(Setting::default(), async |stage| {
        let mut client = stage.asks(post("/chat", QUESTION)).await;
        let mut upstream = stage.upstream().await;
        upstream.message().await;
        upstream.send("HTTP/1.1 100 Continue\r\n\r\n".repeat(50)).await;
        for byte in ok("application/json", ANSWER).bytes() {
            upstream.send([byte]).await;
        }
        let answer = client.message().await;
        assert_eq!((answer.status(), answer.text(), answer.complete), (200, ANSWER, true));
    });
}

#[test]
fn what_is_no_answer_is_told() {
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "x-a: b\r\n".repeat(1000));
    let large = format!("HTTP/1.1 200 OK\r\nx-a: {}\r\n\r\n", "b".repeat(1 << 20));
    let endless_line = "x".repeat(1 << 20);
    let bytes: &[&[u8]] = &[
        b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01",
        b"\0\0\0\0\0\0\0\0\r\n\r\n",
        b"HTTP/9.9 200 OK\r\n\r\n",
        b"HTTP/1.1 9999 OK\r\n\r\n",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1 000 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nx-a: b\0c\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nx-a: b\rc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 5, 6\r\n\r\nhello",
        b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
        b"<html>400 Bad Request</html>\r\n\r\n",
        many.as_bytes(),
        large.as_bytes(),
        endless_line.as_bytes(),
    ];
    play(Setting::default(), async |stage| {
        for bytes in bytes {
            let mut client = stage.asks(post("/chat", QUESTION)).await;
            let mut upstream = stage.upstream().await;
            upstream.message().await;
            // The gateway may have seen enough before it has seen all.
            let _ = upstream.try_send(bytes).await;
            let answer = client.message().await;
            answer.refuses(502, "server_error", "upstream_invalid_response");
            assert!(!answer.text().contains(SECRET));
            upstream.ended().await;
            drop((client, upstream));
            stage.still_works().await;
        }
    });
}

#[test]
fn an_answer_that_is_cut_never_looks_whole() {
    let chunked = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
    let sized = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 300\r\n\r\n";
    let cut: Vec<String> = [
        sized.to_owned(),
        format!("{sized}{{\"id\":"),
        chunked.to_owned(),
        format!("{chunked}6\r\n{{\"id\""),
        format!("{chunked}6\r\n{{\"id\":\r\n"),
        format!("{chunked}6\r\n{{\"id\":\r\n0\r\n"),
        format!("{chunked}zz\r\n{{\"id\":"),
        format!("{chunked}6\r\n{{\"id\":xx"),
        format!("{chunked}ffffffffffffffffff\r\n{{"),
        format!("{chunked}6;{}\r\n", "x".repeat(1 << 20)),
    ]
    .into();
    for path in ["/chat", "/files/a"] {
        play(Setting::default(), async |stage| {
            for sent in &cut {
                for resets in [false, true] {
                    let mut client = stage.asks(post(path, QUESTION)).await;
                    let mut upstream = stage.upstream().await;
                    upstream.message().await;
                    let _ = upstream.try_send(sent).await;
                    if resets {
                        upstream.reset();
                    } else {
                        drop(upstream);
                    }
                    if let Some(answer) = client.try_message().await {
                        assert!(!answer.complete || answer.status() == 502, "{sent:.200}: {answer:?}");
                    }
                    client.ended().await;
                    drop(client);
                    stage.is_at_rest(sent.get(..100).unwrap_or(sent)).await;
                }
            }
        });
    }
}

#[test]
fn an_answer_that_stalls_is_cut() {
    play(impatient(), async |stage| {
        for path in ["/chat", "/files/a"] {
            let mut client = stage.asks(post(path, QUESTION)).await;
            let mut upstream = stage.upstream().await;
            upstream.message().await;
            upstream
                .send("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{")
                .await;
            if let Some(answer) = client.try_message().await {
                assert!(!answer.complete || answer.status() == 504, "{answer:?}");
            }
            upstream.ended().await;
        }
    });
}

/// Response splitting: bytes beyond an answer's length must not become the next client's answer.
#[test]
fn bytes_after_an_answer_answer_nobody() {
    let stolen = ok("application/json", "{\"stolen\":true}");
    play(Setting::default(), async |stage| {
        for path in ["/chat", "/files/a"] {
            let mut client = stage.asks(post(path, QUESTION)).await;
            let mut upstream = stage.upstream().await;
            upstream.message().await;
            upstream.send(ok("application/json", ANSWER) + &stolen).await;
            assert_eq!(client.message().await.text(), ANSWER);
            client.send(post(path, QUESTION)).await;
            let mut second = stage.upstream().await;
            second.message().await;
            second.send(ok("application/json", ANSWER)).await;
            assert_eq!(client.message().await.text(), ANSWER);
        }
    });
}

#[test]
fn an_answer_without_a_length_ends_with_its_connection() {
    play(Setting::default(), async |stage| {
        for version in ["1.0", "1.1"] {
            let mut client = stage.asks(post("/chat", QUESTION)).await;
            let mut upstream = stage.upstream().await;
            upstream.message().await;
            upstream
                .send(format!("HTTP/{version} 200 OK\r\ncontent-type: application/json\r\n\r\n{ANSWER}"))
                .await;
            drop(upstream);
            let answer = client.message().await;
            assert_eq!((answer.status(), answer.text(), answer.complete), (200, ANSWER, true));
        }
    });
}

#[test]
fn an_error_becomes_an_error_object_whatever_its_body() {
    let gzip = |bytes: &[u8]| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).expect("memory");
        encoder.finish().expect("memory")
    };
    let bodies: Vec<(&str, &str, Vec<u8>)> = vec![
        ("text/html", "", b"<html><h1>Bad Gateway</h1></html>".to_vec()),
        ("application/json", "", b"{\"error\":".to_vec()),
        ("application/json", "", b"[[[[[[[[[[".repeat(10_000)),
        ("application/json", "", b"\xff\xfe\0".to_vec()),
        (
            "application/json",
            "gzip",
            gzip(br#"{"error":{"message":"m","type":"t","code":null,"param":null}}"#),
        ),
        ("application/json", "gzip", b"not gzip at all".to_vec()),
        ("application/json", "gzip", gzip(&vec![b' '; 64 << 20])),
        ("application/json", "br", b"\x0b\x02\x80{}".to_vec()),
        ("", "", Vec::new()),
        ("text/event-stream", "", b"data: {}\n\n".to_vec()),
    ];
    play(Setting::default(), async |stage| {
        for status in [400, 429, 500, 599] {
            for (content_type, encoding, body) in &bodies {
                let mut client = stage.asks(post("/chat", QUESTION)).await;
                let mut upstream = stage.upstream().await;
                upstream.message().await;
                let mut head = format!("HTTP/1.1 {status} No\r\ncontent-length: {}\r\n", body.len());
                for (name, value) in [("content-type", content_type), ("content-encoding", encoding)] {
                    if !value.is_empty() {
                        head += &format!("{name}: {value}\r\n");
                    }
                }
                upstream.send(head + "\r\n").await;
                // The gateway may not want to see all of it.
                let _ = upstream.try_send(body).await;
                let answer = client.message().await;
                assert_eq!((answer.status(), answer.complete), (status, true), "{answer:?}");
                assert!(answer.json()["error"]["message"].is_string(), "{answer:?}");
                assert_eq!(answer.header("content-encoding"), None);
                drop((client, upstream));
                // Else the next question may go to this connection, which the pool still takes for open.
                stage.is_at_rest("after an error").await;
            }
        }
    });
}

#[test]
fn an_error_without_end_ends() {
    play(Setting::default(), async |stage| {
        for framing in ["transfer-encoding: chunked\r\n", "content-length: 1000000000000\r\n", ""] {
            let mut client = stage.asks(post("/chat", QUESTION)).await;
            let mut upstream = stage.upstream().await;
            upstream.message().await;
            upstream
                .send(format!("HTTP/1.1 500 No\r\ncontent-type: application/json\r\n{framing}\r\n"))
                .await;
            let piece = "10000\r\n".to_owned() + &"x".repeat(1 << 16) + "\r\n";
            let flood = async { while upstream.try_send(&piece).await.is_ok() {} };
            let (answer, ()) = tokio::join!(client.message(), within("the gateway gives up", flood));
            assert_eq!((answer.status(), answer.complete), (500, true));
            assert!(answer.json()["error"]["message"].is_string(), "{answer:?}");
        }
    });
}

#[test]
fn an_answer_that_comes_before_the_question_is_over_is_passed_on() {
    play(Setting::default(), async |stage| {
        let head =
            "POST /files/a HTTP/1.1\r\nhost: a\r\ncontent-type: audio/wav\r\ncontent-length: 1000000\r\n\r\n";
        for closes in [false, true] {
            let mut client = stage.asks(head).await;
            let mut upstream = stage.upstream().await;
            upstream.until("\r\n\r\n").await;
            client.send(vec![b'x'; 1000]).await;
            upstream.send(ok("application/json", ANSWER)).await;
            let held = if closes {
                drop(upstream);
                None
            } else {
                Some(upstream)
            };
            let answer = client.message().await;
            assert_eq!((answer.status(), answer.text(), answer.complete), (200, ANSWER, true));
            drop((client, held));
            stage.is_at_rest("after an early answer").await;
        }
    });
}

/// The client's body goes out while nobody at the other end reads it.
#[test]
fn an_upstream_that_takes_nothing_is_given_up() {
    play(Setting { write_timeout: 100, ..Setting::default() }, async |stage| {
        let head = "POST /files/a HTTP/1.1\r\nhost: a\r\ncontent-type: audio/wav\r\ncontent-length: 1000000000\r\n\r\n";
        let mut client = stage.asks(head).await;
        let upstream = stage.upstream().await;
        client.repeat(&[b'x'; 1 << 16]).await;
        client.message().await.refuses(504, "timeout_error", "upstream_timeout");
        drop(upstream);
    });
}

#[test]
fn an_upstream_that_accepts_no_connection_is_given_up() {
    play(Setting { connect_timeout: 100, ..Setting::default() }, async |stage| {
        let _waiting = stage.crowd_upstream().await;
        let mut client = stage.asks(post("/chat", QUESTION)).await;
        client.message().await.refuses(504, "timeout_error", "upstream_timeout");
    });
}

#[test]
fn a_handshake_that_fails_is_told() {
    let alert = [21, 3, 3, 0, 2, 2, 40];
    let begun = [22, 3, 3, 0, 100, 2];
    let broken = [22, 3, 3, 0xff, 0xff];
    let plain = ok("application/json", ANSWER);
    play(Setting { connect_timeout: 1000, ..Setting::default() }, async |stage| {
        for (sent, status, code) in [
            (&alert[..], 502, "upstream_unreachable"),
            (&broken, 502, "upstream_unreachable"),
            (&begun, 504, "upstream_timeout"),
            (plain.as_bytes(), 502, "upstream_unreachable"),
            (b"", 504, "upstream_timeout"),
        ] {
            let mut client = stage.asks(post("/encrypted/chat", QUESTION)).await;
            let mut upstream = stage.upstream().await;
            upstream.send(sent).await;
            let kind = if status == 504 { "timeout_error" } else { "server_error" };
            client.message().await.refuses(status, kind, code);
            upstream.ended().await;
        }
        let mut client = stage.asks(post("/encrypted/chat", QUESTION)).await;
        drop(stage.upstream().await);
        client.message().await.refuses(502, "server_error", "upstream_unreachable");
    });
}
