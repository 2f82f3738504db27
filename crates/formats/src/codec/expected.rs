//! What the answer to a translated request is read with.

use super::ToolNames;
use crate::WireFormat;

/// Between a tool call's id and the signature of the thought that led to it, where a provider wants that
/// back: clients return nothing of a call as it was but its id.
pub const SIGNATURE: &str = "__sig__";

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

    /// The id for the client of the answer's tool call of this number: the provider's own, if it has `given`
    /// one. Before a thought's signature that stands for itself goes an id that is made up.
    pub fn tool_call_id(&self, given: Option<&str>, number: usize) -> String {
        match given.unwrap_or_default() {
            id if id.is_empty() || id.starts_with(SIGNATURE) => self.call_id(number) + id,
            id => id.to_owned(),
        }
    }

    /// The id of the answer's tool call of this number, where the provider has not named it: `call_` and
    /// 24 letters and digits.
    fn call_id(&self, number: usize) -> String {
        const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
        let digit = |place: u32| char::from(DIGITS[number / 36_usize.pow(place) % 36]);
        let id: String = self.id.chars().chain(std::iter::repeat('0')).take(21).collect();
        format!("call_{id}{}{}{}", digit(2), digit(1), digit(0))
    }
}
