//! Texts that a header's regex matches, found by following it.

use regex_syntax::hir::{Class, Hir, HirKind};

use crate::pattern::HeaderPattern;

/// A few texts that the pattern matches, readable if it can be; none if none was found.
pub fn matching(pattern: &HeaderPattern) -> Vec<String> {
    let Ok(hir) = regex_syntax::parse(pattern.compiled()) else { return Vec::new() };
    let mut texts: Vec<String> = Vec::new();
    for taste in &TASTES {
        let (mut text, mut steps) = (String::new(), STEPS);
        if taste.write(&hir, &mut text, &mut steps).is_some()
            && pattern.is_match_lowered(&text.to_lowercase())
            && !texts.contains(&text)
        {
            texts.push(text);
        }
    }
    texts
}

/// What to take where a pattern leaves a choice.
struct Taste {
    /// The characters that are liked best, in order.
    characters: &'static str,
    /// How many times more than it must an expression is repeated.
    more: u32,
    /// Whether the last alternative is taken instead of the first.
    last: bool,
}

const TASTES: [Taste; 4] = [
    Taste { characters: "abcdefghijklmnopqrstuvwxyz0123456789-_./ ", more: 0, last: false },
    Taste { characters: "xyz9876543210-_./ wvutsrqponmlkjihgfedcba", more: 1, last: false },
    Taste { characters: "0123456789abcdefghijklmnopqrstuvwxyz-_./ ", more: 0, last: true },
    Taste { characters: "z9-_.0", more: 3, last: true },
];

/// No header is longer.
const LENGTH: usize = 4096;

/// How many expressions are followed, one in another and each time that it is repeated: those that
/// match the empty text can be many without making a text longer.
const STEPS: usize = 4 * LENGTH;

impl Taste {
    /// Writes what matches `hir`; `None` if nothing does, or it would be too long.
    fn write(&self, hir: &Hir, text: &mut String, steps: &mut usize) -> Option<()> {
        *steps = steps.checked_sub(1)?;
        match hir.kind() {
            // Whether an assertion holds is seen in the end.
            HirKind::Empty | HirKind::Look(_) => {}
            HirKind::Literal(literal) => text.push_str(std::str::from_utf8(&literal.0).ok()?),
            HirKind::Class(class) => text.push(self.character(class)?),
            HirKind::Repetition(repetition) => {
                let most = repetition.max.unwrap_or(u32::MAX);
                for _ in 0..repetition.min.saturating_add(self.more).min(most) {
                    self.write(&repetition.sub, text, steps)?;
                    if text.len() > LENGTH {
                        return None;
                    }
                }
            }
            HirKind::Capture(capture) => self.write(&capture.sub, text, steps)?,
            HirKind::Concat(parts) => parts.iter().try_for_each(|part| self.write(part, text, steps))?,
            HirKind::Alternation(parts) => {
                let taken = if self.last { parts.last() } else { parts.first() };
                self.write(taken?, text, steps)?;
            }
        }
        (text.len() <= LENGTH).then_some(())
    }

    fn character(&self, class: &Class) -> Option<char> {
        let Class::Unicode(class) = class else { return None };
        let holds = |c: char| class.iter().any(|range| range.start() <= c && c <= range.end());
        let liked = self.characters.chars().find(|c| holds(*c));
        liked.or_else(|| ('!'..='~').find(|c| holds(*c))).or_else(|| Some(class.iter().next()?.start()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matching(regex: &str) -> Vec<String> {
        super::matching(&HeaderPattern::parse(regex).unwrap())
    }

    #[test]
    fn texts_follow_the_pattern() {
        assert_eq!(matching("^v[0-9]+$")[0], "v0");
        assert_eq!(matching("^(?:a|b)$"), ["a", "b"]);
        assert_eq!(matching("^[a&&b]$"), [""; 0]);
    }

    #[test]
    fn what_repeats_the_empty_text_is_soon_given_up() {
        let nested = format!("^{}a|{}$", "(".repeat(40), ")*".repeat(40));
        assert_eq!(matching(&nested)[0], "");
    }
}
