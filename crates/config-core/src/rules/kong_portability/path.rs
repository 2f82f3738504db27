//! Path regexes that PCRE2, which Kong's schema uses too, reads differently.

use crate::analysis::{PathFacts, PathKind};
use crate::diagnostic::Diagnostic;
use crate::rules::Rule;
use crate::syntax::Document;

pub(super) fn check(document: &Document, path: &PathFacts) -> Vec<Diagnostic> {
    let PathKind::Regex(Ok(pattern)) = &path.kind else { return Vec::new() };
    pattern
        .pcre_differences()
        .iter()
        .map(|difference| {
            // The pattern begins behind the `~`.
            let range = difference.range.start + 1..difference.range.end + 1;
            let written = &pattern.written()[difference.range.clone()];
            let (message, help) = if difference.refused {
                (
                    format!("Kong refuses this regex: {}", difference.message),
                    "Kong's schema checks it with PCRE2, its router with the Rust crate `regex`: write what both take",
                )
            } else if written == "?<" {
                (difference.message.clone(), "write `<` first, or another character in place of one of the two")
            } else {
                (
                    format!("`{written}`: {}", difference.message),
                    "Kong's default router matches as here, its flavor `traditional` as PCRE2: write what both read alike",
                )
            };
            Diagnostic::new(Rule::KongPortability, document.place_within(path.node, range), message).help(help)
        })
        .collect()
}
