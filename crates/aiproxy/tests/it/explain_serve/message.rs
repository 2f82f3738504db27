//! HTTP/1.1 messages as they are on the wire, without an opinion about them.

use std::{
    fmt,
    io::{self, BufRead},
};

/// A message: for a request, the start line is method, target and version.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    pub start: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Message {
    /// The next message of a connection; `None` once it has ended, an error if it ends within the
    /// message. `bodiless` tells of an answer that has no body whatever its headers say.
    pub fn read(stream: &mut impl BufRead, bodiless: bool) -> io::Result<Option<Self>> {
        let start = line(stream)?;
        if start.is_empty() {
            return Ok(None);
        }
        let mut headers = Vec::new();
        loop {
            let line = line(stream)?;
            match line.split_once(':') {
                Some((name, value)) => headers.push((name.to_ascii_lowercase(), value.trim().to_owned())),
                None => break,
            }
        }
        let mut message = Self { start, headers, body: Vec::new() };
        if !bodiless {
            message.body = message.read_body(stream)?;
        }
        Ok(Some(message))
    }

    /// The first header of the name, which is in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(sent, _)| sent == name).map(|(_, value)| value.as_str())
    }

    /// The second word of the start line: a request's target, an answer's status.
    pub fn second_word(&self) -> &str {
        self.start.split(' ').nth(1).unwrap_or_default()
    }

    fn read_body(&self, stream: &mut impl BufRead) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        if self.header("transfer-encoding").is_none() {
            let length = self.header("content-length").map_or(0, |length| length.parse().expect("a number"));
            body.resize(length, 0);
            stream.read_exact(&mut body)?;
            return Ok(body);
        }
        loop {
            let size = usize::from_str_radix(&line(stream)?, 16);
            let size = size.map_err(|_| io::Error::from(io::ErrorKind::UnexpectedEof))?;
            let read = body.len();
            body.resize(read + size, 0);
            stream.read_exact(&mut body[read..])?;
            line(stream)?;
            if size == 0 {
                return Ok(body);
            }
        }
    }
}

/// As it was on the wire.
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.start)?;
        for (name, value) in &self.headers {
            writeln!(f, "{name}: {value}")?;
        }
        writeln!(f, "\n{}", String::from_utf8_lossy(&self.body))
    }
}

/// A line without its end; empty at the end of the stream.
fn line(stream: &mut impl BufRead) -> io::Result<String> {
    let mut bytes = Vec::new();
    stream.read_until(b'\n', &mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).trim_end_matches(['\r', '\n']).to_owned())
}
