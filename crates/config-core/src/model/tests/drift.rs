//! The schema and the structs accept the same files: every value of a file that says everything is
//! swapped for others, each key is taken away, and each mapping gets a key too many.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::model::{
    AiProxy, Config, Consumer, EnvVault, KeyAuth, KeyauthCredential, Plugin, Route, Service, Vault,
};
use crate::schema;
use crate::source::SourceFile;
use crate::syntax::{Document, Kind, NodeId, TreeNode, from_node, parse};

/// Says everything that a file can say.
const FULL: &str = include_str!("full.yaml");

#[test]
fn schema_and_structs_accept_the_same_files() {
    let source = SourceFile::new("full.yaml", FULL);
    let document = parse(&source).document.unwrap();
    let full = document.to_json(document.root());
    assert_eq!(compare(&full), Some(true), "the full file is accepted");

    let mut refused = 0;
    let mut compared = 0;
    // One list of entities at a time: they do not look at each other here.
    for (key, entities) in full.as_object().unwrap().iter().filter(|(_, value)| value.is_array()) {
        let file = json!({ "_format_version": "3.0", key: entities });
        let mut pointers = Vec::new();
        collect(&file, String::new(), &mut pointers);
        for mutant in pointers.iter().flat_map(|pointer| mutants(&file, pointer)) {
            compared += 1;
            refused += usize::from(compare(&mutant) == Some(false));
        }
    }
    assert!(compared > 5_000 && refused > compared / 2 && refused < compared, "{refused} of {compared}");
}

/// Whether schema and structs accept the file; they must agree, and findings with them.
fn compare(file: &Value) -> Option<bool> {
    let text = file.to_string();
    let source = SourceFile::new("mutant.json", text.as_str());
    let document = parse(&source).document?;
    let by_schema = schema::VALIDATOR.is_valid(TreeNode::root(&document));
    assert_eq!(by_schema, reads(&document), "schema, structs: {text}");
    let (config, findings) = Config::read(&document);
    let holes = config.routes.iter().map(|it| it.holes.len()).sum::<usize>()
        + config.services.iter().map(|it| it.holes.len()).sum::<usize>()
        + config.plugins.iter().map(|it| it.holes.len()).sum::<usize>()
        + config.consumers.iter().map(|it| it.holes.len()).sum::<usize>()
        + config.keyauth_credentials.iter().map(|it| it.holes.len()).sum::<usize>()
        + config.vaults.iter().map(|it| it.holes.len()).sum::<usize>();
    assert!(by_schema || holes > 0 && !findings.is_empty(), "a mistake leaves a hole and a finding: {text}");
    Some(by_schema)
}

/// Whether serde reads every entity, none of it left out.
fn reads(document: &Document) -> bool {
    let root = document.root();
    list(document, root, "services", |service| {
        read::<Service>(document, service).is_some()
            && list(document, service, "routes", |route| reads_route(document, route))
            && list(document, service, "plugins", |plugin| reads_plugin(document, plugin))
    }) && list(document, root, "routes", |route| reads_route(document, route))
        && list(document, root, "plugins", |plugin| reads_plugin(document, plugin))
        && list(document, root, "consumers", |consumer| {
            read::<Consumer>(document, consumer).is_some()
                && list(document, consumer, "plugins", |plugin| reads_plugin(document, plugin))
                && list(document, consumer, "keyauth_credentials", |it| reads_credential(document, it))
        })
        && list(document, root, "keyauth_credentials", |it| reads_credential(document, it))
        && list(document, root, "vaults", |vault| reads_vault(document, vault))
}

fn reads_route(document: &Document, route: NodeId) -> bool {
    read::<Route>(document, route).is_some()
        && list(document, route, "plugins", |plugin| reads_plugin(document, plugin))
}

fn reads_plugin(document: &Document, node: NodeId) -> bool {
    let Some(Plugin { name: Some(name), config, .. }) = read(document, node) else { return false };
    match name.as_str() {
        "ai-proxy" => config.is_some_and(|config| read::<AiProxy>(document, config.0).is_some()),
        "key-auth" => config.is_none_or(|config| read::<KeyAuth>(document, config.0).is_some()),
        _ => true,
    }
}

fn reads_credential(document: &Document, node: NodeId) -> bool {
    matches!(read(document, node), Some(KeyauthCredential { key: Some(_), .. }))
}

fn reads_vault(document: &Document, node: NodeId) -> bool {
    let Some(Vault { name: Some(name), prefix: Some(_), config, .. }) = read(document, node) else {
        return false;
    };
    name.as_str() != "env" || config.is_none_or(|config| read::<EnvVault>(document, config.0).is_some())
}

fn read<'de, T: Deserialize<'de>>(document: &'de Document<'de>, node: NodeId) -> Option<T> {
    let is_mapping = matches!(document.node(node).kind, Kind::Mapping(_));
    from_node(document, node, &|_| false).ok().filter(|_| is_mapping)
}

fn list(document: &Document, mapping: NodeId, key: &str, read: impl Fn(NodeId) -> bool) -> bool {
    document.get(mapping, key).is_none_or(|list| document.items(list).iter().all(|item| read(*item)))
}

/// Pointers to everything inside the entities.
fn collect(value: &Value, pointer: String, pointers: &mut Vec<String>) {
    if pointer.matches('/').count() >= 2 {
        pointers.push(pointer.clone());
    }
    match value {
        Value::Object(entries) => {
            entries.iter().for_each(|(key, value)| collect(value, format!("{pointer}/{key}"), pointers));
        }
        Value::Array(items) => {
            let items = items.iter().enumerate();
            items.for_each(|(index, value)| collect(value, format!("{pointer}/{index}"), pointers));
        }
        _ => {}
    }
}

/// The file with the value at `pointer` changed, one way at a time.
fn mutants(file: &Value, pointer: &str) -> Vec<Value> {
    let mut mutants: Vec<Value> = values()
        .into_iter()
        .map(|value| {
            let mut mutant = file.clone();
            *mutant.pointer_mut(pointer).unwrap() = value;
            mutant
        })
        .collect();
    let (parent, last) = pointer.rsplit_once('/').unwrap();
    let mut without = file.clone();
    match without.pointer_mut(parent).unwrap() {
        Value::Object(entries) => drop(entries.shift_remove(last)),
        Value::Array(items) => drop(items.remove(last.parse().unwrap())),
        _ => unreachable!("pointers lead through containers"),
    }
    mutants.push(without);
    let mut with = file.clone();
    if let Some(entries) = with.pointer_mut(pointer).unwrap().as_object_mut() {
        entries.insert("zebra".to_owned(), json!(1));
        mutants.push(with);
    }
    mutants
}

fn values() -> Vec<Value> {
    vec![
        json!(null),
        json!(true),
        json!(""),
        json!("x"),
        json!("5"),
        json!("http"),
        json!("ai-proxy"),
        json!("key-auth"),
        json!(-1),
        json!(0),
        json!(1),
        json!(0.5),
        json!(1.0),
        json!(1e3),
        json!(64),
        json!(65),
        json!(301),
        json!(500),
        json!(501),
        json!(32_768),
        json!(65_536),
        json!(2_147_483_647),
        json!(9_007_199_254_740_992_i64),
        json!(9_007_199_254_740_993_i64),
        json!(1e19),
        json!([]),
        json!([null]),
        json!(["http"]),
        json!([1]),
        json!([{}]),
        json!({}),
        json!({ "id": "x" }),
        json!({ "name": "x" }),
        json!({ "id": "x", "name": "x" }),
        json!({ "id": null }),
        json!({ "openai": null }),
    ]
}
