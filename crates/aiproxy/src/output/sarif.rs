//! `--format sarif`: SARIF 2.1.0, for code scanning. Only the part of the standard that a finding
//! fills; <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html> has the names.

use config_core::{
    diagnostic::{Diagnostic, Fix, Severity},
    rules::Rule,
    source::{SourceFile, Span},
};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde::Serialize;

use super::{Report, replay, to_json};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Log<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'a> {
    tool: Tool,
    invocations: [Invocation; 1],
    column_kind: &'static str,
    results: Vec<Finding<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    execution_successful: bool,
}

#[derive(Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Serialize)]
struct Driver {
    name: &'static str,
    version: &'static str,
    rules: Vec<Descriptor>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    id: &'static str,
    short_description: Text<'static>,
    help: Help,
    default_configuration: Configuration,
}

#[derive(Serialize)]
struct Help {
    text: String,
    markdown: &'static str,
}

#[derive(Serialize)]
struct Configuration {
    level: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Finding<'a> {
    rule_id: &'static str,
    rule_index: usize,
    level: &'static str,
    message: OwnedText,
    locations: [Location<'a>; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Location<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fixes: Vec<Mend<'a>>,
}

#[derive(Serialize)]
struct Text<'a> {
    text: &'a str,
}

#[derive(Serialize)]
struct OwnedText {
    text: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<usize>,
    physical_location: PhysicalLocation,
    #[serde(skip_serializing_if = "Option::is_none")]
    logical_locations: Option<[LogicalLocation<'a>; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Text<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: ArtifactLocation,
    region: Region,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LogicalLocation<'a> {
    fully_qualified_name: &'a str,
}

#[derive(Serialize)]
struct ArtifactLocation {
    uri: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: usize,
    start_column: usize,
    end_line: usize,
    end_column: usize,
    byte_offset: usize,
    byte_length: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Mend<'a> {
    description: Text<'a>,
    artifact_changes: [ArtifactChange<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ArtifactChange<'a> {
    artifact_location: ArtifactLocation,
    replacements: Vec<Replacement<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Replacement<'a> {
    deleted_region: Region,
    inserted_content: Text<'a>,
}

/// The whole report as one run.
pub fn render(report: &Report) -> String {
    let rules: Vec<Rule> = report.by_rule().into_iter().map(|(rule, _)| rule).collect();
    let results = report.findings().map(|(source, finding)| {
        let index = rules.iter().position(|rule| *rule == finding.rule);
        result(source, finding, index.expect("every finding's rule was collected above"))
    });
    to_json(&Log {
        schema: "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        version: "2.1.0",
        runs: [Run {
            results: results.collect(),
            tool: Tool {
                driver: Driver {
                    name: "aiproxy",
                    version: env!("CARGO_PKG_VERSION"),
                    rules: rules.into_iter().map(descriptor).collect(),
                },
            },
            invocations: [Invocation { execution_successful: report.complete }],
            column_kind: "unicodeCodePoints",
        }],
    })
}

fn descriptor(rule: Rule) -> Descriptor {
    Descriptor {
        id: rule.id(),
        short_description: Text { text: rule.summary() },
        help: Help { text: format!("aiproxy rules {}", rule.id()), markdown: rule.page() },
        default_configuration: Configuration { level: level(rule.severity()) },
    }
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

fn result<'a>(source: &SourceFile, finding: &'a Diagnostic, rule_index: usize) -> Finding<'a> {
    let help = finding.help.as_ref().map(|help| format!("\nhelp: {help}")).unwrap_or_default();
    let witness = finding.witness.as_ref();
    let witness = witness.map(|it| format!("\ntry: {}", replay::command(source, it))).unwrap_or_default();
    let related = finding.related.iter().enumerate().map(|(index, related)| Location {
        id: Some(index),
        physical_location: physical(source, related.span),
        logical_locations: None,
        message: Some(Text { text: &related.message }),
    });
    Finding {
        rule_id: finding.rule.id(),
        rule_index,
        level: level(finding.severity),
        message: OwnedText { text: format!("{}{help}{witness}", finding.message) },
        locations: [Location {
            id: None,
            physical_location: physical(source, finding.place.span),
            logical_locations: Some([LogicalLocation { fully_qualified_name: &finding.place.pointer }]),
            message: None,
        }],
        related_locations: related.collect(),
        fixes: finding.fix.iter().map(|fix| mend(source, fix)).collect(),
    }
}

fn mend<'a>(source: &SourceFile, fix: &'a Fix) -> Mend<'a> {
    let replacements = fix.edits.iter().map(|edit| Replacement {
        deleted_region: region(source, edit.span),
        inserted_content: Text { text: &edit.text },
    });
    Mend {
        description: Text { text: &fix.title },
        artifact_changes: [ArtifactChange {
            artifact_location: artifact(source),
            replacements: replacements.collect(),
        }],
    }
}

fn physical(source: &SourceFile, span: Span) -> PhysicalLocation {
    PhysicalLocation { artifact_location: artifact(source), region: region(source, span) }
}

fn region(source: &SourceFile, span: Span) -> Region {
    let (start, end) = (source.position(span.range().start), source.position(span.range().end));
    Region {
        start_line: start.line,
        start_column: start.column,
        end_line: end.line,
        end_column: end.column,
        byte_offset: start.byte,
        byte_length: end.byte - start.byte,
    }
}

/// The file's name as a relative URI: everything that has a meaning in a URI and none in a path is
/// encoded.
fn artifact(source: &SourceFile) -> ArtifactLocation {
    const RESERVED: &AsciiSet = &CONTROLS
        .add(b' ')
        .add(b'"')
        .add(b'#')
        .add(b'%')
        .add(b':')
        .add(b'<')
        .add(b'>')
        .add(b'?')
        .add(b'[')
        .add(b'\\')
        .add(b']')
        .add(b'^')
        .add(b'`')
        .add(b'{')
        .add(b'|')
        .add(b'}');
    ArtifactLocation { uri: utf8_percent_encode(source.name(), RESERVED).to_string() }
}

#[cfg(test)]
mod tests {
    #[test]
    fn uris_are_relative_and_columns_count_characters() {
        // The manual may change its pages without changing this format.
        insta::with_settings!({filters => vec![(r#""markdown": ".*""#, r#""markdown": "[page]""#)]}, {
            insta::assert_snapshot!(super::render(&crate::output::tests::report()));
        });
    }
}
