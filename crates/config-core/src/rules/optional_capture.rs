//! Captures that every path of a route defines but not every match sets.

use crate::analysis::Facts;
use crate::diagnostic::Diagnostic;
use crate::rules::Rule;
use crate::rules::uri_capture::{Absence, unproved};

pub(crate) fn check(facts: &Facts, diagnostics: &mut Vec<Diagnostic>) {
    diagnostics.extend(unproved(facts, Absence::Optional).map(|unproved| {
        let (name, undecided) = (unproved.name(), unproved.undecided());
        unproved
            .finding(Rule::OptionalCapture, |routes| match undecided {
                None if unproved.routes.len() > 1 => {
                    format!("capture `{name}` may be unset when {routes} match")
                }
                None => format!("capture `{name}` may be unset when {routes} matches"),
                Some(reason) => {
                    format!("it is not proved that every match of {routes} sets capture `{name}`: {reason}")
                }
            })
            .help(
                "let every match pass through the group, or put the paths without it on a route of their own",
            )
    }));
}
