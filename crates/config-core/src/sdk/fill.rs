//! A path that works, turned into one with slots that works for other values too.

use std::ops::Range;

use super::call::{Call, is_own_header};
use super::search::{Ask, DEPLOYMENTS};
use super::visit::{Cell, Visit};
use super::{Family, Operation, Slot, Source, Text};
use crate::language::capture::Captures;
use crate::language::target;
use crate::plan::caller::Caller;
use crate::plan::criteria::{HeaderValue, PathCriterion};
use crate::plan::proxy::Field;
use crate::plan::{Plan, Routing};
use crate::template::{self, Template};

/// A request with slots.
#[derive(Debug, Clone)]
pub(super) struct Filling<'f, 'p> {
    plan: &'p Plan,
    visit: &'f Visit<'p>,
    cell: &'f Cell,
    ask: Ask,
    /// The path before the operation, and before a deployment.
    pub base: Text,
    /// What the path names as the deployment.
    pub deployment: Option<Text>,
    pub headers: Vec<(String, Text)>,
    pub query: Vec<(String, Text)>,
    pub slots: Vec<Slot>,
}

/// The most values of a group that are listed.
const MOST_VALUES: usize = 16;

impl<'f, 'p> Filling<'f, 'p> {
    /// The request with `path`, which path number `entry` of the route matches, each slot holding what it
    /// holds there.
    pub fn new(
        plan: &'p Plan,
        visit: &'f Visit<'p>,
        cell: &'f Cell,
        ask: Ask,
        entry: Option<usize>,
        path: &str,
    ) -> Self {
        let headers = cell.headers.iter().map(|(name, value)| (name.clone(), Text::literal(value)));
        let mut this = Self {
            plan,
            visit,
            cell,
            ask,
            base: Text::default(),
            deployment: None,
            headers: headers.collect(),
            query: Vec::new(),
            slots: Vec::new(),
        };
        let (base, deployment) = cut(path, ask);
        let captured = this.captured(entry, path);
        this.base = this.with_slots(path, base, &captured);
        this.deployment = deployment.map(|range| this.with_slots(path, range, &captured));
        this.read_by_templates();
        this
    }

    /// Puts into each slot what a client might, as long as the request stays the route's and the groups
    /// hold just that.
    pub fn fill(&mut self, entry: Option<usize>, captures: &Captures) {
        for slot in 0..self.slots.len() {
            let known = match self.slots[slot].source {
                Source::UriCaptures => self.values(entry, &self.slots[slot].name, captures),
                Source::Headers => self.demanded(&self.slots[slot].name),
                Source::QueryParams => Vec::new(),
            };
            let mut values: Vec<String> =
                known.iter().filter(|value| self.stays(slot, value)).cloned().collect();
            let tried = if known.is_empty() { self.plausible(slot) } else { values.clone() };
            if let Some(value) = tried.into_iter().find(|value| self.stays(slot, value)) {
                self.slots[slot].example = value;
            }
            // A single value leaves no choice, but is still what the group captures.
            values.sort_unstable();
            self.slots[slot].values = values;
        }
    }

    /// The same request for another operation.
    pub fn asking(&self, operation: Operation) -> Self {
        Self { ask: Ask { operation, ..self.ask }, ..self.clone() }
    }

    /// The normalised path with the examples.
    pub fn path(&self) -> String {
        let base = self.base.example(&self.slots);
        let operation = self.ask.operation.path();
        match (self.ask.family, &self.deployment) {
            (Family::OpenAi, _) => format!("{base}{operation}"),
            (Family::Azure, Some(deployment)) => {
                format!("{base}{DEPLOYMENTS}{}{operation}", deployment.example(&self.slots))
            }
            (Family::Azure, None) => format!("{base}/openai{operation}"),
        }
    }

    /// Gives the request with the examples to `use_it`, and what becomes of it.
    pub fn send<T>(&self, use_it: impl FnOnce(&Call<'_>, Routing<'p, '_>) -> T) -> T {
        let filled = |texts: &[(String, Text)]| -> Vec<(String, String)> {
            texts.iter().map(|(name, text)| (name.clone(), text.example(&self.slots))).collect()
        };
        let (path, headers, query) = (self.path(), filled(&self.headers), filled(&self.query));
        let call = Call {
            family: self.ask.family,
            operation: self.ask.operation,
            origin: &self.cell.origin,
            path: &path,
            headers: &headers,
            query: &query,
        };
        call.with_head(|head| use_it(&call, self.plan.route(head, Caller::Assumed(self.visit.consumer))))
    }

    /// Whether the request is the route's, with every slot of the path just as it is filled.
    pub fn lands(&self) -> bool {
        self.send(|_, routing| {
            let (route, captures) = match &routing {
                Routing::Routed(routed) => (routed.route, &routed.captures),
                Routing::Rejected(rejected) => (rejected.route, &rejected.captures),
                Routing::NoRoute(_) | Routing::NeedsBody { .. } => return false,
            };
            let mut captured = self.slots.iter().filter(|slot| slot.source == Source::UriCaptures);
            std::ptr::eq(route, &self.plan.routes()[self.visit.route.0])
                && captured.all(|slot| captures.get(&slot.name) == Some(&slot.example))
        })
    }

    /// A template as a text over the slots; `None` if it reads what is in none.
    pub fn text(&self, template: &Template) -> Option<Text> {
        let mut text = Text::default();
        for segment in &template.segments {
            match segment {
                template::Segment::Literal(literal) => text.push_str(literal),
                template::Segment::Placeholder(it) => text.push_slot(self.slot(it.source, &it.name)?),
            }
        }
        Some(text)
    }

    /// A field whose template reads a group that goes beyond what the client chooses, and its value.
    pub fn absorbed(&self) -> Option<(&'static str, String)> {
        let reads_group = |text: &str| {
            let Ok(template) = template::parse(text) else { return false };
            let mut groups = template.placeholders().filter(|it| it.source == Source::UriCaptures);
            groups.any(|it| self.slot(it.source, &it.name).is_none())
        };
        let (field, text) = self.visit.proxy.texts().find(|(_, text)| reads_group(text))?;
        self.send(|_, routing| match routing {
            Routing::Routed(routed) => {
                Some((field.as_str(), routed.rendered.text(field).unwrap_or(text).to_owned()))
            }
            _ => None,
        })
    }

    /// The base as a URL has it.
    pub fn encoded_base(&self) -> Text {
        let path = self.path();
        if target(&path) != path {
            // What has to be escaped depends on its surroundings: nothing is left open.
            let base = self.base.example(&self.slots);
            return Text::literal(if base.is_empty() { base } else { target(&base) });
        }
        self.base.map_literals(|literal| literal.replace('{', "%7B").replace('}', "%7D"))
    }

    fn slot(&self, source: Source, name: &str) -> Option<usize> {
        let same = |slot: &Slot| match source {
            Source::Headers => slot.name.eq_ignore_ascii_case(&name.replace('_', "-")),
            _ => slot.name == name,
        };
        self.slots.iter().position(|slot| slot.source == source && same(slot))
    }

    /// The named groups of the path that matched, and where in it they are.
    fn captured(&self, entry: Option<usize>, path: &str) -> Vec<(String, Range<usize>)> {
        let Some(PathCriterion::Regex(pattern)) = self.criterion(entry) else { return Vec::new() };
        let Ok(regex) = regex::Regex::new(&pattern.compiled()) else { return Vec::new() };
        let Some(found) = regex.captures(path) else { return Vec::new() };
        let named = regex.capture_names().flatten();
        named.filter_map(|name| Some((name.to_owned(), found.name(name)?.range()))).collect()
    }

    fn criterion(&self, entry: Option<usize>) -> Option<&'p PathCriterion> {
        self.plan.demands(self.visit.route)?.paths.get(entry?)
    }

    /// A range of the path, each group that is wholly in it as a slot; of groups within each other the
    /// outer one.
    fn with_slots(&mut self, path: &str, range: Range<usize>, captured: &[(String, Range<usize>)]) -> Text {
        let mut text = Text::default();
        let mut at = range.start;
        for (name, group) in captured {
            if group.start < at || group.end > range.end {
                continue;
            }
            text.push_str(&path[at..group.start]);
            text.push_slot(self.slots.len());
            self.slots.push(Slot {
                source: Source::UriCaptures,
                name: name.clone(),
                example: path[group.clone()].to_owned(),
                values: Vec::new(),
            });
            at = group.end;
        }
        text.push_str(&path[at..range.end]);
        text
    }

    /// Adds what templates read from headers and the query, unless the client sends it anyway.
    fn read_by_templates(&mut self) {
        for template in self.templates() {
            for placeholder in template.placeholders() {
                let (source, name) = (placeholder.source, placeholder.name.clone());
                if self.slot(source, &name).is_some() {
                    continue;
                }
                let name = match source {
                    Source::UriCaptures => continue,
                    Source::Headers => name.to_ascii_lowercase().replace('_', "-"),
                    Source::QueryParams => name,
                };
                let sent = match source {
                    Source::Headers => is_own_header(self.ask.family, &name),
                    _ => self.ask.family == Family::Azure && name == "api-version",
                };
                if sent {
                    continue;
                }
                let slot = self.slots.len();
                let list = if source == Source::Headers { &mut self.headers } else { &mut self.query };
                let demanded = list.iter_mut().find(|(given, _)| *given == name);
                let example = match demanded {
                    Some((_, text)) => std::mem::replace(text, Text::slot(slot)).example(&self.slots),
                    None => {
                        list.push((name.clone(), Text::slot(slot)));
                        "value".to_owned()
                    }
                };
                self.slots.push(Slot { source, name, example, values: Vec::new() });
            }
        }
    }

    fn templates(&self) -> Vec<Template> {
        self.visit.proxy.texts().filter_map(|(_, text)| template::parse(text).ok()).collect()
    }

    /// Whether the request lands with another value in a slot.
    fn stays(&self, slot: usize, value: &str) -> bool {
        let mut other = self.clone();
        other.slots[slot].example = value.to_owned();
        other.lands()
    }

    /// What a group can capture, if that is little.
    fn values(&self, entry: Option<usize>, name: &str, captures: &Captures) -> Vec<String> {
        let Some(PathCriterion::Regex(pattern)) = self.criterion(entry) else { return Vec::new() };
        captures.values(pattern, name, MOST_VALUES).ok().flatten().unwrap_or_default()
    }

    /// The values of a header that the route demands, as far as they are listed.
    fn demanded(&self, name: &str) -> Vec<String> {
        let Some(criteria) = self.plan.demands(self.visit.route) else { return Vec::new() };
        let values =
            criteria.headers.iter().filter(|header| header.name() == name).flat_map(|it| it.values());
        let values = values.filter_map(|value| match value {
            HeaderValue::Exact(value) => Some(value.clone()),
            HeaderValue::Regex(_) => None,
        });
        values.collect()
    }

    /// What clients might put into a slot, the likeliest first.
    fn plausible(&self, slot: usize) -> Vec<String> {
        let Slot { source, name, .. } = &self.slots[slot];
        let reads = |template: &Template| {
            template
                .placeholders()
                .any(|it| self.slot(it.source, &it.name) == Some(slot) && it.source == *source)
        };
        let names_model = self
            .visit
            .proxy
            .texts()
            .filter(|(field, _)| *field == Field::Name)
            .any(|(_, text)| template::parse(text).is_ok_and(|template| reads(&template)));
        let model = self.ask.operation.example_model(self.visit.proxy.provider);
        // Where it has an owner, some paths want one and some want none.
        let plain = model.rsplit('/').next().unwrap_or(model);
        let own = format!("my-{}", name.trim_start_matches("x-").replace(['_', '.', '[', ']'], "-"));
        let models = if names_model { vec![model.to_owned(), plain.to_owned()] } else { Vec::new() };
        models.into_iter().chain([own, "gpt-4o".to_owned()]).collect()
    }
}

/// Where in a path that `ask` allows the base is, and the deployment.
fn cut(path: &str, ask: Ask) -> (Range<usize>, Option<Range<usize>>) {
    let operation = path.len() - ask.operation.path().len();
    match ask.family {
        Family::OpenAi => (0..operation, None),
        Family::Azure if !ask.operation.is_of_deployment() => (0..operation - "/openai".len(), None),
        Family::Azure => {
            let deployment = path[..operation].rfind('/').map_or(operation, |slash| slash + 1);
            (0..deployment - DEPLOYMENTS.len(), Some(deployment..operation))
        }
    }
}
