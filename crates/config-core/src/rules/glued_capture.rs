//! Groups that go on where a literal word ends: `~/mistral(?<model>…)` takes `/mistral-tiny`, and not
//! the `/mistral/tiny` that was meant.

use regex_syntax::hir::{Class, Hir, HirKind};

use crate::analysis::{Facts, PathFacts, PathKind};
use crate::diagnostic::{Diagnostic, Fix, Safety, Witness};
use crate::language::capture::Outcome;
use crate::model::RouteIndex;
use crate::pattern::{Group, Pattern};
use crate::plan::normalize::normalize;
use crate::proof::Proofs;
use crate::proof::trial::Trial;
use crate::rules::capture_value::FEW_VALUES;
use crate::rules::uri_capture::captures;
use crate::rules::{Rule, rewrite};

pub(crate) fn check(proofs: &Proofs, diagnostics: &mut Vec<Diagnostic>) {
    let facts = proofs.facts;
    for (index, route) in facts.routes.iter().enumerate() {
        for path in &route.paths {
            let PathKind::Regex(Ok(pattern)) = &path.kind else { continue };
            for group in pattern.groups() {
                if let Some(glued) = Glued::new(facts, RouteIndex(index), pattern, group) {
                    diagnostics.push(glued.finding(facts, path));
                }
            }
        }
    }
}

/// A group that goes on a word, where a separator was probably meant.
struct Glued<'f> {
    pattern: &'f Pattern,
    group: &'f Group,
    name: &'f str,
    /// The segment up to the group.
    word: &'f str,
    /// What is missed: a request path with the separator.
    parted: String,
    witness: Witness,
}

impl<'f> Glued<'f> {
    fn new(facts: &Facts, route: RouteIndex, pattern: &'f Pattern, group: &'f Group) -> Option<Self> {
        let name = group.name.as_deref()?;
        let word = word_before(&pattern.written()[..group.range.start])?;
        if group.may_be_empty || !goes_on(pattern, group, word) || is_rejoined(facts, route, name) {
            return None;
        }
        if let Ok(Some(_)) = facts.captures.values(pattern, name, FEW_VALUES) {
            return None;
        }
        let shown = facts.captures.find(pattern, name, Outcome::Set).ok()??;
        let start = pattern.compile()?.captures(&shown.path)?.name(name)?.start();
        let parted = [&shown.path[..start], "/", &shown.path[start..]].concat();
        let is_normal = *normalize(parted.as_bytes()) == *parted.as_bytes();
        let trial = Trial::of(facts, route)?;
        if !is_normal || trial.take(&parted).is_some() {
            return None;
        }
        let witness = trial.request(&parted)?;
        Some(Self { pattern, group, name, word, parted, witness })
    }

    fn finding(self, facts: &Facts, path: &PathFacts) -> Diagnostic {
        let Self { pattern, group, name, word, parted, witness } = self;
        let document = facts.document;
        let (before, after) = pattern.written().split_at(group.range.start);
        let meant = format!("~{before}/{after}");
        let place = document.place_within(path.node, PathFacts::of_regex(&group.range));
        let message = format!("capture `{name}` continues the segment `{word}`: `{parted}` does not match");
        let diagnostic = Diagnostic::new(Rule::GluedCapture, place, message)
            .help(format!("write `{meant}` if the capture is a segment of its own, or end `{word}` with `-`"))
            .witness(witness);
        match rewrite::scalar(document, path.node, &meant) {
            Some(edit) => diagnostic.fix(Fix {
                title: "put `/` before the group".to_owned(),
                safety: Safety::Unsafe,
                edits: vec![edit],
            }),
            None => diagnostic,
        }
    }
}

/// The literal segment that `written` ends with, if it ends in the middle of a word. The `v` of a
/// version is none.
fn word_before(written: &str) -> Option<&str> {
    let is_of_segment = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '~');
    let written = written.trim_end_matches("(?:");
    let segment = written.trim_end_matches(is_of_segment).len();
    let (front, word) = written.split_at(segment);
    // After a backslash, a letter is no letter.
    let is_word = word.ends_with(|c: char| c.is_ascii_alphanumeric()) && !front.ends_with('\\');
    (is_word && !word.eq_ignore_ascii_case("v")).then_some(word)
}

/// Whether the group may begin with what would go on a word: digits after letters do not.
fn goes_on(pattern: &Pattern, group: &Group, word: &str) -> bool {
    let text = pattern.written()[group.range.clone()].replace("?<", "?P<");
    let Ok(hir) = regex_syntax::parse(&text) else { return false };
    let after_digit = word.ends_with(|c: char| c.is_ascii_digit());
    ('a'..='z').chain('A'..='Z').chain(('0'..='9').filter(|_| after_digit)).any(|c| may_begin(&hir, c))
}

fn may_begin(hir: &Hir, first: char) -> bool {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) | HirKind::Class(Class::Bytes(_)) => false,
        HirKind::Literal(literal) => literal.0.first().is_some_and(|byte| char::from(*byte) == first),
        HirKind::Class(Class::Unicode(class)) => {
            class.ranges().iter().any(|range| (range.start()..=range.end()).contains(&first))
        }
        HirKind::Repetition(repetition) => may_begin(&repetition.sub, first),
        HirKind::Capture(capture) => may_begin(&capture.sub, first),
        HirKind::Alternation(items) => items.iter().any(|item| may_begin(item, first)),
        HirKind::Concat(items) => {
            let is_passed = |item: &&Hir| item.properties().minimum_len() == Some(0);
            let skipped = items.iter().take_while(is_passed).count();
            items.iter().take(skipped + 1).any(|item| may_begin(item, first))
        }
    }
}

/// Whether every template that reads the capture puts it behind a word again, as in
/// `gpt-4$(uri_captures.variant)`: then the word is meant to go on.
fn is_rejoined(facts: &Facts, route: RouteIndex, name: &str) -> bool {
    let plugins = facts.routes[route.0].plugins.iter().map(|plugin| &facts.plugins[plugin.0]);
    let mut readers = plugins
        .flat_map(|plugin| captures(&plugin.templates))
        .filter(|(_, placeholder)| placeholder.name == name)
        .filter_map(|(field, placeholder)| {
            let before = &field.parsed.as_ref().ok()?.text()[..placeholder.range.start];
            Some(before.ends_with(|c: char| c.is_ascii_alphanumeric()))
        })
        .peekable();
    readers.peek().is_some() && readers.all(|is_behind_word| is_behind_word)
}
