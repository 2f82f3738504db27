//! Paths that no request can have: requests are matched in normal form and without their query.

use crate::analysis::{Facts, PathFacts, PathKind};
use crate::diagnostic::{Diagnostic, Fix, Safety};
use crate::language::{Languages, Paths, PathsId, Undecided, target};
use crate::model::RouteIndex;
use crate::pattern::{DeadEnd, Pattern};
use crate::proof::Proofs;
use crate::rules::invalid_path::{is_faulty, looks_like_regex};
use crate::rules::undefined_capture::with_groups;
use crate::rules::uri_capture::captures;
use crate::rules::wording::clipped;
use crate::rules::{Rule, rewrite};

/// Matches every path with an escape that normalisation decodes or writes in upper case. A path gets
/// one from a target that escapes part of the escape, as in `%%341`, and from no other.
const ODD: &str = "/(?s:.*)%(?:2[02DEa-f]|3[0-9CEa-f]|4[1-9A-Fa-f]|5[0-9ACEFa-f]|[016-9A-Fa-f][0-9A-Fa-f])";

pub(crate) fn check(proofs: &Proofs, diagnostics: &mut Vec<Diagnostic>) {
    let facts = proofs.facts;
    let paths = || {
        let routes = facts.routes.iter().enumerate();
        routes.flat_map(|(index, route)| route.paths.iter().map(move |path| (RouteIndex(index), path)))
    };
    let regexes: Vec<(&PathFacts, &Pattern)> = paths()
        .filter_map(|(_, path)| match &path.kind {
            PathKind::Regex(Ok(pattern)) => Some((path, &**pattern)),
            _ => None,
        })
        .collect();
    if let Ok(odd) = Pattern::parse(ODD) {
        let sets = regexes.iter().map(|(_, pattern)| Paths::Regex(pattern)).chain([Paths::Regex(&odd)]);
        let languages = Languages::new(sets);
        let odd = PathsId(regexes.len() as u32);
        for ((path, pattern), id) in regexes.iter().zip((0..).map(PathsId)) {
            match regex(facts, path, pattern, (&languages, id, odd)) {
                Ok(found) => diagnostics.extend(found),
                Err(reason) => {
                    let question =
                        format!("whether path `~{}` can match a request", clipped(pattern.written()));
                    proofs.leave_open(reason, question);
                }
            }
        }
    }
    for (route, path) in paths() {
        if let PathKind::Prefix(prefix) = &path.kind {
            diagnostics.extend(literal(facts, route, path, prefix));
        }
    }
}

fn regex(
    facts: &Facts,
    path: &PathFacts,
    pattern: &Pattern,
    (languages, this, odd): (&Languages, PathsId, PathsId),
) -> Result<Option<Diagnostic>, Undecided> {
    let written = pattern.written();
    // Kong refuses these, and `invalid-path` says so.
    if is_faulty(&format!("~{written}")) {
        return Ok(None);
    }
    let Some(shown) = languages.find(&[this], &[])? else {
        let (place, reason, help) = match pattern.dead_end() {
            Some(DeadEnd { range, reason, help }) => {
                (facts.document.place_within(path.node, PathFacts::of_regex(&range)), reason, help)
            }
            None => (
                facts.document.place(path.node),
                "it demands what no path in normal form has",
                "write the path as it is with its escapes decoded, its dot segments resolved and without its query",
            ),
        };
        let message = format!("no request can match path `~{written}`: {reason}");
        return Ok(Some(Diagnostic::new(Rule::DeadPath, place, message).help(help)));
    };
    if !written.contains('%') || languages.find(&[this], &[odd])?.is_some() {
        return Ok(None);
    }
    let message = format!("path `~{written}` matches only odd targets such as `{}`", target(&shown));
    let help = "before a path is matched its escapes are decoded, but for those of reserved characters, \
                which are written in upper case: write the character itself, or `%2F` for `%2f`";
    Ok(Some(Diagnostic::new(Rule::DeadPath, facts.document.place(path.node), message).help(help)))
}

fn literal(facts: &Facts, route: RouteIndex, path: &PathFacts, prefix: &str) -> Option<Diagnostic> {
    if is_faulty(prefix) || is_told_as_capture(facts, route, prefix) {
        return None;
    }
    let is_dead = prefix.contains(['?', '#']);
    let meant = meant(prefix);
    if !is_dead && meant.is_none() {
        return None;
    }
    let message = match is_dead {
        true => format!("no request path begins with `{prefix}`: it ends before a `?`, and has no `#`"),
        false => format!("path `{prefix}` is a prefix: it matches only paths that begin with this very text"),
    };
    let diagnostic = Diagnostic::new(Rule::DeadPath, facts.document.place(path.node), message);
    let Some((meant, why)) = meant else {
        let path = &prefix[..prefix.find(['?', '#']).unwrap_or(prefix.len())];
        return Some(diagnostic.help(format!("write `{path}`: routes are not matched on a query")));
    };
    let diagnostic = diagnostic.help(format!("{why}: write `{meant}`"));
    Some(match rewrite::scalar(facts.document, path.node, &meant) {
        Some(edit) => diagnostic.fix(Fix {
            title: format!("write `{meant}`"),
            safety: Safety::Unsafe,
            edits: vec![edit],
        }),
        None => diagnostic,
    })
}

/// What a prefix of characters that no client sends was probably meant as, and why it is not that.
fn meant(prefix: &str) -> Option<(String, &'static str)> {
    let is_pattern = |regex: &str| Pattern::parse(regex).is_ok();
    if looks_like_regex(prefix) && is_pattern(prefix) {
        return Some((format!("~{prefix}"), "a regex begins with `~`"));
    }
    if let Some(regex) = with_groups(prefix).filter(|regex| is_pattern(regex)) {
        return Some((format!("~{regex}$"), "parameters are groups of a regex"));
    }
    let stem = prefix.strip_suffix("/*").or_else(|| prefix.strip_suffix("/**"))?;
    (!stem.contains('*')).then(|| (format!("{stem}/"), "a prefix takes all that follows as it is"))
}

/// Whether a template misses a capture that the prefix names: then that error says what is wrong.
fn is_told_as_capture(facts: &Facts, route: RouteIndex, prefix: &str) -> bool {
    let plugins = facts.routes[route.0].plugins.iter().map(|plugin| &facts.plugins[plugin.0]);
    plugins
        .flat_map(|plugin| captures(&plugin.templates))
        .any(|(_, placeholder)| prefix.contains(&*placeholder.name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::normalize::normalize;

    #[test]
    fn odd_escapes_are_those_that_no_escape_becomes() {
        let odd = Pattern::parse(ODD).unwrap().compile().unwrap();
        let digits = "0123456789abcdefABCDEF";
        for (high, low) in digits.chars().flat_map(|high| digits.chars().map(move |low| (high, low))) {
            let path = format!("/%{high}{low}");
            let stays = *normalize(path.as_bytes()) == *path.as_bytes();
            assert_eq!(odd.is_match(&path), !stays, "{path}");
        }
    }
}
