//! `--format json`: the document of `schemas/lint.schema.json`. Scripts rely on it: fields are
//! added, never renamed or left out.

use config_core::{
    diagnostic::{Diagnostic, Fix, Safety, Severity, Witness},
    plan::request::Scheme,
    source::{Position, SourceFile, Span},
};
use serde::Serialize;
use serde_json::{Map, Value};

use super::{Report, to_json};

#[derive(Serialize)]
struct Document<'a> {
    format: &'static str,
    tool: Tool,
    /// No finding is an error and every input could be read.
    valid: bool,
    summary: Summary,
    diagnostics: Vec<Finding<'a>>,
}

#[derive(Serialize)]
struct Tool {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
struct Summary {
    files: usize,
    error: usize,
    warning: usize,
    info: usize,
    ignored: usize,
}

#[derive(Serialize)]
struct Finding<'a> {
    rule: &'static str,
    severity: &'static str,
    message: &'a str,
    help: Option<&'a str>,
    file: &'a str,
    pointer: &'a str,
    range: Range,
    related: Vec<RelatedRange<'a>>,
    witness: Option<Request<'a>>,
    fix: Option<Mend<'a>>,
}

#[derive(Serialize)]
struct Range {
    start: Point,
    end: Point,
}

#[derive(Serialize)]
struct Point {
    line: usize,
    column: usize,
    byte: usize,
}

#[derive(Serialize)]
struct RelatedRange<'a> {
    message: &'a str,
    file: &'a str,
    range: Range,
}

#[derive(Serialize)]
struct Request<'a> {
    scheme: &'static str,
    sni: Option<&'a str>,
    method: &'a str,
    path: &'a str,
    headers: Map<String, Value>,
    consumer: Option<&'a str>,
}

#[derive(Serialize)]
struct Mend<'a> {
    title: &'a str,
    safety: &'static str,
    edits: Vec<Replacement<'a>>,
}

#[derive(Serialize)]
struct Replacement<'a> {
    range: Range,
    text: &'a str,
}

/// The whole report as one document.
pub fn render(report: &Report) -> String {
    let error = report.count(Severity::Error);
    to_json(&Document {
        format: "aiproxy-lint/1",
        tool: Tool { name: "aiproxy", version: env!("CARGO_PKG_VERSION") },
        valid: error == 0 && report.complete,
        summary: Summary {
            files: report.files.len(),
            error,
            warning: report.count(Severity::Warning),
            info: report.count(Severity::Info),
            ignored: report.ignored(),
        },
        diagnostics: report.findings().map(|(source, finding)| self::finding(source, finding)).collect(),
    })
}

fn finding<'a>(source: &'a SourceFile, finding: &'a Diagnostic) -> Finding<'a> {
    let related = finding.related.iter().map(|related| RelatedRange {
        message: &related.message,
        file: source.name(),
        range: range(source, related.span),
    });
    Finding {
        rule: finding.rule.id(),
        severity: finding.severity.as_str(),
        message: &finding.message,
        help: finding.help.as_deref(),
        file: source.name(),
        pointer: &finding.place.pointer,
        range: range(source, finding.place.span),
        related: related.collect(),
        witness: finding.witness.as_ref().map(request),
        fix: finding.fix.as_ref().map(|fix| mend(source, fix)),
    }
}

fn range(source: &SourceFile, span: Span) -> Range {
    let point = |byte| {
        let Position { line, column, byte } = source.position(byte);
        Point { line, column, byte }
    };
    Range { start: point(span.range().start), end: point(span.range().end) }
}

/// A header that is sent twice is one member, its values joined as HTTP joins them.
fn request(witness: &Witness) -> Request<'_> {
    let mut headers = Map::new();
    for (name, value) in &witness.headers {
        let joined = match headers.get(name).and_then(Value::as_str) {
            Some(before) => format!("{before}, {value}"),
            None => value.clone(),
        };
        headers.insert(name.clone(), joined.into());
    }
    Request {
        scheme: match witness.scheme {
            Scheme::Http => "http",
            Scheme::Https => "https",
        },
        sni: witness.sni.as_deref(),
        method: &witness.method,
        path: &witness.path,
        headers,
        consumer: witness.consumer.as_deref(),
    }
}

fn mend<'a>(source: &SourceFile, fix: &'a Fix) -> Mend<'a> {
    let edits =
        fix.edits.iter().map(|edit| Replacement { range: range(source, edit.span), text: &edit.text });
    Mend {
        title: &fix.title,
        safety: match fix.safety {
            Safety::Safe => "safe",
            Safety::Unsafe => "unsafe",
        },
        edits: edits.collect(),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn nothing_is_left_out() {
        insta::assert_snapshot!(super::render(&crate::output::tests::report()));
    }
}
