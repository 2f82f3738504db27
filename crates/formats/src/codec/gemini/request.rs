//! From a conversation to a GenerateContentRequest.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use super::Gemini;
use super::files::{File, file};
use super::generation::{GenerationConfig, thinking};
use super::schema::{Budget, Schema, clean};
use super::signature;
use crate::chat::{Chat, Content, Message, Part, RequestError, Tool, ToolCall, ToolChoice, ToolResult};
use crate::codec::{NameRule, Outgoing, ToolNames};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    system_instruction: Option<Instruction<'a>>,
    contents: Vec<Turn<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tools: Option<[Tools<'a>; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_config: Option<ToolConfig<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    generation_config: Option<Box<RawValue>>,
}

#[derive(Serialize)]
struct Instruction<'a> {
    parts: [Piece<'a>; 1],
}

#[derive(Serialize)]
struct Turn<'a> {
    role: &'static str,
    parts: Vec<Piece<'a>>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Piece<'a> {
    Text {
        text: Cow<'a, str>,
    },
    File(File<'a>),
    #[serde(rename_all = "camelCase")]
    Call {
        function_call: FunctionCall<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        thought_signature: Option<Cow<'a, str>>,
    },
    #[serde(rename_all = "camelCase")]
    Response {
        function_response: FunctionResponse<'a>,
    },
}

#[derive(Serialize)]
struct FunctionCall<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    name: &'a str,
    args: &'a RawValue,
}

#[derive(Serialize)]
struct FunctionResponse<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    name: &'a str,
    response: Returned,
}

/// What a function returned: an object.
#[derive(Serialize)]
#[serde(untagged)]
enum Returned {
    Object(Box<RawValue>),
    List { result: Box<RawValue> },
    Text { result: String },
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Tools<'a> {
    function_declarations: Vec<Declaration<'a>>,
}

#[derive(Serialize)]
struct Declaration<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    parameters: Schema<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ToolConfig<'a> {
    function_calling_config: CallingConfig<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CallingConfig<'a> {
    mode: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    allowed_function_names: Option<[&'a str; 1]>,
}

const USER: &str = "user";
const MODEL: &str = "model";

/// What the user says where a conversation begins with the model or is all instructions: Gemini refuses
/// contents that do not begin with the user, and empty ones.
const NOTHING: &str = " ";

/// How functions may be called (Vertex AI, FunctionDeclaration; the public API takes colons too).
const NAMES: NameRule = NameRule {
    max: 64,
    is_allowed: |c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'),
    is_first: |c| c.is_ascii_alphabetic() || c == '_',
};

/// The request's body.
pub fn request(host: Gemini, chat: &Chat<'_>) -> Result<Outgoing, RequestError> {
    let tool_names = ToolNames::fitting(chat, &NAMES);
    let contents = Conversation::read(host, chat, &tool_names)?;
    let system = chat.instructions();
    let mut budget = Budget::default();
    let declarations =
        chat.tools.iter().enumerate().map(|(at, tool)| declaration(at, tool, &tool_names, &mut budget));
    let function_declarations: Vec<_> = declarations.collect::<Result<_, _>>()?;
    let generation_config = GenerationConfig::of(chat, &mut budget)?;
    let generation_config = to_raw_value(&generation_config).expect("texts and numbers have JSON");
    let request = Request {
        system_instruction: (!system.is_empty())
            .then(|| Instruction { parts: [Piece::Text { text: system.into() }] }),
        contents,
        tools: (!function_declarations.is_empty()).then_some([Tools { function_declarations }]),
        tool_config: chat.tool_choice.as_ref().map(|choice| tool_config(choice, &tool_names)),
        generation_config: Some(generation_config).filter(|config| config.get() != "{}"),
    };
    let body = serde_json::to_vec(&request).expect("texts and numbers have JSON");
    let says_effort = chat.reasoning_effort.is_none() || thinking(chat).is_some();
    let dropped = if says_effort { Vec::new() } else { vec!["reasoning_effort"] };
    Ok(Outgoing { body, tool_names, dropped })
}

fn declaration<'a>(
    at: usize,
    tool: &'a Tool<'_>,
    names: &'a ToolNames,
    budget: &mut Budget,
) -> Result<Declaration<'a>, RequestError> {
    let parameters = clean(tool.schema().get(), budget)
        .map_err(|error| RequestError::new("tools", format!("tools[{at}].function.parameters: {error}")))?;
    Ok(Declaration { name: names.sent(&tool.name), description: tool.description.as_deref(), parameters })
}

fn tool_config<'a>(choice: &'a ToolChoice<'_>, names: &'a ToolNames) -> ToolConfig<'a> {
    let (mode, name) = match choice {
        ToolChoice::None => ("NONE", None),
        ToolChoice::Auto => ("AUTO", None),
        ToolChoice::Required => ("ANY", None),
        ToolChoice::Named(name) => ("ANY", Some([names.sent(name)])),
    };
    ToolConfig { function_calling_config: CallingConfig { mode, allowed_function_names: name } }
}

/// The conversation in turns: what one side says in several messages is one turn.
struct Conversation<'a> {
    host: Gemini,
    names: &'a ToolNames,
    turns: Vec<Turn<'a>>,
    /// The places of the last calls, by their ids: their results have to be in the same order.
    calls: HashMap<&'a str, usize>,
    /// The results of these calls that have come, with their places.
    results: Vec<(usize, Piece<'a>)>,
    /// Pictures in these results.
    pictures: Vec<Piece<'a>>,
}

impl<'a> Conversation<'a> {
    fn read(host: Gemini, chat: &'a Chat<'_>, names: &'a ToolNames) -> Result<Vec<Turn<'a>>, RequestError> {
        let (calls, results, pictures) = (HashMap::new(), Vec::new(), Vec::new());
        let mut conversation = Self { host, names, turns: Vec::new(), calls, results, pictures };
        for (at, message) in chat.messages.iter().enumerate() {
            conversation.add(at, message)?;
        }
        conversation.add_results();
        let mut turns = conversation.turns;
        if turns.first().is_none_or(|turn| turn.role != USER) {
            let parts = vec![Piece::Text { text: NOTHING.into() }];
            turns.insert(0, Turn { role: USER, parts });
        }
        Ok(turns)
    }

    fn add(&mut self, at: usize, message: &'a Message<'_>) -> Result<(), RequestError> {
        match message {
            Message::System(_) => {}
            Message::Tool(result) => self.keep_result(at, result)?,
            Message::User(content) => {
                self.add_results();
                let pieces = self.pieces(content)?;
                self.say(USER, pieces);
            }
            Message::Assistant(assistant) => {
                self.add_results();
                let calls = assistant.tool_calls.iter();
                self.calls = calls.clone().enumerate().map(|(at, call)| (&*call.id, at)).collect();
                let mut pieces = self.pieces(&assistant.content)?;
                for call in calls {
                    pieces.push(self.call(call)?);
                }
                self.say(MODEL, pieces);
            }
        }
        Ok(())
    }

    fn say(&mut self, role: &'static str, pieces: Vec<Piece<'a>>) {
        match self.turns.last_mut() {
            _ if pieces.is_empty() => {}
            Some(turn) if turn.role == role => turn.parts.extend(pieces),
            _ => self.turns.push(Turn { role, parts: pieces }),
        }
    }

    fn pieces(&self, content: &'a Content<'_>) -> Result<Vec<Piece<'a>>, RequestError> {
        let pieces = content.parts.iter().map(|part| {
            Ok(match part {
                Part::Text(text) => Piece::Text { text: Cow::Borrowed(text) },
                Part::Image(image) => Piece::File(file(self.host, image)?),
            })
        });
        pieces.collect()
    }

    fn call(&self, call: &'a ToolCall<'_>) -> Result<Piece<'a>, RequestError> {
        let (id, thought_signature) = signature::opened(&call.id);
        let function_call = FunctionCall {
            id: self.id(id),
            name: self.names.sent(&call.name),
            args: call.arguments_object()?,
        };
        Ok(Piece::Call { function_call, thought_signature })
    }

    fn keep_result(&mut self, at: usize, result: &'a ToolResult<'_>) -> Result<(), RequestError> {
        if result.name.is_empty() {
            let message = format!(
                "messages[{at}].tool_call_id is `{}`, but no earlier message has a call of this id; \
                 gemini knows results by the function that was called",
                result.call_id
            );
            return Err(RequestError::new("messages", message));
        }
        let (id, _) = signature::opened(&result.call_id);
        let response = returned(&result.content.text());
        let name = self.names.sent(&result.name);
        let function_response = FunctionResponse { id: self.id(id), name, response };
        let place = self.calls.get(&*result.call_id).copied().unwrap_or(usize::MAX);
        self.results.push((place, Piece::Response { function_response }));
        for image in result.content.images() {
            self.pictures.push(Piece::File(file(self.host, image)?));
        }
        Ok(())
    }

    /// All results of a turn belong into one content.
    fn add_results(&mut self) {
        self.results.sort_by_key(|(place, _)| *place);
        let results = self.results.drain(..).map(|(_, piece)| piece).chain(self.pictures.drain(..));
        let results = results.collect();
        self.say(USER, results);
    }

    /// The id of a call for the provider: its own, not one that was made up for the client.
    fn id(&self, id: &'a str) -> Option<&'a str> {
        let is_own = !id.is_empty() && !id.starts_with("call_");
        (self.host == Gemini::Public && is_own).then_some(id)
    }
}

fn returned(text: &str) -> Returned {
    let trimmed = text.trim_ascii();
    let json = |first: char| {
        let json = trimmed.starts_with(first).then(|| serde_json::from_str(trimmed).ok());
        json.flatten()
    };
    match (json('{'), json('[')) {
        (Some(object), _) => Returned::Object(object),
        (None, Some(result)) => Returned::List { result },
        (None, None) => Returned::Text { result: text.to_owned() },
    }
}
