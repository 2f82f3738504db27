//! A request as version 1 takes it: what was said last by itself, and what was said before.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::signature;
use crate::body::{each_item, is_filled_array, json_text};
use crate::chat::{Chat, Content, Message, RequestError, ResponseFormat, ToolCall, ToolChoice};
use crate::codec::cohere::Generation;
use crate::codec::{NameRule, Outgoing, ToolNames};
use crate::peek::is_json;

/// What tools may be called.
const NAMES: NameRule = NameRule {
    max: 64,
    is_allowed: |c| c.is_ascii_alphanumeric() || c == '_',
    is_first: |c| c.is_ascii_alphabetic() || c == '_',
};

#[derive(Serialize)]
struct Request<'a> {
    model: &'a str,
    stream: bool,
    /// Empty where the model is to go on with `tool_results`.
    message: Cow<'a, str>,
    #[serde(skip_serializing_if = "String::is_empty")]
    preamble: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    chat_history: Vec<Said<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Tool<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_results: Vec<Returned<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_format: Option<Format<'a>>,
    #[serde(flatten)]
    generation: Generation<'a>,
}

#[derive(Serialize)]
#[serde(tag = "role", rename_all = "UPPERCASE")]
enum Said<'a> {
    User {
        message: Cow<'a, str>,
    },
    Chatbot {
        message: Cow<'a, str>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        tool_calls: Vec<Called<'a>>,
    },
    Tool {
        tool_results: Vec<Returned<'a>>,
    },
}

#[derive(Serialize)]
struct Called<'a> {
    name: &'a str,
    parameters: &'a RawValue,
}

#[derive(Serialize)]
struct Returned<'a> {
    call: Called<'a>,
    outputs: Box<RawValue>,
}

#[derive(Serialize)]
struct Tool<'a> {
    name: &'a str,
    description: &'a str,
    parameter_definitions: Map<String, Value>,
}

#[derive(Serialize)]
struct Format<'a> {
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    schema: Option<&'a RawValue>,
}

/// The request in Cohere's format.
pub(super) fn write(chat: &Chat<'_>) -> Result<Outgoing, RequestError> {
    let tool_names = ToolNames::fitting(chat, &NAMES);
    let mut chat_history = history(chat, &tool_names)?;
    let (message, tool_results) = match chat_history.pop() {
        Some(Said::User { message }) => (message, Vec::new()),
        Some(Said::Tool { tool_results }) => (Cow::Borrowed(""), tool_results),
        Some(Said::Chatbot { .. }) | None => {
            let last = chat.messages.len() - 1;
            let message = format!(
                "messages[{last}] is last and says nothing to answer: cohere's version 1 needs a text of role `user`, or a result of a tool"
            );
            return Err(RequestError::new("messages", message));
        }
    };
    let mut dropped = Vec::new();
    let tools = tools(chat, &tool_names, !tool_results.is_empty(), &mut dropped)?;
    let format = chat.response_format.as_ref();
    let takes_format = tools.is_empty() && tool_results.is_empty();
    if format.is_some() && !takes_format {
        dropped.push("response_format");
    }
    let request = Request {
        model: chat.model,
        stream: chat.stream,
        message,
        preamble: chat.instructions(),
        chat_history,
        tools,
        tool_results,
        response_format: format.filter(|_| takes_format).map(|format| Format {
            r#type: "json_object",
            schema: match format {
                ResponseFormat::JsonObject => None,
                ResponseFormat::JsonSchema { schema, .. } => *schema,
            },
        }),
        generation: Generation::of(chat)?,
    };
    let body = json_text(&request).into_bytes();
    Ok(Outgoing { body, tool_names, dropped })
}

/// The conversation without its instructions; empty messages are refused by the API, and left out.
fn history<'a>(chat: &'a Chat<'_>, names: &'a ToolNames) -> Result<Vec<Said<'a>>, RequestError> {
    let mut calls: HashMap<&str, &ToolCall<'_>> = HashMap::new();
    let mut history = Vec::new();
    for (at, message) in chat.messages.iter().enumerate() {
        match message {
            Message::System(_) => {}
            Message::User(content) => {
                let message = text(content)?;
                if !message.is_empty() {
                    history.push(Said::User { message });
                }
            }
            Message::Assistant(assistant) => {
                calls.extend(assistant.tool_calls.iter().map(|call| (&*call.id, call)));
                let tool_calls = assistant.tool_calls.iter().map(|call| called(call, names));
                let tool_calls = tool_calls.collect::<Result<Vec<_>, _>>()?;
                let message = text(&assistant.content)?;
                if !message.is_empty() || !tool_calls.is_empty() {
                    history.push(Said::Chatbot { message, tool_calls });
                }
            }
            Message::Tool(result) => {
                let call = calls.get(&*result.call_id).ok_or_else(|| {
                    let message = format!("messages[{at}].tool_call_id is the id of no call before it");
                    RequestError::new("messages", message)
                })?;
                let returned = Returned { call: called(call, names)?, outputs: outputs(&result.content)? };
                match history.last_mut() {
                    Some(Said::Tool { tool_results }) => tool_results.push(returned),
                    _ => history.push(Said::Tool { tool_results: vec![returned] }),
                }
            }
        }
    }
    Ok(history)
}

fn text<'a>(content: &'a Content<'_>) -> Result<Cow<'a, str>, RequestError> {
    content.text_alone("cohere's version 1 takes text only; its version 2 takes images")
}

fn called<'a>(call: &'a ToolCall<'_>, names: &'a ToolNames) -> Result<Called<'a>, RequestError> {
    Ok(Called { name: names.sent(&call.name), parameters: call.arguments_object()? })
}

/// A result as a list of objects: it is one, is an object, or becomes one.
fn outputs(content: &Content<'_>) -> Result<Box<RawValue>, RequestError> {
    let said = text(content)?;
    let json = said.trim_ascii();
    let are_objects = || each_item(json, &mut |item| item.starts_with('{'));
    let list = match json.as_bytes().first().filter(|_| is_json(json)) {
        Some(b'[') if is_filled_array(json) && are_objects() => json.to_owned(),
        Some(b'{') => format!("[{json}]"),
        _ => format!("[{{\"output\":{}}}]", json_text(&*said)),
    };
    Ok(RawValue::from_string(list).expect("it is JSON"))
}

/// The tools to offer. The model cannot be told which of them to call, only which there are; results need
/// theirs.
fn tools<'a>(
    chat: &'a Chat<'_>,
    names: &'a ToolNames,
    has_results: bool,
    dropped: &mut Vec<&'static str>,
) -> Result<Vec<Tool<'a>>, RequestError> {
    let is_obeyed = match &chat.tool_choice {
        None | Some(ToolChoice::Auto) => true,
        Some(ToolChoice::None) if !has_results => return Ok(Vec::new()),
        Some(_) => false,
    };
    if !is_obeyed {
        dropped.push("tool_choice");
    }
    let is_offered = |name: &str| match &chat.tool_choice {
        Some(ToolChoice::Named(named)) => has_results || name == named,
        _ => true,
    };
    let tools = chat.tools.iter().enumerate().filter(|(_, tool)| is_offered(&tool.name));
    tools
        .map(|(number, tool)| {
            let parameter_definitions = signature::parameters(tool.schema()).ok_or_else(|| {
                let message =
                    format!("tools[{number}].function.parameters is too large for cohere's version 1");
                RequestError::new("tools", message)
            })?;
            Ok(Tool {
                name: names.sent(&tool.name),
                description: tool.description.as_deref().unwrap_or_default(),
                parameter_definitions,
            })
        })
        .collect()
}
