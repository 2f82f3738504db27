//! Why a client does not reach a route.

use super::Operation;
use super::search::Miss;
use crate::model::RouteType;
use crate::plan::Plan;

/// What keeps a client's requests from being answered by a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Missed {
    /// It is not sent with any of the route's methods.
    Method(&'static str),
    /// None of the route's paths is valid.
    Invalid,
    /// Its path.
    Path(Miss),
    /// Something beside method and path is demanded that no example is known for.
    Demand,
    /// A group that a template reads takes in what clients add to their base.
    Absorbed {
        /// The field of the template.
        field: &'static str,
        /// What the field would be.
        value: String,
    },
    /// It gets there and no further.
    Refused {
        /// The request's target.
        target: String,
        /// The answer's status.
        status: u16,
        /// The answer.
        message: String,
    },
}

impl Missed {
    /// Of several reasons the one that says most: the furthest that a request got.
    pub fn most_telling(missed: impl IntoIterator<Item = Missed>) -> Option<Missed> {
        let rank = |missed: &Missed| match missed {
            Missed::Method(_) | Missed::Invalid => 0,
            Missed::Path(Miss::NoPath(_)) => 1,
            Missed::Demand => 2,
            Missed::Path(Miss::Undecided(_)) => 3,
            Missed::Path(Miss::Taken { .. }) => 4,
            Missed::Absorbed { .. } => 5,
            Missed::Refused { .. } => 6,
        };
        missed.into_iter().reduce(|best, next| if rank(&next) > rank(&best) { next } else { best })
    }

    /// The reason in words, for a route of this type.
    pub fn text(&self, plan: &Plan, route_type: RouteType) -> String {
        match self {
            Missed::Method(method) => format!("SDKs send {method}, which is none of its methods"),
            Missed::Invalid => "none of its paths can be matched".to_owned(),
            Missed::Path(Miss::NoPath(shortest)) => {
                let mut text = format!(
                    "SDKs put {} behind their base, and none of its paths ends so",
                    endings(route_type)
                );
                if let Some(path) = shortest {
                    text.push_str(&format!("; the shortest is `{path}`"));
                }
                text
            }
            Missed::Path(Miss::Taken { path, by }) => {
                let routes: Vec<_> = by.iter().map(|by| plan.routes()[by.0].label()).collect();
                format!(
                    "every path of it that an SDK could send, such as `{path}`, belongs to {}, tried earlier",
                    routes.join(" or ")
                )
            }
            Missed::Path(Miss::Undecided(undecided)) => {
                format!("whether it can be reached is open: {undecided}")
            }
            Missed::Demand => "it demands a host or a header for which no example was found".to_owned(),
            Missed::Absorbed { field, value } => {
                format!("a group takes in what SDKs put behind their base: `{field}` would be `{value}`")
            }
            Missed::Refused { target, status, message } => {
                format!("`{target}` reaches it and is answered {status}: {message}")
            }
        }
    }
}

/// What SDKs put behind their base for a route of this type.
fn endings(route_type: RouteType) -> String {
    let operations = Operation::of(route_type, None);
    let shown: Vec<_> = operations.iter().take(2).map(|it| format!("`{}`", it.path())).collect();
    shown.join(", ") + if operations.len() > 2 { " or the like" } else { "" }
}
