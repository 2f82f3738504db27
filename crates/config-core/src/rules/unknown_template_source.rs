//! Placeholders that read from a source that does not exist.

use crate::analysis::Facts;
use crate::diagnostic::{Diagnostic, Edit, Fix, Safety};
use crate::rules::Rule;
use crate::rules::malformed_template::template_errors;
use crate::template::TemplateErrorKind;

pub(crate) fn check(facts: &Facts, diagnostics: &mut Vec<Diagnostic>) {
    for (field, error) in template_errors(facts) {
        let TemplateErrorKind::UnknownSource { written, nearest } = &error.kind else { continue };
        let place = facts.document.place_within(field.node, error.range.clone());
        let span = place.span;
        let message = format!("templates have no source `{written}`");
        let mut diagnostic = Diagnostic::new(Rule::UnknownTemplateSource, place, message).help(&error.help);
        // An escape in the scalar widens the span, and then there is nothing to replace exactly.
        if let Some(source) = nearest
            && facts.document.source().slice(span) == written
        {
            let edits = vec![Edit { span, text: source.as_str().to_owned() }];
            diagnostic =
                diagnostic.fix(Fix { title: format!("write `{source}`"), safety: Safety::Unsafe, edits });
        }
        diagnostics.push(diagnostic);
    }
}
