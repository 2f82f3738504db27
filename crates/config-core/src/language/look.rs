//! What assertions such as `$` and `\b` depend on: no more than the characters on both sides of a place.

use regex_syntax::hir::{HirKind, Look, LookSet};

use super::alphabet::{self, Characters};

/// What an assertion can see on one side of a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Sight(u8);

impl Sight {
    /// The text ends here.
    pub const EDGE: Self = Self(1);
    const LINE_FEED: Self = Self(2);
    const CARRIAGE_RETURN: Self = Self(4);
    const WORD: Self = Self(8);
    const ASCII_WORD: Self = Self(16);

    /// What can be seen of a character.
    pub fn of(character: char) -> Self {
        let ascii = u8::try_from(character).is_ok_and(regex_syntax::is_word_byte);
        let seen = [
            (character == '\n', Self::LINE_FEED),
            (character == '\r', Self::CARRIAGE_RETURN),
            (regex_syntax::is_word_character(character), Self::WORD),
            (ascii, Self::ASCII_WORD),
        ];
        Self(seen.iter().filter(|(is, _)| *is).fold(0, |all, (_, sight)| all | sight.0))
    }

    /// What can be seen behind a text.
    pub fn before(text: &str) -> Self {
        text.chars().next_back().map_or(Self::EDGE, Self::of)
    }

    /// All that one of the assertions can see.
    pub fn of_looks(looks: LookSet) -> Self {
        let visible = looks.iter().map(|look| match look {
            Look::Start | Look::End => Self::EDGE.0,
            Look::StartLF | Look::EndLF => Self::EDGE.0 | Self::LINE_FEED.0,
            Look::StartCRLF | Look::EndCRLF => Self::EDGE.0 | Self::LINE_FEED.0 | Self::CARRIAGE_RETURN.0,
            Look::WordAscii
            | Look::WordAsciiNegate
            | Look::WordStartAscii
            | Look::WordEndAscii
            | Look::WordStartHalfAscii
            | Look::WordEndHalfAscii => Self::ASCII_WORD.0,
            Look::WordUnicode
            | Look::WordUnicodeNegate
            | Look::WordStartUnicode
            | Look::WordEndUnicode
            | Look::WordStartHalfUnicode
            | Look::WordEndHalfUnicode => Self::WORD.0,
        });
        Self(visible.fold(0, |all, visible| all | visible))
    }

    /// As much of it as `visible` has.
    pub fn masked(self, visible: Self) -> Self {
        Self(self.0 & visible.0)
    }

    /// The sets of characters that differ in this.
    pub fn told_apart(self) -> Vec<Characters> {
        let mut sets: Vec<Characters> = Vec::new();
        if self.has(Self::LINE_FEED) {
            sets.push(['\n'..='\n'].into());
        }
        if self.has(Self::CARRIAGE_RETURN) {
            sets.push(['\r'..='\r'].into());
        }
        if self.has(Self::ASCII_WORD) {
            sets.push(['0'..='9', 'A'..='Z', '_'..='_', 'a'..='z'].into());
        }
        if self.has(Self::WORD)
            && let Ok(hir) = regex_syntax::parse(r"\w")
            && let HirKind::Class(class) = hir.kind()
        {
            sets.push(alphabet::characters(class));
        }
        sets
    }

    fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// Whether the assertion holds between two neighbours.
pub fn holds(look: Look, before: Sight, after: Sight) -> bool {
    let (word_before, word_after) = match look {
        Look::WordAscii
        | Look::WordAsciiNegate
        | Look::WordStartAscii
        | Look::WordEndAscii
        | Look::WordStartHalfAscii
        | Look::WordEndHalfAscii => (before.has(Sight::ASCII_WORD), after.has(Sight::ASCII_WORD)),
        _ => (before.has(Sight::WORD), after.has(Sight::WORD)),
    };
    match look {
        Look::Start => before.has(Sight::EDGE),
        Look::End => after.has(Sight::EDGE),
        Look::StartLF => before.has(Sight::EDGE) || before.has(Sight::LINE_FEED),
        Look::EndLF => after.has(Sight::EDGE) || after.has(Sight::LINE_FEED),
        // Between `\r` and `\n` no line begins or ends.
        Look::StartCRLF => {
            before.has(Sight::EDGE)
                || before.has(Sight::LINE_FEED)
                || before.has(Sight::CARRIAGE_RETURN) && !after.has(Sight::LINE_FEED)
        }
        Look::EndCRLF => {
            after.has(Sight::EDGE)
                || after.has(Sight::CARRIAGE_RETURN)
                || after.has(Sight::LINE_FEED) && !before.has(Sight::CARRIAGE_RETURN)
        }
        Look::WordAscii | Look::WordUnicode => word_before != word_after,
        Look::WordAsciiNegate | Look::WordUnicodeNegate => word_before == word_after,
        Look::WordStartAscii | Look::WordStartUnicode => !word_before && word_after,
        Look::WordEndAscii | Look::WordEndUnicode => word_before && !word_after,
        Look::WordStartHalfAscii | Look::WordStartHalfUnicode => !word_before,
        Look::WordEndHalfAscii | Look::WordEndHalfUnicode => !word_after,
    }
}
