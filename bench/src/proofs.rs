//! What proofs take of linting: `aiproxy lint` beside all that comes before them, and what is left open.

use std::{fs, hint::black_box, time::Duration};

use config_core::{
    check::{self, Options},
    rules::Rule,
    source::SourceFile,
};

use crate::{
    configuration,
    turns::{self, Contender, Figures},
};

/// What was measured of one file.
pub struct Proofs {
    /// The size of the file in bytes.
    pub size: usize,
    /// `aiproxy lint`.
    pub lint: Figures,
    /// CPU time that linting takes beyond reading the file, checking it and compiling its plan.
    pub cpu: Duration,
    /// How much is found.
    pub findings: usize,
    /// What is left open, as lint says it.
    pub open: Vec<String>,
}

/// A file of so many routes.
type Shape = fn(usize) -> String;

/// The files, by name.
pub const SHAPES: [(&str, Shape); 4] = [
    ("contested", configuration::contested),
    ("wildcards", configuration::wildcards),
    ("identical", configuration::identical),
    ("covered", configuration::covered),
];

/// What the file called `shape` takes with so many routes.
pub fn measure(shape: &str, routes: usize) -> Proofs {
    let (_, text) = SHAPES.iter().find(|(name, _)| *name == shape).expect("one of `SHAPES`");
    let text = text(routes);
    let rounds = if routes < 100_000 { 9 } else { 3 };
    let contenders = [Contender::lint(), Contender::this(&["check"]), Contender::this(&["compile"])];
    let [lint, all, before] = turns::at(&text, contenders, rounds);
    let size = text.len();
    let found = check::check(&SourceFile::new("routes.yaml", text), &Options::default()).diagnostics;
    let open = found.iter().filter(|finding| finding.rule == Rule::Undecided);
    let open = open.map(|finding| finding.message.clone()).collect();
    Proofs { size, lint, cpu: all.cpu.saturating_sub(before.cpu), findings: found.len(), open }
}

/// All of linting but for printing what is found.
pub fn check(path: &str) {
    black_box(check::check(&source(path), &Options::default()));
}

/// What comes before proofs.
pub fn compile(path: &str) {
    assert!(black_box(check::compile(&source(path))).is_ok(), "YAML of ours");
}

fn source(path: &str) -> SourceFile {
    SourceFile::new(path, fs::read_to_string(path).expect("a file of ours"))
}
