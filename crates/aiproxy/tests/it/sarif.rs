//! SARIF output against the published SARIF schema, which a crate of the development dependencies
//! carries.

use std::{fs, path::PathBuf};

use serde_json::Value;

use crate::{lint::BROKEN, run::aiproxy};

/// The schema file in the sources of `serde-sarif`, wherever cargo keeps them: the compiler's list of
/// the crate's source files, which is beside this test's binary, says where.
fn published_schema() -> Value {
    let binary = std::env::current_exe().expect("a test knows its binary");
    let lists = binary.with_file_name("").read_dir().expect("the directory of the binary can be read");
    let root = lists
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "d"))
        .filter(|path| path.to_string_lossy().contains("serde_sarif-"))
        .flat_map(|path| {
            fs::read_to_string(path).unwrap_or_default().lines().map(str::to_owned).collect::<Vec<_>>()
        })
        .find_map(|line| line.strip_suffix("lib.rs:").map(|root| PathBuf::from(root.replace("\\ ", " "))))
        .expect("serde-sarif was compiled for this test");
    let schema = root.join("schema.json");
    let mut schema: Value =
        serde_json::from_slice(&fs::read(schema).expect("the crate generates its types from this file"))
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
