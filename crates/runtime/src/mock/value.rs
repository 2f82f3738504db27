//! A JSON value that a JSON Schema allows, for structured answers and the arguments of tools.

use serde_json::{Map, Value, json};

/// How deep values are made; schemas may refer to themselves.
const DEPTH: usize = 8;

/// The plainest value of a schema: every property, the first alternative, one item.
pub fn of(schema: &Value) -> Value {
    make(schema, schema, DEPTH)
}

fn make(schema: &Value, root: &Value, depth: usize) -> Value {
    if depth == 0 {
        return Value::Null;
    }
    if let Some(target) = schema["$ref"].as_str().and_then(|name| name.strip_prefix('#')) {
        return root.pointer(target).map_or(Value::Null, |target| make(target, root, depth - 1));
    }
    for fixed in [&schema["const"], &schema["enum"][0], &schema["default"]] {
        if !fixed.is_null() {
            return fixed.clone();
        }
    }
    for alternatives in ["anyOf", "oneOf", "allOf"] {
        if schema[alternatives][0].is_object() {
            return make(&schema[alternatives][0], root, depth - 1);
        }
    }
    let kind = schema["type"].as_str().or_else(|| schema["type"][0].as_str());
    let kind = kind.unwrap_or(if schema["properties"].is_object() { "object" } else { "string" });
    // Google writes types in capitals, Cohere's first version takes those of Python.
    match &*kind.to_ascii_lowercase() {
        "object" => {
            let properties = schema["properties"].as_object().into_iter().flatten();
            let members: Map<_, _> =
                properties.map(|(name, schema)| (name.clone(), make(schema, root, depth - 1))).collect();
            Value::Object(members)
        }
        "array" if schema["maxItems"] == 0 => json!([]),
        "array" => {
            let items = schema["minItems"].as_u64().unwrap_or(1).clamp(1, 16);
            (0..items).map(|_| make(&schema["items"], root, depth - 1)).collect()
        }
        "integer" | "number" | "int" | "float" => match &schema["minimum"] {
            Value::Null => json!(1),
            minimum => minimum.clone(),
        },
        "boolean" | "bool" => json!(true),
        "null" => Value::Null,
        _ => json!("made up"),
    }
}
