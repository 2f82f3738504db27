//! Named groups that nothing reads, often the other half of a typing mistake.

use rustc_hash::FxHashSet;

use crate::analysis::{Facts, FieldTemplate, PathFacts, PathKind, PluginFacts};
use crate::catalog::AI_PROXY;
use crate::diagnostic::Diagnostic;
use crate::model::{LlmFormat, PluginEntity, RouteIndex, Scope, ServiceIndex};
use crate::rules::Rule;
use crate::rules::uri_capture::captures;
use crate::template::lookalikes;

/// The groups that native formats read model and operation from.
const NATIVE: [&str; 2] = ["model", "operation"];

pub(crate) fn check(facts: &Facts, diagnostics: &mut Vec<Diagnostic>) {
    let readers: Vec<Reader> = facts.plugins.iter().zip(&facts.config.plugins).map(Reader::new).collect();
    let foreign = Foreign::of(facts);
    for (index, route) in facts.routes.iter().enumerate() {
        let readers: Vec<_> = route.plugins.iter().map(|plugin| &readers[plugin.0]).collect();
        let anything =
            foreign.reads(facts, RouteIndex(index)) || readers.iter().any(|reader| reader.anything);
        if readers.is_empty() || anything {
            continue;
        }
        for path in &route.paths {
            let PathKind::Regex(Ok(pattern)) = &path.kind else { continue };
            // A name that is read but not defined here is an error already, and one of the groups
            // is probably what was meant.
            let is_defined = |name: &&str| pattern.group(name).is_some();
            if !readers.iter().all(|reader| reader.names.iter().all(is_defined)) {
                continue;
            }
            for group in pattern.groups() {
                let Some(name) = group.name.as_deref() else { continue };
                if readers.iter().any(|reader| reader.names.contains(name)) {
                    continue;
                }
                let place = facts.document.place_within(path.node, PathFacts::of_regex(&group.range));
                let message = format!("no template reads the capture `{name}`");
                let help =
                    format!("use `$(uri_captures.{name})`, or write `(?:…)` for a group without a name");
                diagnostics.push(Diagnostic::new(Rule::UnusedCapture, place, message).help(help));
            }
        }
    }
}

/// The captures that one instance of ai-proxy reads.
struct Reader<'f> {
    names: FxHashSet<&'f str>,
    /// Some of its templates cannot be read here.
    anything: bool,
}

impl<'f> Reader<'f> {
    fn new((plugin, entity): (&'f PluginFacts, &'f PluginEntity)) -> Self {
        let format = entity.ai_proxy.as_ref().and_then(|config| config.llm_format.as_ref());
        let is_native = format.is_some_and(|format| format.value != LlmFormat::Openai);
        let names = captures(&plugin.templates).map(|(_, placeholder)| &*placeholder.name);
        Self {
            names: names.chain(NATIVE.into_iter().filter(|_| is_native)).collect(),
            anything: entity.ai_proxy.is_none() || plugin.templates.iter().any(is_broken),
        }
    }
}

/// Whether a template was meant to read something that it does not read as it is written.
fn is_broken(field: &FieldTemplate) -> bool {
    field.parsed.as_ref().map_or(true, |template| lookalikes(template.text()).next().is_some())
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

    fn reads(&self, facts: &Facts, route: RouteIndex) -> bool {
        let service = facts.config[route].service;
        self.all
            || self.routes.contains(&route)
            || service.is_some_and(|service| self.services.contains(&service))
    }
}
