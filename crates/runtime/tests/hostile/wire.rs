//! One end of a connection, byte by byte.

use std::{io, time::Duration};

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// No step may take longer; a test that runs into it has found something that hangs.
const PATIENCE: Duration = Duration::from_secs(20);

/// A connection to the gateway, or from it.
pub struct Wire {
    socket: TcpStream,
    /// Read, but not used yet.
    held: Vec<u8>,
}

/// A request or an answer.
#[derive(Debug, Clone)]
pub struct Message {
    /// Everything before the body.
    pub head: String,
    pub body: Vec<u8>,
    /// Whether the body ended as its framing says.
    pub complete: bool,
}

/// How a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    Closed,
    Reset,
}

/// What `step` comes to, which must not take forever.
pub async fn within<T>(what: &str, step: impl Future<Output = T>) -> T {
    match timeout(PATIENCE, step).await {
        Ok(done) => done,
        Err(_) => panic!("waited in vain: {what}"),
    }
}

impl Wire {
    pub fn new(socket: TcpStream) -> Self {
        socket.set_nodelay(true).expect("a socket");
        Self { socket, held: Vec::new() }
    }

    /// Sends all of it.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.try_send(bytes).await.expect("the other side takes it");
    }

    /// Sends all of it, or what the other side takes before it closes.
    pub async fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        within("the other side takes what is sent", self.socket.write_all(bytes.as_ref())).await
    }

    /// Sends it again and again, until the other side answers or closes.
    pub async fn repeat(&mut self, piece: &[u8]) {
        within("the other side answers or closes", async {
            while self
                .socket
                .try_read_buf(&mut self.held)
                .is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
            {
                if self.socket.write_all(piece).await.is_err() {
                    break;
                }
                tokio::task::yield_now().await;
            }
        })
        .await;
    }

    /// Sends it again and again, until the other side has taken nothing for a long while; how often.
    pub async fn fill(&mut self, piece: &[u8]) -> usize {
        let (mut taken, mut refused) = (0, 0);
        while refused < 10_000 {
            match self.socket.try_write(piece) {
                Ok(length) => (taken, refused) = (taken + length, 0),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    refused += 1;
                    tokio::task::yield_now().await;
                }
                Err(error) => panic!("{error}"),
            }
            assert!(taken < 1 << 30, "the other side takes without end");
        }
        taken
    }

    /// Reads up to `end` at the end of what has come, keeping nothing; how much came.
    pub async fn passes(&mut self, end: &str) -> usize {
        let mut bytes = 0;
        while !self.held.ends_with(end.as_bytes()) {
            let passed = self.held.len().saturating_sub(end.len());
            self.held.drain(..passed);
            bytes += passed;
            let ended = self.more().await;
            assert!(ended.is_none(), "{ended:?} after {bytes} bytes");
        }
        bytes + std::mem::take(&mut self.held).len()
    }

    /// Says that no more will be sent.
    pub async fn finish(&mut self) {
        self.socket.shutdown().await.expect("a connection");
    }

    /// Breaks the connection.
    pub fn reset(self) {
        self.socket.set_zero_linger().expect("a socket");
    }

    /// Everything up to and with `end`.
    pub async fn until(&mut self, end: &str) -> String {
        let mut from = 0;
        loop {
            let found = self.held[from..].windows(end.len()).position(|bytes| bytes == end.as_bytes());
            if let Some(at) = found {
                let taken = self.held.drain(..from + at + end.len()).collect();
                return String::from_utf8(taken).expect("text");
            }
            from = self.held.len().saturating_sub(end.len() - 1);
            let ended = self.more().await;
            assert!(ended.is_none(), "{ended:?} before {end:?}: {}", self.held.escape_ascii());
        }
    }

    /// A message, as far as it comes. `None` if the connection ends before a whole head.
    pub async fn try_message(&mut self) -> Option<Message> {
        let end = loop {
            if let Some(at) = self.held.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                break at + 4;
            }
            if self.more().await.is_some() {
                return None;
            }
        };
        let head = String::from_utf8_lossy(&self.held.drain(..end).collect::<Vec<_>>()).into_owned();
        let mut message = Message { head, body: Vec::new(), complete: true };
        if message.head.starts_with("HTTP/1.1 1") || message.head.starts_with("HTTP/1.1 304") {
            return Some(message);
        }
        if message.header("transfer-encoding") == Some("chunked") {
            message.complete = self.chunks(&mut message.body).await;
        } else if let Some(length) = message.header("content-length") {
            let length: usize = length.parse().expect("a length");
            while self.held.len() < length && self.more().await.is_none() {}
            message.complete = self.held.len() >= length;
            let length = length.min(self.held.len());
            message.body = self.held.drain(..length).collect();
        } else if message.head.starts_with("HTTP/") {
            let end = self.ended().await;
            message.complete = end == End::Closed;
            message.body = std::mem::take(&mut self.held);
        }
        Some(message)
    }

    /// A message whose head must come.
    pub async fn message(&mut self) -> Message {
        let message = self.try_message().await;
        message.unwrap_or_else(|| panic!("ended before a head: {}", self.held.escape_ascii()))
    }

    /// Reads to the end of the connection.
    pub async fn ended(&mut self) -> End {
        loop {
            if let Some(end) = self.more().await {
                return end;
            }
        }
    }

    /// The next `length` bytes.
    pub async fn take(&mut self, length: usize) -> Option<Vec<u8>> {
        while self.held.len() < length {
            if self.more().await.is_some() {
                return None;
            }
        }
        Some(self.held.drain(..length).collect())
    }

    /// Whether the body came to its end.
    async fn chunks(&mut self, body: &mut Vec<u8>) -> bool {
        loop {
            while !self.held.windows(2).any(|bytes| bytes == b"\r\n") {
                if self.more().await.is_some() {
                    return false;
                }
            }
            let line = self.until("\r\n").await;
            let size = usize::from_str_radix(line.trim_end(), 16).expect("the size of a chunk");
            while self.held.len() < size + 2 {
                if self.more().await.is_some() {
                    body.append(&mut self.held);
                    return false;
                }
            }
            body.extend(self.held.drain(..size));
            self.held.drain(..2);
            if size == 0 {
                return true;
            }
        }
    }

    async fn more(&mut self) -> Option<End> {
        match within("the other side sends or ends", self.socket.read_buf(&mut self.held)).await {
            Ok(0) => Some(End::Closed),
            Ok(_) => None,
            Err(_) => Some(End::Reset),
        }
    }
}

impl Message {
    pub fn status(&self) -> u16 {
        self.head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("an answer")
    }

    /// The one value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.head.lines().skip(1).filter_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then_some(value.trim())
        });
        let value = values.next();
        assert_eq!(values.next(), None, "{name} is there once");
        value
    }

    pub fn text(&self) -> &str {
        str::from_utf8(&self.body).expect("text")
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Asserts a whole answer with an error object of this status, type and code, which is all that the
    /// SDKs look at; returns its message.
    #[track_caller]
    pub fn refuses(&self, status: u16, kind: &str, code: impl Into<Value>) -> String {
        assert_eq!(self.status(), status, "{self:?}");
        assert!(self.complete, "{self:?}");
        assert!(self.header("content-type").is_some_and(|t| t.starts_with("application/json")), "{self:?}");
        let error = &self.json()["error"];
        assert_eq!((&error["type"], &error["code"]), (&kind.into(), &code.into()), "{error}");
        assert!(error.as_object().is_some_and(|error| error.contains_key("param")), "{error}");
        error["message"].as_str().expect("a message").to_owned()
    }
}
