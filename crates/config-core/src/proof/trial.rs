//! One route by itself: the simplest request that it takes on a path, and what the path captures.
//!
//! A rule about a single path replays its witness here: by the router, but with no other route in the
//! way, and before there is a plan.

use std::cell::RefCell;
use std::rc::Rc;

use crate::analysis::Facts;
use crate::diagnostic::Witness;
use crate::language::{Languages, Paths, PathsId};
use crate::model::{PluginIndex, RouteIndex};
use crate::plan::criteria::{Criteria, HeaderCriterion, HeaderValue, PathCriterion};
use crate::plan::landing::encode_value;
use crate::plan::prepare::Decision;
use crate::plan::proxy::query_argument;
use crate::plan::rejection::Rejection;
use crate::plan::router::{Captures, Router};
use crate::plan::{self, Plan};
use crate::proof::request::Request;
use crate::proof::space::Cells;
use crate::template::{Placeholder, Source};

/// A route by itself.
#[derive(Debug)]
pub struct Trial {
    router: Router,
}

/// The trial that was asked for last: questions about one route come together.
#[derive(Debug, Default)]
pub struct LastTrial(RefCell<Option<(RouteIndex, Option<Rc<Trial>>)>>);

/// A request that the route takes.
#[derive(Debug, Clone)]
pub struct Taken {
    /// The request.
    pub witness: Witness,
    /// What the path captures.
    pub captures: Captures,
    /// The path in its normal form.
    pub path: String,
}

impl Trial {
    /// The route at `index`; `None` if it cannot be said what it demands.
    pub fn of(facts: &Facts, index: RouteIndex) -> Option<Rc<Self>> {
        let mut last = facts.trial.0.borrow_mut();
        match &*last {
            Some((known, trial)) if *known == index => trial.clone(),
            _ => {
                let criteria = plan::criteria_of(facts, index);
                let trial = criteria.map(|criteria| Rc::new(Self { router: Router::build(vec![criteria]) }));
                *last = Some((index, trial.clone()));
                trial
            }
        }
    }

    /// The positions of the route's paths, in the order they are tried.
    pub fn order(&self) -> impl Iterator<Item = usize> {
        self.router.order().filter_map(|(_, path)| path)
    }

    /// What the route demands.
    pub fn criteria(&self) -> &Criteria {
        &self.router.routes()[0]
    }

    /// Whether the route's own criteria leave the client few values for a placeholder: a header whose
    /// values are listed.
    pub fn restricts(&self, placeholder: &Placeholder) -> bool {
        let name = placeholder.name.to_ascii_lowercase().replace('_', "-");
        let is_listed = |header: &HeaderCriterion| {
            let mut values = header.values().iter();
            header.name() == name && values.all(|value| matches!(value, HeaderValue::Exact(_)))
        };
        placeholder.source == Source::Headers && self.criteria().headers.iter().any(is_listed)
    }

    /// The shortest path that the route takes; of several paths of the route, by the first.
    pub fn any_path(&self) -> Option<String> {
        let Some(first) = self.criteria().paths.first() else { return Some("/".to_owned()) };
        let set = match first {
            PathCriterion::Prefix(prefix) => Paths::Prefix(prefix),
            PathCriterion::Regex(pattern) => Paths::Regex(pattern),
            PathCriterion::Invalid(_) => return None,
        };
        Languages::new([set]).find(&[PathsId(0)], &[]).ok()?
    }

    /// The simplest request for a normalised path that meets all other criteria of the route.
    pub fn request(&self, path: &str) -> Option<Witness> {
        let request = Cells::new(&[self.criteria()], &[]).requests().next()?;
        Some(Request { path: path.to_owned(), ..request }.witness())
    }

    /// [`Self::request`], if the route takes it.
    pub fn take(&self, path: &str) -> Option<Taken> {
        let witness = self.request(path)?;
        let found = witness.with_head(|head| self.router.find(head))?;
        Some(Taken { witness, captures: found.captures, path: found.normalized_path })
    }
}

impl Taken {
    /// The request with values for what placeholders read beyond captures, if it has none yet.
    pub fn with_values<'t>(mut self, placeholders: impl IntoIterator<Item = &'t Placeholder>) -> Self {
        for placeholder in placeholders {
            self.set(placeholder, "a");
        }
        self
    }

    /// Adds a value for a header or query argument that the request does not have.
    pub fn set(&mut self, placeholder: &Placeholder, value: &str) {
        let Witness { path, headers, .. } = &mut self.witness;
        match placeholder.source {
            Source::UriCaptures => {}
            Source::Headers => {
                let name = placeholder.name.replace('_', "-");
                if headers.iter().all(|(sent, _)| !sent.eq_ignore_ascii_case(&name)) {
                    headers.push((name, value.to_owned()));
                }
            }
            Source::QueryParams => {
                let (_, query) = path.split_once('?').unwrap_or_default();
                if query_argument(query.as_bytes(), placeholder.name.as_bytes()).is_none() {
                    let separator = if path.contains('?') { '&' } else { '?' };
                    let name = encode_value(&placeholder.name);
                    path.push_str(&format!("{separator}{name}={}", encode_value(value)));
                }
            }
        }
    }

    /// What a plugin makes of the request.
    pub fn rehearse(&self, plan: &Plan, plugin: PluginIndex) -> Option<Result<Decision, Rejection>> {
        self.witness.with_head(|head| plan.rehearse(plugin, head, &self.captures, &self.path))
    }
}
