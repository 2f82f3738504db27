//! The source document's own examples: what lint finds in each, and the plan that each compiles to.
#![allow(clippy::disallowed_methods, reason = "tests read the repository's fixtures")]

mod support;

use config_core::check::{Options, check, compile};

#[test]
fn findings() {
    insta::glob!("../../../fixtures/seed", "*.yaml", |path| {
        let source = support::read(path);
        insta::assert_snapshot!(support::render(&source, &check(&source, &Options::default()).diagnostics));
    });
}

#[test]
fn plans() {
    insta::glob!("../../../fixtures/seed", "*.yaml", |path| {
        let plan = compile(&support::read(path)).expect("the examples parse");
        insta::assert_snapshot!(plan.to_string());
    });
}
