//! The writer of OpenAI's stream: a codec says what a frame means, this keeps what a client relies on.
//!
//! Of every choice the role comes first, then content and tool calls, then one finish reason; after all of
//! them the usage, if it was asked for, and `[DONE]`. All chunks have the same id, time and model. Tool
//! calls are numbered 0, 1, 2… in each choice, whatever the provider's numbers are. What comes after an
//! end is dropped.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Write;

use bytes::Bytes;

use crate::body::json_text;
use crate::codec::{Expected, Operation, Origin};
use crate::completion::{FinishReason, MAX_CALLS, MAX_CHOICES, too_many_calls, too_many_choices};
use crate::error::ErrorObject;
use crate::facts::Facts;
use crate::functions::arguments_text;
use crate::sse::MAX_EVENT;
use crate::usage::Usage;

/// Writes the chunks of one stream.
#[derive(Debug)]
pub struct Chunks {
    expected: Expected,
    origin: Origin,
    keeps_text: bool,
    secrets: Vec<String>,
    id: Option<String>,
    created: Option<u64>,
    model: Option<String>,
    /// What every chunk begins with, once the first was written.
    head: Option<String>,
    choices: Vec<Choice>,
    /// The tool calls that go on, by choice and by the provider's number.
    calls: BTreeMap<(usize, u64), Call>,
    /// How many there were in all.
    call_count: usize,
    includes_usage: bool,
    is_over: bool,
    out: Vec<u8>,
    facts: Facts,
}

/// How far a choice has got.
#[derive(Debug, Clone, Copy, Default)]
struct Choice {
    is_begun: bool,
    is_finished: bool,
    calls: usize,
}

/// A tool call that goes on.
#[derive(Debug)]
struct Call {
    /// Our number of it in its choice.
    index: usize,
    has_arguments: bool,
}

/// The most bytes that are written for what came at once: far more than the longest event of one text. In
/// one of many small parts, each is a chunk with a head of its own, hundreds of times as long.
const MAX_WRITTEN: usize = 4 * MAX_EVENT;

/// The longest id and model name that is repeated in every chunk, in bytes.
const MAX_NAME: usize = 512;

impl Chunks {
    /// A writer. `keeps_text`: the text is wanted, for a log that holds answers. No error quotes one of
    /// `secrets`.
    pub fn new(expected: Expected, origin: Origin, keeps_text: bool, secrets: Vec<String>) -> Self {
        Self {
            includes_usage: expected.includes_usage,
            expected,
            origin,
            keeps_text,
            secrets,
            id: None,
            created: None,
            model: None,
            head: None,
            choices: Vec::new(),
            calls: BTreeMap::new(),
            call_count: 0,
            is_over: false,
            out: Vec::new(),
            facts: Facts::default(),
        }
    }

    /// The provider's id of the answer. Counts until the first chunk is written.
    pub fn id(&mut self, id: &str) {
        if !id.is_empty() {
            self.id.get_or_insert_with(|| cut(id));
        }
    }

    /// The model that answers. Counts until the first chunk is written.
    pub fn model(&mut self, model: &str) {
        if !model.is_empty() {
            self.model.get_or_insert_with(|| cut(model));
            self.facts.model.get_or_insert_with(|| cut(model));
        }
    }

    /// When the answer was made, in seconds since 1970. The first word counts, until the first chunk is
    /// written.
    pub fn created(&mut self, created: u64) {
        self.created.get_or_insert(created);
    }

    /// A choice begins: its role is written.
    pub fn begin(&mut self, choice: usize) {
        if self.open(choice).is_some_and(|choice| !choice.is_begun) {
            self.choices[choice].is_begun = true;
            if self.expected.operation == Operation::Chat {
                self.delta(choice, format_args!(r#"{{"role":"assistant","content":""}}"#));
            }
        }
    }

    /// A piece of a choice's text.
    pub fn text(&mut self, choice: usize, text: &str) {
        self.begin(choice);
        if text.is_empty() || self.open(choice).is_none() {
            return;
        }
        self.facts.text.add(text, self.keeps_text && choice == 0);
        match self.expected.operation {
            Operation::Chat => self.delta(choice, format_args!(r#"{{"content":{}}}"#, json_text(text))),
            Operation::Completions => self.write(format_args!(
                r#"{{"index":{choice},"text":{},"logprobs":null,"finish_reason":null}}"#,
                json_text(text)
            )),
        }
    }

    /// A piece of what a choice thinks.
    pub fn reasoning(&mut self, choice: usize, text: &str) {
        self.begin(choice);
        if !text.is_empty() && self.open(choice).is_some() && self.expected.operation == Operation::Chat {
            self.delta(choice, format_args!(r#"{{"reasoning_content":{}}}"#, json_text(text)));
        }
    }

    /// A tool call of a choice begins, which the provider counts as `block`. Without an `id` it gets one.
    pub fn tool_call(&mut self, choice: usize, block: u64, id: Option<&str>, name: &str) {
        self.start_call(choice, block, id, name, "");
    }

    /// A whole tool call of a choice, from a provider that does not stream its arguments.
    pub fn whole_tool_call(&mut self, choice: usize, id: Option<&str>, name: &str, arguments: &str) {
        let block = u64::MAX - self.call_count as u64;
        self.start_call(choice, block, id, name, arguments_text(arguments));
        self.end_tool_call(choice, block);
    }

    /// A piece of the arguments of the call that the provider counts as `block`.
    pub fn arguments(&mut self, choice: usize, block: u64, fragment: &str) {
        if fragment.is_empty() || self.open(choice).is_none() {
            return;
        }
        let Some(call) = self.calls.get_mut(&(choice, block)) else { return };
        call.has_arguments = true;
        let (index, fragment) = (call.index, json_text(fragment));
        self.delta(
            choice,
            format_args!(r#"{{"tool_calls":[{{"index":{index},"function":{{"arguments":{fragment}}}}}]}}"#),
        );
    }

    /// A call is over; without a piece of arguments it has none: `{}`. Of what is no call, nothing.
    pub fn end_tool_call(&mut self, choice: usize, block: u64) {
        if self.calls.get(&(choice, block)).is_some_and(|call| !call.has_arguments) {
            self.arguments(choice, block, "{}");
        }
        self.calls.remove(&(choice, block));
    }

    /// A choice ends. Calls that are still open are ended.
    pub fn finish(&mut self, choice: usize, reason: FinishReason) {
        self.begin(choice);
        if self.open(choice).is_none() {
            return;
        }
        let open = self.calls.range((choice, 0)..=(choice, u64::MAX));
        let mut open: Vec<(usize, u64)> = open.map(|((_, block), call)| (call.index, *block)).collect();
        open.sort_unstable();
        open.into_iter().for_each(|(_, block)| self.end_tool_call(choice, block));
        self.choices[choice].is_finished = true;
        self.facts.finished = true;
        let reason = reason.with_calls(self.choices[choice].calls > 0).as_str();
        match self.expected.operation {
            Operation::Chat => self.write(format_args!(
                r#"{{"index":{choice},"delta":{{}},"logprobs":null,"finish_reason":"{reason}"}}"#
            )),
            Operation::Completions => self.write(format_args!(
                r#"{{"index":{choice},"text":"","logprobs":null,"finish_reason":"{reason}"}}"#
            )),
        }
    }

    /// What the answer has taken by now, if that is said; the last word counts.
    pub fn usage(&mut self, usage: Option<Usage>) {
        if !self.is_over {
            self.facts.usage = usage.or(self.facts.usage);
        }
    }

    /// The answer is complete: choices that were not ended are, then come the usage, if it was asked for,
    /// and the end of the stream.
    pub fn done(&mut self) {
        if self.is_over {
            return;
        }
        self.begin(0);
        for choice in 0..self.choices.len() {
            if self.choices[choice].is_begun {
                self.finish(choice, FinishReason::Stop);
            }
        }
        if self.includes_usage && !self.is_over {
            let usage = self.facts.usage.unwrap_or_default();
            self.write_with(format_args!(""), format_args!(r#","usage":{}"#, usage.to_openai().get()));
        }
        // It has become too long with this.
        if self.is_over {
            return;
        }
        self.out.extend_from_slice(b"data: [DONE]\n\n");
        self.facts.done = true;
        self.is_over = true;
    }

    /// The answer cannot be completed: clients raise an exception.
    pub fn fail(&mut self, mut error: ErrorObject) {
        if self.is_over {
            return;
        }
        let secrets: Vec<_> = self.secrets.iter().map(String::as_str).collect();
        error.redact(&secrets);
        self.out.extend_from_slice(&error.to_event());
        self.facts.error = Some(error.message);
        self.is_over = true;
    }

    /// Whether an end or an error has been said.
    pub fn is_over(&self) -> bool {
        self.is_over
    }

    /// Whether every choice that was begun has ended, and there is one.
    pub fn is_finished(&self) -> bool {
        let mut begun = self.choices.iter().filter(|choice| choice.is_begun).peekable();
        begun.peek().is_some() && begun.all(|choice| choice.is_finished)
    }

    /// What the answer has said so far.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// The bytes written since the last time.
    pub fn take(&mut self) -> Bytes {
        std::mem::take(&mut self.out).into()
    }

    /// A choice that may go on; nothing if it, or the whole answer, is over.
    fn open(&mut self, choice: usize) -> Option<Choice> {
        if self.is_over {
            return None;
        }
        if choice >= MAX_CHOICES {
            self.fail(too_many_choices());
            return None;
        }
        if choice >= self.choices.len() {
            self.choices.resize(choice + 1, Choice::default());
        }
        Some(self.choices[choice]).filter(|choice| !choice.is_finished)
    }

    fn start_call(&mut self, choice: usize, block: u64, id: Option<&str>, name: &str, arguments: &str) {
        self.begin(choice);
        if self.open(choice).is_none() || self.expected.operation != Operation::Chat {
            return;
        }
        if self.call_count == MAX_CALLS {
            return self.fail(too_many_calls());
        }
        self.end_tool_call(choice, block);
        let index = self.choices[choice].calls;
        self.choices[choice].calls += 1;
        let id = self.origin.tool_call_id(id, self.call_count);
        self.call_count += 1;
        self.calls.insert((choice, block), Call { index, has_arguments: !arguments.is_empty() });
        let name = self.expected.tool_names.original(name);
        let [id, name, arguments] = [&*id, name, arguments].map(json_text);
        self.delta(
            choice,
            format_args!(
                r#"{{"tool_calls":[{{"index":{index},"id":{id},"type":"function","function":{{"name":{name},"arguments":{arguments}}}}}]}}"#
            ),
        );
    }

    fn delta(&mut self, choice: usize, delta: fmt::Arguments<'_>) {
        self.write(format_args!(
            r#"{{"index":{choice},"delta":{delta},"logprobs":null,"finish_reason":null}}"#
        ));
    }

    fn write(&mut self, choice: fmt::Arguments<'_>) {
        self.write_with(choice, format_args!(""));
    }

    /// A chunk with this choice, if any, and these other members.
    fn write_with(&mut self, choice: fmt::Arguments<'_>, others: fmt::Arguments<'_>) {
        if self.is_over {
            return;
        }
        if self.out.len() > MAX_WRITTEN {
            let message = "the upstream's stream says more at once than can be passed on";
            return self.fail(ErrorObject::new(502, message));
        }
        let head = self.head.get_or_insert_with(|| {
            let operation = self.expected.operation;
            let object = match operation {
                Operation::Chat => "chat.completion.chunk",
                Operation::Completions => "text_completion",
            };
            let id = self.id.clone().unwrap_or_else(|| self.origin.completion_id(operation));
            let [id, model] = [&id, self.model.as_ref().unwrap_or(&self.expected.model)].map(json_text);
            let created = self.created.unwrap_or(self.origin.created);
            format!(
                r#"data: {{"id":{id},"object":"{object}","created":{created},"model":{model},"choices":["#
            )
        });
        write!(self.out, "{head}{choice}]{others}}}\n\n").expect("a vector takes all bytes");
    }
}

fn cut(name: &str) -> String {
    name[..name.floor_char_boundary(MAX_NAME)].to_owned()
}

#[cfg(test)]
mod tests;
