//! A client's socket.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::Instant,
};

use super::{
    activity::Activity,
    input::{Input, Version},
};
use crate::{idle::Idle, limits::Limits, timer::Timer};

/// How long to go on reading, and dropping, what a client sends after its last answer: closing a socket
/// with unread bytes in it resets the connection, and can take the answer away.
const LINGER_TIME: Duration = Duration::from_secs(2);

/// A socket whose client must send its heads, and take its answers, in time. In HTTP/1 it must also frame
/// its requests beyond doubt.
pub struct ClientStream {
    socket: TcpStream,
    input: Input,
    /// A client may take nothing of what is written only for so long.
    writing: Idle,
    /// Since when it has been told that nothing more will come.
    closed: Option<Instant>,
    lingering: Timer,
}

impl ClientStream {
    /// A connection that has just been opened.
    pub fn new(socket: TcpStream, limits: &Limits, activity: Arc<Activity>) -> Self {
        Self {
            socket,
            input: Input::new(limits, activity),
            writing: Idle::new(limits.write_idle_time),
            closed: None,
            lingering: Timer::default(),
        }
    }

    /// See [`Input::version`].
    pub async fn version(&mut self) -> io::Result<Version> {
        self.input.version(&mut self.socket).await
    }

    /// Makes a write that has been pending for too long an error.
    fn patiently<T>(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.writing.progress();
            return written;
        }
        self.writing.poll_expired(context).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for ClientStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        this.input.poll_read(&mut this.socket, context, buffer)
    }
}

impl AsyncWrite for ClientStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write(context, bytes);
        self.patiently(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write_vectored(context, slices);
        self.patiently(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.closed.is_none() {
            ready!(Pin::new(&mut this.socket).poll_shutdown(context))?;
        }
        let since = *this.closed.get_or_insert_with(Instant::now);
        if !this.input.is_unfinished() {
            return Poll::Ready(Ok(()));
        }
        let mut dropped = [0; 4 << 10];
        loop {
            let mut dropped = ReadBuf::new(&mut dropped);
            let read = Pin::new(&mut this.socket).poll_read(context, &mut dropped);
            let at_end = read.is_ready() && dropped.filled().is_empty();
            if at_end || this.lingering.poll(context, since + LINGER_TIME).is_ready() {
                return Poll::Ready(Ok(()));
            }
            ready!(read)?;
        }
    }
}
