//! A server that is told to stop finishes what it has begun, and nothing else.

use std::time::Duration;

use runtime::limits::Limits;
use tokio::net::TcpStream;

use crate::support::{Running, get, whole};

const REQUEST: &str = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
const HELD: &str = "GET /held HTTP/1.1\r\nHost: x\r\n\r\n";

#[tokio::test]
async fn requests_in_flight_finish_and_idle_connections_end() {
    let running = Running::start(Limits::default()).await;
    let (mut silent, mut kept, mut halfway) =
        (running.connect().await, running.connect().await, running.connect().await);
    kept.send(REQUEST).await;
    kept.until("host: x\n").await;
    halfway.send("GET / HTTP/1.1\r\nHo").await;
    let mut held = running.connect().await;
    held.send(HELD).await;
    running.mirror.came.given().await;
    let (mirror, address) = (running.mirror.clone(), running.address);
    // the request of `kept` came, too
    mirror.came.given().await;

    let stopping = running.stop();
    for idle in [&mut silent, &mut kept, &mut halfway] {
        assert_eq!(idle.rest().await, "");
    }
    assert!(TcpStream::connect(address).await.is_err());
    mirror.go.give();
    let answer = held.rest().await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\n") && answer.contains("connection: close\n"), "{answer}");
    stopping.ended().await;
}

#[tokio::test]
async fn http2_requests_in_flight_finish() {
    let running = Running::start(Limits::default()).await;
    let (mut client, connection) = running.http2().await;
    let (mut idle, idle_connection) = running.http2().await;
    whole(idle.send_request(get("http://x/")).await.unwrap()).await;
    running.mirror.came.given().await;
    let held = client.send_request(get("http://x/held"));
    running.mirror.came.given().await;
    let mirror = running.mirror.clone();

    let stopping = running.stop();
    idle_connection.await.unwrap().unwrap();
    mirror.go.give();
    assert_eq!(whole(held.await.unwrap()).await, "200 OK\nGET /held\nhost: x\n");
    connection.await.unwrap().unwrap();
    stopping.ended().await;
}

#[tokio::test]
async fn what_takes_too_long_is_cut() {
    let limits = Limits { drain_time: Duration::from_millis(50), ..Limits::default() };
    let running = Running::start(limits).await;
    let mut held = running.connect().await;
    held.send(HELD).await;
    running.mirror.came.given().await;
    let (mut client, _connection) = running.http2().await;
    let answer = client.send_request(get("http://x/held"));
    running.mirror.came.given().await;
    running.end().await;
    held.rest().await;
    assert!(answer.await.is_err());
}

#[tokio::test]
async fn dropping_the_server_cuts_at_once() {
    let running = Running::start(Limits::default()).await;
    let mut held = running.connect().await;
    held.send(HELD).await;
    running.mirror.came.given().await;
    let (mirror, address) = (running.mirror.clone(), running.address);
    running.stop().cut().await;
    mirror.left.given().await;
    held.rest().await;
    assert!(TcpStream::connect(address).await.is_err());
}
