use std::path::Path;

/// With `UPDATE_SCHEMAS` in the environment the file is written instead.
#[test]
fn the_committed_schema_is_the_generated_one() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas/access-log.schema.json");
    let generated = super::schema();
    if std::env::var_os("UPDATE_SCHEMAS").is_some() {
        std::fs::write(&path, &generated).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap();
    assert!(committed == generated, "run the tests once with UPDATE_SCHEMAS=1");
}
