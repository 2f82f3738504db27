//! Text generation as TGI and Hugging Face's inference API have it: a prompt that is completed token by
//! token.

use hyper::{Response, StatusCode};
use serde_json::{Value, json};

use super::answer::{Answer, Reasons, Said};
use super::ask::Ask;
use super::dialect::Dialect;
use super::question::Question;
use super::{error_answer, json_answer, stream, text};
use crate::Body;

/// Text generation.
pub struct Generation;

const REASONS: Reasons = Reasons { stop: "eos_token", length: "length", tool_calls: "eos_token" };

impl Dialect for Generation {
    fn ask(&self, question: &Question) -> Result<Ask, &'static str> {
        let inputs = question.member("inputs").as_str().ok_or("Input validation error: missing `inputs`")?;
        let parameters = question.member("parameters");
        Ok(Ask {
            limit: parameters["max_new_tokens"].as_u64(),
            stream: question.member("stream") == true || question.path.ends_with("/generate_stream"),
            ..Ask::new(&[inputs.to_owned()], last(inputs))
        })
    }

    /// Of `/generate` an object, else a list of one.
    fn whole(&self, question: &Question, answer: &Answer) -> Response<Body> {
        let text = generated(answer);
        let mut whole = json!({"generated_text": text});
        let parameters = question.member("parameters");
        if parameters["details"] == true {
            let mut details = details(answer);
            let prefill = parameters["decoder_input_details"] == true;
            let prefill =
                prefill.then(|| text::tokenized(question.member("inputs").as_str().unwrap_or_default()));
            details["prefill"] = prefill.into_iter().flatten().map(|text| token(1, text)).collect();
            details["tokens"] = text::tokenized(text).map(|text| generated_token(1, text, false)).collect();
            whole["details"] = details;
        }
        json_answer(&if question.path.ends_with("/generate") { whole } else { json!([whole]) })
    }

    /// A text that is complete ends with a token that is none of it.
    fn stream(&self, _: &Question, answer: &Answer) -> Response<Body> {
        let text = generated(answer);
        let mut tokens: Vec<_> = text::tokenized(text).map(|text| (text, false)).collect();
        if answer.finish(&REASONS) == REASONS.stop {
            tokens.push(("</s>".to_owned(), true));
        }
        let last = tokens.len() as u64;
        let events = tokens.into_iter().zip(1..).map(|((piece, special), index): (_, u64)| {
            let is_last = index == last;
            let mut details = details(answer);
            details["input_length"] = json!(answer.prompt_tokens);
            json!({
                "index": index, "token": generated_token(index, piece, special),
                "generated_text": is_last.then_some(text), "details": is_last.then_some(details),
            })
        });
        stream::events(events)
    }

    fn failure(&self, status: StatusCode, message: &str) -> Response<Body> {
        let kind = match status.as_u16() {
            424 => "generation",
            429 => "overloaded",
            400..500 => "validation",
            _ => "incomplete_generation",
        };
        error_answer(status, json!({"error": message, "error_type": kind}).to_string())
    }
}

fn generated(answer: &Answer) -> &str {
    match &answer.said {
        Said::Text { text, .. } => text,
        // Nobody offers tools here.
        Said::Call { .. } => "",
    }
}

fn details(answer: &Answer) -> Value {
    let (finish, tokens) = (answer.finish(&REASONS), answer.tokens());
    json!({"finish_reason": finish, "generated_tokens": tokens, "seed": null})
}

fn token(id: u64, text: String) -> Value {
    json!({"id": id, "text": text, "logprob": -0.5})
}

fn generated_token(id: u64, text: String, special: bool) -> Value {
    let mut token = token(id, text);
    token["special"] = json!(special);
    token
}

/// What was said last: in a conversation of Llama 2 the text of its last instruction, else everything.
fn last(inputs: &str) -> String {
    let instruction = inputs.rsplit_once("[INST]").map(|(_, rest)| rest);
    let Some(instruction) = instruction else { return inputs.to_owned() };
    let text = instruction.split("[/INST]").next().unwrap_or_default();
    text.rsplit("<</SYS>>").next().unwrap_or_default().trim().to_owned()
}
