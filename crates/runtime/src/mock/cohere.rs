//! Cohere, Chat of version 2 and its streaming.

use hyper::{Response, StatusCode};
use serde_json::{Value, json};

use super::answer::{Answer, Reasons, Said};
use super::ask::{self, Ask, Choice, Form};
use super::dialect::Dialect;
use super::question::Question;
use super::{error_answer, json_answer, stream, text};
use crate::Body;

/// Chat, version 2.
pub struct Cohere;

/// Cohere's reasons.
pub const REASONS: Reasons = Reasons { stop: "COMPLETE", length: "MAX_TOKENS", tool_calls: "TOOL_CALL" };

impl Dialect for Cohere {
    fn ask(&self, question: &Question) -> Result<Ask, &'static str> {
        let messages = question.member("messages").as_array().filter(|messages| !messages.is_empty());
        let messages = messages.ok_or("invalid request: messages must not be empty")?;
        let texts: Vec<_> = messages.iter().map(|message| text::content(&message["content"])).collect();
        let last = texts.last().cloned().unwrap_or_default();
        Ok(Ask {
            limit: question.member("max_tokens").as_u64(),
            tools: ask::tools(question.member("tools"), |tool| {
                (&tool["function"]["name"], &tool["function"]["parameters"])
            }),
            choice: match question.member("tool_choice").as_str() {
                Some("NONE") => Choice::None,
                Some("REQUIRED") => Choice::Required,
                _ => Choice::Auto,
            },
            form: form(question.member("response_format")),
            thinks: question.member("thinking")["type"] == "enabled",
            stream: question.member("stream") == true,
            ..Ask::new(&texts, last)
        })
    }

    fn whole(&self, question: &Question, answer: &Answer) -> Response<Body> {
        let mut message = json!({"role": "assistant"});
        let mut content: Vec<_> =
            answer.thought.iter().map(|it| json!({"type": "thinking", "thinking": it})).collect();
        match &answer.said {
            Said::Text { text, .. } => content.push(json!({"type": "text", "text": text})),
            Said::Call { name, arguments } => {
                message["tool_calls"] = json!([call(question, name, &arguments.to_string())]);
            }
        }
        if !content.is_empty() {
            message["content"] = content.into();
        }
        let finish = answer.finish(&REASONS);
        let id = id(question);
        json_answer(&json!({"id": id, "finish_reason": finish, "message": message, "usage": usage(answer)}))
    }

    fn stream(&self, question: &Question, answer: &Answer) -> Response<Body> {
        let message = json!({
            "role": "assistant", "content": [], "tool_plan": "", "tool_calls": [], "citations": [],
        });
        let start = json!({"type": "message-start", "id": id(question), "delta": {"message": message}});
        let mut events = vec![start];
        let mut index = 0;
        let mut content = |kind: &str, text: &str| {
            let delta = |content: Value| json!({"message": {"content": content}});
            let start = delta(json!({"type": kind, kind: ""}));
            events.push(json!({"type": "content-start", "index": index, "delta": start}));
            events.extend(text::pieces(text).map(|piece| {
                json!({"type": "content-delta", "index": index, "delta": delta(json!({kind: piece}))})
            }));
            events.push(json!({"type": "content-end", "index": index}));
            index += 1;
        };
        if let Some(thought) = answer.thought {
            content("thinking", thought);
        }
        match &answer.said {
            Said::Text { text, .. } => content("text", text),
            Said::Call { name, arguments } => {
                let delta = |calls: Value| json!({"message": {"tool_calls": calls}});
                let start = delta(call(question, name, ""));
                events.push(json!({"type": "tool-call-start", "index": 0, "delta": start}));
                let arguments = arguments.to_string();
                events.extend(text::pieces(&arguments).map(|piece| {
                    let delta = delta(json!({"function": {"arguments": piece}}));
                    json!({"type": "tool-call-delta", "index": 0, "delta": delta})
                }));
                events.push(json!({"type": "tool-call-end", "index": 0}));
            }
        }
        let delta = json!({"finish_reason": answer.finish(&REASONS), "usage": usage(answer)});
        events.push(json!({"type": "message-end", "delta": delta}));
        stream::named(events)
    }

    fn failure(&self, status: StatusCode, message: &str) -> Response<Body> {
        error_answer(status, json!({"id": "mock", "message": message}).to_string())
    }
}

/// The form that `response_format` asks for.
pub fn form(format: &Value) -> Form {
    let schema = ["json_schema", "schema"].iter().map(|name| &format[name]).find(|it| it.is_object());
    match (format["type"].as_str(), schema) {
        (Some("json_object"), Some(schema)) => Form::Schema(schema.clone()),
        (Some("json_object"), None) => Form::Json,
        _ => Form::Text,
    }
}

/// What an answer took, as both versions say it.
pub fn usage(answer: &Answer) -> Value {
    let tokens = json!({"input_tokens": answer.prompt_tokens, "output_tokens": answer.tokens()});
    json!({"billed_units": tokens, "tokens": tokens})
}

/// An answer's id: a UUID.
pub fn id(question: &Question) -> String {
    let digits = question.digits(32);
    let parts = [0..8, 8..12, 12..16, 16..20, 20..32].map(|range| &digits[range]);
    parts.join("-")
}

fn call(question: &Question, name: &str, arguments: &str) -> Value {
    let id = format!("{name}_{}", question.digits(12));
    json!({"id": id, "type": "function", "function": {"name": name, "arguments": arguments}})
}
