//! From the members of a request to a [`Chat`].

use std::borrow::Cow;
use std::collections::HashMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    Assistant, Chat, Configured, Content, Image, ImageSource, Message, Part, Place, RequestError,
    ResponseFormat, Tool, ToolCall, ToolChoice, ToolResult,
};
use crate::body::{Members, each_item, is_filled_array, only_item};
use crate::openai::{Options, token_limit};
use crate::peek::string;

impl<'a> Chat<'a> {
    /// Reads a request whose deprecated functions are tools by now.
    ///
    /// # Errors
    /// If a member is not as OpenAI's API has it; the message names the member and its place.
    pub fn read(
        body: &'a Members<'a>,
        model: &'a str,
        stream: bool,
        options: &Options,
    ) -> Result<Self, RequestError> {
        let has_messages = body.present("messages").is_some_and(is_filled_array);
        let prompt = body.present("prompt").filter(|_| !has_messages).map(prompt).transpose()?;
        let messages = match &prompt {
            Some(prompt) => vec![Message::User(Content { parts: vec![Part::Text(prompt.clone())] })],
            None => messages(body.present("messages").unwrap_or("[]"))?,
        };
        let tools = body.present("tools").filter(|_| prompt.is_none()).map(tools).transpose()?;
        let tools = tools.unwrap_or_default();
        let choice = body.present("tool_choice").filter(|_| !tools.is_empty());
        let limit = token_limit(body, options);
        let limit_name = match body.present("max_completion_tokens") {
            Some(_) if options.max_tokens.is_none() => "max_completion_tokens",
            _ => "max_tokens",
        };
        Ok(Self {
            model,
            api_version: None,
            stream,
            messages,
            prompt,
            tool_choice: choice.map(|choice| tool_choice(choice, &tools)).transpose()?,
            tools,
            parallel_tool_calls: member(body, "parallel_tool_calls", "true or false")?,
            max_tokens: limit.as_deref().map(|text| whole(text, limit_name)).transpose()?,
            temperature: configured(options.temperature, || member(body, "temperature", "a number"))?,
            top_p: configured(options.top_p, || member(body, "top_p", "a number"))?,
            top_k: configured(options.top_k, || whole_member(body, "top_k"))?,
            stop: body.present("stop").map(stop).transpose()?.unwrap_or_default(),
            seed: whole_member(body, "seed")?,
            presence_penalty: member(body, "presence_penalty", "a number")?,
            frequency_penalty: member(body, "frequency_penalty", "a number")?,
            n: answers(body)?,
            user: text_member(body, "user")?,
            response_format: body.present("response_format").map(response_format).transpose()?.flatten(),
            reasoning_effort: text_member(body, "reasoning_effort")?,
            configured: Configured {
                temperature: options.temperature.is_some(),
                top_p: options.top_p.is_some(),
            },
            body,
        })
    }
}

/// The configured value, else the request's.
fn configured<T>(
    configured: Option<T>,
    request: impl FnOnce() -> Result<Option<T>, RequestError>,
) -> Result<Option<T>, RequestError> {
    configured.map_or_else(request, |value| Ok(Some(value)))
}

fn member<'a, T: Deserialize<'a>>(
    body: &'a Members<'a>,
    name: &'static str,
    expected: &str,
) -> Result<Option<T>, RequestError> {
    body.present(name).map(|text| typed(text, name, expected)).transpose()
}

fn typed<'a, T: Deserialize<'a>>(
    text: &'a str,
    name: &'static str,
    expected: &str,
) -> Result<T, RequestError> {
    serde_json::from_str(text).map_err(|_| RequestError::new(name, format!("{name} must be {expected}")))
}

/// A whole number, however it is written: clients send `100.0` too.
fn whole<T: TryFrom<i64>>(text: &str, name: &'static str) -> Result<T, RequestError> {
    const SAFE: f64 = 9_007_199_254_740_992.0;
    let written = || text.parse::<i64>().ok();
    let number = || serde_json::from_str::<f64>(text).ok().filter(|it| it.fract() == 0.0 && it.abs() < SAFE);
    let whole = written().or_else(|| number().map(|number| number as i64));
    whole
        .and_then(|whole| T::try_from(whole).ok())
        .ok_or_else(|| RequestError::new(name, format!("{name} must be a whole number")))
}

fn whole_member<T: TryFrom<i64>>(body: &Members<'_>, name: &'static str) -> Result<Option<T>, RequestError> {
    body.present(name).map(|text| whole(text, name)).transpose()
}

/// How many answers are asked for, if it is not one.
fn answers(body: &Members<'_>) -> Result<Option<u64>, RequestError> {
    match whole_member(body, "n")? {
        Some(0) => Err(RequestError::new("n", "n must be at least 1")),
        n => Ok(n.filter(|n| *n != 1)),
    }
}

fn text_member<'a>(body: &'a Members<'a>, name: &'static str) -> Result<Option<Cow<'a, str>>, RequestError> {
    let Some(text) = body.present(name) else { return Ok(None) };
    string(text)
        .map(Some)
        .ok_or_else(|| RequestError::new(name, format!("{name}{}", no_text(text, "a string"))))
}

/// One text; a list of several, or of tokens, is more than one question.
fn prompt(prompt: &str) -> Result<Cow<'_, str>, RequestError> {
    let one = only_item(prompt).unwrap_or(prompt);
    string(one).ok_or_else(|| {
        let why = no_text(one, "one text: this provider takes neither lists nor tokens");
        RequestError::new("prompt", format!("prompt{why}"))
    })
}

fn stop(stop: &str) -> Result<Vec<Cow<'_, str>>, RequestError> {
    let wrong =
        || RequestError::new("stop", format!("stop{}", no_text(stop, "a string or a list of strings")));
    let mut texts = Vec::new();
    match string(stop) {
        Some(text) => texts.push(text),
        None => {
            let is_list = each_item(stop, &mut |item| string(item).map(|text| texts.push(text)).is_some());
            is_list.then_some(()).ok_or_else(wrong)?;
        }
    }
    texts.retain(|text| !text.is_empty());
    Ok(texts)
}

/// A string that is not copied, unless it has escapes: serde borrows no `Option<Cow<str>>`.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'a> Text<'a> {
    fn into_cow(self) -> Cow<'a, str> {
        self.0
    }
}

impl std::ops::Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

/// The members of a message of any role.
#[derive(Deserialize)]
struct RawMessage<'a> {
    #[serde(borrow)]
    role: Option<Text<'a>>,
    #[serde(borrow)]
    content: Option<&'a RawValue>,
    #[serde(borrow)]
    refusal: Option<Text<'a>>,
    #[serde(borrow)]
    tool_calls: Option<Vec<RawCall<'a>>>,
    #[serde(borrow)]
    tool_call_id: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct RawCall<'a> {
    #[serde(borrow)]
    id: Option<Text<'a>>,
    #[serde(borrow)]
    function: Option<RawFunction<'a>>,
}

#[derive(Deserialize)]
struct RawFunction<'a> {
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    arguments: Option<Text<'a>>,
}

fn messages(text: &str) -> Result<Vec<Message<'_>>, RequestError> {
    let mut messages: Vec<Message<'_>> = Vec::new();
    let mut called = HashMap::new();
    let mut failure = None;
    let is_list = each_item(text, &mut |item| {
        match message(item, messages.len(), &mut called) {
            Ok(message) => messages.push(message),
            Err(error) => failure = Some(error),
        }
        failure.is_none()
    });
    match failure {
        Some(error) => Err(error),
        None if !is_list => Err(RequestError::new("messages", "messages must be a list")),
        None if messages.is_empty() => Err(RequestError::new("messages", "messages must not be empty")),
        None => Ok(messages),
    }
}

/// Reads a message. `called` are the tools of the calls before it, by the id of the call; the latest
/// counts.
fn message<'a>(
    text: &'a str,
    at: usize,
    called: &mut HashMap<Cow<'a, str>, Cow<'a, str>>,
) -> Result<Message<'a>, RequestError> {
    let wrong = |what: &str| RequestError::new("messages", format!("messages[{at}]{what}"));
    let raw: RawMessage<'a> = match text.starts_with('{') {
        true => serde_json::from_str(text).map_err(|error| wrong(&format!(": {}", plain(&error))))?,
        false => return Err(wrong(" must be an object")),
    };
    let content = || content(raw.content, at);
    match raw.role.as_deref() {
        Some(role @ ("system" | "developer")) => Ok(Message::System(without_images(content()?, role)?)),
        Some("user") => Ok(Message::User(content()?)),
        Some(role @ "assistant") => {
            let mut content = without_images(content()?, role)?;
            if content.is_empty() {
                content.parts.extend(raw.refusal.and_then(text_part));
            }
            let calls = raw.tool_calls.unwrap_or_default().into_iter().enumerate();
            let calls = calls.map(|(number, call)| tool_call(call, at, number));
            let tool_calls = calls.collect::<Result<Vec<_>, _>>()?;
            called.extend(tool_calls.iter().map(|call| (call.id.clone(), call.name.clone())));
            Ok(Message::Assistant(Assistant { content, tool_calls }))
        }
        Some("tool") => {
            let call_id = raw.tool_call_id.ok_or_else(|| wrong(".tool_call_id is missing"))?.into_cow();
            let name = called.get(&call_id).cloned().unwrap_or_default();
            Ok(Message::Tool(ToolResult { call_id, name, content: content()? }))
        }
        Some(role) => Err(wrong(&format!(
            ".role is `{role}`, which is none of `system`, `developer`, `user`, `assistant`, `tool`"
        ))),
        None => Err(wrong(".role is missing")),
    }
}

/// Content of a role that has no images in OpenAI's API.
fn without_images<'a>(content: Content<'a>, role: &str) -> Result<Content<'a>, RequestError> {
    let refusal = format!("a message of role `{role}` has no images; send it as `user`");
    let refused = content.images().next().map(|image| image.refused(&refusal));
    refused.map_or(Ok(content), Err)
}

fn tool_call(call: RawCall<'_>, at: usize, number: usize) -> Result<ToolCall<'_>, RequestError> {
    let place = Place(format!("messages[{at}].tool_calls[{number}]"));
    let missing = |what: &str| RequestError::new("messages", format!("{place}.{what} is missing"));
    let id = call.id.ok_or_else(|| missing("id"))?.into_cow();
    let function = call.function.ok_or_else(|| missing("function"))?;
    let name = function.name.ok_or_else(|| missing("function.name"))?.into_cow();
    let arguments = function.arguments.map(Text::into_cow).unwrap_or_default();
    Ok(ToolCall { id, name, arguments, place })
}

#[derive(Deserialize)]
struct RawPart<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<Text<'a>>,
    #[serde(borrow)]
    text: Option<Text<'a>>,
    #[serde(borrow)]
    refusal: Option<Text<'a>>,
    #[serde(borrow)]
    image_url: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct RawImage<'a> {
    #[serde(borrow)]
    url: Cow<'a, str>,
    #[serde(borrow)]
    mime_type: Option<Text<'a>>,
    #[serde(borrow)]
    detail: Option<Text<'a>>,
}

fn content(content: Option<&RawValue>, at: usize) -> Result<Content<'_>, RequestError> {
    let Some(text) = content.map(RawValue::get).filter(|text| *text != "null") else {
        return Ok(Content::default());
    };
    if let Some(text) = string(text) {
        let parts = if text.is_empty() { Vec::new() } else { vec![Part::Text(text)] };
        return Ok(Content { parts });
    }
    let mut parts = Vec::new();
    let mut failure = None;
    let mut number = 0;
    let is_list = each_item(text, &mut |item| {
        match part(item, at, number) {
            Ok(part) => parts.extend(part),
            Err(error) => failure = Some(error),
        }
        number += 1;
        failure.is_none()
    });
    match failure {
        Some(error) => Err(error),
        None if is_list => Ok(Content { parts }),
        None => {
            let why = no_text(text, "a string or a list of parts");
            let message = format!("messages[{at}].content{why}");
            Err(RequestError::new("messages", message))
        }
    }
}

fn text_part(text: Text<'_>) -> Option<Part<'_>> {
    (!text.is_empty()).then_some(Part::Text(text.into_cow()))
}

/// A part, unless it is an empty text.
fn part(text: &str, at: usize, number: usize) -> Result<Option<Part<'_>>, RequestError> {
    let wrong = |what: &str| RequestError::new("messages", format!("messages[{at}].content[{number}]{what}"));
    let raw: RawPart<'_> = match text.starts_with('{') {
        true => serde_json::from_str(text).map_err(|error| wrong(&format!(": {}", plain(&error))))?,
        false => return Err(wrong(" must be an object")),
    };
    match raw.kind.as_deref() {
        Some("text") => Ok(text_part(raw.text.ok_or_else(|| wrong(".text is missing"))?)),
        Some("refusal") => Ok(raw.refusal.and_then(text_part)),
        Some("image_url") => {
            let image = raw.image_url.ok_or_else(|| wrong(".image_url is missing"))?.get();
            let (url, media_type, detail) = match string(image) {
                Some(url) => (url, None, None),
                None => {
                    let image: RawImage<'_> = serde_json::from_str(image)
                        .map_err(|error| wrong(&format!(".image_url: {}", plain(&error))))?;
                    (image.url, image.mime_type.map(Text::into_cow), image.detail.map(Text::into_cow))
                }
            };
            let source = ImageSource::parse(url).map_err(|why| wrong(&format!(".image_url: {why}")))?;
            let place = Place(format!("messages[{at}].content[{number}].image_url"));
            Ok(Some(Part::Image(Image { source, media_type, detail, place })))
        }
        Some(kind) => Err(wrong(&format!(
            ".type is `{kind}`, which this provider has nothing like; send text or images"
        ))),
        None => Err(wrong(".type is missing")),
    }
}

#[derive(Deserialize)]
struct RawTool<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<Text<'a>>,
    #[serde(borrow)]
    function: Option<RawDeclaration<'a>>,
}

#[derive(Deserialize)]
struct RawDeclaration<'a> {
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    description: Option<Text<'a>>,
    #[serde(borrow)]
    parameters: Option<&'a RawValue>,
    strict: Option<bool>,
}

fn tools(text: &str) -> Result<Vec<Tool<'_>>, RequestError> {
    let mut tools = Vec::new();
    let mut failure = None;
    let is_list = each_item(text, &mut |item| {
        match tool(item, tools.len()) {
            Ok(tool) => tools.push(tool),
            Err(error) => failure = Some(error),
        }
        failure.is_none()
    });
    match failure {
        Some(error) => Err(error),
        None if is_list => Ok(tools),
        None => Err(RequestError::new("tools", "tools must be a list")),
    }
}

fn tool(text: &str, number: usize) -> Result<Tool<'_>, RequestError> {
    let wrong = |what: &str| RequestError::new("tools", format!("tools[{number}]{what}"));
    let raw: RawTool<'_> = match text.starts_with('{') {
        true => serde_json::from_str(text).map_err(|error| wrong(&format!(": {}", plain(&error))))?,
        false => return Err(wrong(" must be an object")),
    };
    if let Some(kind) = raw.kind.filter(|kind| **kind != *"function") {
        return Err(wrong(&format!(
            ".type is `{}`; this provider takes tools of type `function` only",
            &*kind
        )));
    }
    let function = raw.function.ok_or_else(|| wrong(".function is missing"))?;
    let name = function.name.filter(|name| !name.is_empty());
    let parameters = function.parameters.filter(|schema| schema.get() != "null");
    if parameters.is_some_and(|schema| !schema.get().starts_with('{')) {
        return Err(wrong(".function.parameters must be a JSON schema, an object"));
    }
    Ok(Tool {
        name: name.ok_or_else(|| wrong(".function.name is missing"))?.into_cow(),
        description: function.description.map(Text::into_cow).filter(|text| !text.is_empty()),
        parameters,
        strict: function.strict,
    })
}

#[derive(Deserialize)]
struct RawChoice<'a> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    function: Option<RawFunction<'a>>,
}

fn tool_choice<'a>(text: &'a str, tools: &[Tool<'a>]) -> Result<ToolChoice<'a>, RequestError> {
    let wrong = || {
        let message = "tool_choice must be `none`, `auto`, `required` or \
                       {\"type\":\"function\",\"function\":{\"name\":…}}";
        RequestError::new("tool_choice", message)
    };
    match string(text).as_deref() {
        Some("none") => return Ok(ToolChoice::None),
        Some("auto") => return Ok(ToolChoice::Auto),
        Some("required") => return Ok(ToolChoice::Required),
        Some(_) => return Err(wrong()),
        None => {}
    }
    let choice: RawChoice<'a> = serde_json::from_str(text).map_err(|_| wrong())?;
    let name = choice.function.and_then(|function| function.name).filter(|_| choice.kind == "function");
    let name = name.map(Text::into_cow);
    let name = name.ok_or_else(wrong)?;
    if !tools.iter().any(|tool| tool.name == name) {
        let message = format!("tool_choice names `{name}`, which is none of the tools");
        return Err(RequestError::new("tool_choice", message));
    }
    Ok(ToolChoice::Named(name))
}

#[derive(Deserialize)]
struct RawFormat<'a> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    json_schema: Option<RawSchema<'a>>,
}

#[derive(Deserialize)]
struct RawSchema<'a> {
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    description: Option<Text<'a>>,
    #[serde(borrow)]
    schema: Option<&'a RawValue>,
    strict: Option<bool>,
}

fn response_format(text: &str) -> Result<Option<ResponseFormat<'_>>, RequestError> {
    let wrong = |why: &str| RequestError::new("response_format", format!("response_format{why}"));
    let format: RawFormat<'_> =
        serde_json::from_str(text).map_err(|error| wrong(&format!(": {}", plain(&error))))?;
    match &*format.kind {
        "text" => Ok(None),
        "json_object" => Ok(Some(ResponseFormat::JsonObject)),
        "json_schema" => {
            let given = format.json_schema.ok_or_else(|| wrong(".json_schema is missing"))?;
            let schema = given.schema.filter(|schema| schema.get() != "null");
            if schema.is_some_and(|schema| !schema.get().starts_with('{')) {
                return Err(wrong(".json_schema.schema must be a JSON schema, an object"));
            }
            Ok(Some(ResponseFormat::JsonSchema {
                name: given.name.map_or(Cow::Borrowed("answer"), Text::into_cow),
                description: given.description.map(Text::into_cow),
                schema,
                strict: given.strict,
            }))
        }
        kind => Err(wrong(&format!(".type is `{kind}`, none of `text`, `json_object`, `json_schema`"))),
    }
}

/// What is wrong with a text that cannot be read, since the body is JSON: clients that cut a text after so
/// many units of UTF-16 send it.
const NO_TEXT: &str =
    "a text has half of a surrogate pair, which is no character; cut texts between characters";

/// Why JSON is not the text that was `expected`.
fn no_text(json: &str, expected: &str) -> String {
    if json.starts_with('"') { format!(": {NO_TEXT}") } else { format!(" must be {expected}") }
}

/// What serde says, without the place in a text that the client never saw by itself.
fn plain(error: &serde_json::Error) -> String {
    if error.is_syntax() || error.is_eof() {
        return NO_TEXT.to_owned();
    }
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests;
