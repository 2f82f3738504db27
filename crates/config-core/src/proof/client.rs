//! Who has to send the request that a finding shows.
//!
//! Where a route asks for a key, the request by itself shows a 401 and no more. It is then said to be of
//! one of the file's consumers.

use crate::analysis::Facts;
use crate::diagnostic::Diagnostic;
use crate::model::ConsumerIndex;
use crate::plan::caller::{Caller, Keys};
use crate::plan::prepare::Body;
use crate::plan::request::RequestHead;
use crate::plan::{Plan, Routing};
use crate::source::Span;

/// Says of each request that a finding shows who sends it, where nobody could without a key.
pub(crate) fn name_consumers(facts: &Facts, plan: &Plan, diagnostics: &mut [Diagnostic]) {
    if plan.consumers().is_empty() {
        return;
    }
    for finding in diagnostics {
        let Some(witness) = &mut finding.witness else { continue };
        if witness.with_head(|head| asks_for_a_key(plan, head)) {
            let spans = finding.related.iter().map(|related| related.span).chain([finding.place.span]);
            let consumer = plan.consumer(consumer(facts, plan, spans));
            let names = [&consumer.username, &consumer.custom_id, &consumer.id];
            witness.consumer = names.into_iter().flatten().next().cloned();
        }
    }
}

fn asks_for_a_key(plan: &Plan, head: &RequestHead) -> bool {
    let nobody = Caller::Keyed { keys: &Keys::default(), body: Body::Unknown };
    match plan.route(head, nobody) {
        Routing::Rejected(rejected) => rejected.rejection.status == 401,
        Routing::NeedsBody { .. } => true,
        Routing::NoRoute(_) | Routing::Routed(_) => false,
    }
}

/// The consumer whose plugin the finding is about; else the first for whom no plugin of its own runs.
fn consumer(facts: &Facts, plan: &Plan, spans: impl Iterator<Item = Span>) -> ConsumerIndex {
    let own = || {
        let plugins = facts.config.plugins.iter();
        plugins.filter_map(|plugin| Some((plugin.node, plugin.scope?.consumer?)))
    };
    let inside = |outer: Span, inner: Span| {
        outer.range().start <= inner.range().start && inner.range().end <= outer.range().end
    };
    let spans: Vec<Span> = spans.collect();
    let about =
        own().find(|(node, _)| spans.iter().any(|span| inside(facts.document.place(*node).span, *span)));
    let plain = || (0..plan.consumers().len()).map(ConsumerIndex).find(|it| own().all(|(_, its)| its != *it));
    about.map(|(_, consumer)| consumer).or_else(plain).unwrap_or(ConsumerIndex(0))
}
