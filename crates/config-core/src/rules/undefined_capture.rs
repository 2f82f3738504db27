//! Captures that no path of a route defines.

use crate::analysis::{Facts, PathKind};
use crate::diagnostic::{Diagnostic, Edit, Fix, Safety};
use crate::rules::Rule;
use crate::rules::uri_capture::{Absence, Unproved, unproved};
use crate::rules::wording::list;
use crate::suggest::nearest;

/// How many groups of a route are named in a help.
const SHOWN_GROUPS: usize = 8;

pub(crate) fn check(facts: &Facts, diagnostics: &mut Vec<Diagnostic>) {
    diagnostics.extend(unproved(facts, Absence::Undefined).map(|unproved| {
        let name = unproved.name();
        let groups = groups(&unproved);
        let near = nearest(name, groups.iter().copied());
        let diagnostic = unproved
            .finding(Rule::UndefinedCapture, |routes| {
                format!("capture `{name}` is defined by no path of {routes}")
            })
            .help(help(&unproved, &groups, near));
        match near.and_then(|near| rename(&unproved, near)) {
            Some(fix) => diagnostic.fix(fix),
            None => diagnostic,
        }
    }));
}

/// The named groups of the first failing route, each once, in the order of the file.
fn groups<'f>(unproved: &Unproved<'f>) -> Vec<&'f str> {
    let mut names = Vec::new();
    for path in &unproved.first_route().paths {
        let PathKind::Regex(Ok(pattern)) = &path.kind else { continue };
        for name in pattern.groups().iter().filter_map(|group| group.name.as_deref()) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    names
}

fn help(unproved: &Unproved, groups: &[&str], near: Option<&str>) -> String {
    let name = unproved.name();
    let defined = || {
        let mut shown: Vec<_> = groups.iter().take(SHOWN_GROUPS).map(|group| format!("`{group}`")).collect();
        if groups.len() > SHOWN_GROUPS {
            shown.push(format!("{} more", groups.len() - SHOWN_GROUPS));
        }
        format!("route {} defines {}", unproved.facts.route_label(unproved.routes[0]), list(&shown))
    };
    if name.bytes().all(|byte| byte.is_ascii_digit()) {
        let advice = "captures have no numbers: name the group, as in `(?<model>…)`";
        return if groups.is_empty() { advice.to_owned() } else { format!("{advice}; {}", defined()) };
    }
    if let Some(header) = header_with_group(unproved) {
        return format!(
            "a group in a header pattern feeds no template: read the header, `$(headers.{header})`"
        );
    }
    match near {
        Some(near) if groups.len() == 1 => format!("did you mean `{near}`?"),
        Some(near) => format!("did you mean `{near}`? {}", defined()),
        None if !groups.is_empty() => {
            format!("{}: read what is there, or name a group `{}`", defined(), as_group_name(name))
        }
        None => {
            let group = format!("(?<{}>[^/]+)", as_group_name(name));
            match unproved.first_route().paths.first().map(|path| &path.kind) {
                None => format!("the route has no paths: give it one such as `~/{group}/chat/completions$`"),
                Some(PathKind::Prefix(prefix)) if prefix.contains("(?") => {
                    format!("a regex begins with `~`: write `~{prefix}`")
                }
                Some(PathKind::Prefix(prefix)) if with_groups(prefix).is_some() => {
                    let path = with_groups(prefix).unwrap_or_default();
                    format!("only a regex captures: write `~{path}$`")
                }
                Some(PathKind::Prefix(prefix)) => {
                    let prefix = regex_syntax::escape(prefix.trim_end_matches('/'));
                    format!("only a regex captures: write a path such as `~{prefix}/{group}$`")
                }
                Some(_) => format!("name a group of the path, as in `{group}`"),
            }
        }
    }
}

/// A path of another router's as a regex: `/:model/chat` and `/{model}/chat` have a group for each
/// parameter. `None` if it has no parameters.
pub(super) fn with_groups(prefix: &str) -> Option<String> {
    let mut any = false;
    let segments = prefix.split('/').map(|segment| {
        let parameter = segment
            .strip_prefix(':')
            .or_else(|| segment.strip_prefix('{')?.strip_suffix('}'))
            .or_else(|| segment.strip_prefix('<')?.strip_suffix('>'));
        match parameter.filter(|name| !name.is_empty()) {
            Some(name) => {
                any = true;
                format!("(?<{}>[^/]+)", as_group_name(name))
            }
            None => regex_syntax::escape(segment),
        }
    });
    let path = segments.collect::<Vec<_>>().join("/");
    any.then_some(path)
}

/// The header of the first failing route whose pattern has the group: a likely misunderstanding.
fn header_with_group<'f>(unproved: &Unproved<'f>) -> Option<&'f str> {
    let headers = unproved.facts.config[unproved.routes[0]].fields.headers.as_ref()?;
    let openings = [format!("(?<{}>", unproved.name()), format!("(?P<{}>", unproved.name())];
    let has_group =
        |value: &str| value.starts_with("~*") && openings.iter().any(|opening| value.contains(opening));
    headers
        .iter()
        .find(|header| header.values.iter().any(|value| has_group(value)))
        .map(|header| &*header.name)
}

/// `name` with what a group's name cannot hold replaced.
fn as_group_name(name: &str) -> String {
    let word: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    if word.starts_with(|c: char| c.is_ascii_digit()) { format!("_{word}") } else { word }
}

/// Reads `near` instead, if the name stands in the file as it is.
fn rename(unproved: &Unproved, near: &str) -> Option<Fix> {
    let document = unproved.facts.document;
    let span = document.span_within(unproved.field.node, unproved.placeholder.name_range.clone());
    (document.source().slice(span) == unproved.name()).then(|| Fix {
        title: format!("write `{near}`"),
        safety: Safety::Unsafe,
        edits: vec![Edit { span, text: near.to_owned() }],
    })
}
