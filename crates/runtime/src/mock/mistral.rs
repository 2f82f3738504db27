//! Mistral, Chat completions: OpenAI's but for thoughts as content, ids of nine characters, a usage that
//! nobody has to ask for, and errors.

use hyper::{Response, StatusCode};
use serde_json::{Value, json};

use super::answer::{Answer, Said};
use super::ask::Ask;
use super::dialect::Dialect;
use super::openai::{self, OpenAi};
use super::question::Question;
use super::{CREATED, error_answer, json_answer, stream, text};
use crate::Body;

/// Chat completions of Mistral.
pub struct Mistral;

impl Dialect for Mistral {
    fn ask(&self, question: &Question) -> Result<Ask, &'static str> {
        let effort = question.member("reasoning_effort").as_str();
        let thinks = question.member("prompt_mode") == "reasoning" || effort.is_some_and(|it| it != "none");
        Ok(Ask { thinks, ..OpenAi.ask(question)? })
    }

    fn whole(&self, question: &Question, answer: &Answer) -> Response<Body> {
        let choices = (0..answer.choices).map(|index| {
            let mut message = json!({"role": "assistant", "tool_calls": null, "content": ""});
            match &answer.said {
                Said::Text { text, .. } => message["content"] = content(answer, text),
                Said::Call { name, arguments } => {
                    message["tool_calls"] = call(question, name, arguments);
                }
            }
            let finish = answer.finish(&openai::REASONS);
            json!({"index": index, "message": message, "finish_reason": finish})
        });
        json_answer(&json!({
            "id": question.digits(32), "object": "chat.completion", "created": CREATED, "model": answer.model,
            "choices": choices.collect::<Vec<_>>(), "usage": openai::usage(answer),
        }))
    }

    /// A call is one piece, and the usage comes with the end.
    fn stream(&self, question: &Question, answer: &Answer) -> Response<Body> {
        let chunk = |index: u64, delta: Value, finish: Option<&str>| {
            json!({
                "id": question.digits(32), "object": "chat.completion.chunk", "created": CREATED,
                "model": answer.model, "choices": [{"index": index, "delta": delta, "finish_reason": finish}],
            })
        };
        let mut chunks = Vec::new();
        for index in 0..answer.choices {
            chunks.push(chunk(index, json!({"role": "assistant", "content": ""}), None));
            let thought = answer.thought.map(thinking);
            chunks.extend(thought.map(|thought| chunk(index, json!({"content": [thought]}), None)));
            let end = match &answer.said {
                Said::Text { text, .. } => {
                    chunks.extend(text::pieces(text).map(|it| chunk(index, json!({"content": it}), None)));
                    json!({"content": ""})
                }
                Said::Call { name, arguments } => {
                    json!({"content": "", "tool_calls": call(question, name, arguments)})
                }
            };
            chunks.push(chunk(index, end, Some(answer.finish(&openai::REASONS))));
        }
        if let Some(last) = chunks.last_mut() {
            last["usage"] = openai::usage(answer);
        }
        stream::done(chunks)
    }

    fn failure(&self, status: StatusCode, message: &str) -> Response<Body> {
        let kind = match status.as_u16() {
            401 => "unauthorized",
            429 => "rate_limited",
            400..500 => "invalid_request_error",
            _ => "internal_server_error",
        };
        let code = status.as_u16().to_string();
        let error = json!({"object": "error", "message": message, "type": kind, "param": null, "code": code});
        error_answer(status, error.to_string())
    }
}

fn content(answer: &Answer, text: &str) -> Value {
    match answer.thought {
        None => json!(text),
        Some(thought) => json!([thinking(thought), {"type": "text", "text": text}]),
    }
}

fn thinking(thought: &str) -> Value {
    json!({"type": "thinking", "thinking": [{"type": "text", "text": thought}]})
}

fn call(question: &Question, name: &str, arguments: &Value) -> Value {
    let function = json!({"name": name, "arguments": arguments.to_string()});
    json!([{"id": question.digits(9), "type": "function", "function": function, "index": 0}])
}
