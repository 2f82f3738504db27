//! The request in a finding does what the finding says: each is sent through the plan of its file.
#![allow(clippy::disallowed_methods, reason = "tests read the repository's fixtures")]

mod support;

use std::collections::BTreeMap;

use config_core::check::{Options, check, compile};
use config_core::diagnostic::Diagnostic;
use config_core::plan::Plan;
use support::Replayed;

/// A finding, and what the plan does to its request.
struct Shown<'a> {
    finding: &'a Diagnostic,
    plan: &'a Plan,
    replayed: Replayed,
}

/// What the request of each rule has to do. A rule that shows requests has its line here.
fn does_what_it_says(shown: &Shown) -> bool {
    match shown.finding.rule.id() {
        "undefined-capture" | "optional-capture" | "capture-missing-on-path" => {
            shown.wins_here() && shown.is_refused()
        }
        "client-value-may-be-absent" | "empty-capture" => shown.wins_here() && shown.is_refused_as_said(),
        "unauthenticated-credential" | "upstream-url" | "api-version" => {
            shown.wins_here() && shown.replayed.rejection.is_none()
        }
        "client-controlled-host" | "client-controlled-path" | "unanchored-path" => shown.wins_here(),
        // It shows what was meant to match.
        "glued-capture" => !shown.matches_here(),
        "shadowed-route" => shown.matches_here() && !shown.wins_here(),
        "ambiguous-routes" => shown.matches_here() && shown.replayed.matching.len() > 1,
        "sdk-unreachable" => !shown.wins_here(),
        "kong-portability" => shown.replayed.kong != shown.replayed.route,
        "credential-crossover" => {
            // It stands at the route that answers or at the one that is missed.
            let is_answered = shown.replayed.route.is_some() && shown.replayed.rejection.is_none();
            is_answered && (shown.wins_here() || !shown.matches_here())
        }
        id => panic!("say here what the requests that {id} shows have to do"),
    }
}

impl Shown<'_> {
    /// Whether the route wins at which, or in which, the finding stands.
    fn wins_here(&self) -> bool {
        self.replayed.route.as_ref().is_some_and(|route| self.is_here(route))
    }

    /// Whether it matches.
    fn matches_here(&self) -> bool {
        self.replayed.matching.iter().any(|(route, _)| self.is_here(route))
    }

    /// Whether the finding stands in the route. What stands in none, but at a service or at the top of
    /// the file, is about each of its routes.
    fn is_here(&self, route: &str) -> bool {
        let place = &*self.finding.place.pointer;
        is_under(place, route) || !self.plan.routes().iter().any(|route| is_under(place, &route.pointer))
    }

    /// Whether the request is refused for a value that it lacks.
    fn is_refused(&self) -> bool {
        self.replayed.rejection.as_ref().is_some_and(|(status, _)| *status == 400)
    }

    /// Whether it is refused with the status and the text that the message names.
    fn is_refused_as_said(&self) -> bool {
        let refusal = self.replayed.rejection.as_ref();
        refusal.is_some_and(|(status, text)| self.finding.message.contains(&format!("{status} `{text}`")))
    }
}

fn is_under(pointer: &str, parent: &str) -> bool {
    pointer.strip_prefix(parent).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[test]
fn every_request_in_a_finding_does_what_the_finding_says() {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let mut trouble: Vec<String> = Vec::new();
    let rules = support::rule_fixtures("").into_iter().map(|(_, path)| path);
    let files = rules.chain(support::configurations("seed")).chain(support::configurations("realworld"));
    for path in files {
        let source = support::read(&path);
        let Ok(compiled) = compile(&source) else { continue };
        for finding in &check(&source, &Options::default()).diagnostics {
            let Some(witness) = &finding.witness else { continue };
            *seen.entry(finding.rule.id()).or_default() += 1;
            let replayed = support::replay(&compiled.plan, witness);
            let shown = Shown { finding, plan: &compiled.plan, replayed };
            if !does_what_it_says(&shown) {
                let finding = support::render(&source, std::slice::from_ref(finding));
                trouble.push(format!("{}: {:?}\n{finding}", path.display(), shown.replayed));
            }
        }
    }
    assert!(trouble.is_empty(), "{}", trouble.join("\n"));
    assert!(seen.len() > 1, "hardly any rule shows a request: {seen:?}");
}
