//! A program for the Node SDK.

use config_core::sdk::{Access, ClientKey, Family, Operation, Piece, Text};

use super::{
    name,
    values::{self, GATEWAY_KEY, api_key, api_version},
};

/// Words of the language, and the names that the program uses itself.
const TAKEN: &[&str] = &[
    "arguments",
    "await",
    "break",
    "case",
    "catch",
    "class",
    "const",
    "continue",
    "debugger",
    "default",
    "delete",
    "do",
    "else",
    "enum",
    "eval",
    "export",
    "extends",
    "false",
    "finally",
    "for",
    "function",
    "if",
    "implements",
    "import",
    "in",
    "instanceof",
    "interface",
    "let",
    "new",
    "null",
    "package",
    "private",
    "protected",
    "public",
    "return",
    "static",
    "super",
    "switch",
    "this",
    "throw",
    "true",
    "try",
    "typeof",
    "var",
    "void",
    "while",
    "with",
    "yield",
    "OpenAI",
    "AzureOpenAI",
    "client",
    "answer",
    "console",
    "fs",
];

/// The program, a module: it asks one question and prints the answer.
pub fn program(access: &Access<'_>) -> String {
    let names = name::variables(&access.slots, TAKEN);
    let program = Program { access, names };
    let (class, import) = match access.family {
        Family::OpenAi => ("OpenAI", "OpenAI"),
        Family::Azure => ("AzureOpenAI", "{ AzureOpenAI }"),
    };
    let mut text = String::new();
    if program.uploads() {
        text.push_str("import fs from \"node:fs\";\n");
    }
    text.push_str(&format!("import {import} from \"openai\";\n\n"));
    for (slot, name) in access.slots.iter().zip(&program.names) {
        let choice = name::choice(slot).map_or(String::new(), |choice| format!(" // {choice}"));
        text.push_str(&format!("const {name} = {};{choice}\n", quoted(&slot.example)));
    }
    if !access.slots.is_empty() {
        text.push('\n');
    }
    text.push_str(&format!("const client = new {class}({{\n"));
    for option in program.client() {
        text.push_str(&format!("  {option},\n"));
    }
    text.push_str("});\n");
    text + &program.question()
}

struct Program<'a> {
    access: &'a Access<'a>,
    names: Vec<String>,
}

impl Program<'_> {
    fn uploads(&self) -> bool {
        matches!(
            self.access.operation,
            Operation::Transcription | Operation::Translation | Operation::ImageEdit
        )
    }

    fn client(&self) -> Vec<String> {
        let access = self.access;
        let url = values::url(access);
        let mut options = match access.family {
            Family::OpenAi => vec![format!("baseURL: {}", self.expression(&url))],
            Family::Azure => {
                let deployment = access.deployment.as_ref();
                let deployment = deployment.map(|it| format!("deployment: {}", self.expression(it)));
                let endpoint = format!("endpoint: {}", self.expression(&url));
                let version = format!("apiVersion: {}", quoted(api_version(access)));
                [Some(endpoint), deployment, Some(version)].into_iter().flatten().collect()
            }
        };
        options.push(match access.key {
            ClientKey::Token => format!("azureADTokenProvider: async () => {}", quoted(GATEWAY_KEY)),
            _ => format!("apiKey: {}", quoted(api_key(access))),
        });
        for (option, entries) in
            [("defaultHeaders", values::headers(access)), ("defaultQuery", values::query(access))]
        {
            let entries = self.entries(&entries);
            if !entries.is_empty() {
                options.push(format!("{option}: {{ {} }}", entries.join(", ")));
            }
        }
        options
    }

    fn entries(&self, pairs: &[(String, Text)]) -> Vec<String> {
        pairs.iter().map(|(name, value)| format!("{}: {}", quoted(name), self.expression(value))).collect()
    }

    fn question(&self) -> String {
        let model = self.expression(&values::model(self.access));
        let extra = match &self.access.key {
            ClientKey::Body(name) => vec![format!("{}: {}", quoted(name), quoted(GATEWAY_KEY))],
            _ => Vec::new(),
        };
        let (method, members, answer): (&str, &[&str], &str) = match self.access.operation {
            Operation::Chat => (
                "chat.completions.create",
                &["messages: [{ role: \"user\", content: \"Say hello.\" }]"],
                "answer.choices[0].message.content",
            ),
            Operation::Completion => {
                ("completions.create", &["prompt: \"Say hello.\""], "answer.choices[0].text")
            }
            Operation::Response => ("responses.create", &["input: \"Say hello.\""], "answer.output_text"),
            Operation::Embedding => {
                ("embeddings.create", &["input: \"Say hello.\""], "answer.data[0].embedding.length")
            }
            Operation::Transcription => {
                ("audio.transcriptions.create", &["file: fs.createReadStream(\"hello.mp3\")"], "answer.text")
            }
            Operation::Translation => {
                ("audio.translations.create", &["file: fs.createReadStream(\"hello.mp3\")"], "answer.text")
            }
            Operation::Speech => (
                "audio.speech.create",
                &["voice: \"alloy\"", "input: \"Say hello.\""],
                "(await answer.arrayBuffer()).byteLength",
            ),
            Operation::Image => ("images.generate", &["prompt: \"A greeting.\""], "answer.data[0]"),
            Operation::ImageEdit => (
                "images.edit",
                &["image: fs.createReadStream(\"hello.png\")", "prompt: \"Add a greeting.\""],
                "answer.data[0]",
            ),
            Operation::Moderation => {
                ("moderations.create", &["input: \"Say hello.\""], "answer.results[0].flagged")
            }
            Operation::Models => {
                return "for await (const model of client.models.list()) {\n  console.log(model.id);\n}\n"
                    .to_owned();
            }
        };
        let model = [format!("model: {model}")];
        let members = members.iter().map(|member| (*member).to_owned());
        let lines = model.into_iter().chain(members).chain(extra).map(|line| format!("  {line},\n"));
        format!(
            "const answer = await client.{method}({{\n{}}});\nconsole.log({answer});\n",
            lines.collect::<String>()
        )
    }

    fn expression(&self, text: &Text) -> String {
        match text.pieces() {
            [Piece::Slot(slot)] => self.names[*slot].clone(),
            _ if text.is_literal() => quoted(&text.shown(&[])),
            pieces => {
                let piece = |piece: &Piece| match piece {
                    Piece::Literal(literal) => escaped(literal, '`').replace("${", "\\${"),
                    Piece::Slot(slot) => format!("${{{}}}", self.names[*slot]),
                };
                format!("`{}`", pieces.iter().map(piece).collect::<String>())
            }
        }
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", escaped(text, '"'))
}

fn escaped(text: &str, quote: char) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            c if c == quote => out.extend(['\\', c]),
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') => {
                out.push_str(&format!("\\u{{{:x}}}", u32::from(c)));
            }
            c => out.push(c),
        }
    }
    out
}
