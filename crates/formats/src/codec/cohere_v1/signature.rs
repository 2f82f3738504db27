//! What version 1 is told of a tool's arguments: for each one a type of Python, and no schema.

use std::collections::HashSet;

use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

/// The longest schema that is looked into, in bytes.
const MAX_SCHEMA: usize = 256 << 10;

/// Types of JSON, and what they are in Python.
const TYPES: [(&str, &str); 6] = [
    ("string", "str"),
    ("integer", "int"),
    ("number", "float"),
    ("boolean", "bool"),
    ("array", "list"),
    ("object", "dict"),
];

/// The arguments that a schema describes; nothing if it is too large, or nested too deeply, to be looked
/// into.
pub(super) fn parameters(schema: &RawValue) -> Option<Map<String, Value>> {
    let text = Some(schema.get()).filter(|text| text.len() <= MAX_SCHEMA)?;
    let Value::Object(mut schema) = serde_json::from_str(text).ok()? else { return None };
    let required = schema.remove("required");
    let required = required.as_ref().and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let required: HashSet<&str> = required.iter().filter_map(Value::as_str).collect();
    let Some(Value::Object(properties)) = schema.remove("properties") else { return Some(Map::new()) };
    let parameters = properties.into_iter().map(|(name, schema)| {
        let mut parameter = json!({"type": python(&schema), "required": required.contains(&*name)});
        if let Some(description) = schema.get("description").filter(|text| text.is_string()) {
            parameter["description"] = description.clone();
        }
        (name, parameter)
    });
    Some(parameters.collect())
}

/// The type of what a schema allows; of several, the first that is not `null`.
fn python(schema: &Value) -> String {
    let known = |kind: &str| TYPES.iter().find(|(json, _)| *json == kind).map(|(_, python)| *python);
    let kind = match schema.get("type") {
        Some(Value::String(kind)) => known(kind),
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).find_map(known),
        _ => None,
    };
    let items =
        || schema.get("items").filter(|items| items.as_object().is_some_and(|items| !items.is_empty()));
    match kind.or_else(|| untyped(schema.as_object()?)) {
        Some("list") => items().map_or_else(|| "list".to_owned(), |items| format!("List[{}]", python(items))),
        Some(kind) => kind.to_owned(),
        None => {
            let choices = ["anyOf", "oneOf"].iter().find_map(|name| schema.get(name)?.as_array());
            let choice =
                choices.and_then(|all| all.iter().find(|one| one.get("type") != Some(&"null".into())));
            choice.map_or_else(|| "str".to_owned(), python)
        }
    }
}

fn untyped(schema: &Map<String, Value>) -> Option<&'static str> {
    let is_object = schema.contains_key("properties") || schema.contains_key("$ref");
    is_object.then_some("dict")
}
