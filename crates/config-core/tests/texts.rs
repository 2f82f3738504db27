//! Paths, model names and credentials of any text: no panic, ranges that can be shown, the same
//! findings twice, and fixes that mend.

mod support;

use std::cell::Cell;

use config_core::check::compile;
use config_core::diagnostic::{Diagnostic, Severity};
use config_core::plan::Routing;
use config_core::plan::caller::Caller;
use config_core::plan::request::{RequestHead, Scheme};
use config_core::rules::Rule;
use config_core::source::SourceFile;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestRunner};

/// Text made of what the small languages inside strings are made of.
fn text() -> impl Strategy<Value = String> {
    let pieces = vec![
        "/",
        "//",
        "~",
        "~/",
        "^",
        "$",
        ".",
        "..",
        "/../",
        "%",
        "%4",
        "%41",
        "%2f",
        "%ff",
        "%zz",
        "(?<m>",
        "(?P<m>",
        "(?i)",
        "(?",
        "(",
        ")",
        "[",
        "]",
        "[^/]",
        "{",
        "}",
        "{2}",
        "*",
        "+",
        "?",
        "|",
        "\\",
        "\\d",
        "\\/",
        "a",
        "B",
        "é",
        " ",
        "\t",
        "'",
        "''",
        "\"",
        "#",
        "://",
        "$(",
        "$()",
        "$(headers.x)",
        "$(uri_captures.m)",
        "$(uri_captures.1)",
        "$(Headers.x)",
        "$(headers.a b)",
        "$(query_params.",
        "{vault://",
        "{vault://env/K}",
        "{vault://ENV/K}",
        "vault:",
        "VAULT://",
        "env",
        "${{ env \"DECK_X\" }}",
        "https",
        ".example.com",
        "\u{85}",
        "\u{2028}",
        "\u{feff}",
        "\u{10ffff}",
    ];
    prop_oneof![
        8 => prop::collection::vec(select(pieces), 1..7).prop_map(|pieces| pieces.concat()),
        1 => any::<String>(),
    ]
}

/// A JSON file, in which any text can be written.
fn file(path: &str, name: &str, url: &str, secret: &str) -> String {
    serde_json::json!([{
        "name": "r",
        "paths": [path],
        "plugins": [{"name": "ai-proxy", "config": {
            "route_type": "llm/v1/chat",
            "auth": {"header_name": "Authorization", "header_value": secret},
            "model": {"provider": "openai", "name": name, "options": {"upstream_url": url}},
        }}],
    }])
    .to_string()
}

/// A YAML file with the path in a scalar of the given style, where it can be written so.
fn yaml(path: &str, style: &str) -> Option<String> {
    let simple = !path.is_empty()
        && path.chars().all(|c| !c.is_control() && !"\u{85}\u{2028}\u{2029}\u{feff}".contains(c));
    let written = match style {
        "'" => format!("'{}'", path.replace('\'', "''")),
        "\"" => format!("\"{}\"", path.replace('\\', "\\\\").replace('"', "\\\"")),
        _ => path
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"/._-%".contains(&byte))
            .then(|| path.to_owned())?,
    };
    simple.then(|| format!("- name: r\n  methods: [POST]\n  paths:\n  - {written}\n"))
}

fn of(text: &str, rule: Rule) -> Vec<Diagnostic> {
    support::lint(text).diagnostics.into_iter().filter(|finding| finding.rule == rule).collect()
}

proptest! {
    #![proptest_config(Config { cases: 600, failure_persistence: None, ..Config::default() })]

    #[test]
    fn no_text_breaks_a_rule(path in text(), name in text(), url in text(), secret in text()) {
        let text = file(&path, &name, &url, &secret);
        let first = support::lint(&text).diagnostics;
        for finding in &first {
            let spans = finding.related.iter().map(|related| related.span).chain([finding.place.span]);
            for span in spans {
                prop_assert!(text.get(span.range()).is_some(), "{finding:?}");
            }
        }
        prop_assert_eq!(first, support::lint(&text).diagnostics);
    }
}

#[test]
fn a_fix_for_a_path_mends_it() {
    let mended = Cell::new(0);
    let config = Config { cases: 600, failure_persistence: None, ..Config::default() };
    let run = TestRunner::new(config).run(&(text(), select(vec!["", "'", "\""])), |(path, style)| {
        let Some(text) = yaml(&path, style) else { return Ok(()) };
        let fix = of(&text, Rule::InvalidPath).pop().and_then(|finding| finding.fix);
        let Some(fix) = fix else { return Ok(()) };
        let mut after = text.clone();
        for edit in fix.edits.iter().rev() {
            after.replace_range(edit.span.range(), &edit.text);
        }
        let left = of(&after, Rule::InvalidPath).len() + of(&after, Rule::YamlSyntax).len();
        prop_assert_eq!(left, 0, "{}\n{}", text, after);
        mended.set(mended.get() + 1);
        Ok(())
    });
    run.unwrap_or_else(|failure| panic!("{failure}"));
    assert!(mended.get() > 60, "only {} paths were mended", mended.get());
}

#[test]
fn a_file_without_errors_has_no_broken_plugin() {
    let clean = Cell::new(0);
    let config = Config { cases: 1_000, failure_persistence: None, ..Config::default() };
    // One odd text at a time, or hardly a file would be clean.
    let (name, url, secret) =
        ("gpt-4".to_owned(), "https://ai.test/v1".to_owned(), "{vault://env/K}".to_owned());
    let strange = prop_oneof![
        (text(), Just(url.clone()), Just(secret.clone())),
        (
            Just(name.clone()),
            text().prop_map(|text| format!("https://{text}.ai.test/v1")),
            Just(secret.clone())
        ),
        (Just(name.clone()), text().prop_map(|text| format!("https://ai.test/{text}")), Just(secret)),
        (Just(name), Just(url), text()),
    ];
    let run = TestRunner::new(config).run(&strange, |(name, url, secret)| {
        let text = file("~/(?<m>[^/]+)$", &name, &url, &secret);
        if support::lint(&text).diagnostics.iter().any(|finding| finding.severity == Severity::Error) {
            return Ok(());
        }
        let plan = compile(&SourceFile::new("routes.json", &*text)).expect("what has no error parses").plan;
        let head = RequestHead {
            scheme: Scheme::Http,
            http2: false,
            method: b"POST",
            target: b"/x?model=y",
            headers: &[(b"host", b"ai.test"), (b"x", b"y")],
            port: 8000,
            sni: None,
        };
        if let Routing::Rejected(rejected) = plan.route(&head, Caller::Assumed(None)) {
            let rejection = rejected.rejection;
            prop_assert!(rejection.status == 400, "{rejection:?}\n{text}");
            prop_assert!(!rejection.message.starts_with("uri_captures key"), "{rejection:?}\n{text}");
        }
        clean.set(clean.get() + 1);
        Ok(())
    });
    run.unwrap_or_else(|failure| panic!("{failure}"));
    assert!(clean.get() > 100, "only {} files are clean", clean.get());
}
