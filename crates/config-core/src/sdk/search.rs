//! Paths that clients can send and that the plan gives to a route.

use rustc_hash::FxHashMap;

use crate::language::{Languages, Paths, PathsId, Undecided};
use crate::model::{Provider, RouteIndex, RouteType};
use crate::pattern::Pattern;
use crate::plan::Plan;
use crate::plan::criteria::PathCriterion;
use crate::proof::operations::{Family, Operation, api_root};

/// Which paths a client can send for an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Ask {
    pub family: Family,
    pub operation: Operation,
    /// What the base has to end in.
    pub root: &'static str,
}

/// Why none of these paths is the route's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Miss {
    /// It matches none of them. Of those it matches, the shortest.
    NoPath(Option<String>),
    /// Others take all of them; one, and who take them.
    Taken { path: String, by: Vec<RouteIndex> },
    /// It could not be told.
    Undecided(Undecided),
}

/// The paths of a plan's routes, and those that clients can send.
pub(super) struct Search {
    languages: Languages,
    entries: FxHashMap<(RouteIndex, Option<usize>), PathsId>,
    asks: FxHashMap<Ask, PathsId>,
}

/// How many routes are let to take paths away from one before the question is left open.
const MOST_TAKERS: usize = 64;

impl Ask {
    /// What is asked of a route of this type and provider, the most fitting first. A preserved request
    /// goes upstream by its path, so that the provider's own root has to be part of the base.
    pub fn of(family: Family, operation: Operation, route_type: RouteType, provider: Provider) -> Vec<Ask> {
        let plain = Ask { family, operation, root: "" };
        match (route_type, family) {
            (RouteType::Preserve, Family::OpenAi) => vec![Ask { root: api_root(provider), ..plain }, plain],
            _ => vec![plain],
        }
    }

    /// All that [`Ask::of`] can give.
    fn all() -> impl Iterator<Item = Ask> {
        let mut roots: Vec<&str> = Provider::ALL.iter().map(|provider| api_root(*provider)).collect();
        roots.push("");
        roots.sort_unstable();
        roots.dedup();
        Operation::ALL.into_iter().flat_map(move |operation| {
            let openai =
                roots.clone().into_iter().map(move |root| Ask { family: Family::OpenAi, operation, root });
            openai.chain([Ask { family: Family::Azure, operation, root: "" }])
        })
    }

    /// What the paths end in after the deployment, or after the base.
    pub fn ending(self) -> String {
        match self.family {
            Family::Azure if !self.operation.is_of_deployment() => {
                format!("/openai{}", self.operation.path())
            }
            _ => format!("{}{}", self.root, self.operation.path()),
        }
    }

    /// The paths that name a deployment.
    fn pattern(self) -> Option<Pattern> {
        let names_deployment = self.family == Family::Azure && self.operation.is_of_deployment();
        let pattern = format!("(?s:/.*)?{DEPLOYMENTS}[^/]+{}$", self.ending());
        names_deployment.then(|| Pattern::parse(&pattern).expect("the operations' paths are plain text"))
    }
}

/// What comes before the deployment in the paths of the client for Azure.
pub(super) const DEPLOYMENTS: &str = "/openai/deployments/";

impl Search {
    pub fn new(plan: &Plan) -> Self {
        let tried: Vec<_> = plan.tried().collect();
        let routes = tried.iter().map(|(route, path)| {
            match (plan.demands(*route), path) {
                (Some(criteria), Some(path)) => match &criteria.paths[*path] {
                    PathCriterion::Prefix(prefix) => Paths::Prefix(prefix),
                    PathCriterion::Regex(pattern) => Paths::Regex(pattern),
                    // Never tried.
                    PathCriterion::Invalid(_) => Paths::Any,
                },
                _ => Paths::Any,
            }
        });
        let asks: Vec<(Ask, String, Option<Pattern>)> =
            Ask::all().map(|ask| (ask, ask.ending(), ask.pattern())).collect();
        let asked = asks.iter().map(|(_, ending, pattern)| match pattern {
            Some(pattern) => Paths::Regex(pattern),
            None => Paths::Ending(ending),
        });
        let first = tried.len() as u32;
        Self {
            languages: Languages::new(routes.chain(asked)),
            entries: tried.iter().copied().zip((0..).map(PathsId)).collect(),
            asks: asks.iter().map(|(ask, _, _)| *ask).zip((first..).map(PathsId)).collect(),
        }
    }

    /// The shortest path of `route`, by its path number `path`, that `ask` allows and that is the route's
    /// by `winner`, which replays a path; and the number of the path by which the route won it.
    pub fn path(
        &self,
        route: RouteIndex,
        path: Option<usize>,
        ask: Ask,
        winner: impl Fn(&str) -> Option<(RouteIndex, Option<usize>)>,
    ) -> Result<(String, Option<usize>), Miss> {
        let Some(entry) = self.entries.get(&(route, path)) else { return Err(Miss::NoPath(None)) };
        let asked = [*entry, self.asks[&ask]];
        let mut taken = Vec::new();
        let mut lost: Option<(String, Vec<RouteIndex>)> = None;
        while taken.len() < MOST_TAKERS {
            let Some(found) = self.languages.find(&asked, &taken).map_err(Miss::Undecided)? else {
                return Err(match lost {
                    Some((path, by)) => Miss::Taken { path, by },
                    None => Miss::NoPath(self.languages.find(&[*entry], &[]).map_err(Miss::Undecided)?),
                });
            };
            match winner(&found) {
                Some((winner, by)) if winner == route => return Ok((found, by)),
                Some(other) => {
                    taken.extend(self.entries.get(&other));
                    let (_, by) = lost.get_or_insert_with(|| (found, Vec::new()));
                    if !by.contains(&other.0) {
                        by.push(other.0);
                    }
                }
                None => break,
            }
        }
        Err(Miss::Undecided(Undecided::TooLarge))
    }
}
