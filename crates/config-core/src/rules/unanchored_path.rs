//! Regex paths that end before the path does. A pattern that takes in the rest on purpose (`.*`) is
//! left alone.

use crate::analysis::{Facts, PathKind};
use crate::diagnostic::Diagnostic;
use crate::pattern::End;
use crate::rules::{Rule, example::LongerPaths};

pub(crate) fn check(facts: &Facts, diagnostics: &mut Vec<Diagnostic>) {
    let mut longer_paths = LongerPaths::default();
    for path in facts.routes.iter().flat_map(|route| &route.paths) {
        let PathKind::Regex(Ok(pattern)) = &path.kind else { continue };
        if pattern.end() != End::Open {
            continue;
        }
        let Some(longer) = longer_paths.find(pattern) else { continue };
        let place = facts.document.place(path.node);
        let message = format!("path `~{}` also matches `{longer}`", pattern.written());
        let help = match pattern.has_top_level_alternation() {
            true => {
                "a pattern is anchored at the start only: put the alternatives into `(?:…)` and `$` after it"
            }
            false => {
                "a pattern is anchored at the start only: end it with `$`, or with `.*` if longer paths are meant"
            }
        };
        diagnostics.push(Diagnostic::new(Rule::UnanchoredPath, place, message).help(help));
    }
}
