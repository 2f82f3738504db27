//! Files in which more plugins can meet more routes than can be checked. The limits on text and
//! nesting are found while reading.

use crate::analysis::{Facts, MAX_COMBINATIONS};
use crate::diagnostic::Diagnostic;
use crate::rules::Rule;

pub(crate) fn check(facts: &Facts, diagnostics: &mut Vec<Diagnostic>) {
    if !facts.too_many_combinations {
        return;
    }
    let place = facts.document.place(facts.document.root());
    let message = format!(
        "{} routes and {} plugins meet in more than {MAX_COMBINATIONS} ways",
        facts.routes.len(),
        facts.plugins.len()
    );
    diagnostics.push(
        Diagnostic::new(Rule::ResourceLimit, place, message).help(
            "split the file, or give plugins to fewer consumers and read fewer captures in global ones",
        ),
    );
}
