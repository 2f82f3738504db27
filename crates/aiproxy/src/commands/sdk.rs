//! `aiproxy sdk`: reads the configuration, asks which base leads clients to each route, prints it.

use config_core::{
    check,
    diagnostic::Severity,
    model::RouteIndex,
    plan::{Plan, Route},
    sdk::Sdk,
    suggest,
};

use crate::{
    Answer, Failure, Verdict,
    cli::{self, SdkFormat},
    files,
    output::{FileReport, Report, human, plural, to_json},
    sdk::{self, Document},
    terminal::Terminal,
};

/// Answers for all routes, or for one.
pub fn run(args: &cli::Sdk, terminal: &Terminal) -> Result<Answer, Failure> {
    let source = files::read_one(&args.file, &args.stdin_filename)?;
    let compiled = match check::compile(&source) {
        Ok(compiled) => compiled,
        Err(checked) => {
            let check::Checked { diagnostics, credentials, .. } = checked;
            let text = match args.format {
                SdkFormat::Json => {
                    let notes = diagnostics.first().map(|finding| {
                        let line = source.position(finding.place.span.range().start).line;
                        let rule = finding.rule.id();
                        format!("the file cannot be read ({rule}, line {line}): {}", finding.message)
                    });
                    to_json(&Document::new(&args.origin, [], notes.into_iter().collect()))
                }
                SdkFormat::Human => {
                    let file = FileReport { source: source.masked(&credentials), diagnostics, ignored: 0 };
                    human::render(&Report { files: vec![file], complete: true }, terminal, true)
                }
            };
            return Ok(Answer { verdict: Verdict::Wanting, ..Answer::good(text) });
        }
    };
    let errors = compiled.errors();
    let plan = &compiled.plan;
    let routes: Vec<RouteIndex> = match &args.route {
        Some(name) => vec![named(plan, name)?],
        None => (0..plan.routes().len()).map(RouteIndex).collect(),
    };
    let asked = Sdk::new(plan);
    let answers = routes.into_iter().map(|route| asked.answer(route, &args.origin));
    let notes = (errors > 0).then(|| {
        let count = plural(errors, "error");
        format!(
            "the file has {count}, with which it is not served; `aiproxy lint {}` shows them",
            source.name()
        )
    });
    let mut document = Document::new(&args.origin, answers, notes.into_iter().collect());
    for finding in &compiled.checked.diagnostics {
        let line = source.position(finding.place.span.range().start).line;
        if finding.severity == Severity::Error {
            document.blame(&finding.place.pointer, finding.rule, line);
        }
    }
    let text = match args.format {
        SdkFormat::Human => sdk::human::render(&document, terminal),
        SdkFormat::Json => to_json(&document),
    };
    let verdict = if document.is_any_reachable() { Verdict::Good } else { Verdict::Wanting };
    Ok(Answer { verdict, ..Answer::good(text) })
}

/// The route of this name, or at this pointer.
fn named(plan: &Plan, name: &str) -> Result<RouteIndex, Failure> {
    let is_meant = |route: &Route| route.name.as_deref() == Some(name) || route.pointer == name;
    let found = plan.routes().iter().position(is_meant);
    found.map(RouteIndex).ok_or_else(|| {
        let mut message = format!("no route of `{}` is called `{name}`", plan.file());
        let known = plan.routes().iter().map(|route| route.name.as_deref().unwrap_or(&route.pointer));
        if let Some(near) = suggest::nearest(name, known) {
            message.push_str(&format!("; a similar one is `{near}`"));
        }
        Failure::Usage(message)
    })
}
