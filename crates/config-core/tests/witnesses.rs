//! The request in a finding does what the finding says: each is sent through the plan of its file.
#![allow(clippy::disallowed_methods, reason = "tests read the repository's fixtures")]

mod support;

use std::collections::BTreeMap;
use std::path::PathBuf;

use config_core::check::{Options, check, compile};
use config_core::diagnostic::Diagnostic;
use config_core::plan::caller::Caller;
use config_core::plan::request::RequestHead;
use config_core::plan::{Candidate, Plan, Route, Routing};

#[test]
fn every_request_in_a_finding_does_what_the_finding_says() {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for path in fixtures() {
        let source = support::read(&path);
        let Ok(compiled) = compile(&source) else { continue };
        for finding in check(&source, &Options::default()).diagnostics {
            let Some(witness) = &finding.witness else { continue };
            *seen.entry(finding.rule.id()).or_default() += 1;
            if let Err(trouble) = witness.with_head(|head| replay(&compiled.plan, &finding, head)) {
                let finding = support::render(&source, std::slice::from_ref(&finding));
                panic!("{}: {trouble}:\n{finding}{witness:#?}", path.display());
            }
        }
    }
    assert!(seen.len() > 1, "hardly any rule shows a request: {seen:?}");
}

/// Every configuration of the repository that lint may find something in.
fn fixtures() -> Vec<PathBuf> {
    let mut files: Vec<_> = support::rule_fixtures("").into_iter().map(|(_, file)| file).collect();
    for folder in ["seed", "realworld"] {
        let entries = std::fs::read_dir(support::root().join("fixtures").join(folder)).unwrap();
        files.extend(entries.map(|entry| entry.unwrap().path()));
    }
    files.retain(|file| file.extension().is_some_and(|extension| extension == "yaml" || extension == "json"));
    files
}

/// Whether the plan does with the request what the finding says.
fn replay(plan: &Plan, finding: &Diagnostic, head: &RequestHead<'_>) -> Result<(), String> {
    let candidates = plan.candidates(head);
    let matched: Vec<&Candidate> = candidates.iter().filter(|candidate| candidate.matched).collect();
    // What stands at a service or at the top of the file is about each of its routes.
    let is_of = |route: &Route| {
        let inside = finding.place.pointer.strip_prefix(&*route.pointer);
        inside.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let is_of_a_route = plan.routes().iter().any(is_of);
    let here = |candidate: &&&Candidate| !is_of_a_route || is_of(candidate.route);
    let chosen = matched.iter().find(|candidate| candidate.chosen);
    let is = |what: &str, holds: bool| if holds { Ok(()) } else { Err(what.to_owned()) };
    match finding.rule.id() {
        "client-value-may-be-absent" => match plan.route(head, Caller::Assumed(None)) {
            Routing::Rejected(rejected) => is("refused for another reason", rejected.rejection.status == 400),
            _ => Err("not refused".to_owned()),
        },
        "shadowed-route" => {
            is("the route does not match", matched.iter().any(|it| here(&it)))?;
            is("the route wins", !chosen.is_some_and(|it| here(&it)))
        }
        "ambiguous-routes" => is("there is no competition", matched.len() > 1),
        "kong-portability" => is("Kong agrees", plan.kong_choice(head).differs),
        _ => is("the route does not win", chosen.is_some_and(|it| here(&it))),
    }
}
