//! Normalised paths: what they are, and what a client sends to be matched by one.

use super::alphabet::Characters;
use crate::plan::normalize::normalize;

/// How far a path has come. A path begins with `/`, holds no `?` and no `#`, which never reach a router
/// unescaped, and no segment that normalisation would resolve: none that is empty, `.` or `..`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Normal {
    /// Before the first `/`.
    Start,
    /// Behind a `/`.
    Slash,
    /// In a segment that is `.` so far.
    Dot,
    /// In a segment that is `..` so far.
    Dots,
    /// In another segment.
    Inside,
}

impl Normal {
    /// One character further; `None` if no normalised path goes on so.
    pub fn step(self, character: char) -> Option<Self> {
        match (self, character) {
            (_, '?' | '#') => None,
            (Self::Start | Self::Inside, '/') => Some(Self::Slash),
            (_, '/') | (Self::Start, _) => None,
            (Self::Slash, '.') => Some(Self::Dot),
            (Self::Dot, '.') => Some(Self::Dots),
            _ => Some(Self::Inside),
        }
    }

    /// A whole text further.
    pub fn walk(self, text: &str) -> Option<Self> {
        text.chars().try_fold(self, Self::step)
    }

    /// Whether a path may end here.
    pub fn may_end(self) -> bool {
        matches!(self, Self::Slash | Self::Inside)
    }

    /// Whether it tells the character apart from any other.
    pub fn tells_apart(character: char) -> bool {
        matches!(character, '/' | '.' | '?' | '#')
    }

    /// The characters that it tells apart.
    pub fn told_apart() -> [Characters; 3] {
        ["/", ".", "?#"].map(|set| set.chars().map(|character| character..=character).collect())
    }
}

/// The request target of a normalised path: what a client sends so that this path is matched. A round
/// trip through [`normalize`] gives `path` back.
///
/// Escaped is what a target cannot hold or show, and the first digit of what only looks like an escape.
pub fn target(path: &str) -> String {
    let mut target = String::with_capacity(path.len());
    let mut characters = path.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '%' if is_changed(&path.as_bytes()[at..]) => {
                target.push('%');
                if let Some((_, digit)) = characters.next() {
                    escape(digit, &mut target);
                }
            }
            '!'..='~' if !matches!(character, '#' | '<' | '>' | '?' | '`') => target.push(character),
            _ if character.is_alphanumeric() => target.push(character),
            _ => escape(character, &mut target),
        }
    }
    target
}

fn escape(character: char, target: &mut String) {
    for byte in character.encode_utf8(&mut [0; 4]).bytes() {
        target.push_str(&format!("%{byte:02X}"));
    }
}

/// Whether what begins with `%` is an escape that normalisation does not keep as it is.
fn is_changed(text: &[u8]) -> bool {
    let is_escape = text.len() >= 3 && text[1..3].iter().all(u8::is_ascii_hexdigit);
    is_escape && *normalize(&text[..3]) != text[..3]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::plan::request::check_target;

    fn is_normal(path: &str) -> bool {
        Normal::Start.walk(path).is_some_and(Normal::may_end)
    }

    #[test]
    fn a_target_is_as_readable_as_it_can_be() {
        for (path, shown) in [
            ("/a/chat/completions", "/a/chat/completions"),
            ("/A;x=1+2/~b_c.d-e", "/A;x=1+2/~b_c.d-e"),
            ("/{\"|^\\[]}", "/{\"|^\\[]}"),
            ("/é中", "/é中"),
            ("/a b`<>\n", "/a%20b%60%3C%3E%0A"),
            ("/\u{a0}\u{202e}", "/%C2%A0%E2%80%AE"),
            ("/100%", "/100%"),
            ("/%2F%zz%4", "/%2F%zz%4"),
            ("/%41%2f%e9", "/%%341%%32f%%659"),
            ("/%/%.", "/%/%."),
        ] {
            assert_eq!(target(path), shown);
        }
    }

    proptest! {
        #[test]
        fn a_target_is_matched_as_its_path(path in "/([a.%/F24é \\x00?#<`\"\\u{a0}~]|\\PC){0,12}") {
            prop_assume!(is_normal(&path));
            let target = target(&path);
            prop_assert!(check_target(target.as_bytes()).is_ok(), "{target}");
            prop_assert!(!target.contains('?'));
            prop_assert_eq!(&*normalize(target.as_bytes()), path.as_bytes(), "{}", target);
        }

        #[test]
        fn what_a_request_is_matched_as_is_normal(raw in "/([a.%/]|%2e|%2F|%2f|%41|%20|%%3|é){0,16}") {
            // What is no text then matches no path.
            if let Ok(path) = std::str::from_utf8(&normalize(raw.as_bytes())) {
                prop_assert!(is_normal(path), "{path}");
            }
        }
    }
}
