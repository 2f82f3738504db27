//! What one client may have, and what it gets beyond.

use std::time::Duration;

use http_body_util::BodyExt;
use hyper::{Request, StatusCode};
use runtime::{limits::Limits, refusal};
use tokio::net::TcpStream;

use crate::support::{Client, Running, answers, get, limits, whole};

const SHORT: Duration = Duration::from_millis(50);

const REQUEST: &str = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
const HELD: &str = "GET /held HTTP/1.1\r\nHost: x\r\n\r\n";
const ENDLESS: &str = "GET /endless HTTP/1.1\r\nHost: x\r\n\r\n";

/// What begins an HTTP/2 connection, without any setting.
const HTTP2: &str = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

#[tokio::test]
async fn heads_are_small() {
    let running = Running::start(Limits { head_bytes: 100, header_fields: 3, ..limits() }).await;
    let long = "a".repeat(100);
    let cases = [
        ("a long target", format!("GET /{long} HTTP/1.1\r\nHost: x\r\n\r\n")),
        ("a target without end", format!("GET /{long}")),
        ("a long field", format!("GET / HTTP/1.1\r\nHost: x\r\nA: {long}\r\n\r\n")),
        ("many fields", "GET / HTTP/1.1\r\nHost: x\r\nA: b\r\nA: b\r\nA: b\r\n\r\n".into()),
    ];
    insta::assert_snapshot!(
        answers(&running, &cases.each_ref().map(|(name, request)| (*name, &**request))).await
    );
    running.end().await;
}

#[tokio::test]
async fn http2_heads_are_small_too() {
    let running = Running::start(Limits { head_bytes: 1000, header_fields: 3, ..limits() }).await;
    let (mut client, _connection) = running.http2().await;
    let request = Request::get("http://x/").header("a", "a".repeat(2000)).body(refusal::full("")).unwrap();
    let status = client.send_request(request).await.unwrap().status();
    assert_eq!(status, StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
    let mut many = Request::get("http://x/").body(refusal::full("")).unwrap();
    for name in ["a", "b", "c", "d"] {
        many.headers_mut().append(name, "x".parse().unwrap());
    }
    let status = client.send_request(many).await.unwrap().status();
    assert_eq!(status, StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
    assert_eq!(whole(client.send_request(get("http://x/")).await.unwrap()).await, "200 OK\nGET /\nhost: x\n");
    drop(client);
    running.end().await;
}

#[tokio::test]
async fn a_client_that_is_late_is_not_waited_for() {
    let running = Running::start(Limits { head_time: SHORT, ..limits() }).await;
    let late = "HTTP/1.1 408 Request Timeout\n";
    for (sent, answer) in [
        ("", ""),
        ("\r\n", ""),
        ("PRI * HTTP/2", ""),
        ("GET / HTTP/1.1\r\nHost: x\r\n", late),
        ("P", ""),
        ("G", late),
        (REQUEST, "HTTP/1.1 200 OK\n"),
    ] {
        let received = running.answer(sent).await;
        assert!(
            received.starts_with(answer) && received.is_empty() == answer.is_empty(),
            "{sent}: {received}"
        );
    }
    let received = running.answer(format!("{REQUEST}GET / HT")).await;
    assert!(received.starts_with("HTTP/1.1 200 OK\n") && received.contains(late), "{received}");
    running.end().await;
}

#[tokio::test]
async fn an_http2_client_without_requests_is_told_to_go() {
    let running = Running::start(Limits { head_time: SHORT, ..limits() }).await;
    let mut client = running.connect().await;
    client.send(HTTP2).await;
    client.rest().await;
    let (mut sender, connection) = running.http2().await;
    whole(sender.send_request(get("http://x/")).await.unwrap()).await;
    connection.await.unwrap().unwrap();
    drop(sender);
    running.end().await;
}

#[tokio::test]
async fn an_answer_takes_as_long_as_it_takes() {
    let running = Running::start(Limits { head_time: SHORT, keep_alive_time: SHORT, ..limits() }).await;
    let mut held = running.connect().await;
    held.send(HELD).await;
    running.mirror.came.given().await;
    for _ in 0..3 {
        running.answer("").await;
    }
    running.mirror.go.give();
    assert!(held.rest().await.starts_with("HTTP/1.1 200 OK\n"));
    running.end().await;
}

#[tokio::test]
async fn connections_are_counted() {
    let running = Running::start(Limits { connections: 1, ..Limits::default() }).await;
    let mut first = running.connect().await;
    first.send(REQUEST).await;
    first.until("host: x\n").await;
    assert_eq!(running.load.connections(), 1);
    insta::assert_snapshot!(running.answer(REQUEST).await);
    drop(first);
    while running.answer("GET / HTTP/1.0\r\n\r\n").await.starts_with("HTTP/1.1 503 ") {}
    running.end().await;
}

#[tokio::test]
async fn requests_are_counted() {
    let running = Running::start(Limits { in_flight: 1, ..limits() }).await;
    let mut first = running.connect().await;
    first.send(HELD).await;
    running.mirror.came.given().await;
    assert_eq!(running.load.in_flight(), 1);
    insta::assert_snapshot!(running.answer(REQUEST).await);
    running.mirror.go.give();
    assert!(first.rest().await.starts_with("HTTP/1.1 200 OK\n"));
    assert!(running.answer(REQUEST).await.starts_with("HTTP/1.1 200 OK\n"));
    running.end().await;
}

#[tokio::test]
async fn a_client_must_take_its_answer() {
    let running = Running::start(Limits { write_idle_time: SHORT, ..limits() }).await;
    let mut client = running.connect().await;
    client.send(ENDLESS).await;
    running.mirror.left.given().await;
    client.rest().await;
    running.end().await;
}

#[tokio::test]
async fn an_http2_client_must_take_each_answer() {
    let running = Running::start(Limits { write_idle_time: SHORT, ..Limits::default() }).await;
    let (mut client, _connection) = running.http2().await;
    let stalled = client.send_request(get("http://x/endless")).await.unwrap();
    running.mirror.left.given().await;
    assert!(stalled.into_body().collect().await.is_err());
    assert_eq!(client.send_request(get("http://x/")).await.unwrap().status(), StatusCode::OK);
    drop(client);
    running.end().await;
}

#[tokio::test]
async fn a_client_that_leaves_takes_its_request_with_it() {
    let running = Running::start(limits()).await;
    for request in [HELD, ENDLESS, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n1"] {
        let mut client = running.connect().await;
        client.send(request).await;
        running.mirror.came.given().await;
        drop(client);
        if !request.starts_with("POST") {
            running.mirror.left.given().await;
        }
    }
    let (mut client, _connection) = running.http2().await;
    for path in ["held", "endless"] {
        let answer = client.send_request(get(&format!("http://x/{path}")));
        tokio::select! {
            answer = answer => drop(answer.unwrap()),
            () = running.mirror.came.given() => {}
        }
        running.mirror.left.given().await;
    }
    drop(client);
    running.end().await;
}

#[tokio::test]
async fn a_client_is_told_to_go_on_only_if_its_body_is_wanted() {
    let running = Running::start(limits()).await;
    let head = "HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n";
    let mut wanted = running.connect().await;
    wanted.send(format!("POST / {head}\r\n")).await;
    assert_eq!(wanted.until("\r\n\r\n").await, "HTTP/1.1 100 Continue\n\n");
    wanted.send("abc").await;
    assert!(wanted.rest().await.ends_with("\nabc"));
    for unwanted in [format!("POST /unread {head}\r\n"), format!("POST / {head}Host: y\r\n\r\n")] {
        let answer = running.answer(&unwanted).await;
        assert!(answer.starts_with("HTTP/1.1 ") && !answer.contains("100 Continue"), "{answer}");
    }
    running.end().await;
}

#[tokio::test]
async fn an_answer_survives_a_client_that_is_still_writing() {
    let running = Running::start(limits()).await;
    let body = "a".repeat(8 << 20);
    for head in ["/unread HTTP/1.1\r\nHost: x\r\n", "/ HTTP/1.1\r\n"] {
        let request = format!("POST {head}Content-Length: {}\r\n\r\n{body}", body.len());
        assert!(running.answer(request).await.starts_with("HTTP/1.1 "), "{head}");
    }
    running.end().await;
}

#[tokio::test]
async fn an_address_in_use_is_named() {
    let running = Running::start(limits()).await;
    let free = "127.0.0.1:0".parse().unwrap();
    for (listen, admin) in [(running.address, free), (free, running.admin)] {
        let bound = runtime::Server::bind(listen, admin, limits(), Vec::new()).await;
        let taken = if listen == free { admin } else { listen };
        let error = bound.err().unwrap().to_string();
        assert!(error.starts_with(&format!("cannot listen on {taken}: ")), "{error}");
    }
    running.end().await;
}

#[tokio::test]
async fn more_clients_than_are_told_so_do_no_harm() {
    let running = Running::start(Limits { connections: 1, ..Limits::default() }).await;
    let mut first = running.connect().await;
    first.send(REQUEST).await;
    first.until("host: x\n").await;
    let mut crowd = Vec::new();
    for _ in 0..100 {
        crowd.push(Client(TcpStream::connect(running.address).await.unwrap()));
    }
    for client in &mut crowd {
        let answer = client.rest().await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 503 "), "{answer}");
    }
    first.send(REQUEST).await;
    first.until("host: x\n").await;
    drop(first);
    running.end().await;
}
