//! Tokens of Microsoft Entra ID: of an app registration, of a workload in Kubernetes, or of the identity
//! that a machine or an app has by itself.

use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use config_core::secret::SecretValue;
use hyper::Request;
use hyper::header::HeaderValue;

use super::cached::{Cached, Fresh};
use super::endpoint::{LOCAL, Manner, REMOTE, ask, encoded, get, post_form, query};
use super::failure::Failure;
use super::problem::{Plain, Problem, Variables};
use super::token::{self, bearer};
use crate::secrets::{Secret, Secrets};
use crate::upstream::Upstream;

/// An identity, and its tokens by resource.
pub(super) struct Azure {
    flow: Arc<Flow>,
    tokens: [Cached<HeaderValue>; 2 * CLOUDS.len()],
}

/// How a token is come by.
#[derive(Clone)]
enum Flow {
    /// An app registration's secret.
    ClientSecret { app: App, secret: Secret },
    /// A token that Kubernetes writes into a file, from time to time anew.
    Workload { app: App, file: PathBuf },
    /// The endpoint that App Service, Functions and Container Apps put beside an app.
    AppService { endpoint: String, header: Secret, client_id: Option<String> },
    /// The instance metadata service of a virtual machine.
    Instance { base: String, client_id: Option<String> },
}

/// An app registration.
#[derive(Clone)]
struct App {
    authority: Option<String>,
    tenant: String,
    client_id: String,
}

/// A cloud of Azure's.
struct Cloud {
    /// What its services' names end in.
    domain: &'static str,
    /// Who gives out its tokens.
    authority: &'static str,
}

const CLOUDS: [Cloud; 3] = [
    Cloud { domain: ".azure.com", authority: "https://login.microsoftonline.com" },
    Cloud { domain: ".azure.us", authority: "https://login.microsoftonline.us" },
    Cloud { domain: ".azure.cn", authority: "https://login.chinacloudapi.cn" },
];

/// What a token is for: one of two services in one of the clouds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Resource {
    cloud: usize,
    /// A project of Azure AI Foundry; otherwise Cognitive Services, which Azure OpenAI is one of.
    foundry: bool,
}

impl Azure {
    /// The identity that is configured, completed by the environment.
    pub fn resolve(
        [client_id, client_secret, tenant_id]: [Option<&SecretValue>; 3],
        secrets: &Secrets,
        variables: Variables<'_>,
    ) -> Result<Self, Problem> {
        let configured = |value: Option<&SecretValue>| {
            value.and_then(|value| secrets.get(value)).map(|secret| secret.reveal().to_owned())
        };
        let own_id = configured(client_id);
        let environment_id = variables.line("AZURE_CLIENT_ID")?;
        // A secret in the environment is the one of the app that the environment names.
        let same_app = own_id.is_none() || environment_id.is_none() || own_id == environment_id;
        let client_id = own_id.or(environment_id);
        let secret = match configured(client_secret) {
            None if same_app => variables.line("AZURE_CLIENT_SECRET")?,
            secret => secret,
        };
        let tenant = match configured(tenant_id) {
            None => variables.line("AZURE_TENANT_ID")?,
            tenant => tenant,
        };
        let authority = variables.base("AZURE_AUTHORITY_HOST", Plain::Loopback)?;
        let app = |of: &str| -> Result<App, Problem> {
            let help =
                format!("an app registration has a tenant and a client id: set both, or take `{of}` away");
            let missing = |name| Variables::half(of, name, help.clone());
            let tenant = tenant.clone().ok_or_else(|| missing("AZURE_TENANT_ID"))?;
            let client_id = client_id.clone().ok_or_else(|| missing("AZURE_CLIENT_ID"))?;
            if !tenant.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte)) {
                let message = "the Azure tenant is neither an id nor a domain".to_owned();
                return Err(Problem::new(message, "a tenant has letters, digits, `.`, `-` and `_` only"));
            }
            Ok(App { authority: authority.clone(), tenant, client_id })
        };
        let flow = if let Some(secret) = secret {
            Flow::ClientSecret { app: app("AZURE_CLIENT_SECRET")?, secret: Secret::new(secret) }
        } else if let Some((file, _)) = variables.file("AZURE_FEDERATED_TOKEN_FILE")? {
            Flow::Workload { app: app("AZURE_FEDERATED_TOKEN_FILE")?, file }
        } else if let Some(endpoint) = variables.base("IDENTITY_ENDPOINT", Plain::Anywhere)? {
            let help = "App Service and Container Apps set both; the endpoint of Azure Arc is not supported";
            let missing = || Variables::half("IDENTITY_ENDPOINT", "IDENTITY_HEADER", help);
            let header = Secret::new(variables.line("IDENTITY_HEADER")?.ok_or_else(missing)?);
            Flow::AppService { endpoint, header, client_id }
        } else {
            let base = variables.base("AZURE_POD_IDENTITY_AUTHORITY_HOST", Plain::Anywhere)?;
            Flow::Instance { base: base.unwrap_or_else(|| "http://169.254.169.254".to_owned()), client_id }
        };
        Ok(Self { flow: Arc::new(flow), tokens: Default::default() })
    }

    /// A token for what stands at `host` and `path`.
    pub async fn token(&self, host: &str, path: &str, upstream: &Upstream) -> Result<HeaderValue, Failure> {
        let resource = Resource::at(host, path);
        let cached = &self.tokens[2 * resource.cloud + usize::from(resource.foundry)];
        let fetch = || {
            let (flow, upstream) = (Arc::clone(&self.flow), upstream.clone());
            async move { flow.fetch(resource, &upstream).await }
        };
        cached.get(fetch).await
    }
}

impl Resource {
    fn at(host: &str, path: &str) -> Self {
        let host = host.to_ascii_lowercase();
        let cloud = CLOUDS.iter().position(|cloud| host.ends_with(cloud.domain)).unwrap_or(0);
        let is_foundry =
            host.strip_suffix(CLOUDS[cloud].domain).is_some_and(|it| it.ends_with(".services.ai"));
        Self { cloud, foundry: is_foundry && path.starts_with("/api/projects/") }
    }

    /// As the identity endpoints know it.
    fn name(self) -> String {
        let service = if self.foundry { "ai" } else { "cognitiveservices" };
        format!("https://{service}{}", CLOUDS[self.cloud].domain)
    }
}

impl Flow {
    async fn fetch(&self, resource: Resource, upstream: &Upstream) -> Result<Fresh<HeaderValue>, Failure> {
        match self {
            Flow::ClientSecret { app, secret } => {
                let secret = secret.reveal();
                app.fetch(resource, &[("client_secret", secret)], secret, upstream).await
            }
            Flow::Workload { app, file } => {
                let assertion = token::read(file.clone()).await?;
                let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
                let fields = [("client_assertion_type", kind), ("client_assertion", &*assertion)];
                app.fetch(resource, &fields, &assertion, upstream).await
            }
            Flow::AppService { endpoint, header, client_id } => {
                let uri = managed(endpoint, "2019-08-01", resource, client_id.as_deref());
                let request = get(&uri, &[("x-identity-header", header.reveal())])?;
                finish(request, LOCAL, header.reveal(), upstream).await
            }
            Flow::Instance { base, client_id } => {
                let endpoint = format!("{base}/metadata/identity/oauth2/token");
                let uri = managed(&endpoint, "2018-02-01", resource, client_id.as_deref());
                finish(get(&uri, &[("metadata", "true")])?, INSTANCE, "", upstream).await
            }
        }
    }
}

/// The instance metadata service does not know an identity at once, and is updated at times.
const INSTANCE: Manner = Manner { passes: |status| matches!(status, 404 | 410 | 429 | 500..), ..LOCAL };

impl App {
    /// The client credentials flow of OAuth, with `proof` of who asks; `secret` is what it says.
    async fn fetch(
        &self,
        resource: Resource,
        proof: &[(&str, &str)],
        secret: &str,
        upstream: &Upstream,
    ) -> Result<Fresh<HeaderValue>, Failure> {
        let authority = self.authority.as_deref().unwrap_or(CLOUDS[resource.cloud].authority);
        let uri = format!("{authority}/{}/oauth2/v2.0/token", encoded(&self.tenant));
        let scope = format!("{}/.default", resource.name());
        let mut fields =
            vec![("grant_type", "client_credentials"), ("client_id", &*self.client_id), ("scope", &*scope)];
        fields.extend(proof);
        finish(post_form(&uri, &fields)?, REMOTE, secret, upstream).await
    }
}

/// The URI that gives a managed identity's token.
fn managed(endpoint: &str, version: &str, resource: Resource, client_id: Option<&str>) -> String {
    let resource = resource.name();
    let mut fields = vec![("api-version", version), ("resource", &*resource)];
    fields.extend(client_id.map(|id| ("client_id", id)));
    format!("{endpoint}?{}", query(&fields))
}

async fn finish(
    request: Request<Bytes>,
    manner: Manner,
    secret: &str,
    upstream: &Upstream,
) -> Result<Fresh<HeaderValue>, Failure> {
    bearer(&ask(upstream, &request, manner).await?, &[secret])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_for_the_service_that_the_host_is_of() {
        let resources = [
            ("my.openai.azure.com", "/openai/deployments/d/chat/completions"),
            ("my.cognitiveservices.azure.com", "/openai/v1/chat/completions"),
            ("my.services.ai.azure.com", "/openai/v1/chat/completions"),
            ("my.services.ai.azure.com", "/api/projects/p/openai/v1/chat/completions"),
            ("my.services.ai.azure.us", "/api/projects/p/openai/v1/chat/completions"),
            ("MY.OPENAI.AZURE.US", "/"),
            ("my.openai.azure.cn", "/"),
            ("gateway.example.com", "/api/projects/p"),
        ];
        let names: Vec<_> = resources.iter().map(|(host, path)| Resource::at(host, path).name()).collect();
        insta::assert_snapshot!(names.join("\n"), @r"
        https://cognitiveservices.azure.com
        https://cognitiveservices.azure.com
        https://cognitiveservices.azure.com
        https://ai.azure.com
        https://ai.azure.us
        https://cognitiveservices.azure.us
        https://cognitiveservices.azure.cn
        https://cognitiveservices.azure.com
        ");
    }
}
