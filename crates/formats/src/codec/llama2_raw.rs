//! Llama 2 behind a server that continues text: the conversation is written in the model's own prompt
//! format (Llama 2 model card, "Get the expected features"), which knows text alone.

use std::borrow::Cow;

use super::text_generation::{self, MEMBERS, Tokens};
use super::{Codec, Events, Outgoing};
use crate::chat::{Chat, Message, RequestError, ToolChoice};
use crate::completion::Completion;
use crate::error::ErrorObject;

/// Chats and completions: a prompt is a conversation's only turn.
pub struct Llama2Raw;

impl Codec for Llama2Raw {
    fn members(&self) -> &'static [&'static str] {
        &MEMBERS
    }

    fn request(&self, chat: &Chat<'_>) -> Result<Outgoing, RequestError> {
        let dropped = match chat.tool_choice {
            _ if chat.tools.is_empty() => Vec::new(),
            Some(ToolChoice::None) => Vec::new(),
            Some(_) => vec!["tools", "tool_choice"],
            None => vec!["tools"],
        };
        Ok(Outgoing { dropped, ..text_generation::request(&prompt(chat)?, chat) })
    }

    fn answer(&self, json: &str, _request_id: Option<&str>) -> Result<Completion, ErrorObject> {
        let mut completion = text_generation::answer(json)?;
        for text in completion.choices.iter_mut().filter_map(|choice| choice.text.as_mut()) {
            *text = said(text).to_owned();
        }
        Ok(completion)
    }

    fn events(&self) -> Box<dyn Events> {
        Box::new(Tokens { trims: true })
    }
}

/// What the model said: some servers repeat the prompt before it.
fn said(text: &str) -> &str {
    let text = text.trim();
    let repeats = ["<s>", "[INST]"].iter().any(|start| text.starts_with(start));
    match text.rsplit_once("[/INST]").filter(|_| repeats) {
        Some((_, said)) => said.trim(),
        None => text,
    }
}

/// What one side says until the other does.
struct Turn<'a> {
    is_answer: bool,
    text: Cow<'a, str>,
}

/// `<s>[INST] <<SYS>>\n{system}\n<</SYS>>\n\n{user} [/INST] {assistant} </s><s>[INST] {user} [/INST]`,
/// where all instructions are the first turn's.
fn prompt(chat: &Chat<'_>) -> Result<String, RequestError> {
    let turns = turns(chat)?;
    let system = chat.instructions();
    let mut prompt = String::from("<s>[INST] ");
    if !system.is_empty() {
        prompt.extend(["<<SYS>>\n", &system, "\n<</SYS>>\n\n"]);
    }
    for (at, turn) in turns.iter().enumerate() {
        match turn.is_answer {
            // The format begins with a user.
            true if at == 0 => prompt.extend([" [/INST] ", &turn.text]),
            true => prompt.extend([" ", &turn.text]),
            false if at == 0 => prompt.extend([&*turn.text, " [/INST]"]),
            false => prompt.extend([" </s><s>[INST] ", &turn.text, " [/INST]"]),
        }
    }
    prompt.push_str(match turns.last() {
        None => " [/INST]",
        Some(turn) if turn.is_answer => " </s>",
        Some(_) => "",
    });
    Ok(prompt)
}

/// The turns that say something, those of one side joined.
fn turns<'a>(chat: &'a Chat<'_>) -> Result<Vec<Turn<'a>>, RequestError> {
    let mut turns: Vec<Turn<'a>> = Vec::new();
    for (at, message) in chat.messages.iter().enumerate() {
        let (is_answer, content) = match message {
            Message::System(content) | Message::User(content) => (false, content),
            Message::Assistant(said) if said.tool_calls.is_empty() => (true, &said.content),
            Message::Assistant(_) => return Err(no_tools(&format!("messages[{at}].tool_calls"))),
            Message::Tool(_) => return Err(no_tools(&format!("messages[{at}]"))),
        };
        let text = content.text_alone("Llama 2's prompt format has no pictures; send text")?;
        match turns.last_mut() {
            _ if text.is_empty() || matches!(message, Message::System(_)) => {}
            Some(last) if last.is_answer == is_answer => last.text.to_mut().extend(["\n", &text]),
            _ => turns.push(Turn { is_answer, text }),
        }
    }
    Ok(turns)
}

fn no_tools(place: &str) -> RequestError {
    let message = format!("{place}: Llama 2's prompt format has no tools; say in a text what they returned");
    RequestError::new("messages", message)
}
