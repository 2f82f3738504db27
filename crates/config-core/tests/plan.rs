//! What compiled files do to requests, holes included.

mod support;

use config_core::check::compile;
use config_core::plan::caller::Caller;
use config_core::plan::prepare::{Body, Decision};
use config_core::plan::rejection::Rejection;
use config_core::plan::request::{RequestHead, Scheme};
use config_core::plan::{Plan, Routing};
use config_core::source::SourceFile;

fn plan(text: &str) -> Plan {
    compile(&SourceFile::new("routes.yaml", text)).expect("the text parses").plan
}

fn head<'a>(target: &'a str, headers: &'a [(&'a [u8], &'a [u8])]) -> RequestHead<'a> {
    RequestHead {
        scheme: Scheme::Http,
        http2: false,
        method: b"POST",
        target: target.as_bytes(),
        headers,
        port: 8000,
        sni: None,
    }
}

/// The whole way of a POST with `body` and a JSON content type.
fn send(plan: &Plan, target: &str, body: &str) -> Result<Decision, Rejection> {
    match plan.route(&head(target, &[(b"host", b"localhost:8000")]), Caller::Assumed(None)) {
        Routing::NeedsBody { .. } => unreachable!("no key is asked for"),
        Routing::NoRoute(rejection) => Err(rejection),
        Routing::Rejected(rejected) => Err(rejected.rejection),
        Routing::Routed(routed) => routed.prepare(Body::Bytes(body.as_bytes())),
    }
}

fn refusal(plan: &Plan, target: &str) -> (u16, String) {
    let rejection = send(plan, target, CHAT).expect_err("the request is refused");
    (rejection.status, rejection.message)
}

const CHAT: &str = r#"{"messages":[{"role":"user","content":"hi"}]}"#;

const GOOD: &str = r#"
_format_version: "3.0"
services:
  - name: llm
    host: localhost
    routes:
      - name: chat
        paths: ["~/(?<model>[^/]+)/chat/completions$"]
        plugins:
          - name: ai-proxy
            config:
              route_type: llm/v1/chat
              auth: { header_name: Authorization, header_value: "{vault://env/KEY}" }
              model: { provider: openai, name: "$(uri_captures.model)" }
"#;

#[test]
fn a_chat_finds_its_route_model_and_upstream() {
    let decision = send(&plan(GOOD), "/gpt-4o/chat/completions", CHAT).expect("the request is proxied");
    assert_eq!(decision.url.to_string(), "https://api.openai.com/v1/chat/completions");
    assert_eq!(decision.model.as_deref(), Some("gpt-4o"));
}

#[test]
fn no_route_is_kongs_404() {
    assert_eq!(
        refusal(&plan(GOOD), "/chat/completions"),
        (404, "no Route matched with those values".to_owned())
    );
}

#[test]
fn a_route_without_plugin_answers_503() {
    let text = GOOD.replace("- name: ai-proxy", "- name: ai-proxy\n            enabled: false");
    assert_eq!(
        refusal(&plan(&text), "/gpt-4o/chat/completions"),
        (503, "no ai-proxy plugin applies to this route".to_owned())
    );
}

#[test]
fn a_route_whose_plugin_is_broken_matches_and_answers_500_naming_rule_and_line() {
    let text = GOOD.replace("route_type: llm/v1/chat", "route_typ: llm/v1/chat");
    let (status, message) = refusal(&plan(&text), "/gpt-4o/chat/completions");
    assert_eq!(status, 500);
    assert!(message.contains("unknown-field") && message.contains("line 12"), "{message}");
}

#[test]
fn a_template_that_does_not_compile_is_a_hole_too() {
    let text = GOOD.replace("uri_captures.model", "uri_capture.model");
    let (status, message) = refusal(&plan(&text), "/gpt-4o/chat/completions");
    assert_eq!(status, 500);
    assert!(message.contains("unknown-template-source") && message.contains("line 14"), "{message}");
}

#[test]
fn a_route_whose_matching_fields_are_broken_is_never_taken_and_says_why() {
    for (from, to, rule) in [
        ("paths: [", "path: [", "unknown-field"),
        ("paths: [", "methods: [1]\n        paths: [", "wrong-type"),
        ("paths: [", "hosts: ['a.*.b']\n        paths: [", "invalid-value"),
    ] {
        let plan = plan(&GOOD.replace(from, to));
        let target = "/gpt-4o/chat/completions";
        assert_eq!(refusal(&plan, target).0, 404, "{to}");
        let candidates = plan.candidates(&head(target, &[]));
        assert_eq!(candidates.len(), 1, "{to}");
        assert!(candidates[0].reason.contains(rule), "{to}: {}", candidates[0].reason);
    }
}

#[test]
fn a_route_with_an_unknown_field_matches_by_its_others_and_answers_500() {
    let plan = plan(&GOOD.replace("paths: [", "method: [GET]\n        paths: ["));
    let (status, message) = refusal(&plan, "/gpt-4o/chat/completions");
    assert_eq!(status, 500);
    assert!(message.contains("unknown-field") && message.contains("line 8"), "{message}");
}

#[test]
fn a_mistake_between_the_fields_of_a_plugin_makes_it_a_hole() {
    for (from, to, rule) in [
        ("provider: openai", "provider: azure", "missing-provider-option, line 14"),
        ("header_name: Authorization, ", "", "conflicting-fields, line 13"),
        ("\"{vault://env/KEY}\"", "\"Bearer {vault://env/KEY}\"", "invalid-secret-reference, line 13"),
    ] {
        let (status, message) = refusal(&plan(&GOOD.replace(from, to)), "/gpt-4o/chat/completions");
        assert_eq!(status, 500, "{to}");
        assert!(message.contains(rule), "{to}: {message}");
    }
}

#[test]
fn a_capture_that_a_route_lacks_is_told_to_its_requests() {
    let plan = plan(&GOOD.replace("uri_captures.model", "uri_captures.modle"));
    assert_eq!(
        refusal(&plan, "/gpt-4o/chat/completions"),
        (400, "uri_captures key modle was not provided".to_owned())
    );
}

#[test]
fn of_candidates_that_got_as_far_the_one_whose_path_matches_is_nearest() {
    let plan = plan("- {name: longer, paths: [/v1/chat]}\n- {name: other, hosts: [ai.test], paths: [/v1]}\n");
    let names: Vec<_> = plan
        .candidates(&head("/v1", &[]))
        .iter()
        .map(|candidate| candidate.route.name.clone().unwrap_or_default())
        .collect();
    assert_eq!(names, ["other", "longer"]);
}

#[test]
fn a_disabled_service_takes_its_routes_along() {
    let plan = plan(&GOOD.replace("host: localhost", "host: localhost\n    enabled: false"));
    assert_eq!(refusal(&plan, "/gpt-4o/chat/completions").0, 404);
    assert!(plan.candidates(&head("/", &[]))[0].reason.contains("enabled: false"));
}

#[test]
fn an_https_route_refuses_plain_http_or_redirects() {
    let with = |extra: &str| {
        plan(&GOOD.replace("paths: [", &format!("protocols: [https]{extra}\n        paths: [")))
    };
    assert_eq!(refusal(&with(""), "/m/chat/completions"), (426, "Please use HTTPS protocol".to_owned()));
    let redirecting = with("\n        https_redirect_status_code: 307");
    let head = head("/m/chat/completions?a=1", &[(b"host", b"ai.test:8000")]);
    let Routing::Rejected(rejected) = redirecting.route(&head, Caller::Assumed(None)) else {
        panic!("not served over HTTP")
    };
    assert_eq!(rejected.rejection.status, 307);
    assert_eq!(rejected.headers, [("location", "https://ai.test/m/chat/completions?a=1".to_owned())]);
}

#[test]
fn a_plugin_has_the_id_that_kong_gives_it() {
    let id = |text: &str| {
        let plan = plan(text);
        let headers: [(&[u8], &[u8]); 1] = [(b"host", b"localhost:8000")];
        match plan.route(&head("/m/chat/completions", &headers), Caller::Assumed(None)) {
            Routing::Routed(routed) => routed.proxy.origin.id.clone(),
            other => panic!("{other:?}"),
        }
    };
    let given = "5fd5b6e8-8e4c-4f0c-9a0d-3a4f3f0f2d11";
    assert_eq!(
        id(&GOOD.replace("- name: ai-proxy", &format!("- name: ai-proxy\n            id: {given}"))),
        given
    );
    let derived = id(GOOD);
    assert_eq!((derived.len(), &derived), (36, &id(GOOD)));
    // Kong draws the id of a route without a name at random, and so that of its plugin.
    let unnamed = GOOD.replace("name: chat\n        paths", "paths");
    assert_ne!(unnamed, GOOD);
    assert_eq!(id(&unnamed), id(&unnamed));
    assert_ne!(id(&unnamed), derived);
}
