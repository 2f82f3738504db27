//! `multipart/form-data`: which fields a body has. Strict, because an upstream that reads a body
//! differently than the gateway could be told something that the gateway did not check.

use std::borrow::Cow;

/// One part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part<'a> {
    /// The form field.
    pub name: Cow<'a, str>,
    /// Whether the part has a file name.
    pub is_file: bool,
    /// The part's content.
    pub content: &'a [u8],
}

/// Why a body has no readable parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MultipartError {
    /// The content type names no usable boundary.
    #[error("the content type has no boundary")]
    NoBoundary,
    /// The body is cut short or not framed by the boundary.
    #[error("the multipart body is not framed by its boundary")]
    Framing,
    /// A part without a readable `content-disposition: form-data; name=…`.
    #[error("a part of the multipart body has no readable name")]
    Unnamed,
}

/// The boundary in a `multipart/form-data` content type.
pub fn boundary(content_type: &str) -> Result<Cow<'_, str>, MultipartError> {
    parameters(content_type)
        .find(|(name, _)| name.eq_ignore_ascii_case("boundary"))
        .map(|(_, value)| value)
        .filter(|boundary| {
            (1..=70).contains(&boundary.len()) && boundary.bytes().all(|b| b.is_ascii_graphic() || b == b' ')
        })
        .ok_or(MultipartError::NoBoundary)
}

/// Every part of `body`, in order.
pub fn parts<'a>(body: &'a [u8], boundary: &str) -> Result<Vec<Part<'a>>, MultipartError> {
    let delimiter = format!("\r\n--{boundary}");
    let delimiter = delimiter.as_bytes();
    // The first delimiter may stand at the very start, without the line break before it.
    let first = &delimiter[2..];
    let mut rest = match body.strip_prefix(first) {
        Some(rest) => rest,
        None => split_at(body, delimiter).ok_or(MultipartError::Framing)?.1,
    };
    let mut parts = Vec::new();
    loop {
        if rest.starts_with(b"--") {
            return Ok(parts);
        }
        rest = rest.strip_prefix(b"\r\n").ok_or(MultipartError::Framing)?;
        let (part, after) = split_at(rest, delimiter).ok_or(MultipartError::Framing)?;
        parts.push(read_part(part)?);
        rest = after;
    }
}

fn read_part(part: &[u8]) -> Result<Part<'_>, MultipartError> {
    let (head, content) = split_at(part, b"\r\n\r\n").ok_or(MultipartError::Unnamed)?;
    let head = std::str::from_utf8(head).map_err(|_| MultipartError::Unnamed)?;
    let mut dispositions = head
        .split("\r\n")
        .filter_map(|line| line.split_once(':'))
        .filter(|(name, _)| name.trim().eq_ignore_ascii_case("content-disposition"));
    let (Some((_, disposition)), None) = (dispositions.next(), dispositions.next()) else {
        return Err(MultipartError::Unnamed);
    };
    let mut name = None;
    let mut is_file = false;
    for (parameter, value) in parameters(disposition) {
        match parameter.to_ascii_lowercase().as_str() {
            "name" if name.is_none() => name = Some(value),
            // Two names, or one in the extended notation: readers differ on which counts.
            "name" | "name*" => return Err(MultipartError::Unnamed),
            "filename" | "filename*" => is_file = true,
            _ => {}
        }
    }
    Ok(Part { name: name.ok_or(MultipartError::Unnamed)?, is_file, content })
}

/// The `; name=value` parameters of a header value; quotes undone.
fn parameters(header: &str) -> impl Iterator<Item = (&str, Cow<'_, str>)> {
    let mut rest = header.split_once(';').map_or("", |(_, rest)| rest);
    std::iter::from_fn(move || {
        let (name, after) = rest.split_once('=')?;
        let (value, after) = match after.trim_start().strip_prefix('"') {
            Some(quoted) => {
                let end = end_of_quoted(quoted)?;
                let value = &quoted[..end];
                let value =
                    if value.contains('\\') { Cow::Owned(unescape(value)) } else { Cow::Borrowed(value) };
                (value, quoted[end + 1..].split_once(';').map_or("", |(_, rest)| rest))
            }
            None => {
                let (value, after) = after.split_once(';').unwrap_or((after, ""));
                (Cow::Borrowed(value.trim()), after)
            }
        };
        rest = after;
        Some((name.trim(), value))
    })
}

/// Where the closing quote of a quoted string stands.
fn end_of_quoted(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.bytes().position(|byte| {
        let end = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        end
    })
}

fn unescape(text: &str) -> String {
    let mut escaped = false;
    text.chars()
        .filter(|c| {
            escaped = *c == '\\' && !escaped;
            !escaped
        })
        .collect()
}

/// What stands before and after the first `mark`.
fn split_at<'a>(bytes: &'a [u8], mark: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = bytes.windows(mark.len()).position(|window| window == mark)?;
    Some((&bytes[..at], &bytes[at + mark.len()..]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BODY: &[u8] = b"--b1\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a;\\\"b.wav\"\r\n\
        Content-Type: audio/wav\r\n\r\n\x00\xff\r\n--b\r\n\r\n--b1\r\ncontent-disposition: form-data; name=model\r\n\r\n\
        whisper-2\r\n--b1--\r\n";

    #[test]
    fn fields_and_files_are_told_apart() {
        let parts = parts(BODY, "b1").unwrap();
        assert_eq!(parts.len(), 2);
        assert_eq!(
            (&*parts[0].name, parts[0].is_file, parts[0].content),
            ("file", true, &b"\x00\xff\r\n--b\r\n"[..])
        );
        assert_eq!(
            (&*parts[1].name, parts[1].is_file, parts[1].content),
            ("model", false, &b"whisper-2"[..])
        );
    }

    #[test]
    fn the_boundary_may_be_quoted() {
        assert_eq!(boundary("multipart/form-data; charset=x; boundary=\"a b\""), Ok("a b".into()));
        assert_eq!(boundary("multipart/form-data;Boundary=ab; x=y"), Ok("ab".into()));
        assert_eq!(boundary("multipart/form-data"), Err(MultipartError::NoBoundary));
        assert_eq!(boundary("multipart/form-data; boundary="), Err(MultipartError::NoBoundary));
    }

    #[test]
    fn what_readers_could_disagree_on_is_refused() {
        let read = |body: &str| parts(body.as_bytes(), "b").map(|parts| parts.len());
        assert_eq!(read(""), Err(MultipartError::Framing));
        assert_eq!(read("--b--"), Ok(0));
        assert_eq!(
            read("--b\nContent-Disposition: form-data; name=a\n\nx\n--b--"),
            Err(MultipartError::Framing)
        );
        assert_eq!(read("--b\r\n\r\nx\r\n--b--"), Err(MultipartError::Unnamed));
        assert_eq!(
            read("--b\r\nContent-Disposition: form-data; name=a\r\n\r\nx"),
            Err(MultipartError::Framing)
        );
        assert_eq!(
            read("--b\r\nContent-Disposition: form-data; name=a; name=model\r\n\r\nx\r\n--b--"),
            Err(MultipartError::Unnamed)
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn any_bytes_are_read_or_refused(cut in 0..BODY.len(), byte in any::<u8>(), at in 0..BODY.len()) {
            let mut body = BODY.to_vec();
            body[at] = byte;
            let _ = parts(&body[..cut], "b1");
            let _ = parts(&body, "b1");
        }
    }
}
