//! The end of a chunked body, RFC 9112 §7.1.

/// Bytes of chunk extensions and of trailers that a body may have. Nothing reads the extensions.
const EXTRA: usize = 16 << 10;

/// Reads a chunked body.
pub(super) struct Chunks {
    at: At,
    /// Digits of the size so far.
    digits: u8,
    /// Bytes to come of the chunk.
    left: u64,
    /// Bytes of extensions and trailers so far.
    extra: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    Size,
    Extension,
    SizeEnd,
    Data,
    DataReturn,
    DataEnd,
    /// The beginning of a trailer's line, or of the empty one.
    Line,
    Trailer,
    TrailerEnd,
    End,
    Complete,
}

impl Chunks {
    pub fn new() -> Self {
        Self { at: At::Size, digits: 0, left: 0, extra: 0 }
    }

    /// Whether the body has ended.
    pub fn is_complete(&self) -> bool {
        self.at == At::Complete
    }

    /// How many of `bytes` are of the body: all, unless it ends before.
    pub fn read(&mut self, bytes: &[u8]) -> Result<usize, &'static str> {
        let mut read = 0;
        while read < bytes.len() && self.at != At::Complete {
            if self.at == At::Data {
                let taken = usize::try_from(self.left).unwrap_or(usize::MAX).min(bytes.len() - read);
                self.left -= taken as u64;
                read += taken;
                if self.left == 0 {
                    self.at = At::DataReturn;
                }
            } else {
                self.at = self.next(bytes[read])?;
                read += 1;
            }
        }
        Ok(read)
    }

    fn next(&mut self, byte: u8) -> Result<At, &'static str> {
        match (self.at, byte) {
            (At::Size, b'\r' | b';') if self.digits > 0 => {
                Ok(if byte == b';' { At::Extension } else { At::SizeEnd })
            }
            (At::Size, _) => {
                let digit = (byte as char).to_digit(16).ok_or("a chunk's size is not a number")?;
                self.digits += 1;
                if self.digits > 16 || self.left >> 59 != 0 {
                    return Err("a chunk's size is too large");
                }
                self.left = self.left << 4 | u64::from(digit);
                Ok(At::Size)
            }
            (At::Extension, b'\r') => Ok(At::SizeEnd),
            (At::Extension, _) => self.extra(byte, At::Extension),
            (At::SizeEnd, b'\n') => {
                self.digits = 0;
                Ok(if self.left == 0 { At::Line } else { At::Data })
            }
            (At::DataReturn, b'\r') => Ok(At::DataEnd),
            (At::DataEnd, b'\n') => Ok(At::Size),
            (At::Line, b'\r') => Ok(At::End),
            (At::Trailer, b'\r') => Ok(At::TrailerEnd),
            (At::Line | At::Trailer, _) => self.extra(byte, At::Trailer),
            (At::TrailerEnd, b'\n') => Ok(At::Line),
            (At::End, b'\n') => Ok(At::Complete),
            (At::DataReturn | At::DataEnd, _) => Err("a chunk is longer than its size"),
            _ => Err("a line of a chunked body ends without carriage return and line feed"),
        }
    }

    fn extra(&mut self, byte: u8, at: At) -> Result<At, &'static str> {
        self.extra += 1;
        match byte {
            b'\t' | b' '..=b'~' | 0x80.. if self.extra <= EXTRA => Ok(at),
            b'\t' | b' '..=b'~' | 0x80.. => Err("a chunked body has too many extensions or trailers"),
            _ => Err("a chunk's extension or a trailer has control characters"),
        }
    }
}
