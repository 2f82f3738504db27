//! Completions of a prompt.

use hyper::{Response, StatusCode};
use serde_json::{Value, json};

use super::{CREATED, Question, failure, json_answer, stream, text, usage};
use crate::Body;

/// The most prompts of one request.
const PROMPTS: usize = 128;

/// Completes every prompt with a text of its own.
pub fn answer(question: &Question) -> Response<Body> {
    let prompts: Vec<String> = match question.member("prompt") {
        Value::String(prompt) => vec![prompt.clone()],
        // Texts; tokens cannot be read.
        Value::Array(prompts) => {
            prompts.iter().take(PROMPTS).filter_map(|prompt| prompt.as_str().map(str::to_owned)).collect()
        }
        _ => return failure(StatusCode::BAD_REQUEST, "a completion needs a JSON body with a `prompt`"),
    };
    let limit = question.member("max_tokens").as_u64();
    let completed: Vec<_> =
        prompts.iter().map(|prompt| text::limited(text::answer(question.model(), prompt), limit)).collect();
    let finish = |finished: bool| if finished { "stop" } else { "length" };
    let object = |choices: Value| {
        json!({
            "id": question.id("cmpl-"), "object": "text_completion", "created": CREATED,
            "model": question.model(), "choices": choices,
        })
    };
    let usage = usage(
        prompts.iter().map(|prompt| text::tokens(prompt)).sum(),
        completed.iter().map(|(text, _)| text::tokens(text)).sum(),
    );
    let choice = |index: usize, text: &str, finish: Option<&str>| json!({"index": index, "text": text, "logprobs": null, "finish_reason": finish});
    if question.member("stream") == &Value::Bool(true) {
        let mut chunks = Vec::new();
        for (index, (text, finished)) in completed.iter().enumerate() {
            chunks.extend(text::pieces(text).map(|piece| object(json!([choice(index, piece, None)]))));
            chunks.push(object(json!([choice(index, "", Some(finish(*finished)))])));
        }
        if question.member("stream_options")["include_usage"] == true {
            let mut last = object(json!([]));
            last["usage"] = usage;
            chunks.push(last);
        }
        return stream::events(chunks);
    }
    let choices: Vec<_> = completed
        .iter()
        .enumerate()
        .map(|(index, (text, finished))| choice(index, text, Some(finish(*finished))))
        .collect();
    let mut answer = object(json!(choices));
    answer["usage"] = usage;
    json_answer(&answer)
}
