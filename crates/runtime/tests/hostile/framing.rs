//! Requests that two servers could read in two ways, and those that none should read at all.

use crate::stage::{QUESTION, Setting, ok, play, post};

/// What is smuggled: the gateway must not see it as a request, nor the upstream at all.
const SMUGGLED: &str = "POST /files/smuggled HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n";

#[test]
fn an_ambiguous_request_is_refused_and_its_connection_closed() {
    let length = QUESTION.len();
    let json = "content-type: application/json";
    let heads: Vec<String> = [
        // Two lengths.
        format!("host: a\r\n{json}\r\ncontent-length: {length}\r\ncontent-length: 0"),
        format!("host: a\r\n{json}\r\ncontent-length: 0\r\ncontent-length: {length}"),
        format!("host: a\r\n{json}\r\ncontent-length: {length}, 0"),
        // A length and chunks.
        format!("host: a\r\n{json}\r\ncontent-length: {length}\r\ntransfer-encoding: chunked"),
        format!("host: a\r\n{json}\r\ntransfer-encoding: chunked\r\ncontent-length: {length}"),
        // Lengths that are none.
        format!("host: a\r\n{json}\r\ncontent-length: +{length}"),
        format!("host: a\r\n{json}\r\ncontent-length: -1"),
        format!("host: a\r\n{json}\r\ncontent-length: 0x10"),
        format!("host: a\r\n{json}\r\ncontent-length: {length} 0"),
        format!("host: a\r\n{json}\r\ncontent-length: 18446744073709551616"),
        format!("host: a\r\n{json}\r\ncontent-length:"),
        // Codings that are not only chunks, or not last.
        format!("host: a\r\n{json}\r\ntransfer-encoding: gzip"),
        format!("host: a\r\n{json}\r\ntransfer-encoding: chunked, gzip"),
        format!("host: a\r\n{json}\r\ntransfer-encoding: identity"),
        format!("host: a\r\n{json}\r\ntransfer-encoding: xchunked"),
        format!("host: a\r\n{json}\r\ntransfer-encoding: \u{b}chunked"),
        format!("host: a\r\n{json}\r\ntransfer-encoding: chunked\r\ntransfer-encoding: gzip"),
        // Names and lines that are none.
        format!("host: a\r\n{json}\r\ncontent-length : {length}"),
        format!("host: a\r\n{json}\r\n content-length: {length}"),
        format!("host: a\r\n{json}\r\nx-a: b\r\n folded: {length}"),
        format!("host: a\r\n{json}\r\nx-a: b\r\n\tcontent-length: {length}"),
        format!("host: a\r\n{json}\r\nx-a\0: b"),
        format!("host: a\r\n{json}\r\nx-a: b\0c"),
        format!("host: a\r\n{json}\r\nx-a: b\rcontent-length: {length}"),
        format!("host: a\r\n{json}\r\nno colon"),
        format!("host: a\r\n{json}\r\n: no name"),
        format!("host: a\r\n{json}\r\nx a: b"),
    ]
    .into();
    play(Setting::default(), async |stage| {
        for head in &heads {
            let mut client =
                stage.asks(format!("POST /chat HTTP/1.1\r\n{head}\r\n\r\n{QUESTION}{SMUGGLED}")).await;
            let answer = client.message().await;
            assert!([400, 501].contains(&answer.status()), "{head}: {answer:?}");
            // A second answer would be one to the smuggled request.
            assert!(client.try_message().await.is_none(), "{head}: the connection goes on");
            drop(client);
            stage.still_works().await;
        }
    });
}

#[test]
fn a_request_for_no_host_or_two_is_refused() {
    let target = "POST /chat HTTP/1.1\r\n";
    play(Setting::default(), async |stage| {
        for head in [
            target.to_owned(),
            format!("{target}host:\r\n"),
            format!("{target}host: a\r\nhost: b\r\n"),
            format!("{target}host: a\r\nhost: a\r\n"),
            format!("{target}host: a, b\r\n"),
            format!("{target}host: user@a\r\n"),
            format!("{target}host: a/b\r\n"),
            format!("{target}host: a b\r\n"),
            "POST http://b/chat HTTP/1.1\r\nhost: a\r\n".to_owned(),
            "POST http://user@a/chat HTTP/1.1\r\nhost: a\r\n".to_owned(),
            "POST http:///chat HTTP/1.1\r\nhost: a\r\n".to_owned(),
        ] {
            let length = QUESTION.len();
            let rest =
                format!("content-type: application/json\r\ncontent-length: {length}\r\n\r\n{QUESTION}");
            let answer = stage.asks(head.clone() + &rest).await.message().await;
            assert_eq!(answer.status(), 400, "{head:?}: {answer:?}");
            stage.still_works().await;
        }
    });
}

#[test]
fn a_request_line_that_is_none_is_refused() {
    let lines = [
        "GET\r\n",
        "GET /chat\r\n",
        "GET  /chat HTTP/1.1\r\n",
        "GET /chat HTTP/1.1 x\r\n",
        "GET /chat HTTP/3.7\r\n",
        "GET /chat http/1.1\r\n",
        "GET /ch at HTTP/1.1\r\n",
        "GET /chat\0 HTTP/1.1\r\n",
        "GET /chat\rx HTTP/1.1\r\n",
        "G\u{7f}T /chat HTTP/1.1\r\n",
        "GET\t/chat HTTP/1.1\r\n",
        "GET chat HTTP/1.1\r\n",
        "GET * HTTP/1.1\r\n",
        "OPTIONS * HTTP/1.1\r\n",
        "GET //user@evil.test/chat HTTP/1.1 \r\n",
        "CONNECT evil.test:443 HTTP/1.1\r\n",
        "TRACE /chat HTTP/1.1\r\n",
        "\u{16}\u{3}\u{1}\u{2}",
    ];
    play(Setting::default(), async |stage| {
        for line in lines {
            let mut client = stage.asks(format!("{line}host: a\r\n\r\n")).await;
            client.finish().await;
            let answer = client.try_message().await;
            let status = answer.as_ref().map(crate::wire::Message::status);
            assert!(matches!(status, Some(400 | 405 | 505) | None), "{line:?}: {answer:?}");
            drop(client);
            stage.still_works().await;
        }
    });
}

/// RFC 9112 §2.2 lets a server take a bare LF for the end of a line, and so lets two servers differ.
#[test]
fn bare_line_feeds_end_no_line() {
    let length = QUESTION.len();
    let json = "content-type: application/json";
    play(Setting::default(), async |stage| {
        for head in [
            format!("POST /chat HTTP/1.1\nhost: a\n{json}\ncontent-length: {length}\n\n"),
            format!("POST /chat HTTP/1.1\r\nhost: a\n{json}\r\ncontent-length: {length}\r\n\r\n"),
            format!("POST /chat HTTP/1.1\r\nhost: a\r\n{json}\r\ncontent-length: {length}\r\n\n"),
            format!("POST /chat HTTP/1.1\r\nhost: a\r\n{json}\r\ncontent-length: {length}\n\r\n"),
        ] {
            let mut client = stage.asks(format!("{head}{QUESTION}{SMUGGLED}")).await;
            let answer = client.message().await;
            assert_eq!(answer.status(), 400, "{head:?}: {answer:?}");
            assert!(client.try_message().await.is_none(), "{head:?}: the connection goes on");
            drop(client);
            stage.still_works().await;
        }
    });
}

#[test]
fn chunks_that_are_none_are_refused() {
    let head = "POST /chat HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
    let size = format!("{:x}", QUESTION.len());
    play(Setting::default(), async |stage| {
        for chunks in [
            format!("zz\r\n{QUESTION}\r\n0\r\n\r\n"),
            format!("-1\r\n{QUESTION}\r\n0\r\n\r\n"),
            format!("0x{size}\r\n{QUESTION}\r\n0\r\n\r\n"),
            format!("{size}\n{QUESTION}\n0\n\n"),
            format!("{size}\r\n{QUESTION}xx0\r\n\r\n"),
            format!("fffffffffffffffff\r\n{QUESTION}\r\n0\r\n\r\n"),
            format!("{size};{}\r\n{QUESTION}\r\n0\r\n\r\n", "x".repeat(100_000)),
            format!("\r\n{QUESTION}\r\n0\r\n\r\n"),
        ] {
            let mut client = stage.asks(format!("{head}{chunks}")).await;
            let answer = client.message().await;
            assert_eq!(answer.status(), 400, "{chunks:.100}: {answer:?}");
            assert!(client.try_message().await.is_none(), "{chunks:.100}: the connection goes on");
            drop(client);
            stage.still_works().await;
        }
    });
}

#[test]
fn the_same_broken_chunks_never_end_an_upload_well() {
    let head =
        "POST /files/a HTTP/1.1\r\nhost: a\r\ncontent-type: audio/wav\r\ntransfer-encoding: chunked\r\n\r\n";
    play(Setting::default(), async |stage| {
        for chunks in ["5\r\nhello\r\nzz\r\n", "5\r\nhelloxx", "5\r\nhel"] {
            let mut client = stage.asks(format!("{head}{chunks}")).await;
            client.finish().await;
            let mut upstream = stage.upstream().await;
            let request = upstream.try_message().await;
            assert!(request.is_none_or(|request| !request.complete), "{chunks}");
            client.ended().await;
        }
    });
}

#[test]
fn pipelined_requests_are_answered_in_their_order() {
    play(Setting::default(), async |stage| {
        let mut client =
            stage.asks(post("/files/1", "{}") + &post("/nowhere", "{}") + &post("/files/2", "{}")).await;
        let mut upstream = stage.upstream().await;
        for number in ["1", "2"] {
            assert!(upstream.message().await.head.starts_with(&format!("POST /files/{number} ")));
            upstream.send(ok("text/plain", number)).await;
            assert_eq!(client.message().await.text(), number);
            if number == "1" {
                assert_eq!(client.message().await.status(), 404);
            }
        }
    });
}
