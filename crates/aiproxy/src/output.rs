//! What lint found, in one file per format. Every format shows the same findings in the same order.

pub mod concise;
mod excerpt;
pub mod github;
pub mod human;
pub mod json;
mod replay;
pub mod sarif;

use config_core::{
    diagnostic::{Diagnostic, Severity},
    rules::Rule,
    source::SourceFile,
};
use serde::Serialize;

/// Everything that lint found.
pub struct Report {
    /// The checked files, by name.
    pub files: Vec<FileReport>,
    /// Whether every input could be read.
    pub complete: bool,
}

/// What lint found in one file.
pub struct FileReport {
    /// The file, named as findings show it.
    pub source: SourceFile,
    /// The findings, by position and rule.
    pub diagnostics: Vec<Diagnostic>,
    /// How many findings an ignore comment hides.
    pub ignored: usize,
}

impl Report {
    /// Every finding with its file.
    pub fn findings(&self) -> impl Iterator<Item = (&SourceFile, &Diagnostic)> {
        self.files.iter().flat_map(|file| file.diagnostics.iter().map(|finding| (&file.source, finding)))
    }

    /// The number of findings of `severity`.
    pub fn count(&self, severity: Severity) -> usize {
        self.findings().filter(|(_, finding)| finding.severity == severity).count()
    }

    /// The number of findings that ignore comments hide.
    pub fn ignored(&self) -> usize {
        self.files.iter().map(|file| file.ignored).sum()
    }

    /// The rules with findings, and how many, in the order of the manual.
    pub fn by_rule(&self) -> Vec<(Rule, usize)> {
        let of = |rule: Rule| self.findings().filter(|(_, finding)| finding.rule == rule).count();
        Rule::ALL.iter().map(|rule| (*rule, of(*rule))).filter(|(_, count)| *count > 0).collect()
    }
}

/// A JSON document, as every command prints it.
pub fn to_json(document: &impl Serialize) -> String {
    let json =
        serde_json::to_string_pretty(document).expect("our documents have string keys and finite numbers");
    json + "\n"
}

/// `1 error`, `2 errors`.
pub fn plural(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    //! Findings made by hand, so that looks are tested apart from what the rules say.

    use config_core::{
        diagnostic::{Diagnostic, Edit, Fix, Safety, Severity, Witness},
        plan::request::Scheme,
        rules::Rule,
        source::{SourceFile, Span},
        syntax::Place,
    };

    use super::{FileReport, Report};

    const TEXT: &str = "\u{feff}- name: réponse\n  paths: [\"~/(?<model>[^/]+)/chat$\"]\n  plugins:\n  - name: ai-proxy\n    config:\n      route_type: llm/v1/chat\n      model: {provider: openai, model: \"$(uri_captures.modle)\"}\n";

    pub fn place(source: &SourceFile, text: &str, pointer: &str) -> Place {
        let start = source.text().find(text).expect("the text is in the source");
        Place { span: Span::new(start..start + text.len()), pointer: pointer.into() }
    }

    pub fn report() -> Report {
        let source = SourceFile::new("api/a file,50%.yaml", TEXT);
        let template = place(&source, "uri_captures.modle", "/0/plugins/0/config/model/model");
        let alias = place(&source, "model: \"$", "/0/plugins/0/config/model/model");
        let group = place(&source, "(?<model>[^/]+)", "/0/paths/0");
        let key = Span::new(alias.span.range().start..alias.span.range().start + 5);
        let diagnostics = vec![
            Diagnostic::new(Rule::KongPortability, alias, "`model.model` is not a field of Kong's")
                .help("write `name`")
                .fix(Fix {
                    title: "rename to `name`".into(),
                    safety: Safety::Safe,
                    edits: vec![Edit { span: key, text: "name".into() }],
                }),
            Diagnostic::new(Rule::UndefinedCapture, template, "no path defines the capture `modle`")
                .help("a similar group exists: `model`")
                .related(group.span, "this path defines `model`")
                .witness(Witness {
                    scheme: Scheme::Https,
                    sni: Some("ai.test".into()),
                    method: "POST".into(),
                    path: "/x/chat".into(),
                    headers: vec![("x-tier".into(), "gold".into())],
                    consumer: None,
                }),
        ];
        let other = SourceFile::new("b.json", "{\"routes\":\n [1,\r\n  2]}");
        let first =
            Diagnostic::new(Rule::UnusedCapture, place(&other, "2", "/routes/1"), "50% used:\r\nnever")
                .severity(Severity::Info);
        Report {
            files: vec![
                FileReport { source, diagnostics, ignored: 1 },
                FileReport { source: other, diagnostics: vec![first], ignored: 0 },
            ],
            complete: true,
        }
    }
}
