//! One mistake gives one finding, and what cannot be known gives none.

mod support;

use config_core::check::{Level, Options};
use config_core::rules::Rule;

/// The findings of a file as `rule text-under-it`, in order.
fn findings(text: &str) -> Vec<String> {
    let source = config_core::source::SourceFile::new("routes.yaml", text);
    let findings = checked(&source).diagnostics;
    findings.iter().map(|d| format!("{} {}", d.rule.id(), source.slice(d.place.span))).collect()
}

/// The findings of a file but for the remark that nothing guards it.
fn checked(source: &config_core::source::SourceFile) -> config_core::check::Checked {
    let levels =
        [Rule::UnauthenticatedCredential, Rule::SdkUnreachable].map(|rule| (rule, Level::Allow)).into();
    config_core::check::check(source, &Options { levels, ..Options::default() })
}

/// A file with one service that has one route with these fields and one `ai-proxy` with this
/// configuration.
fn file(route: &str, config: &str) -> String {
    format!(
        "_format_version: \"3.0\"\nservices:\n- name: ai\n  host: ai.test\n  routes:\n  - {{{route}, \
         plugins: [{{name: ai-proxy, config: {{{config}}}}}]}}\n"
    )
}

const CHAT: &str = "route_type: llm/v1/chat, model: {provider: openai, name: gpt-4o}";

#[test]
fn a_broken_field_is_not_missed() {
    let cases = [
        // What is meant by the broken field may be the criterion, the name, the option.
        ("pahts: [/a]", CHAT, vec!["unknown-field pahts"]),
        ("paths: /a", CHAT, vec!["wrong-type /a"]),
        (
            "paths: [/a]",
            "route_type: llm/v1/chat, auth: {header_nam: a, header_value: '{vault://env/A}'}, model: {provider: openai}",
            vec!["unknown-field header_nam"],
        ),
        (
            "paths: [/a]",
            "route_type: llm/v1/chat, model: {provider: azure, options: {azure_instance: 1}}",
            vec!["wrong-type 1"],
        ),
        ("paths: [/a], protocols: [grcp]", CHAT, vec!["invalid-value grcp"]),
    ];
    for (route, config, expected) in cases {
        assert_eq!(findings(&file(route, config)), expected, "{route} {config}");
    }
}

#[test]
fn what_another_rule_says_is_said_once() {
    let auth = |value: &str| {
        format!(
            "route_type: llm/v1/chat, auth: {{header_name: a, header_value: '{value}'}}, \
             model: {{provider: openai, name: gpt-4o}}"
        )
    };
    let url = |url: &str| {
        format!(
            "route_type: llm/v1/chat, model: {{provider: openai, name: m, options: {{upstream_url: '{url}'}}}}"
        )
    };
    let cases = [
        (auth("Bearer {vault://env/A}"), "invalid-secret-reference {vault://env/A}"),
        (auth("VAULT://env/A"), "invalid-secret-reference VAULT://env/A"),
        (auth("$(headers.a)"), "template-not-evaluated $(headers.a)"),
        (url("{vault://env/A}"), "invalid-secret-reference {vault://env/A}"),
        (url("$(headers.a)"), "client-controlled-host $(headers.a)"),
    ];
    for (config, expected) in cases {
        let found: Vec<_> = findings(&file("paths: [/a]", &config))
            .into_iter()
            .map(|finding| finding.replace('\'', ""))
            .collect();
        assert_eq!(found, [expected], "{config}");
    }
}

#[test]
fn a_method_works_where_one_plugin_of_several_could_use_it() {
    let methods = "paths: [/a], methods: [GET]";
    assert_eq!(findings(&file(methods, CHAT)), ["method-cannot-work GET"]);
    let preserve = CHAT.replace("llm/v1/chat", "preserve");
    assert!(findings(&file(methods, &preserve)).is_empty());

    // For one consumer another instance wins.
    let consumer = format!(
        "{}consumers:\n- username: anna\n  plugins: [{{name: ai-proxy, config: {{{preserve}}}}}]\n",
        file(methods, CHAT)
    );
    assert!(findings(&consumer).is_empty());

    // What `cors` answers never comes to the prompt.
    let preflight = file("paths: [/a], methods: [OPTIONS]", CHAT);
    assert_eq!(findings(&preflight), ["method-cannot-work OPTIONS"]);
    assert_eq!(findings(&format!("{preflight}plugins: [{{name: cors}}]\n")), ["unsupported-plugin cors"]);
}

#[test]
fn a_service_is_missed_only_where_kong_needs_one() {
    let flat = "_format_version: \"3.0\"\nroutes:\n- {name: a, paths: [/a]}\n";
    assert_eq!(findings(flat), ["unsupported-entity a"], "no plugin runs: aiproxy answers 503 too");
    let global = format!("{flat}plugins: [{{name: ai-proxy, config: {{{CHAT}}}}}]\n");
    assert_eq!(findings(&global), ["kong-portability a"]);
    let served =
        format!("{}services: [{{name: s, host: h}}]\n", global.replace("paths", "service: s, paths"));
    assert!(findings(&served).is_empty());
    let dangling = global.replace("paths", "service: s, paths");
    assert_eq!(findings(&dangling), ["dangling-reference s"]);
}

#[test]
fn a_route_is_called_unserved_only_where_nothing_could_serve_it() {
    let flat = "_format_version: \"3.0\"\nservices:\n- {name: s, host: h}\n- {name: t, host: h, enabled: false}\n\
                routes:\n- {name: a, service: s, paths: [/a]}\n- {name: b, service: s, paths: [/b]}\n\
                - {name: c, service: t, paths: [/c]}\n- {name: d, service: s, protocols: [tls], snis: [d.test]}\n";
    let with = |plugin: &str| findings(&format!("{flat}plugins: [{{name: {plugin}, config: {{{CHAT}}}}}]\n"));
    assert_eq!(findings(flat), ["unsupported-entity a"]);
    assert_eq!(with("ai-proxy, route: a"), ["unsupported-entity b"]);
    assert_eq!(with("ai-proxy, enabled: false"), ["unsupported-entity a"]);
    assert!(with("ai-proxy").is_empty() && with("ai-proxy, service: s").is_empty());
    // Who is no consumer has none.
    let consumer = format!("{flat}consumers: [{{username: u}}]\n");
    let plugins = format!("plugins: [{{name: ai-proxy, consumer: u, config: {{{CHAT}}}}}]\n");
    assert_eq!(findings(&(consumer + &plugins)), ["unsupported-entity a"]);
    // What is mistaken may have been meant for the route.
    assert_eq!(with("ai-prox"), ["unknown-plugin ai-prox"]);
    assert_eq!(with("ai-proxy, rout: a"), ["unknown-field rout"]);
    assert_eq!(with("ai-proxy, route: x"), ["dangling-reference x"]);
    let broken = flat.replace("name: b,", "name: b, plugin: [],");
    assert_eq!(findings(&broken), ["unsupported-entity a", "unknown-field plugin"]);
}

#[test]
fn a_plugins_name_in_other_spelling_is_a_typo() {
    for name in ["AI-Proxy", "ai_proxy", "Ai Proxy", "aiproxy"] {
        let text = file("paths: [/a]", CHAT).replace("name: ai-proxy", &format!("name: {name}"));
        let source = config_core::source::SourceFile::new("routes.yaml", text);
        let found = checked(&source).diagnostics;
        let severities: Vec<_> = found.iter().map(|d| (d.rule.id(), d.severity.as_str())).collect();
        assert_eq!(severities, [("unknown-plugin", "error")], "{name}");
        assert_eq!(found[0].help.as_deref(), Some("write `ai-proxy`"));
    }
}

#[test]
fn a_null_where_kong_wants_a_value_is_told() {
    let found = |route: &str| findings(&file(route, CHAT));
    for field in ["strip_path", "protocols", "request_buffering"] {
        assert_eq!(found(&format!("paths: [/a], {field}: null")), [format!("kong-portability {field}")]);
    }
    assert!(found("paths: [/a], hosts: null, regex_priority: null, path_handling: null").is_empty());
}

#[test]
fn literal_dot_segments_are_told_where_they_would_be_refused() {
    let found = |model: &str| {
        findings(&file("paths: [/a]", &format!("route_type: llm/v1/chat, auth: {{}}, model: {{{model}}}")))
    };
    let azure = "provider: azure, name: m, options: {azure_api_version: '2024-10-21', azure_instance: a, azure_deployment_id: ";
    assert_eq!(found(&format!("{azure}..}}")), ["invalid-value .."]);
    assert_eq!(found(&format!("{azure}'%2e%2e/$(headers.d)'}}")), ["invalid-value %2e%2e/$(headers.d)"]);
    assert!(found(&format!("{azure}'..', upstream_url: 'https://a.test/x'}}")).is_empty());
    assert_eq!(found("provider: bedrock, name: .."), ["invalid-value .."]);
    assert!(found("provider: openai, name: ..").is_empty(), "a name in the body");
    assert!(found("provider: bedrock, name: a..b/c").is_empty());
}

#[test]
fn a_streams_address_has_no_path() {
    let url =
        |url: &str| findings(&file("paths: [/a]", CHAT).replace("host: ai.test", &format!("url: {url}")));
    assert_eq!(url("tcp://a.test:1/x?y"), ["conflicting-fields /x"]);
    assert_eq!(url("grpcs://a.test/"), ["conflicting-fields /"]);
    assert!(url("tcp://a.test:1").is_empty() && url("http://a.test/x").is_empty());
}

#[test]
fn priorities_are_judged_where_they_count() {
    let found = |route: &str| findings(&file(route, CHAT));
    assert!(found("paths: ['~/a$'], regex_priority: 1023").is_empty());
    assert!(found("paths: ['~/a$'], headers: {a: [b]}, regex_priority: 1").is_empty());
    assert!(found("paths: [/a], regex_priority: -1").is_empty(), "prefixes have no priority");
    assert_eq!(found("paths: ['~/a$'], regex_priority: 1024"), ["kong-portability 1024"]);
    assert_eq!(found("paths: ['~/a$'], headers: {a: [b]}, regex_priority: 2"), ["kong-portability 2"]);
    assert_eq!(
        found("paths: ['~/a$'], headers: {a: [b], c: [d]}, regex_priority: 5"),
        ["kong-portability 5"]
    );
}

#[test]
fn a_version_that_null_takes_away_is_missed() {
    let azure = |version: &str| {
        findings(&file(
            "paths: [/a]",
            &format!(
                "route_type: llm/v1/chat, model: {{provider: azure, name: m, options: {{azure_instance: a, \
                 azure_deployment_id: d{version}}}}}"
            ),
        ))
    };
    assert_eq!(azure(""), ["api-version provider"], "a remark on the default");
    assert_eq!(azure(", azure_api_version: null"), ["missing-provider-option provider"]);
}

/// Applying a safe fix leaves a file without the finding and with nothing new.
#[test]
fn fixes_mend() {
    let cases = [
        format!("- {{name: a, paths: [/a], plugins: [{{name: ai-proxy, config: {{{CHAT}}}}}]}}\n"),
        "# a remark\nroutes:\n- {name: a, paths: [/a]}\n".to_owned(),
        file("paths: [/a]", "route_type: llm/v1/chat, model: {provider: openai, 'model': gpt-4o}"),
        file(
            "paths: [/a]",
            "route_type: llm/v1/chat, model: {provider: openai, name: m, options: {upstream_url: \"http://a.test/x?y\"}}",
        ),
    ];
    for text in cases {
        let source = config_core::source::SourceFile::new("routes.yaml", text.as_str());
        let before = checked(&source).diagnostics;
        let fixed = before.iter().find_map(|d| d.fix.as_ref()).expect("the case has a fix");
        let mut mended = text.clone();
        for edit in fixed.edits.iter().rev() {
            mended.replace_range(edit.span.range(), &edit.text);
        }
        let source = config_core::source::SourceFile::new("routes.yaml", mended.as_str());
        let after = checked(&source).diagnostics;
        assert_eq!(after.len() + 1, before.len(), "{mended}\n{}", support::render(&source, &after));
    }
}

#[test]
fn a_route_with_a_mistake_competes_with_none() {
    let file = |mistake: &str| {
        let plugin = |provider: &str| {
            format!(
                "plugins: [{{name: ai-proxy, config: {{route_type: llm/v1/chat, auth: {{header_name: Authorization, \
                 header_value: '{{vault://env/KEY}}'}}, model: {{provider: {provider}, name: gpt-4o}}}}}}]"
            )
        };
        format!(
            "_format_version: \"3.0\"\nservices:\n- name: ai\n  host: ai.test\n  routes:\n\
             - {{name: any, paths: ['~/([^/]+)/chat/completions$'], {mistake}, {}}}\n\
             - {{name: one, paths: ['~/one(-[^/]+)/chat/completions$'], {}}}\n\
             - {{name: two, paths: ['~/two/([^/]+)/chat/completions$'], regex_priority: 1, {}}}\n",
            plugin("openai"),
            plugin("openai"),
            plugin("cohere")
        )
        .replace("\n- {", "\n  - {")
    };
    let meant = findings(&file("tags: [a]"));
    let rules: Vec<_> = meant.iter().filter_map(|finding| finding.split(' ').next()).collect();
    assert_eq!(rules, ["credential-crossover", "shadowed-route"], "{meant:?}");
    assert_eq!(findings(&file("metods: [GET]")), ["unknown-field metods"]);
}
