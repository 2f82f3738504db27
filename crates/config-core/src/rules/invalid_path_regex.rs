//! Regex paths that the `regex` crate, and so Kong's router, does not compile.

use crate::analysis::{Facts, PathFacts, PathKind};
use crate::diagnostic::Diagnostic;
use crate::rules::Rule;
use crate::syntax::{Document, NodeId, Style};

const CUT: &str = "` #` begins a comment, which cuts the path off: put the whole path in quotes";

pub(crate) fn check(facts: &Facts, diagnostics: &mut Vec<Diagnostic>) {
    for path in facts.routes.iter().flat_map(|route| &route.paths) {
        let PathKind::Regex(Err(error)) = &path.kind else { continue };
        let place = match &error.range {
            Some(range) => facts.document.place_within(path.node, PathFacts::of_regex(range)),
            None => facts.document.place(path.node),
        };
        let help = match (&error.help, is_cut_by_comment(facts.document, path.node)) {
            (_, true) => CUT,
            (Some(help), _) => help,
            (None, _) => {
                "mend the regex: it has the syntax of the Rust crate `regex`, which lacks some of what PCRE has"
            }
        };
        diagnostics.push(Diagnostic::new(Rule::InvalidPathRegex, place, &error.message).help(help));
    }
}

/// Whether an unquoted path is followed by a comment that looks like the rest of a regex.
fn is_cut_by_comment(document: &Document, path: NodeId) -> bool {
    let is_plain = document.scalar(path).is_some_and(|scalar| scalar.style == Style::Plain);
    let rest =
        document.source().text()[document.span(path).end as usize..].lines().next().unwrap_or_default();
    is_plain && rest.trim_start().starts_with('#') && rest.contains([')', ']'])
}
