//! One `~` path as it runs, in Kong and here: the text after `~` with `^` before it and every `?<`
//! rewritten to `?P<`, blindly, compiled by the `regex` crate.

mod dead_end;
mod groups;
mod header;
mod interner;
mod pcre;
mod size;
mod syntax;

use std::ops::Range;

pub use dead_end::DeadEnd;
pub use header::HeaderPattern;
pub use interner::Patterns;
pub use pcre::PcreDifference;

/// A pattern that compiles, and what is known of its matches.
///
/// The compiled program is not kept: ten thousand patterns would take hundreds of megabytes, while
/// their distinct ends, which is what a router runs, are few.
#[derive(Debug, Clone)]
pub struct Pattern {
    written: Box<str>,
    literal: Box<str>,
    tail: Option<u32>,
    alternation: bool,
    end: End,
    groups: Box<[Group]>,
    /// The positions of those with a name, by name.
    named: Box<[u32]>,
    pcre_differences: Box<[PcreDifference]>,
}

/// How deep a [`Pattern::tail`] may nest: as deep as a pattern, and a little deeper for what is put
/// around one that is not anchored.
pub(crate) const TAIL_NEST_LIMIT: u32 = 260;

/// A capture group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The name, if it has one.
    pub name: Option<Box<str>>,
    /// The whole group, parentheses included, in the text after `~`.
    pub range: Range<usize>,
    /// The name in the text after `~`; empty for a group without one.
    pub name_range: Range<usize>,
    /// Whether every match is certain to set the group. Proved, never guessed.
    pub always: bool,
    /// Whether the group may match the empty text.
    pub may_be_empty: bool,
    /// Whether what it matches may contain a `/`.
    pub may_contain_slash: bool,
    /// Whether it stands in a loop, so that the last round alone is kept.
    pub in_loop: bool,
}

/// How a pattern ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Every match ends at the end of the path.
    Anchored,
    /// The pattern ends in a loop such as `.*` that takes in whole further segments: longer paths
    /// match by design.
    Rest,
    /// A match may end anywhere, and the path go on.
    Open,
}

/// Why a pattern is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct PatternError {
    /// What is wrong.
    pub message: String,
    /// Where, in the text as written.
    pub range: Option<Range<usize>>,
    /// What to write instead.
    pub help: Option<String>,
}

impl Pattern {
    /// Reads the text after `~`. Accepts exactly what the `regex` crate accepts with its default
    /// limits (nesting 250 deep, 10 MiB of program).
    pub fn parse(written: &str) -> Result<Self, PatternError> {
        Self::parse_among(written, &mut 0)
    }

    /// The same, as one of many patterns of which `compiled` had to be compiled so far.
    fn parse_among(written: &str, compiled: &mut u32) -> Result<Self, PatternError> {
        let rewritten = format!("^{}", rewrite(written));
        let (ast, hir) = syntax::parse(written, &rewritten)?;
        size::check(&rewritten, &hir, compiled)?;
        let split = syntax::split(written, &ast);
        let groups = groups::collect(written, &ast, &hir);
        Ok(Self {
            alternation: matches!(ast, regex_syntax::ast::Ast::Alternation(_)),
            literal: split.literal.into(),
            tail: split.tail.and_then(|at| u32::try_from(at).ok()),
            end: groups::end(&hir),
            named: groups::by_name(&groups),
            groups,
            pcre_differences: pcre::differences(written, &ast),
            written: written.into(),
        })
    }

    /// The text after `~`.
    pub fn written(&self) -> &str {
        &self.written
    }

    /// The text that runs.
    pub fn compiled(&self) -> String {
        format!("^{}", rewrite(&self.written))
    }

    /// The pattern ready to run. Findings replay what they show; requests go through the router, which
    /// compiles less.
    pub(crate) fn compile(&self) -> Option<regex::Regex> {
        regex::Regex::new(&self.compiled()).ok()
    }

    /// The capture groups, in the order of their opening parentheses.
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// The group called `name`; case counts.
    pub fn group(&self, name: &str) -> Option<&Group> {
        let at = |index: &u32| &self.groups[*index as usize];
        let found = self.named.binary_search_by(|index| at(index).name.as_deref().cmp(&Some(name))).ok()?;
        Some(at(&self.named[found]))
    }

    /// How the pattern ends.
    pub fn end(&self) -> End {
        self.end
    }

    /// Whether the pattern is a list of alternatives outside any group. Then `^` binds to the first
    /// one only, and the others match anywhere in a path.
    pub fn has_top_level_alternation(&self) -> bool {
        self.alternation
    }

    /// Whether a match can begin at the start of a path only.
    pub fn is_anchored(&self) -> bool {
        self.tail.is_some()
    }

    /// The text that every match begins with, as far as it is written out; empty if the pattern is
    /// not anchored at the start.
    pub fn literal_prefix(&self) -> &str {
        &self.literal
    }

    /// The rest of the pattern after [`Self::literal_prefix`], rewritten; it runs anchored where the
    /// prefix ended. Patterns that end alike have equal tails.
    pub(crate) fn tail(&self) -> String {
        match self.tail {
            Some(at) => rewrite(&self.written[at as usize..]),
            // Not anchored: may begin anywhere, as early as it can.
            None => format!("(?s:.*?)(?:{})", self.compiled()),
        }
    }

    /// What Kong's schema check, which uses PCRE2, refuses in this pattern or reads differently.
    pub fn pcre_differences(&self) -> &[PcreDifference] {
        &self.pcre_differences
    }
}

/// Kong's rewrite, which knows nothing of syntax.
fn rewrite(written: &str) -> String {
    written.replace("?<", "?P<")
}

/// The way back from the text that runs to the text as written.
struct Written<'a> {
    text: &'a str,
    /// Where `P`s were put into the text that runs.
    inserted: Vec<usize>,
}

impl<'a> Written<'a> {
    fn new(text: &'a str) -> Self {
        // One byte more for the `^`, and one for each `P` before.
        let inserted = text.match_indices("?<").enumerate().map(|(nth, (found, _))| found + 2 + nth);
        Self { text, inserted: inserted.collect() }
    }

    /// Where byte `at` of the text that runs stands in the text as written.
    fn offset(&self, at: usize) -> usize {
        let inserted = self.inserted.partition_point(|inserted| *inserted < at);
        at.saturating_sub(1 + inserted).min(self.text.len())
    }

    /// [`Written::offset`] for both ends of a span.
    fn range(&self, span: &regex_syntax::ast::Span) -> Range<usize> {
        self.offset(span.start.offset)..self.offset(span.end.offset)
    }
}

#[cfg(test)]
mod tests;
