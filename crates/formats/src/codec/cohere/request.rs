//! A request as version 2 takes it (Cohere, "Chat").

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::RawValue;

use super::Generation;
use crate::body::json_text;
use crate::chat::{
    Chat, Content, Image, ImageSource, Message, Part, RequestError, ResponseFormat, Tool, ToolCall,
    ToolChoice,
};
use crate::codec::Outgoing;
use crate::functions::arguments_text;

#[derive(Serialize)]
struct Request<'a> {
    model: &'a str,
    stream: bool,
    messages: Vec<Said<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Declaration<'a>>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    strict_tools: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_format: Option<Format<'a>>,
    #[serde(flatten)]
    generation: Generation<'a>,
}

#[derive(Serialize)]
#[serde(tag = "role", rename_all = "snake_case")]
enum Said<'a> {
    System {
        content: Cow<'a, str>,
    },
    User {
        content: Parts<'a>,
    },
    Assistant {
        #[serde(skip_serializing_if = "str::is_empty")]
        content: Cow<'a, str>,
        #[serde(skip_serializing_if = "str::is_empty")]
        tool_plan: Cow<'a, str>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        tool_calls: Vec<Call<'a>>,
    },
    Tool {
        tool_call_id: &'a str,
        content: Cow<'a, str>,
    },
}

#[derive(Serialize)]
#[serde(untagged)]
enum Parts<'a> {
    Text(&'a str),
    List(Vec<Block<'a>>),
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Block<'a> {
    Text { text: &'a str },
    ImageUrl { image_url: ImageUrl<'a> },
}

#[derive(Serialize)]
struct ImageUrl<'a> {
    url: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
}

#[derive(Serialize)]
struct Call<'a> {
    id: &'a str,
    r#type: &'static str,
    function: Called<'a>,
}

#[derive(Serialize)]
struct Called<'a> {
    name: &'a str,
    arguments: &'a str,
}

#[derive(Serialize)]
struct Declaration<'a> {
    r#type: &'static str,
    function: Declared<'a>,
}

#[derive(Serialize)]
struct Declared<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    parameters: &'a RawValue,
}

#[derive(Serialize)]
struct Format<'a> {
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    json_schema: Option<&'a RawValue>,
}

/// The request in Cohere's format.
pub(super) fn write(chat: &Chat<'_>) -> Result<Outgoing, RequestError> {
    let messages = chat.messages.iter().filter_map(|message| said(message).transpose());
    let messages = messages.collect::<Result<Vec<_>, _>>()?;
    if !messages.iter().any(|said| !matches!(said, Said::System { .. })) {
        return Err(chat.nothing_to_answer("cohere"));
    }
    // A model cannot be made to call one tool, but one of those that it knows.
    let is_offered = |tool: &&Tool<'_>| match &chat.tool_choice {
        Some(ToolChoice::Named(name)) => tool.name == *name,
        _ => true,
    };
    let format = chat.response_format.as_ref();
    let request = Request {
        model: chat.model,
        stream: chat.stream,
        messages,
        tools: chat.tools.iter().filter(is_offered).map(declaration).collect(),
        // It is said of all or of none; what nobody asked to be strict may not be able to be.
        strict_tools: !chat.tools.is_empty()
            && chat.tools.iter().filter(is_offered).all(|tool| tool.strict == Some(true)),
        tool_choice: match chat.tool_choice {
            None | Some(ToolChoice::Auto) => None,
            Some(ToolChoice::None) => Some("NONE"),
            Some(ToolChoice::Required | ToolChoice::Named(_)) => Some("REQUIRED"),
        },
        response_format: format.filter(|_| chat.tools.is_empty()).map(|format| Format {
            r#type: "json_object",
            json_schema: match format {
                ResponseFormat::JsonObject => None,
                ResponseFormat::JsonSchema { schema, .. } => *schema,
            },
        }),
        generation: Generation::of(chat)?,
    };
    let is_plain = format.is_some() && request.response_format.is_none();
    let dropped = if is_plain { vec!["response_format"] } else { Vec::new() };
    Ok(Outgoing { body: json_text(&request).into_bytes(), dropped, ..Outgoing::default() })
}

/// What a message says; nothing if it is empty, which the API refuses.
fn said<'a>(message: &'a Message<'_>) -> Result<Option<Said<'a>>, RequestError> {
    Ok(match message {
        Message::System(content) | Message::User(content) if content.is_empty() => None,
        Message::System(content) => Some(Said::System { content: content.text() }),
        Message::User(content) => Some(Said::User { content: parts(content) }),
        Message::Assistant(assistant) if assistant.tool_calls.is_empty() => {
            let content = assistant.content.text();
            let is_empty = content.is_empty();
            let said = Said::Assistant { content, tool_plan: Cow::Borrowed(""), tool_calls: Vec::new() };
            (!is_empty).then_some(said)
        }
        Message::Assistant(assistant) => Some(Said::Assistant {
            content: Cow::Borrowed(""),
            tool_plan: assistant.content.text(),
            tool_calls: assistant.tool_calls.iter().map(call).collect(),
        }),
        Message::Tool(result) => {
            let why = "cohere takes no images from tools; send the result as text";
            Some(Said::Tool { tool_call_id: &result.call_id, content: result.content.text_alone(why)? })
        }
    })
}

fn parts<'a>(content: &'a Content<'_>) -> Parts<'a> {
    match &*content.parts {
        [Part::Text(text)] => Parts::Text(text),
        parts => Parts::List(parts.iter().map(block).collect()),
    }
}

fn block<'a>(part: &'a Part<'_>) -> Block<'a> {
    match part {
        Part::Text(text) => Block::Text { text },
        Part::Image(image) => {
            Block::ImageUrl { image_url: ImageUrl { url: url(image), detail: image.detail.as_deref() } }
        }
    }
}

fn url<'a>(image: &'a Image<'_>) -> Cow<'a, str> {
    match &image.source {
        ImageSource::Link(url) => Cow::Borrowed(url),
        ImageSource::Data { media_type, base64 } => format!("data:{media_type};base64,{base64}").into(),
    }
}

fn call<'a>(call: &'a ToolCall<'_>) -> Call<'a> {
    let function = Called { name: &call.name, arguments: arguments_text(&call.arguments) };
    Call { id: &call.id, r#type: "function", function }
}

fn declaration<'a>(tool: &'a Tool<'_>) -> Declaration<'a> {
    Declaration {
        r#type: "function",
        function: Declared {
            name: &tool.name,
            description: tool.description.as_deref(),
            parameters: tool.schema(),
        },
    }
}
