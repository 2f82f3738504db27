//! A request as Converse takes it. The model and whether to stream stand in its URL.

use std::collections::HashSet;

use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::models;
use super::shape::{
    Block, Bytes, Choice, Declaration, InferenceConfig, Instruction, OutputConfig, Picture, Request,
    Returned, Schema, Structure, TextFormat, ToolConfig,
};
use crate::body::{Members, json_text};
use crate::chat::{
    Assistant, Chat, Content, Image, ImageSource, Message, Part, RequestError, ResponseFormat, Tool,
    ToolChoice, ToolResult, is_blank,
};
use crate::codec::anthropic::schema::closed;
use crate::codec::turns::{self, ASSISTANT, Turn, alternating};
use crate::codec::{NameRule, Outgoing, ToolNames};
use crate::openai::{Options, set_integer, set_number};

/// What tools may be called.
const NAMES: NameRule = NameRule { max: 64, is_allowed: is_of_name, is_first: is_of_name };

/// What the id of a call may be.
const IDS: NameRule = NameRule { max: 64, is_allowed: is_of_id, is_first: is_of_id };

/// The highest temperature; OpenAI's goes up to 2.
const MAX_TEMPERATURE: f64 = 1.0;

/// What clients name guardrails with, as to the API itself.
const GUARDRAIL: &str = r#"an object, as in bedrock's API: {"guardrailIdentifier":…,"guardrailVersion":…}"#;

/// The pictures that are taken, and what they are called.
const IMAGES: [(&str, &str); 4] =
    [("image/png", "png"), ("image/jpeg", "jpeg"), ("image/gif", "gif"), ("image/webp", "webp")];

/// The request in Converse's format.
pub(super) fn write(chat: &Chat<'_>) -> Result<Outgoing, RequestError> {
    let tool_names = ToolNames::fitting(chat, &NAMES);
    let family = models::of(chat.model);
    let mut dropped = Vec::new();
    // Where a conversation has called tools, some have to be declared. There is no way to say that none may
    // be called, but to declare none.
    let called = called(chat);
    let no_calls = chat.tool_choice == Some(ToolChoice::None);
    let tools = if chat.tools.is_empty() || no_calls && called.is_empty() { &called } else { &chat.tools };
    if no_calls && !tools.is_empty() {
        dropped.push("tool_choice");
    }
    let output_config = output_config(chat, family.schemas);
    if chat.response_format.is_some() && output_config.is_none() {
        dropped.push("response_format");
    }
    if chat.top_k.is_some() && family.top_k.is_empty() {
        dropped.push("top_k");
    }
    let mut stop_sequences: Vec<&str> = chat.stop.iter().map(|text| &**text).collect();
    stop_sequences.retain(|text| !(family.is_claude() && is_blank(text)));
    if stop_sequences.len() < chat.stop.len() {
        dropped.push("stop");
    }
    let request = Request {
        system: chat.system_texts().map(|text| Instruction { text }).collect(),
        messages: turns(chat, &tool_names)?,
        inference_config: InferenceConfig {
            max_tokens: chat.max_tokens,
            temperature: chat.temperature.map(|temperature| temperature.min(MAX_TEMPERATURE)),
            top_p: chat.top_p,
            stop_sequences,
        },
        tool_config: tool_config(tools, chat.tool_choice.as_ref(), &tool_names, family.schemas),
        output_config,
        guardrail_config: chat.extra_object("guardrailConfig", GUARDRAIL)?,
        additional_model_request_fields: chat.top_k.and_then(|top_k| nested(family.top_k, top_k)),
    };
    let body = json_text(&request).into_bytes();
    Ok(Outgoing { body, tool_names, dropped })
}

/// Gives a request to Converse itself the configured options: they beat the client's.
pub(crate) fn configure(body: &mut Members<'_>, model: &str, options: &Options) {
    let Options { max_tokens, temperature, top_p, top_k } = *options;
    if max_tokens.is_some() || temperature.is_some() || top_p.is_some() {
        body.edit("inferenceConfig", |config| {
            set_integer(config, "maxTokens", max_tokens);
            set_number(
                config,
                "temperature",
                temperature.map(|temperature| temperature.min(MAX_TEMPERATURE)),
            );
            set_number(config, "topP", top_p);
        });
    }
    if let Some(top_k) = top_k {
        set_nested(body, "additionalModelRequestFields", models::of(model).top_k, top_k);
    }
}

/// Sets what stands below `name` under members that are nested; nothing if there are none.
fn set_nested(body: &mut Members<'_>, name: &str, path: &[&str], value: i64) {
    match path {
        [] => {}
        [last] => body.edit(name, |object| object.set(last, &value)),
        [next, rest @ ..] => body.edit(name, |object| set_nested(object, next, rest, value)),
    }
}

/// The conversation, in which turns alternate: what one side says in several messages is one turn.
fn turns<'a>(chat: &'a Chat<'_>, names: &'a ToolNames) -> Result<Vec<Turn<Block<'a>>>, RequestError> {
    let mut is_begun = false;
    let said = chat.messages.iter().enumerate().filter_map(|(at, message)| {
        let said = match message {
            Message::User(content) => blocks(content).map(|content| ("user", content)),
            Message::Tool(result) => tool_result(result).map(|result| ("user", vec![result])),
            Message::Assistant(assistant) => said(assistant, names).map(|content| (ASSISTANT, content)),
            Message::System(_) => return None,
        };
        Some(said.and_then(|(role, content)| {
            if !is_begun && role == ASSISTANT && !content.is_empty() {
                let message = format!(
                    "messages[{at}] is of role `assistant`, but a conversation with bedrock begins with `user`"
                );
                return Err(RequestError::new("messages", message));
            }
            is_begun |= !content.is_empty();
            Ok((role, content))
        }))
    });
    let turns = alternating(said)?;
    if turns.is_empty() { Err(chat.nothing_to_answer("bedrock")) } else { Ok(turns) }
}

impl<'a> turns::Block<'a> for Block<'a> {
    fn is_result(&self) -> bool {
        matches!(self, Block::ToolResult { .. })
    }

    fn text_mut(&mut self) -> Option<&mut &'a str> {
        match self {
            Block::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// The parts of a message; blank texts are refused by the API, and left out.
fn blocks<'a>(content: &'a Content<'_>) -> Result<Vec<Block<'a>>, RequestError> {
    let block = |part: &'a Part<'_>| match part {
        Part::Text(text) => Ok(Block::Text(text)),
        Part::Image(image) => Ok(Block::Image(picture(image)?)),
    };
    content.parts_that_say().map(block).collect()
}

fn said<'a>(assistant: &'a Assistant<'_>, names: &'a ToolNames) -> Result<Vec<Block<'a>>, RequestError> {
    let mut blocks = blocks(&assistant.content)?;
    for call in &assistant.tool_calls {
        blocks.push(Block::ToolUse {
            tool_use_id: IDS.fitted(&call.id),
            name: names.sent(&call.name),
            input: call.arguments_object()?,
        });
    }
    Ok(blocks)
}

/// A result: as an object if its text is one, since some models read nothing else, and its pictures.
fn tool_result<'a>(result: &'a ToolResult<'_>) -> Result<Block<'a>, RequestError> {
    let mut content = Vec::new();
    let text = result.content.text();
    match serde_json::from_str::<Box<RawValue>>(&text).ok().filter(|json| json.get().starts_with('{')) {
        Some(object) => content.push(Returned::Json(object)),
        None => {
            let texts = result.content.parts_that_say().filter_map(Part::as_text);
            content.extend(texts.map(Returned::Text));
        }
    }
    for image in result.content.images() {
        content.push(Returned::Image(picture(image)?));
    }
    Ok(Block::ToolResult { tool_use_id: IDS.fitted(&result.call_id), content })
}

fn picture<'a>(image: &'a Image<'_>) -> Result<Picture<'a>, RequestError> {
    let ImageSource::Data { media_type, base64 } = &image.source else {
        return Err(image.refused("bedrock takes no links; send the image itself, as a data URL"));
    };
    match IMAGES.iter().find(|(known, _)| known == media_type) {
        Some((_, format)) => Ok(Picture { format, source: Bytes { bytes: base64 } }),
        None => {
            let known = IMAGES.map(|(known, _)| known).join(", ");
            Err(image.refused(&format!("bedrock takes no `{media_type}`; send one of {known}")))
        }
    }
}

/// The tools that the conversation has called, each once, as far as it tells of them: their names.
fn called<'a>(chat: &'a Chat<'_>) -> Vec<Tool<'a>> {
    let mut known = HashSet::new();
    let names = chat.tool_calls().map(|call| &*call.name).filter(|name| known.insert(*name));
    names.map(|name| Tool { name: name.into(), description: None, parameters: None, strict: None }).collect()
}

fn tool_config<'a>(
    tools: &'a [Tool<'_>],
    choice: Option<&'a ToolChoice<'_>>,
    names: &'a ToolNames,
    schemas: bool,
) -> Option<ToolConfig<'a>> {
    let declared = tools.iter().map(|tool| Declaration::ToolSpec {
        name: names.sent(&tool.name),
        description: tool.description.as_deref().filter(|text| !is_blank(text)),
        input_schema: Schema { json: tool.schema() },
        strict: schemas && tool.strict == Some(true),
    });
    let tool_choice = match choice {
        None | Some(ToolChoice::None) => None,
        Some(ToolChoice::Auto) => Some(Choice::Auto {}),
        Some(ToolChoice::Required) => Some(Choice::Any {}),
        Some(ToolChoice::Named(name)) => Some(Choice::Tool { name: names.sent(name) }),
    };
    (!tools.is_empty()).then(|| ToolConfig { tools: declared.collect(), tool_choice })
}

/// The form of the answer, if the model can be given one. It cannot be told to write any object, since all
/// objects of a schema have to be closed.
fn output_config<'a>(chat: &'a Chat<'_>, schemas: bool) -> Option<OutputConfig<'a>> {
    let format = chat.response_format.as_ref().filter(|_| schemas)?;
    let ResponseFormat::JsonSchema { name, description, schema: Some(schema), .. } = format else {
        return None;
    };
    let text = closed(schema).map_or(schema.get().into(), |closed| closed.get().to_owned().into());
    let structure = Structure::JsonSchema { name, description: description.as_deref(), schema: text };
    Some(OutputConfig { text_format: TextFormat { r#type: "json_schema", structure } })
}

/// `value` under members that are nested; nothing if there are none.
fn nested(path: &[&str], value: i64) -> Option<Value> {
    (!path.is_empty()).then(|| path.iter().rev().fold(json!(value), |inner, name| json!({*name: inner})))
}

fn is_of_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '-'
}

fn is_of_id(c: char) -> bool {
    is_of_name(c) || c == '.' || c == ':'
}

#[cfg(test)]
mod tests;
