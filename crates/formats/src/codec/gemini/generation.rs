//! How an answer is to be generated: limits, sampling, form, thinking (Gemini API, GenerationConfig).

use serde::Serialize;

use super::schema::{Budget, Schema, clean};
use crate::chat::{Chat, RequestError, ResponseFormat};

/// `generationConfig`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GenerationConfig<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    max_output_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_k: Option<i64>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    stop_sequences: &'a [std::borrow::Cow<'a, str>],
    #[serde(skip_serializing_if = "Option::is_none")]
    candidate_count: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    presence_penalty: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    frequency_penalty: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_mime_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_schema: Option<Schema<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking_config: Option<Thinking>,
}

/// How much to think: newer models take a level, those before them a number of tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Thinking {
    /// Of Gemini 3.
    ThinkingLevel(&'static str),
    /// Of Gemini 2.5.
    ThinkingBudget(u32),
}

/// The most texts at which Gemini stops.
const MAX_STOPS: usize = 5;

impl<'a> GenerationConfig<'a> {
    /// What the client asks for.
    ///
    /// # Errors
    /// If there are too many stop texts, or the answer's schema is too large.
    pub fn of(chat: &'a Chat<'_>, budget: &mut Budget) -> Result<Self, RequestError> {
        let schema = match &chat.response_format {
            Some(ResponseFormat::JsonSchema { schema: Some(schema), .. }) => {
                Some(clean(schema.get(), budget).map_err(|error| {
                    let message = format!("response_format.json_schema.schema: {error}");
                    RequestError::new("response_format", message)
                })?)
            }
            _ => None,
        };
        Ok(Self {
            max_output_tokens: chat.max_tokens,
            temperature: chat.temperature,
            top_p: chat.top_p,
            top_k: chat.top_k,
            stop_sequences: chat.stop_within(MAX_STOPS, "gemini")?,
            candidate_count: chat.n,
            seed: chat.seed.map(seed),
            presence_penalty: chat.presence_penalty,
            frequency_penalty: chat.frequency_penalty,
            response_mime_type: chat.response_format.as_ref().map(|_| "application/json"),
            response_schema: schema,
            thinking_config: thinking(chat),
        })
    }
}

/// A seed in the 32 bits that Gemini has for it; the same one always becomes the same one.
fn seed(seed: i64) -> i32 {
    const LOW_BITS: i64 = i32::MAX as i64;
    i32::try_from(seed).unwrap_or((seed & LOW_BITS) as i32)
}

/// What an effort means to a model, where that is documented (Gemini API, OpenAI compatibility,
/// Thinking). Other models refuse to be told.
pub fn thinking(chat: &Chat<'_>) -> Option<Thinking> {
    let effort = chat.reasoning_effort.as_deref()?;
    let model = chat.model.rsplit('/').next()?;
    let is_pro = model.contains("-pro");
    if model.starts_with("gemini-2.5-") {
        return match effort {
            // Only the smaller ones can do without thoughts.
            "none" if !is_pro => Some(0),
            "minimal" | "low" => Some(1024),
            "medium" => Some(8192),
            "high" => Some(24576),
            _ => None,
        }
        .map(Thinking::ThinkingBudget);
    }
    if model.starts_with("gemini-3") {
        return match effort {
            "minimal" if !is_pro => Some("minimal"),
            "minimal" | "low" => Some("low"),
            // The first of its kind has two levels.
            "medium" if model.starts_with("gemini-3-pro") => Some("high"),
            "medium" => Some("medium"),
            "high" => Some("high"),
            _ => None,
        }
        .map(Thinking::ThinkingLevel);
    }
    None
}
