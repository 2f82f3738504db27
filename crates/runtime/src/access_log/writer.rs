//! The queue and the thread behind it.

use std::io::{self, ErrorKind, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread;
use std::time::Duration;

/// The most bytes of lines that wait to be written.
const QUEUED_BYTES: usize = 16 << 20;

/// From how many bytes on lines are written without waiting for more.
const BATCH_BYTES: usize = 64 << 10;

/// How long a line may wait for others to be written with: waking the thread for each of them costs more
/// than all else about them.
const GATHERING_TIME: Duration = Duration::from_millis(5);

/// Lines on their way to one place.
pub struct Writer {
    messages: Sender<Message>,
    backlog: Arc<Backlog>,
}

/// What waits, and what could not.
#[derive(Default)]
struct Backlog {
    bytes: AtomicUsize,
    dropped: AtomicU64,
}

enum Message {
    Line(Vec<u8>),
    /// To be answered once everything before it is written.
    Flush(SyncSender<()>),
}

impl Writer {
    /// Starts the thread that writes to `out`.
    pub fn spawn(out: impl Write + Send + 'static, name: String) -> Self {
        let (messages, received) = channel();
        let backlog = Arc::new(Backlog::default());
        let sink = Sink { out, name, backlog: backlog.clone(), cut: false, failing: false, gone: false };
        thread::Builder::new()
            .name("access-log".to_owned())
            .spawn(move || sink.run(&received))
            .expect("a thread can be started");
        Self { messages, backlog }
    }

    /// Queues a line, or counts it as dropped.
    pub fn queue(&self, line: Vec<u8>) {
        let waiting = self.backlog.bytes.fetch_add(line.len(), Ordering::Relaxed);
        // One line alone may be longer than the whole queue.
        if waiting > 0 && waiting + line.len() > QUEUED_BYTES {
            self.backlog.bytes.fetch_sub(line.len(), Ordering::Relaxed);
            self.backlog.dropped.fetch_add(1, Ordering::Relaxed);
        } else {
            // The thread lives as long as there is somebody to send.
            let _ = self.messages.send(Message::Line(line));
        }
    }

    /// Waits until everything queued so far is written, at most for `time`.
    pub fn flush(&self, time: Duration) {
        let (done, wait) = sync_channel(1);
        if self.messages.send(Message::Flush(done)).is_ok() && wait.recv_timeout(time).is_err() {
            say("the last lines of the access log were not taken and are lost");
        }
    }
}

/// The thread's side.
struct Sink<W> {
    out: W,
    name: String,
    backlog: Arc<Backlog>,
    /// Whether the last line written lacks its end.
    cut: bool,
    /// Whether the last write failed, which has been said.
    failing: bool,
    /// Whether nobody reads any more, which has been said.
    gone: bool,
}

impl<W: Write> Sink<W> {
    /// Writes until there is nobody left who could send: whatever has been gathered, in one go.
    fn run(mut self, messages: &Receiver<Message>) {
        let mut batch = Vec::new();
        while let Ok(first) = messages.recv() {
            if matches!(first, Message::Line(_)) {
                thread::sleep(GATHERING_TIME);
            }
            let mut flushes = Vec::new();
            for message in std::iter::once(first).chain(messages.try_iter()) {
                match message {
                    Message::Line(line) => batch.extend_from_slice(&line),
                    Message::Flush(done) => flushes.push(done),
                }
                if batch.len() >= BATCH_BYTES {
                    self.write(&mut batch);
                }
            }
            self.write(&mut batch);
            for done in flushes {
                // Whoever asked may have stopped waiting.
                let _ = done.try_send(());
            }
        }
    }

    fn write(&mut self, batch: &mut Vec<u8>) {
        if !self.gone && !batch.is_empty() {
            match self.put(batch) {
                Ok(()) => self.failing = false,
                Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                    self.gone = true;
                    say(&format!("nobody reads the access log on {} any more; it ends here", self.name));
                }
                Err(error) => {
                    if !self.failing {
                        say(&format!("the access log cannot be written to {}: {error}", self.name));
                    }
                    self.failing = true;
                }
            }
        }
        self.backlog.bytes.fetch_sub(batch.len(), Ordering::Relaxed);
        batch.clear();
        batch.shrink_to(BATCH_BYTES);
        let dropped = self.backlog.dropped.swap(0, Ordering::Relaxed);
        if dropped > 0 && !self.gone {
            say(&format!("the access log could not keep up: {dropped} lines were dropped"));
        }
    }

    /// Writes whole lines. What an error cuts off is not continued by the next line.
    fn put(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        if self.cut {
            self.out.write_all(b"\n")?;
            self.cut = false;
        }
        while !bytes.is_empty() {
            match self.out.write(bytes) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(written) => {
                    self.cut = bytes[written - 1] != b'\n';
                    bytes = &bytes[written..];
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.out.flush()
    }
}

/// Tells the operator; if standard error is closed there is nobody to tell.
fn say(message: &str) {
    let _ = writeln!(io::stderr(), "warning: {message}");
}

#[cfg(test)]
mod tests;
