//! A request as Anthropic takes it (Anthropic, "Messages").

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::RawValue;

use super::schema::closed;
use crate::body::json_text;
use crate::chat::{
    Assistant, Chat, Content, Image, ImageSource, Message, Part, RequestError, ResponseFormat, Tool,
    ToolChoice, ToolResult, is_blank,
};
use crate::codec::turns::{self, ASSISTANT, Turn, alternating};
use crate::codec::{NameRule, Outgoing, ToolNames};

/// The limit where nobody sets one; the API demands one.
const MAX_TOKENS: u64 = 4096;

/// The highest temperature; OpenAI's goes up to 2.
const MAX_TEMPERATURE: f64 = 1.0;

/// The first version of the API that refuses sampling options, their defaults included (Anthropic,
/// "Versions").
const WITHOUT_SAMPLING: &str = "2026-10-21";

/// What tools may be called.
const NAMES: NameRule = NameRule { max: 128, is_allowed: is_plain, is_first: is_plain };

/// What the id of a call may be; no limit of its length is documented.
const IDS: NameRule = NameRule { max: usize::MAX, is_allowed: is_plain, is_first: is_plain };

/// How clients say how to think, as to the API itself.
const THINKING: &str = r#"an object, as in anthropic's API: {"type":"enabled","budget_tokens":…}"#;

/// The pictures that are taken.
const IMAGES: [&str; 4] = ["image/png", "image/jpeg", "image/gif", "image/webp"];

/// Models from before answers could be given a schema, by the beginnings of their names.
const WITHOUT_SCHEMAS: [&str; 8] = [
    "claude-instant",
    "claude-1",
    "claude-2",
    "claude-3",
    "claude-opus-4-0",
    "claude-opus-4-2025",
    "claude-sonnet-4-0",
    "claude-sonnet-4-2025",
];

#[derive(Serialize)]
struct Request<'a> {
    model: &'a str,
    max_tokens: u64,
    stream: bool,
    #[serde(skip_serializing_if = "String::is_empty")]
    system: String,
    messages: Vec<Turn<Block<'a>>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Declaration<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<Choice<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_k: Option<i64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    stop_sequences: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_config: Option<OutputConfig<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Metadata<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking: Option<&'a RawValue>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Block<'a> {
    Text {
        text: &'a str,
    },
    Image {
        source: Source<'a>,
    },
    ToolUse {
        id: Cow<'a, str>,
        name: &'a str,
        input: &'a RawValue,
    },
    ToolResult {
        tool_use_id: Cow<'a, str>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        content: Vec<Block<'a>>,
    },
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Source<'a> {
    Base64 { media_type: &'a str, data: &'a str },
    Url { url: &'a str },
}

#[derive(Serialize)]
struct Declaration<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    input_schema: &'a RawValue,
}

#[derive(Serialize)]
struct Choice<'a> {
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    disable_parallel_tool_use: bool,
}

#[derive(Serialize)]
struct OutputConfig<'a> {
    format: Format<'a>,
}

#[derive(Serialize)]
struct Format<'a> {
    r#type: &'static str,
    schema: Cow<'a, RawValue>,
}

#[derive(Serialize)]
struct Metadata<'a> {
    user_id: &'a str,
}

/// The request in Anthropic's format.
pub(super) fn write(chat: &Chat<'_>) -> Result<Outgoing, RequestError> {
    let tool_names = ToolNames::fitting(chat, &NAMES);
    let mut dropped = Vec::new();
    let output_config = output_config(chat);
    if chat.response_format.is_some() && output_config.is_none() {
        dropped.push("response_format");
    }
    let stop_sequences: Vec<_> =
        chat.stop.iter().map(|text| &**text).filter(|text| !is_blank(text)).collect();
    if stop_sequences.len() < chat.stop.len() {
        dropped.push("stop");
    }
    let (mut temperature, mut top_p, mut top_k) = (chat.temperature, chat.top_p, chat.top_k);
    if chat.api_version.is_some_and(|version| version >= WITHOUT_SAMPLING) {
        dropped.extend(temperature.take().map(|_| "temperature"));
        dropped.extend(top_p.take().map(|_| "top_p"));
        dropped.extend(top_k.take().map(|_| "top_k"));
    }
    // Recent models take one of the two, so what the configuration says wins over the other as well.
    if chat.configured.temperature != chat.configured.top_p {
        let (name, other) = match chat.configured.temperature {
            true => ("top_p", &mut top_p),
            false => ("temperature", &mut temperature),
        };
        dropped.extend(other.take().map(|_| name));
    }
    let request = Request {
        model: chat.model,
        max_tokens: chat.max_tokens.unwrap_or(MAX_TOKENS),
        stream: chat.stream,
        system: chat.instructions(),
        messages: turns(chat, &tool_names)?,
        tools: chat.tools.iter().map(|tool| declaration(tool, &tool_names)).collect(),
        tool_choice: choice(chat, &tool_names),
        temperature: temperature.map(|temperature| temperature.min(MAX_TEMPERATURE)),
        top_p,
        top_k,
        stop_sequences,
        output_config,
        metadata: chat.user.as_deref().map(|user_id| Metadata { user_id }),
        thinking: chat.extra_object("thinking", THINKING)?,
    };
    let body = json_text(&request).into_bytes();
    Ok(Outgoing { body, tool_names, dropped })
}

/// The conversation, in which turns alternate: what one side says in several messages is one turn.
fn turns<'a>(chat: &'a Chat<'_>, names: &'a ToolNames) -> Result<Vec<Turn<Block<'a>>>, RequestError> {
    let turns = alternating(chat.turns().filter_map(|message| match message {
        Message::User(content) => Some(blocks(content).map(|content| ("user", content))),
        Message::Tool(result) => Some(tool_result(result).map(|result| ("user", vec![result]))),
        Message::Assistant(assistant) => Some(said(assistant, names).map(|content| (ASSISTANT, content))),
        Message::System(_) => None,
    }))?;
    if turns.is_empty() { Err(chat.nothing_to_answer("anthropic")) } else { Ok(turns) }
}

impl<'a> turns::Block<'a> for Block<'a> {
    fn is_result(&self) -> bool {
        matches!(self, Block::ToolResult { .. })
    }

    fn text_mut(&mut self) -> Option<&mut &'a str> {
        match self {
            Block::Text { text } => Some(text),
            _ => None,
        }
    }
}

/// The parts of a message; blank texts are refused by the API, and left out.
fn blocks<'a>(content: &'a Content<'_>) -> Result<Vec<Block<'a>>, RequestError> {
    let block = |part: &'a Part<'_>| match part {
        Part::Text(text) => Ok(Block::Text { text }),
        Part::Image(image) => Ok(Block::Image { source: source(image)? }),
    };
    content.parts_that_say().map(block).collect()
}

fn said<'a>(assistant: &'a Assistant<'_>, names: &'a ToolNames) -> Result<Vec<Block<'a>>, RequestError> {
    let mut blocks = blocks(&assistant.content)?;
    for call in &assistant.tool_calls {
        let name = names.sent(&call.name);
        blocks.push(Block::ToolUse { id: IDS.fitted(&call.id), name, input: call.arguments_object()? });
    }
    Ok(blocks)
}

fn tool_result<'a>(result: &'a ToolResult<'_>) -> Result<Block<'a>, RequestError> {
    Ok(Block::ToolResult { tool_use_id: IDS.fitted(&result.call_id), content: blocks(&result.content)? })
}

fn source<'a>(image: &'a Image<'_>) -> Result<Source<'a>, RequestError> {
    match &image.source {
        ImageSource::Data { media_type, base64 } if IMAGES.contains(&&**media_type) => {
            Ok(Source::Base64 { media_type, data: base64 })
        }
        ImageSource::Data { media_type, .. } => {
            Err(image
                .refused(&format!("anthropic takes no `{media_type}`; send one of {}", IMAGES.join(", "))))
        }
        ImageSource::Link(url) if is_web(url) => Ok(Source::Url { url }),
        ImageSource::Link(_) => Err(image.refused("anthropic takes links of http and https, and data URLs")),
    }
}

fn declaration<'a>(tool: &'a Tool<'_>, names: &'a ToolNames) -> Declaration<'a> {
    Declaration {
        name: names.sent(&tool.name),
        description: tool.description.as_deref(),
        input_schema: tool.schema(),
    }
}

fn choice<'a>(chat: &'a Chat<'_>, names: &'a ToolNames) -> Option<Choice<'a>> {
    let disable_parallel_tool_use = chat.parallel_tool_calls == Some(false) && !chat.tools.is_empty();
    let choice = |r#type, name| Some(Choice { r#type, name, disable_parallel_tool_use });
    match &chat.tool_choice {
        None if !disable_parallel_tool_use => None,
        None | Some(ToolChoice::Auto) => choice("auto", None),
        Some(ToolChoice::Required) => choice("any", None),
        Some(ToolChoice::Named(name)) => choice("tool", Some(names.sent(name))),
        Some(ToolChoice::None) => {
            Some(Choice { r#type: "none", name: None, disable_parallel_tool_use: false })
        }
    }
}

/// The form of the answer, if the model can be given one. It cannot be told to write any object, since
/// all objects of a schema have to be closed.
fn output_config<'a>(chat: &'a Chat<'_>) -> Option<OutputConfig<'a>> {
    let Some(ResponseFormat::JsonSchema { schema: Some(schema), .. }) = chat.response_format else {
        return None;
    };
    if WITHOUT_SCHEMAS.iter().any(|beginning| chat.model.starts_with(beginning)) {
        return None;
    }
    let schema = closed(schema).map_or(Cow::Borrowed(schema), Cow::Owned);
    Some(OutputConfig { format: Format { r#type: "json_schema", schema } })
}

fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '-'
}

fn is_web(url: &str) -> bool {
    let scheme = url.split_once("://").map_or("", |(scheme, _)| scheme);
    scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http")
}
