//! What is answered, in no provider's terms.

use serde_json::{Value, json};

use super::ask::{Ask, Choice, Form, Tool};
use super::question::Question;
use super::{text, value};

/// The most choices of one request; also OpenAI's limit.
const CHOICES: u64 = 128;

/// What is thought, where thoughts are asked for.
const THOUGHT: &str = "These thoughts are made up, too.";

/// An answer.
pub struct Answer {
    pub model: String,
    /// What was thought before.
    pub thought: Option<&'static str>,
    /// What every choice says.
    pub said: Said,
    pub choices: u64,
    pub prompt_tokens: u64,
}

/// What every choice of an answer says.
pub enum Said {
    Text {
        text: String,
        /// Whether it ends where it should.
        finished: bool,
    },
    Call {
        name: String,
        arguments: Value,
    },
}

/// Why an answer ends, in the words of an API: [`Answer::finish`] picks one.
pub struct Reasons {
    pub stop: &'static str,
    pub length: &'static str,
    pub tool_calls: &'static str,
}

impl Answer {
    /// Answers with a text, with JSON if the request asks for it, or with a call of a tool: of the one that
    /// the request demands, else of the first that the last message names.
    pub fn to(question: &Question, ask: &Ask) -> Self {
        let model = question.model();
        Self {
            said: said(&model, ask),
            model,
            thought: ask.thinks.then_some(THOUGHT),
            choices: ask.choices.unwrap_or(1).clamp(1, CHOICES),
            prompt_tokens: ask.prompt_tokens,
        }
    }

    /// Tokens of the thoughts. A token is four characters, the last one perhaps fewer.
    pub fn thought_tokens(&self) -> u64 {
        self.choices * self.thought.map_or(0, text::tokens)
    }

    /// Tokens of what is said.
    pub fn said_tokens(&self) -> u64 {
        let tokens = match &self.said {
            Said::Text { text, .. } => text::tokens(text),
            Said::Call { name, arguments } => text::tokens(name) + text::tokens(&arguments.to_string()),
        };
        self.choices * tokens
    }

    /// Tokens of the answer.
    pub fn tokens(&self) -> u64 {
        self.thought_tokens() + self.said_tokens()
    }

    /// Why it ends.
    pub fn finish(&self, reasons: &Reasons) -> &'static str {
        match &self.said {
            Said::Text { finished: true, .. } => reasons.stop,
            Said::Text { finished: false, .. } => reasons.length,
            Said::Call { .. } => reasons.tool_calls,
        }
    }
}

fn said(model: &str, ask: &Ask) -> Said {
    if let Some(Tool { name, schema }) = called_tool(ask) {
        return Said::Call { name: name.clone(), arguments: value::of(schema) };
    }
    match &ask.form {
        Form::Json => {
            let json = json!({"mock": true, "model": model, "you_said": text::start(&ask.last)});
            Said::Text { text: json.to_string(), finished: true }
        }
        Form::Schema(schema) => Said::Text { text: value::of(schema).to_string(), finished: true },
        Form::Text => {
            let (text, finished) = text::limited(text::answer(model, &ask.last), ask.limit);
            Said::Text { text, finished }
        }
    }
}

fn called_tool(ask: &Ask) -> Option<&Tool> {
    match &ask.choice {
        Choice::None => None,
        Choice::Required => ask.tools.first(),
        Choice::Named(name) => ask.tools.iter().find(|tool| tool.name == *name),
        Choice::Auto => ask.tools.iter().find(|tool| !tool.name.is_empty() && ask.last.contains(&tool.name)),
    }
}
