//! Which fields of a service its protocol, and its `url`, leave room for.

use super::{at_key, node};
use crate::diagnostic::{Diagnostic, Severity};
use crate::model::{Entity, Protocol, Service};
use crate::rules::Rule;
use crate::syntax::Document;

pub(super) fn check(document: &Document, service: &Entity<Service>) -> Vec<Diagnostic> {
    if service.hole_in(&["url", "protocol"]).is_some() {
        return Vec::new();
    }
    let service = &service.fields;
    let mut found: Vec<_> = path(document, service).into_iter().collect();
    found.extend(tls_settings(document, service));
    found.extend(overridden(document, service));
    found
}

/// The protocol as `url` or `protocol` says it, and the field that does.
fn protocol(service: &Service) -> (Protocol, &'static str) {
    let of_url = service.url.as_ref().and_then(|url| {
        let (scheme, _) = url.split_once("://")?;
        Protocol::ALL.iter().copied().find(|protocol| protocol.as_str() == scheme)
    });
    match (of_url, &service.protocol) {
        (Some(protocol), _) => (protocol, "url"),
        (None, Some(protocol)) => (protocol.value, "protocol"),
        (None, None) => (Protocol::Http, "protocol"),
    }
}

fn path(document: &Document, service: &Service) -> Option<Diagnostic> {
    use Protocol::{Grpc, Grpcs, Tcp, Tls, Udp};
    let (protocol, _) = protocol(service);
    if ![Tcp, Tls, Udp, Grpc, Grpcs].contains(&protocol) {
        return None;
    }
    let message = format!("a service of the protocol `{protocol}` has no `path`");
    let Some(url) = &service.url else {
        let path = service.path.as_ref()?;
        return Some(at_key(document, path.node, message).help("remove `path`, or write `protocol: https`"));
    };
    let host = url.find("://")? + 3;
    let path = host + url[host..].find('/')?;
    let end = url[path..].find(['?', '#']).map_or(url.len(), |at| path + at);
    let place = document.place_within(url.node, path..end);
    Some(
        Diagnostic::new(Rule::ConflictingFields, place, message)
            .help("end the URL after the host and port, or let it start with `https://`"),
    )
}

fn tls_settings(document: &Document, service: &Service) -> Vec<Diagnostic> {
    let (protocol, _) = protocol(service);
    if matches!(protocol, Protocol::Https | Protocol::Tls) {
        return Vec::new();
    }
    let settings = [
        ("client_certificate", node(&service.client_certificate)),
        ("tls_verify", node(&service.tls_verify)),
        ("tls_verify_depth", node(&service.tls_verify_depth)),
        ("ca_certificates", node(&service.ca_certificates)),
    ];
    let given = settings.into_iter().filter_map(|(name, node)| node.map(|node| (name, node)));
    given
        .map(|(name, node)| {
            let message = format!(
                "`{name}` is for the protocols `https` and `tls`, and this service speaks `{protocol}`"
            );
            at_key(document, node, message).help(format!("remove `{name}`, or write `protocol: https`"))
        })
        .collect()
}

fn overridden(document: &Document, service: &Service) -> Vec<Diagnostic> {
    let Some(url) = &service.url else { return Vec::new() };
    let parts = [
        ("protocol", node(&service.protocol)),
        ("host", node(&service.host)),
        ("port", node(&service.port)),
        ("path", node(&service.path)),
    ];
    let given = parts.into_iter().filter_map(|(name, node)| node.map(|node| (name, node)));
    given
        .map(|(name, node)| {
            at_key(document, node, format!("`{name}` is ignored: `url` sets protocol, host, port and path"))
                .severity(Severity::Warning)
                .related(document.span(url.node), "the url")
                .help(format!("remove `{name}`, or take `url` apart"))
        })
        .collect()
}
