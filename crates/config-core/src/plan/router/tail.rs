//! What follows the literal beginning of a path. Ten thousand patterns have a few hundred distinct
//! ends, so each is compiled once, when it is first needed.

use std::sync::{Arc, OnceLock};

use regex_automata::{Anchored, Input, meta, util::syntax};
use rustc_hash::FxHashMap;

use crate::pattern::{Pattern, TAIL_NEST_LIMIT};

/// The rest of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Tail {
    /// Anything may follow.
    Open,
    /// Nothing may follow.
    End,
    /// What the regex at this position of [`Tails`] matches must follow.
    Regex(u32),
}

/// Every distinct tail.
#[derive(Debug, Default)]
pub struct Tails {
    regexes: Vec<Regex>,
    by_source: FxHashMap<Box<str>, u32>,
}

#[derive(Debug)]
struct Regex {
    source: Box<str>,
    /// Named groups and their numbers.
    names: Box<[(Arc<str>, u32)]>,
    compiled: OnceLock<Option<meta::Regex>>,
}

impl Tails {
    /// The tail of `pattern`.
    pub fn intern(&mut self, pattern: &Pattern) -> Tail {
        let source = pattern.tail();
        match source.as_str() {
            "" => return Tail::Open,
            "$" => return Tail::End,
            _ => {}
        }
        if let Some(known) = self.by_source.get(source.as_str()) {
            return Tail::Regex(*known);
        }
        let index = self.regexes.len() as u32;
        let named = (1..).zip(pattern.groups()).filter_map(|(number, group)| {
            let name = group.name.as_deref()?;
            Some((Arc::from(name), number))
        });
        self.regexes.push(Regex {
            source: source.as_str().into(),
            names: named.collect(),
            compiled: OnceLock::new(),
        });
        self.by_source.insert(source.into(), index);
        Tail::Regex(index)
    }

    /// The source of a regex tail.
    pub fn source(&self, index: u32) -> &str {
        &self.regexes[index as usize].source
    }

    /// Whether `tail` matches `path` from byte `start` on.
    pub fn is_match(&self, tail: Tail, path: &str, start: usize) -> bool {
        match tail {
            Tail::Open => true,
            Tail::End => path.len() == start,
            Tail::Regex(index) => {
                self.compiled(index).is_some_and(|regex| regex.is_match(input(path, start).earliest(true)))
            }
        }
    }

    /// Where the match of `tail` from byte `start` on ends.
    pub fn match_end(&self, tail: Tail, path: &str, start: usize) -> Option<usize> {
        match tail {
            Tail::Open => Some(start),
            Tail::End => (path.len() == start).then_some(start),
            Tail::Regex(index) => {
                self.compiled(index)?.search_half(&input(path, start)).map(|found| found.offset())
            }
        }
    }

    /// The named groups that take part in the match of `tail` from byte `start` on.
    pub fn captures(&self, tail: Tail, path: &str, start: usize) -> Vec<(Arc<str>, Box<str>)> {
        let Tail::Regex(index) = tail else { return Vec::new() };
        let names = &self.regexes[index as usize].names;
        let Some(regex) = self.compiled(index).filter(|_| !names.is_empty()) else { return Vec::new() };
        let mut slots = vec![None; regex.group_info().slot_len()];
        regex.search_slots(&input(path, start), &mut slots);
        let slot = |at: u32| slots.get(at as usize).copied().flatten();
        names
            .iter()
            .filter_map(|(name, number)| {
                let (from, to) = (slot(number * 2)?, slot(number * 2 + 1)?);
                Some((Arc::clone(name), path[from.get()..to.get()].into()))
            })
            .collect()
    }

    /// `None` only if a pattern compiled and its end does not, which the size check of
    /// [`Pattern::parse`] rules out.
    fn compiled(&self, index: u32) -> Option<&meta::Regex> {
        let regex = &self.regexes[index as usize];
        let compile = || {
            let syntax = syntax::Config::new().nest_limit(TAIL_NEST_LIMIT);
            meta::Regex::builder().syntax(syntax).build(&regex.source).ok()
        };
        regex.compiled.get_or_init(compile).as_ref()
    }
}

/// The whole path is the haystack, so that assertions see what is before `start`.
fn input(path: &str, start: usize) -> Input<'_> {
    Input::new(path).range(start..).anchored(Anchored::Yes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_nested_as_deep_as_any_is_matched() {
        for end in ["", "|/b"] {
            let nested = |depth| format!("/{}a{}{end}", "(?:".repeat(depth), ")".repeat(depth));
            let deepest = (1..300).rev().find_map(|depth| Pattern::parse(&nested(depth)).ok()).unwrap();
            let mut tails = Tails::default();
            let tail = tails.intern(&deepest);
            assert!(tails.is_match(tail, "/a", deepest.literal_prefix().len()), "{end}");
        }
    }
}
