//! Every JSON document that a command prints is what its published schema says.

use serde_json::Value;

use crate::{explain::ALL, lint::BROKEN, run::aiproxy};

pub fn assert_valid(document: &str, value: &Value) {
    let schema = aiproxy(&format!("schema {document}")).run().json();
    let errors: Vec<_> = jsonschema::validator_for(&schema)
        .unwrap()
        .iter_errors(value)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{document}: {errors:#?}\n{value:#}");
}

#[test]
fn schemas_are_schemas() {
    for document in ["config", "lint", "explain", "sdk", "rules", "access-log"] {
        let schema = aiproxy(&format!("schema {document}")).run().json();
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
        jsonschema::meta::validate(&schema).unwrap_or_else(|error| panic!("{document}: {error}"));
    }
}

#[test]
fn rules() {
    assert_valid("rules", &aiproxy("rules --format json").run().json());
    assert_valid("rules", &aiproxy("rules --format json wrong-type").run().json());
}

#[test]
fn lint() {
    let run = aiproxy("lint --format json a.yaml").file("a.yaml", BROKEN).run().json();
    assert_ne!(run["diagnostics"].as_array().unwrap().len(), 0);
    assert_valid("lint", &run);
    assert_valid("lint", &aiproxy("lint --format json -").stdin("routes: []").run().json());
}

#[test]
fn explain() {
    for request in [
        "/gpt-4/chat/completions",
        "/openai/deployments/azure-gpt-4/chat/completions",
        "/cohere/chat/completions -H 'content-type: application/json' -d '{\"model\":1}'",
        "--resolve-secrets /openai/v1/audio --form model=whisper-2",
        "/none -X PUT",
    ] {
        let run = aiproxy(&format!("explain --format json all.yaml {request}")).file("all.yaml", ALL).run();
        assert_valid("explain", &run.json());
    }
}

#[test]
fn sdk() {
    for arguments in ["", "mistral-chat", "azure-chat", "--origin https://ai.example"] {
        let run = aiproxy(&format!("sdk --format json all.yaml {arguments}")).file("all.yaml", ALL).run();
        assert_valid("sdk", &run.json());
    }
    assert_valid("sdk", &aiproxy("sdk --format json -").stdin("routes: [").run().json());
}

#[test]
fn a_schema_refuses_a_document_that_lacks_something() {
    let mut document = aiproxy("lint --format json a.yaml").file("a.yaml", BROKEN).run().json();
    document["diagnostics"][0].as_object_mut().unwrap().remove("fix");
    let schema = aiproxy("schema lint").run().json();
    assert!(!jsonschema::validator_for(&schema).unwrap().is_valid(&document));
}
