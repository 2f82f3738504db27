//! Where a template's value lands, and what may land there.
//!
//! Values are a client's, so each landing place has one validator, applied to every request. Which
//! host a request goes to is settled when the file is read: see `host`.

use std::ops::Range;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::template::{Placeholder, Segment};

/// What is acceptable of a placeholder's value where it lands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Landing {
    /// Part of one label of a host.
    HostLabel,
    /// One path segment.
    Segment,
    /// A path; slashes separate segments.
    Path,
    /// The value of a query argument.
    Query,
    /// A header value or plain text that also ends up in headers and logs.
    Text,
}

/// Why a host cannot be compiled, and where.
pub(super) type LandingError = (String, Range<usize>);

/// Checks the host that `segments` and the literal `suffix` make. Every placeholder has to be a label,
/// or part of one, before literal text of at least two labels; `range` is the place to blame in general.
pub(super) fn host(segments: &[Segment], suffix: &str, range: Range<usize>) -> Result<(), LandingError> {
    let last = segments.iter().rev().find_map(|segment| match segment {
        Segment::Placeholder(placeholder) => Some(placeholder),
        Segment::Literal(_) => None,
    });
    let shape = shape(segments) + suffix;
    let Some(last) = last else {
        let known = is_host(&shape) || is_bracketed_address(&shape);
        return if known { Ok(()) } else { Err((format!("`{shape}` is not a host name"), range)) };
    };
    if let Some(literal) = not_in_a_host(&shape) {
        return Err((format!("`{literal}` cannot stand in a host name"), range));
    }
    let labels: Vec<_> = shape.strip_suffix('.').unwrap_or(&shape).split('.').collect();
    if labels.iter().any(|label| label.is_empty()) {
        return Err(("the host name has an empty label".to_owned(), range));
    }
    let literal_suffix = labels.iter().rev().take_while(|label| !label.contains(VALUE)).count();
    let numeric = labels.last().is_some_and(|label| reads_as_a_number(label));
    if literal_suffix < 2 || numeric {
        let reason = format!("`{last}` is not followed by a literal domain of at least two labels");
        return Err((reason, last.range.clone()));
    }
    Ok(())
}

/// Stands for a placeholder's value in a host's shape; no text of a configuration that gets this far
/// may contain it.
const VALUE: char = '\0';

fn shape(segments: &[Segment]) -> String {
    segments
        .iter()
        .map(|segment| match segment {
            Segment::Literal(text) => text.replace(VALUE, "\u{1}"),
            Segment::Placeholder(_) => VALUE.to_string(),
        })
        .collect()
}

fn not_in_a_host(shape: &str) -> Option<char> {
    shape.chars().find(|c| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') || *c == VALUE))
}

/// A URL reader takes a host whose last label is a number for an IPv4 address.
fn reads_as_a_number(label: &str) -> bool {
    label.bytes().all(|byte| byte.is_ascii_digit()) || label.to_ascii_lowercase().starts_with("0x")
}

fn is_bracketed_address(host: &str) -> bool {
    host.strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .is_some_and(|address| address.parse::<std::net::Ipv6Addr>().is_ok())
}

/// Whether text is a host name (underscores included, which service names in containers have) or an
/// IPv4 address.
pub(super) fn is_host(host: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    (1..=253).contains(&host.len()) && host.split('.').all(is_label)
}

fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

impl Landing {
    /// Says what is wrong with a value for this place, as the end of a sentence about it.
    pub(super) fn refuse(self, value: &str) -> Option<&'static str> {
        match self {
            Landing::HostLabel => {
                let label = value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
                (!label).then_some("is not part of one DNS label")
            }
            Landing::Segment => {
                let decoded = decode_fully(value);
                let slash = decoded.iter().any(|byte| matches!(byte, b'/' | b'\\'));
                slash.then_some("contains a slash").or_else(|| Landing::Path.refuse(value))
            }
            Landing::Path => has_dot_segment(value).then_some("contains a segment `.` or `..`"),
            Landing::Query | Landing::Text => {
                value.chars().any(char::is_control).then_some("contains a control character")
            }
        }
    }

    /// The value as it is written at this place.
    pub(super) fn write(self, value: &str) -> String {
        match self {
            Landing::HostLabel | Landing::Text => value.to_owned(),
            Landing::Segment | Landing::Query => encode_segment(value),
            Landing::Path => encode_path(value),
        }
    }
}

/// The sentence that refuses a value: field and placeholder, never the value itself.
pub(super) fn refusal(field: &str, placeholder: &Placeholder, problem: &str) -> String {
    format!("{field}: the value of {placeholder} {problem}")
}

const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What an upstream path holds as it is; Kong's set without `?` and `#`, which would end it.
const PATH: &AsciiSet = &UNRESERVED
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b'/')
    .remove(b':')
    .remove(b';')
    .remove(b'=')
    .remove(b'@')
    .remove(b'[')
    .remove(b']');

const QUERY: &AsciiSet = &PATH.remove(b'?');

/// A query value of which every byte counts, `%` included.
pub(crate) fn encode_value(value: &str) -> String {
    utf8_percent_encode(value, UNRESERVED).to_string()
}

/// One path segment or query value: everything but unreserved characters is encoded. Well-formed
/// escapes stay, since captures keep theirs.
pub(super) fn encode_segment(value: &str) -> String {
    encode(value, UNRESERVED)
}

/// A path, its slashes kept.
pub(super) fn encode_path(path: &str) -> String {
    encode(path, PATH)
}

/// A query string, its `&` and `=` kept.
pub(super) fn encode_query(query: &str) -> String {
    encode(query, QUERY)
}

fn encode(text: &str, set: &'static AsciiSet) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        out.extend(utf8_percent_encode(&rest[..at], set));
        let escape = rest.as_bytes().get(at + 1..at + 3).filter(|hex| hex.iter().all(u8::is_ascii_hexdigit));
        if escape.is_some() {
            out.push_str(&rest[at..at + 3].to_ascii_uppercase());
            rest = &rest[at + 3..];
        } else {
            out.push_str("%25");
            rest = &rest[at + 1..];
        }
    }
    out.extend(utf8_percent_encode(rest, set));
    out
}

/// Whether a path, decoded until it no longer changes, has a segment `.` or `..`; some upstreams
/// decode more often than once and take `\` for `/`.
pub(super) fn has_dot_segment(path: &str) -> bool {
    decode_fully(path)
        .split(|byte| matches!(byte, b'/' | b'\\'))
        .any(|segment| segment == b"." || segment == b"..")
}

/// Text percent-decoded until nothing is left to decode. One pass: escapes cannot overlap, so it is
/// enough to look whether the byte just written completes another.
fn decode_fully(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for byte in text.bytes() {
        out.push(byte);
        while let [.., b'%', high, low] = out[..] {
            let (Some(high), Some(low)) = (hex(high), hex(low)) else { break };
            out.truncate(out.len() - 3);
            out.push(high * 16 + low);
        }
    }
    out
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).map(|value| value as u8)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::template::parse;

    fn check(text: &str, suffix: &str) -> Result<(), LandingError> {
        host(&parse(text).unwrap().segments, suffix, 0..text.len())
    }

    #[test]
    fn a_placeholder_needs_a_literal_domain_after_it() {
        let azure = ".openai.azure.com";
        for (text, suffix) in [
            ("$(headers.x)", azure),
            ("west-$(headers.x)-1", azure),
            ("$(headers.x).$(headers.y).example.com", ""),
            ("api.$(headers.x)$(headers.y).example.com.", ""),
            ("$(headers.x)-aiplatform.googleapis.com", ""),
        ] {
            assert_eq!(check(text, suffix), Ok(()), "{text}");
        }
        for (text, range) in [
            ("$(headers.x)", 0..12),
            ("$(headers.x).com", 0..12),
            ("$(headers.x)example.com", 0..12),
            ("api.$(headers.x)", 4..16),
            ("$(headers.x).example.com$(headers.y)", 24..36),
            ("$(headers.x).0.0.1", 0..12),
            ("$(headers.x).a.0x7f", 0..12),
            ("$(headers.x)..com", 0..17),
            ("$(headers.x).a/b.com", 0..20),
        ] {
            assert_eq!(check(text, "").map_err(|(_, range)| range), Err(range), "{text}");
        }
    }

    #[test]
    fn literal_hosts_are_the_operators() {
        for host in ["example.com", "localhost", "llm_1", "127.0.0.1", "[::1]", "a.b."] {
            assert_eq!(check(host, ""), Ok(()), "{host}");
        }
        for host in ["", "a b", "evil.example/", "a..b", "-a.b", "é.com", "[x]", "a\u{0}b.example.com"] {
            assert!(check(host, "").is_err(), "{host}");
        }
        assert_eq!(check("inst", ".openai.azure.com"), Ok(()));
        assert!(check("evil.example/", ".openai.azure.com").is_err());
    }

    #[test]
    fn hostile_values_are_refused_where_they_would_matter() {
        for value in ["a.b", "a/", "evil.example/", "a\r\n", "\0", "é", "a_b", "a:80", "a@b", "%2e", "a b"] {
            assert!(Landing::HostLabel.refuse(value).is_some(), "{value}");
        }
        for value in ["a/b", "a%2Fb", "a%252fb", "\\", "%5c", "%25255C", ".", "..", "%2e"] {
            assert!(Landing::Segment.refuse(value).is_some(), "{value}");
        }
        for value in ["..", "a/../b", "a/%252e", "a\\.."] {
            assert!(Landing::Path.refuse(value).is_some(), "{value}");
        }
        for value in ["a\rb", "a\nb", "\0", "\u{7f}", "\u{85}"] {
            assert!(
                Landing::Text.refuse(value).is_some() && Landing::Query.refuse(value).is_some(),
                "{value}"
            );
        }
        for landing in [Landing::HostLabel, Landing::Segment, Landing::Path, Landing::Query, Landing::Text] {
            assert_eq!(landing.refuse("gpt-4"), None);
            assert_eq!(landing.refuse(""), None);
        }
    }

    #[test]
    fn values_are_encoded_for_their_place() {
        assert_eq!(encode_segment("arn:aws:x/y?z#é%2f%zz%"), "arn%3Aaws%3Ax%2Fy%3Fz%23%C3%A9%2F%25zz%25");
        assert_eq!(encode_path("v1/a b?c#d\\e\r\n%2F%"), "v1/a%20b%3Fc%23d%5Ce%0D%0A%2F%25");
        assert_eq!(encode_query("a=b c&d=/?#<é"), "a=b%20c&d=/?%23%3C%C3%A9");
    }

    #[test]
    fn dot_segments_are_seen_through_any_encoding() {
        for path in
            ["/..", "/a/./b", "/%2e%2e/", "/%252e%252E", "/a\\..\\b", "/%25%32%65", "/x%2f..", "/.%5c"]
        {
            assert!(has_dot_segment(path), "{path}");
        }
        for path in ["/", "/a..", "/..a", "/...", "/a.b/c", "/%2", "/%zz", "/%", "//"] {
            assert!(!has_dot_segment(path), "{path}");
        }
        assert!(has_dot_segment(&format!("/%{}2e", "25".repeat(50_000))) == has_dot_segment("/."));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]

        #[test]
        fn one_pass_decodes_as_often_as_it_takes(text in "[%25eE.2fF/a\\\\]{0,24}") {
            let mut slow = text.as_bytes().to_vec();
            loop {
                let once: Vec<u8> = percent_encoding::percent_decode(&slow).collect();
                if once == slow {
                    break;
                }
                slow = once;
            }
            prop_assert_eq!(decode_fully(&text), slow);
        }

        #[test]
        fn encoded_text_stays_in_its_place(text in any::<String>()) {
            for encoded in [encode_segment(&text), encode_path(&text), encode_query(&text)] {
                prop_assert!(encoded.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#'));
                prop_assert_eq!(&encode(&encoded, QUERY), &encoded);
            }
            prop_assert!(!encode_segment(&text).contains(['/', '?', '&', '=', ':']));
            prop_assert!(!encode_path(&text).contains('?'));
        }
    }
}
