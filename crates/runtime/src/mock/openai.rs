//! OpenAI, Chat completions.

use formats::error::ErrorObject;
use hyper::{Response, StatusCode};
use serde_json::{Value, json};

use super::answer::{Answer, Reasons, Said};
use super::ask::{self, Ask, Choice, Form};
use super::dialect::Dialect;
use super::question::Question;
use super::{CREATED, error_answer, json_answer, stream, text};
use crate::Body;

/// Chat completions.
pub struct OpenAi;

/// OpenAI's reasons.
pub const REASONS: Reasons = Reasons { stop: "stop", length: "length", tool_calls: "tool_calls" };

impl Dialect for OpenAi {
    fn ask(&self, question: &Question) -> Result<Ask, &'static str> {
        let messages = question.member("messages").as_array().filter(|messages| !messages.is_empty());
        let messages = messages.ok_or("a chat needs a JSON body with `messages`")?;
        let texts: Vec<_> = messages.iter().map(|message| text::content(&message["content"])).collect();
        let last = texts.last().cloned().unwrap_or_default();
        let format = question.member("response_format");
        let limit = ["max_completion_tokens", "max_tokens"];
        Ok(Ask {
            limit: limit.iter().find_map(|name| question.member(name).as_u64()),
            tools: ask::tools(question.member("tools"), |tool| {
                (&tool["function"]["name"], &tool["function"]["parameters"])
            }),
            choice: match question.member("tool_choice") {
                Value::String(choice) if choice == "none" => Choice::None,
                Value::String(choice) if choice == "required" || choice == "any" => Choice::Required,
                Value::Object(choice) => {
                    let name = choice.get("function").and_then(|function| function["name"].as_str());
                    Choice::Named(name.unwrap_or_default().to_owned())
                }
                _ => Choice::Auto,
            },
            form: match format["type"].as_str() {
                Some("json_object") => Form::Json,
                Some("json_schema") => Form::Schema(format["json_schema"]["schema"].clone()),
                _ => Form::Text,
            },
            choices: question.member("n").as_u64(),
            stream: question.member("stream") == true,
            ..Ask::new(&texts, last)
        })
    }

    fn whole(&self, question: &Question, answer: &Answer) -> Response<Body> {
        let choices: Vec<_> = (0..answer.choices)
            .map(|index| {
                let (message, finish) = (message(question, answer), answer.finish(&REASONS));
                json!({"index": index, "message": message, "logprobs": null, "finish_reason": finish})
            })
            .collect();
        json_answer(&json!({
            "id": id(question, "chatcmpl-"), "object": "chat.completion", "created": CREATED,
            "model": answer.model, "choices": choices, "usage": usage(answer), "system_fingerprint": "fp_mock",
        }))
    }

    fn stream(&self, question: &Question, answer: &Answer) -> Response<Body> {
        let wants_usage = question.member("stream_options")["include_usage"] == true;
        stream::done(chunks(question, answer, wants_usage))
    }

    fn failure(&self, status: StatusCode, message: &str) -> Response<Body> {
        error_answer(status, ErrorObject::new(status.as_u16(), message).to_json())
    }
}

/// A name that begins with `prefix` and belongs to this request alone.
pub fn id(question: &Question, prefix: &str) -> String {
    format!("{prefix}{}", question.digits(24))
}

/// A usage object.
pub fn usage(answer: &Answer) -> Value {
    counted(answer.prompt_tokens, answer.tokens())
}

/// A usage object of these counts.
pub fn counted(prompt: u64, completion: u64) -> Value {
    json!({"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion})
}

fn message(question: &Question, answer: &Answer) -> Value {
    match &answer.said {
        Said::Text { text, .. } => json!({"role": "assistant", "content": text, "refusal": null}),
        Said::Call { name, arguments } => {
            let function = json!({"name": name, "arguments": arguments.to_string()});
            json!({
                "role": "assistant", "content": null, "refusal": null,
                "tool_calls": [{"id": id(question, "call_"), "type": "function", "function": function}],
            })
        }
    }
}

/// What follows the chunk that names the role.
fn deltas(question: &Question, answer: &Answer) -> Vec<Value> {
    match &answer.said {
        Said::Text { text, .. } => text::pieces(text).map(|piece| json!({"content": piece})).collect(),
        Said::Call { name, arguments } => {
            let id = id(question, "call_");
            let function = json!({"name": name, "arguments": ""});
            let start =
                json!({"tool_calls": [{"index": 0, "id": id, "type": "function", "function": function}]});
            let arguments = arguments.to_string();
            let pieces = text::pieces(&arguments)
                .map(|piece| json!({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]}));
            std::iter::once(start).chain(pieces).collect()
        }
    }
}

/// The chunks of a stream: of each choice its role, its parts and its end; then the usage.
fn chunks(question: &Question, answer: &Answer, wants_usage: bool) -> Vec<Value> {
    let chunk = |choices: Value| {
        let mut chunk = json!({
            "id": id(question, "chatcmpl-"), "object": "chat.completion.chunk", "created": CREATED,
            "model": answer.model, "system_fingerprint": "fp_mock", "choices": choices,
        });
        if wants_usage {
            chunk["usage"] = Value::Null;
        }
        chunk
    };
    let mut chunks = Vec::new();
    for index in 0..answer.choices {
        let mut add = |delta: Value, finish: Option<&str>| {
            let choice = json!({"index": index, "delta": delta, "logprobs": null, "finish_reason": finish});
            chunks.push(chunk(json!([choice])));
        };
        add(json!({"role": "assistant", "content": ""}), None);
        deltas(question, answer).into_iter().for_each(|delta| add(delta, None));
        add(json!({}), Some(answer.finish(&REASONS)));
    }
    if wants_usage {
        let mut last = chunk(json!([]));
        last["usage"] = usage(answer);
        chunks.push(last);
    }
    chunks
}
