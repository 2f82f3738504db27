//! `--format concise`: one line a finding, for editors and grep.

use super::Report;
use crate::terminal::{Terminal, printable};

/// `path:line:col: severity[rule] message`.
pub fn render(report: &Report, terminal: &Terminal) -> String {
    let mut out = String::new();
    for (source, finding) in report.findings() {
        let at = source.position(finding.place.span.range().start);
        let code = terminal.code(finding.severity, finding.rule);
        let line = format!("{}:{}:{}: {code} ", one_line(source.name()), at.line, at.column);
        out.push_str(&line);
        out.push_str(&one_line(&finding.message));
        out.push('\n');
    }
    out
}

fn one_line(text: &str) -> String {
    printable(text).replace('\n', " ")
}
