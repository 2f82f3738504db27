//! `--format human`: each finding with its lines, and a count at the end.

use std::fmt;

use config_core::{
    diagnostic::{Diagnostic, Severity},
    source::{SourceFile, Span},
};
use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, SourceCode, ThemeCharacters, ThemeStyles};
use textwrap::{WordSeparator, WordSplitter};

use super::{
    Report,
    excerpt::{CONTEXT, Excerpt},
    plural, replay,
};
use crate::terminal::{Terminal, printable};

/// More than anybody reads in one go, and few enough to be printed at once.
const SHOWN: usize = 100;

/// The findings with their lines; the most severe [`SHOWN`] if there are more. `quiet` leaves out
/// everything else.
pub fn render(report: &Report, terminal: &Terminal, quiet: bool) -> String {
    let characters = ThemeCharacters::unicode();
    let styles = if terminal.color { ThemeStyles::ansi() } else { ThemeStyles::none() };
    let handler = GraphicalReportHandler::new_themed(GraphicalTheme { characters, styles })
        .with_width(terminal.width)
        .with_context_lines(CONTEXT)
        // Lines break at spaces only: the regexes and URLs in messages are there to be copied.
        .with_word_separator(WordSeparator::AsciiSpace)
        .with_word_splitter(WordSplitter::NoHyphenation)
        .with_links(false);
    let mut out = String::new();
    for (source, finding) in most_severe(report) {
        let view = View::new(source, finding);
        handler.render_report(&mut out, &view).expect("writing to a string cannot fail");
        if let Some(witness) = &finding.witness {
            // On a line of its own, which is not wrapped: it is there to be pasted.
            let command = replay::command(source, witness);
            out.push_str(&format!("   try: {}\n", printable(&command)));
        }
        out.push('\n');
    }
    if !quiet {
        out.push_str(&ending(report, terminal));
    }
    out
}

/// The findings to show, in the order of the report.
fn most_severe(report: &Report) -> Vec<(&SourceFile, &Diagnostic)> {
    let mut findings: Vec<_> = report.findings().enumerate().collect();
    findings.sort_by_key(|(index, (_, finding))| (std::cmp::Reverse(finding.severity), *index));
    findings.truncate(SHOWN);
    findings.sort_by_key(|(index, _)| *index);
    findings.into_iter().map(|(_, finding)| finding).collect()
}

/// What was cut, where to read on, and the counts; nothing if no file could be read.
fn ending(report: &Report, terminal: &Terminal) -> String {
    let mut out = String::new();
    if report.files.is_empty() {
        return out;
    }
    let cut = report.findings().count().saturating_sub(SHOWN);
    if cut > 0 {
        let cut = plural(cut, "more finding");
        out.push_str(&format!("{cut} not shown; `--format concise` or `json` prints all\n"));
    }
    if let Some((rule, _)) = report.by_rule().first() {
        out.push_str(&format!("for more about a rule: `aiproxy rules {}`\n\n", rule.id()));
    }
    out.push_str(&summary(report, terminal));
    out
}

/// `2 files checked: 1 error, 3 infos`.
fn summary(report: &Report, terminal: &Terminal) -> String {
    let ignored = match report.ignored() {
        0 => String::new(),
        count => format!(" ({count} ignored)"),
    };
    let counts: Vec<_> = [Severity::Error, Severity::Warning, Severity::Info]
        .into_iter()
        .map(|severity| (severity, report.count(severity)))
        .filter(|(_, count)| *count > 0)
        .map(|(severity, count)| match severity {
            Severity::Error => terminal.error(&plural(count, "error")),
            Severity::Warning => terminal.warning(&plural(count, "warning")),
            Severity::Info => plural(count, "info"),
        })
        .collect();
    let counts = if counts.is_empty() { "no findings".to_owned() } else { counts.join(", ") };
    format!(
        "{}: {counts}{ignored}\n",
        terminal.strong(&format!("{} checked", plural(report.files.len(), "file")))
    )
}

/// A finding as miette wants to see it.
#[derive(Debug)]
struct View {
    code: String,
    severity: Severity,
    message: String,
    help: Option<String>,
    excerpt: Excerpt,
    labels: Vec<LabeledSpan>,
}

impl View {
    fn new(source: &SourceFile, finding: &Diagnostic) -> Self {
        let spans: Vec<Span> = std::iter::once(finding.place.span)
            .chain(finding.related.iter().map(|related| related.span))
            .collect();
        let (excerpt, shown) = Excerpt::new(source, &spans);
        let texts = std::iter::once(None)
            .chain(finding.related.iter().map(|related| Some(printable(&related.message).into_owned())));
        let labels = texts.zip(shown).map(|(text, span)| match text {
            None => LabeledSpan::new_primary_with_span(None, span),
            text => LabeledSpan::new_with_span(text, span),
        });
        Self {
            code: format!("{}[{}]", finding.severity.as_str(), finding.rule.id()),
            severity: finding.severity,
            message: printable(&finding.message).into_owned(),
            help: help(finding),
            excerpt,
            labels: labels.collect(),
        }
    }
}

/// What to do, and the edit that does it.
fn help(finding: &Diagnostic) -> Option<String> {
    let fix = finding.fix.as_ref().map(|fix| format!("fix: {}", fix.title));
    let lines: Vec<_> = finding.help.clone().into_iter().chain(fix).collect();
    (!lines.is_empty()).then(|| printable(&lines.join("\n")).into_owned())
}

impl fmt::Display for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for View {}

impl miette::Diagnostic for View {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(&self.code))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
            Severity::Info => miette::Severity::Advice,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.excerpt)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().cloned()))
    }
}

#[cfg(test)]
mod tests {
    use config_core::{
        diagnostic::Diagnostic,
        rules::Rule,
        source::{SourceFile, Span},
        syntax::Place,
    };

    use super::{
        super::{FileReport, Report, tests},
        render,
    };
    use crate::terminal::Terminal;

    const PLAIN: Terminal = Terminal { color: false, width: 100 };

    fn one(text: &str, spans: &[(usize, usize)]) -> Report {
        let place = Place { span: Span::new(spans[0].0..spans[0].1), pointer: String::new() };
        let mut finding = Diagnostic::new(Rule::WrongType, place, "not \x1b[31mthis");
        for (start, end) in &spans[1..] {
            finding = finding.related(Span::new(*start..*end), "and here");
        }
        let source = SourceFile::new("a.yaml", text);
        Report { files: vec![FileReport { source, diagnostics: vec![finding], ignored: 0 }], complete: true }
    }

    #[test]
    fn findings_are_shown_in_their_lines() {
        insta::assert_snapshot!(render(&tests::report(), &PLAIN, false));
    }

    #[test]
    fn colours_are_a_matter_of_the_terminal() {
        insta::assert_snapshot!(render(&tests::report(), &Terminal { color: true, width: 100 }, true));
    }

    #[test]
    fn long_lines_are_cut_around_the_labels() {
        let text = format!("a: 1\nb: [{}12345{}678]\nc: 2\n", "é, ".repeat(100_000), "0, ".repeat(100_000));
        let first = text.find("12345").unwrap();
        let second = text.find("678").unwrap();
        insta::assert_snapshot!(render(
            &one(&text, &[(first, first + 5), (second, second + 3)]),
            &PLAIN,
            true
        ));
    }

    #[test]
    fn far_lines_are_shown_apart_and_near_ones_together() {
        let lines: String = (1..=30).map(|line| format!("line{line:02}\n")).collect();
        insta::assert_snapshot!(render(&one(&lines, &[(7, 13), (28, 34), (196, 202)]), &PLAIN, true));
    }

    #[test]
    fn a_range_over_lines_is_shown_by_its_first_and_controls_as_marks() {
        let text = "a:\tx\x1b[2J\n  b: \u{202e}1\n  c: 2";
        insta::assert_snapshot!(render(&one(text, &[(3, text.len())]), &PLAIN, true));
    }

    #[test]
    fn the_end_of_a_file_and_an_empty_file_can_be_shown() {
        insta::assert_snapshot!(
            render(&one("a: [\n", &[(5, 5)]), &PLAIN, true) + &render(&one("", &[(0, 0)]), &PLAIN, true)
        );
    }

    #[test]
    fn the_most_severe_findings_are_shown_if_there_are_too_many() {
        let finding = |rule| Diagnostic::new(rule, Place { span: Span::at(0), pointer: String::new() }, "m");
        let mut report = one("a", &[(0, 1)]);
        report.files[0].diagnostics.splice(..0, (0..150).map(|_| finding(Rule::UnusedCapture)));
        let text = render(&report, &PLAIN, false);
        assert_eq!(text.matches("error[wrong-type]").count(), 1);
        assert_eq!(text.matches("info[unused-capture]").count(), 99);
        assert!(text.contains("51 more findings not shown"), "{text}");
    }
}
