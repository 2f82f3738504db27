//! A client's way to a route: searched, filled in, tried.

use super::call::{self, Call};
use super::fill::Filling;
use super::missed::Missed;
use super::search::Ask;
use super::{Access, ClientKey, Family, Operation, Origin, Sdk, Text};
use crate::model::{ConsumerIndex, Provider, RouteIndex, RouteType};
use crate::plan::Routing;
use crate::plan::criteria::{Criteria, HeaderValue, PathCriterion};
use crate::plan::prepare::Decision;
use crate::plan::proxy::{Field, Proxy};
use crate::plan::request::Scheme;
use crate::plan::upstream::PathOrigin;
use crate::proof::operations::api_root;
use crate::proof::space::value;
use crate::template;

/// A route, and whom it answers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Visit<'p> {
    pub route: RouteIndex,
    /// The consumer as whom alone it answers; anybody if `None`.
    pub consumer: Option<ConsumerIndex>,
    pub proxy: &'p Proxy,
}

/// What of a client's requests to a route is always the same.
#[derive(Debug, Clone)]
pub(super) struct Cell {
    pub origin: Origin,
    pub headers: Vec<(String, String)>,
}

/// A path that is the route's.
pub(super) struct Found {
    ask: Ask,
    cell: Cell,
    /// Which of the route's paths matches it.
    entry: Option<usize>,
    path: String,
}

impl<'p> Sdk<'p> {
    /// How clients of a family reach the route of `visit`, and whether what then goes upstream is what they
    /// ask for.
    pub(super) fn access(
        &self,
        visit: &Visit<'p>,
        family: Family,
        origin: &Origin,
    ) -> Result<(Access<'p>, bool), Missed> {
        let mut missed = Vec::new();
        let mut second_best = None;
        for ask in asks(visit, family) {
            let access = match self.find(visit, ask, origin) {
                Ok(found) => self.tried(visit, &found),
                Err(miss) => Err(miss),
            };
            match access {
                Ok((access, true)) => return Ok((access, true)),
                Ok((access, false)) => second_best = second_best.or(Some((access, false))),
                Err(miss) => missed.push(miss),
            }
        }
        second_best.ok_or_else(|| Missed::most_telling(missed).expect("every route takes some operation"))
    }

    fn find(&self, visit: &Visit<'p>, ask: Ask, origin: &Origin) -> Result<Found, Missed> {
        let method = ask.operation.method();
        let criteria = self.plan.demands(visit.route).ok_or(Missed::Demand)?;
        if !criteria.methods.is_empty() && criteria.methods.iter().all(|it| it != method) {
            return Err(Missed::Method(method));
        }
        let paths: Vec<Option<usize>> = match criteria.paths.len() {
            0 => vec![None],
            count => (0..count).map(Some).collect(),
        };
        let is_invalid = |path: &PathCriterion| matches!(path, PathCriterion::Invalid(_));
        if !criteria.paths.is_empty() && criteria.paths.iter().all(is_invalid) {
            return Err(Missed::Invalid);
        }
        let mut missed = Vec::new();
        for cell in cells(criteria, origin) {
            if !call(ask, &cell, "/").with_head(|head| self.plan.meets(visit.route, head)) {
                continue;
            }
            let winner = |path: &str| call(ask, &cell, path).with_head(|head| self.plan.winner(head));
            for entry in &paths {
                match self.search.path(visit.route, *entry, ask, winner) {
                    // Another path of the route may have won it.
                    Ok((path, entry)) => return Ok(Found { ask, cell, entry, path }),
                    Err(miss) => missed.push(Missed::Path(miss)),
                }
            }
        }
        Err(Missed::most_telling(missed).unwrap_or(Missed::Demand))
    }

    /// The way that `found` shows, and whether what goes upstream is what the client asked for.
    fn tried(&self, visit: &Visit<'p>, found: &Found) -> Result<(Access<'p>, bool), Missed> {
        let Found { ask, cell, entry, path } = found;
        let mut filling = Filling::new(self.plan, visit, cell, *ask, *entry, path);
        filling.fill(*entry, &self.captures);
        let Sent { model, decision } = sent(&filling, visit, ask.operation)?;
        let is_preserved = visit.proxy.route_type == RouteType::Preserve;
        if let Some((field, value)) = filling.absorbed().filter(|_| !is_preserved) {
            return Err(Missed::Absorbed { field, value });
        }
        // A deployment that is neither in the pattern nor in a group may as well be called as the model.
        if filling.deployment.as_ref().is_some_and(Text::is_literal) {
            let any = || Text::literal(ask.operation.example_model(visit.proxy.provider));
            let mut free = filling.clone();
            free.deployment = Some(model.clone().unwrap_or_else(any));
            let same = |sent: Sent| sent.model == model;
            if free.lands() && sent(&free, visit, ask.operation).is_ok_and(same) {
                filling.deployment = None;
            }
        }
        let fits = !is_preserved || is_asked(&decision, *ask, visit.proxy);
        let key = self.key(visit, ask.family);
        let mut notes = self.notes(visit, cell);
        if !fits {
            notes.push(format!("the request goes upstream as `{} {}`", decision.method, decision.url));
        }
        let is_bearer = key == ClientKey::Gateway && ask.family == Family::OpenAi;
        if is_bearer || key == ClientKey::Token {
            let note = "the SDK sends the key after `Bearer `, which has to be part of the consumer's key";
            notes.push(note.to_owned());
        }
        let operations = Operation::of(visit.proxy.route_type, None)
            .into_iter()
            .filter(|operation| filling.asking(*operation).lands())
            .collect();
        let access = Access {
            family: ask.family,
            origin: cell.origin.clone(),
            base: filling.encoded_base(),
            deployment: filling.deployment.clone(),
            model,
            headers: filling.headers.clone(),
            query: filling.query.clone(),
            slots: filling.slots.clone(),
            key,
            operation: ask.operation,
            operations,
            notes,
            proxy: visit.proxy,
        };
        Ok((access, fits))
    }

    fn notes(&self, visit: &Visit<'p>, cell: &Cell) -> Vec<String> {
        let mut notes = Vec::new();
        if let Some(consumer) = visit.consumer.filter(|_| self.plan.key_places(visit.route).is_some()) {
            let name = self.plan.consumer(consumer).name().unwrap_or_default();
            notes.push(format!("it answers single consumers only, such as `{name}`"));
        }
        let is_plain = self.plan.demands(visit.route).is_some_and(|demands| demands.protocols.http);
        if cell.origin.scheme == Scheme::Https && !is_plain {
            notes.push("it takes https only: a proxy before the gateway has to speak TLS".to_owned());
        }
        notes
    }

    fn key(&self, visit: &Visit<'_>, family: Family) -> ClientKey {
        if let Some(places) = self.plan.key_places(visit.route) {
            let Some(first) = places.names.first() else { return ClientKey::Unused };
            let name = first.to_ascii_lowercase();
            return match (places.in_header, places.in_query) {
                (true, _) if name.replace('_', "-") == family.key_header() => ClientKey::Gateway,
                // The client for Azure does not let this header be set in another way.
                (true, _) if name == "authorization" => ClientKey::Token,
                (true, _) => ClientKey::Header(first.clone()),
                (_, true) => ClientKey::Query(first.clone()),
                _ => ClientKey::Body(first.clone()),
            };
        }
        let auth = &visit.proxy.auth;
        let overrides = auth.header.as_ref().is_some_and(|header| header.name == family.key_header());
        if auth.allow_override && overrides { ClientKey::Provider } else { ClientKey::Unused }
    }
}

/// What clients of a family may send to the route, the most fitting first.
fn asks(visit: &Visit<'_>, family: Family) -> impl Iterator<Item = Ask> {
    let (route_type, provider) = (visit.proxy.route_type, visit.proxy.provider);
    let model = visit.proxy.texts().find(|(field, _)| *field == Field::Name).map(|(_, text)| text);
    let operations = Operation::of(route_type, model);
    operations.into_iter().flat_map(move |operation| Ask::of(family, operation, route_type, provider))
}

/// Origins and headers with which a route's demands may be met.
fn cells(criteria: &Criteria, origin: &Origin) -> Vec<Cell> {
    let demanded: Vec<(&str, Vec<String>)> = criteria
        .headers
        .iter()
        .map(|header| {
            let values = header.values().iter().flat_map(|value| match value {
                HeaderValue::Exact(value) => vec![value.clone()],
                HeaderValue::Regex(pattern) => value::matching(pattern),
            });
            (header.name(), values.take(MOST_VALUES).collect())
        })
        .collect();
    let rounds = demanded.iter().map(|(_, values)| values.len()).max().unwrap_or(1);
    let headers = (0..rounds).map(|round| {
        let header = |(name, values): &(&str, Vec<String>)| {
            let value = values.get(round).or(values.last())?;
            Some(((*name).to_owned(), value.clone()))
        };
        demanded.iter().filter_map(header).collect::<Vec<_>>()
    });
    let headers: Vec<_> = headers.collect();
    let cells = origin.candidates(criteria).into_iter().flat_map(|origin| {
        headers.iter().map(move |headers| Cell { origin: origin.clone(), headers: headers.clone() })
    });
    cells.take(MOST_CELLS).collect()
}

/// How many values of a header are tried, and how many combinations with hosts.
const MOST_VALUES: usize = 8;
const MOST_CELLS: usize = 32;

fn call<'c>(ask: Ask, cell: &'c Cell, path: &'c str) -> Call<'c> {
    Call {
        family: ask.family,
        operation: ask.operation,
        origin: &cell.origin,
        path,
        headers: &cell.headers,
        query: &[],
    }
}

/// A request that the route answers.
struct Sent {
    /// The model that the client has to name.
    model: Option<Text>,
    decision: Decision,
}

/// Sends the whole request.
fn sent(filling: &Filling<'_, '_>, visit: &Visit<'_>, operation: Operation) -> Result<Sent, Missed> {
    filling.send(|call, routing| {
        let refused = |rejection: &crate::plan::rejection::Rejection| Missed::Refused {
            target: call.target(),
            status: rejection.status,
            message: rejection.message.clone(),
        };
        let routed = match routing {
            Routing::Routed(routed) => routed,
            Routing::Rejected(rejected) => return Err(refused(&rejected.rejection)),
            Routing::NoRoute(rejection) => return Err(refused(&rejection)),
            Routing::NeedsBody { .. } => return Err(Missed::Demand),
        };
        let configured = routed.rendered.text(Field::Name).map(str::to_owned);
        let body = call::body(
            operation,
            configured.as_deref().unwrap_or(operation.example_model(visit.proxy.provider)),
        );
        let decision = routed.prepare(call::known(&body)).map_err(|rejection| refused(&rejection))?;
        let template = visit.proxy.texts().find(|(field, _)| *field == Field::Name);
        let template = template.and_then(|(_, text)| template::parse(text).ok());
        let model = configured.map(|configured| {
            template.and_then(|template| filling.text(&template)).unwrap_or_else(|| Text::literal(configured))
        });
        Ok(Sent { model, decision })
    })
}

/// Whether a preserved request goes to where the provider has the operation.
fn is_asked(decision: &Decision, ask: Ask, proxy: &Proxy) -> bool {
    let operation = ask.operation.path();
    let path = &decision.url.path;
    let built_in = decision.path_origin != PathOrigin::UpstreamUrl
        && proxy.texts().all(|(field, _)| field != Field::UpstreamUrl);
    match proxy.provider {
        Provider::Azure => path.starts_with("/openai/") && path.ends_with(operation),
        provider if built_in => *path == format!("{}{operation}", api_root(provider)),
        _ => path.ends_with(operation),
    }
}
