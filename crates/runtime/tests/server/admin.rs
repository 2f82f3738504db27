//! The administrator's side answers only whom it should, and says whether the server wants work.

use crate::support::{Client, Running, limits};

/// The answer to a request for `target` with these `headers`.
async fn answer(running: &Running, target: &str, headers: &str) -> String {
    let mut client = Client::to(running.admin).await;
    client.send(format!("{target} HTTP/1.1\r\n{headers}Connection: close\r\n\r\n")).await;
    client.rest().await
}

#[tokio::test]
async fn probes_are_answered() {
    let running = Running::start(limits()).await;
    let mut report = String::new();
    for target in ["GET /livez", "GET /readyz", "HEAD /readyz", "POST /readyz", "GET /", "GET /livez/"] {
        report += &format!("=== {target}\n{}\n", answer(&running, target, "Host: localhost\r\n").await);
    }
    insta::assert_snapshot!(report);
    running.end().await;
}

#[tokio::test]
async fn names_and_pages_of_others_are_refused() {
    let running = Running::start(limits()).await;
    for (headers, status) in [
        ("Host: localhost\r\n", 200),
        ("Host: LOCALHOST:8001\r\n", 200),
        ("Host: 127.0.0.1:8001\r\n", 200),
        ("Host: 127.9.9.9\r\n", 200),
        ("Host: [::1]:8001\r\n", 200),
        ("Host: 10.0.0.1\r\n", 403),
        ("Host: attacker.test\r\n", 403),
        ("Host: localhost.attacker.test\r\n", 403),
        ("Host: 127.0.0.1.attacker.test\r\n", 403),
        ("Host: localhost\r\nOrigin: http://localhost\r\n", 200),
        ("Host: localhost:8001\r\nOrigin: http://localhost\r\n", 403),
        ("Host: localhost\r\nOrigin: https://localhost\r\n", 403),
        ("Host: localhost\r\nOrigin: http://attacker.test\r\n", 403),
        ("Host: localhost\r\nOrigin: null\r\n", 403),
        ("", 400),
    ] {
        let answer = answer(&running, "GET /livez", headers).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{headers}: {answer}");
    }
    running.end().await;
}

#[tokio::test]
async fn a_server_that_drains_is_alive_but_not_ready() {
    let running = Running::start(limits()).await;
    let mut held = running.connect().await;
    held.send("GET /held HTTP/1.1\r\nHost: x\r\n\r\n").await;
    running.mirror.came.given().await;
    let (mirror, admin, address) = (running.mirror.clone(), running.admin, running.address);
    let stopping = running.stop();
    // the listener closes when the server has heard
    while tokio::net::TcpStream::connect(address).await.is_ok() {}
    for (target, status) in [("/livez", 200), ("/readyz", 503)] {
        let mut client = Client::to(admin).await;
        client.send(format!("GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")).await;
        assert!(client.rest().await.starts_with(&format!("HTTP/1.1 {status} ")), "{target}");
    }
    mirror.go.give();
    assert!(held.rest().await.starts_with("HTTP/1.1 200 OK\n"));
    stopping.ended().await;
    assert!(tokio::net::TcpStream::connect(admin).await.is_err());
}
