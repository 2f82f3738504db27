//! What [`Config::read`] says about files, and that schema and structs accept the same ones.

use super::*;
use crate::source::SourceFile;
use crate::syntax::parse;

/// The findings of a file, one a paragraph: place, text under it, rule, message and help.
fn findings(text: &str) -> String {
    let source = SourceFile::new("test.yaml", text);
    let document = parse(&source).document.expect("well-formed");
    let (_, diagnostics) = Config::read(&document);
    let mut report = format!("{}\n", text.trim_end());
    for diagnostic in diagnostics {
        let at = source.position(diagnostic.place.span.start as usize);
        let severity = diagnostic.severity.as_str();
        report += &format!("\n{}:{} {severity}[{}] ", at.line, at.column, diagnostic.rule.id());
        report += &format!("{}\n", diagnostic.message);
        report += &format!("  at `{}` {}\n", source.slice(diagnostic.place.span), diagnostic.place.pointer);
        for related in diagnostic.related {
            let at = source.position(related.span.start as usize);
            report += &format!("  {}:{} {}\n", at.line, at.column, related.message);
        }
        report += &format!("  help: {}\n", diagnostic.help.expect("every finding says what to do"));
    }
    report
}

/// A list of one route with these plugin settings.
fn ai_proxy(config: &str) -> String {
    format!("- name: r\n  paths: [/r]\n  plugins:\n  - name: ai-proxy\n    config: {{{config}}}\n")
}

#[test]
fn keys() {
    let cases = [
        "- name: r\n  pahts: [/x]\n  zebra: 1\n".to_owned(),
        ai_proxy("route_type: preserve, modle: {provider: openai}"),
        ai_proxy("route_type: preserve, provider: openai, model: {provider: openai, temperature: 1}"),
        ai_proxy("route_type: preserve, model: {provider: openai, model_alias: x}"),
        ai_proxy("auth: {use_gcp_service_account: true}"),
        ai_proxy(""),
        "- plugins: [{name: ai-proxy}, {config: {}}]\n".to_owned(),
        ai_proxy("route_type: null, model: "),
        "format_version: '3.0'\nroutes: []\n".to_owned(),
        "services:\n- name: s\n  host: x\n".to_owned(),
        "_format_version: '3.0'\nservices: [{name: s}]\nconsumers: [{tags: [x]}]\n".to_owned(),
        "- expression: x\n  plugins: [{name: ai-proxy, consumer_group: gold, config: null}]\n".to_owned(),
        "{}\n".to_owned(),
    ];
    insta::assert_snapshot!(cases.map(|case| findings(&case)).join("\n===\n"));
}

#[test]
fn values() {
    let cases = [
        "- methods: POST\n  strip_path: 'yes'\n  regex_priority: '5'\n  hosts: [1, a]\n  tags: {a: b}\n".to_owned(),
        "- 5\n- name: ''\n  paths: [/x, null]\n  https_redirect_status_code: 303\n  protocols: [http, htps]\n".to_owned(),
        ai_proxy("route_type: llm/v1/chats, llm_format: llm/v1/embeddings, model: {provider: openia}"),
        ai_proxy("route_type: llm/v1/embeddings, model: {provider: xai}"),
        ai_proxy("route_type: preserve, model: {provider: openai, options: {temperature: 7, top_k: 2.5, input_cost: 0, top_p: '1'}}"),
        ai_proxy("route_type: preserve, max_request_body_size: 0, auth: {header_value: 12345678, header_name: [x]}, model: openai"),
        "_format_version: 3.0\nroutes: {a: {paths: [/x]}}\n".to_owned(),
        "_format_version: '3'\nservices: [{host: h, port: 65536, retries: -1, client_certificate: {}}]\n".to_owned(),
        "- service: {id: a, name: b}\n  headers: {x-a: b, x-b: [1]}\n".to_owned(),
        "just text\n".to_owned(),
        "".to_owned(),
    ];
    insta::assert_snapshot!(cases.map(|case| findings(&case)).join("\n===\n"));
}

#[test]
fn names_and_references() {
    let cases = [
        "- {name: a, id: 481a9539-f49c-51b6-b2e2-fe99ee68866c}\n- {name: a, id: 481A9539-f49c-51b6-b2e2-fe99ee68866c}\n",
        "- name: a\n  plugins:\n  - {name: cors}\n  - {name: cors}\n  - {name: acl}\n  - {name: acl, enabled: false}\n",
        "_format_version: '3.0'\nroutes: [{name: chat, service: llmm}]\nservices: [{name: llm, host: h}]\nplugins:\n- {name: cors, route: chat}\n- {name: cors, route: chat}\n- {name: cors, route: caht}\n- {name: cors, consumer: bob}\n",
        "_format_version: '3.0'\nservices:\n- name: a\n  host: h\n  routes:\n  - {name: r, service: b}\n  plugins:\n  - {name: cors, service: a}\n- {name: b, host: h}\n",
        "_format_version: '2.1'\nroutes:\n- paths: [/plain, '~/x(?<a>y)', '/b+']\n",
    ];
    insta::assert_snapshot!(cases.map(findings).join("\n===\n"));
}

#[test]
fn notices() {
    let cases = [
        "- plugins: [{name: cors}, {name: key-auth}, {name: key-auth, enabled: false}, {name: ai-proxi}, {name: my-plugin}, {name: openid-connct}, {name: opa}]\n".to_owned(),
        "_format_version: '3.0'\nupstreams: [{name: x}]\nrbac_roles: []\nacls: null\nconsumers:\n- {username: a, keyauth_credentials: [{key: x}]}\n- {username: b, keyauth_credentials: [{key: y}]}\n".to_owned(),
        ai_proxy("route_type: preserve, model: {provider: openai, options: {upstream_path: /x}}") + "- path_handling: v1\n- path_handling: v0\n",
    ];
    insta::assert_snapshot!(cases.map(|case| findings(&case)).join("\n===\n"));
}
