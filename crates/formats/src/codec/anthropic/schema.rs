//! JSON schemas as Anthropic takes them for answers: every object is closed (Anthropic, "Structured
//! outputs").

use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

/// The longest schema that is looked into, in bytes; the provider takes none of a tenth of it.
const MAX_SCHEMA: usize = 256 << 10;

/// Members that hold one schema, several by name, or a list of them. Those of `allOf` hold together, so
/// none of them can be closed by itself.
const ONE: [&str; 2] = ["items", "not"];
const NAMED: [&str; 3] = ["properties", "$defs", "definitions"];
const LISTED: [&str; 3] = ["anyOf", "oneOf", "prefixItems"];

/// The schema with every object that is open closed: what it then allows, it allowed before. Nothing if
/// it is too large to be looked into; the provider says best what is wrong with it.
pub(in crate::codec) fn closed(schema: &RawValue) -> Option<Box<RawValue>> {
    let text = Some(schema.get()).filter(|text| text.len() <= MAX_SCHEMA)?;
    let mut schema = serde_json::from_str(text).ok()?;
    close(&mut schema);
    to_raw_value(&schema).ok()
}

fn close(schema: &mut Value) {
    let Value::Object(members) = schema else { return };
    let is_object = match members.get("type") {
        Some(Value::String(kind)) => kind == "object",
        Some(Value::Array(kinds)) => kinds.iter().any(|kind| kind == "object"),
        _ => members.contains_key("properties"),
    };
    if is_object && matches!(members.get("additionalProperties"), None | Some(Value::Bool(true))) {
        members.insert("additionalProperties".to_owned(), Value::Bool(false));
    }
    for (name, value) in members {
        match value {
            Value::Object(named) if NAMED.contains(&&**name) => named.values_mut().for_each(close),
            Value::Array(listed) if LISTED.contains(&&**name) => listed.iter_mut().for_each(close),
            one if ONE.contains(&&**name) => close(one),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(schema: &str) -> Option<String> {
        closed(serde_json::from_str(schema).unwrap()).map(|closed| closed.get().to_owned())
    }

    #[test]
    fn open_objects_are_closed_wherever_they_are() {
        assert_eq!(
            close(
                r##"{"type":"object","properties":{"b":{"$ref":"#/$defs/d"},"a":{"type":["object","null"],"additionalProperties":true}},"$defs":{"d":{"anyOf":[{"properties":{}},{"items":{"type":"object","additionalProperties":false}}]}}}"##
            )
            .as_deref(),
            Some(
                r##"{"type":"object","properties":{"b":{"$ref":"#/$defs/d"},"a":{"type":["object","null"],"additionalProperties":false}},"$defs":{"d":{"anyOf":[{"properties":{},"additionalProperties":false},{"items":{"type":"object","additionalProperties":false}}]}},"additionalProperties":false}"##
            )
        );
    }

    #[test]
    fn what_closing_would_change_the_meaning_of_is_left_open() {
        for open in [
            r#"{"type":"object","additionalProperties":{"type":"string"}}"#,
            r#"{"allOf":[{"type":"object","properties":{"a":{}}}]}"#,
            r#"{"const":{"type":"object"},"default":{"properties":{}}}"#,
            r#"{"type":"string","maxLength":18446744073709551615,"minimum":1.50}"#,
        ] {
            let closed = close(open).unwrap();
            assert_eq!(
                serde_json::from_str::<Value>(&closed).unwrap(),
                serde_json::from_str::<Value>(open).unwrap()
            );
        }
    }

    #[test]
    fn schemas_without_end_are_not_looked_into() {
        assert_eq!(close(&format!("{}{{}}{}", "{\"items\":".repeat(200), "}".repeat(200))), None);
        assert_eq!(close(&format!("{{\"title\":\"{}\"}}", "x".repeat(MAX_SCHEMA))), None);
    }
}
