//! What the integration tests share: reading fixtures and printing findings as text.
#![allow(dead_code, reason = "each test binary uses a part")]
#![allow(clippy::disallowed_methods, reason = "tests read the repository's fixtures")]

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use config_core::check::{Checked, Options, check};
use config_core::diagnostic::{Diagnostic, Witness};
use config_core::plan::caller::{Caller, Keys};
use config_core::plan::prepare::Body;
use config_core::plan::rejection::Rejection;
use config_core::plan::request::check_target;
use config_core::plan::router::Captures;
use config_core::plan::{Plan, Route, Routing};
use config_core::source::{SourceFile, Span};

/// The repository's root.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the crate is in the workspace")
}

/// The file at `path`, named by its last component.
pub fn read(path: &Path) -> SourceFile {
    let name = path.file_name().expect("a file has a name").to_string_lossy();
    SourceFile::from_bytes(name, std::fs::read(path).expect("fixture is readable"))
}

/// The fixtures of rules whose name begins with `kind`, with the rule's id, in order.
pub fn rule_fixtures(kind: &str) -> Vec<(String, PathBuf)> {
    let list = |folder: &Path| -> Vec<PathBuf> {
        let entries = std::fs::read_dir(folder).expect("the folder is there").flatten();
        entries.map(|entry| entry.path()).collect()
    };
    let name = |path: &Path| path.file_name().expect("entries have names").to_string_lossy().into_owned();
    let mut found: Vec<_> = list(&root().join("fixtures/rules"))
        .into_iter()
        .flat_map(|folder| list(&folder).into_iter().map(move |file| (name(&folder), file)))
        .filter(|(_, file)| name(file).starts_with(kind))
        .collect();
    found.sort();
    found
}

/// The configurations in a folder of fixtures, in order.
pub fn configurations(folder: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root().join("fixtures").join(folder)).expect("the folder is there");
    let files = entries.map(|entry| entry.expect("the folder can be read").path());
    let is_configuration =
        |path: &PathBuf| path.extension().is_some_and(|extension| extension == "yaml" || extension == "json");
    let mut found: Vec<_> = files.filter(is_configuration).collect();
    found.sort();
    found
}

/// Findings of `text` with default options.
pub fn lint(text: &str) -> Checked {
    check(&SourceFile::new("routes.yaml", text), &Options::default())
}

/// Findings as people check them: position, rule, message, the marked text, related ranges, help.
pub fn render(source: &SourceFile, diagnostics: &[Diagnostic]) -> String {
    let mut out = String::new();
    for d in diagnostics {
        let _ = writeln!(
            out,
            "{} {}[{}] {}",
            range(source, d.place.span),
            d.severity.as_str(),
            d.rule.id(),
            d.message
        );
        let _ = writeln!(out, "    at {} `{}`", d.place.pointer, excerpt(source, d.place.span));
        for related in &d.related {
            let _ = writeln!(
                out,
                "    see {} `{}`: {}",
                range(source, related.span),
                excerpt(source, related.span),
                related.message
            );
        }
        if let Some(help) = &d.help {
            let _ = writeln!(out, "    help: {help}");
        }
        if let Some(request) = &d.witness {
            let _ = write!(out, "    shown by {} {}", request.method, request.url());
            for (name, value) in &request.headers {
                let _ = write!(out, " `{name}: {value}`");
            }
            out.push('\n');
        }
        if let Some(fix) = &d.fix {
            let edits: Vec<_> =
                fix.edits.iter().map(|e| format!("{} → `{}`", range(source, e.span), e.text)).collect();
            let _ = writeln!(out, "    fix ({:?}): {}: {}", fix.safety, fix.title, edits.join(", "));
        }
    }
    if out.is_empty() { "no findings\n".to_owned() } else { out }
}

fn range(source: &SourceFile, span: Span) -> String {
    let (start, end) = (source.position(span.start as usize), source.position(span.end as usize));
    format!("{}:{}-{}:{}", start.line, start.column, end.line, end.column)
}

fn excerpt(source: &SourceFile, span: Span) -> String {
    let text: String = source.slice(span).chars().take(60).collect();
    text.escape_debug().to_string().replace("\\\"", "\"").replace("\\'", "'")
}

/// What the plan does to a finding's request.
#[derive(Debug)]
pub struct Replayed {
    /// The pointer of the route that wins.
    pub route: Option<String>,
    /// Which of its paths matched, as written.
    pub path: Option<String>,
    /// The named groups that took part.
    pub captures: BTreeMap<String, String>,
    /// Why the request goes nowhere.
    pub rejection: Option<(u16, String)>,
    /// Every path that matches, with the pointer of its route; the winner first.
    pub matching: Vec<(String, Option<String>)>,
    /// The pointer of Kong's route.
    pub kong: Option<String>,
}

/// Sends a finding's request through the plan, with a key only if the request carries one.
///
/// # Panics
/// If no client could send the request.
pub fn replay(plan: &Plan, witness: &Witness) -> Replayed {
    check_target(witness.path.as_bytes()).unwrap_or_else(|rejection| panic!("{}", rejection.message));
    assert!(witness.path.starts_with('/'), "{} is a path", witness.path);
    for (name, value) in &witness.headers {
        assert!(name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)), "{name}");
        assert!(value.trim() == value && !value.chars().any(char::is_control), "{name}: {value:?}");
    }
    witness.with_head(|head| {
        let keys = Keys::default();
        let rejected = |rejection: &Rejection| Some((rejection.status, rejection.message.clone()));
        let captured = |captures: &Captures| {
            captures.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
        };
        let candidates = plan.candidates(head).into_iter().filter(|candidate| candidate.matched);
        let of = |route: &Route| Some(route.pointer.clone());
        let (route, path, captures, rejection) = match plan
            .route(head, Caller::Keyed { keys: &keys, body: Body::Bytes(&[]) })
        {
            Routing::NoRoute(rejection) => (None, None, BTreeMap::new(), rejected(&rejection)),
            Routing::NeedsBody { .. } => unreachable!("the body is known to hold no key"),
            Routing::Rejected(it) => (of(it.route), it.path, captured(&it.captures), rejected(&it.rejection)),
            Routing::Routed(it) => (of(it.route), it.path, captured(&it.captures), None),
        };
        Replayed {
            route,
            path: path.map(str::to_owned),
            captures,
            rejection,
            matching: candidates.map(|it| (it.route.pointer.clone(), it.path.map(str::to_owned))).collect(),
            kong: plan.kong_choice(head).route.map(|route| route.pointer.clone()),
        }
    })
}
