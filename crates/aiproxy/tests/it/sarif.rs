//! SARIF output against the published SARIF schema, which a crate of the development dependencies
//! carries.

use std::process::Command;

use serde_json::Value;

use crate::{lint::BROKEN, run::aiproxy};

/// The schema file in the sources of `serde-sarif`, wherever cargo keeps them.
fn published_schema() -> Value {
    let run = |program: &str, args: &[&str]| {
        let output =
            Command::new(program).args(args).output().expect("a test runs where cargo and rustc are");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("cargo and rustc print UTF-8")
    };
    let version = run(&std::env::var("RUSTC").unwrap_or("rustc".into()), &["-vV"]);
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).expect("rustc names its host");
    // Only the packages of one platform are sure to be there, and nothing is to be fetched.
    let metadata = run(
        env!("CARGO"),
        &["metadata", "--offline", "--locked", "--format-version=1", "--filter-platform", host],
    );
    let metadata: Value = serde_json::from_str(&metadata).expect("cargo prints JSON");
    let manifest = metadata["packages"]
        .as_array()
        .and_then(|packages| packages.iter().find(|package| package["name"] == "serde-sarif"))
        .and_then(|package| package["manifest_path"].as_str())
        .expect("serde-sarif is a development dependency");
    let schema = std::path::Path::new(manifest).with_file_name("src").join("schema.json");
    let mut schema: Value =
        serde_json::from_slice(&std::fs::read(schema).expect("the crate generates its types from this file"))
            .expect("the schema is JSON");
    // As published it has a pattern with an unbalanced bracket, on a property that we do not use.
    for definition in ["run", "toolComponent"] {
        schema["definitions"][definition]["properties"]["language"]
            .as_object_mut()
            .and_then(|language| language.remove("pattern"))
            .expect("the pattern is still there");
    }
    schema
}

#[test]
fn output_is_what_the_standard_says() {
    let schema = published_schema();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let log =
        aiproxy("lint --format sarif").file("a b.yaml", BROKEN).file("c.yaml", "routes: [{paths: [/a").run();
    let errors: Vec<_> = validator
        .iter_errors(&log.json())
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{errors:#?}\n{}", log.stdout);
    let results = log.json()["runs"][0]["results"].as_array().unwrap().len();
    assert!(results >= 2, "{}", log.stdout);

    // The typed form, made from the same schema by others, agrees.
    let typed: serde_sarif::sarif::Sarif = serde_json::from_str(&log.stdout).unwrap();
    assert_eq!(typed.runs[0].results.as_ref().map(Vec::len), Some(results));

    let mut broken = log.json();
    broken["runs"][0]["results"][0].as_object_mut().unwrap().remove("message");
    assert!(!validator.is_valid(&broken));
}
