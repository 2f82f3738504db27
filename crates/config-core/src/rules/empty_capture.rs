//! Captures that may be the empty text where what they make must not be empty.

use crate::analysis::{FieldTemplate, PathFacts};
use crate::diagnostic::Diagnostic;
use crate::language::capture::{Outcome, Texts};
use crate::model::PluginIndex;
use crate::plan::rejection::Rejection;
use crate::proof::Proofs;
use crate::proof::trial::Taken;
use crate::rules::Rule;
use crate::rules::capture_value::{Origin, origins};
use crate::rules::uri_capture::captures;
use crate::template::Placeholder;

pub(crate) fn check(proofs: &Proofs, diagnostics: &mut Vec<Diagnostic>) {
    let facts = proofs.facts;
    for (index, plugin) in facts.plugins.iter().enumerate() {
        for (field, placeholder) in captures(&plugin.templates) {
            let read = Read { proofs, plugin: PluginIndex(index), field, placeholder };
            let mut origins = origins(facts, &plugin.runs_on, &placeholder.name);
            diagnostics.extend(origins.find_map(|origin| read.finding(&origin)));
        }
    }
}

/// A capture that a plugin reads.
struct Read<'p, 'f> {
    proofs: &'f Proofs<'p>,
    plugin: PluginIndex,
    field: &'f FieldTemplate,
    placeholder: &'f Placeholder,
}

impl Read<'_, '_> {
    fn finding(&self, origin: &Origin) -> Option<Diagnostic> {
        let (facts, name) = (self.proofs.facts, &*self.placeholder.name);
        let (taken, rejection) = self.refused(origin)?;
        let place = facts.document.place_within(self.field.node, self.placeholder.range.clone());
        let message = format!(
            "capture `{name}` may be empty when route {} matches: the answer is {} `{}`",
            facts.route_label(origin.route),
            rejection.status,
            rejection.message
        );
        let span = facts.document.span_within(origin.path.node, PathFacts::of_regex(&origin.group.range));
        Some(
            Diagnostic::new(Rule::EmptyCapture, place, message)
                .help("let the group take one character at least, as in `[^/]+`, or write text beside the placeholder")
                .related(span, format!("empty in `{}`", taken.path))
                .witness(taken.witness),
        )
    }

    /// A request with the capture empty and the answer that it gets for that, if it gets one.
    fn refused(&self, origin: &Origin) -> Option<(Taken, Rejection)> {
        if !origin.group.may_be_empty {
            return None;
        }
        let taken = origin.shortest(Outcome::Outside(Texts::NonEmpty))?;
        let taken = taken.with_values(self.proofs.facts.plugins[self.plugin.0].placeholders());
        let rejection = taken.rehearse(self.proofs.plan, self.plugin)?.err()?;
        rejection.message.starts_with(self.field.field.as_str()).then_some((taken, rejection))
    }
}
