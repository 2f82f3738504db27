//! Server-sent events, as the HTML standard has them: a byte stream is split where events end, and an
//! event is read.
//!
//! A line ends with LF, CR or CRLF, an event with a blank line. The bytes of an event are never changed
//! on the way.

use std::borrow::Cow;

use bytes::{Buf, Bytes};
use memchr::{memchr2, memrchr2_iter};

/// The longest event that is waited for, in bytes. A whole image in base64 fits; an endless line does not.
pub const MAX_EVENT: usize = 16 << 20;

/// The UTF-8 byte order mark, which may precede the first event and means nothing.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// An event is longer than the splitter waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an event of the stream is longer than {limit} bytes")]
pub struct EventTooLong {
    /// The limit, in bytes.
    pub limit: usize,
}

/// Cuts a byte stream after complete events, wherever the chunks were cut.
///
/// Joined, what [`Splitter::push`] and [`Splitter::finish`] return is what came in, without a byte order
/// mark at its start (clients are known to read it as part of the first field's name).
#[derive(Debug)]
pub struct Splitter {
    /// The beginning of an event whose end has not come.
    held: Vec<u8>,
    /// The last two bytes seen. A stream starts like a line, so the bytes before it are line ends.
    last: [u8; 2],
    at_start: bool,
    limit: usize,
}

impl Default for Splitter {
    fn default() -> Self {
        Self::new()
    }
}

impl Splitter {
    /// A splitter that waits for events of up to [`MAX_EVENT`] bytes.
    pub fn new() -> Self {
        Self::with_limit(MAX_EVENT)
    }

    /// A splitter that holds at most `limit` bytes.
    pub fn with_limit(limit: usize) -> Self {
        Self { held: Vec::new(), last: *b"\n\n", at_start: true, limit }
    }

    /// Takes what came and returns all that is complete by now: whole events and blank lines, possibly
    /// nothing. Copies nothing if no event was begun before.
    ///
    /// An event is complete with the CR of its blank line; an LF that follows in the next chunk comes
    /// out with that chunk, as a blank line before the next event.
    ///
    /// After an error the stream is lost; what was held is gone.
    pub fn push(&mut self, chunk: Bytes) -> Result<Bytes, EventTooLong> {
        let mut rest = self.skip_mark(chunk);
        let end = self.last_end(&rest);
        self.remember(&rest);
        let mut complete = rest.split_to(end);
        if !complete.is_empty() && !self.held.is_empty() {
            self.held.extend_from_slice(&complete);
            complete = std::mem::take(&mut self.held).into();
        }
        if rest.len() > self.limit.saturating_sub(self.held.len()) {
            self.held = Vec::new();
            return Err(EventTooLong { limit: self.limit });
        }
        self.held.extend_from_slice(&rest);
        Ok(complete)
    }

    /// The end of the stream: an event that was begun and has no end, possibly nothing.
    pub fn finish(&mut self) -> Bytes {
        std::mem::take(&mut self.held).into()
    }

    /// The chunk without a byte order mark. Nothing as long as what came could be part of one.
    fn skip_mark(&mut self, chunk: Bytes) -> Bytes {
        if !self.at_start {
            return chunk;
        }
        let mut start = match self.held.is_empty() {
            true => chunk,
            false => [&*std::mem::take(&mut self.held), &*chunk].concat().into(),
        };
        if start.len() < BYTE_ORDER_MARK.len() && BYTE_ORDER_MARK.starts_with(&start) {
            self.held = start.into();
            return Bytes::new();
        }
        self.at_start = false;
        if start.starts_with(BYTE_ORDER_MARK) {
            start.advance(BYTE_ORDER_MARK.len());
        }
        start
    }

    /// Where the last blank line of the chunk ends; 0 if there is none. Searched from the back, since a
    /// chunk mostly ends where an event does.
    fn last_end(&self, chunk: &[u8]) -> usize {
        let byte = |at: usize| if at < 2 { self.last[at] } else { chunk[at - 2] };
        memrchr2_iter(b'\n', b'\r', chunk)
            .find(|&at| ends_blank_line(byte(at), byte(at + 1), chunk[at]))
            .map_or(0, |at| at + 1)
    }

    fn remember(&mut self, chunk: &[u8]) {
        match *chunk {
            [] => {}
            [byte] => self.last = [self.last[1], byte],
            [.., before, byte] => self.last = [before, byte],
        }
    }
}

/// Whether a line end, after the two bytes `earlier` and `before`, is that of a blank line.
fn ends_blank_line(earlier: u8, before: u8, line_end: u8) -> bool {
    match (before, line_end) {
        (b'\r', b'\n') => is_line_end(earlier),
        _ => is_line_end(before),
    }
}

fn is_line_end(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

/// One event of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event<'a> {
    /// The event as it came: blank lines before it, its lines, the blank line that ends it.
    pub bytes: Bytes,
    /// The values of its `data` fields, joined with line feeds. Empty if there are none, as in a comment
    /// that keeps the connection alive: nothing reaches a client's program then.
    pub data: Cow<'a, str>,
}

/// The events in what [`Splitter::push`] returned; joined, their bytes are the batch. An unfinished event
/// at the end, and blank lines after the last event, count as one.
pub fn events(batch: &Bytes) -> impl Iterator<Item = Event<'_>> {
    let mut rest = 0;
    std::iter::from_fn(move || {
        let start = rest;
        let mut data = None;
        let mut is_begun = false;
        while rest < batch.len() {
            let (line, length) = first_line(&batch[rest..]);
            rest += length;
            match (line.is_empty(), is_begun) {
                (true, true) => break,
                (true, false) => {}
                (false, _) => {
                    is_begun = true;
                    add_data(&mut data, line);
                }
            }
        }
        let bytes = (rest > start).then(|| batch.slice(start..rest))?;
        Some(Event { bytes, data: data.unwrap_or_default() })
    })
}

/// The first line, and its length with the line end.
fn first_line(text: &[u8]) -> (&[u8], usize) {
    match memchr2(b'\n', b'\r', text) {
        None => (text, text.len()),
        Some(at) if text[at..].starts_with(b"\r\n") => (&text[..at], at + 2),
        Some(at) => (&text[..at], at + 1),
    }
}

/// Adds the value of a line that is a `data` field.
fn add_data<'a>(data: &mut Option<Cow<'a, str>>, line: &'a [u8]) {
    let value = match line.strip_prefix(b"data") {
        Some([]) => &[][..],
        Some([b':', b' ', value @ ..] | [b':', value @ ..]) => value,
        _ => return,
    };
    // The check by itself is several times as fast as the repair, which is hardly ever needed.
    let value = std::str::from_utf8(value).map_or_else(|_| String::from_utf8_lossy(value), Cow::Borrowed);
    match data {
        None => *data = Some(value),
        Some(data) => {
            let joined = data.to_mut();
            joined.push('\n');
            joined.push_str(&value);
        }
    }
}

#[cfg(test)]
mod tests;
