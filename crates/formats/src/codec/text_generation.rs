//! Text generation as Hugging Face's server of that name (TGI) has it: a text is continued. Parameters and
//! replies are the server's own ("Text Generation Inference API", `/generate` and `/generate_stream`);
//! others that serve models in its way wrap the reply differently.

use std::borrow::Cow;

use serde::Serialize;

use super::{Codec, Events, Outgoing};
use crate::body::each_item;
use crate::chat::{Chat, RequestError};
use crate::chunks::Chunks;
use crate::completion::{Choice, Completion, FinishReason, MAX_CHOICES, too_many_choices};
use crate::error::{self, ErrorObject};
use crate::framing::{DONE, Frame};
use crate::peek::{count, members, present, string};
use crate::usage::Usage;

/// Completions of Hugging Face's text generation.
pub struct TextGeneration;

/// The request members that generation has parameters for.
pub(super) const MEMBERS: [&str; 4] = ["top_p", "top_k", "stop", "seed"];

impl Codec for TextGeneration {
    fn members(&self) -> &'static [&'static str] {
        &MEMBERS
    }

    fn request(&self, chat: &Chat<'_>) -> Result<Outgoing, RequestError> {
        Ok(request(chat.prompt_text()?, chat))
    }

    fn answer(&self, json: &str, _request_id: Option<&str>) -> Result<Completion, ErrorObject> {
        answer(json)
    }

    fn events(&self) -> Box<dyn Events> {
        Box::new(Tokens::default())
    }
}

/// Asks for `inputs` to be continued as the chat says.
pub(super) fn request(inputs: &str, chat: &Chat<'_>) -> Outgoing {
    let request = Request { inputs, parameters: Parameters::new(chat), stream: chat.stream };
    let body = serde_json::to_vec(&request).expect("texts and numbers have JSON");
    Outgoing { body, ..Outgoing::default() }
}

/// A reply: an object, a list of them, or a list of them in `data`.
pub(super) fn answer(json: &str) -> Result<Completion, ErrorObject> {
    let [data, usage] = members(json, ["data", "usage"]).unwrap_or_default();
    let list = present(data).unwrap_or(json);
    let mut completion = Completion::default();
    let mut added = Ok(());
    let is_list = each_item(list, &mut |item| {
        added = add(item, &mut completion);
        added.is_ok()
    });
    added?;
    if !is_list {
        add(list, &mut completion)?;
    }
    if completion.choices.is_empty() {
        return Err(failure(list));
    }
    completion.usage = completion.usage.or(present(usage).and_then(Usage::from_openai));
    Ok(completion)
}

/// Reads the tokens of one stream.
#[derive(Default)]
pub(super) struct Tokens {
    /// Whether blanks before the text are still to be left out.
    pub trims: bool,
}

impl Events for Tokens {
    fn frame(&mut self, frame: &Frame<'_>, chunks: &mut Chunks) {
        if frame.data.trim_ascii() == DONE {
            return;
        }
        let names = ["token", "generated_text", "details"];
        let Some([token, generated, details]) = members(&frame.data, names) else {
            return chunks.fail(ErrorObject::unreadable_event());
        };
        if token.or(generated).is_none() {
            return chunks.fail(failure(&frame.data));
        }
        let [text, special] = token.and_then(|token| members(token, ["text", "special"])).unwrap_or_default();
        let text = text.filter(|_| special != Some("true")).and_then(string).unwrap_or_default();
        let text = if self.trims { text.trim_start() } else { &text };
        self.trims &= text.is_empty();
        chunks.text(0, text);
        if present(generated).or(present(details)).is_some() {
            let details = Details::read(details);
            chunks.usage(details.usage());
            chunks.finish(0, details.finish);
            chunks.done();
        }
    }
}

#[derive(Serialize)]
struct Request<'a> {
    inputs: &'a str,
    parameters: Parameters<'a>,
    stream: bool,
}

#[derive(Serialize)]
struct Parameters<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    max_new_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    do_sample: Option<bool>,
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
    return_full_text: bool,
    details: bool,
}

impl<'a> Parameters<'a> {
    /// The server refuses a temperature of 0, a `top_p` outside 0 to 1 (both excluded) and a `top_k` of 0
    /// or less. It samples where any of them is set, whatever `do_sample` says, so that none may be sent
    /// where nothing is to be random; with a temperature of 1 it samples only where it is told to.
    fn new(chat: &'a Chat<'_>) -> Self {
        let is_greedy = chat.temperature.is_some_and(|temperature| temperature <= 0.0);
        Self {
            max_new_tokens: chat.max_tokens,
            do_sample: chat.temperature.map(|_| !is_greedy),
            temperature: chat.temperature.filter(|_| !is_greedy),
            top_p: chat.top_p.filter(|top_p| !is_greedy && *top_p > 0.0 && *top_p < 1.0),
            top_k: chat.top_k.filter(|top_k| !is_greedy && *top_k > 0),
            stop: &chat.stop,
            seed: chat.seed,
            return_full_text: false,
            details: true,
        }
    }
}

/// What is said of a generated text beside it.
struct Details {
    finish: FinishReason,
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
}

/// Reasons that are not `stop`, which `eos_token` and `stop_sequence` are.
const FINISH: [(&str, FinishReason); 2] =
    [("length", FinishReason::Length), ("tool_calls", FinishReason::ToolCalls)];

impl Details {
    fn read(details: Option<&str>) -> Self {
        let names = ["finish_reason", "generated_tokens", "input_length", "prefill"];
        let [reason, generated, input, prefill] =
            details.and_then(|details| members(details, names)).unwrap_or_default();
        let reason = reason.and_then(string).unwrap_or_default();
        Self {
            finish: FinishReason::from_table(&FINISH, &reason),
            prompt_tokens: input.and_then(count).or(prefill.map(length)),
            completion_tokens: generated.and_then(count),
        }
    }

    fn usage(&self) -> Option<Usage> {
        self.completion_tokens.map(|completion_tokens| Usage {
            prompt_tokens: self.prompt_tokens.unwrap_or_default(),
            completion_tokens,
            ..Usage::default()
        })
    }
}

/// Adds a generated text to the answer.
fn add(json: &str, completion: &mut Completion) -> Result<(), ErrorObject> {
    let [text, details] = members(json, ["generated_text", "details"]).unwrap_or_default();
    let text = text.and_then(string).ok_or_else(|| failure(json))?;
    let details = Details::read(details);
    if let Some(usage) = details.usage() {
        let known = completion.usage.map_or(0, |known| known.completion_tokens);
        let completion_tokens = usage.completion_tokens.saturating_add(known);
        completion.usage = Some(Usage { completion_tokens, ..usage });
    }
    if completion.choices.len() == MAX_CHOICES {
        return Err(too_many_choices());
    }
    completion.choices.push(Choice {
        text: Some(text.into_owned()),
        finish: details.finish,
        ..Choice::default()
    });
    Ok(())
}

/// Why a reply, or a piece of a stream, says nothing.
fn failure(json: &str) -> ErrorObject {
    match error::message(json) {
        Some(_) => ErrorObject::of_event(json),
        None => ErrorObject::instead_of_answer(json, "generated_text"),
    }
}

fn length(array: &str) -> u64 {
    let mut length = 0;
    each_item(array, &mut |_| {
        length += 1;
        true
    });
    length
}
