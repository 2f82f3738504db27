//! An upstream that the test plays itself, step by step.

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Where the gateway connects to.
pub struct Upstream {
    listener: TcpListener,
}

/// One connection of the gateway.
pub struct Peer {
    stream: Box<dyn Stream>,
    /// What has come and was not looked at yet.
    unread: Vec<u8>,
}

/// What a connection runs over.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// A request as it arrived.
pub struct Recorded {
    /// Request line and headers, as text.
    pub head: String,
    pub body: Vec<u8>,
}

impl Upstream {
    pub async fn bind() -> Self {
        Self { listener: TcpListener::bind("127.0.0.1:0").await.expect("a free port") }
    }

    pub fn port(&self) -> u16 {
        self.listener.local_addr().expect("it is bound").port()
    }

    pub async fn accept(&self) -> Peer {
        Peer::over(self.accept_tcp().await)
    }

    pub async fn accept_tcp(&self) -> TcpStream {
        self.listener.accept().await.expect("a connection").0
    }

    /// Accepts, reads a request, and answers it.
    pub async fn answers(&self, answer: impl AsRef<[u8]>) -> (Recorded, Peer) {
        let mut peer = self.accept().await;
        let request = peer.request().await;
        peer.send(answer).await;
        (request, peer)
    }
}

impl Peer {
    pub fn over(stream: impl Stream + 'static) -> Self {
        Self { stream: Box::new(stream), unread: Vec::new() }
    }

    /// A request's head.
    pub async fn head(&mut self) -> String {
        loop {
            if let Some(at) = self.unread.windows(4).position(|window| window == b"\r\n\r\n") {
                let head: Vec<_> = self.unread.drain(..at + 4).collect();
                return String::from_utf8(head).expect("a head in ASCII");
            }
            assert!(self.read().await > 0, "the gateway left: {:?}", String::from_utf8_lossy(&self.unread));
        }
    }

    /// A request whose length is given.
    pub async fn request(&mut self) -> Recorded {
        let head = self.head().await;
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .map_or(0, |length| length.parse().expect("a length"));
        Recorded { head, body: self.bytes(length).await }
    }

    /// The next bytes, exactly so many.
    pub async fn bytes(&mut self, length: usize) -> Vec<u8> {
        while self.unread.len() < length {
            assert!(self.read().await > 0, "the gateway left");
        }
        self.unread.drain(..length).collect()
    }

    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).await.expect("the gateway is there");
    }

    /// Waits until the gateway has left.
    pub async fn left(&mut self) {
        while self.read().await > 0 {}
    }

    async fn read(&mut self) -> usize {
        self.stream.read_buf(&mut self.unread).await.unwrap_or(0)
    }
}
