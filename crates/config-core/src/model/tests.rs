//! What [`Config::read`] says about files, and that schema and structs accept the same ones.

use super::*;
use crate::source::SourceFile;
use crate::syntax::parse;

mod drift;

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
        "- methods: POST\n  strip_path: 'yes'\n  regex_priority: '5'\n  hosts: [1, a]\n  snis: 5\n  plugins: {name: cors}\n  tags: {a: b}\n".to_owned(),
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
fn misplaced_keys() {
    let cases = [
        "name: chat\npaths: [/x]\n",
        "- plugins:\n  - name: ai-proxy\n    route_type: preserve\n    config:\n      route_type: preserve\n      model: {provider: openai, options: {}}\n",
        "route:\n- name: x\n",
        "- paths:\n  - [/x]\n  - {a: b}\n  model: x\n",
    ];
    insta::assert_snapshot!(cases.map(findings).join("\n===\n"));
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

/// What is broken in each entity of a file, and what is left of it.
#[test]
fn a_mistake_breaks_one_field_of_one_entity() {
    let text = r#"
_format_version: "3.0"
services:
- {name: s, host: h, service: {id: 5}, routes: [{name: nested, service: {id: 5}, paths: [/a, 5]}]}
routes:
- 5
- {name: flat, methods: POST, plugins: [{name: ai-proxy, config: {model: {}}}, {tags: [x]}]}
- {name: sound, plugins: [{name: ai-proxy, config: {route_type: preserve, model: {provider: openai}}}]}
plugins:
- {name: cors, route: [flat]}
- {name: cors, route: nowhere}
consumers: 7
"#;
    let source = SourceFile::new("test.yaml", text);
    let document = parse(&source).document.unwrap();
    let (config, _) = Config::read(&document);
    let holes = |holes: &[Hole]| -> Vec<String> {
        holes.iter().map(|hole| format!("{} {}", hole.rule.id(), hole.field)).collect()
    };

    assert_eq!(config.format, Format::Declarative);
    assert_eq!(holes(&config.holes), ["wrong-type consumers"]);
    assert_eq!(holes(&config.services[0].holes), ["unknown-field service"]);
    let names: Vec<_> =
        config.routes.iter().map(|it| it.fields.name.as_ref().map(|name| name.as_str())).collect();
    assert_eq!(names, [Some("nested"), None, Some("flat"), Some("sound")]);
    let broken: Vec<_> = config.routes.iter().map(|it| holes(&it.holes)).collect();
    assert_eq!(broken[0], ["wrong-type service", "wrong-type paths"]);
    assert_eq!(broken[1], ["wrong-type "]);
    assert_eq!(broken[2], ["wrong-type methods"]);
    assert!(broken[3].is_empty());
    let unmatchable: Vec<_> = config.routes.iter().map(|it| it.unmatchable().is_some()).collect();
    assert_eq!(unmatchable, [true, true, true, false]);
    assert_eq!(config.routes[0].service, Some(ServiceIndex(0)));

    let broken: Vec<_> = config.plugins.iter().map(|it| holes(&it.holes)).collect();
    assert_eq!(broken[0], ["missing-field config", "missing-field config"]);
    assert_eq!(broken[1], ["missing-field name"]);
    assert!(broken[2].is_empty());
    assert_eq!(broken[3], ["wrong-type route"]);
    assert_eq!(broken[4], ["dangling-reference route"]);
    assert!(config.plugins[0].ai_proxy.is_none() && config.plugins[2].ai_proxy.is_some());
    let scopes: Vec<_> = config.plugins.iter().map(|it| it.scope.map(|scope| scope.route)).collect();
    let [flat, sound] = [2, 3].map(|index| Some(Some(RouteIndex(index))));
    assert_eq!(scopes, [flat, flat, sound, None, None]);
}

#[test]
fn shapes() {
    let shape = |text: &str| {
        let source = SourceFile::new("test.yaml", text);
        Config::read(&parse(&source).document.unwrap()).0.format
    };
    assert_eq!(shape("- name: x\n"), Format::BareList);
    assert_eq!(shape("routes:\n- name: x\n"), Format::RoutesOnly);
    assert_eq!(shape("_comment: x\nroutes: []\n"), Format::RoutesOnly);
    assert_eq!(shape("_format_version: '3.0'\nroutes: []\n"), Format::Declarative);
    assert_eq!(shape("services: []\nroutes: []\n"), Format::Declarative);
}

#[test]
fn very_many_mistakes_are_all_reported() {
    let keys: String = (0..3_000).map(|index| format!("key{index}: 1\n")).collect();
    let references: String =
        (0..3_000).map(|index| format!("- {{name: r{index}, service: s{index}}}\n")).collect();
    for (text, expected) in [(keys, 3_001), (format!("_format_version: '3.0'\nroutes:\n{references}"), 3_000)]
    {
        let source = SourceFile::new("test.yaml", text);
        let (_, diagnostics) = Config::read(&parse(&source).document.unwrap());
        assert_eq!(diagnostics.len(), expected);
    }
}
