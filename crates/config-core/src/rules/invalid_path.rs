//! What Kong's schema demands of a path before it looks at the regex: in this order, and only the
//! first failure counts. Requests are matched in normal form, so a prefix in any other form is dead.

use std::ops::Range;

use crate::analysis::Facts;
use crate::diagnostic::{Diagnostic, Fix, Safety};
use crate::plan::normalize::normalize;
use crate::rules::{Rule, rewrite};

pub(crate) fn check(facts: &Facts, diagnostics: &mut Vec<Diagnostic>) {
    for path in facts.routes.iter().flat_map(|route| &route.paths) {
        // A reference among the paths is `invalid-secret-reference`.
        let text = facts.document.str(path.node).filter(|text| !text.contains("{vault://"));
        let Some(fault) = text.and_then(fault) else { continue };
        let place = facts.document.place_within(path.node, fault.range);
        let mut diagnostic = Diagnostic::new(Rule::InvalidPath, place, fault.message).help(fault.help);
        if let Some((text, safety)) = fault.mend
            && let Some(edit) = rewrite::scalar(facts.document, path.node, &text)
        {
            diagnostic = diagnostic.fix(Fix { title: format!("write `{text}`"), safety, edits: vec![edit] });
        }
        diagnostics.push(diagnostic);
    }
}

/// Whether the path as written is a finding of this rule.
pub(super) fn is_faulty(path: &str) -> bool {
    fault(path).is_some()
}

/// What is wrong with a path, where in it, and what to write in place of the whole.
#[derive(Debug, PartialEq)]
struct Fault {
    range: Range<usize>,
    message: String,
    help: String,
    mend: Option<(String, Safety)>,
}

fn fault(path: &str) -> Option<Fault> {
    empty_segment(path)
        .or_else(|| start(path))
        .or_else(|| if path.starts_with('/') { escape(path).or_else(|| normal_form(path)) } else { None })
}

fn empty_segment(path: &str) -> Option<Fault> {
    let start = path.find("//")?;
    let end = start + path[start..].find(|c| c != '/').unwrap_or(path.len() - start);
    if let Some((_, rest)) = path.split_once("://") {
        let meant = rest.find('/').map_or("/", |at| &rest[at..]);
        return Some(Fault {
            range: 0..path.len(),
            message: format!("`{path}` is a URL, not a path"),
            help: format!("write the path alone, `{meant}`; host names go under `hosts`"),
            mend: None,
        });
    }
    let merged = without_empty_segments(path);
    let (why, safety) = match path.starts_with('~') {
        true => ("Kong refuses `//` in a regex too, and no normalised path has one", Safety::Unsafe),
        false => ("runs of slashes are merged before a path is matched", Safety::Safe),
    };
    let mend = Some(merged).filter(|merged| fault(merged).is_none());
    Some(Fault {
        range: start..end,
        message: format!("path `{path}` has an empty segment"),
        help: match &mend {
            Some(merged) => format!("write `{merged}`: {why}"),
            None => format!("write one slash: {why}"),
        },
        mend: mend.map(|merged| (merged, safety)),
    })
}

/// The path with one slash for each run; a quantifier that made a regex's second slash optional
/// goes with it.
fn without_empty_segments(path: &str) -> String {
    let mut merged = String::with_capacity(path.len());
    let mut rest = path;
    while let Some(at) = rest.find("//") {
        merged.push_str(&rest[..=at]);
        rest = rest[at..].trim_start_matches('/');
        if path.starts_with('~') {
            rest = rest.strip_prefix(['?', '*', '+']).unwrap_or(rest);
        }
    }
    merged + rest
}

fn start(path: &str) -> Option<Fault> {
    if path.starts_with('/') || path.starts_with("~/") {
        return None;
    }
    let (meant, why, safety) = match path.strip_prefix('~') {
        Some(rest) => regex_start(rest),
        None if looks_like_regex(path) => {
            let rest = path.strip_prefix('^').unwrap_or(path);
            (format!("~{}", rooted(rest)), "a regex path starts with `~/`", Safety::Unsafe)
        }
        None => (rooted(path), "a path starts with `/`", Safety::Unsafe),
    };
    let mend = Some(meant).filter(|meant| fault(meant).is_none());
    Some(Fault {
        range: 0..path.len(),
        message: format!("path `{path}` starts with neither `/` nor `~/`"),
        help: match &mend {
            Some(meant) => format!("write `{meant}`: {why}"),
            None => "start a prefix with `/`, a regex with `~/`".to_owned(),
        },
        mend: mend.map(|meant| (meant, safety)),
    })
}

/// What a path of `~` and `rest` was meant to be, why, and how sure that is.
fn regex_start(rest: &str) -> (String, &'static str, Safety) {
    if let Some(inner) = rest.strip_prefix('^') {
        return (format!("~{}", rooted(inner)), "the start is anchored without `^`", Safety::Safe);
    }
    if let Some(inner) = rest.strip_prefix('*') {
        let inner = rooted(inner.trim_start());
        return (format!("~/(?i){}", &inner[1..]), "`(?i)` makes a regex ignore case", Safety::Unsafe);
    }
    if let Some((flags, inner)) = leading_flags(rest) {
        let inner = rooted(inner);
        return (format!("~/{flags}{}", &inner[1..]), "flags go after the first slash", Safety::Unsafe);
    }
    let inner = rest.trim_start().trim_start_matches('~');
    (
        format!("~{}", rooted(inner.strip_prefix("\\").unwrap_or(inner))),
        "a regex starts with `~/`",
        Safety::Unsafe,
    )
}

/// Splits `(?i)` or the like off the front.
fn leading_flags(regex: &str) -> Option<(&str, &str)> {
    let close = regex.find(')')?;
    let flags = regex[..close].strip_prefix("(?")?;
    flags.bytes().all(|byte| byte.is_ascii_lowercase()).then(|| regex.split_at(close + 1))
}

fn rooted(path: &str) -> String {
    if path.starts_with('/') { path.to_owned() } else { format!("/{path}") }
}

pub(super) fn looks_like_regex(path: &str) -> bool {
    path.starts_with('^')
        || path.ends_with('$')
        || [".*", ".+", "(?", "[^", "\\", "]+", "]*", ")?", ")+", ")*"].iter().any(|mark| path.contains(mark))
}

/// Kong looks at escapes only if the whole prefix consists of characters that RFC 3986 allows.
fn escape(path: &str) -> Option<Fault> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/%".contains(&byte);
    if !path.bytes().all(allowed) {
        return None;
    }
    let is_escape = |at: usize| {
        path.as_bytes().get(at + 1..at + 3).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    let (at, _) = path.match_indices('%').find(|(at, _)| !is_escape(*at))?;
    let end = path.len().min(at + 3);
    let mend: String = path
        .char_indices()
        .map(|(at, c)| if c == '%' && !is_escape(at) { "%25".to_owned() } else { c.to_string() })
        .collect();
    let mend = Some(mend).filter(|mend| fault(mend).is_none());
    Some(Fault {
        range: at..end,
        message: format!("`{}` in path `{path}` is not an escape", &path[at..end]),
        help: match &mend {
            Some(mend) => format!("write two hex digits after `%`, or `{mend}` for the sign itself"),
            None => "write two hex digits after `%`, or `%25` for the sign itself".to_owned(),
        },
        mend: mend.map(|mend| (mend, Safety::Unsafe)),
    })
}

fn normal_form(path: &str) -> Option<Fault> {
    let normal = normalize(path.as_bytes());
    if *normal == *path.as_bytes() {
        return None;
    }
    let message = format!("path `{path}` is not in normal form");
    let Ok(normal) = String::from_utf8(normal.into_owned()) else {
        let help =
            "its escapes decode to bytes that are not UTF-8, and no request with such a path is routed";
        return Some(Fault { range: 0..path.len(), message, help: help.to_owned(), mend: None });
    };
    let mut help = format!("requests are matched in normal form: write `{normal}`");
    if looks_like_regex(path) {
        help = format!("if it is a regex, start it with `~/`; {help}");
    }
    let range = difference(path, &normal);
    Some(Fault { range, message, help, mend: Some((normal, Safety::Safe)) })
}

/// The part of `path` that is not as in `normal`, widened to whole escapes and segments.
fn difference(path: &str, normal: &str) -> Range<usize> {
    let same = |(a, b): &(char, char)| a == b;
    let front: usize = path.chars().zip(normal.chars()).take_while(same).map(|(c, _)| c.len_utf8()).sum();
    let back: usize = path[front..]
        .chars()
        .rev()
        .zip(normal[front..].chars().rev())
        .take_while(same)
        .map(|(c, _)| c.len_utf8())
        .sum();
    let start = path[..front].rfind('/').map_or(0, |slash| slash + 1);
    let end = path.len() - back;
    let end = match path[start..end].strip_suffix('/') {
        Some(segments) => start + segments.len(),
        None => path[end..].find('/').map_or(path.len(), |slash| end + slash),
    };
    start..end
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meant(path: &str) -> Option<String> {
        fault(path).unwrap_or_else(|| panic!("{path} is fine")).mend.map(|(text, _)| text)
    }

    #[test]
    fn what_kong_accepts_is_accepted() {
        for path in [
            "/",
            "/a/",
            "/a b",
            "/a%2Fb",
            "/é",
            "/a?b#c",
            "/a|b",
            "/(x)",
            "/a{b}%zz",
            "/a+b",
            "~/",
            "~/a$",
            "~/./x",
            "~/%41",
            "~/(?<m>[^/]+)/../x",
        ] {
            assert_eq!(fault(path), None, "{path}");
        }
    }

    #[test]
    fn each_fault_is_found_where_it_is_and_mended() {
        for (path, range, mend) in [
            ("/a//b", 2..4, Some("/a/b")),
            ("/a///b//", 2..5, Some("/a/b/")),
            ("~/a//?b", 3..5, Some("~/a/b")),
            ("a//b", 1..3, None),
            ("https://ai.test/chat", 0..20, None),
            ("chat", 0..4, Some("/chat")),
            ("^/chat$", 0..7, Some("~/chat$")),
            ("(?<m>[^/]+)/chat", 0..16, Some("~/(?<m>[^/]+)/chat")),
            ("~chat", 0..5, Some("~/chat")),
            ("~^/chat", 0..7, Some("~/chat")),
            ("~(?i)/chat", 0..10, Some("~/(?i)chat")),
            ("~* /chat", 0..8, Some("~/(?i)chat")),
            ("~\\/chat", 0..7, Some("~/chat")),
            ("~~/chat", 0..7, Some("~/chat")),
            ("~", 0..1, Some("~/")),
            ("/a%zz", 2..5, Some("/a%25zz")),
            ("/a%zz%", 2..5, Some("/a%25zz%25")),
            ("/a%4", 2..4, Some("/a%254")),
            ("/a/../b", 1..5, Some("/b")),
            ("/a/./b", 3..4, Some("/a/b")),
            ("/v1/%41", 4..7, Some("/v1/A")),
            ("/a%2fb/c", 1..6, Some("/a%2Fb/c")),
            ("/a%20b", 1..6, Some("/a b")),
            ("/%ff", 0..4, None),
        ] {
            let found = fault(path).unwrap_or_else(|| panic!("{path} is fine"));
            assert_eq!((found.range, meant(path).as_deref()), (range, mend), "{path}");
        }
    }

    #[test]
    fn a_forgotten_tilde_is_told() {
        for path in ["/v1/../(?<m>[^/]+)", "^/v1", "[^/]+/chat"] {
            assert!(fault(path).unwrap().help.contains("~/"), "{path}");
        }
    }
}
