//! Routes for chats or completions that the official SDKs cannot be led to, whatever their base.

use crate::diagnostic::Diagnostic;
use crate::language::{Languages, Paths, PathsId, Undecided};
use crate::model::{LlmFormat, RouteIndex, RouteType};
use crate::plan::criteria::PathCriterion;
use crate::proof::Proofs;
use crate::proof::operations::Operation;
use crate::proof::request::Request;
use crate::proof::space::{EntryId, Space};
use crate::rules::Rule;

pub(crate) fn check(proofs: &Proofs, diagnostics: &mut Vec<Diagnostic>) {
    for route in (0..proofs.plan.routes().len()).map(RouteIndex) {
        let Some(operation) = operation(proofs, route) else { continue };
        match unreached(proofs.space(), route, operation) {
            Ok(Some(unreached)) => diagnostics.push(finding(proofs, route, operation, &unreached)),
            Ok(None) => {}
            Err(reason) => {
                let question = format!("whether an SDK can reach route {}", proofs.facts.route_label(route));
                proofs.leave_open(reason, question);
            }
        }
    }
}

/// The one operation that the route is there for. Other findings tell of routes that are broken, and of
/// those that no prompt can be posted to.
fn operation(proofs: &Proofs, route: RouteIndex) -> Option<Operation> {
    let Proofs { facts, plan, .. } = proofs;
    let demands = plan.demands(route)?;
    let takes_prompts = demands.methods.is_empty() || demands.methods.iter().any(|method| method == "POST");
    if plan.is_broken(route) || !takes_prompts {
        return None;
    }
    let mut route_types = Vec::new();
    for plugin in &facts.route(route).plugins {
        let proxy = plan.proxy(*plugin)?;
        if proxy.llm_format != LlmFormat::Openai {
            return None;
        }
        route_types.push(proxy.route_type);
    }
    let first = *route_types.first()?;
    let all_alike = first != RouteType::Preserve && route_types.iter().all(|it| *it == first);
    if all_alike { Operation::of(first, None).first().copied() } else { None }
}

/// A route that no SDK reaches.
struct Unreached {
    /// The shortest path that is the route's all the same.
    own: String,
    /// What an SDK sends in vain, if it was found.
    missing: Option<Request>,
    /// Whether the route matches such paths, which other routes take.
    taken: bool,
}

/// What there is to say if no request that ends as the operation does is the route's. Nothing of a route
/// to which no request at all belongs.
fn unreached(
    space: &Space<'_>,
    route: RouteIndex,
    operation: Operation,
) -> Result<Option<Unreached>, Undecided> {
    let ending = operation.path();
    let mut own = None;
    let mut taken = None;
    // The client for Azure sends no path that the plain one could not send from another base.
    for entry in space.entries_of(route) {
        if space.find_won(&[entry], Some(ending))?.is_some() {
            return Ok(None);
        }
        own = own.or(space.find_won(&[entry], None)?);
        taken = taken.or(with_ending(space, entry, ending)?);
    }
    let Some(own) = own else { return Ok(None) };
    // If no such path matches, then with the path that does as its base.
    let path = taken.clone().unwrap_or_else(|| format!("{}{ending}", own.path.trim_end_matches('/')));
    let missing = Request { path, ..own.clone() };
    let is_missing = space.winner(&missing).is_none_or(|winner| space.entry(winner).route != route);
    Ok(Some(Unreached { own: own.path, missing: is_missing.then_some(missing), taken: taken.is_some() }))
}

/// The shortest path of an entry that ends so.
fn with_ending(space: &Space<'_>, entry: EntryId, ending: &str) -> Result<Option<String>, Undecided> {
    let paths = match space.path(entry) {
        Some(PathCriterion::Regex(pattern)) => Paths::Regex(pattern),
        Some(PathCriterion::Prefix(prefix)) => Paths::Prefix(prefix),
        Some(PathCriterion::Invalid(_)) => return Ok(None),
        None => Paths::Any,
    };
    Languages::new([paths, Paths::Ending(ending)]).find(&[PathsId(0), PathsId(1)], &[])
}

fn finding(proofs: &Proofs, route: RouteIndex, operation: Operation, unreached: &Unreached) -> Diagnostic {
    let Proofs { facts, plan, .. } = proofs;
    let (label, ending) = (facts.route_label(route), operation.path());
    let Unreached { own, missing, taken } = unreached;
    let (message, help) = if *taken {
        (
            format!(
                "no SDK reaches route {label}: other routes take every path of it that ends in `{ending}`, which SDKs \
                 put behind their base"
            ),
            format!("`aiproxy sdk {}` says which routes; rank this one before them", plan.file()),
        )
    } else {
        (
            format!(
                "no SDK reaches route {label}: SDKs put `{ending}` behind their base, and none of its paths ends so; \
                 the shortest is `{own}`"
            ),
            format!("end a path with `{ending}`; what stands before it is then the base to give to an SDK"),
        )
    };
    let node = facts.route(route).paths.first().map_or(facts.config[route].node, |path| path.node);
    let finding = Diagnostic::new(Rule::SdkUnreachable, facts.document.place(node), message).help(help);
    match missing {
        Some(missing) => finding.witness(missing.witness()),
        None => finding,
    }
}
