//! Who has to send the request that a finding shows.
//!
//! Where a route asks for a key, the request by itself shows a 401 and no more. It is then said to be of
//! one of the file's consumers.

use rustc_hash::FxHashSet;

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
    let Some(consumers) = Consumers::of(facts, plan) else { return };
    for finding in diagnostics {
        let Some(witness) = &mut finding.witness else { continue };
        if witness.with_head(|head| asks_for_a_key(plan, head)) {
            let spans = finding.related.iter().map(|related| related.span).chain([finding.place.span]);
            let consumer = consumers.about(spans).unwrap_or(consumers.plain);
            witness.consumer = plan.consumer(consumer).name().map(str::to_owned);
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

/// The consumers of a file.
struct Consumers {
    /// Where plugins of single consumers stand, and whose they are.
    own: Vec<(Span, ConsumerIndex)>,
    /// The first one for whom no plugin of its own runs; the first of all if there is none.
    plain: ConsumerIndex,
}

impl Consumers {
    /// `None` for a file without any.
    fn of(facts: &Facts, plan: &Plan) -> Option<Self> {
        let plugins = facts.config.plugins.iter();
        let own = plugins.filter_map(|plugin| {
            let consumer = plugin.scope?.consumer?;
            Some((facts.document.span(plugin.node), consumer))
        });
        let own: Vec<(Span, ConsumerIndex)> = own.collect();
        let special: FxHashSet<ConsumerIndex> = own.iter().map(|(_, consumer)| *consumer).collect();
        let mut all = (0..plan.consumers().len()).map(ConsumerIndex);
        let first = all.clone().next()?;
        Some(Self { own, plain: all.find(|it| !special.contains(it)).unwrap_or(first) })
    }

    /// The consumer whose plugin stands around one of the spans.
    fn about(&self, spans: impl Iterator<Item = Span>) -> Option<ConsumerIndex> {
        let inside = |outer: Span, inner: Span| {
            outer.range().start <= inner.range().start && inner.range().end <= outer.range().end
        };
        let spans: Vec<Span> = spans.collect();
        let own = self.own.iter().find(|(own, _)| spans.iter().any(|span| inside(*own, *span)));
        own.map(|(_, consumer)| *consumer)
    }
}
