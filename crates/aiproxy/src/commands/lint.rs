//! `aiproxy lint`.

use config_core::{
    check::{Options, Target, check},
    diagnostic::Severity,
    source::SourceFile,
};

use crate::{
    Answer, Failure, Verdict,
    cli::{FailOn, Lint, LintFormat, LintTarget},
    files,
    output::{FileReport, Report, concise, github, human, json, sarif},
    terminal::{Terminal, printable},
};

/// Checks every input and prints what was found.
pub fn run(args: &Lint, terminal: &Terminal) -> Result<Answer, Failure> {
    let inputs = files::read_all(&args.paths, &args.stdin_filename);
    if inputs.files.is_empty() && inputs.unreadable.is_empty() {
        return Err(nothing_to_check(args));
    }
    let environment = |name: &str| std::env::var_os(name).is_some();
    let options = Options {
        target: match args.target {
            LintTarget::Aiproxy => Target::Aiproxy,
            LintTarget::Kong => Target::Kong,
        },
        levels: args.levels.0.clone(),
        report_ignored: args.no_ignores,
        environment: args.check_env.then_some(&environment as &dyn Fn(&str) -> bool),
    };
    let report = Report {
        complete: inputs.unreadable.is_empty(),
        files: inputs.files.into_iter().map(|((name, _), bytes)| lint(name, bytes, &options)).collect(),
    };
    let mut answer = Answer::good(render(&report, args, terminal));
    for trouble in &inputs.unreadable {
        answer.stderr.push_str(&format!("{} {}\n", terminal.error("error:"), printable(trouble)));
    }
    if args.statistics {
        let counts = statistics(&report);
        // Formats for programs stay what the program expects.
        let out = if args.format == LintFormat::Human { &mut answer.stdout } else { &mut answer.stderr };
        out.push_str(&counts);
    }
    answer.verdict = verdict(&report, args.fail_on);
    Ok(answer)
}

fn lint(name: String, bytes: Vec<u8>, options: &Options) -> FileReport {
    let source = SourceFile::from_bytes(name, bytes);
    let checked = check(&source, options);
    FileReport {
        diagnostics: checked.diagnostics,
        ignored: checked.ignored,
        source: source.masked(&checked.credentials),
    }
}

fn render(report: &Report, args: &Lint, terminal: &Terminal) -> String {
    match args.format {
        LintFormat::Human => human::render(report, terminal, args.quiet),
        LintFormat::Concise => concise::render(report, terminal),
        LintFormat::Json => json::render(report),
        LintFormat::Sarif => sarif::render(report),
        LintFormat::Github => github::render(report),
    }
}

/// Findings per rule, in the order of the manual.
fn statistics(report: &Report) -> String {
    let rules = report.by_rule();
    rules.iter().map(|(rule, count)| format!("{count:>7}  {}\n", rule.id())).collect()
}

fn verdict(report: &Report, fail_on: FailOn) -> Verdict {
    let gate = match fail_on {
        FailOn::Error => Some(Severity::Error),
        FailOn::Warning => Some(Severity::Warning),
        FailOn::Info => Some(Severity::Info),
        FailOn::Never => None,
    };
    if !report.complete {
        Verdict::Unanswered
    } else if gate.is_some_and(|gate| report.findings().any(|(_, finding)| finding.severity >= gate)) {
        Verdict::Wanting
    } else {
        Verdict::Good
    }
}

fn nothing_to_check(args: &Lint) -> Failure {
    let paths: Vec<_> = args.paths.iter().map(|path| format!("`{}`", files::display_name(path))).collect();
    Failure::NothingToCheck(format!(
        "no *.yaml, *.yml or *.json file with routes, services or plugins under {}\n  help: name a file \
         to check it whatever it holds",
        paths.join(", ")
    ))
}
