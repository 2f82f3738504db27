//! The model and its name.

use super::Instance;
use crate::analysis::FieldTemplate;
use crate::diagnostic::{Diagnostic, Edit, Fix, Safety};
use crate::model::Provider;
use crate::rules::Rule;
use crate::source::Span;
use crate::syntax::Document;

/// Kong replaces the first placeholder of a string and no other.
pub(super) fn placeholders(document: &Document, field: &FieldTemplate) -> Option<Diagnostic> {
    let template = field.parsed.as_ref().ok()?;
    let second = template.placeholders().nth(1)?;
    let place = document.place_within(field.node, second.range.clone());
    let message =
        format!("Kong replaces only the first placeholder of a string, and sends `{second}` as it stands");
    Some(
        Diagnostic::new(Rule::KongPortability, place, message)
            .help("let one header, capture or query argument carry the whole value"),
    )
}

/// The spelling of Kong's own manual.
pub(super) fn alias(instance: &Instance) -> Option<Diagnostic> {
    let model = &instance.config.model;
    let alias = model.model.as_ref().filter(|_| model.name.is_none())?;
    let key = instance.document.key_of(alias.node)?;
    let finding = instance
        .at_key(alias.node, "`model.model` is read as `model.name`; Kong refuses it: `unknown field`")
        .help("write `name`");
    Some(match rename(instance.document, instance.document.span(key)) {
        Some(edit) => finding.fix(Fix {
            title: "rename `model` to `name`".to_owned(),
            safety: Safety::Safe,
            edits: vec![edit],
        }),
        None => finding,
    })
}

/// The edit that makes a key `model` a key `name`, its quotes kept.
fn rename(document: &Document, key: Span) -> Option<Edit> {
    let written = document.source().slice(key);
    matches!(written, "model" | "\"model\"" | "'model'")
        .then(|| Edit { span: key, text: written.replace("model", "name") })
}

pub(super) fn mistral_format(instance: &Instance) -> Option<Diagnostic> {
    let lacks = instance.provider == Provider::Mistral && instance.options.mistral_format.is_none();
    lacks.then(|| {
        instance
            .at_key(
                instance.config.model.provider.node,
                "`mistral` without `mistral_format` is read as `openai`; Kong refuses it: `must set \
                 'model.options.mistral_format' for mistral provider`",
            )
            .help("add `mistral_format: openai` under `model.options`")
    })
}

/// A name of Amazon's that has slashes and colons in it.
pub(super) fn resource_name(instance: &Instance) -> Option<Diagnostic> {
    let name = instance.config.model.given_name()?;
    let is_arn = instance.provider == Provider::Bedrock && name.starts_with("arn:");
    is_arn.then(|| {
        let message = "Kong puts this resource name into the upstream path unencoded, and Bedrock refuses it";
        instance.at(name.node, message).help("use the id of the model or of the inference profile")
    })
}
