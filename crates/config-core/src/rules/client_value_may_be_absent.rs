//! `client-value-may-be-absent`: placeholders for what a client may leave out. The answer that it then
//! gets is the plan's own.

use rustc_hash::FxHashMap;

use crate::analysis::{Facts, FieldTemplate};
use crate::diagnostic::{Diagnostic, Witness};
use crate::model::{PluginIndex, RouteIndex};
use crate::plan::Routing;
use crate::plan::caller::Caller;
use crate::plan::criteria::{Criteria, HeaderValue};
use crate::plan::proxy::{absent, empty};
use crate::plan::rejection::Rejection;
use crate::proof::Proofs;
use crate::rules::Rule;
use crate::rules::client_value::{Requests, Value, placeholders};
use crate::rules::wording::list;
use crate::template::{Placeholder, Source, Template};

/// How many routes a finding names; the others are counted.
const SHOWN_ROUTES: usize = 3;

/// How many more places a finding shows where the value is read.
const SHOWN_PLACES: usize = 8;

pub(crate) fn check(proofs: &Proofs, diagnostics: &mut Vec<Diagnostic>) {
    let facts = proofs.facts;
    if facts.plugins.iter().all(|plugin| placeholders(&plugin.templates).next().is_none()) {
        return;
    }
    let criteria: FxHashMap<RouteIndex, &Criteria> = proofs.plan.criteria().collect();
    let requests = Requests::new(proofs);
    for (index, plugin) in facts.plugins.iter().enumerate() {
        // One that is broken answers every request the same.
        if proofs.plan.proxy(PluginIndex(index)).is_none() {
            continue;
        }
        let routes: Vec<(RouteIndex, &Criteria)> =
            plugin.runs_on.iter().filter_map(|route| Some((*route, *criteria.get(route)?))).collect();
        let demands = Demands::of(&routes);
        for used in uses(&plugin.templates) {
            let Some((lack, routes, count)) = demands.lack(&used, &routes) else { continue };
            let finding = finding(facts, &used, lack, &routes, count);
            diagnostics.push(Diagnostic {
                witness: witness(proofs, &requests, &plugin.templates, &used, lack, routes[0]),
                ..finding
            });
        }
    }
}

/// A value that a plugin reads, and where.
struct Use<'f> {
    value: Value,
    field: &'f FieldTemplate,
    template: &'f Template,
    placeholder: &'f Placeholder,
    /// Where it is read again.
    others: Vec<(&'f FieldTemplate, &'f Placeholder)>,
}

/// What a request may have of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lack {
    /// Nothing at all.
    Absent,
    /// No text, where it is all the text of a field.
    Empty,
}

impl Use<'_> {
    /// How the plan refuses a request that lacks the value.
    fn rejection(&self, lack: Lack) -> Rejection {
        match lack {
            Lack::Absent => absent(self.placeholder),
            Lack::Empty => empty(self.field.field, self.template),
        }
    }
}

/// The values that clients are to send for these templates, each once. A host is sent with every
/// request.
fn uses(templates: &[FieldTemplate]) -> Vec<Use<'_>> {
    let mut uses: Vec<Use> = Vec::new();
    let mut known: FxHashMap<Value, usize> = FxHashMap::default();
    for (field, placeholder) in placeholders(templates) {
        let value = Value::of(placeholder);
        let Ok(template) = &field.parsed else { continue };
        if value.source == Source::Headers && value.name == "host" {
            continue;
        }
        match known.get(&value) {
            Some(first) => uses[*first].others.push((field, placeholder)),
            None => {
                known.insert(value.clone(), uses.len());
                uses.push(Use { value, field, template, placeholder, others: Vec::new() });
            }
        }
    }
    uses
}

/// How many of a plugin's routes demand each header, and which of them take it without text.
struct Demands<'c>(FxHashMap<&'c str, (usize, Vec<RouteIndex>)>);

impl<'c> Demands<'c> {
    fn of(routes: &[(RouteIndex, &'c Criteria)]) -> Self {
        let mut demands: FxHashMap<_, (usize, Vec<_>)> = FxHashMap::default();
        for (route, criteria) in routes {
            for header in &criteria.headers {
                let (count, emptily) = demands.entry(header.name()).or_default();
                *count += 1;
                if header.values().iter().any(HeaderValue::accepts_nothing) {
                    emptily.push(*route);
                }
            }
        }
        Self(demands)
    }

    /// The routes that take a request without the value: the first few, and how many there are.
    fn lack(&self, used: &Use, routes: &[(RouteIndex, &Criteria)]) -> Option<(Lack, Vec<RouteIndex>, usize)> {
        let demanded = match used.value.source {
            Source::Headers => self.0.get(&*used.value.name),
            Source::QueryParams | Source::UriCaptures => None,
        };
        let (demanding, emptily) = demanded.map_or((0, &[][..]), |(count, emptily)| (*count, emptily));
        let open = routes.len() - demanding;
        if open > 0 {
            let demands = |criteria: &Criteria| {
                demanding > 0 && criteria.headers.iter().any(|header| header.name() == used.value.name)
            };
            let shown = routes.iter().filter(|(_, criteria)| !demands(criteria)).map(|(route, _)| *route);
            return Some((Lack::Absent, shown.take(SHOWN_ROUTES).collect(), open));
        }
        let is_whole = used.template.segments.len() == 1;
        let shown: Vec<_> = emptily.iter().copied().take(SHOWN_ROUTES).collect();
        (is_whole && !shown.is_empty()).then_some((Lack::Empty, shown, emptily.len()))
    }
}

fn finding(facts: &Facts, used: &Use, lack: Lack, routes: &[RouteIndex], count: usize) -> Diagnostic {
    let Rejection { status, message, .. } = used.rejection(lack);
    let name = &used.value.name;
    let mut names: Vec<_> = routes.iter().map(|route| facts.route_label(*route)).collect();
    match count - names.len() {
        0 => {}
        1 => names.push("one other".to_owned()),
        others => names.push(format!("{others} others")),
    }
    let (subject, verb) = match count {
        1 => (format!("route {}", names[0]), "s"),
        _ => (format!("routes {}", list(&names)), ""),
    };
    let demand = format!("`headers: {{{name}: [\"~*.+\"]}}`");
    let (fact, help) = match (lack, used.value.source) {
        (Lack::Absent, Source::Headers) => (
            format!(
                "{subject} do{es} not demand the header `{name}`, and a request without it is answered",
                es = if count == 1 { "es" } else { "" }
            ),
            format!(
                "tell clients to send it, or let the route demand it with {demand}: requests without it then \
                 go to other routes, or are answered 404"
            ),
        ),
        (Lack::Absent, _) => (
            format!("a request to {subject} may lack the query argument `{name}`, and is then answered"),
            "tell clients to send it: no criterion of a route looks at the query, so that only the path or a \
             header can be demanded"
                .to_owned(),
        ),
        (Lack::Empty, _) => (
            format!("{subject} take{verb} the header `{name}` without text too, and such a request is answered"),
            format!("let the route demand a text, as in {demand}"),
        ),
    };
    let place = facts.document.place_within(used.field.node, used.placeholder.range.clone());
    let mut finding =
        Diagnostic::new(Rule::ClientValueMayBeAbsent, place, format!("{fact} {status} `{message}`"));
    for (field, placeholder) in used.others.iter().take(SHOWN_PLACES) {
        let span = facts.document.span_within(field.node, placeholder.range.clone());
        finding = finding.related(span, "read here too");
    }
    finding.help(help)
}

/// A request to `route` that the plan refuses as the finding says.
fn witness(
    proofs: &Proofs,
    requests: &Requests,
    templates: &[FieldTemplate],
    used: &Use,
    lack: Lack,
    route: RouteIndex,
) -> Option<Witness> {
    let text = (lack == Lack::Empty).then_some("");
    let rejection = used.rejection(lack);
    requests.find(route, templates, Some((&used.value, text)), |head| {
        match proofs.plan.route(head, Caller::Assumed(None)) {
            Routing::Rejected(rejected) => {
                rejected.rejection == rejection
                    && std::ptr::eq(rejected.route, &proofs.plan.routes()[route.0])
            }
            _ => false,
        }
    })
}
