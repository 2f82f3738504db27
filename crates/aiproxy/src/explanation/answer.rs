//! The plan's answer to a request, put into an [`Explanation`]. Nothing is decided here.

use config_core::{
    plan::{
        self, Plan, Routing,
        caller::Caller,
        normalize::normalize,
        prepare::Body,
        proxy::{Field, Proxy, Rendered},
        rejection::Rejection,
        request::{RequestHead, Scheme},
        router::Captures,
    },
    secret::SecretValue,
};
use serde_json::Map;

use super::{
    Candidate, Error, Explanation, Kong, Outcome, RequestLine, Route, Secret, Template, Upstream, upstream,
};
use crate::request::{Payload, Request};

/// Looks up an environment variable.
pub type Variables<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Asks `plan` about `request`; given `variables`, also whether its secrets resolve.
pub fn explain(plan: &Plan, request: &Request, variables: Option<Variables<'_>>) -> Explanation {
    let headers: Vec<_> =
        request.headers.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())).collect();
    let host = request.url.host();
    let names_server = request.url.https && host.parse::<std::net::IpAddr>().is_err();
    let head = RequestHead {
        scheme: if request.url.https { Scheme::Https } else { Scheme::Http },
        http2: request.http2,
        method: request.method.as_bytes(),
        target: request.url.target.as_bytes(),
        headers: &headers,
        port: request.url.port(),
        sni: names_server.then_some(host.as_bytes()),
    };
    let mut explanation = Explanation::of(request);
    match plan.route(&head, Caller::Assumed(None)) {
        Routing::NoRoute(rejection) => {
            explanation.reject(Outcome::NoRoute, rejection);
            if plan.routes().is_empty() {
                explanation.notes.push("the file has no routes".to_owned());
            } else if std::str::from_utf8(&normalize(head.path())).is_err() {
                let reason = "the path is no UTF-8 once its escapes are decoded, and so belongs to no route";
                explanation.notes.push(reason.to_owned());
            }
        }
        Routing::Rejected(rejected) => {
            explanation.matched(plan, rejected.route, rejected.path, &rejected.captures);
            if let Some(proxy) = rejected.proxy {
                explanation.plugin(proxy, variables);
            }
            explanation.reject(Outcome::Rejected, rejected.rejection);
            let headers =
                rejected.headers.iter().map(|(name, value)| format!("the answer has `{name}: {value}`"));
            explanation.notes.extend(headers);
        }
        // A caller whose key is not asked for needs no body to be known.
        Routing::NeedsBody { .. } => explanation.assumed = vec!["body"],
        Routing::Routed(routed) => {
            explanation.matched(plan, routed.route, routed.path, &routed.captures);
            explanation.plugin(routed.proxy, variables);
            explanation.rendered(&routed.rendered);
            let (body, bytes) = match &request.body {
                Payload::Unknown => (Body::Unknown, None),
                Payload::Bytes(bytes) => (Body::Bytes(bytes), Some(bytes.as_slice())),
            };
            match routed.prepare(body) {
                Err(rejection) => explanation.reject(Outcome::Rejected, rejection),
                Ok(decision) => {
                    explanation.assumed = decision.assumed.clone();
                    explanation.model = decision.model.clone();
                    explanation.upstream = Some(Upstream::new(&decision, bytes));
                    explanation.notes.extend(upstream::notes(&decision));
                }
            }
        }
    }
    explanation.compare(plan, &head);
    explanation
}

impl Explanation {
    /// An answer in which everything is still open.
    fn of(request: &Request) -> Self {
        Self {
            format: "aiproxy-explain/1",
            outcome: Outcome::Proxied,
            assumed: Vec::new(),
            request: RequestLine { method: request.method.clone(), url: request.url.to_string() },
            route: None,
            captures: Map::new(),
            templates: Vec::new(),
            provider: None,
            route_type: None,
            model: None,
            upstream: None,
            error: None,
            kong: None,
            candidates: Vec::new(),
            candidates_omitted: 0,
            secrets: None,
            notes: Vec::new(),
        }
    }

    /// The answer of a gateway that cannot answer at all.
    pub fn rejected(request: &Request, status: u16, message: String) -> Self {
        let error = Some(Error { status, message });
        Self { outcome: Outcome::Rejected, error, ..Self::of(request) }
    }

    /// Keeps the first `count` candidates and says how many there were beyond.
    pub fn omit_candidates_after(&mut self, count: usize) {
        self.candidates_omitted = self.candidates.len().saturating_sub(count);
        self.candidates.truncate(count);
    }

    fn reject(&mut self, outcome: Outcome, rejection: Rejection) {
        self.outcome = outcome;
        self.error = Some(Error { status: rejection.status, message: rejection.message });
    }

    fn matched(&mut self, plan: &Plan, route: &plan::Route, path: Option<&str>, captures: &Captures) {
        self.route = Some(Route {
            name: route.name.clone(),
            pointer: route.pointer.clone(),
            path: path.map(str::to_owned),
            file: plan.file().to_owned(),
            line: route.line,
            column: route.column,
        });
        self.captures = captures.iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
    }

    fn plugin(&mut self, proxy: &Proxy, variables: Option<Variables<'_>>) {
        self.provider = Some(proxy.provider.to_string());
        self.route_type = Some(proxy.route_type.to_string());
        self.secrets = variables.map(|variables| {
            let secrets = proxy.auth.secrets().filter(|secret| !matches!(secret, SecretValue::Literal(_)));
            secrets.map(|secret| resolve(secret, variables)).collect()
        });
    }

    fn rendered(&mut self, rendered: &Rendered) {
        let templates = rendered.templates.iter().map(|template| Template {
            field: template.field.as_str().to_owned(),
            template: template.template.clone(),
            value: template.value.clone(),
        });
        self.templates = templates.collect();
        self.model = rendered.text(Field::Name).map(str::to_owned);
    }

    fn compare(&mut self, plan: &Plan, head: &RequestHead<'_>) {
        let kong = plan.kong_choice(head);
        self.kong = Some(Kong {
            route: kong.route.and_then(|route| route.name.clone()),
            pointer: kong.route.map(|route| route.pointer.clone()),
            differs: kong.differs,
            reason: kong.reason,
        });
        let candidates = plan.candidates(head).into_iter().map(|candidate| Candidate {
            route: candidate.route.name.clone(),
            pointer: candidate.route.pointer.clone(),
            path: candidate.path.map(str::to_owned),
            matched: candidate.matched,
            chosen: candidate.chosen,
            reason: candidate.reason,
            matched_prefix: candidate.matched_prefix,
        });
        self.candidates = candidates.collect();
    }
}

fn resolve(secret: &SecretValue, variables: Variables<'_>) -> Secret {
    let resolved = runtime::secrets::resolve(secret, variables).is_ok();
    Secret { reference: secret.shown().to_owned(), resolved }
}
