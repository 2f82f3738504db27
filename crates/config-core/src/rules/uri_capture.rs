//! The proof behind the three rules on captures: a placeholder is provided if, on every route where
//! its plugin can run, every match of every path sets the group. What fails the proof does so in
//! one of three ways, and each [`Absence`] is a rule.

use std::rc::Rc;

use rustc_hash::FxHashMap;

use crate::analysis::{Facts, FieldTemplate, PathFacts, PathKind, RouteFacts};
use crate::diagnostic::{Diagnostic, Related, Witness};
use crate::language::capture::Outcome;
use crate::language::{Languages, Paths, PathsId, Undecided};
use crate::model::RouteIndex;
use crate::pattern::Group;
use crate::proof::trial::Trial;
use crate::rules::Rule;
use crate::rules::wording::list;
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
fn absence_on(facts: &Facts, index: RouteIndex, name: &str) -> Option<Absence> {
    let entity = &facts.config[index];
    let route = &facts.routes[index.0];
    // Without paths, a field that cannot be read may have been meant as `paths`.
    if entity.hole_in(&["paths"]).is_some() || route.paths.is_empty() && entity.unmatchable().is_some() {
        return None;
    }
    let (mut defined, mut lacking, mut optional) = (false, route.paths.is_empty(), false);
    for path in &route.paths {
        match supply(facts, path, name) {
            Supply::Lacking => lacking = true,
            Supply::Optional(..) => (defined, optional) = (true, true),
            Supply::Certain | Supply::Unreadable => defined = true,
        }
    }
    if !defined {
        return Some(Absence::Undefined);
    }
    if lacking && absences(facts, index, name).any(|absence| absence.kind == Absence::MissingOnPath) {
        return Some(Absence::MissingOnPath);
    }
    optional.then_some(Absence::Optional)
}

/// What a path does for a capture.
enum Supply<'f> {
    /// Every match sets the group.
    Certain,
    /// A match leaves the group unset: in the path given, or where could not be decided.
    Optional(&'f Group, Result<String, Undecided>),
    /// It has no such group.
    Lacking,
    /// What it has cannot be told.
    Unreadable,
}

fn supply<'f>(facts: &Facts, path: &'f PathFacts, name: &str) -> Supply<'f> {
    let (pattern, group) = match &path.kind {
        PathKind::Regex(Ok(pattern)) => match pattern.group(name) {
            Some(group) => (pattern, group),
            None => return Supply::Lacking,
        },
        PathKind::Prefix(_) => return Supply::Lacking,
        PathKind::Regex(Err(_)) | PathKind::Neither => return Supply::Unreadable,
    };
    if group.always {
        return Supply::Certain;
    }
    match facts.captures.find(pattern, name, Outcome::Unset) {
        Ok(None) => Supply::Certain,
        Ok(Some(shown)) => Supply::Optional(group, Ok(shown.path)),
        Err(undecided) => Supply::Optional(group, Err(undecided)),
    }
}

/// A path of a route that can leave a capture absent.
struct PathAbsence {
    kind: Absence,
    /// A request path that the path of the route matches without setting the capture.
    shown: Result<String, Undecided>,
}

/// The paths of a route that can leave a capture absent, in the order they are tried. One that takes
/// no request that an earlier path with the capture does not take is none.
fn absences<'f>(facts: &'f Facts, index: RouteIndex, name: &'f str) -> impl Iterator<Item = PathAbsence> {
    let paths = &facts.routes[index.0].paths;
    let order: Vec<usize> = match Trial::of(facts, index) {
        Some(trial) => trial.order().collect(),
        None => (0..paths.len()).collect(),
    };
    let languages = Languages::new(paths.iter().map(|path| set(path).unwrap_or(Paths::Any)));
    // The paths before, those that set the capture for certain first.
    let (mut certain, mut optional) = (Vec::new(), Vec::new());
    order
        .into_iter()
        .flat_map(move |at| {
            let path = &paths[at];
            let supply = supply(facts, path, name);
            let Some(this) = set(path).map(|_| PathsId(at as u32)) else { return [None, None] };
            let outside = |optional: &[PathsId]| outside(&languages, this, &certain, optional).transpose();
            match supply {
                Supply::Lacking => {
                    let shown = outside(&optional);
                    [shown.map(|shown| PathAbsence { kind: Absence::MissingOnPath, shown }), None]
                }
                Supply::Optional(_, shown) => {
                    // Where an earlier path takes what shows it, another request may.
                    let may_be_taken = shown.is_ok() && !certain.is_empty();
                    let other = may_be_taken.then(|| outside(&optional)).flatten();
                    optional.push(this);
                    [Some(shown), other]
                        .map(|shown| Some(PathAbsence { kind: Absence::Optional, shown: shown? }))
                }
                Supply::Certain => {
                    certain.push(this);
                    [None, None]
                }
                Supply::Unreadable => [None, None],
            }
        })
        .flatten()
}

/// The shortest request path of `this` that is in none of `certain`, if possible in none of `optional`
/// either.
fn outside(
    languages: &Languages,
    this: PathsId,
    certain: &[PathsId],
    optional: &[PathsId],
) -> Result<Option<String>, Undecided> {
    match languages.find(&[this], &[certain, optional].concat()) {
        Ok(None) if !optional.is_empty() => languages.find(&[this], certain),
        found => found,
    }
}

fn set(path: &PathFacts) -> Option<Paths<'_>> {
    match &path.kind {
        PathKind::Prefix(prefix) => Some(Paths::Prefix(prefix)),
        PathKind::Regex(Ok(pattern)) => Some(Paths::Regex(pattern)),
        PathKind::Regex(Err(_)) | PathKind::Neither => None,
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

    /// Why it could not be decided whether a match leaves the capture unset; `None` if one does.
    pub fn undecided(&self) -> Option<Undecided> {
        let (index, name) = (self.routes[0], self.name());
        let trial = Trial::of(self.facts, index);
        let mut undecided = None;
        for absence in absences(self.facts, index, name) {
            let reason = match absence.shown {
                // Another path of the route is tried before, and sets it.
                Ok(path) => {
                    trial.as_ref()?.take(&path)?.captures.get(name)?;
                    Undecided::Unconfirmed
                }
                Err(reason) => reason,
            };
            undecided.get_or_insert(reason);
        }
        undecided
    }

    /// A finding at the placeholder, with the paths that fail it as related ranges and a request that
    /// lacks the capture.
    pub fn finding(&self, rule: Rule, message: impl FnOnce(&str) -> String) -> Diagnostic {
        let range = self.placeholder.range.clone();
        let place = self.facts.document.place_within(self.field.node, range);
        let mut diagnostic = Diagnostic::new(rule, place, message(&self.route_names()));
        diagnostic.witness = self.witness();
        for route in self.routes.iter().take(SHOWN_ROUTES) {
            let paths = self.facts.routes[route.0].paths.iter();
            diagnostic.related.extend(paths.filter_map(|path| self.label(path)).take(SHOWN_PATHS));
        }
        diagnostic
    }

    /// What a path has to do with the failure; `None` if it provides the capture.
    fn label(&self, path: &PathFacts) -> Option<Related> {
        let (document, name) = (self.facts.document, self.name());
        match supply(self.facts, path, name) {
            Supply::Certain | Supply::Unreadable => None,
            Supply::Optional(group, shown) => {
                let message = match shown {
                    Ok(path) => format!("`{path}` matches without this group"),
                    Err(_) => "whether every match sets this group is not known".to_owned(),
                };
                Some(Related {
                    message,
                    span: document.span_within(path.node, PathFacts::of_regex(&group.range)),
                })
            }
            Supply::Lacking => {
                let message = match path.kind {
                    PathKind::Prefix(_) => "a prefix path captures nothing".to_owned(),
                    _ => format!("no group `{name}` in this path"),
                };
                Some(Related { message, span: document.span(path.node) })
            }
        }
    }

    /// A request that the first failing route takes without the capture.
    fn witness(&self) -> Option<Witness> {
        let (index, name) = (self.routes[0], self.name());
        let trial = Trial::of(self.facts, index)?;
        let lacks = |path: &str| Some(trial.take(path)?).filter(|taken| taken.captures.get(name).is_none());
        let taken = match self.first_route().paths.is_empty() {
            true => lacks("/"),
            false => absences(self.facts, index, name).find_map(|absence| lacks(&absence.shown.ok()?)),
        };
        Some(taken?.witness)
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
