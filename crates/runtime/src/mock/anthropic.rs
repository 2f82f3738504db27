//! Anthropic, Messages and Streaming messages.

use hyper::{Response, StatusCode};
use serde_json::{Value, json};

use super::answer::{Answer, Reasons, Said};
use super::ask::{self, Ask, Choice, Form};
use super::dialect::Dialect;
use super::question::Question;
use super::{error_answer, json_answer, stream, text};
use crate::Body;

/// Messages.
pub struct Anthropic;

const REASONS: Reasons = Reasons { stop: "end_turn", length: "max_tokens", tool_calls: "tool_use" };

/// Stands for the proof that thoughts are the model's own.
const SIGNATURE: &str = "bW9jaw==";

impl Dialect for Anthropic {
    fn ask(&self, question: &Question) -> Result<Ask, &'static str> {
        let messages = question.member("messages").as_array().filter(|messages| !messages.is_empty());
        let messages = messages.ok_or("messages: Field required")?;
        let limit = question.member("max_tokens").as_u64().ok_or("max_tokens: Field required")?;
        let mut texts = blocks(question.member("system"));
        texts.extend(messages.iter().flat_map(|message| blocks(&message["content"])));
        let choice = question.member("tool_choice");
        let thinking = question.member("thinking")["type"].as_str();
        let format = &question.member("output_config")["format"];
        Ok(Ask {
            limit: Some(limit),
            tools: ask::tools(question.member("tools"), |tool| (&tool["name"], &tool["input_schema"])),
            choice: match choice["type"].as_str() {
                Some("none") => Choice::None,
                Some("any") => Choice::Required,
                Some("tool") => Choice::Named(choice["name"].as_str().unwrap_or_default().to_owned()),
                _ => Choice::Auto,
            },
            form: match format["type"].as_str() {
                Some("json_schema") => Form::Schema(format["schema"].clone()),
                _ => Form::Text,
            },
            thinks: thinking.is_some_and(|kind| kind != "disabled"),
            stream: question.member("stream") == true,
            ..Ask::new(&texts, last(&messages[messages.len() - 1]["content"]))
        })
    }

    fn whole(&self, question: &Question, answer: &Answer) -> Response<Body> {
        let mut content = Vec::new();
        content.extend(
            answer.thought.map(|it| json!({"type": "thinking", "thinking": it, "signature": SIGNATURE})),
        );
        content.push(match &answer.said {
            Said::Text { text, .. } => json!({"type": "text", "text": text, "citations": null}),
            Said::Call { name, arguments } => call(question, name, arguments),
        });
        let mut message = message(question, answer);
        message["content"] = content.into();
        message["stop_reason"] = answer.finish(&REASONS).into();
        message["usage"]["output_tokens"] = answer.tokens().into();
        json_answer(&message)
    }

    fn stream(&self, question: &Question, answer: &Answer) -> Response<Body> {
        let mut events = vec![
            json!({"type": "message_start", "message": message(question, answer)}),
            json!({"type": "ping"}),
        ];
        let mut index = 0;
        let mut block = |start: Value, deltas: Vec<Value>| {
            events.push(json!({"type": "content_block_start", "index": index, "content_block": start}));
            let deltas = deltas.into_iter();
            events.extend(
                deltas.map(|delta| json!({"type": "content_block_delta", "index": index, "delta": delta})),
            );
            events.push(json!({"type": "content_block_stop", "index": index}));
            index += 1;
        };
        if let Some(thought) = answer.thought {
            let pieces =
                text::pieces(thought).map(|piece| json!({"type": "thinking_delta", "thinking": piece}));
            let signature = json!({"type": "signature_delta", "signature": SIGNATURE});
            block(
                json!({"type": "thinking", "thinking": "", "signature": ""}),
                pieces.chain([signature]).collect(),
            );
        }
        match &answer.said {
            Said::Text { text, .. } => {
                let pieces = text::pieces(text).map(|piece| json!({"type": "text_delta", "text": piece}));
                block(json!({"type": "text", "text": "", "citations": null}), pieces.collect());
            }
            Said::Call { name, arguments } => {
                let arguments = arguments.to_string();
                let pieces = text::pieces(&arguments)
                    .map(|piece| json!({"type": "input_json_delta", "partial_json": piece}));
                block(call(question, name, &json!({})), pieces.collect());
            }
        }
        let delta = json!({"stop_reason": answer.finish(&REASONS), "stop_sequence": null});
        let usage = json!({"output_tokens": answer.tokens()});
        events.push(json!({"type": "message_delta", "delta": delta, "usage": usage}));
        events.push(json!({"type": "message_stop"}));
        stream::named(events)
    }

    fn failure(&self, status: StatusCode, message: &str) -> Response<Body> {
        let kind = match status.as_u16() {
            401 => "authentication_error",
            402 => "billing_error",
            403 => "permission_error",
            404 => "not_found_error",
            413 => "request_too_large",
            429 => "rate_limit_error",
            504 => "timeout_error",
            529 => "overloaded_error",
            400..500 => "invalid_request_error",
            _ => "api_error",
        };
        let error = json!({"type": kind, "message": message});
        let error = json!({"type": "error", "error": error, "request_id": "req_mock"});
        error_answer(status, error.to_string())
    }
}

/// A message that has said nothing yet.
fn message(question: &Question, answer: &Answer) -> Value {
    json!({
        "id": format!("msg_{}", question.digits(24)), "type": "message", "role": "assistant",
        "model": answer.model, "content": [], "stop_reason": null, "stop_sequence": null,
        "usage": {
            "input_tokens": answer.prompt_tokens, "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0, "output_tokens": 1, "service_tier": "standard",
        },
    })
}

fn call(question: &Question, name: &str, input: &Value) -> Value {
    json!({"type": "tool_use", "id": format!("toolu_{}", question.digits(24)), "name": name, "input": input})
}

/// The texts of a content: a string, or blocks, of which tool results have a content of their own.
fn blocks(content: &Value) -> Vec<String> {
    match content {
        Value::Array(blocks) => blocks.iter().map(block).filter(|text| !text.is_empty()).collect(),
        text => vec![text::content(text)],
    }
}

fn block(block: &Value) -> String {
    match block["type"].as_str() {
        Some("tool_result") => text::content(&block["content"]),
        _ => block["text"].as_str().unwrap_or_default().to_owned(),
    }
}

/// What was said last: the texts after the last tool result, or else that.
fn last(content: &Value) -> String {
    let Value::Array(parts) = content else { return text::content(content) };
    match parts.iter().rposition(|part| part["type"] == "tool_result") {
        Some(at) if at + 1 == parts.len() => block(&parts[at]),
        Some(at) => text::joined(parts[at + 1..].iter().map(block)),
        None => text::content(content),
    }
}
