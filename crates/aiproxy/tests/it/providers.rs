//! The examples of `fixtures/providers`: one for each provider and each way to reach it.

use std::path::{Path, PathBuf};

use crate::run::{Aiproxy, aiproxy};

fn examples() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/providers");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = files.collect();
    files.sort();
    assert_eq!(files.len(), 14);
    files
}

/// A command about the example, which is called `example.yaml` there.
fn about(path: &Path, args: &str) -> Aiproxy {
    aiproxy(args).file("example.yaml", std::fs::read(path).unwrap())
}

#[test]
fn every_example_is_clean_and_can_be_served() {
    for path in examples() {
        let run = about(&path, "lint --fail-on info example.yaml").run();
        assert_eq!(run.status, Some(0), "{}: {run}", path.display());
        let run = about(&path, "serve --mock --check example.yaml").run();
        assert_eq!(run.status, Some(0), "{}: {run}", path.display());
    }
}
