//! Chat completions.

use hyper::{Response, StatusCode};
use serde_json::{Value, json};

use super::{CREATED, Question, failure, json_answer, stream, text, usage, value};
use crate::Body;

/// The most choices of one request; also OpenAI's limit.
const CHOICES: u64 = 128;

/// What every choice of an answer says.
enum Said {
    Text {
        text: String,
        /// Whether it ends where it should.
        finished: bool,
    },
    Call {
        id: String,
        name: String,
        arguments: String,
    },
}

/// Answers with a text, with JSON if the request asks for it, or with a call of a tool: of the one that
/// `tool_choice` demands, else of the first that the last message names.
pub fn answer(question: &Question) -> Response<Body> {
    let Some(messages) = question.member("messages").as_array().filter(|messages| !messages.is_empty())
    else {
        return failure(StatusCode::BAD_REQUEST, "a chat needs a JSON body with `messages`");
    };
    let choices = question.member("n").as_u64().unwrap_or(1).clamp(1, CHOICES);
    let said = said(question, &text::content(&messages[messages.len() - 1]["content"]));
    let prompt = messages.iter().map(|message| text::tokens(&text::content(&message["content"]))).sum();
    let usage = usage(prompt, choices * said.tokens());
    if question.member("stream") == &Value::Bool(true) {
        let wants_usage = question.member("stream_options")["include_usage"] == true;
        return stream::events(chunks(question, &said, choices, wants_usage.then_some(&usage)));
    }
    let choices: Vec<_> = (0..choices)
        .map(|index| {
            json!({"index": index, "message": said.message(), "logprobs": null, "finish_reason": said.finish()})
        })
        .collect();
    json_answer(&json!({
        "id": question.id("chatcmpl-"), "object": "chat.completion", "created": CREATED,
        "model": question.model(), "choices": choices, "usage": usage, "system_fingerprint": "fp_mock",
    }))
}

fn said(question: &Question, last: &str) -> Said {
    if let Some(tool) = called_tool(question, last) {
        let function = &tool["function"];
        return Said::Call {
            id: question.id("call_"),
            name: function["name"].as_str().unwrap_or_default().to_owned(),
            arguments: value::of(&function["parameters"]).to_string(),
        };
    }
    let format = question.member("response_format");
    match format["type"].as_str() {
        Some("json_object") => {
            let text = json!({"mock": true, "model": question.model(), "you_said": text::start(last)});
            Said::Text { text: text.to_string(), finished: true }
        }
        Some("json_schema") => {
            let text = value::of(&format["json_schema"]["schema"]).to_string();
            Said::Text { text, finished: true }
        }
        _ => {
            let limit = ["max_completion_tokens", "max_tokens"];
            let limit = limit.iter().find_map(|name| question.member(name).as_u64());
            let (text, finished) = text::limited(text::answer(question.model(), last), limit);
            Said::Text { text, finished }
        }
    }
}

fn called_tool<'a>(question: &'a Question, last: &str) -> Option<&'a Value> {
    let tools = question.member("tools").as_array()?;
    let named = |name: &str| tools.iter().find(|tool| tool["function"]["name"] == name);
    match question.member("tool_choice") {
        Value::String(choice) if choice == "none" => None,
        Value::String(choice) if choice == "required" => tools.first(),
        Value::Object(choice) => named(choice.get("function")?["name"].as_str()?),
        _ => {
            let is_named = |name: &str| !name.is_empty() && last.contains(name);
            tools.iter().find(|tool| tool["function"]["name"].as_str().is_some_and(is_named))
        }
    }
}

impl Said {
    fn message(&self) -> Value {
        match self {
            Said::Text { text, .. } => json!({"role": "assistant", "content": text, "refusal": null}),
            Said::Call { id, name, arguments } => json!({
                "role": "assistant", "content": null, "refusal": null,
                "tool_calls": [
                    {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}},
                ],
            }),
        }
    }

    /// What follows the chunk that names the role.
    fn deltas(&self) -> Vec<Value> {
        match self {
            Said::Text { text, .. } => text::pieces(text).map(|piece| json!({"content": piece})).collect(),
            Said::Call { id, name, arguments } => {
                let function = json!({"name": name, "arguments": ""});
                vec![
                    json!({"tool_calls": [{"index": 0, "id": id, "type": "function", "function": function}]}),
                    json!({"tool_calls": [{"index": 0, "function": {"arguments": arguments}}]}),
                ]
            }
        }
    }

    fn finish(&self) -> &'static str {
        match self {
            Said::Text { finished: true, .. } => "stop",
            Said::Text { finished: false, .. } => "length",
            Said::Call { .. } => "tool_calls",
        }
    }

    fn tokens(&self) -> u64 {
        match self {
            Said::Text { text, .. } => text::tokens(text),
            Said::Call { name, arguments, .. } => text::tokens(name) + text::tokens(arguments),
        }
    }
}

/// The chunks of a stream: of each choice its role, its parts and its end; then the usage.
fn chunks(question: &Question, said: &Said, choices: u64, usage: Option<&Value>) -> Vec<Value> {
    let chunk = |choices: Value| {
        let mut chunk = json!({
            "id": question.id("chatcmpl-"), "object": "chat.completion.chunk", "created": CREATED,
            "model": question.model(), "system_fingerprint": "fp_mock", "choices": choices,
        });
        if usage.is_some() {
            chunk["usage"] = Value::Null;
        }
        chunk
    };
    let mut chunks = Vec::new();
    for index in 0..choices {
        let mut add = |delta: Value, finish: Option<&str>| {
            let choice = json!({"index": index, "delta": delta, "logprobs": null, "finish_reason": finish});
            chunks.push(chunk(json!([choice])));
        };
        add(json!({"role": "assistant", "content": ""}), None);
        said.deltas().into_iter().for_each(|delta| add(delta, None));
        add(json!({}), Some(said.finish()));
    }
    if let Some(usage) = usage {
        let mut last = chunk(json!([]));
        last["usage"] = usage.clone();
        chunks.push(last);
    }
    chunks
}
