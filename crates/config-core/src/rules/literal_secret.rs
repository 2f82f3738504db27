//! `literal-secret`: credentials written into the file. The value is never part of a message.

use crate::analysis::Facts;
use crate::diagnostic::Diagnostic;
use crate::model::{Auth, Provider, Text};
use crate::rules::Rule;
use crate::secret;
use crate::syntax::Spanned;

pub(crate) fn check(facts: &Facts, diagnostics: &mut Vec<Diagnostic>) {
    for config in facts.config.plugins.iter().filter_map(|plugin| plugin.ai_proxy.as_ref()) {
        let Some(auth) = &config.auth else { continue };
        for (field, value, variable) in CREDENTIALS {
            let Some(text) = value(auth).filter(|text| is_literal(text)) else { continue };
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

/// Whether the text is a credential itself. References and templates, well-formed or not, are
/// judged by the rules about them.
fn is_literal(text: &str) -> bool {
    let is_meant_as_reference = text.to_ascii_lowercase().contains("vault://");
    !is_meant_as_reference && !text.contains("$(") && secret::deck_env(text).is_none()
}

fn word(provider: Provider) -> String {
    provider.as_str().to_ascii_uppercase()
}
