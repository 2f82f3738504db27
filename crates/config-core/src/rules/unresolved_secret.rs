//! References whose variable this environment lacks. Runs only when the caller has an environment to
//! ask; the value itself is never read.

use crate::analysis::Facts;
use crate::diagnostic::Diagnostic;
use crate::rules::Rule;
use crate::rules::strings::{self, Within};
use crate::secret::{VaultReference, looks_like_reference};

pub(crate) fn check(facts: &Facts, is_set: &dyn Fn(&str) -> bool, diagnostics: &mut Vec<Diagnostic>) {
    let vaults = facts.env_vaults();
    strings::for_each(facts, |found| {
        let is_read = matches!(found.within, Within::Auth | Within::Key);
        if !is_read || !looks_like_reference(found.text) {
            return;
        }
        // What cannot be resolved anywhere is `invalid-secret-reference`.
        let resolved = VaultReference::parse(found.text).and_then(|reference| reference.variable(&vaults));
        let Ok(variable) = resolved else { return };
        if is_set(&variable.name) {
            return;
        }
        let message = format!("the environment variable `{}` is not set", variable.name);
        let help = match &variable.key {
            Some(key) => format!("set it to a JSON object with the member `{key}`"),
            None if found.within == Within::Key => "set it to the key that the client sends".to_owned(),
            None => "set it to the whole value of the field, a scheme such as `Bearer` included".to_owned(),
        };
        let place = facts.document.place(found.node);
        diagnostics.push(Diagnostic::new(Rule::UnresolvedSecret, place, message).help(help));
    });
}
