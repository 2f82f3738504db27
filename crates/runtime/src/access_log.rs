//! One line of JSON about each request. Writing it never makes a request wait: lines go through a
//! bounded queue to a thread of their own, and what finds the queue full is dropped and counted.

mod entry;
mod mask;
mod writer;

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

pub use entry::{
    Aborted, AiEntry, ConsumerEntry, Entry, Latencies, RequestEntry, ResponseEntry, RouteEntry, ServiceEntry,
    schema,
};
pub use mask::masked;
use writer::Writer;

/// Where the lines go. Clones write to the same place.
#[derive(Clone)]
pub struct AccessLog(Option<Arc<Writer>>);

/// How long [`AccessLog::close`] waits for a reader that takes nothing.
const CLOSING_TIME: Duration = Duration::from_secs(2);

/// The bytes that most lines stay below.
const LINE: usize = 1 << 10;

impl AccessLog {
    /// To standard output. Once nobody reads it any more, that is said once and nothing more is written.
    pub fn stdout() -> Self {
        Self::to(io::stdout(), "standard output".to_owned())
    }

    /// To the end of a file, which is made if there is none.
    pub fn file(path: &Path) -> io::Result<Self> {
        let file = File::options().append(true).create(true).open(path)?;
        Ok(Self::to(file, format!("`{}`", path.display())))
    }

    /// Nowhere.
    pub fn off() -> Self {
        Self(None)
    }

    /// To `out`, which messages on standard error call `name`.
    pub fn to(out: impl io::Write + Send + 'static, name: String) -> Self {
        Self(Some(Arc::new(Writer::spawn(out, name))))
    }

    /// Whether lines go anywhere, for leaving out what is costly to tell.
    pub fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// Queues one line.
    pub fn write(&self, entry: &Entry) {
        let Some(writer) = &self.0 else { return };
        let mut line = Vec::with_capacity(LINE);
        serde_json::to_writer(&mut line, entry).expect("an entry has string keys");
        line.push(b'\n');
        writer.queue(line);
    }

    /// Waits until everything queued so far is written, if its reader takes it within two seconds.
    pub fn close(&self) {
        if let Some(writer) = &self.0 {
            writer.flush(CLOSING_TIME);
        }
    }
}

#[cfg(test)]
mod tests;
