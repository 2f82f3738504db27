//! The linter's whole way: text in, findings out, in their final form and order.

use std::cmp::Reverse;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::analysis::Facts;
use crate::diagnostic::{Diagnostic, Related, Severity};
use crate::model::Config;
use crate::plan::{self, Plan, obstacle::Obstacle};
use crate::proof::{Proofs, client::name_consumers};
use crate::rules::{self, Rule};
use crate::source::{SourceFile, Span};
use crate::suppress;
use crate::syntax::{self, Document};

/// Which gateway the file must work on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Target {
    /// aiproxy alone.
    #[default]
    Aiproxy,
    /// Kong 3.10 too: what it refuses or does otherwise is an error.
    Kong,
}

/// What the user wants of one rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Not reported.
    Allow,
    /// A warning, whatever its default.
    Warn,
    /// An error, whatever its default.
    Deny,
}

/// How findings are reported. None of this changes what the plan does.
#[derive(Default)]
pub struct Options<'a> {
    /// Which gateway the file must work on.
    pub target: Target,
    /// Levels of single rules; the last one for a rule counts.
    pub levels: Vec<(Rule, Level)>,
    /// Report also what an inline ignore covers.
    pub report_ignored: bool,
    /// Says whether an environment variable is set; given, every `env` reference must resolve.
    pub environment: Option<&'a dyn Fn(&str) -> bool>,
}

/// The findings of one file.
#[derive(Debug)]
pub struct Checked {
    /// Findings by position, then rule.
    pub diagnostics: Vec<Diagnostic>,
    /// How many findings inline ignores covered.
    pub ignored: usize,
    /// Where credentials are written out: what no excerpt may show, whatever it is about. See
    /// [`SourceFile::masked`].
    pub credentials: Vec<Span>,
}

/// Checks one file.
pub fn check(source: &SourceFile, options: &Options) -> Checked {
    let syntax::Parsed { document, mut diagnostics } = syntax::parse(source);
    let mut ignored = 0;
    let credentials = credentials(source, document.as_ref());
    if let Some(document) = &document {
        let (config, structural) = read(document, &mut diagnostics);
        let facts = Facts::new(document, &config);
        rules::check(&facts, &mut diagnostics);
        let plan = Plan::lower(&facts, &diagnostics[structural..]);
        rules::prove(&Proofs::new(&facts, &plan), &mut diagnostics);
        if let Some(is_set) = options.environment {
            rules::unresolved_secret::check(&facts, is_set, &mut diagnostics);
        }
        name_consumers(&facts, &plan, &mut diagnostics);
        if !options.report_ignored {
            let suppressed = suppress::apply(document, diagnostics);
            diagnostics = suppressed.kept;
            ignored = suppressed.ignored;
        }
    }
    let diagnostics = merge(set_severities(diagnostics, options));
    Checked { diagnostics, ignored, credentials }
}

/// A file's plan, and how far it is to be trusted.
#[derive(Debug)]
pub struct Compiled {
    /// The plan; what is broken is a hole that it knows.
    pub plan: Plan,
    /// What [`check`] finds in the file, ignored findings included: to a gateway an ignored error is an
    /// error. What only proofs about the plan find is left out: it is never an error.
    pub checked: Checked,
    /// What may keep requests out and is not run: with any of it the file is not served.
    pub obstacles: Vec<Obstacle>,
}

impl Compiled {
    /// How many errors the file has.
    pub fn errors(&self) -> usize {
        self.checked.diagnostics.iter().filter(|finding| finding.severity == Severity::Error).count()
    }
}

/// Compiles one file, whatever lint says of it.
///
/// # Errors
/// What lint says of a text that does not parse.
pub fn compile(source: &SourceFile) -> Result<Compiled, Checked> {
    let syntax::Parsed { document, mut diagnostics } = syntax::parse(source);
    let credentials = credentials(source, document.as_ref());
    let Some(document) = document else {
        return Err(Checked { diagnostics: merge(diagnostics), ignored: 0, credentials });
    };
    let (config, structural) = read(&document, &mut diagnostics);
    let facts = Facts::new(&document, &config);
    rules::check(&facts, &mut diagnostics);
    // What is wrong with the text alone, such as a repeated key, leaves a value to run with.
    let plan = Plan::lower(&facts, &diagnostics[structural..]);
    name_consumers(&facts, &plan, &mut diagnostics);
    let checked = Checked { diagnostics: merge(diagnostics), ignored: 0, credentials };
    Ok(Compiled { plan, checked, obstacles: plan::obstacles(&facts) })
}

fn credentials(source: &SourceFile, document: Option<&Document>) -> Vec<Span> {
    match document {
        Some(document) => rules::literal_secret::credentials(document),
        None => rules::literal_secret::credentials_in_text(source.text()),
    }
}

/// The configuration of a document. Adds what is wrong with its structure to the findings of the text,
/// and says from where in them on.
fn read(document: &Document, diagnostics: &mut Vec<Diagnostic>) -> (Config, usize) {
    let (config, structural) = Config::read(document);
    // What a scalar is to another reader does not matter where it has to be written anew.
    let rewritten: FxHashSet<Span> =
        structural.iter().filter(|it| it.rule == Rule::WrongType).map(|it| it.place.span).collect();
    diagnostics.retain(|it| it.rule != Rule::AmbiguousScalar || !rewritten.contains(&it.place.span));
    let start = diagnostics.len();
    diagnostics.extend(structural);
    (config, start)
}

/// The one place where a severity is changed.
fn set_severities(mut diagnostics: Vec<Diagnostic>, options: &Options) -> Vec<Diagnostic> {
    diagnostics.retain_mut(|diagnostic| {
        if options.target == Target::Kong && diagnostic.rule == Rule::KongPortability {
            diagnostic.severity = Severity::Error;
        }
        match options.levels.iter().rev().find(|(rule, _)| *rule == diagnostic.rule) {
            Some((_, Level::Allow)) => return false,
            Some((_, Level::Warn)) => diagnostic.severity = Severity::Warning,
            Some((_, Level::Deny)) => diagnostic.severity = Severity::Error,
            None => {}
        }
        true
    });
    diagnostics
}

/// Sorts findings and makes one of those that a rule reports at the same range (an anchored value
/// used in several places, a template that several routes break): the others become related, or are
/// counted beyond [`SHOWN_PLACES`].
fn merge(mut diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
    diagnostics.sort_by(|a, b| {
        let key = |d: &Diagnostic| (d.place.span, d.rule, Reverse(d.severity));
        key(a)
            .cmp(&key(b))
            .then_with(|| a.place.pointer.len().cmp(&b.place.pointer.len()))
            .then_with(|| a.place.pointer.cmp(&b.place.pointer))
            .then_with(|| a.message.cmp(&b.message))
    });
    let mut first: FxHashMap<(Rule, Span), usize> = FxHashMap::default();
    let mut merged: Vec<Diagnostic> = Vec::new();
    let mut more: Vec<usize> = Vec::new();
    for diagnostic in diagnostics {
        match first.get(&(diagnostic.rule, diagnostic.place.span)) {
            None => {
                first.insert((diagnostic.rule, diagnostic.place.span), merged.len());
                merged.push(diagnostic);
                more.push(0);
            }
            Some(&index) => {
                let kept = &mut merged[index];
                if kept.related.len() >= SHOWN_PLACES {
                    more[index] += 1;
                    continue;
                }
                let message = if diagnostic.place.pointer == kept.place.pointer {
                    diagnostic.message
                } else {
                    format!("also at {}: {}", diagnostic.place.pointer, diagnostic.message)
                };
                let related = Related { message, span: diagnostic.place.span };
                if related.message != kept.message && !kept.related.contains(&related) {
                    kept.related.push(related);
                }
            }
        }
    }
    for (kept, more) in merged.iter_mut().zip(more).filter(|(_, more)| *more > 0) {
        kept.related.push(Related { message: format!("and {more} more here"), span: kept.place.span });
    }
    merged
}

/// A list of a hundred aliases of one value that is wrong in one way needs no hundred lines.
const SHOWN_PLACES: usize = 16;
