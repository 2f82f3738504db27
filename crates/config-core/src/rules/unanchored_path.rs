//! Regex paths that end before the path does. A pattern that takes in the rest on purpose (`.*`) is
//! left alone.

use crate::analysis::PathKind;
use crate::diagnostic::Diagnostic;
use crate::language::{Languages, Paths, PathsId, target};
use crate::model::RouteIndex;
use crate::pattern::{End, Pattern};
use crate::proof::Proofs;
use crate::rules::Rule;
use crate::rules::wording::clipped;

pub(crate) fn check(proofs: &Proofs, diagnostics: &mut Vec<Diagnostic>) {
    let facts = proofs.facts;
    let mut open = Vec::new();
    for (index, route) in facts.routes.iter().enumerate() {
        for (at, path) in route.paths.iter().enumerate() {
            let PathKind::Regex(Ok(pattern)) = &path.kind else { continue };
            if pattern.end() == End::Open
                && let Ok(anchored) = Pattern::parse(&anchored(pattern))
            {
                open.push(((RouteIndex(index), at), path, &**pattern, anchored));
            }
        }
    }
    let sets = open.iter().flat_map(|(_, _, pattern, anchored)| [pattern, anchored]);
    // Easiest to read is what goes on behind a slash. Where alternatives are left open at their start
    // too, whatever is shortest shows more.
    let ending = PathsId(2 * open.len() as u32);
    let languages = Languages::new(sets.map(Paths::Regex).chain([Paths::Ending("/more")]));
    for (((route, at), path, pattern, _), id) in open.iter().zip((0..).step_by(2)) {
        let (own, anchored) = (PathsId(id), [PathsId(id + 1)]);
        let longer = match languages.find(&[own, ending], &anchored) {
            Ok(Some(longer)) if !pattern.has_top_level_alternation() => Ok(Some(longer)),
            _ => languages.find(&[own], &anchored),
        };
        let longer = match longer {
            Ok(Some(longer)) => longer,
            Ok(None) => continue,
            Err(reason) => {
                let question =
                    format!("whether path `~{}` ends where a request path does", clipped(pattern.written()));
                proofs.leave_open(reason, question);
                continue;
            }
        };
        let place = facts.document.place(path.node);
        let message = format!("path `~{}` also matches `{}`", pattern.written(), target(&longer));
        let help = match pattern.has_top_level_alternation() {
            true => {
                "a pattern is anchored at the start only: put the alternatives into `(?:…)` and `$` after it"
            }
            false => {
                "a pattern is anchored at the start only: end it with `$`, or with `.*` if longer paths are meant"
            }
        };
        let mut diagnostic = Diagnostic::new(Rule::UnanchoredPath, place, message).help(help);
        let space = proofs.space();
        let entry = space.entries_of(*route).find(|id| space.entry(*id).path == Some(*at));
        let taken = entry.and_then(|entry| space.taken(entry, &longer));
        diagnostic.witness = taken.map(|request| request.witness());
        diagnostics.push(diagnostic);
    }
}

/// The pattern as the rule would have it.
fn anchored(pattern: &Pattern) -> String {
    match pattern.has_top_level_alternation() {
        true => format!("(?:{})$", pattern.written()),
        false => format!("{}$", pattern.written()),
    }
}
