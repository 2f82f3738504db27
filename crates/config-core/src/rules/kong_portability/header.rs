//! Regexes of header criteria, which are put in lower case before they are compiled.

use crate::diagnostic::Diagnostic;
use crate::model::Route;
use crate::pattern::HeaderPattern;
use crate::rules::Rule;
use crate::syntax::Document;

pub(super) fn check(document: &Document, route: &Route) -> Vec<Diagnostic> {
    let values =
        route.headers.iter().flat_map(|headers| headers.iter()).flat_map(|header| header.values.iter());
    let mut found = Vec::new();
    for value in values {
        let Some(pattern) = value.strip_prefix("~*") else { continue };
        if HeaderPattern::parse(pattern).is_err() {
            continue;
        }
        for (at, class) in capital_escapes(pattern) {
            let lower = class.to_ascii_lowercase();
            let message = format!("a header regex is put in lower case: `\\{class}` becomes `\\{lower}`");
            let help = match class {
                'D' | 'S' | 'W' => format!("write `[^\\{lower}]`"),
                'P' => "write `[^\\p{…}]`".to_owned(),
                _ => "say it in another way: no escape with a capital letter survives".to_owned(),
            };
            let place = document.place_within(value.node, at + 2..at + 4);
            found.push(Diagnostic::new(Rule::KongPortability, place, message).help(help));
        }
        for (at, name) in named_groups(pattern) {
            let message = "Kong lets a named group of a header regex feed `$(uri_captures.…)`, and replace a path's \
                           capture of that name; here only paths do";
            let place = document.place_within(value.node, at + 2..at + 2 + name.len());
            found.push(
                Diagnostic::new(Rule::KongPortability, place, message)
                    .help("write `(?:…)`, and use `$(headers.…)` for a header's value"),
            );
        }
    }
    found
}

/// Escapes whose meaning is lost in lower case: `\D`, `\S`, `\W`, `\B`, `\P`, `\A`; with where they
/// begin.
fn capital_escapes(pattern: &str) -> Vec<(usize, char)> {
    let mut found = Vec::new();
    let mut chars = pattern.char_indices();
    while let Some((at, c)) = chars.next() {
        if c == '\\'
            && let Some((_, class)) = chars.next()
            && "DSWBPA".contains(class)
        {
            found.push((at, class));
        }
    }
    found
}

/// The openings `(?<name>` of named groups, with where they begin.
fn named_groups(pattern: &str) -> impl Iterator<Item = (usize, &str)> {
    pattern.match_indices("(?<").filter(|(at, _)| !pattern[..*at].ends_with('\\')).map(|(at, _)| {
        let end = pattern[at..].find('>').map_or(pattern.len(), |end| at + end + 1);
        (at, &pattern[at..end])
    })
}
