//! Configurations as platform teams keep them: lint raises no false alarm, and each request goes where its
//! clients rely on.
//!
//! A warning that is right and that the team accepts is justified where it stands, at the end of its line or in
//! a comment directly above: `# justified[rule]: reason`. (An `ignore` would hide it from these tests too.)
//! Beside each file stands a `.requests` file. A line is a request, `METHOD URL | header: value`, where the header
//! `consumer` says who sends it; the line below says what becomes of it: `=> ROUTE PROVIDER/MODEL UPSTREAM-URL`, with
//! `*` for a model that the client names; `=> ROUTE STATUS` if the route refuses; or `=> none`.
#![allow(clippy::disallowed_methods, reason = "tests read the repository's fixtures")]

mod support;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;

use config_core::check::{Options, check, compile};
use config_core::diagnostic::{Diagnostic, Severity};
use config_core::plan::caller::Caller;
use config_core::plan::prepare::Body;
use config_core::plan::request::{RequestHead, Scheme, split_host_port};
use config_core::plan::{Plan, Route, Routing};
use config_core::source::SourceFile;

#[test]
fn nothing_is_wrong_and_every_warning_is_justified() {
    for path in files() {
        let source = support::read(&path);
        let mut justifications = justifications(source.text());
        let mut unexpected = Vec::new();
        for finding in findings(&source) {
            let line = source.position(finding.place.span.start as usize).line;
            let justified = justifications.iter_mut().find(|it| it.covers(line, &finding));
            match (finding.severity, justified) {
                (Severity::Info, _) => {}
                (Severity::Warning, Some(justification)) => justification.used = true,
                _ => unexpected.push(finding),
            }
        }
        assert!(unexpected.is_empty(), "{}:\n{}", path.display(), support::render(&source, &unexpected));
        let stale: Vec<_> = justifications.iter().filter(|it| !it.used).collect();
        assert!(stale.is_empty(), "{} justifies what lint does not report: {stale:#?}", path.display());
    }
}

#[test]
fn what_is_found_in_each_file() {
    let mut out = String::new();
    for path in files() {
        let source = support::read(&path);
        let mut counts: BTreeMap<_, usize> = BTreeMap::new();
        for finding in findings(&source) {
            *counts.entry((finding.severity.as_str(), finding.rule.id())).or_default() += 1;
        }
        let counts: Vec<_> =
            counts.iter().map(|((severity, rule), count)| format!("{count} {severity}[{rule}]")).collect();
        let counts = if counts.is_empty() { "nothing".to_owned() } else { counts.join(", ") };
        writeln!(out, "{}: {counts}", source.name()).unwrap();
    }
    insta::assert_snapshot!(out);
}

#[test]
fn every_request_goes_where_its_clients_rely_on() {
    for path in files() {
        let plan = compile(&support::read(&path)).expect("the file parses").plan;
        let requests = std::fs::read_to_string(path.with_extension("requests"))
            .unwrap_or_else(|error| panic!("{} has no requests: {error}", path.display()));
        let answers: String = requests
            .lines()
            .filter(|line| !line.starts_with("  => "))
            .map(|request| format!("{request}\n  => {}\n", answer(&plan, request)))
            .collect();
        assert_eq!(requests, answers, "{}", path.display());
        assert!(answers.contains(" http"), "no request of {} reaches a provider", path.display());
    }
}

/// The configurations, in order.
fn files() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(support::root().join("fixtures/realworld")).unwrap();
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension != "requests"));
    files.sort();
    assert!(files.len() > 20, "only {} configurations", files.len());
    files
}

fn findings(source: &SourceFile) -> Vec<Diagnostic> {
    check(source, &Options::default()).diagnostics
}

/// `# justified[rule]: reason`.
#[derive(Debug)]
struct Justification {
    rule: String,
    line: usize,
    /// The line of the value that a comment of its own stands above.
    above: Option<usize>,
    used: bool,
}

impl Justification {
    fn covers(&self, line: usize, finding: &Diagnostic) -> bool {
        self.rule == finding.rule.id() && (self.line == line || self.above == Some(line))
    }
}

fn justifications(text: &str) -> Vec<Justification> {
    let lines: Vec<_> = text.lines().map(str::trim_start).collect();
    let marked = lines.iter().enumerate().filter_map(|(index, line)| {
        let (_, marked) = line.split_once("# justified[")?;
        let (rule, reason) = marked.split_once("]: ").expect("`# justified[rule]: reason`");
        assert!(reason.len() > 10, "`{line}` gives no reason");
        let below = lines[index..].iter().position(|line| !line.starts_with('#'));
        let above = below.filter(|distance| *distance > 0).map(|distance| index + distance + 1);
        Some(Justification { rule: rule.to_owned(), line: index + 1, above, used: false })
    });
    marked.collect()
}

/// What the plan does to `METHOD URL | header: value`.
fn answer(plan: &Plan, request: &str) -> String {
    let mut parts = request.split(" | ");
    let (method, url) = parts.next().and_then(|line| line.split_once(' ')).expect("METHOD URL");
    let (scheme, rest) = url.split_once("://").expect("the URL is whole");
    let (authority, target) = rest.split_at(rest.find('/').expect("the URL has a path"));
    let scheme = if scheme == "https" { Scheme::Https } else { Scheme::Http };
    let mut headers = vec![("host", authority)];
    headers.extend(parts.map(|header| header.split_once(": ").expect("a header has a name and a value")));
    let consumer = headers.iter().position(|(name, _)| *name == "consumer").map(|at| headers.remove(at).1);
    let consumer = consumer.map(|name| plan.consumer_named(name).expect("the file has the consumer"));
    let headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())).collect();
    let (host, port) = split_host_port(authority.as_bytes());
    let head = RequestHead {
        scheme,
        http2: false,
        method: method.as_bytes(),
        target: target.as_bytes(),
        headers: &headers,
        port: port.unwrap_or(if scheme == Scheme::Https { 443 } else { 80 }),
        sni: (scheme == Scheme::Https).then_some(host),
    };
    let name = |route: &Route| route.name.clone().expect("the routes have names");
    match plan.route(&head, Caller::Assumed(consumer)) {
        Routing::NoRoute(_) => "none".to_owned(),
        Routing::NeedsBody { .. } => unreachable!("no key is asked for"),
        Routing::Rejected(rejected) => format!("{} {}", name(rejected.route), rejected.rejection.status),
        Routing::Routed(routed) => {
            let route = name(routed.route);
            match routed.prepare(Body::Unknown) {
                Err(rejection) => format!("{route} {}", rejection.status),
                Ok(decision) => {
                    let (provider, model) = (routed.proxy.provider.as_str(), decision.model.as_deref());
                    format!("{route} {provider}/{} {}", model.unwrap_or("*"), decision.url)
                }
            }
        }
    }
}
