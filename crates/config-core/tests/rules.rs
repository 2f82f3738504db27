//! Every rule has a page whose examples are true and fixtures whose findings are pinned.
#![allow(clippy::disallowed_methods, reason = "tests read the repository's fixtures")]

mod support;

use std::collections::BTreeSet;

use config_core::check::{Level, Options, check, compile};
use config_core::diagnostic::{Diagnostic, Severity};
use config_core::rules::Rule;

/// An environment to check against for the rule that needs one, and beside the findings of other rules no
/// remark on how a file is guarded or reached by SDKs: they would be in nearly every fixture.
fn options(rule: Rule) -> Options<'static> {
    let environment: Option<&dyn Fn(&str) -> bool> =
        (rule == Rule::UnresolvedSecret).then_some(&|variable: &str| variable == "OPENAI_AUTH_HEADER");
    let remarks = [Rule::UnauthenticatedCredential, Rule::SdkUnreachable];
    let levels =
        remarks.into_iter().filter(|remark| *remark != rule).map(|remark| (remark, Level::Allow)).collect();
    Options { environment, levels, ..Options::default() }
}

#[test]
fn ids_are_unique_and_known() {
    let ids: BTreeSet<_> = Rule::ALL.iter().map(|rule| rule.id()).collect();
    assert_eq!(ids.len(), Rule::ALL.len());
    for rule in Rule::ALL {
        assert_eq!(Rule::from_id(rule.id()), Some(*rule));
    }
}

#[test]
fn bad_fixtures_show_their_rule() {
    for (id, path) in support::rule_fixtures("bad") {
        let source = support::read(&path);
        let rule = Rule::from_id(&id).expect("a fixture folder is named by a rule");
        let checked = check(&source, &options(rule));
        assert!(checked.diagnostics.iter().any(|d| d.rule == rule), "{} shows no {id}", path.display());
        let name = format!("{id}__{}", source.name());
        insta::assert_snapshot!(name, support::render(&source, &checked.diagnostics));
    }
}

#[test]
fn compiling_finds_what_checking_finds() {
    for (_, path) in support::rule_fixtures("bad") {
        let source = support::read(&path);
        let all = Options { report_ignored: true, ..Options::default() };
        let found = check(&source, &all);
        let compiled = compile(&source).map_or_else(|checked| checked, |compiled| compiled.checked);
        // What is proved about the plan comes on top, and is never an error.
        for finding in &compiled.diagnostics {
            assert!(found.diagnostics.contains(finding), "{}: {finding:#?}", path.display());
        }
        let errors =
            |findings: &[Diagnostic]| findings.iter().filter(|d| d.severity == Severity::Error).count();
        assert_eq!(errors(&compiled.diagnostics), errors(&found.diagnostics), "{}", path.display());
        assert_eq!(compiled.credentials, found.credentials, "{}", path.display());
    }
}

#[test]
fn good_fixtures_are_clean() {
    for (id, path) in support::rule_fixtures("good") {
        let source = support::read(&path);
        let rule = Rule::from_id(&id).expect("a fixture folder is named by a rule");
        let mut found = check(&source, &options(rule)).diagnostics;
        found.retain(|d| d.severity > Severity::Info || d.rule == rule);
        assert!(found.is_empty(), "{}:\n{}", path.display(), support::render(&source, &found));
    }
}

#[test]
fn every_rule_has_fixtures() {
    for kind in ["bad", "good"] {
        let with: BTreeSet<_> = support::rule_fixtures(kind).into_iter().map(|(id, _)| id).collect();
        let without: Vec<_> =
            Rule::ALL.iter().map(|rule| rule.id()).filter(|id| !with.contains(*id)).collect();
        assert!(without.is_empty(), "rules without {kind} fixtures: {without:?}");
    }
}

#[test]
fn every_rule_is_in_the_changelog() {
    let changelog = std::fs::read_to_string(support::root().join("CHANGELOG.md")).unwrap();
    for rule in Rule::ALL {
        assert!(changelog.contains(&format!("`{}`", rule.id())), "CHANGELOG.md does not name {}", rule.id());
    }
}

#[test]
fn every_page_is_complete() {
    for rule in Rule::ALL {
        let (id, page) = (rule.id(), rule.page());
        assert!(page.starts_with(&format!("# {id}\n")), "docs/rules/{id}.md must begin with its id");
        let severity = format!("Default severity: **{}**", rule.severity().as_str());
        let summary = page.lines().nth(2).unwrap_or_default().trim_end_matches('.');
        assert_eq!(
            summary.to_lowercase(),
            rule.summary().to_lowercase(),
            "docs/rules/{id}.md begins otherwise"
        );
        for part in [
            &*severity,
            "## What it reports",
            "## Why it matters",
            "## Example",
            "## Write instead",
            "## Guarantee",
        ] {
            assert!(page.contains(part), "docs/rules/{id}.md lacks `{part}`");
        }
        assert!(
            !examples(page, "Example").is_empty() && !examples(page, "Write instead").is_empty(),
            "docs/rules/{id}.md lacks examples"
        );
    }
}

#[test]
fn the_examples_of_every_page_are_true() {
    for rule in Rule::ALL {
        for (expected, section) in [(true, "Example"), (false, "Write instead")] {
            for example in examples(rule.page(), section) {
                let source = config_core::source::SourceFile::new("example.yaml", example);
                let found = check(&source, &options(*rule)).diagnostics;
                assert_eq!(
                    found.iter().any(|d| d.rule == *rule),
                    expected,
                    "docs/rules/{}.md, under {section}:\n{example}\ngives\n{}",
                    rule.id(),
                    support::render(&source, &found),
                );
            }
        }
    }
}

/// The `yaml` blocks of a page under the heading `section`.
fn examples<'p>(page: &'p str, section: &str) -> Vec<&'p str> {
    let (_, section) = page.split_once(&format!("\n## {section}\n")).expect("every page has the section");
    let section = section.split("\n## ").next().unwrap_or_default();
    section.split("```yaml\n").skip(1).filter_map(|block| block.split("```").next()).collect()
}
