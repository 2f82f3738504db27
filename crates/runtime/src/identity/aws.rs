//! Keys that sign requests to AWS, from whichever source comes first, or the bearer token that stands in
//! for a signature.

mod fetched;
mod profile;
pub(super) mod sigv4;

use std::sync::Arc;

use config_core::secret::SecretValue;
use hyper::header::HeaderValue;

use super::cached::Cached;
use super::failure::Failure;
use super::problem::{Problem, Variables};
use super::token;
use crate::secrets::{Secret, Secrets};
use crate::upstream::Upstream;
use fetched::Provider;
use profile::Profile;

/// Who signs, and for which region.
pub(super) struct Aws {
    source: Source,
    region: String,
}

enum Source {
    Keys(Arc<Keys>),
    Bearer(HeaderValue),
    Fetched { provider: Arc<Provider>, keys: Cached<Arc<Keys>> },
}

/// An access key.
#[derive(Clone)]
pub(crate) struct Keys {
    pub id: String,
    pub secret: Secret,
    /// The session token of a temporary key.
    pub session: Option<Secret>,
}

/// What a request is authenticated with.
pub(super) enum Means<'a> {
    Bearer(HeaderValue),
    Keys(Arc<Keys>, &'a str),
}

impl Aws {
    /// The keys that are configured, or the first that the environment has.
    pub fn resolve(
        configured: [Option<&SecretValue>; 2],
        region: &str,
        secrets: &Secrets,
        variables: Variables<'_>,
    ) -> Result<Self, Problem> {
        let source = source(configured, region, secrets, variables)?;
        Ok(Self { source, region: region.to_owned() })
    }

    /// What the next request is authenticated with.
    pub async fn means(&self, upstream: &Upstream) -> Result<Means<'_>, Failure> {
        let keys = match &self.source {
            Source::Bearer(token) => return Ok(Means::Bearer(token.clone())),
            Source::Keys(keys) => Arc::clone(keys),
            Source::Fetched { provider, keys } => {
                let fetch = || {
                    let (provider, upstream) = (Arc::clone(provider), upstream.clone());
                    async move { provider.fetch(&upstream).await }
                };
                keys.get(fetch).await?
            }
        };
        Ok(Means::Keys(keys, &self.region))
    }
}

/// The region of the environment, or else of its profile.
pub(super) fn region(variables: Variables<'_>) -> Result<String, Problem> {
    const HELP: &str =
        "set `AWS_REGION`, or `model.options.bedrock.aws_region`, to a region such as `us-east-1`";
    let named = |name| -> Result<_, Problem> {
        let found = variables.line(name)?;
        Ok(found.map(|region| (format!("the environment variable `{name}`"), region)))
    };
    let found = match named("AWS_REGION")? {
        None => named("AWS_DEFAULT_REGION")?,
        found => found,
    };
    let found = match found {
        None => {
            let profile = Profile::find(variables)?;
            profile.and_then(|it| Some((format!("the region of the profile `{}`", it.name), it.region?)))
        }
        found => found,
    };
    let missing =
        "no AWS region is given: neither by the file nor by `AWS_REGION`, `AWS_DEFAULT_REGION` or a profile";
    let (place, region) = found.ok_or_else(|| Problem::new(missing, HELP))?;
    // It becomes a part of the host.
    if region.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        Ok(region)
    } else {
        Err(Problem::new(format!("{place} is not a region's name"), HELP))
    }
}

fn source(
    [id, secret]: [Option<&SecretValue>; 2],
    region: &str,
    secrets: &Secrets,
    variables: Variables<'_>,
) -> Result<Source, Problem> {
    let configured = |value: Option<&SecretValue>| value.and_then(|value| secrets.get(value));
    if let Some((id, secret)) = configured(id).zip(configured(secret)) {
        return Ok(Source::keys(id.reveal().to_owned(), secret, None));
    }
    const PAIR: [&str; 2] = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];
    if let Some([id, secret]) = both(variables, PAIR)? {
        let session = variables.line("AWS_SESSION_TOKEN")?.map(Secret::new);
        return Ok(Source::keys(id, Secret::new(secret), session));
    }
    if let Some(token) = variables.line("AWS_BEARER_TOKEN_BEDROCK")? {
        let wrong = || {
            let message = "the environment variable `AWS_BEARER_TOKEN_BEDROCK` is no token";
            Problem::new(message, "set it to the API key alone, without `Bearer`")
        };
        return Ok(Source::Bearer(token::header(&token).ok_or_else(wrong)?));
    }
    if let Some(provider) = Provider::web_identity(region, variables)? {
        return Ok(provider.into());
    }
    if let Some(Profile { keys, .. }) = Profile::find(variables)?
        && let Some(keys) = keys?
    {
        return Ok(Source::Keys(Arc::new(keys)));
    }
    if let Some(provider) = Provider::container(variables)? {
        return Ok(provider.into());
    }
    Provider::instance(variables).map(Source::from)
}

/// Two variables that belong together.
fn both(variables: Variables<'_>, names: [&str; 2]) -> Result<Option<[String; 2]>, Problem> {
    match (variables.line(names[0])?, variables.line(names[1])?) {
        (Some(one), Some(other)) => Ok(Some([one, other])),
        (None, None) => Ok(None),
        (one, _) => {
            let [set, missing] = if one.is_some() { names } else { [names[1], names[0]] };
            Err(Variables::half(set, missing, "set both, or neither"))
        }
    }
}

impl Source {
    fn keys(id: String, secret: Secret, session: Option<Secret>) -> Self {
        Self::Keys(Arc::new(Keys { id, secret, session }))
    }
}

impl From<Provider> for Source {
    fn from(provider: Provider) -> Self {
        Self::Fetched { provider: Arc::new(provider), keys: Cached::default() }
    }
}
