//! The configured credential, and where it goes on a request.

use std::fmt;

use crate::model::{ParamLocation, Provider};
use crate::secret::SecretValue;

/// What a plugin's `auth` block says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Auth {
    /// A header that carries the credential.
    pub header: Option<Credential>,
    /// A parameter that carries the credential.
    pub param: Option<(Credential, ParamLocation)>,
    /// Whether a credential that the client sends wins.
    pub allow_override: bool,
    /// A cloud identity to sign with or to fetch a token for.
    pub identity: Option<Identity>,
}

/// A named secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// The header's or parameter's name; a header's is in lower case. While a reference is not
    /// resolved, this is its text, which is no request's name.
    pub name: String,
    /// What the name has to be taken from, if it is not written in the file.
    pub name_reference: Option<SecretValue>,
    /// Its value.
    pub value: SecretValue,
}

/// How a request is authenticated once it is complete. What is `None` comes from the environment.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Identity {
    /// A token of Microsoft Entra ID, as `authorization: Bearer`.
    AzureManaged {
        /// Which identity.
        client_id: Option<SecretValue>,
        /// The app registration's secret.
        client_secret: Option<SecretValue>,
        /// The app registration's tenant.
        tenant_id: Option<SecretValue>,
    },
    /// A token for a Google service account, as `authorization: Bearer`.
    GcpServiceAccount {
        /// The key file's text.
        json: Option<SecretValue>,
    },
    /// An AWS Signature, version 4, over the final request.
    AwsSigV4 {
        /// The access key's id.
        access_key_id: Option<SecretValue>,
        /// The access key.
        secret_access_key: Option<SecretValue>,
        /// The region to sign for.
        region: Option<String>,
    },
}

impl Credential {
    /// A credential; the name of a header ignores case.
    pub fn new(name: SecretValue, value: SecretValue, is_header: bool) -> Self {
        match name {
            SecretValue::Literal(name) => {
                let name = if is_header { name.to_ascii_lowercase() } else { name };
                Self { name, name_reference: None, value }
            }
            reference => Self { name: reference.to_string(), name_reference: Some(reference), value },
        }
    }
}

/// A plugin that a cloud decides about: it needs an identity, a region, or both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloudUse<'p> {
    /// Its identity.
    pub identity: Option<&'p Identity>,
    /// Whether requests need an AWS region and the file names none.
    pub lacks_region: bool,
    /// 1-based line of its `provider`.
    pub line: usize,
}

/// As it may be shown.
impl fmt::Display for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.name, self.value)
    }
}

/// Its kind, without anything secret.
impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Identity::AzureManaged { .. } => "azure",
            Identity::GcpServiceAccount { .. } => "gcp",
            Identity::AwsSigV4 { .. } => "aws",
        })
    }
}

impl Auth {
    /// Every secret that a request may need, for resolving them when the plan is loaded.
    pub fn secrets(&self) -> impl Iterator<Item = &SecretValue> {
        let named = self.header.iter().chain(self.param.iter().map(|(credential, _)| credential));
        let named = named.flat_map(|credential| credential.name_reference.iter().chain([&credential.value]));
        named.chain(self.identity.iter().flat_map(Identity::secrets))
    }

    /// The header credential as it is used: an identity's token takes the place of `authorization`,
    /// and Azure takes a key or a token, never both.
    pub(super) fn effective_header(&self) -> Option<&Credential> {
        self.header.as_ref().filter(|header| match &self.identity {
            Some(Identity::AzureManaged { .. }) => false,
            Some(_) => header.name != "authorization",
            None => true,
        })
    }

    /// Whether the signature of a request is made over its body, which then has to be known before any of
    /// it is sent.
    pub(super) fn signs_body(&self) -> bool {
        matches!(self.identity, Some(Identity::AwsSigV4 { .. }))
    }

    /// The parameter credential, if it goes there.
    pub(super) fn param_at(&self, location: ParamLocation) -> Option<&Credential> {
        self.param.as_ref().filter(|(_, at)| *at == location).map(|(credential, _)| credential)
    }
}

impl Identity {
    fn secrets(&self) -> impl Iterator<Item = &SecretValue> {
        let secrets = match self {
            Identity::AzureManaged { client_id, client_secret, tenant_id } => {
                [client_id.as_ref(), client_secret.as_ref(), tenant_id.as_ref()]
            }
            Identity::GcpServiceAccount { json } => [json.as_ref(), None, None],
            Identity::AwsSigV4 { access_key_id, secret_access_key, .. } => {
                [access_key_id.as_ref(), secret_access_key.as_ref(), None]
            }
        };
        secrets.into_iter().flatten()
    }
}

/// Client headers that go upstream on every route. Everything else ends here: cookies, credentials,
/// and whatever identifies or bills the client.
const PASSED: &[&str] = &["accept", "user-agent", "traceparent", "tracestate"];

/// Client headers that a preserved request needs to mean the same upstream.
const PASSED_PRESERVED: &[&str] = &["accept-encoding", "content-encoding", "content-type", "range"];

/// What a provider documents for its clients to send.
const PASSED_TO: &[(Provider, &[&str])] = &[
    (Provider::Openai, &["idempotency-key", "openai-beta", "x-client-request-id"]),
    (Provider::Azure, &["x-ms-client-request-id"]),
    (Provider::Anthropic, &["anthropic-beta"]),
    (Provider::Cohere, &["x-client-name"]),
    (Provider::Gemini, &["x-goog-api-client"]),
    (Provider::Huggingface, &["x-use-cache", "x-wait-for-model"]),
];

/// What names the account that is billed: the operator's unless `allow_override`.
const BILLED_TO: &[(Provider, &[&str])] = &[(Provider::Openai, &["openai-organization", "openai-project"])];

/// The headers in which a provider's clients send their own credential.
pub(super) fn client_credentials(provider: Provider) -> &'static [&'static str] {
    match provider {
        Provider::Azure => &["api-key", "authorization"],
        Provider::Anthropic => &["x-api-key", "authorization"],
        _ => &["authorization"],
    }
}

/// The client headers that may go upstream, in the order they are sent.
pub(super) fn passed_headers(
    provider: Provider,
    preserved: bool,
    allow_override: bool,
) -> impl Iterator<Item = &'static str> {
    let of = move |table: &'static [(Provider, &'static [&'static str])], wanted: bool| {
        table.iter().filter(move |(of, _)| wanted && *of == provider).flat_map(|(_, names)| names.iter())
    };
    PASSED
        .iter()
        .chain(PASSED_PRESERVED.iter().filter(move |_| preserved))
        .chain(of(PASSED_TO, true))
        .chain(of(BILLED_TO, allow_override))
        .copied()
}
