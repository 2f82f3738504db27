//! `aiproxy serve`: makes sure that the file can be served, then serves it until told to stop.

mod notice;

use std::io::{self, Write};

use config_core::{
    check::{self, Checked, Compiled},
    diagnostic::{Diagnostic, Severity},
    plan::Plan,
    source::SourceFile,
};
use runtime::secrets::{Keys, Secrets};

use crate::{Answer, Failure, Verdict, cli::Serve, files, terminal::Terminal};

use notice::Notices;

/// Serves a file, or says what keeps it from being served.
pub fn run(args: &Serve, terminal: &Terminal) -> Result<Answer, Failure> {
    let source = files::read_one(&args.file, &args.stdin_filename)?;
    let mut notices = Notices::new(source.name(), terminal);
    let Some((_plan, _secrets, _keys)) = prepare(&source, args, &mut notices) else {
        notices.not_served();
        return Ok(Answer { verdict: Verdict::Wanting, stdout: String::new(), stderr: notices.text });
    };
    if args.check {
        notices.served();
        return Ok(Answer { verdict: Verdict::Good, stdout: String::new(), stderr: notices.text });
    }
    // Nobody may be there to read it.
    let _ = io::stderr().write_all(notices.text.as_bytes());
    Ok(Answer::good(String::new()))
}

/// Everything that serving a file takes; `None` if something keeps it from being served.
fn prepare(source: &SourceFile, args: &Serve, notices: &mut Notices) -> Option<(Plan, Secrets, Keys)> {
    // To a gateway an ignored error is an error.
    let options = check::Options { report_ignored: true, ..check::Options::default() };
    let Checked { diagnostics, credentials, .. } = check::check(source, &options);
    let is_error = |finding: &Diagnostic| finding.severity == Severity::Error;
    let (errors, others): (Vec<_>, Vec<_>) = diagnostics.into_iter().partition(is_error);
    if !errors.is_empty() {
        notices.errors(source.clone().masked(&credentials), errors);
        return None;
    }
    let Compiled { mut plan, .. } = check::compile(source)?;
    notices.warnings(source, &others);
    for (provider, endpoint) in &args.upstream {
        plan.replace_endpoint(*provider, endpoint);
    }
    let environment = |name: &str| std::env::var(name).ok();
    let (secrets, keys) = if args.mock {
        let (secrets, keys, missing) = Secrets::stand_in(&plan, &environment);
        notices.unknown_keys(&missing);
        (secrets, keys)
    } else {
        match Secrets::resolve(&plan, &environment) {
            Ok(resolved) => resolved,
            Err(missing) => {
                notices.missing_secrets(&missing);
                return None;
            }
        }
    };
    Some((plan, secrets, keys))
}
