//! `aiproxy serve`: what stops it, and what it does until it is stopped.

use insta::assert_snapshot;

use crate::run::aiproxy;

/// Two routes that spend a credential: one in a header, one in the query.
const ROUTES: &str = r#"_format_version: "3.0"
services:
- name: llm
  host: localhost
  routes:
  - name: chat
    paths: ["/chat"]
    plugins:
    - name: ai-proxy
      config:
        route_type: llm/v1/chat
        auth: {header_name: Authorization, header_value: "{vault://env/OPENAI_AUTH_HEADER}"}
        model: {provider: openai, name: gpt-4o}
  - name: query
    paths: ["/query"]
    plugins:
    - name: ai-proxy
      config:
        route_type: llm/v1/chat
        auth: {param_name: key, param_value: "{vault://env/keys/openai}", param_location: query}
        model: {provider: openai, name: gpt-4o}
"#;

#[test]
fn check_says_whether_a_file_can_be_served() {
    let run = aiproxy("serve --check routes.yaml")
        .file("routes.yaml", ROUTES)
        .env("OPENAI_AUTH_HEADER", "Bearer x")
        .env("KEYS", r#"{"openai": "x"}"#);
    assert_snapshot!(run.run());
}

#[test]
fn secrets_that_are_missing_are_all_named() {
    assert_snapshot!(aiproxy("serve routes.yaml").file("routes.yaml", ROUTES).run());
}

#[test]
fn secrets_that_cannot_be_used_are_not_shown() {
    for (name, header, keys) in [
        ("empty", "", ""),
        ("line break", "Bearer canary\n", r#"{"openai": "canary\u0000"}"#),
        ("no member", "Bearer canary\r\nx: y", r#"{"other": "canary"}"#),
        ("no text", "Bearer canary\u{85}", r#"{"openai": {"canary": 1}}"#),
    ] {
        let run = aiproxy("serve routes.yaml").file("routes.yaml", ROUTES);
        let run = run.env("OPENAI_AUTH_HEADER", header).env("KEYS", keys).run();
        assert!(!run.stderr.contains("canary"), "{}", run.stderr);
        assert_snapshot!(name, run);
    }
}

#[test]
fn an_expression_for_deck_is_no_secret() {
    let text = ROUTES.replace("{vault://env/OPENAI_AUTH_HEADER}", "Bearer ${{ env \\\"DECK_KEY\\\" }}");
    assert_snapshot!(
        aiproxy("serve routes.yaml").file("routes.yaml", text).env("KEYS", r#"{"openai":"x"}"#).run()
    );
}

#[test]
fn nothing_is_needed_under_mock() {
    assert_snapshot!(aiproxy("serve --mock --check routes.yaml").file("routes.yaml", ROUTES).run());
}

#[test]
fn an_error_stops_the_start_even_if_it_is_ignored() {
    let text = ROUTES.replace(
        "        model: {provider: openai, name: gpt-4o}\n  - name: query",
        "        # aiproxy: ignore[undefined-capture] not so important\n        model: {provider: openai, name: \
         $(uri_captures.model)}\n  - name: query",
    );
    assert_snapshot!(aiproxy("serve routes.yaml").file("routes.yaml", text).run());
}

#[test]
fn a_file_that_cannot_be_parsed_or_read() {
    assert_snapshot!("no yaml", aiproxy("serve routes.yaml").file("routes.yaml", "routes: [").run());
    assert_snapshot!("no file", aiproxy("serve routes.yaml").run());
}

#[test]
fn wrong_arguments() {
    for (name, args) in [
        ("listen", "--listen 8000"),
        ("network", "--trusted-proxies 10.0.0.0/8,ten"),
        ("limit", "--max-in-flight 0"),
        ("drain", "--drain-time soon"),
    ] {
        let run = aiproxy(&format!("serve routes.yaml {args}")).file("routes.yaml", ROUTES).run();
        assert_snapshot!(name, run);
    }
}
