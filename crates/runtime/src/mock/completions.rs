//! OpenAI, Completions: each prompt of a list gets an answer of its own.

use hyper::{Response, StatusCode};
use serde_json::{Value, json};

use super::answer::Answer;
use super::ask::Ask;
use super::dialect::Dialect;
use super::openai::{self, OpenAi};
use super::question::Question;
use super::{CREATED, json_answer, stream, text};
use crate::Body;

/// Completions of prompts.
pub struct Completions;

/// The most prompts of one request.
const PROMPTS: usize = 128;

impl Dialect for Completions {
    fn ask(&self, question: &Question) -> Result<Ask, &'static str> {
        let prompts = prompts(question).ok_or("a completion needs a JSON body with a `prompt`")?;
        let limit = question.member("max_tokens").as_u64();
        let stream = question.member("stream") == true;
        Ok(Ask { limit, stream, ..Ask::new(&prompts, String::new()) })
    }

    fn whole(&self, question: &Question, answer: &Answer) -> Response<Body> {
        let completed = completed(question);
        let choices = completed.iter().enumerate();
        let choices: Vec<_> =
            choices.map(|(index, (text, finished))| choice(index, text, Some(finish(*finished)))).collect();
        let mut whole = object(question, answer, json!(choices));
        whole["usage"] = usage(answer, &completed);
        json_answer(&whole)
    }

    fn stream(&self, question: &Question, answer: &Answer) -> Response<Body> {
        let completed = completed(question);
        let mut chunks = Vec::new();
        for (index, (text, finished)) in completed.iter().enumerate() {
            let pieces = text::pieces(text).map(|piece| choice(index, piece, None));
            let end = choice(index, "", Some(finish(*finished)));
            chunks.extend(pieces.chain([end]).map(|choice| object(question, answer, json!([choice]))));
        }
        if question.member("stream_options")["include_usage"] == true {
            let mut last = object(question, answer, json!([]));
            last["usage"] = usage(answer, &completed);
            chunks.push(last);
        }
        stream::done(chunks)
    }

    fn failure(&self, status: StatusCode, message: &str) -> Response<Body> {
        OpenAi.failure(status, message)
    }
}

/// The texts to complete; tokens cannot be read.
fn prompts(question: &Question) -> Option<Vec<String>> {
    match question.member("prompt") {
        Value::String(prompt) => Some(vec![prompt.clone()]),
        Value::Array(prompts) => {
            let texts = prompts.iter().take(PROMPTS).filter_map(|prompt| prompt.as_str().map(str::to_owned));
            Some(texts.collect())
        }
        _ => None,
    }
}

/// The completed texts, and whether they end where they should.
fn completed(question: &Question) -> Vec<(String, bool)> {
    let limit = question.member("max_tokens").as_u64();
    let answers = prompts(question)
        .unwrap_or_default()
        .into_iter()
        .map(|prompt| text::limited(text::answer(&question.model(), &prompt), limit));
    answers.collect()
}

fn object(question: &Question, answer: &Answer, choices: Value) -> Value {
    let id = openai::id(question, "cmpl-");
    json!({
        "id": id, "object": "text_completion", "created": CREATED, "model": answer.model, "choices": choices,
    })
}

fn choice(index: usize, text: &str, finish: Option<&str>) -> Value {
    json!({"index": index, "text": text, "logprobs": null, "finish_reason": finish})
}

fn finish(finished: bool) -> &'static str {
    if finished { openai::REASONS.stop } else { openai::REASONS.length }
}

fn usage(answer: &Answer, completed: &[(String, bool)]) -> Value {
    let completion: u64 = completed.iter().map(|(text, _)| text::tokens(text)).sum();
    openai::counted(answer.prompt_tokens, completion)
}
