//! JSON objects one after the other, as lines (NDJSON) or as the items of an array that comes piece by
//! piece. Both are read alike: what stands between objects is blank, a comma or a bracket.

use std::borrow::Cow;

use super::{CUT, Frame, FramingError, Kind};
use crate::sse::{EventTooLong, MAX_EVENT};

/// Finds where objects end by counting braces outside strings.
#[derive(Debug, Default)]
pub struct Objects {
    /// The beginning of an object whose end has not come.
    held: Vec<u8>,
    depth: usize,
    in_string: bool,
    is_escaped: bool,
}

impl Objects {
    /// Takes what came and calls `visit` with each object that is complete by now.
    pub fn push(&mut self, chunk: &[u8], visit: &mut dyn FnMut(&Frame<'_>)) -> Result<(), FramingError> {
        // Where the object that is being read begins in the chunk.
        let mut start = 0;
        for (at, byte) in chunk.iter().enumerate() {
            match byte {
                _ if self.is_escaped => self.is_escaped = false,
                b'\\' if self.in_string => self.is_escaped = true,
                b'"' if self.depth > 0 => self.in_string = !self.in_string,
                _ if self.in_string => {}
                b'{' => {
                    if self.depth == 0 {
                        start = at;
                    }
                    self.depth += 1;
                }
                b'}' if self.depth > 0 => {
                    self.depth -= 1;
                    if self.depth == 0 {
                        self.complete(&chunk[start..=at], visit)?;
                        start = at + 1;
                    }
                }
                _ if self.depth > 0 => {}
                // Between objects; a byte order mark may stand before the first.
                b' ' | b'\t' | b'\r' | b'\n' | b',' | b'[' | b']' | 0xef | 0xbb | 0xbf => start = at + 1,
                _ => return Err(FramingError::Broken("there is something else than objects in it")),
            }
        }
        let rest = if self.depth > 0 { &chunk[start..] } else { &[] };
        if rest.len() > MAX_EVENT.saturating_sub(self.held.len()) {
            self.held = Vec::new();
            return Err(EventTooLong { limit: MAX_EVENT }.into());
        }
        self.held.extend_from_slice(rest);
        Ok(())
    }

    /// The end of the bytes.
    pub fn finish(&mut self) -> Result<(), FramingError> {
        if self.depth == 0 { Ok(()) } else { Err(CUT) }
    }

    fn complete(&mut self, end: &[u8], visit: &mut dyn FnMut(&Frame<'_>)) -> Result<(), FramingError> {
        let held = std::mem::take(&mut self.held);
        if end.len() > MAX_EVENT.saturating_sub(held.len()) {
            return Err(EventTooLong { limit: MAX_EVENT }.into());
        }
        let object = if held.is_empty() { Cow::Borrowed(end) } else { Cow::Owned([&held, end].concat()) };
        match std::str::from_utf8(&object) {
            Ok(text) => visit(&Frame { kind: Kind::Unnamed, data: Cow::Borrowed(text) }),
            Err(_) => return Err(FramingError::Broken("it is not valid UTF-8")),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
