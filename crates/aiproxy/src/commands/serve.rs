//! `aiproxy serve`: makes sure that the file can be served, then serves it until told to stop.

mod notice;
mod run;

use config_core::{
    check::{self, Compiled},
    diagnostic::{Diagnostic, Severity},
    plan::Plan,
    source::SourceFile,
};
use runtime::{
    AccessLog, Gateway, Identities, Limits, Upstream,
    secrets::{Keys, Secrets},
};
use rustls_pki_types::{CertificateDer, pem::PemObject};

use crate::{
    Answer, Failure, Verdict,
    cli::{AccessLogTarget, Serve},
    files,
    terminal::Terminal,
};

use notice::Notices;

/// Serves a file, or says what keeps it from being served. Returns when the gateway has stopped.
pub fn run(args: &Serve, terminal: &Terminal) -> Result<Answer, Failure> {
    let source = files::read_one(&args.file, &args.stdin_filename)?;
    let mut notices = Notices::new(source.name(), terminal);
    let Some(Prepared { plan, secrets, keys, identities }) = prepare(&source, args, &mut notices) else {
        notices.not_served();
        return Ok(Answer { verdict: Verdict::Wanting, stdout: String::new(), stderr: notices.text });
    };
    let upstream = upstream(args)?;
    if args.check {
        notices.served();
        return Ok(Answer { verdict: Verdict::Good, stdout: String::new(), stderr: notices.text });
    }
    notices.print();
    let log = access_log(&args.access_log)?;
    let limits = Limits {
        connections: args.max_connections,
        in_flight: args.max_in_flight,
        drain_time: args.drain_time,
        ..Limits::default()
    };
    let gateway = Gateway::new(plan, secrets, keys, identities, upstream, log.clone(), limits.clone());
    run::until_told_to_stop(args, gateway, limits)?;
    log.close();
    Ok(Answer::good(String::new()))
}

/// Everything that serving a file takes.
struct Prepared {
    plan: Plan,
    secrets: Secrets,
    keys: Keys,
    identities: Identities,
}

/// Makes ready what serving a file takes; `None` if something keeps it from being served.
fn prepare(source: &SourceFile, args: &Serve, notices: &mut Notices) -> Option<Prepared> {
    let (checked, compiled) = match check::compile(source) {
        Ok(Compiled { plan, checked, obstacles }) => (checked, Some((plan, obstacles))),
        Err(checked) => (checked, None),
    };
    let is_error = |finding: &Diagnostic| finding.severity == Severity::Error;
    let (errors, others): (Vec<_>, Vec<_>) = checked.diagnostics.into_iter().partition(is_error);
    if !errors.is_empty() {
        notices.errors(source.clone().masked(&checked.credentials), errors);
        return None;
    }
    let (mut plan, obstacles) = compiled?;
    if !obstacles.is_empty() {
        notices.obstacles(&obstacles);
        return None;
    }
    notices.warnings(source, &others);
    if !plan.has_proxies() {
        notices.nothing_to_serve();
    }
    for (provider, endpoint) in &args.upstream {
        if plan.replace_endpoint(*provider, endpoint) == 0 {
            notices.unused_upstream(*provider);
        }
    }
    let environment = |name: &str| std::env::var(name).ok();
    if args.mock {
        let (secrets, keys, missing) = Secrets::stand_in(&plan, &environment);
        notices.unknown_keys(&missing);
        let identities = Identities::stand_in(&mut plan);
        return Some(Prepared { plan, secrets, keys, identities });
    }
    if !args.listen.ip().to_canonical().is_loopback() {
        notices.open_routes(plan.open_routes(), args.listen);
    }
    let resolved = Secrets::resolve(&plan, &environment);
    let (secrets, keys) = resolved.map_err(|missing| notices.missing_secrets(&missing)).ok()?;
    let identities = Identities::resolve(&mut plan, &secrets, &environment);
    let identities = identities.map_err(|problems| notices.unusable_identities(&problems)).ok()?;
    Some(Prepared { plan, secrets, keys, identities })
}

fn upstream(args: &Serve) -> Result<Upstream, Failure> {
    if args.mock {
        return Ok(Upstream::mock());
    }
    let Some(file) = &args.ca_file else {
        return Upstream::http(Vec::new()).map_err(|error| Failure::Unavailable(error.to_string()));
    };
    let bytes = files::read(file).map_err(|cause| Failure::Unreadable { path: file.clone(), cause })?;
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    let unusable = |why: String| Failure::Usage(format!("--ca-file {}: {why}", file.display()));
    let certificates = certificates.map_err(|error| unusable(error.to_string()))?;
    if certificates.is_empty() {
        return Err(unusable("there is no certificate (PEM) in the file".to_owned()));
    }
    Upstream::http(certificates).map_err(|error| unusable(error.to_string()))
}

fn access_log(target: &AccessLogTarget) -> Result<AccessLog, Failure> {
    match target {
        AccessLogTarget::Off => Ok(AccessLog::off()),
        AccessLogTarget::Stdout => Ok(AccessLog::stdout()),
        AccessLogTarget::File(path) => AccessLog::file(path).map_err(|cause| {
            Failure::Unavailable(format!("cannot write the access log to `{}`: {cause}", path.display()))
        }),
    }
}
