//! The proof behind the three rules on captures: a placeholder is provided if, on every route where
//! its plugin can run, every match of every path sets the group. What fails the proof does so in
//! one of three ways, and each [`Absence`] is a rule.

use std::rc::Rc;

use rustc_hash::FxHashMap;

use crate::analysis::{Facts, FieldTemplate, PathFacts, PathKind, RouteFacts};
use crate::diagnostic::{Diagnostic, Related};
use crate::model::RouteIndex;
use crate::pattern::{Group, Pattern};
use crate::rules::wording::list;
use crate::rules::{Rule, example};
use crate::template::{Placeholder, Source};

/// Why a capture can be absent on a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Absence {
    /// No path of the route defines the group.
    Undefined,
    /// Some paths define it, others do not.
    MissingOnPath,
    /// Every path defines it, but a match of one may leave it unset.
    Optional,
}

/// A placeholder that is not proved, and the routes where it fails in one way.
pub(super) struct Unproved<'f> {
    pub facts: &'f Facts<'f>,
    pub field: &'f FieldTemplate,
    pub placeholder: &'f Placeholder,
    /// At least one.
    pub routes: Rc<[RouteIndex]>,
}

/// How many routes a finding shows; the others are counted.
const SHOWN_ROUTES: usize = 3;

/// How many paths of a route a finding shows.
const SHOWN_PATHS: usize = 4;

/// All placeholders that fail in the given way, in file order.
pub(super) fn unproved<'f>(facts: &'f Facts<'f>, absence: Absence) -> impl Iterator<Item = Unproved<'f>> {
    facts.plugins.iter().flat_map(move |plugin| {
        // A name is read a thousand times as easily as once.
        let mut known: FxHashMap<&str, Rc<[RouteIndex]>> = FxHashMap::default();
        captures(&plugin.templates).filter_map(move |(field, placeholder)| {
            let name = &*placeholder.name;
            let fails = |route: &RouteIndex| absence_on(facts, *route, name) == Some(absence);
            let routes = known.entry(name);
            let routes = routes.or_insert_with(|| plugin.runs_on.iter().copied().filter(fails).collect());
            (!routes.is_empty()).then(|| Unproved { facts, field, placeholder, routes: Rc::clone(routes) })
        })
    })
}

/// The placeholders in `templates` that read captures.
pub(super) fn captures(templates: &[FieldTemplate]) -> impl Iterator<Item = (&FieldTemplate, &Placeholder)> {
    templates.iter().flat_map(|field| {
        let placeholders = field.parsed.iter().flat_map(|template| template.placeholders());
        placeholders.filter(|placeholder| placeholder.source == Source::UriCaptures).map(move |p| (field, p))
    })
}

/// How the capture `name` can be absent on `route`; `None` if every match sets it. What of a route
/// cannot be read is a finding already, and may hold any group.
fn absence_on(facts: &Facts, route: RouteIndex, name: &str) -> Option<Absence> {
    let entity = &facts.config[route];
    let route = &facts.routes[route.0];
    // Without paths, a field that cannot be read may have been meant as `paths`.
    if entity.hole_in(&["paths"]).is_some() || route.paths.is_empty() && entity.unmatchable().is_some() {
        return None;
    }
    let (mut defined, mut lacking, mut optional) = (false, route.paths.is_empty(), false);
    for path in &route.paths {
        match membership(path, name) {
            Membership::Has(_, group) => {
                defined = true;
                optional |= !group.always;
            }
            Membership::Lacks => lacking = true,
            Membership::Unreadable => defined = true,
        }
    }
    match (defined, lacking) {
        (false, _) => Some(Absence::Undefined),
        (true, true) => Some(Absence::MissingOnPath),
        (true, false) => optional.then_some(Absence::Optional),
    }
}

/// Whether a path has a named group.
enum Membership<'f> {
    Has(&'f Pattern, &'f Group),
    Lacks,
    Unreadable,
}

fn membership<'f>(path: &'f PathFacts, name: &str) -> Membership<'f> {
    match &path.kind {
        PathKind::Regex(Ok(pattern)) => {
            pattern.group(name).map_or(Membership::Lacks, |group| Membership::Has(pattern, group))
        }
        PathKind::Prefix(_) => Membership::Lacks,
        PathKind::Regex(Err(_)) | PathKind::Neither => Membership::Unreadable,
    }
}

impl<'f> Unproved<'f> {
    /// The capture's name as written.
    pub fn name(&self) -> &'f str {
        &self.placeholder.name
    }

    /// The first route where the placeholder fails, which stands for the others in the help.
    pub fn first_route(&self) -> &'f RouteFacts {
        &self.facts.routes[self.routes[0].0]
    }

    /// A finding at the placeholder, with the paths that fail it as related ranges.
    pub fn finding(&self, rule: Rule, message: impl FnOnce(&str) -> String) -> Diagnostic {
        let range = self.placeholder.range.clone();
        let place = self.facts.document.place_within(self.field.node, range);
        let mut diagnostic = Diagnostic::new(rule, place, message(&self.route_names()));
        for route in self.routes.iter().take(SHOWN_ROUTES) {
            let paths = self.facts.routes[route.0].paths.iter();
            diagnostic.related.extend(paths.filter_map(|path| self.label(path)).take(SHOWN_PATHS));
        }
        diagnostic
    }

    /// What a path has to do with the failure; `None` if it provides the capture.
    fn label(&self, path: &PathFacts) -> Option<Related> {
        let (document, name) = (self.facts.document, self.name());
        match membership(path, name) {
            Membership::Has(_, group) if group.always => None,
            Membership::Has(pattern, group) => {
                let message = match example::path_without(pattern, name) {
                    Some(path) => format!("`{path}` matches without this group"),
                    None => "a match may leave this group unset".to_owned(),
                };
                Some(Related {
                    message,
                    span: document.span_within(path.node, PathFacts::of_regex(&group.range)),
                })
            }
            Membership::Lacks => {
                let message = match path.kind {
                    PathKind::Prefix(_) => "a prefix path captures nothing".to_owned(),
                    _ => format!("no group `{name}` in this path"),
                };
                Some(Related { message, span: document.span(path.node) })
            }
            Membership::Unreadable => None,
        }
    }

    /// The failing routes, for a message.
    fn route_names(&self) -> String {
        let mut names: Vec<_> =
            self.routes.iter().take(SHOWN_ROUTES).map(|route| self.facts.route_label(*route)).collect();
        match self.routes.len() - names.len() {
            0 => {}
            1 => names.push("one other".to_owned()),
            others => names.push(format!("{others} others")),
        }
        let noun = if self.routes.len() == 1 { "route" } else { "routes" };
        format!("{noun} {}", list(&names))
    }
}
