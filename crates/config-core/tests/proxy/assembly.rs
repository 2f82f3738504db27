//! Decisions put together with their secrets: what is sent, and what is shown.

use bytes::Bytes;
use config_core::plan::prepare::Decision;
use config_core::plan::proxy::Proxy;
use config_core::secret::SecretValue;
use insta::assert_snapshot;
use proptest::prelude::*;

use super::{CHAT, Request, compile, show};

/// A plugin with `auth` and as little else as it takes.
fn with(auth: &str, route_type: &str) -> Proxy {
    let config =
        format!("{{route_type: {route_type}, auth: {{{auth}}}, model: {{provider: openai, name: m}}}}");
    compile(&config).unwrap()
}

/// What is sent if the environment's variables have these values, as text; or the refusal.
fn sent(decision: &Decision, body: &[u8], variables: &[(&str, &str)]) -> Result<String, String> {
    let resolve = |secret: &SecretValue| match secret {
        SecretValue::Literal(text) => Some(text.clone()),
        SecretValue::Vault { variable, .. } => {
            let found = variables.iter().find(|(name, _)| *name == variable.name);
            found.map(|(_, value)| (*value).to_owned())
        }
        SecretValue::DeckEnv(_) => None,
    };
    let all = || {
        let target = decision.target(&resolve)?;
        let headers = decision.headers(&resolve)?;
        let body = decision.bytes(&Bytes::copy_from_slice(body), &resolve)?;
        let headers: String = headers.iter().map(|it| format!("{}: {}\n", it.name, it.value)).collect();
        Ok(format!("{}{target}\n{headers}\n{}", decision.url.origin(), String::from_utf8_lossy(&body)))
    };
    all().map_err(|refusal: config_core::plan::rejection::Rejection| {
        format!("{} {}", refusal.status, refusal.message)
    })
}

/// The same as explain has it.
fn shown(decision: &Decision, body: &[u8]) -> String {
    let headers = decision.shown_headers();
    let headers: String = headers.iter().map(|it| format!("{}: {}\n", it.name, it.value)).collect();
    format!("{}\n{headers}\n{}", decision.shown_url(), decision.shown_body(Some(body)).unwrap())
}

#[test]
fn secrets_are_written_as_their_place_has_it() {
    let value = "a b%41&c=\"d\"";
    let put = |auth: &str| {
        let decision = Request::post("/a/b", CHAT).decide(&with(auth, "llm/v1/chat")).unwrap();
        sent(&decision, b"", &[("K", value)]).unwrap()
    };
    assert_snapshot!(
        [
            put("header_name: Authorization, header_value: '{vault://env/K}'"),
            put("param_name: 'to ken', param_value: '{vault://env/K}', param_location: query"),
            put("param_name: key, param_value: '{vault://env/K}', param_location: body"),
        ]
        .join("\n--\n")
    );
}

#[test]
fn a_name_that_is_a_secret_takes_the_place_of_the_clients() {
    let auth = "header_name: '{vault://env/H}', header_value: '{vault://env/K}', \
        param_name: '{vault://env/P}', param_value: '{vault://env/K}', param_location: query";
    let request = Request::post("/a/b?x=1&to%6ben=theirs&y=2&token", "{}").header("traceparent", "theirs");
    let decision = request.decide(&with(auth, "preserve")).unwrap();
    let with_names = |header: &str| sent(&decision, b"{}", &[("H", header), ("K", "ours"), ("P", "token")]);
    let put = with_names("TraceParent").unwrap();
    assert!(put.contains("?x=1&y=2&token=ours\n") && put.contains("\ntraceparent: ours\n"), "{put}");
    assert!(!put.contains("theirs"), "{put}");
    for name in ["host", "Content-Length", "a b", "a:b", "", "a\r\nb"] {
        assert_eq!(with_names(name), Err("500 {vault://env/H} is no name for a header".to_owned()));
    }
    let shown = shown(&decision, b"{}");
    assert!(shown.contains("&{vault://env/P}={vault://env/K}\n"), "{shown}");
    assert!(shown.contains("\n{vault://env/H}: {vault://env/K}\n"), "{shown}");
}

#[test]
fn what_cannot_be_sent_is_said_without_being_shown() {
    let header = with("header_name: Authorization, header_value: '{vault://env/K}'", "llm/v1/chat");
    let decision = Request::post("/a/b", CHAT).decide(&header).unwrap();
    assert_eq!(
        sent(&decision, b"", &[]),
        Err("500 the secret {vault://env/K} is not set where the gateway runs".to_owned())
    );
    for value in ["Bearer sk-1\n", "sk-1\r\nx: y", "sk-1\0"] {
        let refusal = sent(&decision, b"", &[("K", value)]).unwrap_err();
        assert!(refusal.starts_with("500 the value of {vault://env/K} has a line break"), "{refusal}");
        assert!(!refusal.contains("sk-1"), "{refusal}");
    }
    let resolve = |_: &SecretValue| Some("sk-1".to_owned());
    assert!(!format!("{:?}", decision.headers(&resolve).unwrap()).contains("sk-1"));
    let unknown = Request::unknown("/a/b").decide(&header).unwrap();
    assert!(sent(&unknown, b"", &[("K", "v")]).unwrap_err().starts_with("500 "));
}

#[test]
fn usage_is_asked_for_where_it_is_recorded_and_known() {
    let proxy = |model: &str, log: bool| {
        compile(&format!(
            "{{route_type: llm/v1/chat, logging: {{log_statistics: {log}}}, model: {{{model}}}}}"
        ))
        .unwrap()
    };
    let azure = "provider: azure, name: m, options: {azure_instance: i, azure_deployment_id: d";
    let version = |version: &str| proxy(&format!("{azure}, azure_api_version: '{version}'}}"), true);
    let openai = proxy("provider: openai, name: m", true);
    let streams = r#"{"messages":[1],"stream":true}"#;
    let asks = |proxy: &Proxy, target: &str, body: &str| {
        let decision = Request::post(target, body).decide(proxy).unwrap();
        let shown = decision.shown_body(Some(body.as_bytes())).unwrap_or_default();
        assert_eq!(
            decision.hides_usage && body == streams,
            shown.contains("include_usage") && body == streams
        );
        decision.hides_usage
    };
    assert!(asks(&openai, "/a/b", streams));
    assert!(!asks(&openai, "/a/b", r#"{"messages":[1]}"#));
    assert!(asks(
        &openai,
        "/a/b",
        r#"{"messages":[1],"stream":true,"stream_options":{"include_usage":false}}"#
    ));
    assert!(!asks(
        &openai,
        "/a/b",
        r#"{"messages":[1],"stream":true,"stream_options":{"include_usage":true}}"#
    ));
    assert!(!asks(&proxy("provider: openai, name: m", false), "/a/b", streams));
    let llama =
        "provider: llama2, name: m, options: {llama2_format: openai, upstream_url: 'http://l.test/v1'}";
    assert!(!asks(&proxy(llama, true), "/a/b", streams));
    assert!(asks(&proxy("provider: huggingface, name: o/m", true), "/a/b", streams));
    assert!(!asks(
        &proxy("provider: mistral, name: m, options: {mistral_format: openai}", true),
        "/a/b",
        streams
    ));
    for known in ["2024-09-01-preview", "2024-10-21", "2025-04-01-preview", "preview", "latest", "v1"] {
        assert!(asks(&version(known), "/a/b", streams), "{known}");
    }
    for unknown in ["2023-05-15", "2024-06-01", "2024-08-01-preview", "next", "2024-9-1", "9999999999"] {
        assert!(!asks(&version(unknown), "/a/b", streams), "{unknown}");
    }
    assert!(asks(&version("2023-05-15"), "/a/b?api-version=2024-10-21", streams));
    assert!(!asks(&version("2024-10-21"), "/a/b?api-version=2023-05-15", streams));
    let always = compile(
        "{route_type: llm/v1/completions, response_streaming: always, logging: {log_statistics: true}, model: {provider: openai, name: m}}",
    )
    .unwrap();
    let decision = Request::post("/a/b", r#"{"prompt":"p"}"#).decide(&always).unwrap();
    assert!(decision.hides_usage && decision.stream);
    assert!(show(&decision).contains(r#""stream_options":{"include_usage":true}"#));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// What explain shows is what is sent, but for the secret.
    #[test]
    fn what_is_shown_is_what_is_sent_but_for_the_secret(
        route_type in proptest::sample::select(vec!["llm/v1/chat", "preserve"]),
        location in proptest::sample::select(vec!["query", "body"]),
        name in "[a-z &=%+é]{1,6}",
        allow in any::<bool>(),
        query in "([a-z %é]{0,3}=?[a-z &%+\"]{0,3}&?){0,3}",
        member in "[a-z&=%+é\"\\\\]{0,6}",
        value in "zq[a-z0-9]{6}",
    ) {
        let auth = format!(
            "allow_override: {allow}, header_name: x-key, header_value: '{{vault://env/K}}', \
             param_name: '{name}', param_value: '{{vault://env/K}}', param_location: {location}"
        );
        let proxy = with(&auth, route_type);
        let body = serde_json::json!({"messages": [1], (member.as_str()): 1, "model": "m"}).to_string();
        let target = format!("/a/b?{query}");
        let decision = Request { path: "/a/b", ..Request::post(&target, &body) }.decide(&proxy).unwrap();
        let sent = sent(&decision, body.as_bytes(), &[("K", &value)]).unwrap();
        let theirs = sent.matches(&value).count();
        prop_assert_eq!(sent.replace(&value, "{vault://env/K}"), shown(&decision, body.as_bytes()));
        prop_assert!((1..=2).contains(&theirs));
    }
}
