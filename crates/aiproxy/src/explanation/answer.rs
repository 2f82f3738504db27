//! The plan's answer to a request, put into an [`Explanation`]. Nothing is decided here.

use config_core::{
    model::ConsumerIndex,
    plan::{
        self, Plan, Routing,
        caller::Caller,
        normalize::normalize,
        prepare::Body,
        proxy::{Field, Proxy, Rendered},
        rejection::Rejection,
        request::{RequestHead, Scheme, check_target},
        router::Captures,
    },
    secret::SecretValue,
};
use runtime::secrets::Secrets;
use serde_json::Map;

use super::{
    Candidate, Consumer, Error, Explanation, Kong, Outcome, RequestLine, Route, Secret, Template, Upstream,
    upstream,
};
use crate::request::{Payload, Request};

/// Looks up an environment variable.
pub type Variables<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Who sends a request.
#[derive(Debug, Clone, Copy)]
pub enum Client {
    /// Whoever the key in it says.
    Keyed,
    /// This consumer, whatever key is in it.
    Consumer(ConsumerIndex),
}

/// Asks `plan` about `request`; given `variables`, also whether its secrets resolve.
pub fn explain(
    plan: &Plan,
    request: &Request,
    client: Client,
    variables: Option<Variables<'_>>,
) -> Explanation {
    // Not to be read as a request, so that no plan is asked.
    if let Err(rejection) = check_target(request.url.target.as_bytes()) {
        return Explanation::rejected(request, rejection.status, rejection.message);
    }
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
    let body = match &request.body {
        Payload::Unknown => Body::Unknown,
        Payload::Bytes(bytes) => Body::Bytes(bytes),
    };
    let (routing, assumed) = route(plan, &head, client, body, variables);
    if matches!(client, Client::Consumer(_)) && assumed.is_empty() {
        explanation.notes.push("no key is asked for here, so the client is no consumer".to_owned());
    }
    explanation.assumed = assumed;
    match routing {
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
            explanation.consumer = rejected.consumer.map(|consumer| Consumer::of(plan, consumer));
            if let Some(proxy) = rejected.proxy {
                explanation.plugin(proxy, variables);
            }
            explanation.reject(Outcome::Rejected, rejected.rejection);
            let headers =
                rejected.headers.iter().map(|(name, value)| format!("the answer has `{name}: {value}`"));
            explanation.notes.extend(headers);
        }
        // A caller whose key is not asked for needs no body to be known.
        Routing::NeedsBody { .. } => {}
        Routing::Routed(routed) => {
            explanation.matched(plan, routed.route, routed.path, &routed.captures);
            explanation.consumer = routed.consumer.map(|consumer| Consumer::of(plan, consumer));
            explanation.plugin(routed.proxy, variables);
            explanation.rendered(&routed.rendered);
            let bytes = if let Body::Bytes(bytes) = body { Some(bytes) } else { None };
            match routed.prepare(body) {
                Err(rejection) => explanation.reject(Outcome::Rejected, rejection),
                Ok(decision) => {
                    explanation.assumed.extend(&decision.assumed);
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

/// Asks the plan as a gateway would, and says what is assumed. The keys are those that are known here: a
/// key that is none of them may be one whose reference is not resolved, and then nobody in particular is
/// assumed.
fn route<'p, 'r>(
    plan: &'p Plan,
    head: &RequestHead<'r>,
    client: Client,
    body: Body<'_>,
    variables: Option<Variables<'_>>,
) -> (Routing<'p, 'r>, Vec<&'static str>) {
    let (_, keys, missing) = Secrets::stand_in(plan, variables.unwrap_or(&|_| None));
    let routing = plan.route(head, Caller::Keyed { keys: &keys, body });
    let (is_guarded, is_unknown) = match &routing {
        Routing::NoRoute(_) => (false, false),
        Routing::NeedsBody { .. } => (true, true),
        Routing::Rejected(rejected) => {
            (rejected.route.is_guarded(), rejected.rejection.is_unknown_key() && !missing.is_empty())
        }
        Routing::Routed(routed) => (routed.route.is_guarded(), routed.unknown_key && !missing.is_empty()),
    };
    let assume = |consumer, what| (plan.route(head, Caller::Assumed(consumer)), vec![what]);
    match client {
        // Where no key is asked for, nobody is a consumer.
        Client::Consumer(consumer) if is_guarded => assume(Some(consumer), "consumer"),
        Client::Keyed if is_unknown => assume(None, "key"),
        _ => (routing, Vec::new()),
    }
}

impl Consumer {
    fn of(plan: &Plan, index: ConsumerIndex) -> Self {
        let plan::caller::Consumer { id, username, custom_id } = plan.consumer(index).clone();
        Self { username, custom_id, id }
    }
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
            consumer: None,
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
