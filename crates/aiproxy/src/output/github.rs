//! `--format github`: workflow commands, which GitHub Actions shows at the lines of a change.

use config_core::diagnostic::Severity;

use super::{Report, replay};
use crate::terminal::printable;

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
        // An annotation stands at one place; what belongs to others is told there.
        let related: String = finding
            .related
            .iter()
            .map(|it| format!("\nline {}: {}", source.position(it.span.range().start).line, it.message))
            .collect();
        let help = finding.help.as_ref().map(|help| format!("\nhelp: {help}")).unwrap_or_default();
        let witness = finding.witness.as_ref();
        let witness = witness.map(|it| format!("\ntry: {}", replay::command(source, it))).unwrap_or_default();
        out.push_str(&format!(
            "::{command} file={},line={},col={},endLine={},endColumn={},title={}::{}\n",
            property(source.name()),
            start.line,
            start.column,
            end.line,
            end.column,
            property(finding.rule.id()),
            data(&format!("{}{related}{help}{witness}", finding.message)),
        ));
    }
    out
}

/// The message of a command: what would end it is escaped, and nothing drives a terminal.
fn data(text: &str) -> String {
    let escaped = text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    printable(&escaped).into_owned()
}

/// The value of a command's property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    #[test]
    fn text_drives_no_terminal() {
        assert_eq!(super::property("\x1b[2J\u{202e}a:b\r"), "?[2J\u{fffd}a%3Ab%0D");
    }

    #[test]
    fn text_cannot_end_a_command_or_a_property() {
        insta::assert_snapshot!(super::render(&crate::output::tests::report()));
    }
}
