//! What a GenerateContentResponse says; a stream is made of several.

use std::borrow::Cow;

use super::signature;
use crate::completion::FinishReason;
use crate::error::{self, ErrorObject};
use crate::peek::{count, each_object, member, members, present, string};
use crate::usage::Usage;

/// A response, whole or a piece of one.
#[derive(Debug, Default)]
pub struct Response<'a> {
    /// JSON text of the answers.
    candidates: Option<&'a str>,
    /// Whether the request was refused for what it says.
    pub is_blocked: bool,
    /// What it has taken by now.
    pub usage: Option<Usage>,
    /// The model that answers.
    pub model: Option<Cow<'a, str>>,
    /// The response's id.
    pub id: Option<Cow<'a, str>>,
}

/// One of the answers, whole or a piece of one.
#[derive(Debug)]
pub struct Candidate<'a> {
    /// Its number.
    pub index: u64,
    /// JSON text of its parts.
    parts: Option<&'a str>,
    /// Why it ends, if it does.
    pub finish: Option<FinishReason>,
}

/// A part of an answer.
#[derive(Debug, PartialEq, Eq)]
pub enum Part<'a> {
    /// Text.
    Text(Cow<'a, str>),
    /// What is thought before.
    Thought(Cow<'a, str>),
    /// A call of a function.
    Call {
        /// Its id for the client; empty if it has none.
        id: String,
        /// The function.
        name: Cow<'a, str>,
        /// JSON text of its arguments, without blanks.
        arguments: String,
    },
}

/// The reasons that are not `stop` (Gemini API, FinishReason; Vertex AI has one more).
const FINISH_REASONS: [(&str, FinishReason); 12] = [
    ("MAX_TOKENS", FinishReason::Length),
    ("SAFETY", FinishReason::ContentFilter),
    ("RECITATION", FinishReason::ContentFilter),
    ("LANGUAGE", FinishReason::ContentFilter),
    ("BLOCKLIST", FinishReason::ContentFilter),
    ("PROHIBITED_CONTENT", FinishReason::ContentFilter),
    ("SPII", FinishReason::ContentFilter),
    ("MODEL_ARMOR", FinishReason::ContentFilter),
    ("IMAGE_SAFETY", FinishReason::ContentFilter),
    ("IMAGE_PROHIBITED_CONTENT", FinishReason::ContentFilter),
    ("IMAGE_RECITATION", FinishReason::ContentFilter),
    ("IMAGE_OTHER", FinishReason::ContentFilter),
];

impl<'a> Response<'a> {
    /// Reads one.
    ///
    /// # Errors
    /// If it says that the upstream failed, or is no object.
    pub fn read(json: &'a str) -> Result<Self, ErrorObject> {
        let names = ["candidates", "promptFeedback", "usageMetadata", "modelVersion", "responseId", "error"];
        let Some([candidates, feedback, usage, model, id, error]) = members(json, names) else {
            return Err(ErrorObject::new(502, "the upstream's answer is no JSON object"));
        };
        if let Some(error) = present(error) {
            return Err(failure(error));
        }
        Ok(Self {
            candidates: present(candidates),
            is_blocked: feedback.is_some_and(|feedback| member(feedback, "blockReason").is_some()),
            usage: usage.and_then(self::usage),
            model: model.and_then(string),
            id: id.and_then(string),
        })
    }

    /// Calls `visit` with the answers. The one without a number is the first: Google leaves zeros out.
    pub fn candidates(&self, mut visit: impl FnMut(&Candidate<'a>)) {
        let (mut place, mut unnumbered) = (0, 0);
        each_object(self.candidates.unwrap_or_default(), ["index", "content", "finishReason"], |found| {
            let [index, content, finish] = found;
            visit(&Candidate {
                index: index.and_then(count).unwrap_or(if unnumbered == 0 { 0 } else { place }),
                parts: content.and_then(|content| member(content, "parts")),
                finish: finish
                    .and_then(string)
                    .map(|reason| FinishReason::from_table(&FINISH_REASONS, &reason)),
            });
            place += 1;
            unnumbered += usize::from(index.is_none());
        });
    }
}

impl<'a> Candidate<'a> {
    /// Calls `visit` with the parts that clients get.
    pub fn parts(&self, mut visit: impl FnMut(Part<'a>)) {
        let names = ["text", "thought", "functionCall", "thoughtSignature"];
        each_object(self.parts.unwrap_or_default(), names, |[text, thought, call, signature]| {
            if let Some(call) = present(call) {
                let [id, name, arguments] = members(call, ["id", "name", "args"]).unwrap_or_default();
                let id = id.and_then(string).unwrap_or_default();
                let signature = signature.and_then(string).unwrap_or_default();
                visit(Part::Call {
                    id: signature::sealed(&id, &signature),
                    name: name.and_then(string).unwrap_or_default(),
                    arguments: present(arguments).map(without_blanks).unwrap_or_default(),
                });
            } else if let Some(text) = text.and_then(string) {
                visit(if thought == Some("true") { Part::Thought(text) } else { Part::Text(text) });
            }
        });
    }
}

/// `usageMetadata`: thoughts are counted beside the answer, and what tools have added beside the prompt.
fn usage(json: &str) -> Option<Usage> {
    let names = [
        "promptTokenCount",
        "toolUsePromptTokenCount",
        "candidatesTokenCount",
        "thoughtsTokenCount",
        "cachedContentTokenCount",
    ];
    let [prompt, tools, answer, thoughts, cached] = members(json, names)?.map(|text| text.and_then(count));
    let sum = |one: Option<u64>, other: Option<u64>| {
        one.unwrap_or_default().saturating_add(other.unwrap_or_default())
    };
    (prompt.is_some() || answer.is_some()).then(|| Usage {
        prompt_tokens: sum(prompt, tools),
        completion_tokens: sum(answer, thoughts),
        cached_tokens: cached,
        reasoning_tokens: thoughts,
    })
}

/// Google's error object (Cloud APIs, Errors), where it comes in place of an answer.
fn failure(error: &str) -> ErrorObject {
    let [code, status] = members(error, ["code", "status"]).unwrap_or_default();
    let code = code.and_then(count).and_then(|code| u16::try_from(code).ok());
    let code = code.filter(|code| (400..600).contains(code)).unwrap_or(502);
    let message = error::message(error);
    let message = message.unwrap_or_else(|| "the upstream sent an error without a message".to_owned());
    let object = ErrorObject::new(code, message);
    match status.and_then(string) {
        Some(status) => object.code(status.into_owned()),
        None => object,
    }
}

/// JSON text without the blanks between its tokens: what Google indents, clients get in one line.
fn without_blanks(json: &str) -> String {
    let (mut in_string, mut is_escaped) = (false, false);
    let mut compact = String::with_capacity(json.len());
    compact.extend(json.chars().filter(|c| {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => in_string = !in_string,
            _ => {}
        }
        in_string || !matches!(c, ' ' | '\t' | '\n' | '\r')
    }));
    compact
}
