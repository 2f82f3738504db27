//! What is remembered of an answer after its bytes have passed.

use crate::usage::Usage;

/// What an answer, whole or streamed, said about itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facts {
    /// The provider's count of tokens.
    pub usage: Option<Usage>,
    /// The model that answered, by the provider's name.
    pub model: Option<String>,
    /// Whether a choice came to its end.
    pub finished: bool,
    /// Whether a stream said that it is over. Always false of a whole answer.
    pub done: bool,
    /// The message of an error, where one was found in place of an answer or in the middle of a stream.
    pub error: Option<String>,
    /// What was written.
    pub text: Text,
}

/// The text of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Text {
    /// The first choice's text, up to [`MAX_TEXT`]; empty where it was not to be kept.
    pub kept: String,
    /// Whether there was more than was kept.
    pub truncated: bool,
    /// The number of characters in all choices.
    pub characters: u64,
}

/// How much text is kept of an answer, in bytes.
pub const MAX_TEXT: usize = 1 << 20;

impl Text {
    /// Counts a piece of text, and keeps it if it is to be kept and there is room.
    pub(crate) fn add(&mut self, piece: &str, keeps: bool) {
        self.characters += piece.chars().count() as u64;
        if keeps && !self.truncated {
            let room = piece.floor_char_boundary(MAX_TEXT - self.kept.len());
            self.kept.push_str(&piece[..room]);
            self.truncated = room < piece.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_kept_up_to_the_bound_and_counted_beyond() {
        let mut text = Text::default();
        text.add(&"é".repeat(MAX_TEXT / 2 - 1), true);
        text.add("b", true);
        text.add("é", true);
        text.add("c", true);
        assert_eq!((text.kept.len(), text.truncated), (MAX_TEXT - 1, true));
        assert_eq!(text.characters, MAX_TEXT as u64 / 2 + 2);
        let mut counted = Text::default();
        counted.add("äb", false);
        assert_eq!(counted, Text { characters: 2, ..Text::default() });
    }
}
