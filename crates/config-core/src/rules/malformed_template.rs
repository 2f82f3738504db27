//! Placeholders that are not `$(source.key)`, and header names that no header can have: those are
//! mostly expressions that other templates know (`$(headers.x or 'y')`).

use crate::analysis::{Facts, FieldTemplate};
use crate::diagnostic::Diagnostic;
use crate::rules::Rule;
use crate::template::{Placeholder, Source, TemplateError, TemplateErrorKind, lookalikes};

pub(crate) fn check(facts: &Facts, diagnostics: &mut Vec<Diagnostic>) {
    for (field, error) in template_errors(facts) {
        let text =
            facts.document.str(field.node).and_then(|text| text.get(error.range.clone())).unwrap_or_default();
        let message = match error.kind {
            TemplateErrorKind::Malformed => {
                format!("`{text}` is not a placeholder of the form `$(source.key)`")
            }
            TemplateErrorKind::Unclosed => error.message.clone(),
            TemplateErrorKind::UnknownSource { .. } => continue,
        };
        let place = facts.document.place_within(field.node, error.range.clone());
        diagnostics.push(Diagnostic::new(Rule::MalformedTemplate, place, message).help(&error.help));
    }
    for field in facts.plugins.iter().flat_map(|plugin| &plugin.templates) {
        for (range, meant) in field.parsed.iter().flat_map(|template| lookalikes(template.text())) {
            let text = &facts.document.str(field.node).unwrap_or_default()[range.clone()];
            let message = format!("`{text}` is no placeholder and would be sent as it stands");
            let place = facts.document.place_within(field.node, range);
            diagnostics.push(
                Diagnostic::new(Rule::MalformedTemplate, place, message).help(format!("write `{meant}`")),
            );
        }
    }
    for (field, placeholder) in headers(facts) {
        if placeholder.name.bytes().all(is_token) {
            continue;
        }
        let message = format!("no header can be called `{}`", placeholder.name);
        let help =
            "write the header's name alone, as in `$(headers.x-model)`: there are no defaults or expressions";
        let place = facts.document.place_within(field.node, placeholder.name_range.clone());
        diagnostics.push(Diagnostic::new(Rule::MalformedTemplate, place, message).help(help));
    }
}

/// The placeholders that read headers.
fn headers<'f>(facts: &'f Facts) -> impl Iterator<Item = (&'f FieldTemplate, &'f Placeholder)> {
    let fields = facts.plugins.iter().flat_map(|plugin| &plugin.templates);
    fields.flat_map(|field| {
        let placeholders = field.parsed.iter().flat_map(|template| template.placeholders());
        placeholders.filter(|placeholder| placeholder.source == Source::Headers).map(move |p| (field, p))
    })
}

/// Whether a header's name may hold this byte (RFC 9110, 5.6.2).
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// Every mistake in a template, in file order.
pub(super) fn template_errors<'f>(
    facts: &'f Facts,
) -> impl Iterator<Item = (&'f FieldTemplate, &'f TemplateError)> {
    let fields = facts.plugins.iter().flat_map(|plugin| &plugin.templates);
    fields
        .flat_map(|field| field.parsed.as_ref().err().into_iter().flatten().map(move |error| (field, error)))
}
