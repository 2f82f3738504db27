//! The secrets that a plan has to be given before it can serve.

use super::Plan;
use super::auth::Auth;
use crate::analysis::Facts;
use crate::model::{self, Text};
use crate::secret::{EnvVault, SecretValue};
use crate::syntax::Spanned;

/// A secret that requests need, and where the file names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretUse {
    /// The secret.
    pub value: SecretValue,
    /// The member of `auth` that holds it.
    pub field: AuthField,
    /// The 1-based line on which it stands.
    pub line: usize,
}

/// A member of `auth` that may hold a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AuthField {
    /// The name of a header.
    HeaderName,
    /// The value of a header.
    HeaderValue,
    /// The name of a query or body parameter.
    ParamName,
    /// The value of a query or body parameter.
    ParamValue,
    /// Part of a cloud identity.
    Identity(&'static str),
}

impl AuthField {
    /// The member's name.
    pub fn as_str(self) -> &'static str {
        match self {
            AuthField::HeaderName => "header_name",
            AuthField::HeaderValue => "header_value",
            AuthField::ParamName => "param_name",
            AuthField::ParamValue => "param_value",
            AuthField::Identity(name) => name,
        }
    }
}

impl Plan {
    /// Every secret that a request to an upstream may need, in file order. Plugins that are disabled or
    /// broken need none. Clients' keys are apart: [`Plan::key_credentials`].
    pub fn secrets(&self) -> &[SecretUse] {
        &self.secrets
    }
}

/// A text of the `auth` block.
type Pick = fn(&model::Auth) -> &Option<Spanned<Text>>;

/// The texts of the `auth` block that may be secrets.
const TEXTS: [(AuthField, Pick); 10] = [
    (AuthField::HeaderName, |auth| &auth.header_name),
    (AuthField::HeaderValue, |auth| &auth.header_value),
    (AuthField::ParamName, |auth| &auth.param_name),
    (AuthField::ParamValue, |auth| &auth.param_value),
    (AuthField::Identity("gcp_service_account_json"), |auth| &auth.gcp_service_account_json),
    (AuthField::Identity("aws_access_key_id"), |auth| &auth.aws_access_key_id),
    (AuthField::Identity("aws_secret_access_key"), |auth| &auth.aws_secret_access_key),
    (AuthField::Identity("azure_client_id"), |auth| &auth.azure_client_id),
    (AuthField::Identity("azure_client_secret"), |auth| &auth.azure_client_secret),
    (AuthField::Identity("azure_tenant_id"), |auth| &auth.azure_tenant_id),
];

/// The secrets of one plugin: those texts of its `auth` block that `compiled` makes use of.
pub(super) fn of_plugin<'a>(
    facts: &'a Facts<'_>,
    given: &'a model::Auth,
    compiled: &'a Auth,
    vaults: &'a [EnvVault],
) -> impl Iterator<Item = SecretUse> + 'a {
    TEXTS.iter().filter_map(move |(field, pick)| {
        let text = pick(given).as_ref()?;
        let value = SecretValue::parse(text.as_str(), vaults).ok()?;
        compiled.secrets().any(|used| *used == value).then(|| SecretUse {
            value,
            field: *field,
            line: facts.document.source().position(facts.document.span(text.node).start as usize).line,
        })
    })
}
