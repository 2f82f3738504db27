//! A program for the Python SDK.

use config_core::sdk::{Access, ClientKey, Family, Operation, Piece, Text};

use super::{
    name,
    values::{self, GATEWAY_KEY, api_key, api_version},
};

/// Words of the language, and the names that the program uses itself.
const TAKEN: &[&str] = &[
    "False",
    "None",
    "True",
    "and",
    "as",
    "assert",
    "async",
    "await",
    "break",
    "class",
    "continue",
    "def",
    "del",
    "elif",
    "else",
    "except",
    "finally",
    "for",
    "from",
    "global",
    "if",
    "import",
    "in",
    "is",
    "lambda",
    "nonlocal",
    "not",
    "or",
    "pass",
    "raise",
    "return",
    "try",
    "while",
    "with",
    "yield",
    "OpenAI",
    "AzureOpenAI",
    "client",
    "answer",
    "print",
    "open",
];

/// The program: it asks one question and prints the answer.
pub fn program(access: &Access<'_>) -> String {
    let names = name::variables(&access.slots, TAKEN);
    let program = Program { access, names };
    let class = match access.family {
        Family::OpenAi => "OpenAI",
        Family::Azure => "AzureOpenAI",
    };
    let mut text = format!("from openai import {class}\n\n");
    for (slot, name) in access.slots.iter().zip(&program.names) {
        let choice = name::choice(slot).map_or(String::new(), |choice| format!("  # {choice}"));
        text.push_str(&format!("{name} = {}{choice}\n", quoted(&slot.example)));
    }
    if !access.slots.is_empty() {
        text.push('\n');
    }
    text.push_str(&format!("client = {class}(\n"));
    for argument in program.client() {
        text.push_str(&format!("    {argument},\n"));
    }
    text.push_str(")\n");
    text + &program.question()
}

struct Program<'a> {
    access: &'a Access<'a>,
    names: Vec<String>,
}

impl Program<'_> {
    fn client(&self) -> Vec<String> {
        let access = self.access;
        let url = values::url(access);
        let mut arguments = match access.family {
            Family::OpenAi => vec![format!("base_url={}", self.expression(&url))],
            Family::Azure => {
                let deployment = access.deployment.as_ref();
                let deployment = deployment.map(|it| format!("azure_deployment={}", self.expression(it)));
                let endpoint = format!("azure_endpoint={}", self.expression(&url));
                let version = format!("api_version={}", quoted(api_version(access)));
                [Some(endpoint), deployment, Some(version)].into_iter().flatten().collect()
            }
        };
        arguments.push(match access.key {
            ClientKey::Token => format!("azure_ad_token={}", quoted(GATEWAY_KEY)),
            _ => format!("api_key={}", quoted(api_key(access))),
        });
        for (argument, entries) in
            [("default_headers", values::headers(access)), ("default_query", values::query(access))]
        {
            let entries = self.entries(&entries);
            if !entries.is_empty() {
                arguments.push(format!("{argument}={{{}}}", entries.join(", ")));
            }
        }
        arguments
    }

    fn entries(&self, pairs: &[(String, Text)]) -> Vec<String> {
        pairs.iter().map(|(name, value)| format!("{}: {}", quoted(name), self.expression(value))).collect()
    }

    fn question(&self) -> String {
        let model = self.expression(&values::model(self.access));
        let extra = match &self.access.key {
            ClientKey::Body(name) => {
                vec![format!("extra_body={{{}: {}}}", quoted(name), quoted(GATEWAY_KEY))]
            }
            _ => Vec::new(),
        };
        let (method, arguments, answer): (&str, &[&str], &str) = match self.access.operation {
            Operation::Chat => (
                "chat.completions.create",
                &["messages=[{\"role\": \"user\", \"content\": \"Say hello.\"}]"],
                "answer.choices[0].message.content",
            ),
            Operation::Completion => {
                ("completions.create", &["prompt=\"Say hello.\""], "answer.choices[0].text")
            }
            Operation::Response => ("responses.create", &["input=\"Say hello.\""], "answer.output_text"),
            Operation::Embedding => {
                ("embeddings.create", &["input=\"Say hello.\""], "len(answer.data[0].embedding)")
            }
            Operation::Transcription => {
                ("audio.transcriptions.create", &["file=open(\"hello.mp3\", \"rb\")"], "answer.text")
            }
            Operation::Translation => {
                ("audio.translations.create", &["file=open(\"hello.mp3\", \"rb\")"], "answer.text")
            }
            Operation::Speech => {
                ("audio.speech.create", &["voice=\"alloy\"", "input=\"Say hello.\""], "len(answer.content)")
            }
            Operation::Image => ("images.generate", &["prompt=\"A greeting.\""], "answer.data[0]"),
            Operation::ImageEdit => (
                "images.edit",
                &["image=open(\"hello.png\", \"rb\")", "prompt=\"Add a greeting.\""],
                "answer.data[0]",
            ),
            Operation::Moderation => {
                ("moderations.create", &["input=\"Say hello.\""], "answer.results[0].flagged")
            }
            Operation::Models => {
                return "for model in client.models.list():\n    print(model.id)\n".to_owned();
            }
        };
        let model = [format!("model={model}")];
        let arguments = arguments.iter().map(|argument| (*argument).to_owned());
        let lines = model.into_iter().chain(arguments).chain(extra).map(|line| format!("    {line},\n"));
        format!("answer = client.{method}(\n{})\nprint({answer})\n", lines.collect::<String>())
    }

    fn expression(&self, text: &Text) -> String {
        match text.pieces() {
            [Piece::Slot(slot)] => self.names[*slot].clone(),
            _ if text.is_literal() => quoted(&text.shown(&[])),
            pieces => {
                let piece = |piece: &Piece| match piece {
                    Piece::Literal(literal) => escaped(literal).replace('{', "{{").replace('}', "}}"),
                    Piece::Slot(slot) => format!("{{{}}}", self.names[*slot]),
                };
                format!("f\"{}\"", pieces.iter().map(piece).collect::<String>())
            }
        }
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", escaped(text))
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => out.push_str(&format!("\\U{:08x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out
}
