//! Temporary keys: of a role that a web identity takes on, of a container, of an instance.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use hyper::Method;
use serde::Deserialize;

use super::Keys;
use crate::identity::cached::Fresh;
use crate::identity::clock;
use crate::identity::endpoint::{LOCAL, REMOTE, Reply, ask, get, post_form, request};
use crate::identity::failure::{Failure, element};
use crate::identity::problem::{Plain, Problem, Variables, checked, is_loopback};
use crate::identity::token;
use crate::secrets::Secret;
use crate::upstream::Upstream;

/// Who gives out keys.
pub(super) enum Provider {
    /// AWS's Security Token Service, for a token that Kubernetes writes.
    WebIdentity { endpoint: String, role: String, session: String, file: PathBuf },
    /// The agent of ECS or EKS beside a container.
    Container { uri: String, authorization: Authorization },
    /// The metadata service of an instance, version 2.
    Instance { base: String },
}

/// What a container's agent wants to see.
pub(super) enum Authorization {
    None,
    Token(Secret),
    File(PathBuf),
}

/// The agent of ECS.
const CONTAINER_AGENT: &str = "http://169.254.170.2";

/// The hosts that may be asked without TLS: the agents of ECS and EKS.
const CONTAINER_HOSTS: [&str; 3] = ["169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"];

/// How long a session with the metadata service lasts: the longest.
const SESSION_SECONDS: &str = "21600";

impl Provider {
    /// A role that is taken on with a token.
    pub fn web_identity(region: &str, variables: Variables<'_>) -> Result<Option<Self>, Problem> {
        let Some((file, _)) = variables.file("AWS_WEB_IDENTITY_TOKEN_FILE")? else { return Ok(None) };
        let help = "both name a role and the token to take it on with: set both, or neither";
        let missing = || Variables::half("AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN", help);
        let role = variables.line("AWS_ROLE_ARN")?.ok_or_else(missing)?;
        let session = variables.line("AWS_ROLE_SESSION_NAME")?.unwrap_or_else(|| "aiproxy".to_owned());
        let endpoint = variables.base("AWS_ENDPOINT_URL_STS", Plain::Loopback)?;
        let endpoint = endpoint.unwrap_or_else(|| format!("https://sts.{region}.amazonaws.com"));
        Ok(Some(Self::WebIdentity { endpoint, role, session, file }))
    }

    /// The keys of a container.
    pub fn container(variables: Variables<'_>) -> Result<Option<Self>, Problem> {
        const FULL: &str = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
        let uri = match (variables.line("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")?, variables.line(FULL)?) {
            (Some(path), _) => format!("{CONTAINER_AGENT}/{}", path.trim_start_matches('/')),
            (None, Some(uri)) => {
                let is_agent = |host: &str| CONTAINER_HOSTS.contains(&host) || is_loopback(host);
                let host = uri.parse::<hyper::Uri>().ok().and_then(|uri| uri.host().map(is_agent));
                let plain = if host == Some(true) { Plain::Anywhere } else { Plain::Loopback };
                checked(&uri, plain).map_err(|what| {
                    Problem::new(
                        format!("the environment variable `{FULL}` is {what}"),
                        "without TLS only the machine itself and the agents of ECS and EKS are asked",
                    )
                })?;
                uri
            }
            (None, None) => return Ok(None),
        };
        let authorization = match variables.file("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")? {
            Some((file, _)) => Authorization::File(file),
            None => variables
                .line("AWS_CONTAINER_AUTHORIZATION_TOKEN")?
                .map_or(Authorization::None, |token| Authorization::Token(Secret::new(token))),
        };
        Ok(Some(Self::Container { uri, authorization }))
    }

    /// The keys of the instance that this runs on, which only a request to it can tell.
    pub fn instance(variables: Variables<'_>) -> Result<Self, Problem> {
        if variables.line("AWS_EC2_METADATA_DISABLED")?.is_some_and(|it| it.eq_ignore_ascii_case("true")) {
            let message = "there are no AWS credentials: none are configured, the environment has none, and \
                           `AWS_EC2_METADATA_DISABLED` forbids to ask the instance";
            return Err(Problem::new(message, "set `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`"));
        }
        let base = variables.base("AWS_EC2_METADATA_SERVICE_ENDPOINT", Plain::Anywhere)?;
        Ok(Self::Instance { base: base.unwrap_or_else(|| "http://169.254.169.254".to_owned()) })
    }

    pub async fn fetch(&self, upstream: &Upstream) -> Result<Fresh<Arc<Keys>>, Failure> {
        match self {
            Provider::WebIdentity { endpoint, role, session, file } => {
                let token = token::read(file.clone()).await?;
                let fields = [
                    ("Action", "AssumeRoleWithWebIdentity"),
                    ("Version", "2011-06-15"),
                    ("RoleArn", role),
                    ("RoleSessionName", session),
                    ("WebIdentityToken", &*token),
                ];
                let reply = ask(upstream, &post_form(&format!("{endpoint}/"), &fields)?, REMOTE).await?;
                taken_on(&reply, &[&token])
            }
            Provider::Container { uri, authorization } => {
                let token = match authorization {
                    Authorization::None => None,
                    Authorization::Token(token) => Some(token.reveal().to_owned()),
                    Authorization::File(file) => Some(token::read(file.clone()).await?),
                };
                let headers: Vec<_> = token.iter().map(|token| ("authorization", token.as_str())).collect();
                let reply = ask(upstream, &get(uri, &headers)?, LOCAL).await?;
                let token = token.as_deref().unwrap_or_default();
                given_out(&reply, &[token])
            }
            Provider::Instance { base } => {
                let put = [("x-aws-ec2-metadata-token-ttl-seconds", SESSION_SECONDS)];
                let put = request(Method::PUT, &format!("{base}/latest/api/token"), &put, String::new())?;
                let session = text(&ask(upstream, &put, LOCAL).await?, "a session token")?;
                let headers = [("x-aws-ec2-metadata-token", &*session)];
                let roles = format!("{base}/latest/meta-data/iam/security-credentials/");
                let role = text(&ask(upstream, &get(&roles, &headers)?, LOCAL).await?, "a role")?;
                let role = get(&format!("{roles}{role}"), &headers)?;
                given_out(&ask(upstream, &role, LOCAL).await?, &[&session])
            }
        }
    }
}

/// The first line of an answer in plain text.
fn text(reply: &Reply, expected: &str) -> Result<String, Failure> {
    let line = std::str::from_utf8(reply.good(&[])?).ok().and_then(|text| text.trim().lines().next());
    line.filter(|line| token::is_token(line))
        .map(str::to_owned)
        .ok_or_else(|| Failure::unreadable(reply, expected))
}

/// Keys as agents and instances give them.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GivenOut {
    access_key_id: String,
    secret_access_key: String,
    token: String,
    expiration: String,
}

fn given_out(reply: &Reply, secrets: &[&str]) -> Result<Fresh<Arc<Keys>>, Failure> {
    let keys = serde_json::from_slice(reply.good(secrets)?).ok();
    keys.and_then(GivenOut::fresh).ok_or_else(|| Failure::unreadable(reply, "keys and their expiry"))
}

/// Keys as the Security Token Service gives them, in XML.
fn taken_on(reply: &Reply, secrets: &[&str]) -> Result<Fresh<Arc<Keys>>, Failure> {
    let xml = std::str::from_utf8(reply.good(secrets)?).unwrap_or_default();
    let keys = || {
        let credentials = element(xml, "Credentials")?;
        let member = |name| element(&credentials, name);
        GivenOut {
            access_key_id: member("AccessKeyId")?,
            secret_access_key: member("SecretAccessKey")?,
            token: member("SessionToken")?,
            expiration: member("Expiration")?,
        }
        .fresh()
    };
    keys().ok_or_else(|| Failure::unreadable(reply, "keys and their expiry"))
}

impl GivenOut {
    /// `None` if a header cannot carry them, or they have expired.
    fn fresh(self) -> Option<Fresh<Arc<Keys>>> {
        let Self { access_key_id: id, secret_access_key: secret, token, expiration } = self;
        let lifetime = clock::until(&expiration, SystemTime::now()).filter(|left| !left.is_zero())?;
        if !token::is_token(&id) || !token::is_token(&token) {
            return None;
        }
        let keys = Keys { id, secret: Secret::new(secret), session: Some(Secret::new(token)) };
        Some(Fresh { value: Arc::new(keys), lifetime })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_answer_is_too_strange(text in r"(<|>|/|&amp;|&|Credentials|AccessKeyId|SessionToken|é|\PC){0,40}") {
            let reply = Reply { host: "sts.test".to_owned(), status: 200, body: text.into() };
            prop_assert!(taken_on(&reply, &[]).is_err());
            prop_assert!(given_out(&reply, &[]).is_err());
        }
    }
}
