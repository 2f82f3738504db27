//! Conversations as Claude has them, by whichever API: turns of two sides that alternate.

use serde::Serialize;

use crate::chat::RequestError;

/// What one side says at a time.
#[derive(Serialize)]
pub(super) struct Turn<B> {
    pub role: &'static str,
    pub content: Vec<B>,
}

/// A piece of a turn.
pub(super) trait Block<'a> {
    /// Whether it is what a tool has returned.
    fn is_result(&self) -> bool;

    /// Its text, if it is one.
    fn text_mut(&mut self) -> Option<&mut &'a str>;
}

/// The role of the model's turns.
pub(super) const ASSISTANT: &str = "assistant";

/// The turns of what is said message by message, each with its role: what one side says in several
/// messages is one turn, and what says nothing is left out. Claude insists that results of tools come first
/// in a turn; it goes on from an answer that was begun, which must not end in white space.
pub(super) fn alternating<'a, B: Block<'a>>(
    said: impl Iterator<Item = Result<(&'static str, Vec<B>), RequestError>>,
) -> Result<Vec<Turn<B>>, RequestError> {
    let mut turns: Vec<Turn<B>> = Vec::new();
    for said in said {
        let (role, content) = said?;
        match turns.last_mut() {
            _ if content.is_empty() => {}
            Some(last) if last.role == role => last.content.extend(content),
            _ => turns.push(Turn { role, content }),
        }
    }
    for turn in &mut turns {
        turn.content.sort_by_key(|block| !block.is_result());
    }
    let begun = turns.last_mut().filter(|last| last.role == ASSISTANT);
    if let Some(text) = begun.and_then(|turn| turn.content.last_mut()?.text_mut()) {
        *text = text.trim_end();
    }
    Ok(turns)
}
