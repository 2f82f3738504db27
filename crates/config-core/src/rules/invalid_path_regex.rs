//! Regex paths that the `regex` crate, and so Kong's router, does not compile.

use crate::analysis::{Facts, PathFacts, PathKind};
use crate::diagnostic::Diagnostic;
use crate::rules::Rule;

pub(crate) fn check(facts: &Facts, diagnostics: &mut Vec<Diagnostic>) {
    for path in facts.routes.iter().flat_map(|route| &route.paths) {
        let PathKind::Regex(Err(error)) = &path.kind else { continue };
        let place = match &error.range {
            Some(range) => facts.document.place_within(path.node, PathFacts::of_regex(range)),
            None => facts.document.place(path.node),
        };
        let help = error.help.as_deref().unwrap_or(
            "mend the regex: it has the syntax of the Rust crate `regex`, which lacks some of what PCRE has",
        );
        diagnostics.push(Diagnostic::new(Rule::InvalidPathRegex, place, &error.message).help(help));
    }
}
