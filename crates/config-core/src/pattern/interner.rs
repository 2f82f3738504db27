//! Many patterns, of which few differ in more than the literal text that they begin with: ten
//! thousand routes have a few hundred endings. Each ending is analysed once.

use rustc_hash::FxHashMap;

use super::{Pattern, PatternError};

/// Reads patterns, and remembers what it has learned of their endings.
#[derive(Debug, Default)]
pub struct Patterns {
    endings: FxHashMap<String, Pattern>,
    /// How many patterns had to be compiled to know their size.
    compiled: u32,
}

impl Patterns {
    /// The same as [`Pattern::parse`], but for a limit on how many patterns of such a size that they
    /// have to be compiled there can be.
    pub fn parse(&mut self, written: &str) -> Result<Pattern, PatternError> {
        let cut = plain_beginning(written);
        let (beginning, ending) = written.split_at(cut);
        if beginning.is_empty() {
            return Pattern::parse_among(written, &mut self.compiled);
        }
        if let Some(known) = self.endings.get(ending) {
            return Ok(known.after(beginning));
        }
        match Pattern::parse_among(ending, &mut self.compiled) {
            Ok(pattern) if !pattern.has_top_level_alternation() => {
                Ok(self.endings.entry(ending.to_owned()).or_insert(pattern).after(beginning))
            }
            // The beginning belongs to the first alternative only; places in an error are to be those
            // in the whole text.
            _ => Pattern::parse_among(written, &mut self.compiled),
        }
    }
}

impl Pattern {
    /// This pattern with literal text before it.
    fn after(&self, beginning: &str) -> Pattern {
        let mut pattern = self.clone();
        pattern.written = [beginning, &self.written].concat().into();
        pattern.literal = [beginning, &self.literal].concat().into();
        let shift = beginning.len();
        pattern.tail = self.tail.map(|at| at + shift as u32);
        let shifted = |range: &std::ops::Range<usize>| range.start + shift..range.end + shift;
        for group in &mut pattern.groups {
            group.range = shifted(&group.range);
            group.name_range = shifted(&group.name_range);
        }
        for difference in &mut pattern.pcre_differences {
            difference.range = shifted(&difference.range);
        }
        pattern
    }
}

/// How many bytes at the start stand for themselves in every dialect, whatever follows them.
fn plain_beginning(written: &str) -> usize {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'_' | b'-');
    let length = written.bytes().take_while(|byte| plain(*byte)).count();
    match written.as_bytes().get(length) {
        Some(b'*' | b'+' | b'?' | b'{') => length.saturating_sub(1),
        _ => length,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PIECES: &[&str] = &[
        "/a",
        "b",
        "-",
        ".",
        "(?<m>[^/]+)",
        "(?<n>x)?",
        "(?P<o>.*)",
        "(y)",
        "$",
        "^",
        "|",
        "(?:c|d)",
        "*",
        "+",
        "?",
        "{2}",
        "\\.",
        "\\d",
        "[^#?<]",
        "(?i)",
        "(?=z)",
        "(",
        "é",
        "(?<q.r>z)",
        "a++",
        "(?:e(?<s>f)){0,3}",
    ];

    proptest! {
        #[test]
        fn remembering_changes_nothing(
            written in prop::collection::vec(prop::collection::vec(prop::sample::select(PIECES), 0..6), 1..8)
        ) {
            let mut patterns = Patterns::default();
            for pieces in written {
                let written = format!("/{}", pieces.concat());
                for text in [written.clone(), format!("/team-7{written}"), format!("/x{written}")] {
                    let remembered = format!("{:?}", patterns.parse(&text));
                    prop_assert_eq!(remembered, format!("{:?}", Pattern::parse(&text)), "{}", text);
                }
            }
        }
    }
}
