//! `kong-portability`: what Kong 3.10 refuses, or does something else with. Each finding is about
//! something that is written in the file; where Kong merely does the same thing worse,
//! `docs/kong-compatibility.md` says so instead.

mod auth;
mod file;
mod header;
mod key;
mod mode;
mod model;
mod null;
pub(super) mod order;
mod path;
mod route;
mod upstream;

use std::ops::Range;
use std::sync::LazyLock;

use crate::analysis::{Facts, PathFacts, PluginFacts};
use crate::diagnostic::Diagnostic;
use crate::model::{AiProxy, ModelOptions, Provider, RouteIndex, RouteType};
use crate::rules::Rule;
use crate::source::Span;
use crate::syntax::{Document, NodeId};

pub(crate) fn check(facts: &Facts, diagnostics: &mut Vec<Diagnostic>) {
    diagnostics.extend(file::check(facts));
    diagnostics.extend(null::check(facts));
    diagnostics.extend(route::without_service(facts));
    diagnostics.extend(key::taken_word_for_word(facts));
    for (index, (route, known)) in facts.config.routes.iter().zip(&facts.routes).enumerate() {
        diagnostics.extend(route::check(facts.document, route));
        diagnostics.extend(route::methods_sent_on(facts, RouteIndex(index)));
        diagnostics.extend(header::check(facts.document, &route.fields));
        diagnostics.extend(known.paths.iter().flat_map(|path| path::check(facts.document, path)));
    }
    for (plugin, known) in facts.config.plugins.iter().zip(&facts.plugins) {
        diagnostics.extend(route::plugin_by_name(facts.document, &plugin.fields));
        diagnostics
            .extend(known.templates.iter().filter_map(|field| model::placeholders(facts.document, field)));
        if let Some(config) = &plugin.ai_proxy {
            let instance = Instance::new(facts, known, config);
            diagnostics.extend(CHECKS.iter().filter_map(|check| check(&instance)));
            diagnostics.extend(auth::enterprise(&instance));
        }
    }
}

/// What is looked at in one `ai-proxy` configuration.
const CHECKS: &[fn(&Instance) -> Option<Diagnostic>] = &[
    auth::no_block,
    auth::lost_header,
    auth::lost_parameter,
    mode::completions,
    mode::preserve,
    mode::preserve_without_model,
    mode::azure_preserve,
    mode::payloads,
    mode::always_streaming,
    mode::small_body_limit,
    model::alias,
    model::mistral_format,
    model::resource_name,
    upstream::default_port,
    upstream::query,
    upstream::user,
    upstream::missing_verb,
    upstream::doubled_endpoint,
    upstream::azure_path,
];

static NO_OPTIONS: LazyLock<ModelOptions> = LazyLock::new(ModelOptions::default);

/// One `ai-proxy` configuration under examination.
struct Instance<'a> {
    facts: &'a Facts<'a>,
    document: &'a Document<'a>,
    runs_on: &'a [RouteIndex],
    config: &'a AiProxy,
    provider: Provider,
    route_type: RouteType,
    /// Empty if there are none.
    options: &'a ModelOptions,
}

impl<'a> Instance<'a> {
    fn new(facts: &'a Facts<'a>, known: &'a PluginFacts, config: &'a AiProxy) -> Self {
        Self {
            facts,
            document: facts.document,
            runs_on: &known.runs_on,
            config,
            provider: config.model.provider.value,
            route_type: config.route_type.value,
            options: config.model.options.as_ref().map_or(&NO_OPTIONS, |options| &options.value),
        }
    }

    /// The paths of the routes that the instance can run on.
    fn paths(&self) -> impl Iterator<Item = &PathFacts> {
        self.runs_on.iter().flat_map(|route| &self.facts.route(*route).paths)
    }

    /// A finding at a whole value.
    fn at(&self, node: NodeId, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(Rule::KongPortability, self.document.place(node), message)
    }

    /// A finding at the key of a value.
    fn at_key(&self, node: NodeId, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(Rule::KongPortability, self.document.key_place(node), message)
    }

    /// A finding at a part of a value's text.
    fn within(&self, node: NodeId, range: Range<usize>, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(Rule::KongPortability, self.document.place_within(node, range), message)
    }
}

/// Where bytes `range` of a value's text stand in the source, if they stand there as they are: what
/// escapes and folding changed cannot be edited by position.
fn verbatim(document: &Document, node: NodeId, range: Range<usize>) -> Option<Span> {
    let text = document.str(node)?.get(range.clone())?;
    let span = document.span_within(node, range);
    (document.source().slice(span) == text).then_some(span)
}
