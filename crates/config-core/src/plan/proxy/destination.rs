//! Where a plugin's requests go, as far as the file alone decides it: the plan's own answer, given twice
//! for requests that say different things. What both answers share is the file's doing.

use formats::WireFormat;

use super::{Native, Proxy, form_decode};
use crate::plan::prepare::{Body, Decision, prepare};
use crate::plan::request::{RequestHead, Scheme};
use crate::plan::router::Captures;
use crate::plan::upstream::{Host, PathOrigin};

/// An upstream URL of which a client may decide parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Destination {
    /// Plain or TLS.
    pub scheme: Scheme,
    /// The host, unless a client has a part in it.
    pub host: Option<String>,
    /// The port, if not the scheme's own.
    pub port: Option<u16>,
    /// What the path was taken from.
    pub origin: PathOrigin,
    /// The path.
    pub path: KnownPath,
    /// Names and values of the arguments; no value where it is a client's.
    pub query: Vec<(String, Option<String>)>,
    /// What is sent there.
    pub wire: WireFormat,
}

/// The segments of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KnownPath {
    /// Those before the first that a client has a part in.
    pub start: Vec<String>,
    /// Those behind the last one; the same as `start` if there is none.
    pub end: Vec<String>,
    /// Whether no client has a part in any.
    pub is_whole: bool,
}

impl Proxy {
    /// Where requests go; `None` if each is refused.
    pub(crate) fn destination(&self) -> Option<Destination> {
        let [one, other] = [self.sample("a")?, self.sample("b")?];
        let path = KnownPath::shared(&one.url.path, &other.url.path);
        let arguments = |decision: &Decision| -> Vec<(String, String)> {
            let query = decision.url.query.as_deref().unwrap_or_default();
            let arguments = query.split('&').filter(|argument| !argument.is_empty());
            let decoded = |text: &str| String::from_utf8_lossy(&form_decode(text.as_bytes())).into_owned();
            let pairs = arguments.map(|argument| argument.split_once('=').unwrap_or((argument, "")));
            pairs.map(|(name, value)| (decoded(name), decoded(value))).collect()
        };
        let query = arguments(&one).into_iter().zip(arguments(&other));
        let query = query.filter(|((name, _), (same, _))| name == same);
        let query = query.map(|((name, one), (_, other))| (name, (one == other).then_some(one)));
        let host = match (&one.url.host, &other.url.host) {
            (Host::Name(one), Host::Name(other)) => (one == other).then(|| one.clone()),
            _ => None,
        };
        Some(Destination {
            scheme: one.url.scheme,
            host,
            port: one.url.port,
            origin: one.path_origin,
            path,
            query: query.collect(),
            wire: one.wire,
        })
    }

    /// What becomes of a request in which each value and the path are `text`.
    fn sample(&self, text: &str) -> Option<Decision> {
        let path = format!("/{text}");
        let head = RequestHead {
            scheme: Scheme::Http,
            http2: false,
            method: b"POST",
            target: path.as_bytes(),
            headers: &[],
            port: 80,
            sni: None,
        };
        let mut rendered = self.render_with(&|_| Ok(text.to_owned())).ok()?;
        rendered.native = Native::of(self.llm_format, &head, &Captures::default());
        prepare(self, &rendered, &head, &path, Body::Unknown).ok()
    }
}

impl KnownPath {
    fn shared(one: &str, other: &str) -> Self {
        let segments = |path: &str| -> Vec<String> {
            path.split('/').filter(|segment| !segment.is_empty()).map(str::to_owned).collect()
        };
        let (one, other) = (segments(one), segments(other));
        let is_whole = one == other;
        let start = one.iter().zip(&other).take_while(|(one, other)| one == other).count();
        let end = one.iter().rev().zip(other.iter().rev()).take_while(|(one, other)| one == other).count();
        Self { start: one[..start].to_vec(), end: one[one.len() - end..].to_vec(), is_whole }
    }
}
