//! What a head says of the body after it.

use config_core::plan::request::check_target;
use hyper::Uri;
use memchr::{memchr, memrchr};

use super::{Part, chunks::Chunks};
use crate::refusal::Refusal;

/// The part that follows `head`, which is given without its empty line.
pub(super) fn body(head: &[u8], most: usize) -> Result<Part, Box<Refusal>> {
    let mut lines = head.strip_suffix(b"\r\n").unwrap_or(head).split(|byte| *byte == b'\n').map(without_cr);
    let is_1_1 = request_line(lines.next().unwrap_or_default())?;
    let (mut length, mut chunked) = (None, false);
    for (index, line) in lines.enumerate() {
        if index == most {
            return Err(Refusal::malformed(431, format!("the request has more than {most} header fields")));
        }
        let (name, value) = field(line)?;
        if name.eq_ignore_ascii_case(b"content-length") {
            if length.is_some() {
                return Err(Refusal::malformed(400, "the request has more than one Content-Length"));
            }
            length = Some(number(value)?);
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            if chunked {
                return Err(Refusal::malformed(400, "the request has more than one Transfer-Encoding"));
            }
            if !value.eq_ignore_ascii_case(b"chunked") {
                return Err(Refusal::malformed(501, "the only Transfer-Encoding understood is chunked"));
            }
            chunked = true;
        }
    }
    match (chunked, length) {
        (true, Some(_)) => {
            Err(Refusal::malformed(400, "the request has both Content-Length and Transfer-Encoding"))
        }
        (true, None) if !is_1_1 => Err(Refusal::malformed(400, "Transfer-Encoding is not part of HTTP/1.0")),
        (true, None) => Ok(Part::Chunked(Chunks::new())),
        (false, None | Some(0)) => Ok(Part::Head),
        (false, Some(length)) => Ok(Part::Length(length)),
    }
}

/// Whether the request is in HTTP/1.1, not 1.0.
fn request_line(line: &[u8]) -> Result<bool, Box<Refusal>> {
    let spaces = memchr(b' ', line).zip(memrchr(b' ', line)).filter(|(first, last)| first < last);
    let parts = spaces.map(|(first, last)| (&line[..first], &line[first + 1..last], &line[last + 1..]));
    let Some((method, target, version)) = parts.filter(|(.., version)| version.starts_with(b"HTTP/")) else {
        return Err(Refusal::malformed(
            400,
            "the request's first line is not a method, a target and a version",
        ));
    };
    if !is_token(method) {
        return Err(Refusal::malformed(400, "the request's method has characters that no method may have"));
    }
    check_target(target).map_err(|rejection| Box::new(rejection.into()))?;
    if Uri::try_from(target).is_err() {
        return Err(Refusal::malformed(400, "the request target is neither a path nor a URL"));
    }
    match version {
        b"HTTP/1.1" => Ok(true),
        b"HTTP/1.0" => Ok(false),
        _ => Err(Refusal::malformed(505, "the versions understood are HTTP/1.0, HTTP/1.1 and HTTP/2")),
    }
}

/// A field's name, and its value without the blanks around it.
fn field(line: &[u8]) -> Result<(&[u8], &[u8]), Box<Refusal>> {
    if line.starts_with(b" ") || line.starts_with(b"\t") {
        return Err(Refusal::malformed(400, "a header field is folded over several lines"));
    }
    let Some(colon) = memchr(b':', line) else {
        return Err(Refusal::malformed(400, "a header field has no colon"));
    };
    let (name, value) = (&line[..colon], &line[colon + 1..]);
    if !is_token(name) {
        return Err(Refusal::malformed(
            400,
            "a header field's name is empty or has characters that no name may have",
        ));
    }
    if !value.iter().all(|byte| matches!(byte, b'\t' | b' '..=b'~' | 0x80..)) {
        return Err(Refusal::malformed(400, "a header field's value has control characters"));
    }
    Ok((name, value.trim_ascii()))
}

/// RFC 9110 §8.6: digits and nothing else.
fn number(value: &[u8]) -> Result<u64, Box<Refusal>> {
    let digits =
        std::str::from_utf8(value).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    // hyper keeps the largest numbers for itself
    let number = digits.and_then(|digits| digits.parse().ok()).filter(|number| *number <= u64::MAX >> 1);
    number.ok_or_else(|| Refusal::malformed(400, "the Content-Length is not a number of bytes"))
}

/// RFC 9110 §5.6.2.
pub(super) fn is_token(text: &[u8]) -> bool {
    !text.is_empty()
        && text.iter().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte))
}

fn without_cr(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}
