//! The one form of a path that routes are matched against and captures are cut from.

use std::borrow::Cow;

/// The normal form of a raw request path, as Kong computes it: escapes are decoded unless they
/// encode a reserved character (those stay, in upper case), then `.`, `..` and empty segments are
/// resolved in one pass from left to right. An invalid escape stays as it is. The result may be
/// no UTF-8.
pub fn normalize(path: &[u8]) -> Cow<'_, [u8]> {
    let decoded = decode(path);
    if is_flat(&decoded) { decoded } else { Cow::Owned(resolve_segments(&decoded)) }
}

/// The path as it goes upstream: what may not stand in a URL is percent-encoded again. Escapes
/// that are there stay.
pub fn percent_encode_upstream(path: &[u8]) -> String {
    let mut out = String::with_capacity(path.len());
    for &byte in path {
        if byte.is_ascii_alphanumeric() || b"!#$&'()*+,/:;=?@[]-_.~%".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

fn decode(path: &[u8]) -> Cow<'_, [u8]> {
    let Some(first) = path.iter().position(|byte| *byte == b'%') else { return Cow::Borrowed(path) };
    let mut out = Vec::with_capacity(path.len());
    out.extend_from_slice(&path[..first]);
    let mut rest = &path[first..];
    while let Some((&byte, tail)) = rest.split_first() {
        match (byte, escaped(rest)) {
            (b'%', Some(decoded)) => {
                if b"!*'();:@&=+$,/?%#[]".contains(&decoded) {
                    out.extend(rest[..3].iter().map(u8::to_ascii_uppercase));
                } else {
                    out.push(decoded);
                }
                rest = &rest[3..];
            }
            _ => {
                out.push(byte);
                rest = tail;
            }
        }
    }
    Cow::Owned(out)
}

/// The byte that the escape at the start of `text` stands for.
fn escaped(text: &[u8]) -> Option<u8> {
    let digit = |at: usize| text.get(at).and_then(|byte| char::from(*byte).to_digit(16));
    Some((digit(1)? * 16 + digit(2)?) as u8)
}

/// Whether no segment needs resolving; errs on the side of no.
fn is_flat(path: &[u8]) -> bool {
    path.first() == Some(&b'/') && !path.windows(2).any(|pair| pair == b"//" || pair == b"/.")
}

fn resolve_segments(path: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(path.len());
    let mut segments = path.split(|byte| *byte == b'/').peekable();
    if path.first() == Some(&b'/') {
        out.push(b'/');
    }
    while let Some(segment) = segments.next() {
        match segment {
            b"" | b"." => {}
            b".." => {
                // Every segment in `out` ends with its slash, for another segment follows it.
                let parent = out.strip_suffix(b"/").unwrap_or(&out);
                let end = parent.iter().rposition(|byte| *byte == b'/').map_or(0, |slash| slash + 1);
                let root = usize::from(out.first() == Some(&b'/'));
                out.truncate(end.max(root));
            }
            _ => {
                out.extend_from_slice(segment);
                if segments.peek().is_some() {
                    out.push(b'/');
                }
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(path: &str) -> String {
        String::from_utf8_lossy(&normalize(path.as_bytes())).into_owned()
    }

    #[test]
    fn paths_take_their_normal_form() {
        for (path, normal) in [
            ("/%41%20b", "/A b"),
            ("/a%2fb", "/a%2Fb"),
            ("/%c3%a9", "/é"),
            ("/%2525", "/%2525"),
            ("/a/%2e%2e/b", "/b"),
            ("/a/.", "/a/"),
            ("/a/b/..", "/a/"),
            ("/../a", "/a"),
            ("/..", "/"),
            ("//a///b", "/a/b"),
            ("/a//../b", "/b"),
            ("/%zz", "/%zz"),
            ("/a%", "/a%"),
            ("/a%4", "/a%4"),
            ("/a/", "/a/"),
            ("/..a/a../.b", "/..a/a../.b"),
            ("/A;x=1+2", "/A;x=1+2"),
            ("/%7b%22%3c%3E%7C%5e%60%5C%01%7d", "/{\"<>|^`\\\u{1}}"),
            ("/%21%2a%27%28%29%3b%3a%40", "/%21%2A%27%28%29%3B%3A%40"),
            ("/%26%3d%2b%24%2c%3f%23%5b%5d", "/%26%3D%2B%24%2C%3F%23%5B%5D"),
            ("/a/./b/../c", "/a/c"),
            ("/a/b/../../../c", "/c"),
            ("/", "/"),
            ("//", "/"),
            ("", ""),
            ("*", "*"),
            ("a/../b", "b"),
        ] {
            assert_eq!(text(path), normal, "{path}");
        }
        assert_eq!(normalize(b"/%ff").as_ref(), b"/\xff");
    }

    #[test]
    fn what_a_url_cannot_hold_is_encoded_on_the_way_out() {
        assert_eq!(percent_encode_upstream("/a b/é%2F{x}".as_bytes()), "/a%20b/%C3%A9%2F%7Bx%7D");
        assert_eq!(percent_encode_upstream(b"/!#$&'()*+,:;=?@[]-_.~"), "/!#$&'()*+,:;=?@[]-_.~");
    }

    proptest! {
        #[test]
        fn a_normal_path_has_no_segment_left_to_resolve(path in "/([a.%/]|%2e|%2F|%41){0,20}") {
            let normal = text(&path);
            prop_assert!(normal.starts_with('/'));
            let segments: Vec<_> = normal[1..].split('/').collect();
            prop_assert!(!segments.iter().any(|segment| *segment == "." || *segment == ".."), "{normal}");
            prop_assert!(!segments[..segments.len() - 1].contains(&""), "{normal}");
        }
    }
}
