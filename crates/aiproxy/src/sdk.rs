//! The answer of `sdk`: the document of `schemas/sdk.schema.json`, of which the text for people is
//! another view. Scripts rely on it: fields are added, never renamed or left out.

pub mod human;
mod name;
mod node;
mod python;
mod values;

use config_core::model::Provider;
use config_core::rules::Rule;
use config_core::sdk::{Access, Answer, ClientKey, Family, Origin, Slot, Text};
use serde::Serialize;

/// How the SDKs reach the routes of a file.
#[derive(Debug, Serialize)]
pub struct Document {
    pub format: &'static str,
    /// Where clients were taken to reach the gateway.
    pub origin: String,
    pub routes: Vec<Route>,
    /// What else is worth knowing about the file.
    pub notes: Vec<String>,
}

#[derive(Debug, Serialize)]
pub struct Route {
    pub route: Option<String>,
    pub pointer: String,
    pub line: Option<usize>,
    pub provider: Option<&'static str>,
    pub route_type: Option<&'static str>,
    pub base_url: Option<String>,
    pub azure_endpoint: Option<String>,
    /// The deployment to name to the client for Azure; `null` if the model's name will do.
    pub deployment: Option<String>,
    pub reachable: bool,
    pub reason: Option<String>,
    /// The model that the client has to name; `null` if it may choose.
    pub model: Option<String>,
    pub placeholders: Vec<Placeholder>,
    pub headers: Vec<Pair>,
    pub query: Vec<Pair>,
    pub api_key: Option<Key>,
    /// Methods and paths, as the client appends them.
    pub operations: Vec<String>,
    pub snippets: Vec<Snippet>,
    pub notes: Vec<String>,
}

/// What a `{name}` stands for.
#[derive(Debug, PartialEq, Serialize)]
pub struct Placeholder {
    pub name: String,
    pub source: &'static str,
    /// A value that works.
    pub example: String,
    /// All values that work, if they are few.
    pub values: Option<Vec<String>>,
}

#[derive(Debug, Serialize)]
pub struct Pair {
    pub name: String,
    pub value: String,
}

/// What becomes of the client's key.
#[derive(Debug, Serialize)]
pub struct Key {
    /// Who reads it: nobody, the gateway or the provider.
    pub read_by: Option<&'static str>,
    /// Where the gateway looks for it, if the SDK does not send it there by itself.
    pub location: Option<&'static str>,
    pub name: Option<String>,
}

#[derive(Debug, Serialize)]
pub struct Snippet {
    pub client: &'static str,
    pub language: &'static str,
    pub code: String,
}

impl Document {
    /// The document of answers for clients that know the gateway as `origin`.
    pub fn new<'a>(
        origin: &Origin,
        answers: impl IntoIterator<Item = Answer<'a>>,
        notes: Vec<String>,
    ) -> Self {
        Self {
            format: "aiproxy-sdk/1",
            origin: origin.to_string(),
            routes: answers.into_iter().map(|answer| Route::new(&answer)).collect(),
            notes,
        }
    }

    /// Names an error at `pointer` to the routes around it that are not reached, each its first.
    pub fn blame(&mut self, pointer: &str, rule: Rule, line: usize) {
        for route in self.routes.iter_mut().filter(|route| !route.reachable && route.notes.is_empty()) {
            let inside = pointer.strip_prefix(&*route.pointer);
            if inside.is_some_and(|rest| rest.is_empty() || rest.starts_with('/')) {
                route.notes.push(format!("it has an error: {}, line {line}", rule.id()));
            }
        }
    }

    /// Whether any route is reached.
    pub fn is_any_reachable(&self) -> bool {
        self.routes.iter().any(|route| route.reachable)
    }
}

impl Route {
    fn new(answer: &Answer<'_>) -> Self {
        let (accesses, reason) = match &answer.access {
            Ok(accesses) => (&**accesses, None),
            Err(reason) => (&[][..], Some(reason.clone())),
        };
        let by = |family| accesses.iter().find(|access| access.family == family);
        let (openai, azure) = (by(Family::OpenAi), by(Family::Azure));
        // The client that a user of the provider has at hand.
        let first = match (openai, azure) {
            (_, Some(azure)) if azure.proxy.provider == Provider::Azure => Some(azure),
            (openai, azure) => openai.or(azure),
        };
        let mut accesses: Vec<&Access<'_>> = accesses.iter().collect();
        accesses.sort_by_key(|access| first.is_some_and(|first| first.family != access.family));
        let mut placeholders: Vec<Placeholder> = Vec::new();
        for slot in accesses.iter().flat_map(|access| &access.slots) {
            let placeholder = placeholder(slot);
            if !placeholders.iter().any(|it| it.name == placeholder.name && it.source == placeholder.source) {
                placeholders.push(placeholder);
            }
        }
        let operation = |access: &Access<'_>| {
            let operations = access.operations.iter();
            operations.map(|operation| format!("{} {}", operation.method(), operation.path())).collect()
        };
        Self {
            route: answer.route.name.clone(),
            pointer: answer.route.pointer.clone(),
            line: Some(answer.route.line),
            provider: first.map(|access| access.proxy.provider.as_str()),
            route_type: first.map(|access| access.proxy.route_type.as_str()),
            base_url: openai.map(Access::url),
            azure_endpoint: azure.map(Access::url),
            deployment: azure.and_then(|access| Some(access.deployment.as_ref()?.shown(&access.slots))),
            reachable: first.is_some(),
            reason,
            model: first.and_then(|access| Some(access.model.as_ref()?.shown(&access.slots))),
            placeholders,
            headers: first.map(|access| pairs(&access.headers, &access.slots)).unwrap_or_default(),
            query: first.map(|access| pairs(&access.query, &access.slots)).unwrap_or_default(),
            api_key: first.map(|access| key(&access.key)),
            operations: first.map(operation).unwrap_or_default(),
            snippets: accesses.into_iter().flat_map(snippets).collect(),
            notes: first.map(|access| access.notes.clone()).unwrap_or_default(),
        }
    }
}

fn pairs(pairs: &[(String, Text)], slots: &[Slot]) -> Vec<Pair> {
    pairs.iter().map(|(name, value)| Pair { name: name.clone(), value: value.shown(slots) }).collect()
}

fn placeholder(slot: &Slot) -> Placeholder {
    Placeholder {
        name: slot.name.clone(),
        source: slot.source.as_str(),
        example: slot.example.clone(),
        values: (!slot.values.is_empty()).then(|| slot.values.clone()),
    }
}

fn key(key: &ClientKey) -> Key {
    let at = |location, name: &String| Key {
        read_by: Some("gateway"),
        location: Some(location),
        name: Some(name.clone()),
    };
    match key {
        ClientKey::Unused => Key { read_by: None, location: None, name: None },
        ClientKey::Gateway | ClientKey::Token => Key { read_by: Some("gateway"), location: None, name: None },
        ClientKey::Provider => Key { read_by: Some("provider"), location: None, name: None },
        ClientKey::Header(name) => at("header", name),
        ClientKey::Query(name) => at("query", name),
        ClientKey::Body(name) => at("body", name),
    }
}

/// Programs to paste, one a language.
fn snippets(access: &Access<'_>) -> [Snippet; 2] {
    let client = match access.family {
        Family::OpenAi => "openai",
        Family::Azure => "azure",
    };
    [
        Snippet { client, language: "python", code: python::program(access) },
        Snippet { client, language: "node", code: node::program(access) },
    ]
}
