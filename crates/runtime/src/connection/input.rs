//! What a client sends, of which only whole and well-framed heads are handed on.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::{Buf, BytesMut};
use tokio::{
    io::{AsyncRead, AsyncReadExt, ReadBuf},
    net::TcpStream,
    time::Instant,
};

use super::{
    activity::{Activity, Refused},
    framing::{Framing, Step},
};
use crate::{limits::Limits, refusal::Refusal, timer::Timer};

/// How an HTTP/2 connection begins, RFC 9113 §3.4.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// What hyper reads in place of a head that is refused, so that the answer goes out in its turn.
const REFUSED: &[u8] = b"GET / HTTP/1.1\r\nhost: refused\r\nconnection: close\r\n\r\n";

/// Bytes to make room for when the first ones of a connection have come.
const FIRST_READ: usize = 4 << 10;

/// A version of HTTP.
pub enum Version {
    Http1,
    Http2,
}

/// The bytes of one client.
pub struct Input {
    /// Read, but not handed on; the first `passed` bytes may be.
    held: BytesMut,
    passed: usize,
    /// Of HTTP/1.
    framing: Option<Framing>,
    /// Heads handed on.
    heads: usize,
    /// When the first byte came of a head whose end has not.
    head_began: Option<Instant>,
    is_refused: bool,
    activity: Arc<Activity>,
    head_time: Duration,
    keep_alive_time: Duration,
    timer: Timer,
}

impl Input {
    /// The bytes of a connection that has just been opened.
    pub fn new(limits: &Limits, activity: Arc<Activity>) -> Self {
        Self {
            held: BytesMut::new(),
            passed: 0,
            framing: Some(Framing::new(limits.head_bytes, limits.header_fields)),
            heads: 0,
            head_began: None,
            is_refused: false,
            activity,
            head_time: limits.head_time,
            keep_alive_time: limits.keep_alive_time,
            timer: Timer::default(),
        }
    }

    /// Tells by the first bytes which version of HTTP the client speaks. They are handed on later.
    pub async fn version(&mut self, socket: &mut TcpStream) -> io::Result<Version> {
        socket.readable().await?;
        self.held.reserve(FIRST_READ);
        while PREFACE.starts_with(&self.held) {
            if self.held.len() == PREFACE.len() {
                break;
            }
            if socket.read_buf(&mut self.held).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        if !self.held.starts_with(PREFACE) {
            return Ok(Version::Http1);
        }
        self.framing = None;
        self.passed = self.held.len();
        Ok(Version::Http2)
    }

    /// Whether the client may still be sending what nobody reads.
    pub fn is_unfinished(&self) -> bool {
        self.is_refused || self.framing.as_ref().is_some_and(|framing| !framing.is_between_messages())
    }

    /// Reads what may be handed on, as [`AsyncRead::poll_read`] does. A client that is late with a head
    /// is refused, one that has not begun any has reached its end.
    ///
    /// # Errors
    /// Those of the socket, and a body whose end cannot be found.
    pub fn poll_read(
        &mut self,
        socket: &mut TcpStream,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            if self.passed > 0 {
                self.hand_on(buffer);
                return Poll::Ready(Ok(()));
            }
            if self.is_refused {
                return Poll::Pending;
            }
            let step = self.framing.as_mut().map_or(Step::More, |framing| framing.step(&self.held));
            if step != Step::More {
                self.follow(step)?;
                continue;
            }
            if !self.held.is_empty() {
                self.head_began.get_or_insert_with(Instant::now);
            }
            let before = buffer.filled().len();
            if Pin::new(&mut *socket).poll_read(context, buffer)?.is_pending() {
                ready!(self.poll_late(context));
                if self.is_refused {
                    continue;
                }
                return Poll::Ready(Ok(()));
            }
            let read = &buffer.filled()[before..];
            let Some(framing) = self.framing.as_mut().filter(|_| !read.is_empty()) else {
                return Poll::Ready(Ok(()));
            };
            // mostly, what was read can stay where it is, and the body with the head
            let step = if self.held.is_empty() { framing.step(read) } else { Step::More };
            let mut passed = step.passed();
            if passed > 0 && framing.has_length() {
                passed += framing.step(&read[passed..]).passed();
            }
            self.held.extend_from_slice(&read[passed..]);
            buffer.set_filled(before + passed);
            self.follow(step)?;
            if passed > 0 {
                self.passed = 0;
                return Poll::Ready(Ok(()));
            }
        }
    }

    fn hand_on(&mut self, buffer: &mut ReadBuf<'_>) {
        let length = buffer.remaining().min(self.passed);
        buffer.put_slice(&self.held[..length]);
        self.held.advance(length);
        self.passed -= length;
        if self.held.is_empty() {
            self.held = BytesMut::new();
        }
    }

    fn follow(&mut self, step: Step) -> io::Result<()> {
        match step {
            Step::More => {}
            Step::Head(length) => {
                self.heads += 1;
                self.head_began = None;
                self.passed = length;
            }
            Step::Body(length) => self.passed = length,
            Step::Skip(length) => self.held.advance(length),
            Step::Refuse(refusal) => self.refuse(refusal),
            Step::Break(reason) => return Err(io::Error::new(io::ErrorKind::InvalidData, reason)),
        }
        Ok(())
    }

    /// Has the request after those handed on answered with `refusal`, and makes it the last.
    fn refuse(&mut self, refusal: Box<Refusal>) {
        let head = std::mem::replace(&mut self.held, REFUSED.into()).freeze();
        self.activity.refuse(self.heads, Refused { refusal, head });
        self.passed = REFUSED.len();
        self.is_refused = true;
    }

    /// Waits until the client is late with a head, if it is its turn.
    fn poll_late(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if self.framing.as_ref().is_none_or(|framing| !framing.is_between_messages()) {
            return Poll::Pending;
        }
        // hyper does not ask again by itself when it has answered
        let idle_since = ready!(self.activity.poll_idle_since(context));
        let deadline = match self.head_began {
            _ if self.heads == 0 => idle_since + self.head_time,
            Some(began) => idle_since.max(began) + self.head_time,
            None => idle_since + self.keep_alive_time,
        };
        ready!(self.timer.poll(context, deadline));
        if !self.held.is_empty() {
            let message = format!("the request's head took longer than {:?}", self.head_time);
            self.refuse(Box::new(Refusal::new(408, "request_timeout", message)));
        }
        Poll::Ready(())
    }
}
