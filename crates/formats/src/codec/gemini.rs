//! Gemini's `generateContent` (Gemini API and Vertex AI, GenerateContentRequest and
//! GenerateContentResponse).
//!
//! The model and whether there is a stream are said in the URL, not in the body.

mod answer;
mod events;
mod files;
mod generation;
mod request;
mod response;
mod schema;
mod signature;

use super::{Codec, Events, Outgoing};
use crate::chat::{Chat, RequestError};
use crate::completion::Completion;
use crate::error::ErrorObject;

/// The codec, by who serves the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gemini {
    /// The public Gemini API: fetches no links, and knows calls by ids.
    Public,
    /// Vertex AI.
    Vertex,
}

impl Codec for Gemini {
    fn members(&self) -> &'static [&'static str] {
        &[
            "top_p",
            "top_k",
            "stop",
            "n",
            "seed",
            "presence_penalty",
            "frequency_penalty",
            "response_format",
            "reasoning_effort",
        ]
    }

    fn request(&self, chat: &Chat<'_>) -> Result<Outgoing, RequestError> {
        request::request(*self, chat)
    }

    fn answer(&self, json: &str, _request_id: Option<&str>) -> Result<Completion, ErrorObject> {
        answer::answer(json)
    }

    fn events(&self) -> Box<dyn Events> {
        Box::<events::Chunked>::default()
    }
}

#[cfg(test)]
mod tests;
