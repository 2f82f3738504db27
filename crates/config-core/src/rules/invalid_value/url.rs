//! The URLs of a configuration: a service's address and the upstream of a model.

use super::host;
use super::{Fault, Verdict};
use crate::model::Protocol;

/// A service's `url`: `scheme://host[:port][/path]`.
pub(super) fn service_url(text: &str) -> Verdict {
    let example = "write scheme, host and, if need be, port and path, as in `https://ai.test:8443/v1`";
    let Some((scheme, rest)) = text.split_once("://") else {
        return Err(Fault::whole(text, "has no scheme", example));
    };
    if !Protocol::ALL.iter().any(|protocol| protocol.as_str() == scheme) {
        let known: Vec<_> = Protocol::ALL.iter().map(|protocol| format!("`{protocol}`")).collect();
        return Err(Fault::new(
            0..scheme.len(),
            format!("`{scheme}` is not a protocol of a service"),
            format!("write one of {}", known.join(", ")),
        ));
    }
    let (start, authority) = authority(text, rest);
    if authority.is_empty() {
        return Err(Fault::whole(text, "has no host", example));
    }
    host::address(authority).map_err(|fault| fault.shifted(start))?;
    let path_start = start + authority.len();
    let path = &text[path_start..];
    let path = &path[..path.find(['?', '#']).unwrap_or(path.len())];
    if path.is_empty() { Ok(()) } else { path_of_service(path).map_err(|fault| fault.shifted(path_start)) }
}

/// A service's `path`.
pub(super) fn path_of_service(text: &str) -> Verdict {
    if !text.starts_with('/') {
        let help = format!("write `/{text}`");
        return Err(Fault::at(text, 0, "the path of a service starts with `/`", help));
    }
    if let Some(at) = text.find("//") {
        let help = "write one slash: an empty segment is refused";
        return Err(Fault::new(at..at + 2, "a path cannot have empty segments", help));
    }
    for (at, c) in text.char_indices() {
        match c {
            '%' if !is_escape(&text[at..]) => {
                let end = text.len().min(at + 3);
                let end = (at + 1..=end).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(at + 1);
                return Err(Fault::new(
                    at..end,
                    format!("invalid url-encoded value: `{}`", &text[at..end]),
                    "write `%` and two hex digits, or `%25` for a percent sign",
                ));
            }
            '%' => {}
            c if c.is_ascii_alphanumeric() || "-._~!$&'()*+,;=:@/".contains(c) => {}
            c => {
                let mut utf8 = [0; 4];
                let escape: String = c.encode_utf8(&mut utf8).bytes().map(|b| format!("%{b:02X}")).collect();
                return Err(Fault::at(
                    text,
                    at,
                    "the path of a service holds a character that URLs do not",
                    format!("write `{escape}` instead"),
                ));
            }
        }
    }
    Ok(())
}

/// `options.upstream_url`, which must have scheme and host before any placeholder is replaced.
pub(super) fn upstream_url(text: &str) -> Verdict {
    let example = "write the whole URL, as in `https://api.openai.com/v1/chat/completions`";
    // What begins with a placeholder is judged as a template, by `client-controlled-host`.
    if text.starts_with("$(") {
        return Ok(());
    }
    let Some((scheme, rest)) = text.split_once("://").filter(|(scheme, _)| is_scheme(scheme)) else {
        return Err(match text.strip_prefix("//") {
            Some(rest) => Fault::new(0..2, "missing scheme in url", format!("write `https://{rest}`")),
            None => {
                let trimmed = text.trim();
                let help = if trimmed != text && upstream_url(trimmed).is_ok() {
                    format!("write `{trimmed}`, without blanks around it")
                } else if text.starts_with('/') {
                    "write scheme and host before the path; a path alone goes into `upstream_path`".to_owned()
                } else {
                    // What is named by an address, or is at hand, seldom speaks TLS.
                    let is_near =
                        text.starts_with("localhost") || text.starts_with(|c: char| c.is_ascii_digit());
                    format!("write `{}://{text}`", if is_near { "http" } else { "https" })
                };
                Fault::whole(text, "has no scheme and so no host: missing host in url", help)
            }
        });
    };
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
        let help = "write `https://` or, for a server in your own network, `http://`";
        return Err(Fault::new(0..scheme.len(), format!("`{scheme}` is not http or https"), help));
    }
    let (start, authority) = authority(text, rest);
    if authority.is_empty() {
        return Err(Fault::new(start..start, "missing host in url", example));
    }
    // So is a host with placeholders.
    if authority.contains("$(") {
        return Ok(());
    }
    host::address(authority).map_err(|fault| fault.shifted(start))
}

/// Host and port of the URL `text`, of which `rest` follows the `://`, and where they start.
fn authority<'t>(text: &str, rest: &'t str) -> (usize, &'t str) {
    let authority = &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())];
    let host = authority.rfind('@').map_or(0, |at| at + 1);
    let start = text.len() - rest.len() + host;
    (start, &authority[host..])
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
}

/// Whether `text` starts with `%` and two hex digits.
fn is_escape(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() >= 3 && bytes[1].is_ascii_hexdigit() && bytes[2].is_ascii_hexdigit()
}

#[cfg(test)]
mod tests {
    use super::super::Form;
    use super::*;

    #[test]
    fn whole_urls_pass() {
        for text in ["http://ai.test", "https://ai.test:8443/v1", "grpc://[::1]:9000", "tcp://10.0.0.1:1"] {
            assert!(service_url(text).is_ok(), "{text}");
        }
        for text in [
            "https://api.openai.com/v1/chat/completions",
            "http://localhost:11434/api/chat",
            "https://$(headers.x).openai.azure.com/openai",
            "https://ai.test/$(uri_captures.model)?key=$(headers.k)",
            "HTTPS://ai.test",
            "$(headers.x)",
        ] {
            assert!(upstream_url(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn the_broken_part_is_named() {
        let cases: &[(Form, &str, std::ops::Range<usize>, &str)] = &[
            (service_url, "ai.test:8000", 0..12, "`ai.test:8000` has no scheme"),
            (service_url, "ftp://ai.test", 0..3, "`ftp` is not a protocol of a service"),
            (service_url, "http:///v1", 0..10, "`http:///v1` has no host"),
            (service_url, "http://a..b", 7..11, "`a..b` has an empty label"),
            (service_url, "http://me@ai.test:99999", 10..23, "`99999` in `ai.test:99999` is not a port"),
            (service_url, "http://ai.test/a//b", 16..18, "a path cannot have empty segments"),
            (path_of_service, "v1", 0..1, "the path of a service starts with `/`"),
            (path_of_service, "/a%zz", 2..5, "invalid url-encoded value: `%zz`"),
            (path_of_service, "/a%", 2..3, "invalid url-encoded value: `%`"),
            (path_of_service, "/a%é", 2..5, "invalid url-encoded value: `%é`"),
            (path_of_service, "/a b", 2..3, "the path of a service holds a character that URLs do not"),
            (
                upstream_url,
                "api.x.com/p",
                0..11,
                "`api.x.com/p` has no scheme and so no host: missing host in url",
            ),
            (
                upstream_url,
                " https://a.b/",
                0..13,
                "` https://a.b/` has no scheme and so no host: missing host in url",
            ),
            (upstream_url, "//h/p", 0..2, "missing scheme in url"),
            (upstream_url, "https:///p", 8..8, "missing host in url"),
            (upstream_url, "ftp://ai.test", 0..3, "`ftp` is not http or https"),
            (upstream_url, "https://ai test/", 8..15, "` ` cannot stand in the host `ai test`"),
        ];
        for (form, text, range, message) in cases {
            let fault = form(text).expect_err(text);
            assert_eq!((fault.range, fault.message.as_str()), (range.clone(), *message), "{text}");
        }
    }
}
