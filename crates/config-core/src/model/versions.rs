//! Files of format 1.1 and 2.1, whose paths mean something else.
//!
//! Kong rewrites the paths of such files on load: one made of plain characters only is taken as a
//! prefix, any other becomes a regex by a `~` put in front, also where it has one. Plain paths mean
//! the same in every version. Others are refused here rather than guessed at: the file is to say
//! `"3.0"` and mark its regexes.

use super::config::{Config, Hole};
use super::value::Text;
use super::wording::quote;
use crate::diagnostic::Diagnostic;
use crate::rules::Rule;
use crate::syntax::{Document, NodeId, Spanned};

/// Reports paths that an old `_format_version` turns into regexes, once a file.
pub(super) fn check(config: &mut Config, document: &Document, diagnostics: &mut Vec<Diagnostic>) {
    let Some(version) = document.get(document.root(), "_format_version") else { return };
    let Some(number @ ("1.1" | "2.1")) = document.str(version) else { return };
    let place = document.place(version);
    let mut rewritten: Vec<(NodeId, String)> = Vec::new();
    for route in &mut config.routes {
        let paths = route.entity.fields.paths.iter().flat_map(|paths| paths.iter());
        let before = rewritten.len();
        rewritten.extend(paths.filter(|path| !is_plain(path)).map(|path| (path.node, regex(path))));
        if rewritten.len() > before {
            let hole = Hole { rule: Rule::InvalidValue, place: place.clone(), field: "paths".to_owned() };
            route.entity.holes.push(hole);
        }
    }
    let Some((first, regex)) = rewritten.first() else { return };
    let message =
        format!("under format `{number}` Kong reads a path of this file as the regex {}", quote(regex));
    let finding = Diagnostic::new(Rule::InvalidValue, place, message)
        .help("write `_format_version: \"3.0\"`, and `~` in front of the paths that are regexes")
        .related(document.span(*first), "this path");
    diagnostics.push(finding);
}

/// Whether every version takes the path as it is written.
fn is_plain(path: &Spanned<Text>) -> bool {
    path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._~/%-".contains(&byte))
}

fn regex(path: &Spanned<Text>) -> String {
    format!("~{}", path.as_str())
}
