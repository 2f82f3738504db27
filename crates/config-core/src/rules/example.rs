//! Short paths that show what a finding says about a pattern. An example is checked against the
//! pattern before it is shown; where none is found, the finding does without.

use regex::{Regex, RegexBuilder};
use regex_syntax::hir::{Class, Hir, HirKind};
use rustc_hash::FxHashMap;

use crate::pattern::Pattern;
use crate::plan::normalize::normalize;

/// The longest example worth showing, in bytes.
const LONGEST: usize = 120;

/// The longest pattern that is worth an example, in bytes: one is looked for at every finding.
const LONGEST_PATTERN: usize = 1000;

/// The largest program worth compiling for an example, in bytes.
const LARGEST: usize = 1 << 18;

/// A path that `pattern` matches without setting the group called `name`.
pub(super) fn path_without(pattern: &Pattern, name: &str) -> Option<String> {
    let position = pattern.groups().iter().position(|group| group.name.as_deref() == Some(name))?;
    let draft = Draft::new(&pattern.compiled(), u32::try_from(position + 1).ok())?;
    let regex = compile(pattern)?;
    let path = rooted(draft.path);
    let captures = regex.captures(&path)?;
    (captures.name(name).is_none() && is_normal(&path)).then_some(path)
}

/// Finds paths that go on after a match is complete. Of many patterns few end differently, and each
/// ending is followed once.
#[derive(Default)]
pub(super) struct LongerPaths {
    /// By ending.
    drafts: FxHashMap<String, Option<Draft>>,
}

impl LongerPaths {
    /// A path that goes on after a match of `pattern` is complete, and matches all the same.
    pub fn find(&mut self, pattern: &Pattern) -> Option<String> {
        let ending = if pattern.is_anchored() { pattern.tail() } else { pattern.compiled() };
        let draft = self.drafts.entry(ending).or_insert_with_key(|ending| Draft::new(ending, None));
        let draft = draft.as_ref()?;
        let complete = rooted([pattern.literal_prefix(), &draft.path].concat());
        let longer = if complete.ends_with('/') { complete + "more" } else { complete + "/more" };
        let is_sure = pattern.is_anchored() && !draft.has_looks;
        let matches = is_sure || compile(pattern).is_some_and(|regex| regex.is_match(&longer));
        (matches && is_normal(&longer)).then_some(longer)
    }
}

/// The pattern as it runs, unless it is too large to be compiled for the sake of a message.
fn compile(pattern: &Pattern) -> Option<Regex> {
    RegexBuilder::new(&pattern.compiled()).size_limit(LARGEST).build().ok()
}

/// What matches without an anchor may begin anywhere in a path, and a path begins with a slash.
fn rooted(path: String) -> String {
    if path.starts_with('/') { path } else { format!("/{path}") }
}

fn is_normal(path: &str) -> bool {
    !path.contains('?') && *normalize(path.as_bytes()) == *path.as_bytes()
}

/// A text built along the pattern's tree. Without assertions on the way it is sure to match.
struct Draft {
    path: String,
    has_looks: bool,
    avoid: Option<u32>,
}

impl Draft {
    /// Follows a regex, around the group `avoid` where there is a way around.
    fn new(regex: &str, avoid: Option<u32>) -> Option<Self> {
        if regex.len() > LONGEST_PATTERN {
            return None;
        }
        let hir = regex_syntax::parse(regex).ok()?;
        let mut draft = Draft { path: String::new(), has_looks: false, avoid };
        draft.follow(&hir)?;
        Some(draft)
    }

    fn follow(&mut self, hir: &Hir) -> Option<()> {
        if self.path.len() > LONGEST {
            return None;
        }
        match hir.kind() {
            HirKind::Empty => {}
            HirKind::Literal(literal) => self.path.push_str(std::str::from_utf8(&literal.0).ok()?),
            HirKind::Class(class) => self.path.push(pleasant(class)?),
            HirKind::Look(_) => self.has_looks = true,
            HirKind::Capture(capture) => self.follow(&capture.sub)?,
            HirKind::Concat(items) => items.iter().try_for_each(|item| self.follow(item))?,
            HirKind::Alternation(items) => {
                self.follow(items.iter().find(|item| !self.is_avoided(item)).or(items.first())?)?;
            }
            HirKind::Repetition(repetition) => {
                // `.*` reads better with something in it; an optional part is left out.
                let filled = repetition.max.is_none() && matches!(repetition.sub.kind(), HirKind::Class(_));
                for _ in 0..repetition.min.max(u32::from(filled)) {
                    self.follow(&repetition.sub)?;
                }
            }
        }
        Some(())
    }

    fn is_avoided(&self, hir: &Hir) -> bool {
        match hir.kind() {
            HirKind::Capture(capture) => Some(capture.index) == self.avoid || self.is_avoided(&capture.sub),
            HirKind::Concat(items) | HirKind::Alternation(items) => {
                items.iter().any(|item| self.is_avoided(item))
            }
            HirKind::Repetition(repetition) => self.is_avoided(&repetition.sub),
            _ => false,
        }
    }
}

/// A character of the class, an ordinary one if it has any.
fn pleasant(class: &Class) -> Option<char> {
    let holds = |c: char| match class {
        Class::Unicode(class) => {
            class.ranges().iter().any(|range| (range.start()..=range.end()).contains(&c))
        }
        Class::Bytes(class) => {
            c.is_ascii()
                && class.ranges().iter().any(|range| (range.start()..=range.end()).contains(&(c as u8)))
        }
    };
    let first = || match class {
        Class::Unicode(class) => class.ranges().first().map(|range| range.start()),
        Class::Bytes(class) => class.ranges().first().map(|range| char::from(range.start())),
    };
    ('a'..='z').chain('0'..='9').chain('A'..='Z').chain("-_.~/".chars()).find(|c| holds(*c)).or_else(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> Pattern {
        Pattern::parse(text).expect(text)
    }

    #[test]
    fn a_way_around_the_group_is_shown() {
        for (text, name, path) in [
            ("/(?:(?<t>[a-z]+)/)?chat/(?<m>[^/]+)$", "t", Some("/chat/a")),
            ("/(?:gpt/(?<m>[^/]+)|any)/chat$", "m", Some("/any/chat")),
            ("/chat(?:/(?<m>[^/]+))*$", "m", Some("/chat")),
            ("/(?<m>x)|(?<z>y)", "m", Some("/y")),
            // Always set: there is no way around.
            ("/(?<m>[^/]+)$", "m", None),
            // The draft `/a` sets the group after all, since the engine prefers that.
            ("/(?<m>[a-z])?.*", "m", None),
        ] {
            assert_eq!(path_without(&pattern(text), name).as_deref(), path, "{text}");
        }
    }

    #[test]
    fn a_longer_path_matches_too() {
        let mut longer_paths = LongerPaths::default();
        for (text, path) in [
            ("/v1/chat", Some("/v1/chat/more")),
            ("/v1/", Some("/v1/more")),
            ("/(?<m>[^/]+)", Some("/a/more")),
            ("/v[12]\\b", Some("/v1/more")),
            ("/chat$", None),
            ("/(?:%41)", None),
            ("/\\w{200}", None),
            // Endings alike, after other beginnings.
            ("/team/(?<m>[^/]+)", Some("/team/a/more")),
            ("/team^", None),
            ("/v2|/team^", Some("/v2/more")),
        ] {
            assert_eq!(longer_paths.find(&pattern(text)).as_deref(), path, "{text}");
        }
    }
}
