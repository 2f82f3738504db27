//! Keys of consumers that Kong takes word for word.

use crate::analysis::Facts;
use crate::diagnostic::Diagnostic;
use crate::plan::caller::Key;
use crate::rules::Rule;
use crate::secret::SecretValue;

/// To Kong a digest or a reference in `key` is the key itself, which then everybody knows who has seen
/// the file. Said once a file.
pub(super) fn taken_word_for_word(facts: &Facts) -> Option<Diagnostic> {
    let vaults = facts.env_vaults();
    let credentials = facts.config.keyauth_credentials.iter();
    let mut taken = credentials.filter_map(|credential| {
        let key = credential.fields.key.as_ref()?;
        match Key::parse(key, &vaults).ok()? {
            Key::Digest(_) => Some((key, "digest")),
            Key::Secret(SecretValue::Vault { .. }) => Some((key, "reference")),
            Key::Secret(_) => None,
        }
    });
    let (first, what) = taken.next()?;
    let message = match taken.count() {
        0 => format!("to Kong this {what} is the key itself: it would let anyone in who sends this text"),
        n => format!(
            "to Kong this {what} is the key itself, and so with {n} more: it would let anyone in who sends this text"
        ),
    };
    Some(Diagnostic::new(Rule::KongPortability, facts.document.place(first.node), message).help(
        "fine for aiproxy; for Kong let decK fill in the key: `\"${{ env \"DECK_CLIENT_KEY\" }}\"`, with which aiproxy \
         does not start",
    ))
}
