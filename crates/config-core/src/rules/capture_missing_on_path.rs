//! Captures that some paths of a route define and others do not.

use crate::analysis::Facts;
use crate::diagnostic::Diagnostic;
use crate::rules::Rule;
use crate::rules::uri_capture::{Absence, unproved};

pub(crate) fn check(facts: &Facts, diagnostics: &mut Vec<Diagnostic>) {
    diagnostics.extend(unproved(facts, Absence::MissingOnPath).map(|unproved| {
        let name = unproved.name();
        unproved
            .finding(Rule::CaptureMissingOnPath, |routes| {
                format!("capture `{name}` is missing on some paths of {routes}")
            })
            .help(format!(
                "define `{name}` in every path, or put the paths without it on a route of their own"
            ))
    }));
}
