//! A decision put together with its secrets: what is sent, and the same as it may be shown.

use std::borrow::Cow;
use std::convert::Infallible;

use bytes::Bytes;
use formats::body::{BodyError, Members};

use super::{Decision, HeaderValue, UpstreamBody};
use crate::plan::auth::Credential;
use crate::plan::landing::encode_value;
use crate::plan::proxy::{CONNECTION_HEADERS, form_decode, is_token, split_argument};
use crate::plan::rejection::Rejection;
use crate::secret::SecretValue;

/// Looks up a secret. It is asked for literals, too: the file's, and the credential that a client may
/// bring.
pub type Resolve<'a> = &'a dyn Fn(&SecretValue) -> Option<String>;

/// A header as it is sent or shown.
#[derive(Clone, PartialEq, Eq)]
pub struct AssembledHeader<'a> {
    /// Its name, in lower case.
    pub name: Cow<'a, str>,
    /// Its value.
    pub value: Cow<'a, str>,
    /// Whether the value is a credential's.
    pub secret: bool,
}

/// What stands in place of a credential that has no reference.
const MASK: &str = "***";

/// Never shows a credential.
impl std::fmt::Debug for AssembledHeader<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.name, if self.secret { MASK } else { &self.value })
    }
}

/// What is sent is refused with 500 if a secret does not resolve.
impl Decision {
    /// Path and query as they are sent, the credential in its place.
    pub fn target(&self, resolve: Resolve<'_>) -> Result<String, Rejection> {
        self.target_with(
            |name| Ok(encode_value(&resolved(name, resolve)?)),
            |value| Ok(encode_value(&resolved(value, resolve)?)),
        )
    }

    /// The headers as they are sent. Refused with 500 also if a secret is what no header can carry; its
    /// text is not repeated.
    pub fn headers(&self, resolve: Resolve<'_>) -> Result<Vec<AssembledHeader<'_>>, Rejection> {
        self.headers_with(
            |name| {
                let text = resolved(name, resolve)?.to_ascii_lowercase();
                let usable = !text.is_empty() && text.bytes().all(is_token);
                if usable && !CONNECTION_HEADERS.contains(&&*text) {
                    Ok(text)
                } else {
                    Err(Rejection::misconfigured(format!("{} is no name for a header", name.shown())))
                }
            },
            |value| {
                let text = resolved(value, resolve)?;
                if text.chars().any(char::is_control) {
                    let message = format!(
                        "the value of {} has a line break or another control character, which no header can carry",
                        value.shown()
                    );
                    return Err(Rejection::misconfigured(message));
                }
                Ok(text)
            },
        )
    }

    /// The body as it is sent: of one that passes through, `client`'s. Refused with 500 also if the
    /// request was decided without its body.
    pub fn bytes(&self, client: &Bytes, resolve: Resolve<'_>) -> Result<Bytes, Rejection> {
        let bytes = match &self.body {
            UpstreamBody::Passthrough => client,
            UpstreamBody::Bytes(bytes) => bytes,
            UpstreamBody::Unknown => {
                return Err(Rejection::misconfigured("the request was decided without its body"));
            }
        };
        Ok(match self.body_with(bytes, |secret| resolved(secret, resolve))? {
            Cow::Borrowed(_) => bytes.clone(),
            Cow::Owned(changed) => changed.into(),
        })
    }

    /// The URL as it may be shown: a credential in the query is its reference or `***`.
    pub fn shown_url(&self) -> String {
        let Ok(target) = self.target_with(shown, shown);
        format!("{}{target}", self.url.origin())
    }

    /// The headers as they may be shown: a credential is its reference or `***`.
    pub fn shown_headers(&self) -> Vec<AssembledHeader<'_>> {
        let Ok(headers) = self.headers_with(shown, shown);
        headers
    }

    /// The body as it may be shown, to people and in logs: JSON text, byte for byte but for credentials,
    /// which are their references or `***`. Of a body that passes through, `client`'s; `None` if it is
    /// not known or no JSON.
    pub fn shown_body(&self, client: Option<&[u8]>) -> Option<String> {
        let bytes = match &self.body {
            UpstreamBody::Unknown => return None,
            UpstreamBody::Passthrough => client?,
            UpstreamBody::Bytes(bytes) => bytes,
        };
        let bytes = match Members::parse(bytes) {
            Err(BodyError::Syntax(_)) => return None,
            Err(BodyError::NotAnObject) => bytes.into(),
            Ok(mut members) => {
                for name in &self.secret_members {
                    if members.get(name).is_some() {
                        members.set(name, MASK);
                    }
                }
                Cow::Owned(members.to_bytes())
            }
        };
        let Ok(text) = self.body_with(&bytes, shown);
        String::from_utf8(text.into_owned()).ok()
    }

    /// The secrets that are sent, names as well as values, a client's own among them: what no answer may
    /// quote.
    pub fn secrets(&self) -> impl Iterator<Item = &SecretValue> {
        let in_headers = self.headers.iter().flat_map(|header| match &header.value {
            HeaderValue::Secret(secret) => header.name_reference.iter().chain(Some(secret)),
            HeaderValue::Plain(_) => None.iter().chain(None),
        });
        let others = self.query_credential.iter().chain(&self.body_credential);
        in_headers.chain(others.flat_map(|it| it.name_reference.iter().chain(Some(&it.value))))
    }

    fn target_with<E>(
        &self,
        name: impl Fn(&SecretValue) -> Result<String, E>,
        value: impl Fn(&SecretValue) -> Result<String, E>,
    ) -> Result<String, E> {
        let path = &self.url.path;
        let given = self.url.query.as_deref().unwrap_or_default();
        let Some(credential) = &self.query_credential else {
            return Ok(if given.is_empty() { path.clone() } else { format!("{path}?{given}") });
        };
        let name = match &credential.name_reference {
            None => encode_value(&credential.name),
            Some(reference) => name(reference)?,
        };
        // A client's argument of a name that was a secret until now.
        let ours = form_decode(name.as_bytes());
        let mut query = String::new();
        let kept = given.split('&').filter(|argument| {
            !argument.is_empty() && form_decode(split_argument(argument.as_bytes()).0) != ours
        });
        for argument in kept {
            query.push_str(argument);
            query.push('&');
        }
        Ok(format!("{path}?{query}{name}={}", value(&credential.value)?))
    }

    fn headers_with<E>(
        &self,
        name: impl Fn(&SecretValue) -> Result<String, E>,
        value: impl Fn(&SecretValue) -> Result<String, E>,
    ) -> Result<Vec<AssembledHeader<'_>>, E> {
        let mut headers: Vec<AssembledHeader<'_>> = Vec::with_capacity(self.headers.len());
        for header in &self.headers {
            let assembled = match &header.value {
                HeaderValue::Plain(text) => {
                    AssembledHeader { name: (&*header.name).into(), value: text.into(), secret: false }
                }
                HeaderValue::Secret(secret) => {
                    let name = match &header.name_reference {
                        None => Cow::Borrowed(&*header.name),
                        Some(reference) => name(reference)?.into(),
                    };
                    headers.retain(|other| other.name != name);
                    AssembledHeader { name, value: value(secret)?.into(), secret: true }
                }
            };
            headers.push(assembled);
        }
        Ok(headers)
    }

    fn body_with<'a, E>(
        &self,
        bytes: &'a [u8],
        text: impl Fn(&SecretValue) -> Result<String, E>,
    ) -> Result<Cow<'a, [u8]>, E> {
        let Some(Credential { name, name_reference, value }) = &self.body_credential else {
            return Ok(bytes.into());
        };
        let name = match name_reference {
            None => Cow::Borrowed(name),
            Some(reference) => Cow::Owned(text(reference)?),
        };
        // `prepare` refuses every other body where a credential is to be added.
        let Ok(mut members) = Members::parse(bytes) else { return Ok(bytes.into()) };
        members.set(&name, &text(value)?);
        Ok(members.to_bytes().into())
    }
}

fn shown(secret: &SecretValue) -> Result<String, Infallible> {
    Ok(secret.shown().to_owned())
}

fn resolved(secret: &SecretValue, resolve: Resolve<'_>) -> Result<String, Rejection> {
    resolve(secret).ok_or_else(|| {
        Rejection::misconfigured(format!("the secret {} is not set where the gateway runs", secret.shown()))
    })
}
