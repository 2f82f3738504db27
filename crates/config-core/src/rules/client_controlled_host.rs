//! Placeholders that could send the credential to a host of the client's choice. That a host has a
//! domain after its placeholders is the verdict by which the plan refuses to compile it; what a capture
//! can be before that domain is proved here.

mod shared;

use crate::analysis::{Facts, FieldTemplate, PathFacts, PluginFacts};
use crate::diagnostic::{Diagnostic, Severity};
use crate::language::capture::{Outcome, Texts};
use crate::plan::proxy::{host_error, host_of};
use crate::proof::trial::{Taken, Trial};
use crate::rules::Rule;
use crate::rules::capture_value::origins;
use crate::template::{Placeholder, Segment, Source, Template};

const HELP: &str = "let the placeholder be one label, or part of one, before a domain that is yours, as in \
                    `$(headers.x-region).llm.example.com`; for hosts without a common domain write a route each";

/// A value that ends the host where it stands.
const ELSEWHERE: &str = "evil.test/a";

pub(crate) fn check(facts: &Facts, diagnostics: &mut Vec<Diagnostic>) {
    for plugin in &facts.plugins {
        for field in &plugin.templates {
            let Ok(template) = &field.parsed else { continue };
            match host_error(field.field, template) {
                Some((reason, range)) => {
                    // Where literal text makes no host, no client has a say in it: that is `invalid-value`.
                    if template.placeholders().any(|placeholder| placeholder.range == range) {
                        let place = facts.document.place_within(field.node, range);
                        let message = format!("{reason}: a client would choose where the credential goes");
                        diagnostics
                            .push(Diagnostic::new(Rule::ClientControlledHost, place, message).help(HELP));
                    }
                }
                None => values(facts, plugin, (field, template), diagnostics),
            }
        }
    }
}

/// What values can do to a host that has a domain.
fn values(
    facts: &Facts,
    plugin: &PluginFacts,
    (field, template): (&FieldTemplate, &Template),
    diagnostics: &mut Vec<Diagnostic>,
) {
    let Some((host, domain)) = host_of(field.field, template) else { return };
    for (position, segment) in host.iter().enumerate() {
        let Segment::Placeholder(placeholder) = segment else { continue };
        let read = Read { facts, plugin, field, placeholder };
        let found = read.outside_label().or_else(|| {
            let shared = shared::domain(&host[position + 1..], domain)?;
            read.free_below(shared)
        });
        diagnostics.extend(found);
    }
}

/// A placeholder in a host.
struct Read<'f> {
    facts: &'f Facts<'f>,
    plugin: &'f PluginFacts,
    field: &'f FieldTemplate,
    placeholder: &'f Placeholder,
}

impl Read<'_> {
    /// A capture that is not proved to be part of one label.
    fn outside_label(&self) -> Option<Diagnostic> {
        if self.placeholder.source != Source::UriCaptures {
            return None;
        }
        let name = &*self.placeholder.name;
        let outside = Outcome::Outside(Texts::HostLabel);
        origins(self.facts, &self.plugin.runs_on, name).find_map(|origin| {
            let shown = self.facts.captures.find(origin.pattern, name, outside).transpose()?;
            let (message, label, taken) = match &shown {
                Err(undecided) => (
                    format!("it is not proved that capture `{name}` is part of one host label: {undecided}"),
                    "what this group takes is not known".to_owned(),
                    None,
                ),
                Ok(shown) => {
                    let telling = origin.with_value(ELSEWHERE);
                    let value = telling.as_ref().map_or(shown.value.as_deref(), |_| Some(ELSEWHERE));
                    let value = value.unwrap_or_default();
                    let message = match telling {
                        Some(_) => format!(
                            "capture `{name}` may be `{value}`: a client would choose where the credential goes"
                        ),
                        None => {
                            format!("capture `{name}` may be `{value}`, which is not part of one host label")
                        }
                    };
                    let path = telling.as_ref().map_or(&shown.path, |taken| &taken.path);
                    let label = format!("`{value}` in `{path}`");
                    (message, label, telling.or_else(|| origin.shortest(outside)))
                }
            };
            let span = self.facts.document.span_within(origin.path.node, PathFacts::of_regex(&origin.group.range));
            let help = format!("let the group take one label only, as in `(?<{name}>[a-z0-9-]+)`");
            Some(self.finding(message, taken).help(help).related(span, label))
        })
    }

    /// A value that may be any label below a domain where anyone can have a host.
    fn free_below(&self, domain: &str) -> Option<Diagnostic> {
        let routes = &self.plugin.runs_on;
        let (taken, help) = match self.placeholder.source {
            Source::UriCaptures => {
                let mut origins = origins(self.facts, routes, &self.placeholder.name);
                let origin = origins.find(|origin| !origin.is_list())?;
                let help =
                    "list the hosts that are yours in the group, as in `(?<region>acme-east|acme-west)`";
                (origin.shortest(Outcome::Set), help)
            }
            Source::Headers | Source::QueryParams => {
                let mut trials = routes.iter().filter_map(|route| Trial::of(self.facts, *route));
                let trial = trials.find(|trial| !trial.restricts(self.placeholder))?;
                let help = "let the route's own `headers` list the values, or take them from a group that lists them";
                (trial.any_path().and_then(|path| trial.take(&path)), help)
            }
        };
        let message = format!(
            "a client chooses the host below `{domain}` by `{}`: strangers have hosts there, and could be sent the \
             credential",
            self.placeholder
        );
        Some(self.finding(message, taken).severity(Severity::Warning).help(help))
    }

    fn finding(&self, message: String, taken: Option<Taken>) -> Diagnostic {
        let place = self.facts.document.place_within(self.field.node, self.placeholder.range.clone());
        let diagnostic = Diagnostic::new(Rule::ClientControlledHost, place, message);
        match taken {
            Some(taken) => diagnostic.witness(taken.with_values(self.plugin.placeholders()).witness),
            None => diagnostic,
        }
    }
}
