//! Answers of servers that speak OpenAI's format but for details: only what deviates is changed, and where
//! nothing does, not a byte.
//!
//! Mistral makes a list of content that has thoughts in it, leaves out the types and numbers of tool calls,
//! or sends arguments as an object (Mistral API, Chat completion). Hugging Face's servers leave ids empty
//! and give reasons of their own for the end (Text Generation Inference, Messages API).

mod edits;

use super::response::Top;
use crate::WireFormat;
use crate::body::{each_item, is_filled_array, json_text};
use crate::codec::{Operation, Origin};
use crate::completion::{FinishReason, MAX_CALLS, MAX_CHOICES};
use crate::error::{self, ErrorObject};
use crate::peek::{count, each_object, members, present, string};
use edits::{Edits, Fill};

/// Mends one answer, whole or streamed.
#[derive(Debug, Clone)]
pub struct Mender {
    operation: Operation,
    model: String,
    origin: Origin,
    choices: Vec<Told>,
    /// How many ids of tool calls were made up.
    made_up: usize,
}

/// What was told of a choice.
#[derive(Debug, Clone, Copy, Default)]
struct Told {
    is_begun: bool,
    calls: usize,
}

/// The ways an answer comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Whole,
    Chunk,
}

impl Form {
    /// The value of `object`, and the member of a choice that holds what is said.
    fn names(self, operation: Operation) -> (&'static str, &'static str) {
        match (operation, self) {
            (Operation::Chat, Form::Whole) => ("\"chat.completion\"", "message"),
            (Operation::Chat, Form::Chunk) => ("\"chat.completion.chunk\"", "delta"),
            (Operation::Completions, _) => ("\"text_completion\"", "text"),
        }
    }
}

impl Mender {
    /// What mends an answer of `model`; nothing for formats that need no mending.
    pub fn of(wire: WireFormat, model: &str, origin: impl FnOnce() -> Origin) -> Option<Self> {
        let operation = match wire {
            WireFormat::Mistral | WireFormat::HuggingFaceChat => Operation::Chat,
            WireFormat::HuggingFaceCompletions => Operation::Completions,
            _ => return None,
        };
        Some(Self { operation, model: model.to_owned(), origin: origin(), choices: Vec::new(), made_up: 0 })
    }

    /// A whole answer with a good status, if it has to be changed.
    ///
    /// # Errors
    /// If it is no answer, or one that the provider could not complete.
    pub fn answer(mut self, json: &[u8]) -> Result<Option<Vec<u8>>, ErrorObject> {
        let failed = |why: &str| ErrorObject::new(502, format!("the upstream's answer {why}"));
        let json = std::str::from_utf8(json).map_err(|_| failed("is not valid UTF-8"))?;
        let top = Top::read(json).ok_or_else(|| failed("is no JSON object"))?;
        let is_answer = top.error.is_none() && top.choices.is_some_and(is_filled_array);
        if !is_answer {
            return Err(match error::message(json) {
                Some(_) => ErrorObject::of_event(json),
                None => failed("has no `choices`"),
            });
        }
        Ok(self.mended(json, &top, Form::Whole)?.map(String::into_bytes))
    }

    /// A chunk of a stream, if it has to be changed.
    ///
    /// # Errors
    /// If it says that the provider could not complete the answer.
    pub(super) fn chunk(&mut self, json: &str, top: &Top<'_>) -> Result<Option<String>, ErrorObject> {
        self.mended(json, top, Form::Chunk)
    }

    fn mended(&mut self, json: &str, top: &Top<'_>, form: Form) -> Result<Option<String>, ErrorObject> {
        let mut edits = Edits::of(json);
        let (object, _) = form.names(self.operation);
        edits.fill(
            json,
            [
                Fill::missing("id", top.id, &|| json_text(&self.origin.completion_id(self.operation))),
                Fill::unless(top.object == Some(object), "object", top.object, &|| object.to_owned()),
                Fill::missing("created", top.created, &|| self.origin.created.to_string()),
                Fill::missing("model", top.model, &|| json_text(&self.model)),
            ],
        );
        let mut failure = None;
        let mut at = 0;
        each_item(top.choices.unwrap_or_default(), &mut |choice| {
            failure = self.choice(&mut edits, form, choice, at).err();
            at += 1;
            failure.is_none()
        });
        match failure {
            Some(failure) => Err(failure),
            None => Ok(edits.apply()),
        }
    }

    fn choice<'a>(
        &mut self,
        edits: &mut Edits<'a>,
        form: Form,
        choice: &'a str,
        at: usize,
    ) -> Result<(), ErrorObject> {
        let (_, body) = form.names(self.operation);
        let Some([index, finish, body]) = members(choice, ["index", "finish_reason", body]) else {
            return Ok(());
        };
        let number = index.and_then(count).map_or(at, |index| usize::try_from(index).unwrap_or(usize::MAX));
        // More pass as they are: none has to be remembered.
        if number >= MAX_CHOICES {
            return Ok(());
        }
        if number >= self.choices.len() {
            self.choices.resize(number + 1, Told::default());
        }
        if let Some(body) = body.filter(|body| body.starts_with('{')) {
            self.said(edits, form, body, number);
        }
        let calls = self.choices[number].calls > 0;
        let reason = match finish.and_then(string).as_deref() {
            Some("") | None if form == Form::Chunk => "null".to_owned(),
            Some("") | None => json_text(&FinishReason::Stop.with_calls(calls)),
            Some(reason) if OPENAI.contains(&reason) => json_text(reason),
            Some(reason) => json_text(&self::finish(reason)?.with_calls(calls)),
        };
        edits.fill(
            choice,
            [
                Fill::missing("index", index, &|| number.to_string()),
                Fill::unless(finish == Some(&*reason), "finish_reason", finish, &|| reason.clone()),
            ],
        );
        Ok(())
    }

    /// A message, or a piece of one.
    fn said<'a>(&mut self, edits: &mut Edits<'a>, form: Form, said: &'a str, choice: usize) {
        let [role, content, calls] = members(said, ["role", "content", "tool_calls"]).unwrap_or_default();
        if let Some(calls) = present(calls) {
            let is_list = calls.starts_with('[');
            if is_list {
                each_item(calls, &mut |call| {
                    self.call(edits, form, call, choice);
                    true
                });
            } else {
                edits.enclose("[", calls, "]");
                self.call(edits, form, calls, choice);
            }
        }
        let told = &mut self.choices[choice];
        let is_begun = std::mem::replace(&mut told.is_begun, true);
        let parts = content.filter(|content| content.starts_with('[')).map(Parts::read);
        let text = match &parts {
            Some(parts) if parts.text.is_empty() && form == Form::Whole && told.calls > 0 => {
                "null".to_owned()
            }
            Some(parts) => json_text(&parts.text),
            None => "null".to_owned(),
        };
        let thought = parts.as_ref().map(|parts| &*parts.thought).filter(|thought| !thought.is_empty());
        let is_text = parts.is_none() && (content.is_some() || form == Form::Chunk);
        edits.fill(
            said,
            [
                Fill::unless(is_begun || present(role).is_some(), "role", role, &|| json_text("assistant")),
                Fill::unless(is_text, "content", content, &|| text.clone()),
                Fill::unless(thought.is_none(), "reasoning_content", None, &|| json_text(&thought)),
            ],
        );
    }

    /// A tool call, or a piece of one.
    fn call<'a>(&mut self, edits: &mut Edits<'a>, form: Form, call: &'a str, choice: usize) {
        let Some([index, id, kind, function]) = members(call, ["index", "id", "type", "function"]) else {
            return;
        };
        let function = function.filter(|function| function.starts_with('{'));
        let [name, arguments] =
            function.and_then(|function| members(function, ["name", "arguments"])).unwrap_or_default();
        let told = &mut self.choices[choice];
        // What neither names itself nor its tool goes on with the last call.
        let is_named = is_id(id) || present(name).is_some();
        let next = if is_named { told.calls } else { told.calls.saturating_sub(1) };
        let given = index.and_then(count).and_then(|index| usize::try_from(index).ok());
        let number = if form == Form::Whole { next } else { given.unwrap_or(next) };
        if number >= MAX_CALLS {
            return;
        }
        let is_new = number >= told.calls;
        told.calls = told.calls.max(number.saturating_add(1));
        if form == Form::Chunk && !is_new && [id, kind, name].iter().any(Option::is_some) {
            // Clients append whatever comes again to what came first.
            let arguments = arguments.map_or_else(|| json_text(""), as_text);
            let piece = format!(r#"{{"index":{number},"function":{{"arguments":{arguments}}}}}"#);
            return edits.replace(call, piece);
        }
        let made_up = self.made_up;
        let lacks_id = is_new && !is_id(id);
        self.made_up += usize::from(lacks_id);
        edits.fill(
            call,
            [
                Fill::unless(form == Form::Whole || given.is_some(), "index", index, &|| number.to_string()),
                Fill::unless(!lacks_id, "id", id, &|| json_text(&self.origin.tool_call_id(None, made_up))),
                Fill::unless(!is_new || present(kind).is_some(), "type", kind, &|| json_text("function")),
            ],
        );
        let Some(function) = function else { return };
        let is_text = match arguments {
            Some("\"\"") | None => form == Form::Chunk,
            Some(text) => text.starts_with('"'),
        };
        let text = || match arguments {
            Some("\"\"" | "null") | None => json_text("{}"),
            Some(object) => as_text(object),
        };
        edits.fill(function, [Fill::unless(is_text, "arguments", arguments, &text)]);
    }
}

/// The reasons that OpenAI gives, the deprecated one included.
const OPENAI: [&str; 5] = ["stop", "length", "tool_calls", "content_filter", "function_call"];

/// Reasons of others that are not `stop`.
const FINISH: [(&str, FinishReason); 5] = [
    ("length", FinishReason::Length),
    ("model_length", FinishReason::Length),
    ("tool_calls", FinishReason::ToolCalls),
    ("function_call", FinishReason::ToolCalls),
    ("content_filter", FinishReason::ContentFilter),
];

/// What a reason means.
///
/// # Errors
/// If it is that the provider failed.
pub(crate) fn finish(reason: &str) -> Result<FinishReason, ErrorObject> {
    match reason {
        "error" => Err(ErrorObject::new(502, "the upstream's model failed before its answer was complete")),
        reason => Ok(FinishReason::from_table(&FINISH, reason)),
    }
}

/// Content that is a list: what is text of it, and what are thoughts.
#[derive(Debug, Default)]
pub(crate) struct Parts {
    pub text: String,
    pub thought: String,
}

impl Parts {
    /// Reads content, be it a list or a text.
    pub fn read(content: &str) -> Self {
        let mut parts = Self::default();
        match string(content) {
            Some(text) => parts.text = text.into_owned(),
            None => each_object(content, ["text", "thinking"], |[text, thinking]| {
                parts.text.extend(text.and_then(string));
                // A list of parts, too.
                if let Some(thinking) = thinking {
                    parts.thought += &Self::read(thinking).text;
                }
            }),
        }
        parts
    }
}

/// Arguments as the JSON text of a string.
fn as_text(arguments: &str) -> String {
    match arguments {
        "null" => json_text(""),
        text if text.starts_with('"') => text.to_owned(),
        object => json_text(object),
    }
}

/// Whether JSON text is an id. Mistral's models have said `"null"` where they had none.
fn is_id(id: Option<&str>) -> bool {
    present(id).is_some_and(|id| !matches!(id, "\"\"" | "\"null\""))
}
