//! `invalid-value`, where no other rule says more: a plugin that no plan can be made from. The
//! verdict is the plan's own, so that a file without errors is a file that runs.

use rustc_hash::FxHashSet;

use crate::analysis::Facts;
use crate::diagnostic::{Diagnostic, Severity};
use crate::plan::proxy::{Proxy, Uncompilable};
use crate::rules::Rule;

/// Runs after the other checks, whose findings explain most of what does not compile.
pub(crate) fn check(facts: &Facts, diagnostics: &mut Vec<Diagnostic>) {
    let vaults = facts.env_vaults();
    let plugins = facts.config.plugins.iter().filter_map(|plugin| plugin.ai_proxy.as_ref());
    let problems: Vec<_> =
        plugins.filter_map(|config| Proxy::lower(config, &vaults).err()).flatten().collect();
    if problems.is_empty() {
        return;
    }
    let errors = diagnostics.iter().filter(|finding| finding.severity == Severity::Error);
    let explained: FxHashSet<String> = errors.map(|finding| finding.place.pointer.clone()).collect();
    for Uncompilable { node, range, message, help, .. } in problems {
        let place = facts.document.place_within(node, range);
        if !explained.contains(&place.pointer) {
            diagnostics.push(Diagnostic::new(Rule::InvalidValue, place, message).help(help));
        }
    }
}
