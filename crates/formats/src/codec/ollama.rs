//! Ollama's own API, as its documentation ("Generate a chat completion", "Generate a completion") and the
//! server's declarations have it.

mod asked;
mod reply;

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::RawValue;

use super::{Codec, Events, Outgoing};
use crate::chat::{Chat, Content, ImageSource, Message, RequestError, Tool, ToolCall, ToolChoice};
use crate::completion::Completion;
use crate::error::ErrorObject;
use asked::Asked;

/// The endpoints.
pub enum Ollama {
    /// `/api/chat`.
    Chat,
    /// `/api/generate`: one text is continued.
    Generate,
}

impl Codec for Ollama {
    fn members(&self) -> &'static [&'static str] {
        &asked::MEMBERS
    }

    fn request(&self, chat: &Chat<'_>) -> Result<Outgoing, RequestError> {
        let asked = Asked::new(chat);
        let body = match self {
            Ollama::Chat => {
                let messages = chat.messages.iter().map(message).collect::<Result<_, _>>()?;
                let offered = if chat.tool_choice == Some(ToolChoice::None) { &[] } else { &*chat.tools };
                let tools = offered.iter().map(tool).collect();
                serde_json::to_vec(&ChatRequest { asked, messages, tools })
            }
            Ollama::Generate => {
                let prompt = chat.prompt_text()?;
                serde_json::to_vec(&GenerateRequest { asked, prompt })
            }
        };
        let dropped = match chat.tool_choice {
            Some(ToolChoice::Required | ToolChoice::Named(_)) => vec!["tool_choice"],
            None | Some(ToolChoice::None | ToolChoice::Auto) => Vec::new(),
        };
        Ok(Outgoing { body: body.expect("texts and numbers have JSON"), dropped, ..Outgoing::default() })
    }

    fn answer(&self, json: &str, _request_id: Option<&str>) -> Result<Completion, ErrorObject> {
        reply::answer(json)
    }

    fn events(&self) -> Box<dyn Events> {
        Box::new(reply::Lines)
    }
}

#[derive(Serialize)]
struct ChatRequest<'a> {
    #[serde(flatten)]
    asked: Asked<'a>,
    messages: Vec<WrittenMessage<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<WrittenTool<'a>>,
}

#[derive(Serialize)]
struct GenerateRequest<'a> {
    #[serde(flatten)]
    asked: Asked<'a>,
    prompt: &'a str,
}

#[derive(Serialize, Default)]
struct WrittenMessage<'a> {
    role: &'static str,
    content: Cow<'a, str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    images: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<WrittenCall<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_call_id: Option<&'a str>,
}

#[derive(Serialize)]
struct WrittenCall<'a> {
    id: &'a str,
    function: WrittenFunction<'a>,
}

#[derive(Serialize)]
struct WrittenFunction<'a> {
    index: usize,
    name: &'a str,
    arguments: &'a RawValue,
}

#[derive(Serialize)]
struct WrittenTool<'a> {
    r#type: &'static str,
    function: Declaration<'a>,
}

#[derive(Serialize)]
struct Declaration<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameters: Option<&'a RawValue>,
}

fn message<'a>(message: &'a Message<'_>) -> Result<WrittenMessage<'a>, RequestError> {
    let said = |role, content: &'a Content<'_>| -> Result<_, RequestError> {
        let images = content.images().map(|image| match &image.source {
            ImageSource::Data { base64, .. } => Ok(&**base64),
            ImageSource::Link(_) => {
                Err(image.refused("Ollama fetches no pictures; send the picture itself, as a data URL"))
            }
        });
        let images = images.collect::<Result<_, _>>()?;
        Ok(WrittenMessage { role, content: content.text(), images, ..WrittenMessage::default() })
    };
    Ok(match message {
        Message::System(content) => said("system", content)?,
        Message::User(content) => said("user", content)?,
        Message::Assistant(assistant) => {
            let calls = assistant.tool_calls.iter().enumerate();
            let tool_calls = calls.map(|(index, call)| tool_call(index, call)).collect::<Result<_, _>>()?;
            WrittenMessage { tool_calls, ..said("assistant", &assistant.content)? }
        }
        Message::Tool(result) => WrittenMessage {
            tool_name: Some(&*result.name).filter(|name| !name.is_empty()),
            tool_call_id: Some(&result.call_id),
            ..said("tool", &result.content)?
        },
    })
}

fn tool_call<'a>(index: usize, call: &'a ToolCall<'_>) -> Result<WrittenCall<'a>, RequestError> {
    let arguments = call.arguments_object()?;
    Ok(WrittenCall { id: &call.id, function: WrittenFunction { index, name: &call.name, arguments } })
}

fn tool<'a>(tool: &'a Tool<'_>) -> WrittenTool<'a> {
    let Tool { name, description, parameters, .. } = tool;
    let function = Declaration { name, description: description.as_deref(), parameters: *parameters };
    WrittenTool { r#type: "function", function }
}
