//! `--format github`: workflow commands, which GitHub Actions shows at the lines of a change.

use config_core::diagnostic::Severity;

use super::Report;

/// `::error file=…,line=…,col=…,endLine=…,endColumn=…,title=…::message`.
pub fn render(report: &Report) -> String {
    let mut out = String::new();
    for (source, finding) in report.findings() {
        let span = finding.place.span.range();
        let (start, end) = (source.position(span.start), source.position(span.end));
        let command = match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "notice",
        };
        let help = finding.help.as_ref().map(|help| format!("\nhelp: {help}")).unwrap_or_default();
        out.push_str(&format!(
            "::{command} file={},line={},col={},endLine={},endColumn={},title={}::{}\n",
            property(source.name()),
            start.line,
            start.column,
            end.line,
            end.column,
            property(finding.rule.id()),
            data(&format!("{}{help}", finding.message)),
        ));
    }
    out
}

/// The message of a command: what would end it is escaped.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a command's property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    #[test]
    fn text_cannot_end_a_command_or_a_property() {
        insta::assert_snapshot!(super::render(&crate::output::tests::report()));
    }
}
