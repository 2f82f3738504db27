//! The JSON Schema of configuration files: generated from the structs of [`crate::model`],
//! committed as `schemas/config.schema.json`, and run in place over the tree.
//!
//! What a generator makes of Rust types tells a validator too little about mistakes: with
//! alternatives (`anyOf`, `oneOf`) it can only say that none of them fits. So there are none here:
//! what depends on something else is said with `if`, and what may be null has `null` among its types.

use std::sync::LazyLock;

use jsonschema::Validator;
use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use crate::catalog::{AI_PROXY, ENTITIES, Edition, KEY_AUTH};
use crate::model::{
    AiProxy, Consumer, EnvVault, Info, KeyAuth, KeyauthCredential, Nested, Plugin, Route, Service, Vault,
};
use crate::syntax::TreeJson;

/// The JSON Schema (draft 2020-12) of configuration files, as text.
pub const CONFIG_SCHEMA: &str = include_str!("../../../schemas/config.schema.json");

/// [`CONFIG_SCHEMA`], parsed.
pub static CONFIG: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(CONFIG_SCHEMA).expect("a test compares the file with what is generated")
});

/// [`CONFIG_SCHEMA`], compiled once to run over a document's tree.
pub static VALIDATOR: LazyLock<Validator<TreeJson>> = LazyLock::new(|| {
    jsonschema::options_for::<TreeJson>().build(&CONFIG).expect("a test compiles the file that is embedded")
});

/// The values of `_format_version`.
const FORMAT_VERSIONS: [&str; 3] = ["1.1", "2.1", "3.0"];

/// Makes [`CONFIG_SCHEMA`] from the structs.
pub fn generate() -> Value {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let file = file(&mut generator);
    let route = generator.subschema_for::<Route>().to_value();
    let ai_proxy = generator.subschema_for::<AiProxy>().to_value();
    let key_auth = generator.subschema_for::<KeyAuth>().to_value();
    let env_vault = generator.subschema_for::<EnvVault>().to_value();

    let mut definitions = generator.take_definitions(true);
    for definition in definitions.values_mut() {
        drop_crate_details(definition);
    }
    settings_by_name(
        &mut definitions,
        "Plugin",
        &[(AI_PROXY, required(ai_proxy)), (KEY_AUTH, optional(key_auth))],
    );
    settings_by_name(&mut definitions, "Vault", &[("env", optional(env_vault))]);
    definitions.insert("File".to_owned(), file);

    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "aiproxy configuration",
        "description": "A declarative configuration of Kong 3.10, a map with `routes` alone, or a list of routes.",
        "if": { "type": "array" },
        "then": { "items": route },
        "else": { "$ref": "#/$defs/File" },
        "$defs": definitions,
    });
    let definitions = schema["$defs"].clone();
    inline_nullable(&mut schema, &definitions);
    drop_unused_definitions(&mut schema);
    schema
}

/// The map at the top of a file. A map whose only entities are `routes` needs no version.
fn file(generator: &mut SchemaGenerator) -> Value {
    let mut properties = Map::new();
    let mut add = |key: &str, schema: Value, description: &str| {
        let mut schema = schema;
        schema["description"] = description.into();
        properties.insert(key.to_owned(), schema);
    };
    add(
        "_format_version",
        json!({ "type": "string", "enum": FORMAT_VERSIONS }),
        "The version of the format, in quotes: `\"3.0\"`.",
    );
    add(
        "_transform",
        nullable("boolean"),
        "Whether Kong transforms entities on load; it does unless `false`.",
    );
    add("_comment", json!({ "type": ["string", "null"], "minLength": 1 }), "A remark.");
    add("_ignore", nullable("array"), "Anything; not read.");
    add(
        "_info",
        generator.subschema_for::<Option<Info>>().to_value(),
        "decK's remarks about the file. Kong refuses them.",
    );
    add("_workspace", nullable("string"), "decK: the workspace to write to.");
    add("_konnect", nullable("object"), "decK: the Konnect control plane to write to.");
    add(
        "_plugin_configs",
        nullable("object"),
        "decK: shared plugin settings, by the name that `_config` uses.",
    );

    let mut entities = |key: &str, schema: schemars::Schema, description: &str| {
        add(key, schema.to_value(), description);
    };
    entities("services", list::<Service>(generator), "Upstream services.");
    entities("routes", list::<Route>(generator), "Which requests go where.");
    entities(
        "plugins",
        list::<Plugin>(generator),
        "Plugins on the routes, services and consumers that they name, or on everything.",
    );
    entities("consumers", list::<Consumer>(generator), "Clients that authentication plugins recognise.");
    entities(
        "keyauth_credentials",
        list::<KeyauthCredential>(generator),
        "Keys of consumers, which the plugin `key-auth` knows clients by.",
    );
    entities("vaults", list::<Vault>(generator), "Stores that `{vault://…}` references read from.");
    for entity in ENTITIES {
        let enterprise = if entity.edition == Edition::Enterprise { " Kong Enterprise only." } else { "" };
        add(entity.key, nullable("array"), &format!("Accepted and not run: {}.{enterprise}", entity.what));
    }

    let others: Vec<Value> = properties
        .keys()
        .filter(|key| !key.starts_with('_') && *key != "routes")
        .map(|key| json!({ "required": [key] }))
        .collect();
    json!({
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
        "if": { "required": ["routes"], "not": { "anyOf": others } },
        "else": { "required": ["_format_version"] },
    })
}

fn list<T: JsonSchema>(generator: &mut SchemaGenerator) -> schemars::Schema {
    generator.subschema_for::<Option<Nested<T>>>()
}

fn nullable(kind: &str) -> Value {
    json!({ "type": [kind, "null"] })
}

/// Says what an entity must look like, by its name.
fn settings_by_name(definitions: &mut Map<String, Value>, entity: &str, by_name: &[(&str, Value)]) {
    let mut otherwise = json!({});
    for (name, then) in by_name.iter().rev() {
        let is_named = json!({ "properties": { "name": { "const": name } }, "required": ["name"] });
        let mut chosen = json!({ "if": is_named, "then": then });
        if otherwise != json!({}) {
            chosen["else"] = otherwise;
        }
        otherwise = chosen;
    }
    let definition = definitions[entity].as_object_mut().expect("structs give objects");
    definition.extend(otherwise.as_object().cloned().unwrap_or_default());
}

/// An entity with settings.
fn required(settings: Value) -> Value {
    json!({ "properties": { "config": settings }, "required": ["config"] })
}

/// An entity whose settings may be absent or null.
fn optional(settings: Value) -> Value {
    let is_null = json!({ "properties": { "config": { "type": "null" } } });
    json!({ "if": is_null, "else": { "properties": { "config": settings } } })
}

/// Replaces `anyOf: [$ref, null]` by the referenced object with `null` among its types.
fn inline_nullable(schema: &mut Value, definitions: &Value) {
    match schema {
        Value::Object(object) => {
            let reference = object.get("anyOf").and_then(|any| match any.as_array().map(Vec::as_slice) {
                Some([referenced, null]) if *null == json!({ "type": "null" }) => referenced["$ref"].as_str(),
                _ => None,
            });
            if let Some(name) = reference.and_then(|reference| reference.strip_prefix("#/$defs/")) {
                let definition = definitions[name].as_object().expect("references name definitions").clone();
                object.remove("anyOf");
                for (key, value) in definition {
                    object.entry(key).or_insert(value);
                }
                object["type"] = json!(["object", "null"]);
            }
            object.values_mut().for_each(|value| inline_nullable(value, definitions));
        }
        Value::Array(items) => items.iter_mut().for_each(|value| inline_nullable(value, definitions)),
        _ => {}
    }
}

/// Drops definitions that nothing refers to any more.
fn drop_unused_definitions(schema: &mut Value) {
    let text = schema.to_string();
    if let Some(definitions) = schema["$defs"].as_object_mut() {
        definitions.retain(|name, _| text.contains(&format!("\"#/$defs/{name}\"")));
    }
}

/// Descriptions are prose for editors, and formats such as `double` say nothing about JSON.
fn drop_crate_details(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            if object.get("format").is_some_and(Value::is_string) {
                object.remove("format");
            }
            object.values_mut().for_each(drop_crate_details);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_crate_details),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Set `UPDATE_SCHEMAS` to write the file.
    #[test]
    #[expect(clippy::disallowed_methods, reason = "a test may read and write what is committed")]
    fn the_committed_schema_is_the_generated_one() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../schemas/config.schema.json");
        let generated = serde_json::to_string_pretty(&generate()).unwrap() + "\n";
        if std::env::var_os("UPDATE_SCHEMAS").is_some() {
            std::fs::write(path, &generated).unwrap();
        }
        let committed = std::fs::read_to_string(path).unwrap();
        assert!(committed == generated, "run the tests with UPDATE_SCHEMAS=1 and commit {path}");
    }

    #[test]
    fn the_schema_compiles_and_has_no_alternatives_to_guess_among() {
        assert!(jsonschema::meta::is_valid(&CONFIG));
        LazyLock::force(&VALIDATOR);
        let allowed = CONFIG_SCHEMA.matches("\"anyOf\"").count();
        assert_eq!(allowed, 1, "only the condition for `_format_version` may ask for one of several");
        assert!(!CONFIG_SCHEMA.contains("\"oneOf\""));
    }
}
