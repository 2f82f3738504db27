//! Gemini and Vertex AI, `generateContent` and `streamGenerateContent`.

use hyper::{Response, StatusCode};
use serde_json::{Value, json};

use super::answer::{Answer, Reasons, Said};
use super::ask::{self, Ask, Choice, Form};
use super::dialect::Dialect;
use super::question::Question;
use super::{error_answer, json_answer, stream, text};
use crate::Body;

/// Generation of content.
pub struct Gemini;

/// Calls of functions are no reason of their own.
const REASONS: Reasons = Reasons { stop: "STOP", length: "MAX_TOKENS", tool_calls: "STOP" };

impl Dialect for Gemini {
    fn ask(&self, question: &Question) -> Result<Ask, &'static str> {
        let contents = question.member("contents").as_array().filter(|contents| !contents.is_empty());
        let contents = contents.ok_or("* GenerateContentRequest.contents: contents is not specified")?;
        let mut texts = parts(question.member("systemInstruction"));
        texts.extend(contents.iter().flat_map(parts));
        let declared = question.member("tools").as_array().into_iter().flatten();
        let declared = declared.flat_map(|tool| {
            ask::tools(&tool["functionDeclarations"], |declared| {
                let schema = ["parameters", "parametersJsonSchema"].map(|name| &declared[name]);
                (&declared["name"], schema[usize::from(schema[0].is_null())])
            })
        });
        let calling = &question.member("toolConfig")["functionCallingConfig"];
        let config = question.member("generationConfig");
        let verb = question.path.rsplit_once(':').map(|(_, verb)| verb);
        let planned = question.conversation.as_ref().is_some_and(|conversation| conversation.stream);
        Ok(Ask {
            limit: config["maxOutputTokens"].as_u64(),
            tools: declared.collect(),
            choice: match (calling["mode"].as_str(), calling["allowedFunctionNames"][0].as_str()) {
                (Some("NONE"), _) => Choice::None,
                (Some("ANY"), Some(name)) => Choice::Named(name.to_owned()),
                (Some("ANY"), None) => Choice::Required,
                _ => Choice::Auto,
            },
            form: form(config),
            choices: config["candidateCount"].as_u64(),
            thinks: config["thinkingConfig"]["includeThoughts"] == true,
            stream: match verb {
                Some("streamGenerateContent") => true,
                Some("generateContent") => false,
                _ => planned,
            },
            ..Ask::new(&texts, contents.last().map(last).unwrap_or_default())
        })
    }

    fn whole(&self, question: &Question, answer: &Answer) -> Response<Body> {
        let candidates = (0..answer.choices).map(|index| {
            let thought = answer.thought.map(thinking);
            let parts: Vec<_> = thought.into_iter().chain([said(answer)]).collect();
            candidate(index, parts, Some(answer.finish(&REASONS)))
        });
        json_answer(&response(question, answer, candidates.collect()))
    }

    /// Of each response only the parts are new; the last one of a candidate says why it ends.
    fn stream(&self, question: &Question, answer: &Answer) -> Response<Body> {
        let mut responses = Vec::new();
        for index in 0..answer.choices {
            let mut pieces: Vec<_> = answer.thought.map(thinking).into_iter().collect();
            match &answer.said {
                Said::Text { text, .. } => {
                    pieces.extend(text::pieces(text).map(|piece| json!({"text": piece})));
                }
                Said::Call { .. } => pieces.push(said(answer)),
            }
            let last = pieces.len() - 1;
            responses.extend(pieces.into_iter().enumerate().map(|(number, part)| {
                let finish = (number == last).then(|| answer.finish(&REASONS));
                response(question, answer, vec![candidate(index, vec![part], finish)])
            }));
        }
        match question.query.split('&').any(|argument| argument == "alt=sse") {
            true => stream::crlf(responses),
            false => stream::array(responses),
        }
    }

    fn failure(&self, status: StatusCode, message: &str) -> Response<Body> {
        let name = match status.as_u16() {
            401 => "UNAUTHENTICATED",
            403 => "PERMISSION_DENIED",
            404 => "NOT_FOUND",
            409 => "ABORTED",
            429 => "RESOURCE_EXHAUSTED",
            499 => "CANCELLED",
            501 => "UNIMPLEMENTED",
            503 => "UNAVAILABLE",
            504 => "DEADLINE_EXCEEDED",
            500.. => "INTERNAL",
            _ => "INVALID_ARGUMENT",
        };
        let error = json!({"error": {"code": status.as_u16(), "message": message, "status": name}});
        error_answer(status, error.to_string())
    }
}

fn response(question: &Question, answer: &Answer, candidates: Vec<Value>) -> Value {
    let (prompt, said, thought) = (answer.prompt_tokens, answer.said_tokens(), answer.thought_tokens());
    let mut usage = json!({
        "promptTokenCount": prompt, "candidatesTokenCount": said, "totalTokenCount": prompt + said + thought,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": prompt}],
    });
    if answer.thought.is_some() {
        usage["thoughtsTokenCount"] = json!(thought);
    }
    json!({
        "candidates": candidates, "usageMetadata": usage, "modelVersion": answer.model,
        "responseId": question.digits(24),
    })
}

fn candidate(index: u64, parts: Vec<Value>, finish: Option<&str>) -> Value {
    let mut candidate = json!({"content": {"parts": parts, "role": "model"}, "index": index});
    if let Some(finish) = finish {
        candidate["finishReason"] = json!(finish);
    }
    candidate
}

fn said(answer: &Answer) -> Value {
    match &answer.said {
        Said::Text { text, .. } => json!({"text": text}),
        Said::Call { name, arguments } => json!({"functionCall": {"name": name, "args": arguments}}),
    }
}

fn thinking(thought: &str) -> Value {
    json!({"text": thought, "thought": true})
}

fn form(config: &Value) -> Form {
    let schema = ["responseSchema", "responseJsonSchema"].iter().map(|name| &config[name]);
    match (config["responseMimeType"].as_str(), schema.into_iter().find(|it| it.is_object())) {
        (Some("application/json"), Some(schema)) => Form::Schema(schema.clone()),
        (Some("application/json"), None) => Form::Json,
        _ => Form::Text,
    }
}

/// The texts of a content's parts.
fn parts(content: &Value) -> Vec<String> {
    let parts = content["parts"].as_array().into_iter().flatten().map(part);
    parts.filter(|text| !text.is_empty()).collect()
}

/// A function's response is an object, of which plain text is the `result`.
fn part(part: &Value) -> String {
    match &part["functionResponse"]["response"] {
        Value::Null => part["text"].as_str().unwrap_or_default().to_owned(),
        response => response["result"].as_str().map_or_else(|| response.to_string(), str::to_owned),
    }
}

/// What was said last: the texts after the last function's response, or else that.
fn last(content: &Value) -> String {
    let Some(parts) = content["parts"].as_array() else { return String::new() };
    match parts.iter().rposition(|part| part["functionResponse"].is_object()) {
        Some(at) if at + 1 == parts.len() => part(&parts[at]),
        at => text::joined(parts[at.map_or(0, |at| at + 1)..].iter().map(part)),
    }
}
