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
    /// How many there are.
    pub const COUNT: usize = 5;

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
