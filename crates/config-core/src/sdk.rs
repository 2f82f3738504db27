//! How the official SDKs reach the routes of a plan: what to give them as their base, or why nothing
//! would do.
//!
//! Everything that is said of a route has been replayed through [`Plan::route`], with the examples that
//! are given along.

mod access;
mod call;
mod fill;
mod missed;
mod origin;
mod search;
mod text;
mod visit;

use crate::language::capture::Captures;
use crate::model::{LlmFormat, RouteIndex};
use crate::plan::{Plan, Route};
pub use crate::proof::operations::{Family, Operation};
pub use access::{Access, ClientKey};
pub use call::API_VERSION;
use missed::Missed;
pub use origin::Origin;
use search::Search;
pub use text::{Piece, Slot, Source, Text};
use visit::Visit;

/// Answers about the routes of one plan.
pub struct Sdk<'p> {
    plan: &'p Plan,
    search: Search,
    captures: Captures,
}

/// How a route is reached.
#[derive(Debug, Clone)]
pub struct Answer<'p> {
    /// The route.
    pub route: &'p Route,
    /// By which clients, or why by none.
    pub access: Result<Vec<Access<'p>>, String>,
}

impl<'p> Sdk<'p> {
    /// Answers about `plan`.
    pub fn new(plan: &'p Plan) -> Self {
        Self { plan, search: Search::new(plan), captures: Captures::default() }
    }

    /// How clients that know the gateway as `origin` reach a route.
    pub fn answer(&self, route: RouteIndex, origin: &Origin) -> Answer<'p> {
        let access = self.visit(route).and_then(|visit| self.accesses(&visit, origin));
        Answer { route: &self.plan.routes()[route.0], access }
    }

    fn accesses(&self, visit: &Visit<'p>, origin: &Origin) -> Result<Vec<Access<'p>>, String> {
        let tried = Family::ALL.map(|family| self.access(visit, family, origin));
        let (found, missed): (Vec<_>, Vec<_>) = tried.into_iter().partition(Result::is_ok);
        let mut found: Vec<(Access<'p>, bool)> = found.into_iter().flatten().collect();
        // A client whose requests the provider would not know is no help where another's are known.
        if found.iter().any(|(_, fits)| *fits) {
            found.retain(|(_, fits)| *fits);
        }
        if !found.is_empty() {
            return Ok(found.into_iter().map(|(access, _)| access).collect());
        }
        let missed = Missed::most_telling(missed.into_iter().filter_map(Result::err));
        Err(missed.map(|missed| missed.text(self.plan, visit.proxy.route_type)).unwrap_or_default())
    }

    /// The route as a client finds it; an error says why it answers nobody.
    fn visit(&self, route: RouteIndex) -> Result<Visit<'p>, String> {
        if let Some(reason) = self.plan.routes()[route.0].why_unroutable() {
            return Err(reason);
        }
        let (consumer, proxy) = self.plan.client(route).map_err(|rejection| rejection.message)?;
        match proxy.llm_format {
            LlmFormat::Openai => Ok(Visit { route, consumer, proxy }),
            format => Err(format!("its clients speak `llm_format: {format}`, and the SDKs OpenAI's format")),
        }
    }
}
