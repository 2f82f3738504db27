//! What templates take from a request's head besides its path, headers and query arguments, and requests
//! that show what becomes of it.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::analysis::FieldTemplate;
use crate::diagnostic::Witness;
use crate::language::target;
use crate::model::{PluginIndex, RouteIndex};
use crate::plan::Routing;
use crate::plan::caller::Caller;
use crate::plan::prepare::Body;
use crate::plan::request::RequestHead;
use crate::plan::upstream::UpstreamUrl;
use crate::proof::Proofs;
use crate::proof::request::Request;
use crate::template::{Placeholder, Source};

/// The placeholders that read a header or a query argument.
pub(super) fn placeholders<'f>(
    templates: impl IntoIterator<Item = &'f FieldTemplate>,
) -> impl Iterator<Item = (&'f FieldTemplate, &'f Placeholder)> {
    templates.into_iter().flat_map(|field| {
        let placeholders = field.parsed.iter().flat_map(|template| template.placeholders());
        placeholders.filter(|it| it.source != Source::UriCaptures).map(move |it| (field, it))
    })
}

/// What a placeholder reads, spelled in one way.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Value {
    pub source: Source,
    /// Of a header in lower case, with `-` for `_`.
    pub name: String,
}

impl Value {
    /// What `placeholder` reads.
    pub fn of(placeholder: &Placeholder) -> Self {
        let name = match placeholder.source {
            Source::Headers => placeholder.name.to_ascii_lowercase().replace('_', "-"),
            Source::QueryParams | Source::UriCaptures => placeholder.name.clone(),
        };
        Self { source: placeholder.source, name }
    }
}

/// Requests that the plan gives to a route, with the values that templates ask for.
pub(super) struct Requests<'p, 'a> {
    proofs: &'p Proofs<'a>,
}

impl<'p, 'a> Requests<'p, 'a> {
    /// Requests to the routes of a plan.
    pub fn new(proofs: &'p Proofs<'a>) -> Self {
        Self { proofs }
    }

    /// A request to `route` of which `holds`, with a text for whatever `templates` read; for `fixed` it is
    /// this one, or none.
    pub fn find<'f>(
        &self,
        route: RouteIndex,
        templates: impl IntoIterator<Item = &'f FieldTemplate>,
        fixed: Option<(&Value, Option<&str>)>,
        mut holds: impl FnMut(&RequestHead<'_>) -> bool,
    ) -> Option<Witness> {
        let mut values: Vec<(Value, Option<&str>)> = Vec::new();
        for value in placeholders(templates).map(|(_, placeholder)| Value::of(placeholder)) {
            let text = fixed.map_or(Some(ANY), |(of, text)| if *of == value { text } else { Some(ANY) });
            if values.iter().all(|(known, _)| *known != value) {
                values.push((value, text));
            }
        }
        let space = self.proofs.space();
        space.entries_of(route).find_map(|entry| {
            let request = space.find_won(&[entry], None).ok()??;
            let (request, query) = complete(request, &values);
            let target = target(&request.path) + &query;
            let holds = request.with_head(|head| holds(&RequestHead { target: target.as_bytes(), ..*head }));
            holds.then(|| Witness { path: target, ..request.witness() })
        })
    }

    /// A request that `plugin` sends to a URL of which `holds`.
    pub fn sent(&self, plugin: PluginIndex, mut holds: impl FnMut(&UpstreamUrl) -> bool) -> Option<Witness> {
        let (plan, known) = (self.proofs.plan, &self.proofs.facts.plugins[plugin.0]);
        let is_its = |proxy| plan.proxy(plugin).is_some_and(|it| std::ptr::eq(it, proxy));
        let route = *known.runs_on.first()?;
        self.find(route, &known.templates, None, |head| match plan.route(head, Caller::Assumed(None)) {
            Routing::Routed(routed) if is_its(routed.proxy) => {
                routed.prepare(Body::Unknown).is_ok_and(|decision| holds(&decision.url))
            }
            _ => false,
        })
    }
}

/// The request with these values in its headers, and the query for the others.
fn complete(mut request: Request, values: &[(Value, Option<&str>)]) -> (Request, String) {
    let mut query = String::new();
    for (Value { source, name }, text) in values {
        let Some(text) = text else { continue };
        match source {
            Source::Headers => {
                match request.headers.iter_mut().find(|(sent, _)| sent.eq_ignore_ascii_case(name)) {
                    // What the route demands is a text already.
                    Some((_, sent)) if text.is_empty() => sent.clear(),
                    Some(_) => {}
                    None => request.headers.push((name.clone(), (*text).to_owned())),
                }
            }
            Source::QueryParams => {
                query.push(if query.is_empty() { '?' } else { '&' });
                query.extend(utf8_percent_encode(name, IN_QUERY));
                query.extend(["=", text]);
            }
            Source::UriCaptures => {}
        }
    }
    (request, query)
}

/// What a request says where any value will do.
const ANY: &str = "a";

const IN_QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
