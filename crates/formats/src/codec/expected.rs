//! What the answer to a translated request is read with.

use super::ToolNames;
use crate::WireFormat;

/// What a client asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    /// `chat/completions`.
    Chat,
    /// `completions`.
    Completions,
}

/// What the answer has to know of its request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// What the answer will be in.
    pub wire: WireFormat,
    /// What the client asked for.
    pub operation: Operation,
    /// The model that was asked.
    pub model: String,
    /// Whether the client asked for the usage of a stream.
    pub includes_usage: bool,
    /// Tools that the provider knows by other names than the client.
    pub tool_names: ToolNames,
}

/// Where and when an answer is made: what a pure function cannot know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// Names this exchange and no other: letters and digits, at least 21 of them.
    pub id: String,
    /// Seconds since 1970.
    pub created: u64,
}

impl Origin {
    /// The id of an answer that the provider has not named.
    pub fn completion_id(&self, operation: Operation) -> String {
        let prefix = match operation {
            Operation::Chat => "chatcmpl",
            Operation::Completions => "cmpl",
        };
        format!("{prefix}-{}", self.id)
    }

    /// The id of the answer's tool call of this number, where the provider has not named it: `call_` and
    /// 24 letters and digits.
    pub fn call_id(&self, number: usize) -> String {
        const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
        let digit = |place: u32| char::from(DIGITS[number / 36_usize.pow(place) % 36]);
        let id: String = self.id.chars().chain(std::iter::repeat('0')).take(21).collect();
        format!("call_{id}{}{}{}", digit(2), digit(1), digit(0))
    }
}
