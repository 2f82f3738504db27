//! Amazon Bedrock, Converse and ConverseStream.

use formats::framing::event_stream;
use hyper::header::{HeaderName, HeaderValue};
use hyper::{Response, StatusCode};
use serde_json::{Value, json};

use super::answer::{Answer, Reasons, Said};
use super::ask::{self, Ask, Choice, Form};
use super::dialect::Dialect;
use super::question::Question;
use super::{cohere, error_answer, json_answer, stream, text};
use crate::Body;

/// Conversations.
pub struct Bedrock;

const REASONS: Reasons = Reasons { stop: "end_turn", length: "max_tokens", tool_calls: "tool_use" };

const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");
const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");

/// Stands for the proof that thoughts are the model's own.
const SIGNATURE: &str = "bW9jaw==";

impl Dialect for Bedrock {
    fn ask(&self, question: &Question) -> Result<Ask, &'static str> {
        let messages = question.member("messages").as_array().filter(|messages| !messages.is_empty());
        let messages = messages.ok_or("A conversation must start with a user message.")?;
        let mut texts = blocks(question.member("system"));
        texts.extend(messages.iter().flat_map(|message| blocks(&message["content"])));
        let tools = question.member("toolConfig");
        let choice = &tools["toolChoice"];
        let extra = question.member("additionalModelRequestFields");
        let schema = &question.member("outputConfig")["textFormat"]["structure"]["jsonSchema"]["schema"];
        let schema = schema.as_str().and_then(|text| serde_json::from_str(text).ok());
        let planned = question.conversation.as_ref().is_some_and(|conversation| conversation.stream);
        Ok(Ask {
            limit: question.member("inferenceConfig")["maxTokens"].as_u64(),
            tools: ask::tools(&tools["tools"], |tool| {
                (&tool["toolSpec"]["name"], &tool["toolSpec"]["inputSchema"]["json"])
            }),
            choice: match choice["tool"]["name"].as_str() {
                Some(name) => Choice::Named(name.to_owned()),
                None if choice["any"].is_object() => Choice::Required,
                None => Choice::Auto,
            },
            form: schema.map_or(Form::Text, Form::Schema),
            thinks: ["thinking", "reasoning_config"].iter().any(|name| extra[name]["type"] == "enabled"),
            stream: match question.segments().last() {
                Some(&"converse-stream") => true,
                Some(&"converse") => false,
                _ => planned,
            },
            ..Ask::new(&texts, messages.last().map(|message| last(&message["content"])).unwrap_or_default())
        })
    }

    fn whole(&self, question: &Question, answer: &Answer) -> Response<Body> {
        let mut content = Vec::new();
        content.extend(answer.thought.map(|thought| {
            json!({"reasoningContent": {"reasoningText": {"text": thought, "signature": SIGNATURE}}})
        }));
        content.push(match &answer.said {
            Said::Text { text, .. } => json!({"text": text}),
            Said::Call { name, arguments } => {
                json!({"toolUse": {"toolUseId": call_id(question), "name": name, "input": arguments}})
            }
        });
        identified(
            json_answer(&json!({
                "output": {"message": {"role": "assistant", "content": content}},
                "stopReason": answer.finish(&REASONS), "usage": usage(answer), "metrics": {"latencyMs": 1},
            })),
            &cohere::id(question),
        )
    }

    fn stream(&self, question: &Question, answer: &Answer) -> Response<Body> {
        let mut events = vec![("messageStart", json!({"role": "assistant"}))];
        let mut index = 0;
        let mut block = |start: Option<Value>, deltas: Vec<Value>| {
            let at = |name: &str, what: Value| json!({"contentBlockIndex": index, name: what});
            events.extend(start.map(|start| ("contentBlockStart", at("start", start))));
            events.extend(deltas.into_iter().map(|delta| ("contentBlockDelta", at("delta", delta))));
            events.push(("contentBlockStop", json!({"contentBlockIndex": index})));
            index += 1;
        };
        if let Some(thought) = answer.thought {
            let pieces = text::pieces(thought).map(|piece| json!({"reasoningContent": {"text": piece}}));
            let signature = json!({"reasoningContent": {"signature": SIGNATURE}});
            block(None, pieces.chain([signature]).collect());
        }
        match &answer.said {
            Said::Text { text, .. } => {
                block(None, text::pieces(text).map(|piece| json!({"text": piece})).collect());
            }
            Said::Call { name, arguments } => {
                let arguments = arguments.to_string();
                let pieces = text::pieces(&arguments).map(|piece| json!({"toolUse": {"input": piece}}));
                let start = json!({"toolUse": {"toolUseId": call_id(question), "name": name}});
                block(Some(start), pieces.collect());
            }
        }
        events.push(("messageStop", json!({"stopReason": answer.finish(&REASONS)})));
        events.push(("metadata", json!({"usage": usage(answer), "metrics": {"latencyMs": 1}})));
        let frames =
            events.iter().map(|(name, json)| event_stream::encode_event(name, &json.to_string()).into());
        let response = stream::pieces("application/vnd.amazon.eventstream", frames);
        identified(response, &cohere::id(question))
    }

    fn failure(&self, status: StatusCode, message: &str) -> Response<Body> {
        let name = match status.as_u16() {
            401 | 403 => "AccessDeniedException",
            404 => "ResourceNotFoundException",
            408 => "ModelTimeoutException",
            424 => "ModelErrorException",
            429 => "ThrottlingException",
            503 => "ServiceUnavailableException",
            400..500 => "ValidationException",
            _ => "InternalServerException",
        };
        let mut response = error_answer(status, json!({"message": message}).to_string());
        response.headers_mut().insert(ERROR_TYPE, HeaderValue::from_static(name));
        response
    }
}

fn identified(mut response: Response<Body>, id: &str) -> Response<Body> {
    response.headers_mut().insert(REQUEST_ID, HeaderValue::try_from(id).expect("a UUID is a header value"));
    response
}

fn usage(answer: &Answer) -> Value {
    let (prompt, completion) = (answer.prompt_tokens, answer.tokens());
    json!({"inputTokens": prompt, "outputTokens": completion, "totalTokens": prompt + completion})
}

fn call_id(question: &Question) -> String {
    format!("tooluse_{}", question.digits(22))
}

/// The texts of blocks; tool results have blocks of their own.
fn blocks(content: &Value) -> Vec<String> {
    let blocks = content.as_array().into_iter().flatten().map(block);
    blocks.filter(|text| !text.is_empty()).collect()
}

fn block(block: &Value) -> String {
    match &block["toolResult"]["content"] {
        Value::Array(results) => text::joined(results.iter().map(|result| match &result["json"] {
            Value::Null => result["text"].as_str().unwrap_or_default().to_owned(),
            json => json.to_string(),
        })),
        _ => block["text"].as_str().unwrap_or_default().to_owned(),
    }
}

/// What was said last: the texts after the last tool result, or else that.
fn last(content: &Value) -> String {
    let Some(parts) = content.as_array() else { return String::new() };
    match parts.iter().rposition(|part| part["toolResult"].is_object()) {
        Some(at) if at + 1 == parts.len() => block(&parts[at]),
        at => text::joined(parts[at.map_or(0, |at| at + 1)..].iter().map(block)),
    }
}
