//! `undecided`: what the other rules would have proved or refuted, and could not within their budgets.
//! Runs last.

use crate::diagnostic::Diagnostic;
use crate::model::missing_place;
use crate::proof::Proofs;
use crate::rules::Rule;

pub(crate) fn check(proofs: &Proofs, diagnostics: &mut Vec<Diagnostic>) {
    let facts = proofs.facts;
    let Some(route) = facts.config.routes.first() else { return };
    for open in proofs.open() {
        let place = missing_place(facts.document, route.node);
        let mut questions = open.questions.join("; ");
        if open.more > 0 {
            questions += &format!("; and {} more", open.more);
        }
        let message = format!("not everything could be proved, because {}: {questions}", open.reason);
        diagnostics.push(
            Diagnostic::new(Rule::Undecided, place, message)
                .help("no finding rests on it; simpler patterns, or paths that begin apart, can be decided"),
        );
    }
}
