//! Compressed answers: what a client accepts, and decoding while bytes arrive.

use std::io::{self, Write};

use bytes::Bytes;
use flate2::write::{MultiGzDecoder, ZlibDecoder};
use hyper::HeaderMap;
use hyper::header::{ACCEPT_ENCODING, CONTENT_ENCODING};

/// A coding that can be undone here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coding {
    Gzip,
    /// Deflate with zlib's framing, as RFC 9110 §8.4.1.2 has it.
    Deflate,
}

/// What an answer's body is coded in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Identity,
    Known(Coding),
    /// Something else, or several codings.
    Other,
}

/// Undoes a coding, step by step.
pub(super) struct Decoder {
    inflate: Inflate,
    /// What has come and is not decoded yet.
    input: Bytes,
}

enum Inflate {
    Gzip(MultiGzDecoder<Vec<u8>>),
    Deflate(ZlibDecoder<Vec<u8>>),
}

/// How much is decoded at a time. A byte becomes at most 1032.
const STEP: usize = 256;

/// How much is decoded before it is handed on.
const BATCH: usize = 16 << 10;

impl Encoding {
    /// What `content-encoding` says.
    pub fn of(headers: &HeaderMap) -> Self {
        let mut given = headers.get_all(CONTENT_ENCODING).iter();
        match (given.next().map(|value| value.as_bytes().trim_ascii()), given.next()) {
            (None, _) => Encoding::Identity,
            (Some(name), None) => match name.to_ascii_lowercase().as_slice() {
                b"" | b"identity" => Encoding::Identity,
                b"gzip" | b"x-gzip" => Encoding::Known(Coding::Gzip),
                b"deflate" => Encoding::Known(Coding::Deflate),
                _ => Encoding::Other,
            },
            _ => Encoding::Other,
        }
    }

    /// The coding to undo, if there is one that can be.
    pub fn coding(self) -> Option<Coding> {
        match self {
            Encoding::Known(coding) => Some(coding),
            Encoding::Identity | Encoding::Other => None,
        }
    }
}

/// Whether a client takes gzip: a weight of zero says no.
pub(super) fn accepts_gzip(headers: &HeaderMap) -> bool {
    let mut any = None;
    for value in headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok()) {
        for item in value.split(',') {
            let mut parts = item.split(';').map(str::trim);
            let coding = parts.next().unwrap_or_default();
            let weight = parts.filter_map(|part| part.split_once('=')).find(|(name, _)| name.trim() == "q");
            let accepted = weight.is_none_or(|(_, q)| q.trim().parse().is_ok_and(|q: f32| q > 0.0));
            if coding.eq_ignore_ascii_case("gzip") || coding.eq_ignore_ascii_case("x-gzip") {
                return accepted;
            }
            if coding == "*" {
                any = Some(accepted);
            }
        }
    }
    any.unwrap_or(false)
}

impl Decoder {
    pub fn new(coding: Coding) -> Self {
        let inflate = match coding {
            Coding::Gzip => Inflate::Gzip(MultiGzDecoder::new(Vec::new())),
            Coding::Deflate => Inflate::Deflate(ZlibDecoder::new(Vec::new())),
        };
        Self { inflate, input: Bytes::new() }
    }

    /// Takes what came; all that came before has to have been decoded.
    pub fn push(&mut self, input: Bytes) {
        self.input = input;
    }

    /// The next decoded bytes; nothing when more has to come first. However well they are compressed,
    /// it is never much at a time.
    pub fn decode(&mut self) -> io::Result<Bytes> {
        while !self.input.is_empty() && self.output().len() < BATCH {
            let step = self.input.split_to(self.input.len().min(STEP));
            match &mut self.inflate {
                Inflate::Gzip(gzip) => gzip.write_all(&step).and_then(|()| gzip.flush())?,
                Inflate::Deflate(deflate) => deflate.write_all(&step).and_then(|()| deflate.flush())?,
            }
        }
        Ok(std::mem::take(self.output()).into())
    }

    /// The last bytes. Errors if the end of the coding has not come.
    pub fn finish(&mut self) -> io::Result<Bytes> {
        match &mut self.inflate {
            Inflate::Gzip(gzip) => gzip.try_finish()?,
            Inflate::Deflate(deflate) => deflate.try_finish()?,
        }
        Ok(std::mem::take(self.output()).into())
    }

    fn output(&mut self) -> &mut Vec<u8> {
        match &mut self.inflate {
            Inflate::Gzip(gzip) => gzip.get_mut(),
            Inflate::Deflate(deflate) => deflate.get_mut(),
        }
    }
}

/// A whole body decoded, up to `limit` bytes; what is broken ends where it breaks.
pub(super) fn decoded(body: Bytes, coding: Coding, limit: usize) -> Bytes {
    let mut decoder = Decoder::new(coding);
    let mut whole = Vec::new();
    decoder.push(body);
    while whole.len() < limit {
        match decoder.decode() {
            Ok(bytes) if !bytes.is_empty() => whole.extend_from_slice(&bytes),
            _ => break,
        }
    }
    whole.truncate(limit);
    whole.into()
}

#[cfg(test)]
mod tests {
    use flate2::Compression;
    use flate2::write::{GzEncoder, ZlibEncoder};
    use hyper::header::HeaderValue;

    use super::*;

    #[test]
    fn a_weight_of_zero_refuses() {
        for (header, accepted) in [
            ("gzip", true),
            ("br, GZIP;q=0.5", true),
            ("gzip;q=0", false),
            ("gzip ; q=0.000, *", false),
            ("*", true),
            ("*;q=0", false),
            ("br", false),
            ("gzip;q=x", false),
            ("", false),
        ] {
            let headers = HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static(header))]);
            assert_eq!(accepts_gzip(&headers), accepted, "{header}");
        }
        assert!(!accepts_gzip(&HeaderMap::new()));
    }

    #[test]
    fn what_was_flushed_is_decoded_at_once() {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        let mut decoder = Decoder::new(Coding::Gzip);
        for event in ["data: 1\n\n", "data: 2\n\n"] {
            encoder.write_all(event.as_bytes()).unwrap();
            encoder.flush().unwrap();
            decoder.push(std::mem::take(encoder.get_mut()).into());
            assert_eq!(decoder.decode().unwrap(), event);
        }
        decoder.push(encoder.finish().unwrap().into());
        assert_eq!(decoder.decode().unwrap(), "");
        assert_eq!(decoder.finish().unwrap(), "");
    }

    #[test]
    fn what_is_cut_has_no_end() {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(b"cut").unwrap();
        encoder.flush().unwrap();
        let mut decoder = Decoder::new(Coding::Gzip);
        decoder.push(std::mem::take(encoder.get_mut()).into());
        assert_eq!(decoder.decode().unwrap(), "cut");
        assert!(decoder.finish().is_err());
    }

    #[test]
    fn little_is_decoded_at_a_time() {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&vec![b'a'; 8 << 20]).unwrap();
        let bomb = Bytes::from(encoder.finish().unwrap());
        assert_eq!(decoded(bomb.clone(), Coding::Deflate, 1000).len(), 1000);
        let mut decoder = Decoder::new(Coding::Deflate);
        decoder.push(bomb);
        let mut total = 0;
        loop {
            let bytes = decoder.decode().unwrap();
            assert!(bytes.len() <= BATCH + (STEP + 1) * 1032, "{}", bytes.len());
            total += bytes.len();
            if bytes.is_empty() {
                break;
            }
        }
        assert_eq!(total + decoder.finish().unwrap().len(), 8 << 20);
    }
}
