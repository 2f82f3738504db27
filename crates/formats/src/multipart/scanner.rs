//! Finding the parts of a body in whatever pieces it comes.

use std::mem;

use memchr::memmem;

use super::{MultipartError, Part};
use crate::body::MAX_MEMBERS;

/// The most bytes of a part's head.
pub const MAX_HEAD: usize = 8 << 10;

/// The most parts of a body; as many as a JSON body may have members.
pub const MAX_PARTS: usize = MAX_MEMBERS;

/// What a scanner comes upon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A part begins. Its content is skipped unless [`Scanner::keep`] is called now.
    Part(Part),
    /// All of the content that was to be kept.
    Value(Vec<u8>),
}

/// Reads a body piece by piece. Whatever the pieces, the same body gives the same events and errors. It
/// holds a head or a kept value, and otherwise no more than the length of a boundary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scanner {
    /// Two hyphens and the boundary.
    delimiter: Vec<u8>,
    state: State,
    /// What was fed and is not dealt with yet.
    held: Vec<u8>,
    parts: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    /// Before the first delimiter.
    Start,
    /// Behind a delimiter, of which a line break or two hyphens are still to come.
    Delimited,
    /// In a part's head.
    Head,
    /// In a part's content.
    Content(Option<Kept>),
    /// Behind the last delimiter.
    End,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Kept {
    value: Vec<u8>,
    limit: usize,
}

impl Scanner {
    /// A scanner for a body with this boundary.
    pub fn new(boundary: &str) -> Self {
        let delimiter = format!("--{boundary}").into_bytes();
        Self { delimiter, state: State::Start, held: Vec::new(), parts: 0 }
    }

    /// Reads on; takes from `input` what it has read. `None` once all of it is. After an error nothing
    /// more can be read.
    pub fn next(&mut self, input: &mut &[u8]) -> Result<Option<Event>, MultipartError> {
        loop {
            match &mut self.state {
                State::Start => {
                    let Some(start) = self.take(self.delimiter.len(), input) else { return Ok(None) };
                    if start != self.delimiter {
                        return Err(MultipartError::Framing);
                    }
                    self.state = State::Delimited;
                }
                State::Delimited => {
                    let Some(next) = self.take(2, input) else { return Ok(None) };
                    self.state = match &*next {
                        b"--" => State::End,
                        b"\r\n" if self.parts == MAX_PARTS => return Err(MultipartError::TooManyParts),
                        b"\r\n" => State::Head,
                        _ => return Err(MultipartError::Framing),
                    };
                }
                State::Head => {
                    let Some(head) = self.head(input)? else { return Ok(None) };
                    self.parts += 1;
                    self.state = State::Content(None);
                    return Part::parse(&head).map(|part| Some(Event::Part(part)));
                }
                State::Content(_) => {
                    if !self.content(input)? {
                        return Ok(None);
                    }
                    let content = mem::replace(&mut self.state, State::Delimited);
                    if let State::Content(Some(kept)) = content {
                        return Ok(Some(Event::Value(kept.value)));
                    }
                }
                State::End => {
                    self.held.extend(input.iter().take(END.len() + 1));
                    *input = &[];
                    return if END.starts_with(&self.held) {
                        Ok(None)
                    } else {
                        Err(MultipartError::Trailing)
                    };
                }
            }
        }
    }

    /// Keeps the content of the part that has just begun; more than `limit` bytes of it are an error.
    pub fn keep(&mut self, limit: usize) {
        if let State::Content(kept) = &mut self.state {
            *kept = Some(Kept { value: Vec::new(), limit });
        }
    }

    /// Says whether the body may end here. An empty one may.
    pub fn finish(&self) -> Result<(), MultipartError> {
        match self.state {
            State::Start if self.held.is_empty() => Ok(()),
            // No line break is cut in half.
            State::End if self.held.len().is_multiple_of(2) => Ok(()),
            _ => Err(MultipartError::Truncated),
        }
    }

    /// The next `count` bytes, once they are there.
    fn take(&mut self, count: usize, input: &mut &[u8]) -> Option<Vec<u8>> {
        let (taken, rest) = input.split_at(input.len().min(count - self.held.len()));
        *input = rest;
        self.held.extend_from_slice(taken);
        (self.held.len() == count).then(|| mem::take(&mut self.held))
    }

    /// The head, once it is there.
    fn head(&mut self, input: &mut &[u8]) -> Result<Option<Vec<u8>>, MultipartError> {
        const END_OF_HEAD: &[u8] = b"\r\n\r\n";
        let before = self.held.len();
        let room = MAX_HEAD + END_OF_HEAD.len() - before;
        self.held.extend(input.iter().take(room));
        let from = before.saturating_sub(END_OF_HEAD.len() - 1);
        let Some(at) = memmem::find(&self.held[from..], END_OF_HEAD) else {
            *input = &input[self.held.len() - before..];
            let is_full = self.held.len() == MAX_HEAD + END_OF_HEAD.len();
            return if is_full { Err(MultipartError::HeadTooLong) } else { Ok(None) };
        };
        let end = from + at;
        *input = &input[end + END_OF_HEAD.len() - before..];
        let mut head = mem::take(&mut self.held);
        head.truncate(end);
        Ok(Some(head))
    }

    /// Reads content; says whether it has ended.
    fn content(&mut self, input: &mut &[u8]) -> Result<bool, MultipartError> {
        let length = self.delimiter.len();
        // A delimiter and the line break before it can be cut anywhere, so the last bytes are held.
        let tail = length + 1;
        if !self.held.is_empty() {
            let mut seam = mem::take(&mut self.held);
            let before = seam.len();
            seam.extend(input.iter().take(tail));
            if let Some(at) = memmem::find(&seam, &self.delimiter) {
                *input = &input[at + length - before..];
                return self.end_content(&seam[..at]);
            }
            if input.len() <= tail {
                *input = &[];
                self.held = seam.split_off(seam.len().saturating_sub(tail));
                return self.add_content(&seam).map(|()| false);
            }
            self.add_content(&seam[..before])?;
        }
        let content = mem::take(input);
        match memmem::find(content, &self.delimiter) {
            Some(at) => {
                *input = &content[at + length..];
                self.end_content(&content[..at])
            }
            None => {
                let (content, held) = content.split_at(content.len().saturating_sub(tail));
                self.held.extend_from_slice(held);
                self.add_content(content).map(|()| false)
            }
        }
    }

    fn add_content(&mut self, content: &[u8]) -> Result<(), MultipartError> {
        let State::Content(Some(kept)) = &mut self.state else { return Ok(()) };
        if kept.value.len() + content.len() > kept.limit {
            return Err(MultipartError::ValueTooLong);
        }
        kept.value.extend_from_slice(content);
        Ok(())
    }

    /// Adds what stands before a delimiter, whose line break is not part of the content.
    fn end_content(&mut self, content: &[u8]) -> Result<bool, MultipartError> {
        let (content, line_break) = content.split_at(content.len().saturating_sub(2));
        self.add_content(content)?;
        if line_break == b"\r\n" { Ok(true) } else { Err(MultipartError::BoundaryInPart) }
    }
}

/// What may stand behind the last delimiter: line breaks, of which clients write up to two.
const END: &[u8] = b"\r\n\r\n";
