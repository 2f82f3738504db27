use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn cleaned(schema: &Value) -> Value {
    let text = schema.to_string();
    let schema = clean(&text, &mut Budget::default()).unwrap();
    serde_json::from_str(&serde_json::to_string(&schema).unwrap()).unwrap()
}

#[test]
fn schemas_are_said_as_gemini_takes_them() {
    let cases = [
        ("types with null", json!({"type": ["string", "null"], "minLength": 1})),
        (
            "several types",
            json!({"type": ["string", "array", "null"], "description": "d", "maxItems": 2, "minLength": 1}),
        ),
        ("an upper-case type", json!({"type": "STRING", "format": "email"})),
        (
            "formats",
            json!({"type": "object", "properties": {"a": {"type": "string", "format": "date-time"}, "b": {"type": "integer", "format": "int64"}, "c": {"type": "integer", "format": "uint8"}}}),
        ),
        (
            "an optional of pydantic",
            json!({"anyOf": [{"type": "integer", "minimum": 0}, {"type": "null"}], "default": null, "description": "d", "title": "T"}),
        ),
        (
            "a union",
            json!({"oneOf": [{"type": "string"}, {"type": "number", "description": "n"}, {"type": "null"}], "description": "d"}),
        ),
        (
            "alternatives of a told object",
            json!({"type": "object", "properties": {"a": {}, "b": {}}, "anyOf": [{"required": ["a"]}, {"required": ["b"]}]}),
        ),
        (
            "alternatives of a type",
            json!({"type": "object", "anyOf": [{"properties": {"a": {"type": "string"}}}, {"properties": {"b": {"type": "string"}}}]}),
        ),
        (
            "nested alternatives",
            json!({"anyOf": [{"anyOf": [{"type": "string"}, {"type": "number"}]}, {"type": "boolean"}], "description": "d"}),
        ),
        (
            "all of",
            json!({"allOf": [{"$ref": "#/definitions/a"}, {"properties": {"y": {"type": "string"}}, "required": ["y"]}], "description": "d", "definitions": {"a": {"type": "object", "properties": {"x": {"type": "string"}}, "required": ["x"], "description": "other"}}}),
        ),
        (
            "a reference with words of its own",
            json!({"properties": {"p": {"$ref": "#/$defs/a~1b", "description": "mine"}}, "$defs": {"a/b": {"type": "string", "enum": ["x"], "description": "theirs"}}}),
        ),
        (
            "a reference to nothing",
            json!({"properties": {"p": {"$ref": "#/$defs/none"}, "q": {"$ref": "https://example.com/schema"}}}),
        ),
        (
            "a tree",
            json!({"type": "object", "properties": {"left": {"$ref": "#"}, "right": {"$ref": "#", "description": "r"}}}),
        ),
        (
            "a constant",
            json!({"properties": {"a": {"const": "x"}, "b": {"const": 3}, "c": {"const": null}, "d": {"const": true}}}),
        ),
        (
            "values",
            json!({"properties": {"a": {"enum": ["x", "", null]}, "b": {"type": "integer", "enum": [1, 2], "description": "How many."}, "c": {"enum": [1.5, "x"]}}}),
        ),
        (
            "items",
            json!({"properties": {"a": {"type": "array"}, "b": {"prefixItems": [{"type": "number"}, {"type": "number"}]}, "c": {"type": "array", "items": [{"type": "string"}, {"type": "number"}]}, "d": {"items": true}}}),
        ),
        (
            "required of what is there",
            json!({"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a", "b", "a", 1], "propertyOrdering": ["b", "a"]}),
        ),
        ("bounds of the type", json!({"type": "integer", "minimum": 1, "maximum": "2", "minLength": 3})),
        (
            "unknown members",
            json!({"type": "object", "additionalProperties": false, "$schema": "s", "$id": "i", "examples": [1], "if": {}, "x-y": 1, "patternProperties": {}}),
        ),
        ("no schema", json!(true)),
    ];
    let mut said = String::new();
    for (name, schema) in cases {
        said += &format!("{name}: {schema}\n  {}\n", cleaned(&schema));
    }
    insta::assert_snapshot!(said);
}

#[test]
fn references_make_no_bomb() {
    let mut defs = serde_json::Map::new();
    for level in 0..40 {
        let next = json!({"$ref": format!("#/$defs/l{}", level + 1)});
        defs.insert(format!("l{level}"), json!({"properties": {"a": next, "b": next, "c": next}}));
    }
    let bomb = json!({"$ref": "#/$defs/l0", "$defs": defs}).to_string();
    assert_eq!(clean(&bomb, &mut Budget::default()).unwrap_err(), TooLarge);

    let long = "x".repeat(100_000);
    let refs: serde_json::Map<_, _> =
        (0..1000).map(|at| (format!("p{at}"), json!({"$ref": "#/$defs/long"}))).collect();
    let wide = json!({"properties": refs, "$defs": {"long": {"description": long}}}).to_string();
    assert_eq!(clean(&wide, &mut Budget::default()).unwrap_err(), TooLarge);

    let deep = format!("{}1{}", r#"{"items":"#.repeat(100_000), "}".repeat(100_000));
    assert_eq!(clean(&deep, &mut Budget::default()).unwrap_err(), TooLarge);
}

/// Schemas of what clients send and of what they should not.
fn schemas() -> impl Strategy<Value = Value> {
    let kind = prop::sample::select(vec![
        "string", "integer", "number", "object", "array", "boolean", "null", "any",
    ]);
    let leaf = prop_oneof![
        kind.clone().prop_map(|kind| json!({"type": kind, "minimum": 1, "maxLength": 2, "default": [1]})),
        (kind.clone(), kind.clone()).prop_map(|(a, b)| json!({"type": [a, b], "enum": ["x", 1, null, ""]})),
        Just(json!({"$ref": "#"})),
        Just(json!({"$ref": "#/properties/a"})),
        Just(json!({"const": 1, "description": "d"})),
        Just(json!(true)),
        Just(json!({"nullable": true, "title": "t", "format": "date-time", "pattern": "^a"})),
    ];
    leaf.prop_recursive(4, 24, 3, move |inner| {
        let list = prop::collection::vec(inner.clone(), 0..3);
        let branch = prop::sample::select(vec!["anyOf", "oneOf", "allOf", "prefixItems", "items"]);
        prop_oneof![
            (branch, list.clone(), kind.clone(), any::<bool>()).prop_map(|(branch, list, kind, typed)| {
                let mut schema = json!({"description": "said", branch: list});
                if typed {
                    schema["type"] = kind.into();
                }
                schema
            }),
            (list, kind.clone()).prop_map(|(list, kind)| {
                let properties: serde_json::Map<_, _> = ["a", "b", "c"].map(str::to_owned).into_iter().zip(list).collect();
                json!({"type": kind, "properties": properties, "required": ["a", "c"], "additionalProperties": false})
            }),
            inner.prop_map(|items| json!({"items": items, "x-other": 1})),
        ]
    })
}

/// Whether every schema has only members that Gemini knows, and `anyOf` by itself.
fn is_known(schema: &Value) -> bool {
    let known = [
        "type",
        "format",
        "title",
        "description",
        "nullable",
        "enum",
        "items",
        "properties",
        "required",
        "anyOf",
        "minimum",
        "maximum",
        "minItems",
        "maxItems",
        "minLength",
        "maxLength",
        "minProperties",
        "maxProperties",
        "pattern",
        "default",
        "propertyOrdering",
    ];
    let object = schema.as_object().unwrap();
    object.iter().all(|(name, value)| {
        known.contains(&&**name)
            && match &**name {
                "items" => is_known(value),
                "properties" => value.as_object().unwrap().values().all(is_known),
                "anyOf" => object.len() == 1 && value.as_array().unwrap().iter().all(is_known),
                "enum" => {
                    object["type"] == "string" && value.as_array().unwrap().iter().all(Value::is_string)
                }
                _ => true,
            }
    })
}

proptest! {
    #[test]
    fn what_is_clean_stays_as_it_is(schema in schemas()) {
        let once = cleaned(&schema);
        prop_assert!(is_known(&once), "{once}");
        prop_assert_eq!(cleaned(&once), once);
    }
}
