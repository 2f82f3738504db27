//! Cloud identities: which source each of a plan's has, decided once from file and environment, and the
//! tokens and keys that come from there.

mod aws;
mod azure;
mod cached;
mod clock;
mod endpoint;
mod failure;
mod gcp;
mod problem;
mod token;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use config_core::plan::Plan;
use config_core::plan::auth::Identity;
use config_core::plan::prepare::Decision;
use config_core::plan::upstream::Host;
use hyper::Request;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderName, HeaderValue};
use tokio::time::timeout;

use crate::refusal::Refusal;
use crate::secrets::{Environment, Secrets};
use crate::upstream::Upstream;
use aws::sigv4;
use aws::{Aws, Keys, Means};
use azure::Azure;
use failure::Failure;
use gcp::Gcp;
pub use problem::IdentityProblem;
use problem::{Problem, Problems, Variables};

/// The sources of a plan's identities.
pub struct Identities(Option<HashMap<Identity, Source>>);

/// Where an identity's tokens or keys come from.
enum Source {
    Azure(Azure),
    Gcp(Gcp),
    Aws(Aws),
}

/// What a request is authenticated with when it is complete.
pub(crate) enum Proof {
    /// The value of `authorization`.
    Bearer(HeaderValue),
    /// A signature for a region.
    Signature(Arc<Keys>, String),
}

/// The longest that a request waits for a token.
const PATIENCE: Duration = Duration::from_secs(30);

impl Identities {
    /// Finds the source of every identity that `plan` needs, and gives it the environment's AWS region.
    /// Returns everything that is known to be wrong, in the order of the file; nothing is fetched.
    pub fn resolve(
        plan: &mut Plan,
        secrets: &Secrets,
        environment: Environment<'_>,
    ) -> Result<Self, Vec<IdentityProblem>> {
        let variables = Variables(environment);
        let mut problems = Problems::default();
        if plan.cloud_uses().iter().any(|used| used.lacks_region) {
            match aws::region(variables) {
                Ok(region) => plan.assume_region(&region),
                Err(problem) => {
                    let uses = plan.cloud_uses().into_iter().filter(|used| used.lacks_region);
                    uses.for_each(|used| problems.add(used.line, problem.clone()));
                }
            }
        }
        let mut sources: HashMap<Identity, Result<Source, Problem>> = HashMap::new();
        for used in plan.cloud_uses() {
            let Some(identity) = used.identity else { continue };
            let source = sources
                .entry(identity.clone())
                .or_insert_with(|| Source::resolve(identity, secrets, variables));
            if let Err(problem) = source {
                problems.add(used.line, problem.clone());
            }
        }
        let problems = problems.in_file_order();
        if !problems.is_empty() {
            return Err(problems);
        }
        let found = sources.into_iter().filter_map(|(identity, source)| Some((identity, source.ok()?)));
        Ok(Self(Some(found.collect())))
    }

    /// For a gateway whose upstreams are imitated: requests go without a token, and nothing is read or
    /// fetched.
    pub fn stand_in(plan: &mut Plan) -> Self {
        plan.assume_region("us-east-1");
        Self(None)
    }

    /// What the decided request is to be authenticated with; `None` if by nothing of a cloud. Waits for
    /// half of `patience` at most.
    pub(crate) async fn proof(
        &self,
        decision: &Decision,
        upstream: &Upstream,
        patience: Duration,
    ) -> Result<Option<Proof>, Refusal> {
        let (Some(identity), Some(sources)) = (&decision.identity, &self.0) else { return Ok(None) };
        let kind = match identity {
            Identity::AzureManaged { .. } => "azure identity",
            Identity::GcpServiceAccount { .. } => "gcp identity",
            Identity::AwsSigV4 { .. } => "aws credentials",
        };
        let limit = PATIENCE.min(patience / 2);
        let proof = async {
            match sources.get(identity) {
                Some(source) => source.proof(decision, upstream).await,
                None => Err(Failure::refused("not known when the gateway started")),
            }
        };
        let late = |_| Err(Failure::unavailable(format!("nothing was fetched within {limit:?}")));
        let proof = timeout(limit, proof).await.unwrap_or_else(late);
        proof.map(Some).map_err(|Failure { status, reason }| {
            Refusal::new(status, "identity_unavailable", format!("{kind}: {reason}"))
        })
    }
}

impl Source {
    fn resolve(identity: &Identity, secrets: &Secrets, variables: Variables<'_>) -> Result<Self, Problem> {
        Ok(match identity {
            Identity::AzureManaged { client_id, client_secret, tenant_id } => {
                let app = [client_id.as_ref(), client_secret.as_ref(), tenant_id.as_ref()];
                Source::Azure(Azure::resolve(app, secrets, variables)?)
            }
            Identity::GcpServiceAccount { json } => {
                Source::Gcp(Gcp::resolve(json.as_ref(), secrets, variables)?)
            }
            Identity::AwsSigV4 { access_key_id, secret_access_key, region } => {
                let keys = [access_key_id.as_ref(), secret_access_key.as_ref()];
                // Without a region there is a problem already.
                let region = region.as_deref().unwrap_or_default();
                Source::Aws(Aws::resolve(keys, region, secrets, variables)?)
            }
        })
    }

    async fn proof(&self, decision: &Decision, upstream: &Upstream) -> Result<Proof, Failure> {
        Ok(match self {
            Source::Azure(azure) => {
                let host = match &decision.url.host {
                    Host::Name(host) => host,
                    Host::BedrockInEnvironment => "",
                };
                Proof::Bearer(azure.token(host, &decision.url.path, upstream).await?)
            }
            Source::Gcp(gcp) => Proof::Bearer(gcp.token(upstream).await?),
            Source::Aws(aws) => match aws.means(upstream).await? {
                Means::Bearer(token) => Proof::Bearer(token),
                Means::Keys(keys, region) => Proof::Signature(keys, region.to_owned()),
            },
        })
    }
}

impl Proof {
    /// Adds the proof to a request that is complete; a signature is made over `body`.
    pub fn authenticate<B>(&self, request: &mut Request<B>, body: &[u8]) {
        let (keys, region) = match self {
            Proof::Bearer(token) => {
                request.headers_mut().insert(AUTHORIZATION, token.clone());
                return;
            }
            Proof::Signature(keys, region) => (keys, region),
        };
        let host = request.uri().authority().map(|authority| authority.as_str().to_owned());
        let text = |value: &HeaderValue| value.to_str().ok().map(str::to_owned);
        let content_type = request.headers().get(CONTENT_TYPE).and_then(text);
        let parts = sigv4::Parts {
            method: request.method().as_str(),
            host: host.as_deref().unwrap_or_default(),
            target: request.uri().path_and_query().map_or("/", |target| target.as_str()),
            content_type: content_type.as_deref(),
            body,
        };
        let signed = sigv4::sign(parts, keys, region, SystemTime::now());
        let headers = request.headers_mut();
        if let Some(host) = host.and_then(|host| HeaderValue::try_from(host).ok()) {
            headers.insert(HOST, host);
        }
        for (name, value) in signed {
            // Keys are checked when they are found.
            let Ok(mut value) = HeaderValue::try_from(value) else { continue };
            value.set_sensitive(name != "x-amz-date");
            headers.insert(HeaderName::from_static(name), value);
        }
    }
}
