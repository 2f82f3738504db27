//! One request, from its head to its answer. The plan decides what becomes of it; here its parts are read
//! and sent in the order that the plan asks for them.

mod exchange;
mod outgoing;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use config_core::plan::caller::{Caller, Keys};
use config_core::plan::prepare::{Body as PlanBody, BodyUse, Decision, Inspection};
use config_core::plan::rejection::Rejection;
use config_core::plan::{Plan, Routing};
use config_core::secret::SecretValue;
use hyper::body::Incoming;
use hyper::header::{CONNECTION, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Request, Response, StatusCode, Version};

use crate::Body;
use crate::access_log::AccessLog;
use crate::head::{self, ClientConnection, RequestLine};
use crate::identity::Identities;
use crate::limits::Limits;
use crate::refusal::Refusal;
use crate::request_body::ClientBody;
use crate::response::{self, Asked};
use crate::secrets::Secrets;
use crate::server::Handler;
use crate::upstream::Upstream;
pub(crate) use exchange::Exchange;
use outgoing::Outgoing;

/// A plan with all that it needs to be run.
pub struct Gateway {
    plan: Plan,
    secrets: Secrets,
    keys: Keys,
    identities: Identities,
    upstream: Upstream,
    log: AccessLog,
    limits: Limits,
}

/// An upstream's answer.
struct Answered {
    answer: Response<Body>,
    /// What it is an answer to.
    decision: Decision,
    /// The values of the headers that held credentials.
    credentials: Vec<HeaderValue>,
    /// How long the upstream may be silent.
    patience: Duration,
}

impl Gateway {
    /// A gateway for `plan`, whose secrets and identities are resolved.
    pub fn new(
        plan: Plan,
        secrets: Secrets,
        keys: Keys,
        identities: Identities,
        upstream: Upstream,
        log: AccessLog,
        limits: Limits,
    ) -> Self {
        Self { plan, secrets, keys, identities, upstream, log, limits }
    }
}

impl Handler for Gateway {
    async fn handle(self: Arc<Self>, client: ClientConnection, request: Request<Incoming>) -> Response<Body> {
        let (head, body) = request.into_parts();
        let line = RequestLine::of(&head.method, &head.uri);
        let mut exchange = Exchange::new(self.log.clone(), &client, line);
        let mut body = Some(ClientBody::new(body, &head));
        match self.forward(&client, &head, &mut body, &mut exchange).await {
            Ok(Answered { answer, decision, credentials, patience }) => {
                let secrets = || {
                    let sent = credentials.iter().filter_map(|value| value.to_str().ok()).map(str::to_owned);
                    let resolved = decision.secrets().filter_map(|secret| self.resolve(secret));
                    resolved.chain(sent).collect()
                };
                let asked = Asked { head: &head, decision: &decision, secrets: &secrets, patience };
                response::answer(answer, asked, exchange).await
            }
            Err(refusal) => {
                // A client that was too slow for one body gets no chance with another.
                let late = refusal.status == StatusCode::REQUEST_TIMEOUT.as_u16();
                let closes = head.version < Version::HTTP_2
                    && (late || body.as_ref().is_none_or(|body| body.closes_connection()));
                let mut response = response::refused(&refusal, &head.method, exchange);
                if closes {
                    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
                }
                response
            }
        }
    }

    fn refuse(&self, client: &ClientConnection, line: RequestLine<'_>, refusal: Refusal) -> Response<Body> {
        let exchange = Exchange::new(self.log.clone(), client, line);
        response::refused(&refusal, &line.method.parse().unwrap_or_default(), exchange)
    }
}

impl Gateway {
    /// Asks the plan, sends what it says and returns the upstream's answer with what it is an answer to.
    /// `body` is left where it was not passed on.
    async fn forward(
        &self,
        client: &ClientConnection,
        parts: &Parts,
        body: &mut Option<ClientBody>,
        exchange: &mut Exchange,
    ) -> Result<Answered, Refusal> {
        let fields = head::fields(&parts.headers);
        let head = client.request_head(parts, &fields);
        let mut whole = None;
        let keyed = |body| Caller::Keyed { keys: &self.keys, body };
        let mut routing = self.plan.route(&head, keyed(PlanBody::Unknown));
        if let Routing::NeedsBody { limit } = routing {
            let bytes = whole.insert(self.read(body, limit, exchange).await?);
            routing = self.plan.route(&head, keyed(PlanBody::Bytes(bytes)));
        }
        let routed = match routing {
            Routing::Routed(routed) => routed,
            Routing::NoRoute(rejection) => return Err(rejection.into()),
            Routing::Rejected(rejected) => {
                exchange.routed(&self.plan, rejected.route, rejected.consumer);
                return Err(Refusal { headers: rejected.headers, ..rejected.rejection.into() });
            }
            Routing::NeedsBody { .. } => {
                return Err(Rejection::misconfigured("the route asks for a body that it has").into());
            }
        };
        exchange.routed(&self.plan, routed.route, routed.consumer);
        if let (None, BodyUse::Whole { limit }) = (&whole, routed.body_use()) {
            whole = Some(self.read(body, limit, exchange).await?);
        }
        let known = whole.as_deref().map_or(PlanBody::Streamed, PlanBody::Bytes);
        let mut decision = routed.prepare(known)?;
        let resolve = |secret: &SecretValue| self.resolve(secret);
        let timeouts = routed.route.timeouts;
        let proof = self.identities.proof(&decision, &self.upstream, timeouts.read);
        let (sent, proof) = match whole {
            Some(whole) => {
                let bytes = decision.bytes(&whole, &resolve)?;
                exchange.decided(&routed, &decision);
                exchange.holds(&decision, &whole, &bytes);
                (Outgoing::Whole(bytes), proof.await?)
            }
            None => {
                exchange.decided(&routed, &decision);
                // A body that is passed on is gone.
                let proof = proof.await?;
                (Outgoing::Streamed(self.streamed(body, decision.inspection.take(), exchange)), proof)
            }
        };
        let request = outgoing::request(&decision, &resolve, sent, proof.as_ref())?;
        let credentials = outgoing::credentials(&request);
        exchange.sent();
        match self.upstream.send(request, timeouts).await {
            Ok(answer) => Ok(Answered { answer, decision, credentials, patience: timeouts.read }),
            Err(error) => Err(error.refusal()),
        }
    }

    /// The client's body, to be passed on while it arrives.
    fn streamed(
        &self,
        body: &mut Option<ClientBody>,
        inspection: Option<Inspection>,
        exchange: &mut Exchange,
    ) -> Body {
        let Some(body) = body.take() else { return Body::default() };
        let streamed = body.into_streamed(inspection, &self.limits);
        exchange.passes_on(streamed.upload());
        Body::new(streamed)
    }

    fn resolve(&self, secret: &SecretValue) -> Option<String> {
        self.secrets.get(secret).map(|text| text.reveal().to_owned())
    }

    /// The client's whole body.
    async fn read(
        &self,
        body: &mut Option<ClientBody>,
        limit: u64,
        exchange: &mut Exchange,
    ) -> Result<Bytes, Refusal> {
        let Some(body) = body else { return Ok(Bytes::new()) };
        let whole = body.read_whole(limit, &self.limits).await;
        exchange.received(body.received());
        whole.map_err(|error| error.refusal())
    }
}
