//! `aiproxy rules`.

use config_core::rules::Rule;
use serde::Serialize;

use crate::{
    Answer, Failure,
    cli::{Rules, RulesFormat},
    output::to_json,
};

#[derive(Serialize)]
struct Document {
    format: &'static str,
    rules: Vec<Entry>,
}

#[derive(Serialize)]
struct Entry {
    id: &'static str,
    severity: &'static str,
    summary: &'static str,
    fixable: bool,
    /// Only when one rule is asked for: the whole manual is not a list.
    page: Option<&'static str>,
}

/// All rules, or one rule's page.
pub fn run(args: &Rules) -> Result<Answer, Failure> {
    let text = match (args.format, args.rule) {
        (RulesFormat::Text, None) => table(),
        (RulesFormat::Text, Some(rule)) => rule.page().to_owned(),
        (RulesFormat::Json, None) => json(Rule::ALL.iter().map(|rule| entry(*rule, None))),
        (RulesFormat::Json, Some(rule)) => json([entry(rule, Some(rule.page()))]),
    };
    Ok(Answer::good(text))
}

fn table() -> String {
    let width = Rule::ALL.iter().map(|rule| rule.id().len()).max().unwrap_or(0);
    Rule::ALL
        .iter()
        .map(|rule| format!("{:<7}  {:<width$}  {}\n", rule.severity().as_str(), rule.id(), rule.summary()))
        .collect()
}

fn entry(rule: Rule, page: Option<&'static str>) -> Entry {
    Entry {
        id: rule.id(),
        severity: rule.severity().as_str(),
        summary: rule.summary(),
        fixable: rule.fixable(),
        page,
    }
}

fn json(entries: impl IntoIterator<Item = Entry>) -> String {
    to_json(&Document { format: "aiproxy-rules/1", rules: entries.into_iter().collect() })
}
