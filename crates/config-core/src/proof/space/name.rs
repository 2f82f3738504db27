//! Names of hosts and servers that stand for all that patterns do not tell apart.
//!
//! Which patterns accept a name that none writes out depends on two things: the longest ending among
//! the `*…` patterns that it has, and the longest beginning among the `…*` patterns.

use crate::plan::criteria::NamePattern;

/// A name of each kind that `pattern` accepts and that `mentioned`, which holds it, tells apart; `None`
/// where there may be such names and none was found.
pub fn like<'a>(
    pattern: &'a NamePattern,
    mentioned: &'a [&'a NamePattern],
) -> impl Iterator<Item = Option<String>> + 'a {
    let beginnings = || mentioned.iter().filter_map(|pattern| beginning(pattern));
    let endings = || mentioned.iter().filter_map(|pattern| ending(pattern));
    let (prefixes, suffixes): (Vec<&str>, Vec<&str>) = match pattern {
        NamePattern::Exact(_) => (Vec::new(), Vec::new()),
        NamePattern::Suffix(suffix) => {
            let longer = endings().filter(|it| it.len() > suffix.len() && it.ends_with(suffix.as_str()));
            ([""].into_iter().chain(beginnings()).collect(), [&**suffix].into_iter().chain(longer).collect())
        }
        NamePattern::Prefix(prefix) => {
            let longer = beginnings().filter(|it| it.len() > prefix.len() && it.starts_with(prefix.as_str()));
            ([&**prefix].into_iter().chain(longer).collect(), [""].into_iter().chain(endings()).collect())
        }
    };
    let fresh = suffixes.into_iter().flat_map(move |suffix| {
        prefixes.clone().into_iter().map(move |prefix| between(prefix, suffix, mentioned))
    });
    let others = if pattern.is_wildcard() { mentioned } else { &[] };
    let written = others.iter().filter_map(|other| exact(other));
    let written = written.filter(|name| pattern.accepts(name.as_bytes())).map(|name| Some(name.to_owned()));
    // A pattern without a wildcard is the one name that it accepts.
    exact(pattern).map(|name| Some(name.to_owned())).into_iter().chain(fresh).chain(written)
}

/// A name that no pattern of `mentioned` accepts but for those that accept all, `wish` if it is one;
/// `None` if none was found.
pub fn unlike(wish: &str, mentioned: &[&NamePattern]) -> Option<Option<String>> {
    let name =
        if is_between(wish, "", "", mentioned) { Some(wish.to_owned()) } else { between("", "", mentioned) };
    name.map(Some)
}

/// A name that begins and ends so, and that only those patterns accept that any such name is accepted
/// by.
fn between(prefix: &str, suffix: &str, mentioned: &[&NamePattern]) -> Option<String> {
    let usual = if suffix.is_empty() { ["test", "example"] } else { ["any", "some"] };
    let others = (0..LABELS).map(|number| format!("x{number}"));
    let mut names = usual.into_iter().map(str::to_owned).chain(others).map(|label| {
        let label = if prefix.is_empty() && suffix.is_empty() { format!("{label}.invalid") } else { label };
        format!("{prefix}{label}{suffix}")
    });
    names.find(|name| is_between(name, prefix, suffix, mentioned))
}

/// How many labels are tried.
const LABELS: usize = 16;

fn is_between(name: &str, prefix: &str, suffix: &str, mentioned: &[&NamePattern]) -> bool {
    mentioned.iter().all(|pattern| {
        let implied = match pattern {
            NamePattern::Exact(_) => false,
            NamePattern::Suffix(ending) => suffix.ends_with(ending.as_str()),
            NamePattern::Prefix(beginning) => prefix.starts_with(beginning.as_str()),
        };
        pattern.accepts(name.as_bytes()) == implied
    })
}

fn exact(pattern: &NamePattern) -> Option<&str> {
    match pattern {
        NamePattern::Exact(name) => Some(name),
        _ => None,
    }
}

fn ending(pattern: &NamePattern) -> Option<&str> {
    match pattern {
        NamePattern::Suffix(ending) => Some(ending),
        _ => None,
    }
}

fn beginning(pattern: &NamePattern) -> Option<&str> {
    match pattern {
        NamePattern::Prefix(beginning) => Some(beginning),
        _ => None,
    }
}
