//! What has no end must not be held.

use std::fs;

use flate2::{Compression, write::GzEncoder};
use std::io::Write as _;

use crate::stage::{ANSWER, QUESTION, Setting, ok, play, post};

/// Resident memory of this process, in bytes. It includes what the test itself holds.
pub fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or(0) * 1024
}

/// What is sent at a time.
const PIECE: usize = 1 << 16;

/// More than any buffer on the way, less than what passes.
const BOUND: u64 = 24 << 20;

#[test]
fn an_upload_is_not_held() {
    play(Setting::default(), async |stage| {
        let length: usize = 128 << 20;
        let head = format!(
            "POST /files/a HTTP/1.1\r\nhost: a\r\ncontent-type: audio/wav\r\ncontent-length: {length}\r\n\r\n"
        );
        let mut client = stage.asks(head).await;
        let mut upstream = stage.upstream().await;
        upstream.until("\r\n\r\n").await;
        let before = resident();
        let piece = vec![b'x'; PIECE];
        let upload = async {
            for _ in 0..length / PIECE {
                client.send(&piece).await;
            }
        };
        let receive = async {
            for _ in 0..length / PIECE {
                upstream.take(PIECE).await.expect("all of it");
            }
        };
        tokio::join!(upload, receive);
        let grown = resident().saturating_sub(before);
        assert!(grown < BOUND, "{grown} bytes");
        upstream.send(ok("application/json", ANSWER)).await;
        assert_eq!(client.message().await.status(), 200);
    });
}

#[test]
fn an_answer_is_not_held() {
    play(Setting::default(), async |stage| {
        let length: usize = 128 << 20;
        for (path, content_type) in
            [("/files/a", "audio/mpeg"), ("/files/a", "application/json"), ("/chat", "application/json")]
        {
            let mut client = stage.asks(post(path, QUESTION)).await;
            let mut upstream = stage.upstream().await;
            upstream.message().await;
            let before = resident();
            upstream
                .send(format!(
                    "HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\ncontent-length: {length}\r\n\r\n"
                ))
                .await;
            let piece = vec![b'x'; PIECE];
            let flood = async {
                for _ in 0..length / PIECE {
                    upstream.send(&piece).await;
                }
            };
            let receive = async {
                client.until("\r\n\r\n").await;
                for _ in 0..length / PIECE {
                    client.take(PIECE).await.expect("all of it");
                }
            };
            tokio::join!(flood, receive);
            let grown = resident().saturating_sub(before);
            assert!(grown < BOUND, "{path} {content_type}: {grown} bytes");
        }
    });
}

#[test]
fn an_answer_that_nobody_takes_is_not_read() {
    play(Setting::default(), async |stage| {
        let client = stage.asks(post("/files/a", QUESTION)).await;
        let mut upstream = stage.upstream().await;
        upstream.message().await;
        upstream.send("HTTP/1.1 200 OK\r\ncontent-type: audio/mpeg\r\n\r\n").await;
        let before = resident();
        let taken = upstream.fill(&vec![b'x'; PIECE]).await;
        let grown = resident().saturating_sub(before);
        assert!(grown < BOUND, "{grown} bytes of {taken}");
        drop(client);
        upstream.ended().await;
    });
}

/// 64 MiB in 64 KiB.
#[test]
fn compressed_answers_are_decoded_a_little_at_a_time() {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    let zeros = vec![0; 1 << 20];
    for _ in 0..64 {
        encoder.write_all(&zeros).expect("memory");
    }
    let bomb = encoder.finish().expect("memory");
    play(Setting::default(), async |stage| {
        for status in [200, 500] {
            let mut client = stage.asks(post("/chat", QUESTION)).await;
            let mut upstream = stage.upstream().await;
            upstream.message().await;
            let before = resident();
            let length = bomb.len();
            upstream.send(format!("HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-encoding: gzip\r\ncontent-length: {length}\r\n\r\n")).await;
            // The gateway may not want to see all of an error.
            let _ = upstream.try_send(&bomb).await;
            let received = match status {
                200 => client.passes("0\r\n\r\n").await,
                _ => client.message().await.body.len(),
            };
            let grown = resident().saturating_sub(before);
            assert!(grown < BOUND, "{status}: {grown} bytes of {received}");
        }
    });
}
