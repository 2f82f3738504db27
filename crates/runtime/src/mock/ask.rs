//! What a request asks for, whatever its format.

use serde_json::Value;

use super::text;

/// A request in no provider's terms.
#[derive(Default)]
pub struct Ask {
    /// What was said last.
    pub last: String,
    /// Tokens of all that was said.
    pub prompt_tokens: u64,
    /// The most tokens to answer with.
    pub limit: Option<u64>,
    /// Tools that may be called.
    pub tools: Vec<Tool>,
    /// Which of them.
    pub choice: Choice,
    /// The form of the answer.
    pub form: Form,
    /// The number of answers, if more than one.
    pub choices: Option<u64>,
    /// Whether thoughts are to be shown.
    pub thinks: bool,
    /// Whether the answer is to be a stream.
    pub stream: bool,
}

/// A tool: its name and the schema of its arguments.
pub struct Tool {
    pub name: String,
    pub schema: Value,
}

/// Which tools to call.
#[derive(Default)]
pub enum Choice {
    None,
    /// The first that the last message names.
    #[default]
    Auto,
    /// The first.
    Required,
    Named(String),
}

/// The form of an answer.
#[derive(Default)]
pub enum Form {
    #[default]
    Text,
    Json,
    /// JSON of a schema.
    Schema(Value),
}

impl Ask {
    /// A question that consists of these texts, of which the last part is `last`.
    pub fn new(texts: &[String], last: String) -> Self {
        Self { last, prompt_tokens: texts.iter().map(|text| text::tokens(text)).sum(), ..Self::default() }
    }
}

/// The tools of a list, each described by what `describe` finds in it.
pub fn tools<'a>(list: &'a Value, describe: impl Fn(&'a Value) -> (&'a Value, &'a Value)) -> Vec<Tool> {
    let tools = list.as_array().into_iter().flatten().filter_map(|tool| {
        let (name, schema) = describe(tool);
        Some(Tool { name: name.as_str()?.to_owned(), schema: schema.clone() })
    });
    tools.collect()
}
