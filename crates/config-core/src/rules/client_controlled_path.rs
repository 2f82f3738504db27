//! Placeholders by which a client chooses more of the upstream path than a segment: which operation of
//! the provider is asked.

use crate::analysis::{FieldTemplate, PathFacts};
use crate::diagnostic::{Diagnostic, Severity, Witness};
use crate::language::capture::{Outcome, Texts};
use crate::model::{PluginIndex, Provider, RouteIndex};
use crate::plan::proxy::Field;
use crate::proof::Proofs;
use crate::proof::trial::{Taken, Trial};
use crate::rules::Rule;
use crate::rules::capture_value::{Origin, origins};
use crate::template::{Placeholder, Source, Template};

pub(crate) fn check(proofs: &Proofs, diagnostics: &mut Vec<Diagnostic>) {
    for (index, plugin) in proofs.facts.plugins.iter().enumerate() {
        // Elsewhere in a path a value is one segment: one with a slash is refused.
        let fields = plugin.templates.iter().filter(|template| template.field == Field::UpstreamPath);
        for field in fields {
            for placeholder in field.parsed.iter().flat_map(in_path) {
                let read = Read { proofs, plugin: PluginIndex(index), field, placeholder };
                diagnostics.extend(match placeholder.source {
                    Source::UriCaptures => read.of_capture(&plugin.runs_on),
                    Source::Headers | Source::QueryParams => read.of_value(&plugin.runs_on),
                });
            }
        }
    }
}

/// The placeholders before the query.
fn in_path(template: &Template) -> impl Iterator<Item = &Placeholder> {
    let end = template.text().find('?').unwrap_or(template.text().len());
    template.placeholders().take_while(move |placeholder| placeholder.range.start < end)
}

/// A placeholder in a plugin's `upstream_path`.
struct Read<'p, 'f> {
    proofs: &'f Proofs<'p>,
    plugin: PluginIndex,
    field: &'f FieldTemplate,
    placeholder: &'f Placeholder,
}

impl Read<'_, '_> {
    fn of_capture(&self, routes: &[RouteIndex]) -> Option<Diagnostic> {
        let facts = self.proofs.facts;
        let name = &*self.placeholder.name;
        origins(facts, routes, name).find_map(|origin| {
            let (taken, reached) = self.escape(&origin)?;
            let span = facts.document.span_within(origin.path.node, PathFacts::of_regex(&origin.group.range));
            let label = format!("`{}` reaches `{reached}` of the provider", taken.path);
            let message = format!("a client chooses the operation: capture `{name}` may span segments");
            let end = if origin.group.range.end == origin.pattern.written().len() { "$" } else { "" };
            let help = match self.choices() {
                Some(choices) => {
                    format!("list the operations that are meant, as in `(?<{name}>{choices}){end}`")
                }
                None => {
                    format!("list the values that are meant, or take one segment: `(?<{name}>[^/]+){end}`")
                }
            };
            Some(self.finding(message, taken.witness).help(help).related(span, label))
        })
    }

    /// A request whose capture leads to another operation, and the upstream path of that.
    fn escape(&self, origin: &Origin) -> Option<(Taken, String)> {
        if !origin.group.may_contain_slash || origin.is_list() {
            return None;
        }
        let telling =
            self.operations().iter().find_map(|value| self.reached(origin.with_value(value)?, value));
        telling.or_else(|| {
            let taken = origin.shortest(Outcome::Outside(Texts::Segment))?;
            let value = taken.captures.get(&self.placeholder.name)?.to_owned();
            value.contains('/').then(|| self.reached(taken, &value))?
        })
    }

    fn of_value(&self, routes: &[RouteIndex]) -> Option<Diagnostic> {
        let facts = self.proofs.facts;
        let placeholder = self.placeholder;
        routes.iter().find_map(|route| {
            let trial = Trial::of(facts, *route)?;
            if trial.restricts(placeholder) {
                return None;
            }
            let taken = trial.take(&trial.any_path()?)?;
            let (taken, reached) = self.operations().iter().find_map(|value| {
                let mut taken = taken.clone();
                taken.set(placeholder, value);
                self.reached(taken, value)
            })?;
            let message = format!("a client chooses the operation by `{placeholder}`, such as `{reached}`");
            let help = "write the path as it is, or let the route's own `headers` list the values";
            Some(self.finding(message, taken.witness).severity(Severity::Info).help(help))
        })
    }

    fn finding(&self, message: String, witness: Witness) -> Diagnostic {
        let document = self.proofs.facts.document;
        let place = document.place_within(self.field.node, self.placeholder.range.clone());
        Diagnostic::new(Rule::ClientControlledPath, place, message).witness(witness)
    }

    /// The upstream path of a request whose placeholder has this value, if the value is part of it.
    fn reached(&self, taken: Taken, value: &str) -> Option<(Taken, String)> {
        let taken = taken.with_values(self.proofs.facts.plugins[self.plugin.0].placeholders());
        let decision = taken.rehearse(self.proofs.plan, self.plugin)?.ok()?;
        let path = decision.url.path;
        path.contains(value).then_some((taken, path))
    }

    fn provider(&self) -> Option<Provider> {
        let config = &self.proofs.facts.config.plugins[self.plugin.0].ai_proxy;
        config.as_ref().map(|config| *config.model.provider)
    }

    /// Whether the path begins with the value.
    fn is_whole(&self) -> bool {
        self.placeholder.range.start <= 1
    }

    /// Operations that somebody may have meant; `None` where the path is about something else.
    fn choices(&self) -> Option<&'static str> {
        let template = self.field.parsed.as_ref().ok()?.text();
        let before = &template[..self.placeholder.range.start];
        match (self.provider(), before.trim_start_matches('/')) {
            (Some(Provider::Azure), "") => Some("embeddings|audio/transcriptions"),
            (Some(Provider::Cohere), "") => Some("v2/embed|v2/rerank"),
            (Some(Provider::Openai | Provider::Mistral | Provider::Llama2), "") => {
                Some("v1/embeddings|v1/audio/transcriptions")
            }
            (_, "v1/") => Some("embeddings|audio/transcriptions"),
            _ => None,
        }
    }

    /// Operations of the provider that say what the finding is about: after a whole path, and after the
    /// beginning of one.
    fn operations(&self) -> [&'static str; 3] {
        let is_whole = self.is_whole();
        match self.provider() {
            Some(Provider::Azure) => ["openai/files", "images/generations", "a/b"],
            Some(Provider::Cohere) if is_whole => ["v1/datasets", "v2/embed", "a/b"],
            Some(Provider::Gemini) if is_whole => ["v1beta/files", "v1beta/cachedContents", "a/b"],
            Some(Provider::Bedrock) if is_whole => ["model/a/invoke", "async-invoke/a", "a/b"],
            _ if is_whole => ["v1/files", "v1/models", "a/b"],
            _ => ["fine_tuning/jobs", "batches/a", "a/b"],
        }
    }
}
