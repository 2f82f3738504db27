//! How user text, lists and values read in messages.

use serde_json::Value;

use super::key_auth::may_be_key;
use crate::syntax::{Document, Kind, NodeId, ScalarType, Slot};

/// The longest text that is repeated in a message, in characters.
pub(super) const SHORT: usize = 60;

/// User text in backticks, on one line, cut where it is long.
pub(super) fn quote(text: &str) -> String {
    let mut characters = text.chars();
    let line: String =
        characters.by_ref().map(|c| if c.is_control() { ' ' } else { c }).take(SHORT).collect();
    if characters.next().is_some() { format!("`{line}…`") } else { format!("`{line}`") }
}

/// `` `a`, `b` ``
pub(super) fn list<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    words.into_iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

/// `` `a`, `b` or `c` ``
pub(super) fn alternatives(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => format!("`{one}`"),
        [before @ .., last] => format!("{} or `{last}`", list(before.iter().map(String::as_str))),
    }
}

/// The values of an `enum` as they are written in YAML, null aside.
pub(super) fn enum_words(options: &Value) -> Vec<String> {
    let options = options.as_array().map(Vec::as_slice).unwrap_or_default();
    let word = |value: &Value| match value.as_str() {
        Some(word) if word.parse::<f64>().is_ok() => format!("\"{word}\""),
        Some(word) => word.to_owned(),
        None => value.to_string(),
    };
    options.iter().filter(|value| !value.is_null()).map(word).collect()
}

/// A value in words: its key, or the list that it is an item of.
pub(super) fn label(document: &Document, node: NodeId) -> String {
    match document.node(node).slot {
        Slot::Root => "the file".to_owned(),
        Slot::Value(key) => quote(document.key_text(key)),
        Slot::Key => "a key".to_owned(),
        Slot::Item(_) => match document.key_of(document.node(node).parent) {
            Some(key) => format!("an item of {}", quote(document.key_text(key))),
            None => "an item of the list of routes".to_owned(),
        },
    }
}

/// What stands there, with its text unless that is a secret.
pub(super) fn found(document: &Document, node: NodeId) -> String {
    let scalar = match &document.node(node).kind {
        Kind::Scalar(scalar) => scalar,
        Kind::Sequence(_) => return "a list".to_owned(),
        Kind::Mapping(_) => return "a map".to_owned(),
    };
    let kind = match scalar.value {
        ScalarType::Null => return "null".to_owned(),
        ScalarType::Bool(_) => "boolean",
        ScalarType::Integer(_) | ScalarType::Float(_) => "number",
        ScalarType::String => "string",
    };
    if is_secret(document, node) {
        format!("a {kind}")
    } else {
        format!("the {kind} {}", quote(&scalar.text))
    }
}

/// Whether the value is a credential, which is never part of a message.
pub(super) fn is_secret(document: &Document, node: NodeId) -> bool {
    document.key_of(node).is_some_and(|key| SECRETS.contains(&document.key_text(key)))
        || may_be_key(document, node)
}

/// The fields that hold credentials.
const SECRETS: [&str; 6] = [
    "header_value",
    "param_value",
    "gcp_service_account_json",
    "aws_access_key_id",
    "aws_secret_access_key",
    "azure_client_secret",
];
