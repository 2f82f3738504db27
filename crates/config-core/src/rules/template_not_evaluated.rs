//! Placeholders outside `config.model` are plain text. So is one in `bedrock.aws_region`: the
//! request is signed for the region as written.

use std::ops::Range;

use crate::analysis::Facts;
use crate::diagnostic::Diagnostic;
use crate::rules::Rule;
use crate::rules::strings::{self, Within};
use crate::template::Source;

pub(crate) fn check(facts: &Facts, diagnostics: &mut Vec<Diagnostic>) {
    strings::for_each(facts, |found| {
        // No name may hold a `$`, which is a finding already.
        if found.within == Within::RouteOrService && found.field() == "name" {
            return;
        }
        for range in placeholders(found.text) {
            let field = found.field();
            let Some(help) = help(found.within, &field) else { return };
            let message = format!("`{}` is not evaluated in `{field}`", &found.text[range.clone()]);
            let place = facts.document.place_within(found.node, range);
            diagnostics.push(Diagnostic::new(Rule::TemplateNotEvaluated, place, message).help(help));
        }
    });
}

/// What to write instead of a placeholder; `None` where it is evaluated.
fn help(within: Within, field: &str) -> Option<&'static str> {
    match within {
        Within::Model if field != "model.options.bedrock.aws_region" => None,
        Within::Model => {
            Some("requests are signed for one region: write a route for each, with the region itself")
        }
        Within::Auth => Some(
            "write `{vault://env/NAME}` for a credential of your own; a client's own, sent in the same header, \
             passes with `allow_override: true`",
        ),
        Within::Key => {
            Some("a key is the same for every request: write it, its digest or `{vault://env/NAME}`")
        }
        Within::Plugin => {
            Some("placeholders are evaluated in `model.name` and the strings under `model.options`")
        }
        Within::RouteOrService => Some(
            "placeholders are evaluated in the `model` settings of ai-proxy; here the text stands for itself",
        ),
    }
}

/// Where `$(source.…)` stands, for the sources that exist; any other `$(` is ordinary text.
fn placeholders(text: &str) -> impl Iterator<Item = Range<usize>> {
    text.match_indices('$').filter_map(|(start, _)| {
        let inside = text[start + 1..].strip_prefix('(')?;
        let known = Source::ALL.iter().any(|source| {
            inside.strip_prefix(source.as_str()).is_some_and(|rest| rest.starts_with(['.', ')', '[']))
        });
        // Up to the next `$` at most, so that a text of openings alone is not read over and over.
        let close = inside.find([')', '$']).filter(|_| known)?;
        inside[close..].starts_with(')').then_some(start..start + 2 + close + 1)
    })
}

#[cfg(test)]
mod tests {
    use super::placeholders;

    #[test]
    fn only_sources_that_exist_make_a_placeholder() {
        let found = |text| placeholders(text).collect::<Vec<_>>();
        assert_eq!(found("a $(headers.x)$(uri_captures.y)"), [2..14, 14..31]);
        assert_eq!(found("$(headers)$(query_params['a'])"), [0..10, 10..30]);
        for text in ["~/chat$(?:/x)", "$(date)", "$(headersx.a)", "$(headers.a", "$(headers.$(headers.", "$("]
        {
            assert!(found(text).is_empty(), "{text}");
        }
    }
}
