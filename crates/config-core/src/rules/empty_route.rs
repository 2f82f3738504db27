//! `empty-route`: a route without any criterion that its protocols can match on.

use crate::analysis::Facts;
use crate::diagnostic::Diagnostic;
use crate::model::{Protocol, Route, missing_place};
use crate::rules::Rule;
use crate::rules::wording::list;

pub(crate) fn check(facts: &Facts, diagnostics: &mut Vec<Diagnostic>) {
    for route in &facts.config.routes {
        // What could not be read may well be the criterion that is missed.
        if route.unmatchable().is_some() {
            continue;
        }
        // Several demands mean protocols that exclude each other, which is a finding of its own.
        let demands: Vec<_> = demands(&route.fields).collect();
        let [demand] = &demands[..] else { continue };
        if demand.is_met(&route.fields) {
            continue;
        }
        let emptied = CRITERIA
            .iter()
            .filter(|(name, _)| demand.criteria.contains(name))
            .filter_map(|(_, list)| list(&route.fields))
            .min_by_key(|list| facts.document.span(list.node));
        let place = match emptied {
            Some(list) => facts.document.key_place(list.node),
            None => missing_place(facts.document, route.node),
        };
        let wanted = one_of(demand.criteria);
        let message =
            format!("this route has nothing to match on: with {} it needs {wanted}", demand.protocols);
        let help = match (emptied, demand.criteria.contains(&"paths")) {
            (Some(_), _) => "an empty list counts as absent: list a value, as in `paths: [\"/chat\"]`",
            (None, true) => {
                "add a criterion, as in `paths: [\"/chat\"]`; `paths: [\"/\"]` takes every request"
            }
            (None, false) => "add a criterion, as in `snis: [ai.test]`",
        };
        diagnostics.push(Diagnostic::new(Rule::EmptyRoute, place, message).help(help));
    }
}

/// What a route with these protocols must have one of.
struct Demand {
    /// As a message names them.
    protocols: &'static str,
    criteria: &'static [&'static str],
}

impl Demand {
    fn is_met(&self, route: &Route) -> bool {
        CRITERIA.iter().any(|(name, list)| {
            self.criteria.contains(name) && list(route).is_some_and(|list| !list.is_empty)
        })
    }
}

/// Kong's table. A protocol that uses TLS adds `snis` to those of its plain sibling.
fn demands(route: &Route) -> impl Iterator<Item = Demand> {
    use Protocol::{Grpc, Grpcs, Http, Https, Tcp, Tls, TlsPassthrough, Udp};
    let default = route.protocols.is_none();
    let has = |protocol: Protocol| {
        default && matches!(protocol, Http | Https)
            || route.protocols.iter().flat_map(|list| list.iter()).any(|given| given.value == protocol)
    };
    let rows = [
        (has(Https), "`https`", &["methods", "hosts", "headers", "paths", "snis"][..]),
        (has(Http) && !has(Https), "`http`", &["methods", "hosts", "headers", "paths"]),
        (has(Grpcs), "`grpcs`", &["hosts", "headers", "paths", "snis"]),
        (has(Grpc) && !has(Grpcs), "`grpc`", &["hosts", "headers", "paths"]),
        (has(Tcp) || has(Tls) || has(Udp), "`tcp`, `tls` or `udp`", &["sources", "destinations", "snis"]),
        (has(TlsPassthrough), "`tls_passthrough`", &["snis"]),
    ];
    rows.into_iter()
        .filter(|(applies, ..)| *applies)
        .map(|(_, protocols, criteria)| Demand { protocols, criteria })
}

/// A criterion as given.
#[derive(Clone, Copy)]
struct List {
    node: crate::syntax::NodeId,
    is_empty: bool,
}

type Criterion = fn(&Route) -> Option<List>;

macro_rules! criteria {
    ($($field:ident)*) => {
        [$((stringify!($field), |route: &Route| {
            route.$field.as_ref().map(|list| List { node: list.node, is_empty: list.is_empty() })
        })),*]
    };
}

const CRITERIA: [(&str, Criterion); 7] = criteria![methods hosts headers paths snis sources destinations];

fn one_of(criteria: &[&str]) -> String {
    let names: Vec<_> = criteria.iter().map(|name| format!("`{name}`")).collect();
    if names.len() > 1 { format!("one of {}", list(&names)) } else { list(&names) }
}
