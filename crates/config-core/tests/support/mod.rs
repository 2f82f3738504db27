//! What the integration tests share: reading fixtures and printing findings as text.
#![allow(dead_code, reason = "each test binary uses a part")]
#![allow(clippy::disallowed_methods, reason = "tests read the repository's fixtures")]

use std::fmt::Write;
use std::path::{Path, PathBuf};

use config_core::check::{Checked, Options, check};
use config_core::diagnostic::Diagnostic;
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
