//! A plan as text: what was compiled, in the order in which routes are tried.

use std::fmt::{self, Display, Formatter};

use super::criteria::{Criteria, PathCriterion};
use super::priority::Rank;
use super::proxy::Proxy;
use super::{Plan, Route};
use crate::model::{ParamLocation, RouteIndex};

/// One block a route: its criteria and every ai-proxy instance that can run on it. Credentials are
/// shown as references, or as `***`.
impl Display for Plan {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (position, path) in self.router.order() {
            let index = self.routable[position];
            let route = &self.routes[index.0];
            let criteria = &self.router.routes()[position];
            heading(f, route, path, criteria)?;
            demands(f, criteria)?;
            self.plugins(f, index)?;
        }
        for route in &self.routes {
            if let Some(reason) = &route.unroutable {
                writeln!(f, "{}: {reason}", route.label())?;
            }
        }
        Ok(())
    }
}

impl Plan {
    fn plugins(&self, f: &mut Formatter<'_>, index: RouteIndex) -> fmt::Result {
        let instances = self.instances.possible(index, self.routes[index.0].service);
        if instances.is_empty() {
            writeln!(f, "  answers 503: no ai-proxy applies")?;
        }
        for plugin in instances {
            match &self.proxies[plugin.0] {
                Some(Ok(proxy)) => describe(f, proxy)?,
                Some(Err(broken)) => {
                    writeln!(f, "  answers 500: {} at line {}", broken.rule.id(), broken.line)?
                }
                None => {}
            }
        }
        Ok(())
    }
}

fn heading(f: &mut Formatter<'_>, route: &Route, path: Option<usize>, criteria: &Criteria) -> fmt::Result {
    let rank = Rank::of(criteria, path.map(|path| &criteria.paths[path]));
    let shown = path.map_or("any path", |path| &route.paths[path]);
    writeln!(f, "{} at line {}: {shown}", route.label(), route.line)?;
    let kong = criteria.kong_id.map_or("random".to_owned(), |id| id.to_string());
    writeln!(f, "  rank {:#018x}, in Kong {:#018x} with id {kong}", rank.documented(), rank.kong_shipped())?;
    if let Some(PathCriterion::Regex(pattern)) = path.map(|path| &criteria.paths[path]) {
        let groups = pattern.groups().iter().filter_map(|group| {
            let always = if group.always { "always" } else { "sometimes" };
            Some(format!("{} ({always})", group.name.as_deref()?))
        });
        let groups: Vec<String> = groups.collect();
        if !groups.is_empty() {
            writeln!(f, "  captures {}", groups.join(", "))?;
        }
    }
    Ok(())
}

fn demands(f: &mut Formatter<'_>, criteria: &Criteria) -> fmt::Result {
    list(f, "methods", &criteria.methods)?;
    list(f, "hosts", &criteria.hosts)?;
    for header in &criteria.headers {
        list(f, &format!("header {}", header.name()), header.values())?;
    }
    list(f, "snis", &criteria.snis)
}

fn list(f: &mut Formatter<'_>, what: &str, values: &[impl Display]) -> fmt::Result {
    if values.is_empty() {
        return Ok(());
    }
    let values: Vec<String> = values.iter().map(ToString::to_string).collect();
    writeln!(f, "  {what} {}", values.join(", "))
}

fn describe(f: &mut Formatter<'_>, proxy: &Proxy) -> fmt::Result {
    writeln!(f, "  {} {}", proxy.provider, proxy.route_type)?;
    for (field, text) in proxy.texts() {
        writeln!(f, "    {} {text}", field.as_str())?;
    }
    if let Some(header) = &proxy.auth.header {
        writeln!(f, "    header {header}")?;
    }
    if let Some((param, location)) = &proxy.auth.param {
        let place = match location {
            ParamLocation::Query => "query",
            ParamLocation::Body => "body",
        };
        writeln!(f, "    {place} {param}")?;
    }
    if let Some(identity) = &proxy.auth.identity {
        writeln!(f, "    identity {identity}")?;
    }
    Ok(())
}
