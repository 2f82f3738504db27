//! Values that a client chose.

use std::sync::LazyLock;

use config_core::check::{Options, check};
use config_core::diagnostic::Severity;
use config_core::plan::prepare::{Body, HeaderValue, UpstreamBody, prepare};
use config_core::plan::proxy::Proxy;
use config_core::plan::request::{RequestHead, Scheme};
use config_core::plan::router::Captures;
use config_core::source::SourceFile;
use percent_encoding::percent_decode;
use proptest::prelude::*;

use super::{CHAT, Request, compile};

const HOSTILE: [&str; 24] = [
    "",
    ".",
    "..",
    "../..",
    "%2e%2e",
    "%252e%252e",
    "..%2f..",
    "..\\..",
    "a/b",
    "a%2Fb",
    "a\\b",
    "evil.example",
    "evil.example/",
    "evil.example#",
    "a?b=c",
    "a#b",
    "a@b",
    "a:1",
    "a\r\nx: y",
    "a\nb",
    "a\0b",
    "é",
    "a b",
    "$(headers.y)",
];

fn chat(model: &str) -> Proxy {
    compile(&format!("{{route_type: llm/v1/chat, model: {{{model}}}}}")).unwrap()
}

fn azure() -> Proxy {
    chat(
        "provider: azure, name: m, options: {azure_instance: 'x-$(headers.v)', azure_deployment_id: $(headers.v), \
         azure_api_version: $(headers.v)}",
    )
}

#[test]
fn hostile_values_are_refused_or_encoded() {
    let plugins = [
        (
            "azure_instance",
            chat("provider: azure, name: m, options: {azure_instance: $(headers.v), azure_deployment_id: d}"),
        ),
        (
            "azure_deployment_id",
            chat("provider: azure, name: m, options: {azure_instance: i, azure_deployment_id: $(headers.v)}"),
        ),
        (
            "azure_api_version",
            chat(
                "provider: azure, name: m, options: {azure_instance: i, azure_deployment_id: d, azure_api_version: $(headers.v)}",
            ),
        ),
        ("gemini name", chat("provider: gemini, name: $(headers.v)")),
        (
            "huggingface name",
            compile("{route_type: llm/v1/completions, model: {provider: huggingface, name: $(headers.v)}}")
                .unwrap(),
        ),
        (
            "url host",
            chat("provider: openai, name: m, options: {upstream_url: 'https://a-$(headers.v).gw.test/v1'}"),
        ),
        (
            "url path",
            chat("provider: openai, name: m, options: {upstream_url: 'https://gw.test/$(headers.v)/chat'}"),
        ),
        (
            "url query",
            chat("provider: openai, name: m, options: {upstream_url: 'https://gw.test/?v=$(headers.v)&w=1'}"),
        ),
        ("upstream_path", chat("provider: openai, name: m, options: {upstream_path: '/v1/$(headers.v)'}")),
    ];
    let mut table = String::new();
    for (name, proxy) in &plugins {
        table += &format!("{name}\n");
        for value in HOSTILE {
            let body = if *name == "huggingface name" { r#"{"prompt":"hi"}"# } else { CHAT };
            let url = Request::post("/a/b", body).header("v", value).url(proxy);
            table += &format!("  {:16} {url}\n", value.escape_debug().to_string());
        }
    }
    insta::assert_snapshot!(table);
}

#[test]
fn values_that_are_missing_or_no_text_are_refused() {
    let proxy = chat("provider: openai, name: $(uri_captures.none)");
    assert_eq!(Request::post("/a/b", CHAT).url(&proxy), "400 uri_captures key none was not provided");
    let proxy = chat("provider: openai, name: $(query_params.m)");
    assert_eq!(Request::post("/a/b?n=1", CHAT).url(&proxy), "400 query_params key m was not provided");
    assert_eq!(
        Request::post("/a/b?m", CHAT).url(&proxy),
        "400 model.name is empty: $(query_params.m) has no text"
    );
    assert_eq!(
        Request::post("/a/b?m=%ff", CHAT).url(&proxy),
        "400 the value of $(query_params.m) is not valid UTF-8"
    );
    let model = |target| Request::post(target, CHAT).decide(&proxy).unwrap().model;
    assert_eq!(model("/a/b?&x=1&m=a+b%2Bc&m=d").as_deref(), Some("a b+c"));
    assert_eq!(model("/a/b?%6d=x").as_deref(), Some("x"));
}

#[test]
fn an_empty_capture_is_a_value_beside_other_text() {
    let proxy = chat("provider: openai, name: 'gpt-$(uri_captures.model)'");
    let request = Request::post("//b", CHAT);
    let request = Request { path: "~/(?<model>x*)", ..request };
    assert_eq!(request.decide(&proxy).unwrap().model.as_deref(), Some("gpt-"));
    let proxy = chat("provider: openai, name: $(uri_captures.model)");
    assert_eq!(request.url(&proxy), "400 model.name is empty: $(uri_captures.model) has no text");
}

#[test]
fn templates_of_a_request_are_listed_as_written_and_as_filled() {
    let (rendered, _) = Request::post("/a/b", CHAT).header("v", "1").header("x-Model", "gpt").send(&chat(
        "provider: azure, name: $(headers.X_MODEL), options: {azure_instance: i, azure_deployment_id: 'd$(headers.v)'}",
    ))
    .unwrap();
    let listed: Vec<_> = rendered
        .templates
        .iter()
        .map(|t| (t.field.as_str(), t.template.as_str(), t.value.as_str()))
        .collect();
    assert_eq!(
        listed,
        [
            ("model.name", "$(headers.X_MODEL)", "gpt"),
            ("model.options.azure_deployment_id", "d$(headers.v)", "d1")
        ]
    );
}

#[test]
fn what_cannot_be_sent_safely_is_neither_compiled_nor_clean() {
    for (config, reason) in [
        (
            "model: {provider: openai, options: {upstream_url: 'https://$(headers.h)/x'}}",
            "model.options.upstream_url: `$(headers.h)` is not followed by a literal domain of at least two labels",
        ),
        (
            "model: {provider: gemini, options: {gemini: {api_endpoint: $(headers.h), project_id: p, location_id: l}}}",
            "model.options.gemini.api_endpoint: `$(headers.h)` is not followed by a literal domain of at least two labels",
        ),
        (
            "model: {provider: bedrock, options: {bedrock: {aws_region: 'x.evil.test/'}}}",
            "model.options.bedrock.aws_region: `x.evil.test/` is not an AWS region",
        ),
        (
            "model: {provider: openai, name: '$(headers)'}",
            "model.name: cannot parse expression for field '$(headers)'",
        ),
        (
            "auth: {header_name: A, header_value: '{vault://hcv/X}'}, model: {provider: openai}",
            "auth.header_value: could not find vault (`hcv`)",
        ),
        (
            "auth: {header_name: 'a b', header_value: x}, model: {provider: openai}",
            "auth.header_name: `a b` is not a header name",
        ),
        (
            "auth: {header_name: Transfer-Encoding, header_value: x}, model: {provider: openai}",
            "auth.header_name: `Transfer-Encoding` belongs to the connection and cannot carry a credential",
        ),
        (
            "auth: {header_name: a, header_value: \"x\\r\\ny: z\"}, model: {provider: openai}",
            "auth.header_value: a header value cannot contain line breaks or other control characters",
        ),
        (
            "model: {provider: openai, options: {upstream_url: 'https://a.test/x/%2e%2e/$(headers.x)'}}",
            "model.options.upstream_url: the path has a segment `.` or `..`",
        ),
    ] {
        let problems = compile(&format!("{{route_type: preserve, {config}}}")).unwrap_err();
        assert_eq!(problems.iter().map(ToString::to_string).collect::<Vec<_>>(), [reason]);
        let file = format!(
            "routes:\n- paths: [/]\n  plugins:\n  - name: ai-proxy\n    config: {{route_type: preserve, {config}}}\n"
        );
        let found = check(&SourceFile::new("routes.yaml", file), &Options::default()).diagnostics;
        let errors: Vec<_> = found.iter().filter(|finding| finding.severity == Severity::Error).collect();
        assert_eq!(errors.len(), 1, "{config}: {errors:?}");
        let pointer = format!("/routes/0/plugins/0/config/{}", problems[0].field.replace('.', "/"));
        assert_eq!(errors[0].place.pointer, pointer);
    }
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    let problems = compile(
        "{route_type: preserve, auth: {header_name: 'a b', header_value: '{vault://hcv/X}', param_name: p, \
         param_value: '{vault://env}', param_location: query}, model: {provider: openai, name: '$(headers)$(x.y)'}}",
    )
    .unwrap_err();
    let fields: Vec<_> = problems.iter().map(|problem| problem.field).collect();
    assert_eq!(fields, ["auth.header_value", "auth.param_value", "model.name", "model.name"]);
}

#[test]
fn a_credentials_name_may_be_a_reference() {
    let proxy = compile(
        "{route_type: preserve, auth: {header_name: '{vault://env/NAME}', header_value: '{vault://env/VALUE}'}, \
         model: {provider: openai}}",
    )
    .unwrap();
    let decision = Request::unknown("/a/b").decide(&proxy).unwrap();
    assert_eq!(decision.headers.last().map(|header| &*header.name), Some("{vault://env/NAME}"));
    assert_eq!(proxy.auth.secrets().count(), 2);
}

#[test]
fn literal_secrets_are_in_no_debug_text() {
    let proxy = compile(
        "{route_type: llm/v1/chat, auth: {header_name: Authorization, header_value: 'Bearer sk-SECRET', param_name: p, \
         param_value: SECRET, param_location: body, aws_access_key_id: SECRET, aws_secret_access_key: SECRET}, model: {provider: bedrock, name: m}}",
    )
    .unwrap();
    let decision = Request::post("/a/b", CHAT).decide(&proxy).unwrap();
    assert!(!format!("{proxy:?}{decision:?}").contains("SECRET"));
    assert_eq!(proxy.auth.secrets().count(), 4);
}

/// Percent-decodes until nothing changes; the obvious way, as an oracle.
fn decoded(path: &str) -> Vec<u8> {
    let mut bytes = path.as_bytes().to_vec();
    loop {
        let once: Vec<u8> = percent_decode(&bytes).collect();
        if once == bytes {
            return bytes;
        }
        bytes = once;
    }
}

fn head<'a>(target: &'a [u8], headers: &'a [(&'a [u8], &'a [u8])]) -> RequestHead<'a> {
    RequestHead { scheme: Scheme::Http, http2: false, method: b"POST", target, headers, port: 80, sni: None }
}

static PLUGINS: LazyLock<Vec<Proxy>> = LazyLock::new(|| {
    let templated = "upstream_url: 'https://a-$(headers.v).gw.test/x/$(headers.v)?q=$(headers.v)'";
    let mut plugins = vec![azure()];
    for (provider, options) in [
        ("openai", ""),
        ("openai", templated),
        ("mistral", ""),
        ("gemini", "upstream_path: 'v1/$(headers.v)'"),
        ("bedrock", "bedrock: {aws_region: r}"),
        ("huggingface", ""),
        ("llama2", "llama2_format: openai, upstream_url: 'http://l.test/$(query_params.v)'"),
    ] {
        for route_type in ["llm/v1/chat", "llm/v1/completions", "preserve"] {
            plugins.push(
                compile(&format!(
                    "{{route_type: {route_type}, model: {{provider: {provider}, name: $(headers.v), options: {{{options}}}}}}}"
                ))
                .unwrap(),
            );
        }
    }
    plugins
});

fn hostile_text() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        "([a-z.%/\\\\]|%2e|%2F|%25|%5c|\\.\\.){0,12}".prop_map(String::into_bytes),
        proptest::sample::select(HOSTILE.to_vec()).prop_map(|text| text.as_bytes().to_vec()),
        proptest::collection::vec(any::<u8>(), 0..12),
    ]
}

/// Keeps the property below from holding for want of decisions.
#[test]
fn harmless_values_pass() {
    let headers: [(&[u8], &[u8]); 1] = [(b"v", b"x1")];
    let head = head(b"/in/x?v=x1", &headers);
    for proxy in PLUGINS.iter() {
        let rendered = proxy.render(&head, &Captures::default()).unwrap();
        prepare(proxy, &rendered, &head, "/in/x", Body::Unknown).unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_value_moves_a_boundary(
        value in hostile_text(),
        tail in hostile_text(),
        body in prop_oneof![Just(CHAT.as_bytes().to_vec()), Just(b"{\"prompt\":\"x\"}".to_vec()), hostile_text()],
        content_type in proptest::sample::select(vec!["application/json", "multipart/form-data; boundary=b", "x", "application/x-www-form-urlencoded"]),
    ) {
        let target: Vec<u8> = [b"/in/", &*tail, b"?v=", &*value].concat();
        let headers: [(&[u8], &[u8]); 2] = [(b"v", &value), (b"content-type", content_type.as_bytes())];
        let head = head(&target, &headers);
        let path = String::from_utf8_lossy(&config_core::plan::normalize::normalize(head.path())).into_owned();
        for proxy in PLUGINS.iter() {
            let Ok(rendered) = proxy.render(&head, &Captures::default()) else { continue };
            for body in [Body::Unknown, Body::Bytes(&body)] {
                let Ok(decision) = prepare(proxy, &rendered, &head, &path, body) else { continue };
                let url = decision.url.to_string();
                let (scheme, rest) = url.split_once("://").unwrap();
                prop_assert!(scheme == "https" || scheme == "http");
                let (host, _) = rest.split_once('/').unwrap();
                let suffixes = [".gw.test", ".openai.azure.com", "api.openai.com", "api.mistral.ai",
                    "generativelanguage.googleapis.com", "bedrock-runtime.r.amazonaws.com", "router.huggingface.co", "l.test"];
                let suffix = suffixes.iter().find(|suffix| host.ends_with(*suffix));
                prop_assert!(suffix.is_some(), "{url}");
                let label = host.strip_suffix(suffix.unwrap()).unwrap();
                prop_assert!(label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'), "{url}");
                prop_assert!(url.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#'), "{url}");
                let path = decoded(&decision.url.path);
                let dotted = path.split(|byte| matches!(byte, b'/' | b'\\')).any(|s| s == b"." || s == b"..");
                prop_assert!(!dotted, "{url}");
                for header in &decision.headers {
                    let HeaderValue::Plain(text) = &header.value else { continue };
                    prop_assert!(!text.chars().any(|c| c.is_control() && c != '\t'));
                }
                if let UpstreamBody::Bytes(bytes) = &decision.body {
                    prop_assert!(serde_json::from_slice::<serde_json::Value>(bytes).is_ok());
                }
            }
        }
    }
}

#[test]
fn a_model_s_name_is_no_place_for_a_book() {
    for config in ["llm/v1/chat", "preserve"] {
        let proxy = compile(&format!("{{route_type: {config}, model: {{provider: openai}}}}")).unwrap();
        let named = |length: usize| {
            let body = format!(r#"{{"messages":[1],"model":"{}"}}"#, "m".repeat(length));
            Request::post("/a/b", &body).decide(&proxy).map(|decision| decision.model.unwrap().len())
        };
        assert_eq!(named(4096), Ok(4096));
        assert_eq!(named(4097), Err("400 model is longer than 4096 bytes".to_owned()));
    }
}
