//! `literal-secret`: credentials written into the file. The value is never part of a message.

use crate::analysis::Facts;
use crate::diagnostic::Diagnostic;
use crate::key_digest;
use crate::model::{Auth, KEYS, Provider, Text, may_be_key};
use crate::rules::Rule;
use crate::secret;
use crate::source::Span;
use crate::syntax::{Document, NodeId, Spanned};

pub(crate) fn check(facts: &Facts, diagnostics: &mut Vec<Diagnostic>) {
    for credential in &facts.config.keyauth_credentials {
        let Some(key) = credential.fields.key.as_ref().filter(|key| is_literal_key(key)) else { continue };
        let place = facts.document.place(key.node);
        diagnostics.push(Diagnostic::new(Rule::LiteralSecret, place, "a client's key is written into the file").help(
            "write its digest, `sha256:` and what `printf %s KEY | sha256sum` prints, or move it into the environment \
             and write `\"{vault://env/CLIENT_KEY}\"`",
        ));
    }
    for config in facts.config.plugins.iter().filter_map(|plugin| plugin.ai_proxy.as_ref()) {
        let Some(auth) = &config.auth else { continue };
        for (field, value, variable) in CREDENTIALS {
            let Some(text) = value(auth).filter(|text| is_literal(text) && !is_dummy(text)) else { continue };
            let message = format!("the credential in `{field}` is written into the file");
            let variable = variable.replace("PROVIDER", &word(config.model.provider.value));
            let whole = match *field {
                "header_value" => "; the variable holds the whole value, a `Bearer ` included",
                "gcp_service_account_json" => "; the variable holds the whole JSON text",
                _ => "",
            };
            diagnostics.push(
                Diagnostic::new(Rule::LiteralSecret, facts.document.place(text.node), message).help(format!(
                    "move it into the environment and write `\"{{vault://env/{variable}}}\"`{whole}"
                )),
            );
        }
    }
}

/// Where credentials are written out, in a file with whatever other mistakes: under the keys of
/// credentials, wherever they stand.
pub(crate) fn credentials(document: &Document) -> Vec<Span> {
    let text = document.source().text();
    // The list's name may be written with escapes.
    let has_keys = text.contains(KEYS) || text.contains('\\');
    let is_named = |key| CREDENTIALS.iter().any(|(field, ..)| *field == document.key_text(key));
    let is_credential = |node: &NodeId| {
        let is_secret =
            document.key_of(*node).is_some_and(is_named) && document.str(*node).is_some_and(is_literal);
        let is_literal = || document.scalar(*node).is_some_and(|scalar| is_literal_key(&scalar.text));
        is_secret || (has_keys && may_be_key(document, *node) && is_literal())
    };
    document.ids().filter(is_credential).map(|node| document.span(node)).collect()
}

/// The same in a text that cannot be parsed: what stands on a line behind the key of a credential.
pub(crate) fn credentials_in_text(text: &str) -> Vec<Span> {
    let fields = CREDENTIALS.iter().flat_map(|(field, ..)| text.match_indices(*field));
    let has_keys = text.contains(KEYS);
    // A word so short is looked for only where it can have this meaning.
    let keys = text.match_indices("key").filter(|(at, _)| {
        let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
        has_keys && !text[..*at].ends_with(is_part)
    });
    fields
        .chain(keys)
        .filter_map(|(at, field)| {
            let rest = &text[at + field.len()..];
            let rest = &rest[..rest.find('\n').unwrap_or(rest.len())];
            let value = rest.trim_start_matches(['"', '\'', ' ']).strip_prefix(':')?.trim_start();
            let end = at + field.len() + rest.len();
            is_literal(value).then(|| Span::new(end - value.len()..end))
        })
        .collect()
}

/// A credential's field, its value, and the environment variable to suggest for it.
type Credential = (&'static str, fn(&Auth) -> Option<&Spanned<Text>>, &'static str);

const CREDENTIALS: &[Credential] = &[
    ("header_value", |auth| auth.header_value.as_ref(), "PROVIDER_AUTH_HEADER"),
    ("param_value", |auth| auth.param_value.as_ref(), "PROVIDER_API_KEY"),
    ("gcp_service_account_json", |auth| auth.gcp_service_account_json.as_ref(), "GCP_SERVICE_ACCOUNT"),
    ("aws_access_key_id", |auth| auth.aws_access_key_id.as_ref(), "AWS_ACCESS_KEY_ID"),
    ("aws_secret_access_key", |auth| auth.aws_secret_access_key.as_ref(), "AWS_SECRET_ACCESS_KEY"),
    ("azure_client_secret", |auth| auth.azure_client_secret.as_ref(), "AZURE_CLIENT_SECRET"),
];

/// Whether the text is a client's key itself, and neither a reference nor a digest.
fn is_literal_key(text: &str) -> bool {
    !key_digest::looks_like_digest(text) && is_literal(text)
}

/// Whether the text is a credential itself. References and templates, well-formed or not, are
/// judged by the rules about them.
fn is_literal(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let is_meant_as_reference = lower.contains("vault://") || lower.starts_with("{vault:");
    !is_meant_as_reference
        && !text.contains("$(")
        && secret::deck_env(text).is_none()
        && secret::foreign_variable(text).is_none()
}

/// Whether the text is one that clients of servers without keys send, because they have to send some.
fn is_dummy(text: &str) -> bool {
    let key = match text.trim().split_once(' ') {
        Some((scheme, key)) if scheme.eq_ignore_ascii_case("bearer") => key.trim(),
        _ => text.trim(),
    };
    DUMMIES.iter().any(|dummy| key.eq_ignore_ascii_case(dummy))
}

/// What the manuals of vLLM, Ollama, llama.cpp and LM Studio write for a key, and words that say the same.
const DUMMIES: &[&str] = &[
    "empty",
    "ollama",
    "sk-no-key-required",
    "lm-studio",
    "no-key",
    "no-key-required",
    "none",
    "not-needed",
    "not-required",
    "unused",
];

fn word(provider: Provider) -> String {
    provider.as_str().to_ascii_uppercase()
}

#[cfg(test)]
mod tests {
    use crate::check::{Options, check};
    use crate::source::SourceFile;

    #[test]
    fn credentials_are_masked_in_files_with_any_mistake() {
        let cases = [
            (
                "- {header_value: 'Bearer klüß', header_name: x}\n",
                "- {header_value: ******* **··*, header_name: x}\n",
            ),
            ("header_value: '{vault://env/X}'\n", "header_value: '{vault://env/X}'\n"),
            (
                "gcp_service_account_json: |\n  {\"a\":\n   1}\nb: 1\n",
                "gcp_service_account_json: |\n  *****\n   **\nb: 1\n",
            ),
            ("\"param_value\": key one\n\tb: [", "\"param_value\": *** ***\n\tb: ["),
            (
                "{header_value: first, header_value: second}\n",
                "{header_value: *****, header_value: ******}\n",
            ),
            (
                "keyauth_credentials:\n- {key: open sesame, tags: [key]}\n- key: 12345\n- key: '{vault://env/X}'\n",
                "keyauth_credentials:\n- {key: **** ******, tags: [key]}\n- key: *****\n- key: '{vault://env/X}'\n",
            ),
            (
                "keyauth_credentials: [{key: open}\nmykey: x\n",
                "keyauth_credentials: [{key: *****\nmykey: x\n",
            ),
            (
                "keyauth_credentials:\n- open\n- {keys: sesame, consumer: bob}\n",
                "keyauth_credentials:\n- ****\n- {keys: ******, consumer: bob}\n",
            ),
            ("set:\n- key: open\n", "set:\n- key: open\n"),
            ("param_value: ${{ env \"DECK_A\" }}\nb: [", "param_value: ${{ env \"DECK_A\" }}\nb: ["),
        ];
        for (text, shown) in cases {
            let source = SourceFile::new("a.yaml", text);
            let credentials = check(&source, &Options::default()).credentials;
            let masked = source.clone().masked(&credentials);
            assert_eq!(masked.text(), shown);
            let end = text.len();
            assert_eq!(masked.position(end), source.position(end));
        }
    }
}
