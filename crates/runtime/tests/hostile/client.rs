//! Clients that are slow, large, or gone.

use std::time::Duration;

use runtime::limits::Limits;

use crate::stage::{ANSWER, QUESTION, SECRET, Setting, ok, play, post};
use crate::wire::{End, within};

const MOMENT: Duration = Duration::from_millis(100);

fn limited(change: impl FnOnce(&mut Limits)) -> Setting {
    let mut setting = Setting::default();
    change(&mut setting.limits);
    setting
}

#[test]
fn a_client_that_leaves_leaves_nothing() {
    let request = post("/chat", QUESTION);
    let head = request.find("\r\n\r\n").expect("a head") + 4;
    play(Setting::default(), async |stage| {
        for sent in [0, 1, 20, head - 2, head, head + 10] {
            for resets in [false, true] {
                let client = stage.asks(&request[..sent]).await;
                if resets {
                    client.reset();
                } else {
                    drop(client);
                }
                stage.still_works().await;
            }
        }
    });
}

#[test]
fn a_client_that_leaves_while_it_waits_cancels_its_request() {
    let log = play(Setting::default(), async |stage| {
        for resets in [false, true] {
            let client = stage.asks(post("/chat", QUESTION)).await;
            let mut upstream = stage.upstream().await;
            upstream.message().await;
            stage.has_in_flight(1).await;
            if resets {
                client.reset();
            } else {
                drop(client);
            }
            upstream.ended().await;
            drop(upstream);
            stage.is_at_rest("after the client left").await;
        }
    });
    assert_eq!(log.iter().filter(|line| line["response"]["status"] == 499).count(), 2, "{log:?}");
}

#[test]
fn a_client_that_leaves_in_the_middle_of_an_answer_cancels_it() {
    play(Setting::default(), async |stage| {
        let mut client = stage.asks(post("/files/a", "{}")).await;
        let mut upstream = stage.upstream().await;
        upstream.message().await;
        upstream.send("HTTP/1.1 200 OK\r\ncontent-type: audio/mpeg\r\ncontent-length: 1000\r\n\r\nabc").await;
        client.until("abc").await;
        client.reset();
        upstream.ended().await;
    });
}

#[test]
fn a_client_that_leaves_in_the_middle_of_an_upload_cancels_it() {
    let head =
        "POST /files/a HTTP/1.1\r\nhost: a\r\ncontent-type: audio/wav\r\ncontent-length: 1000\r\n\r\nabc";
    play(Setting::default(), async |stage| {
        for resets in [false, true] {
            let client = stage.asks(head).await;
            let mut upstream = stage.upstream().await;
            upstream.until("abc").await;
            if resets {
                client.reset();
            } else {
                drop(client);
            }
            upstream.ended().await;
        }
    });
}

#[test]
fn a_slow_head_is_cut() {
    play(limited(|limits| limits.head_time = MOMENT), async |stage| {
        for sent in ["", "P", "POST /chat HTTP/1.1\r\nhost", "PRI * HTTP/2.0\r\n", "\r\n\r\n\r\n"] {
            let mut client = stage.asks(sent).await;
            let answer = client.try_message().await;
            assert!(answer.is_none_or(|answer| answer.status() == 408), "{sent}");
            drop(client);
            stage.is_at_rest(sent).await;
        }
        // Byte by byte it is no faster.
        let mut client = stage.client().await;
        client.repeat(b"x").await;
    });
}

#[test]
fn a_slow_body_is_cut() {
    play(limited(|limits| limits.body_idle_time = MOMENT), async |stage| {
        let length = "content-type: application/json\r\ncontent-length: 50\r\n\r\n";
        for body in ["", "{\"model\":"] {
            let mut client = stage.asks(format!("POST /chat HTTP/1.1\r\nhost: a\r\n{length}{body}")).await;
            let answer = client.message().await;
            answer.refuses(408, "timeout_error", "request_timeout");
            assert_eq!(answer.header("connection"), Some("close"));
            drop(client);
            stage.still_works().await;
        }
        let mut client = stage.asks("POST /files/a HTTP/1.1\r\nhost: a\r\ncontent-type: audio/wav\r\ncontent-length: 50\r\n\r\nabc").await;
        let mut upstream = stage.upstream().await;
        upstream.until("abc").await;
        upstream.ended().await;
        client.message().await.refuses(408, "timeout_error", "request_timeout");
    });
}

#[test]
fn a_body_that_takes_too_long_as_a_whole_is_cut() {
    play(limited(|limits| limits.body_time = MOMENT), async |stage| {
        let head = "POST /chat HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 1000000\r\n\r\n";
        let mut client = stage.asks(head).await;
        client.repeat(b" ").await;
        client.message().await.refuses(408, "timeout_error", "request_timeout");
    });
}

#[test]
fn an_upload_that_trickles_is_cut() {
    play(limited(|limits| limits.body_time = Duration::from_millis(1)), async |stage| {
        let head =
            "POST /files/a HTTP/1.1\r\nhost: a\r\ncontent-type: audio/wav\r\ncontent-length: 1024\r\n\r\n";
        let mut client = stage.asks(head).await;
        let mut upstream = stage.upstream().await;
        upstream.until("\r\n\r\n").await;
        // Each byte is sent when the one before has arrived; a thousand of them earn no time of their own.
        let mut bytes = 0;
        while client.try_send("x").await.is_ok() && upstream.take(1).await.is_some() {
            bytes += 1;
        }
        assert!(bytes < 1024, "{bytes}");
        client.message().await.refuses(408, "timeout_error", "request_timeout");
    });
}

#[test]
fn a_client_that_takes_nothing_is_cut() {
    play(limited(|limits| limits.write_idle_time = MOMENT), async |stage| {
        let client = stage.asks(post("/files/a", "{}")).await;
        let mut upstream = stage.upstream().await;
        upstream.message().await;
        upstream
            .send("HTTP/1.1 200 OK\r\ncontent-type: audio/mpeg\r\ncontent-length: 1000000000000\r\n\r\n")
            .await;
        let piece = vec![b'x'; 1 << 20];
        let flood = async { while upstream.try_send(&piece).await.is_ok() {} };
        within("the gateway gives up", flood).await;
        drop(upstream);
        drop(client);
    });
}

#[test]
fn a_large_head_is_refused() {
    let heads = [
        (431, format!("POST /chat HTTP/1.1\r\nhost: a\r\nx-a: {}\r\n\r\n", "b".repeat(70_000))),
        (431, format!("POST /chat HTTP/1.1\r\nhost: a\r\n{}\r\n", "x-a: b\r\n".repeat(200))),
        (431, format!("POST /chat?{} HTTP/1.1\r\nhost: a\r\n\r\n", "x".repeat(80_000))),
        (
            431,
            format!(
                "POST /chat HTTP/1.1\r\nhost: a\r\n{}\r\n",
                format!("x-a: {}\r\n", "b".repeat(1000)).repeat(90)
            ),
        ),
    ];
    play(Setting::default(), async |stage| {
        for (status, head) in &heads {
            let mut client = stage.client().await;
            // The gateway may have seen enough before it has seen all.
            let _ = client.try_send(head).await;
            let answer = client.try_message().await;
            assert!(
                answer.as_ref().is_none_or(|answer| [*status, 414].contains(&answer.status())),
                "{answer:?}"
            );
            drop(client);
            stage.still_works().await;
        }
    });
}

#[test]
fn a_large_body_is_refused_with_both_sizes() {
    play(Setting { max_request_body_size: 1000, ..Setting::default() }, async |stage| {
        let declared = "POST /chat HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 5000000000\r\n\r\n";
        let chunked = "POST /chat HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
        for (head, size) in [
            (declared.to_owned(), "5000000000"),
            (format!("{chunked}7d0\r\n{}\r\n", " ".repeat(2000)), "at least"),
        ] {
            let mut client = stage.asks(head).await;
            let answer = client.message().await;
            let message = answer.refuses(413, "invalid_request_error", "request_too_large");
            assert!(message.contains(size) && message.contains("1000"), "{message}");
            drop(client);
            stage.still_works().await;
        }
    });
}

#[test]
fn a_client_that_writes_before_it_reads_gets_its_refusal() {
    play(Setting { max_request_body_size: 1000, ..Setting::default() }, async |stage| {
        let head = "POST /chat HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 4000000\r\n\r\n";
        let mut client = stage.asks(head).await;
        client.send(vec![b' '; 4_000_000]).await;
        client.message().await.refuses(413, "invalid_request_error", "request_too_large");
    });
}

#[test]
fn more_than_there_is_room_for_is_told_to_come_again() {
    play(limited(|limits| (limits.in_flight, limits.connections) = (2, 4)), async |stage| {
        let mut waiting = Vec::new();
        for _ in 0..2 {
            let client = stage.asks(post("/chat", QUESTION)).await;
            let mut upstream = stage.upstream().await;
            upstream.message().await;
            waiting.push((client, upstream));
        }
        let mut refused = Vec::new();
        for _ in 0..4 {
            let mut client = stage.asks(post("/chat", QUESTION)).await;
            let answer = client.message().await;
            answer.refuses(503, "overloaded_error", "overloaded");
            assert_eq!(answer.header("retry-after"), Some("1"));
            refused.push(client);
        }
        drop(refused);
        for (mut client, mut upstream) in waiting {
            upstream.send(ok("application/json", ANSWER)).await;
            assert_eq!(client.message().await.status(), 200);
        }
    });
}

#[test]
fn an_answer_shows_no_secret() {
    play(Setting::default(), async |stage| {
        let mut client = stage.asks(post("/chat", QUESTION)).await;
        let mut upstream = stage.upstream().await;
        upstream.message().await;
        // As OpenAI does, with a key that it refuses.
        let body = format!(
            "{{\"error\":{{\"message\":\"Incorrect API key provided: {SECRET}.\",\"type\":\"invalid_request_error\",\"code\":\"invalid_api_key\",\"param\":null}}}}"
        );
        upstream.send(format!("HTTP/1.1 401 Unauthorized\r\ncontent-type: application/json\r\nset-cookie: a=b\r\nauthorization: Bearer {SECRET}\r\ncontent-length: {}\r\n\r\n{body}", body.len())).await;
        let answer = client.message().await;
        assert_eq!(answer.status(), 401);
        assert!(!answer.head.contains(SECRET) && !answer.text().contains(SECRET), "{answer:?}");
        assert_eq!(answer.header("set-cookie"), None);
    });
}

#[test]
fn an_idle_connection_ends() {
    play(limited(|limits| limits.keep_alive_time = MOMENT), async |stage| {
        let mut client = stage.asks(post("/nowhere", "{}")).await;
        assert_eq!(client.message().await.status(), 404);
        assert_eq!(client.ended().await, End::Closed);
    });
}

#[test]
fn a_client_that_waits_to_be_told_to_go_on_is_told() {
    let head = |path: &str, length: usize| {
        format!(
            "POST {path} HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\nexpect: 100-continue\r\ncontent-length: {length}\r\n\r\n"
        )
    };
    play(Setting { max_request_body_size: 1000, ..Setting::default() }, async |stage| {
        let mut client = stage.asks(head("/chat", QUESTION.len())).await;
        assert_eq!(client.until("\r\n\r\n").await, "HTTP/1.1 100 Continue\r\n\r\n");
        client.send(QUESTION).await;
        let mut upstream = stage.upstream().await;
        let request = upstream.message().await;
        assert_eq!((request.text(), request.header("expect")), (QUESTION, None));
        upstream.send(ok("application/json", ANSWER)).await;
        assert_eq!(client.message().await.status(), 200);
        drop((client, upstream));
        // A body that is not wanted is not asked for.
        for (path, length, status) in [("/chat", 5000, 413), ("/nowhere", 10, 404)] {
            let mut client = stage.asks(head(path, length)).await;
            assert_eq!(client.message().await.status(), status);
        }
    });
}
