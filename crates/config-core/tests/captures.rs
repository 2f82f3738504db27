//! Which routes, paths and groups a placeholder is held against, and which groups count as read.

mod support;

use config_core::diagnostic::Diagnostic;
use config_core::rules::Rule;

const MODEL: &str = "$(uri_captures.model)";

/// An ai-proxy plugin as an entry of a list at `indent`, with further keys of the plugin.
fn plugin(indent: usize, name: &str, keys: &str) -> String {
    let pad = " ".repeat(indent);
    format!(
        "{pad}- name: ai-proxy\n{pad}  config: {{route_type: llm/v1/chat, model: {{provider: openai, name: \
         '{name}'}}}}\n{keys}"
    )
}

/// A file with one service; `routes`, `plugins` and `rest` are YAML.
fn file(routes: &str, plugins: &str, rest: &str) -> String {
    format!(
        "_format_version: '3.0'\nservices:\n- name: llm\n  host: localhost\n  routes:\n{routes}  \
         plugins:\n{plugins}{rest}"
    )
}

fn route(name: &str, paths: &str, plugins: &str) -> String {
    format!("  - name: {name}\n    paths: {paths}\n    plugins:\n{plugins}")
}

/// The findings about captures, as `rule: message`.
fn captures(text: &str) -> Vec<String> {
    let rules = [Rule::UndefinedCapture, Rule::OptionalCapture, Rule::CaptureMissingOnPath];
    found(text, &rules).iter().map(|finding| format!("{}: {}", finding.rule.id(), finding.message)).collect()
}

fn found(text: &str, rules: &[Rule]) -> Vec<Diagnostic> {
    let mut findings = support::lint(text).diagnostics;
    assert!(findings.iter().all(|finding| finding.rule != Rule::YamlSyntax), "{findings:?}\n{text}");
    findings.retain(|finding| rules.contains(&finding.rule));
    findings
}

/// A list of plugins without any; deep enough for every place.
const EMPTY: &str = "      []\n";

const NAMED: &str = "['~/(?<model>[^/]+)/chat$']";

#[test]
fn a_plugin_answers_for_every_route_on_which_it_can_win() {
    let own = plugin(4, "gpt-4", "");
    let routes =
        route("named", NAMED, EMPTY) + &route("plain", "[/v1]", EMPTY) + &route("own", "[/v2]", &own);
    let service = plugin(2, MODEL, "");
    assert_eq!(
        captures(&file(&routes, &service, "")),
        ["undefined-capture: capture `model` is defined by no path of route `plain`"]
    );
    // The instance on the service wins on all of its routes, so the global one runs on none.
    let global = format!("plugins:\n{}", plugin(0, "$(uri_captures.other)", ""));
    assert_eq!(captures(&file(&route("named", NAMED, EMPTY), &service, &global)), [""; 0]);
}

#[test]
fn a_consumers_plugin_beats_that_of_the_route() {
    let routes = route("plain", "[/v1]", &plugin(4, "gpt-4", ""));
    let consumers = format!("consumers:\n- username: alice\n  plugins:\n{}", plugin(2, MODEL, ""));
    assert_eq!(
        captures(&file(&routes, EMPTY, &consumers)),
        ["undefined-capture: capture `model` is defined by no path of route `plain`"]
    );
}

#[test]
fn a_disabled_plugin_leaves_its_place_to_the_next() {
    let own = plugin(4, "gpt-4", "      enabled: false\n");
    let text = file(&route("plain", "[/v1]", &own), &plugin(2, MODEL, ""), "");
    assert_eq!(
        captures(&text),
        ["undefined-capture: capture `model` is defined by no path of route `plain`"]
    );
    let off = plugin(4, MODEL, "      enabled: false\n");
    assert_eq!(captures(&file(&route("plain", "[/v1]", &off), EMPTY, "")), [""; 0]);
}

#[test]
fn a_path_that_cannot_be_read_may_define_anything() {
    let own = plugin(4, MODEL, "");
    for paths in ["['~/(?<model>[^/]+/chat$']", "['~(?<model>x)']", "['~/(?<model>x)', '~/(']", "/v1", "[5]"]
    {
        assert_eq!(captures(&file(&route("r", paths, &own), EMPTY, "")), [""; 0], "{paths}");
    }
    let mistyped = route("r", "[/v1]\n    regexprio: 1", &own);
    assert_eq!(captures(&file(&mistyped, EMPTY, "")).len(), 1, "another field's mistake hides nothing");
    let mistyped = route("r", "[]", &own).replace("paths", "path");
    assert_eq!(captures(&file(&mistyped, EMPTY, "")), [""; 0], "`path` may have been meant as `paths`");
    assert_eq!(
        captures(&file(&route("r", "['~/(', /v1]", &own), EMPTY, "")),
        ["capture-missing-on-path: capture `model` is missing on some paths of route `r`"]
    );
}

#[test]
fn many_routes_are_counted_and_some_are_shown() {
    let routes: String = (0..9).map(|n| route(&format!("r{n}"), "[/a, /b, /c, /d, /e]", EMPTY)).collect();
    let text = file(&routes, &plugin(2, MODEL, ""), "");
    let findings = found(&text, &[Rule::UndefinedCapture]);
    assert_eq!(findings.len(), 1);
    assert_eq!(
        findings[0].message,
        "capture `model` is defined by no path of routes `r0`, `r1`, `r2` and 6 others"
    );
    assert_eq!(findings[0].related.len(), 12);
}

#[test]
fn a_route_without_paths_captures_nothing() {
    let text =
        file(&format!("  - name: r\n    methods: [POST]\n    plugins:\n{}", plugin(4, MODEL, "")), EMPTY, "");
    let findings = found(&text, &[Rule::UndefinedCapture]);
    assert_eq!(findings.len(), 1);
    assert!(findings[0].help.as_ref().is_some_and(|help| help.contains("has no paths")), "{findings:?}");
}

#[test]
fn only_the_exact_name_counts_and_the_nearest_is_told() {
    for (path, name, help) in [
        ("~/(?<model>x)", "Model", "did you mean `model`?"),
        ("~/(?P<model>x)", "modle", "did you mean `model`?"),
        (
            "~/(?<a>x)(?<b>y)",
            "zebra",
            "route `r` defines `a` and `b`: read what is there, or name a group `zebra`",
        ),
        ("~/(x)", "1", "captures have no numbers: name the group, as in `(?<model>…)`"),
        ("~/x", "x-y", "name a group of the path, as in `(?<x_y>[^/]+)`"),
        ("/v1.0/", "m", "only a regex captures: write a path such as `~/v1\\.0/(?<m>[^/]+)$`"),
    ] {
        let own = plugin(4, &format!("$(uri_captures.{name})"), "");
        let text = file(&route("r", &format!("['{path}']"), &own), EMPTY, "");
        let findings = found(&text, &[Rule::UndefinedCapture]);
        assert_eq!(findings.len(), 1, "{text}");
        assert_eq!(findings[0].help.as_deref(), Some(help), "{path} {name}");
    }
}

#[test]
fn a_group_is_read_by_whatever_may_run() {
    let unused = |text: &str| found(text, &[Rule::UnusedCapture]).len();
    let plain = plugin(4, "gpt-4", "");
    assert_eq!(unused(&file(&route("r", NAMED, &plain), EMPTY, "")), 1);
    let consumer = format!("consumers:\n- username: alice\n  plugins:\n{}", plugin(2, MODEL, ""));
    assert_eq!(unused(&file(&route("r", NAMED, &plain), EMPTY, &consumer)), 0);
    let other =
        "  - name: request-transformer\n    config: {add: {headers: ['x-model:$(uri_captures.model)']}}\n";
    assert_eq!(unused(&file(&route("r", NAMED, &plain), other, "")), 0);
    let global = format!("plugins:\n{}", &other.replace("\n    ", "\n  ").replace("  - name", "- name"));
    assert_eq!(unused(&file(&route("r", NAMED, &plain), EMPTY, &global)), 0);
    // Nothing runs: the groups may serve as remarks.
    assert_eq!(unused(&file(&route("r", NAMED, EMPTY), EMPTY, "")), 0);
    // A misspelt name is one mistake.
    assert_eq!(unused(&file(&route("r", NAMED, &plugin(4, "$(uri_captures.modle)", "")), EMPTY, "")), 0);
}

#[test]
fn native_formats_read_model_and_operation_from_the_path() {
    let native = "    - name: ai-proxy\n      config: {route_type: llm/v1/chat, llm_format: gemini, auth: {}, model: \
                  {provider: gemini}}\n";
    let text = file(&route("r", "['~/(?<model>[^/]+):(?<operation>[a-z]+)/(?<rest>.*)']", native), EMPTY, "");
    let findings = found(&text, &[Rule::UnusedCapture]);
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert!(findings[0].message.contains("`rest`"));
}
