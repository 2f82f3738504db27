//! Named groups that nothing reads, often the other half of a typing mistake.

use rustc_hash::FxHashSet;

use crate::analysis::{Facts, PathKind};
use crate::catalog::AI_PROXY;
use crate::diagnostic::Diagnostic;
use crate::model::{LlmFormat, RouteIndex, Scope, ServiceIndex};
use crate::rules::Rule;
use crate::rules::uri_capture::captures;

/// The groups that native formats read model and operation from.
const NATIVE: [&str; 2] = ["model", "operation"];

pub(crate) fn check(facts: &Facts, diagnostics: &mut Vec<Diagnostic>) {
    let readers = readers(facts);
    for (route, reader) in facts.routes.iter().zip(&readers) {
        if !reader.runs_ai_proxy || reader.reads_anything {
            continue;
        }
        for path in &route.paths {
            let PathKind::Regex(Ok(pattern)) = &path.kind else { continue };
            // A name that is read but not defined here is an error already, and one of the groups
            // is probably what was meant.
            if reader.names.iter().any(|name| pattern.group(name).is_none()) {
                continue;
            }
            for group in pattern.groups() {
                let Some(name) = group.name.as_deref().filter(|name| !reader.names.contains(name)) else {
                    continue;
                };
                // The regex begins after the path's `~`.
                let range = group.range.start + 1..group.range.end + 1;
                let place = facts.document.place_within(path.node, range);
                let message = format!("no template reads the capture `{name}`");
                let help =
                    format!("use `$(uri_captures.{name})`, or write `(?:…)` for a group without a name");
                diagnostics.push(Diagnostic::new(Rule::UnusedCapture, place, message).help(help));
            }
        }
    }
}

/// What the plugins of one route read.
#[derive(Default, Clone)]
struct Reader<'f> {
    names: Vec<&'f str>,
    runs_ai_proxy: bool,
    /// Something speaks of captures in words that cannot be read here.
    reads_anything: bool,
}

fn readers<'f>(facts: &'f Facts) -> Vec<Reader<'f>> {
    let mut readers = vec![Reader::default(); facts.routes.len()];
    for (plugin, entity) in facts.plugins.iter().zip(&facts.config.plugins) {
        let native = entity.ai_proxy.as_ref().and_then(|config| config.llm_format.as_ref());
        let native = native.is_some_and(|format| format.value != LlmFormat::Openai);
        let names = captures(&plugin.templates).map(|(_, placeholder)| &*placeholder.name);
        let names: Vec<_> = names.chain(NATIVE.into_iter().filter(|_| native)).collect();
        let broken = entity.ai_proxy.is_none() || plugin.templates.iter().any(|field| field.parsed.is_err());
        for route in &plugin.runs_on {
            let reader = &mut readers[route.0];
            reader.runs_ai_proxy = true;
            reader.reads_anything |= broken;
            reader.names.extend(&names);
        }
    }
    let foreign = Foreign::of(facts);
    for (index, route) in facts.config.routes.iter().enumerate() {
        let service = route.service.is_some_and(|service| foreign.services.contains(&service));
        readers[index].reads_anything |=
            foreign.all || service || foreign.routes.contains(&RouteIndex(index));
    }
    readers
}

/// Where plugins other than ai-proxy mention captures.
#[derive(Default)]
struct Foreign {
    all: bool,
    services: FxHashSet<ServiceIndex>,
    routes: FxHashSet<RouteIndex>,
}

impl Foreign {
    fn of(facts: &Facts) -> Self {
        let mut foreign = Foreign::default();
        for plugin in facts.config.plugins.iter().filter(|plugin| plugin.name() != Some(AI_PROXY)) {
            let Some(config) = plugin.fields.config else { continue };
            if !facts.document.source().slice(facts.document.span(config.0)).contains("uri_captures") {
                continue;
            }
            match plugin.scope.unwrap_or_default() {
                Scope { route: Some(route), .. } => _ = foreign.routes.insert(route),
                Scope { service: Some(service), .. } => _ = foreign.services.insert(service),
                _ => foreign.all = true,
            }
        }
        foreign
    }
}
