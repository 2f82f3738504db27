//! Tokens for a Google service account: of a key file, or of the metadata server that a machine of
//! Google's has.

use std::sync::Arc;
use std::time::SystemTime;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use config_core::secret::SecretValue;
use hyper::header::HeaderValue;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject;
use serde::{Deserialize, Serialize};

use super::cached::{Cached, Fresh};
use super::clock;
use super::endpoint::{LOCAL, REMOTE, ask, get, post_form};
use super::failure::Failure;
use super::problem::{Plain, Problem, Variables, checked};
use super::token::bearer;
use crate::secrets::Secrets;
use crate::upstream::Upstream;

/// A service account, and its token.
pub(super) struct Gcp {
    source: Arc<Source>,
    token: Cached<HeaderValue>,
}

enum Source {
    /// What a key file says.
    Key(Box<Key>),
    /// The metadata server's address.
    Metadata(String),
}

/// A service account's key.
struct Key {
    pair: RsaKeyPair,
    file: KeyFile,
}

/// What counts of a key file.
#[derive(Deserialize)]
struct KeyFile {
    client_email: String,
    private_key_id: Option<String>,
    private_key: String,
    #[serde(default = "token_uri")]
    token_uri: String,
}

/// What an assertion says (RFC 7523).
#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    scope: &'a str,
    aud: &'a str,
    iat: u64,
    exp: u64,
}

#[derive(Serialize)]
struct JoseHeader<'a> {
    alg: &'a str,
    typ: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    kid: Option<&'a str>,
}

const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";

const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// How long an assertion counts: the longest that Google takes.
const HOUR: u64 = 3600;

impl Gcp {
    /// The service account whose key is configured, or the environment's.
    pub fn resolve(
        json: Option<&SecretValue>,
        secrets: &Secrets,
        variables: Variables<'_>,
    ) -> Result<Self, Problem> {
        let configured = json.and_then(|json| Some((json, secrets.get(json)?)));
        let source = if let Some((value, secret)) = configured {
            let what = match value {
                SecretValue::Literal(_) => "the text of `gcp_service_account_json`".to_owned(),
                reference => format!("`gcp_service_account_json` is `{}`, and its text", reference.shown()),
            };
            Source::Key(Key::parse(secret.reveal(), &what)?)
        } else if let Some(text) = variables.text("GCP_SERVICE_ACCOUNT") {
            Source::Key(Key::parse(&text, "the environment variable `GCP_SERVICE_ACCOUNT`")?)
        } else if let Some((path, text)) = variables.file("GOOGLE_APPLICATION_CREDENTIALS")? {
            Source::Key(Key::parse(&text, &format!("the file `{}`", path.display()))?)
        } else {
            // The variable is a host, perhaps with a port.
            let host = variables.line("GCE_METADATA_HOST")?;
            let base = format!("http://{}", host.as_deref().unwrap_or("metadata.google.internal"));
            checked(&base, Plain::Anywhere).map_err(|what| {
                let message =
                    format!("the environment variable `GCE_METADATA_HOST` makes `{base}`, which is {what}");
                Problem::new(message, "set it to a host, such as `169.254.169.254`, or unset it")
            })?;
            Source::Metadata(base)
        };
        Ok(Self { source: Arc::new(source), token: Cached::default() })
    }

    /// A token for Google Cloud.
    pub async fn token(&self, upstream: &Upstream) -> Result<HeaderValue, Failure> {
        let fetch = || {
            let (source, upstream) = (Arc::clone(&self.source), upstream.clone());
            async move { source.fetch(&upstream).await }
        };
        self.token.get(fetch).await
    }
}

impl Source {
    async fn fetch(&self, upstream: &Upstream) -> Result<Fresh<HeaderValue>, Failure> {
        match self {
            Source::Key(key) => {
                let assertion = key.assertion(clock::unix(SystemTime::now()))?;
                let fields = [("grant_type", GRANT), ("assertion", &*assertion)];
                let request = post_form(&key.file.token_uri, &fields)?;
                bearer(&ask(upstream, &request, REMOTE).await?, &[&assertion])
            }
            Source::Metadata(base) => {
                let uri = format!("{base}/computeMetadata/v1/instance/service-accounts/default/token");
                let request = get(&uri, &[("metadata-flavor", "Google")])?;
                bearer(&ask(upstream, &request, LOCAL).await?, &[])
            }
        }
    }
}

impl Key {
    /// Reads a key file; `what` it is says where it comes from.
    fn parse(text: &str, what: &str) -> Result<Box<Self>, Problem> {
        const HELP: &str = "give the JSON file that Google Cloud makes for a key of the service account";
        let wrong = |why: &str| Problem::new(format!("{what} is no service account's key: {why}"), HELP);
        #[derive(Deserialize)]
        struct Kind {
            r#type: Option<String>,
        }
        let kind: Kind = serde_json::from_str(text).map_err(|_| wrong("it is no JSON object"))?;
        match kind.r#type.as_deref() {
            Some("service_account") => {}
            Some(other) => {
                let other: String = other.chars().filter(|c| !c.is_control()).take(40).collect();
                return Err(wrong(&format!("its `type` is `{other}`, not `service_account`")));
            }
            None => return Err(wrong("it has no `type`")),
        }
        // The error might quote the key.
        let file: KeyFile = serde_json::from_str(text)
            .map_err(|_| wrong("it needs the texts `client_email` and `private_key`"))?;
        checked(&file.token_uri, Plain::Loopback)
            .map_err(|problem| wrong(&format!("its `token_uri` is {problem}")))?;
        let der = PrivatePkcs8KeyDer::from_pem_slice(file.private_key.as_bytes());
        let der = der.map_err(|_| wrong("its `private_key` is no PEM text of a PKCS #8 key"))?;
        let pair = RsaKeyPair::from_pkcs8(der.secret_pkcs8_der());
        let pair =
            pair.map_err(|why| wrong(&format!("its `private_key` is no RSA key that can be used: {why}")))?;
        Ok(Box::new(Self { pair, file }))
    }

    /// What says, signed, that the account asks for a token.
    fn assertion(&self, now: u64) -> Result<String, Failure> {
        let KeyFile { client_email, private_key_id, token_uri, .. } = &self.file;
        let header = JoseHeader { alg: "RS256", typ: "JWT", kid: private_key_id.as_deref() };
        let claims = Claims { iss: client_email, scope: SCOPE, aud: token_uri, iat: now, exp: now + HOUR };
        let unsigned = format!("{}.{}", segment(&header), segment(&claims));
        let mut signature = vec![0; self.pair.public().modulus_len()];
        self.pair
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), unsigned.as_bytes(), &mut signature)
            .map_err(|_| Failure::refused("the private key does not sign"))?;
        Ok(format!("{unsigned}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature)))
    }
}

fn segment(part: &impl Serialize) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(serde_json::to_vec(part).expect("texts and numbers are JSON"))
}

fn token_uri() -> String {
    "https://oauth2.googleapis.com/token".to_owned()
}
