//! Routes that Kong ranks, matches or serves in another way than the file suggests.

use crate::analysis::Facts;
use crate::diagnostic::Diagnostic;
use crate::model::{ForeignKey, Plugin, Route, RouteEntity, RouteIndex, missing_place};
use crate::rules::{Rule, method_cannot_work};
use crate::syntax::Document;

pub(super) fn check(document: &Document, route: &RouteEntity) -> Vec<Diagnostic> {
    let fields = &route.fields;
    let mut found = hosts_in_capitals(document, fields);
    found.extend(emptied_hosts(document, fields));
    found.extend(service_by_name(document, fields));
    if route.unmatchable().is_none() {
        found.extend(regex_priority(document, fields));
    }
    found
}

/// Routes that Kong answers 503. Said once a file, since usually all of a file's routes lack a
/// service or none does.
pub(super) fn without_service(facts: &Facts) -> Option<Diagnostic> {
    let lacking: Vec<&RouteEntity> = (facts.config.routes.iter().zip(&facts.routes))
        .filter(|(route, known)| {
            route.service.is_none() && !known.plugins.is_empty() && route.hole_in(&["service"]).is_none()
        })
        .map(|(route, _)| route)
        .collect();
    let first = lacking.first()?;
    let place = match &first.fields.name {
        Some(name) => facts.document.place(name.node),
        None => missing_place(facts.document, first.node),
    };
    let whom = match lacking.len() {
        1 => "this route has no service".to_owned(),
        2 => "this route and another one have no service".to_owned(),
        n => format!("this route and {} others have no service", n - 1),
    };
    let message = format!("{whom}, and Kong answers 503 `no Service found with those values`");
    Some(Diagnostic::new(Rule::KongPortability, place, message).help(
        "nest them in a service with any host, as in `services: [{name: ai, host: localhost, routes: […]}]`; \
         `ai-proxy` replaces the host",
    ))
}

fn hosts_in_capitals(document: &Document, route: &Route) -> Vec<Diagnostic> {
    let hosts = route.hosts.iter().flat_map(|hosts| hosts.iter());
    hosts
        .filter(|host| host.bytes().any(|byte| byte.is_ascii_uppercase()))
        .map(|host| {
            let message = "Kong compares hosts letter by letter, and most clients send them in lower case";
            Diagnostic::new(Rule::KongPortability, document.place(host.node), message)
                .help(format!("write `{}`", host.to_ascii_lowercase()))
        })
        .collect()
}

/// Kong counts the route as one with a plain host: an empty list has no wildcard in it.
fn emptied_hosts(document: &Document, route: &Route) -> Option<Diagnostic> {
    let hosts = route.hosts.as_ref().filter(|hosts| hosts.is_empty())?;
    // Without another criterion the route is refused altogether.
    let is_ranked = route.methods.as_ref().is_some_and(|list| !list.is_empty())
        || route.paths.as_ref().is_some_and(|list| !list.is_empty())
        || route.headers.as_ref().is_some_and(|list| !list.is_empty())
        || route.snis.as_ref().is_some_and(|list| !list.is_empty());
    if !is_ranked {
        return None;
    }
    let message = "Kong ranks a route with `hosts: []` as if it had a plain host, above routes without";
    Some(
        Diagnostic::new(Rule::KongPortability, document.key_place(hosts.node), message)
            .help("leave `hosts` out"),
    )
}

fn service_by_name(document: &Document, route: &Route) -> Option<Diagnostic> {
    let ForeignKey::Name(name) = &route.service.as_ref()?.value else { return None };
    let message = "Kong does not resolve a service written as `{name: …}`; only decK does";
    Some(
        Diagnostic::new(Rule::KongPortability, document.key_place(name.node), message)
            .help(format!("write `service: {}`", name.as_str())),
    )
}

/// The scope of a plugin, where not even decK takes a map with a name.
pub(super) fn plugin_by_name(document: &Document, plugin: &Plugin) -> Vec<Diagnostic> {
    let scope = [("route", &plugin.route), ("service", &plugin.service), ("consumer", &plugin.consumer)];
    let mut found = Vec::new();
    for (field, key) in scope {
        if let Some(ForeignKey::Name(name)) = key.as_ref().map(|key| &key.value) {
            let message = format!("Kong does not resolve a {field} written as `{{name: …}}`");
            found.push(
                Diagnostic::new(Rule::KongPortability, document.key_place(name.node), message)
                    .help(format!("write `{field}: {}`", name.as_str())),
            );
        }
    }
    found
}

/// Kong asks the provider with the client's method; here chats and completions are always posted.
pub(super) fn methods_sent_on(facts: &Facts, index: RouteIndex) -> Vec<Diagnostic> {
    let Some(methods) = &facts.config[index].fields.methods else { return Vec::new() };
    let Some(what) = method_cannot_work::asked_for(facts, index) else { return Vec::new() };
    let others = methods.iter().filter(|method| {
        method.as_str() != "POST"
            && !method_cannot_work::BODILESS.contains(&method.as_str())
            && method.bytes().all(|byte| byte.is_ascii_uppercase())
    });
    others
        .map(|method| {
            let message = format!(
                "Kong asks the provider with `{}` too, and for a {what} it takes `POST` only",
                method.as_str()
            );
            Diagnostic::new(Rule::KongPortability, facts.document.place(method.node), message)
                .help("write `methods: [POST]`")
        })
        .collect()
}

/// Kong packs its criteria into one number with 32-bit shifts, in which a large, a negative and,
/// beside headers, almost any `regex_priority` runs into its neighbours.
fn regex_priority(document: &Document, route: &Route) -> Option<Diagnostic> {
    let priority = route.regex_priority.as_ref()?;
    let has_regex = route.paths.iter().flat_map(|paths| paths.iter()).any(|path| path.starts_with('~'));
    if !has_regex {
        return None;
    }
    let headers = route.headers.as_ref().map_or(0, |headers| headers.len().min(255)) as i64;
    let (message, help) = match priority.value.get() {
        i64::MIN..0 => (
            "Kong puts a route with a negative `regex_priority` above all others".to_owned(),
            "raise the priority of the routes that should come first, from 0 to 1023",
        ),
        1024.. => (
            "in Kong, a `regex_priority` of 1024 and more changes how many criteria the route seems to have"
                .to_owned(),
            "use priorities from 0 to 1023",
        ),
        given if given & (headers << 1) != 0 => (
            format!(
                "Kong adds `regex_priority` and the number of headers into the same bits: beside {headers} \
                 header{}, {given} counts as {}",
                if headers == 1 { "" } else { "s" },
                given & !(headers << 1),
            ),
            "tell such routes apart by their paths, or leave `regex_priority` out of routes with headers",
        ),
        _ => return None,
    };
    Some(Diagnostic::new(Rule::KongPortability, document.place(priority.node), message).help(help))
}
