//! Bodies of any size and kind, both ways.

use http_body_util::BodyExt;
use runtime::Limits;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::running::{header, piece};
use crate::{EVENTS, chunk, stage};

#[tokio::test]
async fn an_upload_passes_while_it_arrives() {
    let (gateway, upstream) = stage("", Limits::default()).await;
    let mut client = TcpStream::connect(gateway.address).await.unwrap();
    let head =
        "POST /files/a?b=c HTTP/1.1\r\nhost: a\r\ncontent-type: audio/wav\r\ncontent-length: 9\r\n\r\nabc";
    client.write_all(head.as_bytes()).await.unwrap();
    let mut peer = upstream.accept().await;
    let sent = peer.head().await;
    assert!(sent.starts_with("POST /files/a?b=c HTTP/1.1\r\n"), "{sent}");
    assert!(sent.contains("\r\ncontent-length: 9\r\n"), "{sent}");
    assert_eq!(peer.bytes(3).await, b"abc");
    client.write_all(b"def").await.unwrap();
    assert_eq!(peer.bytes(3).await, b"def");
    client.write_all(b"\0\xff\n").await.unwrap();
    assert_eq!(peer.bytes(3).await, b"\0\xff\n");
    peer.send("HTTP/1.1 201 Created\r\ncontent-type: audio/wav\r\ncontent-length: 2\r\n\r\nok").await;
    let mut answer = Vec::new();
    while !answer.ends_with(b"ok") {
        assert_ne!(client.read_buf(&mut answer).await.unwrap(), 0);
    }
    assert!(answer.starts_with(b"HTTP/1.1 201 Created\r\ncontent-type: audio/wav\r\n"));
    drop(client);
    assert_eq!(gateway.log()[0]["request"]["size"], 9);
}

#[tokio::test]
async fn a_download_passes_while_it_arrives() {
    let (gateway, upstream) = stage("", Limits::default()).await;
    let mut client = gateway.client().await;
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/octet-stream\r\ncontent-encoding: br\r\n\
                transfer-encoding: chunked\r\n\r\n";
    let (mut got, (_, mut peer)) = tokio::join!(
        client.send("GET", "/files/a", &[], ""),
        upstream.answers([head.as_bytes(), &chunk("a")].concat())
    );
    assert_eq!(header(&got, "content-encoding"), Some("br"));
    assert_eq!(piece(&mut got).await.unwrap().unwrap(), "a");
    peer.send(chunk([0, 255])).await;
    assert_eq!(piece(&mut got).await.unwrap().unwrap(), [0, 255][..]);
    drop(peer);
    assert!(piece(&mut got).await.unwrap().is_err(), "a cut answer must not look whole");
}

#[tokio::test]
async fn events_pass_byte_for_byte() {
    let (gateway, upstream) = stage("", Limits::default()).await;
    let mut client = gateway.client().await;
    let (mut got, (_, mut peer)) = tokio::join!(
        client.send("GET", "/files/a", &[], ""),
        upstream.answers([EVENTS.as_bytes(), &chunk("dat")].concat())
    );
    assert_eq!(piece(&mut got).await.unwrap().unwrap(), "dat");
    peer.send(chunk("a: 1")).await;
    assert_eq!(piece(&mut got).await.unwrap().unwrap(), "a: 1");
    peer.send("0\r\n\r\n").await;
    assert!(piece(&mut got).await.is_none());
}

#[tokio::test]
async fn an_upload_that_is_refused_early_is_answered_early() {
    let (gateway, upstream) = stage("", Limits::default()).await;
    let mut client = TcpStream::connect(gateway.address).await.unwrap();
    let head =
        "POST /files/a HTTP/1.1\r\nhost: a\r\ncontent-type: audio/wav\r\ncontent-length: 9000000\r\n\r\nabc";
    client.write_all(head.as_bytes()).await.unwrap();
    let mut peer = upstream.accept().await;
    peer.head().await;
    peer.send("HTTP/1.1 413 Large\r\ncontent-length: 3\r\nconnection: close\r\n\r\nbig").await;
    let mut answer = Vec::new();
    while !answer.ends_with(b"big") {
        assert_ne!(client.read_buf(&mut answer).await.unwrap(), 0);
    }
    assert!(answer.starts_with(b"HTTP/1.1 413 "));
}

#[tokio::test]
async fn an_upload_that_breaks_off_ends_the_upstream() {
    let (gateway, upstream) = stage("", Limits::default()).await;
    let mut client = TcpStream::connect(gateway.address).await.unwrap();
    let head = "POST /files/a HTTP/1.1\r\nhost: a\r\ncontent-type: audio/wav\r\ncontent-length: 9\r\n\r\nabc";
    client.write_all(head.as_bytes()).await.unwrap();
    let mut peer = upstream.accept().await;
    peer.head().await;
    assert_eq!(peer.bytes(3).await, b"abc");
    drop(client);
    peer.left().await;
}

#[tokio::test]
async fn a_large_body_arrives_byte_for_byte() {
    let (gateway, upstream) = stage("", Limits::default()).await;
    let mut client = gateway.client().await;
    let body: Vec<u8> = (0..3_000_000u32).map(|at| (at * 7 % 251) as u8).collect();
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
    let play = async {
        let mut peer = upstream.accept().await;
        let sent = peer.request().await;
        peer.send([head.as_bytes(), &sent.body].concat()).await;
        peer
    };
    let (got, _peer) = tokio::join!(
        async {
            let got = client.send("PUT", "/files/a", &["content-type: audio/wav"], body.clone()).await;
            got.into_body().collect().await.unwrap().to_bytes()
        },
        play
    );
    assert!(got == body, "the bytes differ");
}

#[tokio::test]
async fn a_form_is_checked_while_it_passes() {
    let (gateway, upstream) = stage("", Limits::default()).await;
    let head = "POST /named/a HTTP/1.1\r\nhost: a\r\ncontent-type: multipart/form-data; boundary=b\r\n";
    let file = "--b\r\ncontent-disposition: form-data; name=file; filename=a\r\n\r\nabc";
    let rest = "\r\n--b\r\ncontent-disposition: form-data; name=model\r\n\r\nMODEL\r\n--b--\r\n";
    for model in ["whisper-1", "other"] {
        let rest = rest.replace("MODEL", model);
        let mut client = TcpStream::connect(gateway.address).await.unwrap();
        let head = format!("{head}content-length: {}\r\n\r\n", file.len() + rest.len());
        client.write_all(format!("{head}{file}").as_bytes()).await.unwrap();
        let mut peer = upstream.accept().await;
        peer.head().await;
        assert_eq!(peer.bytes(file.len()).await, file.as_bytes());
        client.write_all(rest.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        if model == "other" {
            peer.left().await;
            while !answer.ends_with(b"}}") {
                assert_ne!(client.read_buf(&mut answer).await.unwrap(), 0);
            }
            let answer = String::from_utf8(answer).unwrap();
            assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
            assert!(answer.contains("cannot use own model - must be: whisper-1"), "{answer}");
        } else {
            assert_eq!(peer.bytes(rest.len()).await, rest.as_bytes());
            peer.send("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await;
            while !answer.ends_with(b"ok") {
                assert_ne!(client.read_buf(&mut answer).await.unwrap(), 0);
            }
            let answer = String::from_utf8(answer).unwrap();
            assert!(answer.contains("\r\nx-kong-llm-model: openai/whisper-1\r\n"), "{answer}");
        }
    }
}

#[tokio::test]
async fn an_answer_has_the_length_that_it_has() {
    let (gateway, upstream) = stage("", Limits::default()).await;
    for (method, sent, length, body) in [
        (
            "GET",
            "200 OK\r\ntransfer-encoding: chunked\r\ncontent-length: 2\r\n\r\n5\r\nwhole\r\n0\r\n\r\n",
            None,
            "whole",
        ),
        (
            "GET",
            "404 No\r\ntransfer-encoding: chunked\r\ncontent-length: 2\r\n\r\n5\r\nwhole\r\n0\r\n\r\n",
            None,
            "whole",
        ),
        ("GET", "200 OK\r\ncontent-length: 5\r\ncontent-length: 5\r\n\r\nwhole", Some("5"), "whole"),
        ("GET", "200 OK\r\ncontent-length: 5, 5\r\n\r\nwhole", Some("5"), "whole"),
        ("GET", "204 No Content\r\ncontent-length: 5\r\n\r\n", None, ""),
        ("GET", "304 Not Modified\r\ncontent-length: 5\r\n\r\n", None, ""),
        ("HEAD", "204 No Content\r\ncontent-length: 5\r\n\r\n", None, ""),
        ("HEAD", "200 OK\r\ncontent-length: 5\r\n\r\n", Some("5"), ""),
        ("HEAD", "404 No\r\ncontent-length: 5\r\n\r\n", Some("5"), ""),
    ] {
        let mut client = gateway.client().await;
        let (got, _peer) = tokio::join!(
            client.send(method, "/files/a", &[], ""),
            upstream.answers(format!("HTTP/1.1 {sent}"))
        );
        let told = header(&got, "content-length").map(str::to_owned);
        let whole = got.into_body().collect().await.expect(sent).to_bytes();
        assert_eq!((told.as_deref(), &*whole), (length, body.as_bytes()), "{method} {sent}");
    }
}

#[tokio::test]
async fn a_body_goes_with_every_method() {
    let (gateway, upstream) = stage("", Limits::default()).await;
    for method in ["GET", "DELETE", "POST"] {
        let mut client = TcpStream::connect(gateway.address).await.unwrap();
        let head =
            "/files/a HTTP/1.1\r\nhost: a\r\ncontent-type: audio/wav\r\ntransfer-encoding: chunked\r\n\r\n";
        client.write_all(format!("{method} {head}3\r\nabc\r\n0\r\n\r\n").as_bytes()).await.unwrap();
        let mut peer = upstream.accept().await;
        let sent = peer.head().await;
        assert!(sent.contains("\r\ntransfer-encoding: chunked\r\n"), "{sent}");
        assert_eq!(peer.bytes(13).await, b"3\r\nabc\r\n0\r\n\r\n");
    }
}
