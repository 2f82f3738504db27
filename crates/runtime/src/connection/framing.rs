//! Where the messages of an HTTP/1 connection begin and end.
//!
//! Two readers that disagree about it let a client hide one request inside another. hyper is as lenient
//! as RFC 9112 lets it be and mends what it is sent without a trace; so every byte is read here first,
//! and whatever could be read in two ways never gets as far as hyper.

mod chunks;
mod fields;

use memchr::memchr;

use self::{
    chunks::Chunks,
    fields::{body, is_token},
};
use crate::refusal::Refusal;

/// The first byte of a TLS connection, RFC 8446 §5.1.
const TLS_HANDSHAKE: u8 = 22;

/// Reads a connection from its first byte on.
pub struct Framing {
    part: Part,
    head_bytes: usize,
    header_fields: usize,
    /// How much of the current head has been searched for its end.
    searched: usize,
    /// Where the line begins that `searched` is in.
    line: usize,
}

/// The part of the connection that comes next.
enum Part {
    Head,
    /// A body with so many bytes to come.
    Length(u64),
    Chunked(Chunks),
}

/// What to do with the next bytes.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    /// Pass so many on; they end with a head.
    Head(usize),
    /// Pass so many on; they are of a body.
    Body(usize),
    /// Drop so many: empty lines before a request.
    Skip(usize),
    /// Wait for more.
    More,
    /// The head is refused, and nothing after it can be read.
    Refuse(Box<Refusal>),
    /// The body is broken, and nothing after it can be read.
    Break(&'static str),
}

impl Step {
    /// How many bytes to pass on.
    pub fn passed(&self) -> usize {
        match self {
            Self::Head(length) | Self::Body(length) => *length,
            _ => 0,
        }
    }
}

impl Framing {
    /// Accepts heads of at most `head_bytes` with at most `header_fields`.
    pub fn new(head_bytes: usize, header_fields: usize) -> Self {
        Self { part: Part::Head, head_bytes, header_fields, searched: 0, line: 0 }
    }

    /// Whether what comes next is a head.
    pub fn is_between_messages(&self) -> bool {
        matches!(self.part, Part::Head)
    }

    /// Whether what comes next is a body of known length, in which nothing can be broken.
    pub fn has_length(&self) -> bool {
        matches!(self.part, Part::Length(_))
    }

    /// Tells what to do with `bytes`, which follow what was passed on or dropped before.
    pub fn step(&mut self, bytes: &[u8]) -> Step {
        if bytes.is_empty() {
            return Step::More;
        }
        match &mut self.part {
            Part::Head => self.head(bytes),
            Part::Length(left) => {
                let taken = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
                *left -= taken as u64;
                if *left == 0 {
                    self.part = Part::Head;
                }
                Step::Body(taken)
            }
            Part::Chunked(chunks) => match chunks.read(bytes) {
                Err(broken) => Step::Break(broken),
                Ok(taken) => {
                    if chunks.is_complete() {
                        self.part = Part::Head;
                    }
                    Step::Body(taken)
                }
            },
        }
    }

    fn head(&mut self, bytes: &[u8]) -> Step {
        match bytes {
            [b'\r'] => return Step::More,
            [b'\r', b'\n', ..] => return Step::Skip(2),
            [TLS_HANDSHAKE, ..] => return refuse(400, "this is TLS, but plain HTTP is spoken here"),
            [first, ..] if !is_token(&[*first]) => return refuse(400, "this is no HTTP request"),
            _ => {}
        }
        while let Some(found) = memchr(b'\n', &bytes[self.searched..]) {
            let end = self.searched + found;
            if end >= self.head_bytes {
                break;
            }
            if end == self.line || bytes[end - 1] != b'\r' {
                return refuse(400, "a line of the request's head ends without a carriage return");
            }
            if end == self.line + 1 {
                let head = &bytes[..end - 1];
                return match body(head, self.header_fields) {
                    Err(refusal) => Step::Refuse(refusal),
                    Ok(part) => {
                        (self.part, self.searched, self.line) = (part, 0, 0);
                        Step::Head(end + 1)
                    }
                };
            }
            (self.searched, self.line) = (end + 1, end + 1);
        }
        if bytes.len() < self.head_bytes {
            self.searched = bytes.len();
            return Step::More;
        }
        let limit = self.head_bytes;
        match memchr(b'\n', &bytes[..limit]) {
            Some(_) => refuse(431, format!("the request's head has more than {limit} bytes")),
            None => refuse(414, format!("the request's line has more than {limit} bytes")),
        }
    }
}

fn refuse(status: u16, message: impl Into<String>) -> Step {
    Step::Refuse(Refusal::malformed(status, message))
}

#[cfg(test)]
mod tests;
