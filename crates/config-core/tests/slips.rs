//! Files as people get them wrong. Each slip is one finding, whose help alone is enough to mend it.

mod support;

use config_core::check::{Checked, Level, Options, check};
use config_core::rules::Rule;
use config_core::source::SourceFile;

/// A correct file, which each slip changes in one place.
const GOOD: &str = r#"_format_version: "3.0"
services:
  - name: llm
    host: localhost
    routes:
      - name: chat
        paths:
          - "~/(?<model>[^#?/]+)/chat/completions$"
        methods:
          - POST
        plugins:
          - name: ai-proxy
            config:
              route_type: llm/v1/chat
              auth:
                header_name: Authorization
                header_value: "{vault://env/OPENAI_AUTH_HEADER}"
              logging:
                log_statistics: true
              model:
                provider: openai
                name: "$(uri_captures.model)"
                options:
                  max_tokens: 512
                  temperature: 1.0
"#;

const REFERENCE: &str = "\"{vault://env/OPENAI_AUTH_HEADER}\"";
const TEMPLATE: &str = "\"$(uri_captures.model)\"";
const PATH: &str = "\"~/(?<model>[^#?/]+)/chat/completions$\"";

/// What stands in the good file, and what in its place.
const SLIPS: &[(&str, &str)] = &[
    (REFERENCE, "{vault://env/OPENAI_AUTH_HEADER}"),
    (REFERENCE, "vault://env/OPENAI_AUTH_HEADER"),
    (REFERENCE, "\"{vault:env/OPENAI_AUTH_HEADER}\""),
    (REFERENCE, "\"{vault://OPENAI_AUTH_HEADER}\""),
    (REFERENCE, "\"{vault://openai/key}\""),
    (REFERENCE, "Bearer {vault://env/OPENAI_KEY}"),
    (REFERENCE, "Bearer ${OPENAI_KEY}"),
    (REFERENCE, "$OPENAI_AUTH_HEADER"),
    (REFERENCE, "\"{{ env 'OPENAI_AUTH_HEADER' }}\""),
    (REFERENCE, "\"${{ secrets.OPENAI_AUTH_HEADER }}\""),
    (REFERENCE, "env://OPENAI_AUTH_HEADER"),
    (TEMPLATE, "${uri_captures.model}"),
    (TEMPLATE, "\"{{ uri_captures.model }}\""),
    (TEMPLATE, "\"{uri_captures.model}\""),
    (TEMPLATE, "uri_captures.model"),
    (TEMPLATE, "$( uri_captures.model )"),
    (TEMPLATE, "$(uri_capture.model)"),
    (TEMPLATE, "$(uri_captures.modle)"),
    (TEMPLATE, "{uri_captures.model}"),
    (PATH, "\"/(?<model>[^#?/]+)/chat/completions$\""),
    (PATH, "\"/{model}/chat/completions\""),
    (PATH, "/:model/chat.json"),
    (PATH, "/chat"),
    (PATH, "{model}/chat/completions"),
    (PATH, "~/(?<model>[^ #?/]+)/chat/completions$"),
    ("provider: openai", "provider: Azure-OpenAI"),
    ("provider: openai", "provider: Google"),
    ("route_type: llm/v1/chat", "route_type: chat"),
    ("temperature: 1.0", "temperature: \"1.0\""),
    ("log_statistics: true", "log_statistics: yes"),
    ("_format_version: \"3.0\"", "_format_version: \"3\""),
    ("- POST", "- POST, GET"),
    ("- POST", "- post"),
    ("name: chat", "name: my $(chat) route"),
    ("        methods:", "        hosts: [\"https://ai.example.com/v1\"]\n        methods:"),
    ("        methods:", "        \u{a0}methods:"),
    ("    host: localhost", "    host: localhost\n    paths: [/chat]"),
    ("services:", "service:"),
    ("  - name: llm\n    host: localhost\n    routes:", "    llm:\n     host: localhost\n     routes:"),
    ("          - name: ai-proxy\n            config:", "          ai-proxy:\n            config:"),
    (
        "            config:\n              route_type: llm/v1/chat",
        "            route_type: llm/v1/chat\n            config:",
    ),
    (
        "              auth:\n                header_name: Authorization\n                header",
        "              header_name: Authorization\n              header",
    ),
    (
        "    host: localhost\n",
        "<<<<<<< HEAD\n    host: localhost\n=======\n    host: example\n>>>>>>> main\n",
    ),
];

#[test]
fn the_file_that_slips_start_from_is_good() {
    assert!(findings("good.yaml", GOOD).diagnostics.is_empty());
}

#[test]
fn a_slip_is_one_finding() {
    let mut shown = String::new();
    for (good, bad) in SLIPS {
        assert!(GOOD.contains(good), "{good}");
        let what = bad.lines().next().unwrap_or_default().trim();
        shown += &show(what, "slip.yaml", &GOOD.replacen(good, bad, 1));
    }
    insta::assert_snapshot!(shown);
}

/// The settings of a plugin, one level up: without their key, and below one that stays empty.
#[test]
fn settings_that_are_not_indented_are_one_finding() {
    let (head, settings) = GOOD.split_once("            config:\n").expect("the good file has settings");
    let settings: String = settings.lines().map(|line| format!("{}\n", &line[2..])).collect();
    let without = show("no key", "slip.yaml", &format!("{head}{settings}"));
    let below = show("an empty key", "slip.yaml", &format!("{head}            config:\n{settings}"));
    insta::assert_snapshot!(without + &below);
}

#[test]
fn other_files_are_one_finding() {
    let files = [
        (
            "manifest.yaml",
            "apiVersion: configuration.konghq.com/v1\nkind: KongPlugin\nmetadata:\n  name: ai\nplugin: ai-proxy\n",
        ),
        ("comma.json", "{\"_format_version\": \"3.0\", \"services\": [],}"),
        ("comma-in-list.json", "{\"_format_version\": \"3.0\", \"services\": [{},]}"),
        ("no-comma.json", "{\"_format_version\": \"3.0\"\n \"services\": []}"),
        ("no-colon.json", "{\"_format_version\" \"3.0\"}"),
        ("comment.json", "{\n  # routes\n  \"_format_version\": \"3.0\"}"),
        ("comment-in-list.json", "{\"services\": [ /* none */ ]}"),
        ("quotes.json", "{\"_format_version\": '3.0'}"),
        ("open.json", "{\"services\": [{\"name\": \"a\"}"),
        ("open-text.json", "{\"services\": \"a"),
    ];
    let shown: String = files.iter().map(|(name, text)| show(name, name, text)).collect();
    insta::assert_snapshot!(shown);
}

/// What is found in a file but for the remark that nothing guards it.
fn findings(name: &str, text: &str) -> Checked {
    let levels =
        [Rule::UnauthenticatedCredential, Rule::SdkUnreachable].map(|rule| (rule, Level::Allow)).into();
    check(&SourceFile::new(name, text), &Options { levels, ..Options::default() })
}

/// A slip and the one finding about it.
fn show(what: &str, name: &str, text: &str) -> String {
    let source = SourceFile::new(name, text);
    let found = findings(name, text).diagnostics;
    let rendered = support::render(&source, &found);
    assert_eq!(found.len(), 1, "{what}:\n{rendered}");
    format!("=== {what}\n{rendered}\n")
}
