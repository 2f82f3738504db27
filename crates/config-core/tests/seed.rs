//! The source document's own examples: what lint finds in each, and the plan that each compiles to.
#![allow(clippy::disallowed_methods, reason = "tests read the repository's fixtures")]

mod support;

use config_core::check::{Options, Target, check, compile};
use config_core::diagnostic::Severity;

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
        let plan = compile(&support::read(path)).expect("the examples parse").plan;
        insta::assert_snapshot!(plan.to_string());
    });
}

#[test]
fn kong_would_refuse_every_example() {
    for file in
        ["all", "azure-model-from-header", "azure-one-route", "azure-two-deployments", "cohere-and-mistral"]
    {
        let source = support::read(&support::root().join(format!("fixtures/seed/{file}.yaml")));
        let options = Options { target: Target::Kong, ..Options::default() };
        let errors =
            check(&source, &options).diagnostics.into_iter().filter(|d| d.severity == Severity::Error);
        assert!(errors.count() > 0, "{file}");
    }
}
