//! How many tokens an answer took, as the provider counted them.

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use crate::peek::{count, member, members};

/// A `usage` object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// Tokens of the request.
    pub prompt_tokens: u64,
    /// Tokens of the answer, those of reasoning included.
    pub completion_tokens: u64,
    /// How many of the request's tokens came from a cache.
    pub cached_tokens: Option<u64>,
    /// How many of the answer's tokens were spent on reasoning.
    pub reasoning_tokens: Option<u64>,
}

impl Usage {
    /// Reads OpenAI's usage object, which all servers with its interface have: nothing if it counts
    /// neither the request nor the answer. No request has no tokens, so that zeros count nothing.
    pub fn from_openai(json: &str) -> Option<Self> {
        let names =
            ["prompt_tokens", "completion_tokens", "prompt_tokens_details", "completion_tokens_details"];
        let [prompt, completion, prompt_details, completion_details] = members(json, names)?;
        let [prompt_tokens, completion_tokens] =
            [prompt, completion].map(|text| text.and_then(count).unwrap_or_default());
        let detail = |details: Option<&str>, name| count(member(details?, name)?);
        (prompt_tokens > 0 || completion_tokens > 0).then(|| Self {
            prompt_tokens,
            completion_tokens,
            cached_tokens: detail(prompt_details, "cached_tokens"),
            reasoning_tokens: detail(completion_details, "reasoning_tokens"),
        })
    }

    /// OpenAI's usage object; details only where they are known.
    pub fn to_openai(&self) -> Box<RawValue> {
        let written = Written {
            prompt_tokens: self.prompt_tokens,
            completion_tokens: self.completion_tokens,
            total_tokens: self.prompt_tokens.saturating_add(self.completion_tokens),
            prompt_tokens_details: self.cached_tokens.map(|cached_tokens| PromptDetails { cached_tokens }),
            completion_tokens_details: self
                .reasoning_tokens
                .map(|reasoning_tokens| CompletionDetails { reasoning_tokens }),
        };
        to_raw_value(&written).expect("numbers have JSON")
    }
}

#[derive(Serialize)]
struct Written {
    prompt_tokens: u64,
    completion_tokens: u64,
    total_tokens: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt_tokens_details: Option<PromptDetails>,
    #[serde(skip_serializing_if = "Option::is_none")]
    completion_tokens_details: Option<CompletionDetails>,
}

#[derive(Serialize)]
struct PromptDetails {
    cached_tokens: u64,
}

#[derive(Serialize)]
struct CompletionDetails {
    reasoning_tokens: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read_whatever_else_is_there() {
        let usage = Usage::from_openai(
            r#"{"prompt_tokens":19,"completion_tokens":10,"total_tokens":29,"prompt_tokens_details":
               {"cached_tokens":8,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":4},"x":[1]}"#,
        );
        let expected = Usage {
            prompt_tokens: 19,
            completion_tokens: 10,
            cached_tokens: Some(8),
            reasoning_tokens: Some(4),
        };
        assert_eq!(usage, Some(expected));
    }

    #[test]
    fn what_counts_nothing_is_no_usage() {
        let zeros = r#"{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0}"#;
        for json in ["{}", "null", "[]", r#"{"total_tokens":3}"#, r#"{"prompt_tokens":"3"}"#, "{", zeros] {
            assert_eq!(Usage::from_openai(json), None, "{json}");
        }
        let embedding = Usage::from_openai(
            r#"{"prompt_tokens":3.0,"completion_tokens":null,"prompt_tokens_details":null}"#,
        );
        assert_eq!(embedding, Some(Usage { prompt_tokens: 3, ..Usage::default() }));
    }
}
