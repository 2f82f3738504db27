//! What one compiled plugin does to requests: URLs, pipeline, hostile values.

mod assembly;
mod hostile;
mod inspection;
mod pipeline;
mod urls;

use std::fmt::Write;
use std::sync::Arc;

use config_core::model::AiProxy;
use config_core::pattern::Pattern;
use config_core::plan::criteria::{Criteria, PathCriterion};
use config_core::plan::prepare::{Body, Decision, HeaderValue, UpstreamBody, prepare};
use config_core::plan::proxy::{Proxy, Rendered, Uncompilable};
use config_core::plan::rejection::Rejection;
use config_core::plan::request::{RequestHead, Scheme};
use config_core::plan::router::Router;
use config_core::source::SourceFile;
use config_core::syntax::{from_node, parse};

/// The plugin that `config` (YAML) describes.
fn compile(config: &str) -> Result<Proxy, Vec<Uncompilable>> {
    let source = SourceFile::new("config.yaml", config);
    let parsed = parse(&source);
    let document = parsed.document.expect("the test's YAML is well-formed");
    let config: AiProxy =
        from_node(&document, document.root(), &|_| false).unwrap_or_else(|error| panic!("{error}\n{config}"));
    Proxy::lower(&config, &[])
}

/// A request to a route of which `proxy` is the plugin.
#[derive(Clone)]
struct Request<'a> {
    path: &'a str,
    method: &'a str,
    target: &'a str,
    headers: Vec<(&'a str, &'a [u8])>,
    body: Option<&'a [u8]>,
}

impl<'a> Request<'a> {
    /// A POST of JSON to the target, on a route whose path captures `model` and `rest`.
    fn post(target: &'a str, body: &'a str) -> Self {
        Self {
            path: "~/(?<model>[^/]*)/(?<rest>.*)",
            method: "POST",
            target,
            headers: vec![("content-type", b"application/json")],
            body: Some(body.as_bytes()),
        }
    }

    /// The same without a known body.
    fn unknown(target: &'a str) -> Self {
        Self { body: None, ..Self::post(target, "") }
    }

    fn header(mut self, name: &'a str, value: &'a (impl AsRef<[u8]> + ?Sized)) -> Self {
        self.headers.retain(|(other, _)| *other != name);
        self.headers.push((name, value.as_ref()));
        self
    }

    fn send(&self, proxy: &Proxy) -> Result<(Rendered, Decision), Rejection> {
        self.send_body(proxy, self.body.map_or(Body::Unknown, Body::Bytes))
    }

    fn send_body(&self, proxy: &Proxy, body: Body<'_>) -> Result<(Rendered, Decision), Rejection> {
        let headers: Vec<_> = self.headers.iter().map(|(name, value)| (name.as_bytes(), *value)).collect();
        let head = RequestHead {
            scheme: Scheme::Http,
            http2: false,
            method: self.method.as_bytes(),
            target: self.target.as_bytes(),
            headers: &headers,
            port: 8000,
            sni: None,
        };
        let path = match self.path.strip_prefix('~') {
            Some(pattern) => {
                PathCriterion::Regex(Arc::new(Pattern::parse(pattern).expect("the test's pattern is valid")))
            }
            None => PathCriterion::Prefix(self.path.to_owned()),
        };
        let router = Router::build(vec![Criteria { paths: vec![path], ..Criteria::default() }]);
        let found =
            router.find(&head).unwrap_or_else(|| panic!("{} does not match {}", self.path, self.target));
        let rendered = proxy.render(&head, &found.captures)?;
        let decision = prepare(proxy, &rendered, &head, &found.normalized_path, body)?;
        Ok((rendered, decision))
    }

    /// The decision, or the refusal as `status message`.
    fn decide(&self, proxy: &Proxy) -> Result<Decision, String> {
        self.send(proxy)
            .map(|(_, decision)| decision)
            .map_err(|rejection| format!("{} {}", rejection.status, rejection.message))
    }

    /// The URL, or the refusal.
    fn url(&self, proxy: &Proxy) -> String {
        self.decide(proxy).map_or_else(|refusal| refusal, |decision| decision.shown_url())
    }
}

/// A decision as people read it.
fn show(decision: &Decision) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "{} {}", decision.method, decision.shown_url());
    for header in &decision.headers {
        let value = match &header.value {
            HeaderValue::Plain(text) => text.clone(),
            HeaderValue::Secret(secret) => format!("{secret} (secret)"),
        };
        let _ = writeln!(out, "{}: {value}", header.name);
    }
    let _ = match &decision.body {
        UpstreamBody::Bytes(bytes) => writeln!(out, "\n{}", String::from_utf8_lossy(bytes)),
        other => writeln!(out, "\n{other:?}"),
    };
    let _ = writeln!(
        out,
        "--\npath from {}; model {:?}; stream {}; wire {}",
        decision.path_origin.as_str(),
        decision.model,
        decision.stream,
        decision.wire.as_str()
    );
    if let Some(credential) = &decision.body_credential {
        let _ = writeln!(out, "credential in the body: {}={}", credential.name, credential.value);
    }
    if let Some(identity) = &decision.identity {
        let _ = writeln!(out, "identity {identity:?}");
    }
    if let Some(name) = &decision.response_model_header {
        let _ = writeln!(out, "answer names {name}");
    }
    if !decision.assumed.is_empty() {
        let _ = writeln!(out, "assumed {:?}", decision.assumed);
    }
    if !decision.dropped_members.is_empty() {
        let _ = writeln!(out, "dropped {:?}", decision.dropped_members);
    }
    out
}

const CHAT: &str = r#"{"messages":[{"role":"user","content":"hi"}]}"#;
const COMPLETION: &str = r#"{"prompt":"hi"}"#;
