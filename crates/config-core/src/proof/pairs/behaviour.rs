//! Whether it matters which of two routes gets a request.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::analysis::Facts;
use crate::model::{LlmFormat, RouteIndex};
use crate::syntax::{Document, Kind, NodeId};
use crate::template::Source;

/// What routes do with a request, apart from which requests they get: routes with one number do the same.
pub(super) struct Behaviours {
    /// Routes for which a plugin outside of them runs.
    elsewhere: FxHashSet<RouteIndex>,
    known: FxHashMap<RouteIndex, u32>,
    numbers: FxHashMap<String, u32>,
}

/// Keys of a route that do not change what it does with a request that it has got: its names, and what
/// it matches on.
const ELSEWHERE: [&str; 14] = [
    "id",
    "name",
    "tags",
    "created_at",
    "updated_at",
    "methods",
    "hosts",
    "headers",
    "paths",
    "snis",
    "regex_priority",
    "strip_path",
    "path_handling",
    "service",
];

impl Behaviours {
    /// What the routes of a file do. Nothing is looked at before it is asked for.
    pub fn new(facts: &Facts) -> Self {
        let plugins =
            facts.config.plugins.iter().filter_map(|plugin| Some((plugin.node, plugin.scope?.route?)));
        let elsewhere =
            plugins.filter(|(node, route)| !facts.document.contains(facts.config[*route].node, *node));
        Self {
            elsewhere: elsewhere.map(|(_, route)| route).collect(),
            known: FxHashMap::default(),
            numbers: FxHashMap::default(),
        }
    }

    /// Whether two routes do the same with every request. Those on which no `ai-proxy` runs all answer
    /// 503.
    pub fn are_alike(&mut self, facts: &Facts, a: RouteIndex, b: RouteIndex) -> bool {
        let is_empty = |route| facts.route(route).plugins.is_empty();
        is_empty(a) && is_empty(b) || self.number(facts, a) == self.number(facts, b)
    }

    fn number(&mut self, facts: &Facts, route: RouteIndex) -> u32 {
        if let Some(known) = self.known.get(&route) {
            return *known;
        }
        // A route that goes by its captures is like no other.
        let text = match goes_by_captures(facts, route) || self.elsewhere.contains(&route) {
            true => format!("{}", route.0),
            false => description(facts, route),
        };
        let next = self.numbers.len() as u32;
        let number = *self.numbers.entry(text).or_insert(next);
        self.known.insert(route, number);
        number
    }
}

fn goes_by_captures(facts: &Facts, route: RouteIndex) -> bool {
    facts.route(route).plugins.iter().any(|plugin| {
        let native = facts.config[*plugin].ai_proxy.as_ref().is_none_or(|config| {
            config.llm_format.as_ref().is_some_and(|format| format.value != LlmFormat::Openai)
        });
        let templates = facts.plugins[plugin.0].templates.iter();
        native
            || templates.flat_map(|field| &field.parsed).any(|template| {
                template.placeholders().any(|placeholder| placeholder.source == Source::UriCaptures)
            })
    })
}

/// What the route says of itself, and its service.
fn description(facts: &Facts, route: RouteIndex) -> String {
    let (document, entity) = (facts.document, &facts.config[route]);
    let mut text = format!("{:?}", entity.service);
    for (key, value) in document.entries(entity.node) {
        let key = document.key_text(*key);
        if !ELSEWHERE.contains(&key) {
            text.push_str(key);
            write(document, *value, &mut text);
        }
    }
    text
}

fn write(document: &Document, node: NodeId, text: &mut String) {
    match &document.node(node).kind {
        Kind::Scalar(scalar) => *text += &format!("{:?}{:?}", scalar.value, scalar.text),
        Kind::Sequence(_) => {
            text.push('[');
            document.items(node).iter().for_each(|item| write(document, *item, text));
            text.push(']');
        }
        Kind::Mapping(_) => {
            let mut entries = document.entries(node).to_vec();
            entries.sort_by_key(|(key, _)| document.key_text(*key));
            text.push('{');
            for (key, value) in entries {
                *text += &format!("{:?}", document.key_text(key));
                write(document, value, text);
            }
            text.push('}');
        }
    }
}
