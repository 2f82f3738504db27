//! `{vault://…}` that can never be resolved, or that is no reference at all because of where or how
//! it is written. Kong sends an empty credential for the first and the text itself for the second.

use std::ops::Range;

use crate::analysis::Facts;
use crate::diagnostic::{Diagnostic, Fix, Safety};
use crate::rules::strings::{self, Found, Within};
use crate::rules::{Rule, rewrite};
use crate::secret::{
    EnvVault, VaultReference, deck_env, embedded_reference, foreign_variable, looks_like_reference,
};

pub(crate) fn check(facts: &Facts, diagnostics: &mut Vec<Diagnostic>) {
    let vaults = facts.env_vaults();
    strings::for_each(facts, |found| {
        let fault = match found.within {
            Within::Auth => in_credential(found.text, "is sent as it stands", &vaults),
            Within::Key => in_credential(found.text, "is the key as it stands", &vaults),
            _ => elsewhere(&found),
        };
        let Some(fault) = fault else { return };
        let place = facts.document.place_within(found.node, fault.range);
        let mut diagnostic =
            Diagnostic::new(Rule::InvalidSecretReference, place, fault.message).help(fault.help);
        if let Some(text) = fault.meant
            && let Some(edit) = rewrite::scalar(facts.document, found.node, &text)
        {
            let title = format!("write `{text}`");
            diagnostic = diagnostic.fix(Fix { title, safety: Safety::Unsafe, edits: vec![edit] });
        }
        diagnostics.push(diagnostic);
    });
}

/// What is wrong with a reference, where in the text, and what to write in place of the whole.
struct Fault {
    range: Range<usize>,
    message: String,
    help: String,
    meant: Option<String>,
}

/// `taken` says what becomes of a text that is no reference.
fn in_credential(text: &str, taken: &str, vaults: &[EnvVault]) -> Option<Fault> {
    if looks_like_reference(text) && !text[1..text.len() - 1].contains(['{', '}']) {
        let error = VaultReference::parse(text).and_then(|reference| reference.variable(vaults)).err()?;
        return Some(Fault { range: error.range, message: error.message, help: error.help, meant: None });
    }
    if let Some(range) = deck_env(text)
        && let Some(name) = text[range.clone()].split('"').nth(1)
        && !name.starts_with("DECK_")
    {
        return Some(Fault {
            range,
            message: format!("decK puts in variables that begin with `DECK_` only, and this is `{name}`"),
            help: format!("write `${{{{ env \"DECK_{name}\" }}}}`, or `{{vault://env/{name}}}` alone"),
            meant: None,
        });
    }
    if let Some(meant) = near_miss(text, vaults) {
        return Some(Fault {
            range: 0..text.len(),
            message: format!("a reference that is not written exactly so {taken}"),
            help: format!("write `{meant}`"),
            meant: Some(meant),
        });
    }
    if deck_env(text).is_none()
        && let Some(name) = foreign_variable(text)
    {
        let meant = format!("{{vault://env/{name}}}");
        return Some(Fault {
            range: 0..text.len(),
            message: format!("`{text}` {taken}: no variable is filled in"),
            help: match text.trim_start().starts_with(['B', 'b']) {
                true => format!("write `{meant}` alone; the variable holds the `Bearer ` too"),
                false => format!("write `{meant}`"),
            },
            meant: Some(meant),
        });
    }
    let start = text.find("{vault://")?;
    let end = start + text[start..].find('}')? + 1;
    let reference = &text[start..end];
    Some(Fault {
        range: start..end,
        message: format!("`{reference}` is not resolved inside other text"),
        help: format!("put the whole value into the secret, and write `{reference}` alone"),
        meant: Some(reference.to_owned()),
    })
}

/// References in fields that do not resolve them.
fn elsewhere(found: &Found) -> Option<Fault> {
    let range = match looks_like_reference(found.text) {
        true => 0..found.text.len(),
        false => embedded_reference(found.text)?,
    };
    Some(Fault {
        message: format!("`{}` does not resolve references to secrets", found.field()),
        help: "references are resolved under `auth` of ai-proxy and in the `key` of keyauth_credentials only; write the \
               value itself here".to_owned(),
        meant: None,
        range,
    })
}

/// The reference that `text` would be with the right braces, blanks and case.
fn near_miss(text: &str, vaults: &[EnvVault]) -> Option<String> {
    let opened = text.trim().trim_start_matches(['$', '{', ' ']);
    let rest =
        opened.get(..6).filter(|scheme| scheme.eq_ignore_ascii_case("vault:")).map(|_| &opened[6..])?;
    let inside = rest.trim_start_matches('/').trim_end_matches(['}', ' ']);
    if inside.contains(['{', '}']) {
        return None;
    }
    let meant = format!("{{vault://{inside}}}");
    VaultReference::parse(&meant).and_then(|reference| reference.variable(vaults)).is_ok().then_some(meant)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_misses_are_recognised() {
        for text in [
            "vault://env/KEY",
            "{vault://env/KEY",
            "vault://env/KEY}",
            "{VAULT://env/KEY}",
            "${vault://env/KEY}",
            "{{vault://env/KEY}}",
            "{ vault://env/KEY }",
            " {vault://env/KEY}",
            "{vault:/env/KEY}",
        ] {
            let fault =
                in_credential(text, "is sent as it stands", &[]).unwrap_or_else(|| panic!("{text} passes"));
            assert_eq!(fault.meant.as_deref(), Some("{vault://env/KEY}"), "{text}");
        }
    }

    #[test]
    fn a_reference_among_other_text_is_cut_out() {
        for (text, range) in [
            ("Bearer {vault://env/KEY}", 7..24),
            ("{vault://env/KEY}-x", 0..17),
            ("{vault://env/KEY}{vault://env/OTHER}", 0..17),
        ] {
            let fault =
                in_credential(text, "is sent as it stands", &[]).unwrap_or_else(|| panic!("{text} passes"));
            assert_eq!((fault.range, fault.meant.as_deref()), (range, Some("{vault://env/KEY}")), "{text}");
        }
    }

    #[test]
    fn variables_of_deck_begin_with_its_name() {
        let fault =
            in_credential("Bearer ${{ env \"KEY\" }}", "is sent as it stands", &[]).expect("decK refuses it");
        assert_eq!(
            (fault.range, fault.help.as_str()),
            (7..23, "write `${{ env \"DECK_KEY\" }}`, or `{vault://env/KEY}` alone")
        );
    }

    #[test]
    fn credentials_that_are_no_references_pass() {
        for text in
            ["Bearer sk-1", "vault", "vault:", "${{ env \"DECK_KEY\" }}", "vaults://x", "{vault://env/KEY}"]
        {
            assert!(in_credential(text, "is sent as it stands", &[]).is_none(), "{text}");
        }
    }
}
