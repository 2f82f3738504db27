//! AWS's event streams (`application/vnd.amazon.eventstream`): messages of typed headers and a payload,
//! each with two checksums.
//!
//! A message, all numbers big-endian (AWS, Event stream encoding): its whole length, the length of its
//! headers and a checksum of these eight bytes; the headers; the payload; a checksum of all before it.

use std::borrow::Cow;

use super::{CUT, Frame, FramingError, Kind};
use crate::body::json_text;

/// Cuts a stream of messages. Holds one message at most, and of that no more than came.
#[derive(Debug, Default)]
pub struct Messages {
    /// The beginning of a message whose end has not come.
    held: Vec<u8>,
}

/// A message with these headers, all of them strings, and this payload.
///
/// # Panics
/// If a header's name is longer than 255 bytes, its value than 65535, or the payload than 4 GB: the encoding
/// has no more room.
pub fn encode(headers: &[(&str, &str)], payload: &[u8]) -> Vec<u8> {
    let mut encoded = Vec::new();
    for (name, value) in headers {
        encoded.push(u8::try_from(name.len()).expect("a header's name is short"));
        encoded.extend_from_slice(name.as_bytes());
        encoded.push(STRING);
        encoded.extend_from_slice(&u16::try_from(value.len()).expect("a header is short").to_be_bytes());
        encoded.extend_from_slice(value.as_bytes());
    }
    let size = |size: usize| u32::try_from(size).expect("a message is not that long").to_be_bytes();
    let mut message = Vec::with_capacity(AROUND + encoded.len() + payload.len());
    message.extend_from_slice(&size(AROUND + encoded.len() + payload.len()));
    message.extend_from_slice(&size(encoded.len()));
    message.extend_from_slice(&crc32fast::hash(&message).to_be_bytes());
    message.extend_from_slice(&encoded);
    message.extend_from_slice(payload);
    message.extend_from_slice(&crc32fast::hash(&message).to_be_bytes());
    message
}

/// An event of this type, with JSON as its payload.
pub fn encode_event(event_type: &str, json: &str) -> Vec<u8> {
    encode(&[(EVENT_TYPE, event_type), CONTENT_TYPE, (MESSAGE_TYPE, "event")], json.as_bytes())
}

/// An exception of this type, with JSON as its payload: what ends a stream that has begun well.
pub fn encode_exception(exception_type: &str, json: &str) -> Vec<u8> {
    encode(&[(EXCEPTION_TYPE, exception_type), CONTENT_TYPE, (MESSAGE_TYPE, "exception")], json.as_bytes())
}

const MESSAGE_TYPE: &str = ":message-type";
const EVENT_TYPE: &str = ":event-type";
const EXCEPTION_TYPE: &str = ":exception-type";
const ERROR_CODE: &str = ":error-code";
const ERROR_MESSAGE: &str = ":error-message";
const CONTENT_TYPE: (&str, &str) = (":content-type", "application/json");

/// The longest headers and the longest payload that AWS sends, in bytes.
const MAX_HEADERS: usize = 128 << 10;
const MAX_PAYLOAD: usize = 24 << 20;

/// What a message begins with: two lengths and their checksum.
const PRELUDE: usize = 12;
const CHECKSUM: usize = 4;

/// What a message is longer than its headers and its payload.
const AROUND: usize = PRELUDE + CHECKSUM;

/// The number of the type of headers that are strings.
const STRING: u8 = 7;

impl Messages {
    /// Takes what came and calls `visit` with each message that is complete by now.
    pub fn push(&mut self, mut chunk: &[u8], visit: &mut dyn FnMut(&Frame<'_>)) -> Result<(), FramingError> {
        while !chunk.is_empty() {
            if !self.held.is_empty() {
                let lacks =
                    Lengths::read(&self.held)?.map_or(PRELUDE, |lengths| lengths.total) - self.held.len();
                let (end, rest) = chunk.split_at(lacks.min(chunk.len()));
                self.held.extend_from_slice(end);
                chunk = rest;
                match Lengths::read(&self.held)? {
                    Some(lengths) if lengths.total == self.held.len() => {
                        let message = std::mem::take(&mut self.held);
                        lengths.visit(&message, visit)?;
                    }
                    _ => {}
                }
                continue;
            }
            match Lengths::read(chunk)? {
                Some(lengths) if lengths.total <= chunk.len() => {
                    let (message, rest) = chunk.split_at(lengths.total);
                    chunk = rest;
                    lengths.visit(message, visit)?;
                }
                _ => {
                    self.held.extend_from_slice(chunk);
                    break;
                }
            }
        }
        Ok(())
    }

    /// The end of the bytes.
    pub fn finish(&mut self) -> Result<(), FramingError> {
        if self.held.is_empty() { Ok(()) } else { Err(CUT) }
    }
}

/// What a message's first bytes say, proved by their checksum.
#[derive(Debug, Clone, Copy)]
struct Lengths {
    total: usize,
    headers: usize,
}

impl Lengths {
    /// Nothing as long as they are not all there.
    fn read(bytes: &[u8]) -> Result<Option<Self>, FramingError> {
        let Some(prelude) = bytes.first_chunk::<PRELUDE>() else { return Ok(None) };
        let [total, headers, checksum] = [0, 4, 8]
            .map(|at| u32::from_be_bytes([prelude[at], prelude[at + 1], prelude[at + 2], prelude[at + 3]]));
        if crc32fast::hash(&prelude[..8]) != checksum {
            return Err(DAMAGED);
        }
        let (total, headers) = (total as usize, headers as usize);
        let payload = total.checked_sub(AROUND).and_then(|room| room.checked_sub(headers));
        match payload {
            None => Err(FramingError::Broken("a message is shorter than its parts")),
            Some(payload) if headers > MAX_HEADERS || payload > MAX_PAYLOAD => {
                Err(FramingError::Broken("a message is longer than messages may be"))
            }
            Some(_) => Ok(Some(Self { total, headers })),
        }
    }

    /// Visits a message of these lengths, if clients can mean it: an event, an exception or an error.
    fn visit(self, message: &[u8], visit: &mut dyn FnMut(&Frame<'_>)) -> Result<(), FramingError> {
        let (checked, checksum) = message.split_at(self.total - CHECKSUM);
        if crc32fast::hash(checked).to_be_bytes() != checksum {
            return Err(DAMAGED);
        }
        let (headers, payload) = checked[PRELUDE..].split_at(self.headers);
        let headers =
            Headers::read(headers).ok_or(FramingError::Broken("a message's headers cannot be read"))?;
        if let Some(frame) = headers.frame(payload) {
            visit(&frame);
        }
        Ok(())
    }
}

const DAMAGED: FramingError = FramingError::Broken("a message's checksum is wrong");

/// The headers that tell what a message is; absent where they are no strings.
#[derive(Debug, Default)]
struct Headers<'a> {
    message_type: Option<&'a str>,
    event_type: Option<&'a str>,
    exception_type: Option<&'a str>,
    error_code: Option<&'a str>,
    error_message: Option<&'a str>,
}

impl<'a> Headers<'a> {
    /// Nothing if a header is of an unknown type or longer than its message.
    fn read(mut bytes: &'a [u8]) -> Option<Self> {
        let mut headers = Self::default();
        while !bytes.is_empty() {
            let name_length = take(&mut bytes, 1)?[0];
            let name = take(&mut bytes, name_length.into())?;
            let kind = take(&mut bytes, 1)?[0];
            let value_length = match kind {
                // True, false: the type is the value.
                0 | 1 => 0,
                // Integers of growing size, a time in milliseconds, a UUID.
                2 => 1,
                3 => 2,
                4 => 4,
                5 | 8 => 8,
                9 => 16,
                // Bytes, a string.
                6 | STRING => {
                    take(&mut bytes, 2).map(|length| u16::from_be_bytes([length[0], length[1]]))?.into()
                }
                _ => return None,
            };
            let value = take(&mut bytes, value_length)?;
            let known = match std::str::from_utf8(name).unwrap_or_default() {
                MESSAGE_TYPE => &mut headers.message_type,
                EVENT_TYPE => &mut headers.event_type,
                EXCEPTION_TYPE => &mut headers.exception_type,
                ERROR_CODE => &mut headers.error_code,
                ERROR_MESSAGE => &mut headers.error_message,
                _ => continue,
            };
            *known = std::str::from_utf8(value).ok().filter(|_| kind == STRING);
        }
        Some(headers)
    }

    /// Nothing if the message is of no known type.
    fn frame(&self, payload: &'a [u8]) -> Option<Frame<'a>> {
        let (kind, data) = match self.message_type? {
            "event" => (Kind::Event(self.event_type?.into()), String::from_utf8_lossy(payload)),
            "exception" => {
                let name = self.exception_type.unwrap_or_default();
                (Kind::Exception(name.into()), String::from_utf8_lossy(payload))
            }
            // An error that the service did not declare, and that has no payload.
            "error" => {
                let message = json_text(self.error_message.unwrap_or_default());
                let name = self.error_code.unwrap_or_default();
                (Kind::Exception(name.into()), Cow::Owned(format!(r#"{{"message":{message}}}"#)))
            }
            _ => return None,
        };
        Some(Frame { kind, data })
    }
}

/// The first bytes; nothing if there are not so many.
fn take<'a>(bytes: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(taken)
}

#[cfg(test)]
mod tests;
