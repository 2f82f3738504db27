//! A head says clearly what it is for, and comes to the handler in one form.

use hyper::{Method, Request};
use runtime::refusal;

use crate::support::{Running, answers, get, limits, whole};

const CASES: &[(&str, &str)] = &[
    ("no host", "GET / HTTP/1.1\r\n\r\n"),
    ("an empty host", "GET / HTTP/1.1\r\nHost:\r\n\r\n"),
    ("two hosts", "GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n"),
    ("the same host twice", "GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n"),
    ("two hosts in HTTP/1.0", "GET / HTTP/1.0\r\nHost: x\r\nHost: y\r\n\r\n"),
    ("hosts in a list", "GET / HTTP/1.1\r\nHost: x, y\r\n\r\n"),
    ("a host with a path", "GET / HTTP/1.1\r\nHost: x/y\r\n\r\n"),
    ("a host with a user", "GET / HTTP/1.1\r\nHost: u@x\r\n\r\n"),
    ("a port alone", "GET / HTTP/1.1\r\nHost: :80\r\n\r\n"),
    ("an IPv6 host", "GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n"),
    ("a whole URL", "GET http://X:80/a?b HTTP/1.1\r\nHost: x:80\r\n\r\n"),
    ("a whole URL without a path", "GET http://x?b HTTP/1.1\r\nHost: x\r\n\r\n"),
    ("a whole URL of nothing but a host", "GET http://x HTTP/1.1\r\nHost: x\r\n\r\n"),
    ("a whole URL in HTTP/1.0", "GET http://x/a HTTP/1.0\r\n\r\n"),
    ("a whole URL of another host", "GET http://x/a HTTP/1.1\r\nHost: y\r\n\r\n"),
    ("a whole URL of another port", "GET http://x:81/a HTTP/1.1\r\nHost: x\r\n\r\n"),
    ("a whole URL without a host", "GET http://x/a HTTP/1.1\r\n\r\n"),
    ("a whole URL with a user", "GET http://u@x/a HTTP/1.1\r\nHost: u@x\r\n\r\n"),
    ("a host as a target", "GET x HTTP/1.1\r\nHost: x\r\n\r\n"),
    ("a host and a path as a target", "GET x/a HTTP/1.1\r\nHost: x\r\n\r\n"),
    ("the server as a target", "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n"),
    ("two slashes", "GET //y/a HTTP/1.1\r\nHost: x\r\n\r\n"),
    ("what a path may hold", "GET /%2e%2E/a;b=\"{c}\"|\\^~?d?e`[]={} HTTP/1.1\r\nHost: x\r\n\r\n"),
    ("what it may not hold", "GET /<` HTTP/1.1\r\nHost: x\r\n\r\n"),
    ("CONNECT", "CONNECT x:80 HTTP/1.1\r\nHost: x:80\r\n\r\n"),
    ("TRACE", "TRACE / HTTP/1.1\r\nHost: x\r\n\r\n"),
    ("another method", "Purge / HTTP/1.1\r\nHost: x\r\n\r\n"),
    (
        "an upgrade",
        "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n",
    ),
    ("headers that come more than once", "GET / HTTP/1.1\r\nA: 1\r\nB: 2\r\nHost: x\r\na: 3\r\n\r\n"),
];

#[tokio::test]
async fn a_head_names_one_host_and_one_path() {
    let running = Running::start(limits()).await;
    insta::assert_snapshot!(answers(&running, CASES).await);
    running.end().await;
}

#[tokio::test]
async fn http2_heads_come_in_the_same_form() {
    let running = Running::start(limits()).await;
    let (mut client, connection) = running.http2().await;
    let mut report = String::new();
    for (name, request) in [
        ("a request", get("http://x:80/a?b")),
        ("a host that agrees", with_host("http://x/", "X")),
        ("a host that does not", with_host("http://x/", "y")),
        ("a user", get("http://u@x/")),
        ("TRACE", Request::builder().method(Method::TRACE).uri("http://x/").body(refusal::full("")).unwrap()),
        ("CONNECT", Request::builder().method(Method::CONNECT).uri("x:80").body(refusal::full("")).unwrap()),
    ] {
        let answer = match client.send_request(request).await {
            Ok(response) => whole(response).await,
            Err(error) => format!("({error})"),
        };
        report += &format!("=== {name}\n{}\n", answer.trim_end());
    }
    insta::assert_snapshot!(report);
    drop(client);
    connection.await.unwrap().unwrap();
    running.end().await;
}

fn with_host(uri: &str, host: &str) -> Request<runtime::Body> {
    Request::get(uri).header("host", host).body(refusal::full("")).unwrap()
}

/// What the client's connection is said to be is in the answer of `/client`.
#[tokio::test]
async fn forwarding_headers_count_from_trusted_proxies_only() {
    let request = "GET /client HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 1.1.1.1, 127.0.0.9\r\n\
        X-Forwarded-Proto: https\r\nX-Forwarded-Port: 443\r\n\r\n";
    let client = |answer: String| answer.lines().last().unwrap().to_owned();
    let running = Running::start(limits()).await;
    let own = running.address.port();
    assert_eq!(client(running.answer(request).await), format!("Http {own} 127.0.0.1"));
    running.end().await;
    let running = Running::start_behind(limits(), &["127.0.0.0/8"]).await;
    assert_eq!(client(running.answer(request).await), "Https 443 1.1.1.1");
    running.end().await;
}
