//! Characters that mean something to one of those who read a request.

use crate::stage::{ANSWER, QUESTION, Setting, ok, play, post};
use crate::wire::Message;

/// The upstream sees one request line and the headers that the gateway knows, whatever a client put where.
fn is_clean(request: &Message) {
    assert!(!request.head.lines().any(|line| line.starts_with("injected")), "{request:?}");
    assert_eq!(request.head.matches(" HTTP/1.1\r\n").count(), 1, "{request:?}");
    assert_eq!(request.head.matches('\n').count(), request.head.matches("\r\n").count(), "{request:?}");
    assert!(request.head.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\r' | b'\n')), "{request:?}");
}

/// What a path part becomes: the model in the upstream's JSON, or a refusal.
#[test]
fn a_capture_stays_in_its_place() {
    let hostile = [
        "%0d%0ainjected:%20x",
        "a%0d%0a%0d%0aGET%20/%20HTTP/1.1",
        "%00",
        "a%00b",
        "%0a",
        "%22%2c%22stream%22:true",
        "%5c%22",
        "..",
        "%2e%2e",
        "%2e%2e%2f%2e%2e",
        "%252e%252e",
        "%252f",
        "a%2fb",
        "a%5cb",
        "%c0%af",
        "%e0%80%af",
        "%ff%fe",
        "%ed%a0%80",
        "%",
        "%2",
        "%zz",
        "%u0041",
        "$(uri_captures.model)",
        "{vault://env/HOSTILE}",
        "%7bvault://env/HOSTILE%7d",
        "a;b",
        "a:b",
        "a@b",
        "a|b",
        "a'b",
        "a`b",
        "<a>",
        "^",
        "\u{fc}",
        "\u{202e}a",
    ];
    play(Setting::default(), async |stage| {
        for part in hostile {
            let mut client = stage
                .asks(post(
                    &format!("/named/{part}/chat"),
                    "{\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}",
                ))
                .await;
            // The upstream answers if it is asked; a gateway that refuses does not ask it.
            let answer = tokio::select! {
                biased;
                mut upstream = stage.upstream() => {
                    let request = upstream.message().await;
                    is_clean(&request);
                    assert!(request.head.starts_with("POST /v1/chat/completions HTTP/1.1\r\n"), "{part}: {request:?}");
                    let model = request.json()["model"].as_str().expect("a model").to_owned();
                    assert!(!model.contains(['\r', '\n', '\0']), "{part}: {model:?}");
                    upstream.send(ok("application/json", ANSWER)).await;
                    client.message().await
                }
                answer = client.message() => answer,
            };
            assert!(matches!(answer.status(), 200 | 400 | 404), "{part}: {answer:?}");
            is_single(&answer, part);
            drop(client);
            stage.is_at_rest(part).await;
        }
    });
}

/// A path that is passed on cannot leave the place that its route gives it.
#[test]
fn a_path_stays_below_its_route() {
    let hostile = [
        "/files/../secret",
        "/files/%2e%2e/secret",
        "/files/.%2e/secret",
        "/files/%252e%252e/secret",
        "/files/..%2fsecret",
        "/files/..%5csecret",
        "/files/..\\secret",
        "/files/a/%2e/b",
        "/files//a",
        "/files/a%00",
        "/files/a%0d%0ainjected:%20x",
        "/files/a%20HTTP/1.1%0d%0ainjected:%20x",
        "/files/%c0%ae%c0%ae/secret",
        "/files/\u{fc}",
        "/files/%ff",
        "/files/a#b",
        "/files/a?b=%0d%0ainjected:%20x",
        "/files/a?b=\u{fc}",
        "/files/a?%00",
        "/files/a?b#c",
        "/files/a?..%2f..",
        "http://evil.test/files/a",
        "http://evil.test/files/../a",
    ];
    play(Setting::default(), async |stage| {
        for target in hostile {
            let mut client = stage.asks(post(target, "{}")).await;
            let answer = tokio::select! {
                biased;
                mut upstream = stage.upstream() => {
                    let request = upstream.message().await;
                    is_clean(&request);
                    assert!(request.head.starts_with("POST /files"), "{target}: {request:?}");
                    let path = request.head.split(['?', ' ']).nth(1).expect("a path").to_ascii_lowercase();
                    let decoded = path.replace("%25", "%").replace("%2e", ".").replace("%2f", "/").replace("%5c", "/");
                    assert!(!decoded.replace('\\', "/").split('/').any(|part| part == ".."), "{target}: {request:?}");
                    assert!(request.header("host").is_some_and(|host| host.starts_with("127.0.0.1")), "{request:?}");
                    upstream.send(ok("application/json", ANSWER)).await;
                    client.message().await
                }
                answer = client.message() => answer,
            };
            assert!(matches!(answer.status(), 200 | 400 | 404), "{target}: {answer:?}");
            is_single(&answer, target);
            drop(client);
            stage.is_at_rest(target).await;
        }
    });
}

#[test]
fn header_values_pass_whole_or_not_at_all() {
    let values: &[&[u8]] = &[
        b"a\tb",
        b"\xfc",
        b"\xff\xfe",
        b"a\x80b",
        b"caf\xc3\xa9",
        b"\"",
        b"a, b",
        b"",
        b"  a  ",
        b"\x7f",
        b"a\x1b[31m",
    ];
    play(Setting::default(), async |stage| {
        for value in values {
            let mut head =
                b"POST /chat HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\nuser-agent: ".to_vec();
            head.extend_from_slice(value);
            head.extend_from_slice(
                format!("\r\ncontent-length: {}\r\n\r\n{QUESTION}", QUESTION.len()).as_bytes(),
            );
            let mut client = stage.asks(&head).await;
            let answer = tokio::select! {
                biased;
                mut upstream = stage.upstream() => {
                    let request = upstream.message().await;
                    assert!(request.head.lines().filter(|line| line.starts_with("user-agent")).count() <= 1);
                    assert!(!request.head.contains("injected"), "{request:?}");
                    upstream.send(ok("application/json", ANSWER)).await;
                    client.message().await
                }
                answer = client.message() => answer,
            };
            assert!(matches!(answer.status(), 200 | 400), "{value:?}: {answer:?}");
            drop(client);
            stage.is_at_rest("after a header").await;
        }
    });
}

/// Headers that belong to one connection, or to nobody else, end here.
#[test]
fn headers_of_one_hop_and_credentials_end_here() {
    let headers = [
        "connection: x-secret, keep-alive",
        "x-secret: injected",
        "keep-alive: injected",
        "te: trailers, injected",
        "trailer: injected",
        "proxy-authorization: injected",
        "proxy-connection: injected",
        "upgrade: injected",
        "cookie: injected",
        "authorization: Bearer injected",
        "api-key: injected",
        "x-api-key: injected",
        "openai-organization: injected",
        "openai-project: injected",
        "x-forwarded-host: injected",
        "forwarded: injected",
        "http2-settings: injected",
        "content-encoding: identity",
    ];
    play(Setting::default(), async |stage| {
        for path in ["/chat", "/files/a"] {
            let head = format!(
                "POST {path} HTTP/1.1\r\nhost: a\r\n{}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
                headers.join("\r\n"),
                QUESTION.len()
            );
            let mut client = stage.asks(head + QUESTION).await;
            let mut upstream = stage.upstream().await;
            let request = upstream.message().await;
            assert!(!request.head.contains("injected"), "{request:?}");
            upstream.send("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: x-internal\r\nx-internal: told\r\nkeep-alive: told\r\nproxy-authenticate: told\r\nset-cookie: told\r\nupgrade: told\r\ncontent-length: 2\r\n\r\n{}").await;
            let answer = client.message().await;
            assert_eq!(answer.status(), 200);
            assert!(!answer.head.contains("told"), "{answer:?}");
        }
    });
}

#[test]
fn what_a_method_says_is_only_a_method() {
    play(Setting::default(), async |stage| {
        for method in [
            "get",
            "PRI",
            "M-SEARCH",
            "A".repeat(1000).as_str(),
            "HEAD",
            "OPTIONS",
            "DELETE",
            "!#$%&'*+-.^_`|~",
        ] {
            let mut client = stage
                .asks(format!(
                    "{method} /nowhere HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
                ))
                .await;
            let head = client.until("\r\n\r\n").await;
            assert!(
                head.starts_with("HTTP/1.1 404 ") || head.starts_with("HTTP/1.1 400 "),
                "{method}: {head}"
            );
            drop(client);
            stage.still_works().await;
        }
    });
}

/// One answer with one head, whatever its text quotes. What is no HTTP is refused without a word.
#[track_caller]
fn is_single(answer: &Message, what: &str) {
    assert!(answer.complete, "{what}: {answer:?}");
    assert!(!answer.head.contains("injected"), "{what}: {answer:?}");
    if answer.status() == 400 && answer.body.is_empty() {
        assert_eq!(answer.header("connection"), Some("close"), "{what}: {answer:?}");
    } else {
        answer.json();
    }
}
