//! Which criteria a route's protocols leave room for.

use super::{at_key, is_true, node};
use crate::diagnostic::Diagnostic;
use crate::model::{Protocol, Route};
use crate::rules::Rule;
use crate::syntax::{Document, NodeId};

pub(super) fn check(document: &Document, route: &Route) -> Vec<Diagnostic> {
    if let Some(mixed) = mixed_groups(document, route) {
        // Which criteria fit is then an open question.
        return vec![mixed];
    }
    let protocols = Protocols::of(route);
    let mut found: Vec<_> = EXCLUSIONS
        .iter()
        .filter(|(group, _)| protocols.group == *group)
        .flat_map(|(_, fields)| fields.iter())
        .filter_map(|(name, field, help)| field(route).map(|node| (name, node, help)))
        .map(|(name, node, help)| {
            let message = format!("a route of the protocols {} cannot have `{name}`", protocols.shown);
            at_key(document, node, message).help(*help)
        })
        .collect();
    found.extend(strip_path(document, route, &protocols));
    found.extend(server_names(document, route, &protocols));
    found
}

/// Protocols that can stand together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Group {
    Http,
    Stream,
    Passthrough,
    Grpc,
}

impl Group {
    fn of(protocol: Protocol) -> Self {
        match protocol {
            Protocol::Http | Protocol::Https => Group::Http,
            Protocol::Tcp | Protocol::Tls | Protocol::Udp => Group::Stream,
            Protocol::TlsPassthrough => Group::Passthrough,
            Protocol::Grpc | Protocol::Grpcs => Group::Grpc,
        }
    }
}

/// The protocols of a route, all of one group.
struct Protocols {
    list: Vec<Protocol>,
    group: Group,
    /// As a message names them.
    shown: String,
}

impl Protocols {
    fn of(route: &Route) -> Self {
        let given = route.protocols.iter().flat_map(|list| list.iter()).map(|protocol| protocol.value);
        let mut list: Vec<_> = given.collect();
        if list.is_empty() {
            list = vec![Protocol::Http, Protocol::Https];
        }
        let names: Vec<_> = list.iter().map(|protocol| format!("`{protocol}`")).collect();
        Self { group: Group::of(list[0]), shown: names.join(", "), list }
    }
}

/// A field, where its value is if it sets anything, and what to do about it.
type Field = (&'static str, fn(&Route) -> Option<NodeId>, &'static str);

macro_rules! field {
    ($field:ident, $help:literal) => {
        (
            stringify!($field),
            |route: &Route| route.$field.as_ref().filter(|list| !list.is_empty()).map(|list| list.node),
            $help,
        )
    };
}

const NO_ADDRESSES: &[Field] = &[
    field!(sources, "remove `sources`: requests are told apart by `hosts`, `paths`, `headers` and `methods`"),
    field!(
        destinations,
        "remove `destinations`: requests are told apart by `hosts`, `paths`, `headers` and `methods`"
    ),
];

const NO_REQUEST_DATA: &[Field] = &[
    field!(methods, "remove `methods`, or write `protocols: [http, https]`: a stream has no method"),
    field!(
        hosts,
        "remove `hosts`, or write `protocols: [http, https]`; `snis` names the host of a TLS stream"
    ),
    field!(paths, "remove `paths`, or write `protocols: [http, https]`: a stream has no path"),
    field!(headers, "remove `headers`, or write `protocols: [http, https]`: a stream has no headers"),
];

/// The criteria that a group of protocols does not have.
const EXCLUSIONS: &[(Group, &[Field])] = &[
    (Group::Http, NO_ADDRESSES),
    (Group::Grpc, NO_ADDRESSES),
    (Group::Grpc, &[field!(methods, "remove `methods`: every gRPC request is a `POST`")]),
    (Group::Stream, NO_REQUEST_DATA),
    (Group::Passthrough, NO_REQUEST_DATA),
];

fn mixed_groups(document: &Document, route: &Route) -> Option<Diagnostic> {
    let protocols = route.protocols.as_ref()?;
    let first = protocols.first()?;
    let group = Group::of(first.value);
    let odd = protocols.iter().find(|protocol| Group::of(protocol.value) != group)?;
    let message = format!("`{}` and `{}` cannot stand in one route", first.value, odd.value);
    Some(
        Diagnostic::new(Rule::ConflictingFields, document.place(odd.node), message)
            .related(document.span(first.node), "the first protocol decides the kind of route")
            .help(
                "keep to one group: `http`, `https`; `grpc`, `grpcs`; `tcp`, `tls`, `udp`; or `tls_passthrough`; \
                 write another route for the rest",
            ),
    )
}

fn strip_path(document: &Document, route: &Route, protocols: &Protocols) -> Option<Diagnostic> {
    let strip = node(&route.strip_path).filter(|_| is_true(&route.strip_path))?;
    (protocols.group == Group::Grpc).then(|| {
        let message = format!("a route of the protocols {} cannot strip the path", protocols.shown);
        at_key(document, strip, message)
            .help("remove `strip_path`: the path of a gRPC request names its method")
    })
}

fn server_names(document: &Document, route: &Route, protocols: &Protocols) -> Option<Diagnostic> {
    use Protocol::{Grpcs, Https, Tls, TlsPassthrough};
    let snis = route.snis.as_ref().filter(|snis| !snis.is_empty())?;
    let secure = [Https, Grpcs, Tls, TlsPassthrough];
    (!protocols.list.iter().any(|protocol| secure.contains(protocol))).then(|| {
        let message =
            format!("`snis` needs a protocol that uses TLS, and this route has {}", protocols.shown);
        let help = match protocols.group {
            Group::Http => "add `https` to `protocols`, or remove `snis`; `hosts` tells plain requests apart",
            Group::Grpc => "add `grpcs` to `protocols`, or remove `snis`",
            _ => "add `tls` to `protocols`, or remove `snis`",
        };
        at_key(document, snis.node, message).help(help)
    })
}
