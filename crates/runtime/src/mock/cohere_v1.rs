//! Cohere, Chat of version 1 and its streaming: JSON objects on lines.

use hyper::{Response, StatusCode};
use serde_json::{Value, json};

use super::answer::{Answer, Reasons, Said};
use super::ask::{self, Ask, Tool};
use super::cohere::{self, Cohere};
use super::dialect::Dialect;
use super::question::Question;
use super::{json_answer, stream, text};
use crate::Body;

/// Chat, version 1.
pub struct CohereV1;

/// Calls of tools are no reason of their own.
const REASONS: Reasons = Reasons { tool_calls: cohere::REASONS.stop, ..cohere::REASONS };

impl Dialect for CohereV1 {
    fn ask(&self, question: &Question) -> Result<Ask, &'static str> {
        let message = question.member("message").as_str();
        let message = message.ok_or("invalid request: message must be a string")?;
        let history = question.member("chat_history").as_array().into_iter().flatten();
        let mut texts: Vec<_> = vec![text::content(question.member("preamble"))];
        texts.extend(history.map(|turn| text::content(&turn["message"])));
        texts.push(message.to_owned());
        Ok(Ask {
            limit: question.member("max_tokens").as_u64(),
            tools: tools(question),
            form: cohere::form(question.member("response_format")),
            stream: question.member("stream") == true,
            ..Ask::new(&texts, message.to_owned())
        })
    }

    fn whole(&self, question: &Question, answer: &Answer) -> Response<Body> {
        json_answer(&response(question, answer))
    }

    fn stream(&self, question: &Question, answer: &Answer) -> Response<Body> {
        let mut lines = vec![
            json!({"is_finished": false, "event_type": "stream-start", "generation_id": cohere::id(question)}),
        ];
        match &answer.said {
            Said::Text { text, .. } => {
                lines.extend(text::pieces(text).map(
                    |piece| json!({"is_finished": false, "event_type": "text-generation", "text": piece}),
                ))
            }
            Said::Call { name, arguments } => lines.push(json!({
                "is_finished": false, "event_type": "tool-calls-generation", "text": "",
                "tool_calls": [{"name": name, "parameters": arguments}],
            })),
        }
        lines.push(json!({
            "is_finished": true, "event_type": "stream-end", "finish_reason": answer.finish(&REASONS),
            "response": response(question, answer),
        }));
        stream::lines("application/stream+json", lines)
    }

    fn failure(&self, status: StatusCode, message: &str) -> Response<Body> {
        Cohere.failure(status, message)
    }
}

/// Tools, whose parameters are described without a schema around them.
fn tools(question: &Question) -> Vec<Tool> {
    let mut tools =
        ask::tools(question.member("tools"), |tool| (&tool["name"], &tool["parameter_definitions"]));
    for tool in &mut tools {
        tool.schema = json!({"type": "object", "properties": tool.schema});
    }
    tools
}

fn response(question: &Question, answer: &Answer) -> Value {
    let mut meta = cohere::usage(answer);
    meta["api_version"] = json!({"version": "1"});
    let id = cohere::id(question);
    let mut response = json!({
        "response_id": id, "generation_id": id, "text": "", "chat_history": [],
        "finish_reason": answer.finish(&REASONS), "meta": meta,
    });
    match &answer.said {
        Said::Text { text, .. } => response["text"] = json!(text),
        Said::Call { name, arguments } => {
            response["tool_calls"] = json!([{"name": name, "parameters": arguments}]);
        }
    }
    response
}
