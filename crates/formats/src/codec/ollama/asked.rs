//! What requests to both endpoints have in common.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::RawValue;

use crate::chat::{Chat, ResponseFormat};

/// The request members that are said here.
pub(super) const MEMBERS: [&str; 8] = [
    "top_p",
    "top_k",
    "stop",
    "seed",
    "presence_penalty",
    "frequency_penalty",
    "response_format",
    "reasoning_effort",
];

#[derive(Serialize)]
pub(super) struct Asked<'a> {
    model: &'a str,
    /// Always said: the server streams unless told not to.
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<Format<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    think: Option<Think>,
    #[serde(skip_serializing_if = "Options::is_empty")]
    options: Options<'a>,
}

#[derive(Serialize, Default, PartialEq)]
struct Options<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    num_predict: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_k: Option<i64>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    stop: &'a [Cow<'a, str>],
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    presence_penalty: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    frequency_penalty: Option<f64>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Format<'a> {
    Named(&'static str),
    Schema(&'a RawValue),
}

#[derive(Serialize, Clone, Copy)]
#[serde(untagged)]
enum Think {
    Switch(bool),
    Level(&'static str),
}

impl<'a> Asked<'a> {
    pub fn new(chat: &'a Chat<'_>) -> Self {
        let format = chat.response_format.as_ref().map(|format| match format {
            ResponseFormat::JsonSchema { schema: Some(schema), .. } => Format::Schema(schema),
            ResponseFormat::JsonSchema { schema: None, .. } | ResponseFormat::JsonObject => {
                Format::Named("json")
            }
        });
        Self {
            model: chat.model,
            stream: chat.stream,
            format,
            think: chat.reasoning_effort.as_deref().map(think),
            options: Options {
                num_predict: chat.max_tokens,
                temperature: chat.temperature,
                top_p: chat.top_p,
                top_k: chat.top_k,
                stop: &chat.stop,
                seed: chat.seed,
                presence_penalty: chat.presence_penalty,
                frequency_penalty: chat.frequency_penalty,
            },
        }
    }
}

impl Options<'_> {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Efforts by OpenAI's name. Models that know no levels take any for `true`.
const EFFORTS: [(&str, Think); 6] = [
    ("none", Think::Switch(false)),
    ("minimal", Think::Level("low")),
    ("low", Think::Level("low")),
    ("medium", Think::Level("medium")),
    ("high", Think::Level("high")),
    ("xhigh", Think::Level("high")),
];

fn think(effort: &str) -> Think {
    EFFORTS.iter().find(|(name, _)| *name == effort).map_or(Think::Switch(true), |(_, think)| *think)
}
