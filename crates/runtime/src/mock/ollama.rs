//! Ollama, `/api/chat` and `/api/generate`. A stream is what one gets unless one says otherwise.

use hyper::{Response, StatusCode};
use serde_json::{Value, json};

use super::answer::{Answer, Reasons, Said};
use super::ask::{self, Ask, Form};
use super::dialect::Dialect;
use super::question::Question;
use super::{error_answer, json_answer, stream, text};
use crate::Body;

/// The two ways to ask.
pub enum Ollama {
    /// A conversation.
    Chat,
    /// A prompt.
    Generate,
}

/// Calls of tools are no reason of their own.
const REASONS: Reasons = Reasons { stop: "stop", length: "length", tool_calls: "stop" };

/// [`CREATED`](super::CREATED) as Ollama writes it.
const CREATED_AT: &str = "2023-11-14T22:13:20Z";

impl Dialect for Ollama {
    fn ask(&self, question: &Question) -> Result<Ask, &'static str> {
        if question.member("model").as_str().is_none_or(str::is_empty) {
            return Err("model is required");
        }
        let texts: Vec<_> = match self {
            Ollama::Chat => {
                let messages = question.member("messages").as_array().into_iter().flatten();
                messages.map(|message| text::content(&message["content"])).collect()
            }
            Ollama::Generate => ["system", "prompt"].map(|name| text::content(question.member(name))).into(),
        };
        let last = texts.last().cloned().unwrap_or_default();
        let think = question.member("think");
        Ok(Ask {
            limit: question.member("options")["num_predict"].as_u64(),
            tools: ask::tools(question.member("tools"), |tool| {
                (&tool["function"]["name"], &tool["function"]["parameters"])
            }),
            form: match question.member("format") {
                Value::String(format) if format == "json" => Form::Json,
                schema @ Value::Object(_) => Form::Schema(schema.clone()),
                _ => Form::Text,
            },
            thinks: *think == true || think.is_string(),
            stream: question.member("stream") != false,
            ..Ask::new(&texts, last)
        })
    }

    fn whole(&self, question: &Question, answer: &Answer) -> Response<Body> {
        let (text, calls) = match &answer.said {
            Said::Text { text, .. } => (&**text, None),
            Said::Call { name, arguments } => ("", Some(calls(question, name, arguments))),
        };
        let line = self.line(answer, text, answer.thought, calls);
        json_answer(&ended(line, answer))
    }

    fn stream(&self, question: &Question, answer: &Answer) -> Response<Body> {
        let thoughts = text::pieces(answer.thought.unwrap_or_default());
        let mut lines: Vec<_> = thoughts.map(|piece| self.line(answer, "", Some(piece), None)).collect();
        match &answer.said {
            Said::Text { text, .. } => {
                lines.extend(text::pieces(text).map(|piece| self.line(answer, piece, None, None)));
            }
            Said::Call { name, arguments } => {
                lines.push(self.line(answer, "", None, Some(calls(question, name, arguments))));
            }
        }
        lines.push(ended(self.line(answer, "", None, None), answer));
        stream::lines("application/x-ndjson", lines)
    }

    fn failure(&self, status: StatusCode, message: &str) -> Response<Body> {
        error_answer(status, json!({"error": message}).to_string())
    }
}

impl Ollama {
    fn line(&self, answer: &Answer, text: &str, thought: Option<&str>, calls: Option<Value>) -> Value {
        let mut line = json!({"model": answer.model, "created_at": CREATED_AT});
        match self {
            Ollama::Chat => {
                line["message"] = json!({"role": "assistant", "content": text});
                if let Some(thought) = thought {
                    line["message"]["thinking"] = json!(thought);
                }
                if let Some(calls) = calls {
                    line["message"]["tool_calls"] = calls;
                }
            }
            Ollama::Generate => {
                line["response"] = json!(text);
                if let Some(thought) = thought {
                    line["thinking"] = json!(thought);
                }
            }
        }
        line["done"] = json!(false);
        line
    }
}

/// The last line.
fn ended(mut line: Value, answer: &Answer) -> Value {
    let end = json!({
        "done": true, "done_reason": answer.finish(&REASONS), "total_duration": 3_000_000,
        "load_duration": 1_000_000, "prompt_eval_count": answer.prompt_tokens,
        "prompt_eval_duration": 1_000_000, "eval_count": answer.tokens(), "eval_duration": 1_000_000,
    });
    if let (Value::Object(line), Value::Object(end)) = (&mut line, end) {
        line.extend(end);
    }
    line
}

fn calls(question: &Question, name: &str, arguments: &Value) -> Value {
    let id = format!("call_{}", question.digits(8));
    json!([{"id": id, "function": {"index": 0, "name": name, "arguments": arguments}}])
}
