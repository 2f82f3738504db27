//! Placeholders that could send the credential to a host of the client's choice. The verdict is the
//! one by which the plan refuses to compile such a host.

use crate::analysis::Facts;
use crate::diagnostic::Diagnostic;
use crate::plan::proxy::host_error;
use crate::rules::Rule;

const HELP: &str = "let the placeholder be one label, or part of one, before a domain that is yours, as in \
                    `$(headers.x-region).llm.example.com`; for hosts without a common domain write a route each";

pub(crate) fn check(facts: &Facts, diagnostics: &mut Vec<Diagnostic>) {
    for field in facts.plugins.iter().flat_map(|plugin| &plugin.templates) {
        let Ok(template) = &field.parsed else { continue };
        let Some((reason, range)) = host_error(field.field, template) else { continue };
        // Where literal text makes no host, no client has a say in it: that is `invalid-value`.
        if template.placeholders().all(|placeholder| placeholder.range != range) {
            continue;
        }
        let place = facts.document.place_within(field.node, range);
        let message = format!("{reason}: a client would choose where the credential goes");
        diagnostics.push(Diagnostic::new(Rule::ClientControlledHost, place, message).help(HELP));
    }
}
