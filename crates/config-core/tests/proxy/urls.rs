//! The upstream URL of every provider × route type × option.

use std::fmt::Write;

use insta::assert_snapshot;

use super::{CHAT, COMPLETION, Request, compile};

/// Options that each provider needs before any URL.
const PROVIDERS: [(&str, &str); 11] = [
    ("openai", ""),
    ("azure", "azure_instance: inst, azure_deployment_id: dep, azure_api_version: 2024-10-21"),
    ("anthropic", "anthropic_version: 2023-06-01"),
    ("cohere", ""),
    ("mistral", "mistral_format: openai"),
    ("mistral", "mistral_format: ollama"),
    ("llama2", "llama2_format: openai"),
    ("gemini", ""),
    ("gemini", "gemini: {api_endpoint: eu-aiplatform.googleapis.com, project_id: p, location_id: eu}"),
    ("bedrock", "bedrock: {aws_region: eu-west-1}"),
    ("huggingface", ""),
];

const ROUTE_TYPES: [&str; 3] = ["llm/v1/chat", "llm/v1/completions", "preserve"];

const OVERRIDES: [(&str, &str); 4] = [
    ("-", ""),
    ("url", "upstream_url: 'http://gw.test:8443//base/x?key=v'"),
    ("path", "upstream_path: 'own/path?a=b'"),
    ("both", "upstream_url: 'https://gw.test/base', upstream_path: /own/path"),
];

fn config(provider: &str, options: &str, route_type: &str, overrides: &str, more: &str) -> String {
    let options: Vec<_> = [options, overrides].into_iter().filter(|text| !text.is_empty()).collect();
    format!(
        "{{route_type: {route_type}, {more} model: {{provider: {provider}, name: 'own/m:1', options: {{{}}}}}}}",
        options.join(", ")
    )
}

fn body(route_type: &str) -> &'static str {
    if route_type == "llm/v1/completions" { COMPLETION } else { CHAT }
}

#[test]
fn every_provider_route_type_and_option() {
    let mut table = String::new();
    for (provider, options) in PROVIDERS {
        let _ = writeln!(table, "{provider} {options}");
        for route_type in ROUTE_TYPES {
            for (name, overrides) in OVERRIDES {
                let proxy = compile(&config(provider, options, route_type, overrides, "")).unwrap();
                let request = Request::post("/in/files/a%20b?q=1&api-version=2025-01-01", body(route_type));
                let _ = writeln!(table, "  {route_type:18} {name:4}  {}", request.url(&proxy));
            }
        }
    }
    assert_snapshot!(table);
}

#[test]
fn streams_have_their_own_endpoints() {
    let mut table = String::new();
    for (provider, options) in &PROVIDERS[7..10] {
        for (name, overrides) in OVERRIDES {
            let config = config(provider, options, "llm/v1/chat", overrides, "response_streaming: always,");
            let _ = writeln!(
                table,
                "{provider} {name:4}  {}",
                Request::post("/in/x", CHAT).url(&compile(&config).unwrap())
            );
        }
    }
    assert_snapshot!(table);
}

#[test]
fn a_base_url_without_a_path_gets_the_providers() {
    for (provider, path) in [
        ("gemini", "/v1beta/models/own%2Fm%3A1:generateContent"),
        ("bedrock", "/model/own%2Fm%3A1/converse"),
        ("huggingface", "/v1/chat/completions"),
        ("openai", "/"),
    ] {
        for url in ["http://gw.test:80", "http://gw.test/"] {
            let overrides = format!("upstream_url: '{url}'");
            let proxy = compile(&config(provider, "", "llm/v1/chat", &overrides, "")).unwrap();
            assert_eq!(Request::post("/in/x", CHAT).url(&proxy), format!("http://gw.test{path}"));
        }
    }
}

#[test]
fn urls_that_name_an_older_format_keep_it() {
    for (provider, route_type, url, wire) in [
        ("cohere", "llm/v1/chat", "https://api.cohere.com/v1/chat", "cohere v1"),
        ("cohere", "llm/v1/chat", "https://api.cohere.com/v2/chat", "cohere v2"),
        ("huggingface", "llm/v1/completions", "http://tgi.test/v1/completions", "huggingface completions"),
        ("huggingface", "llm/v1/completions", "http://tgi.test/generate", "huggingface text generation"),
        ("huggingface", "llm/v1/chat", "http://tgi.test/v1/chat/completions", "huggingface chat"),
    ] {
        let proxy =
            compile(&config(provider, "", route_type, &format!("upstream_url: '{url}'"), "")).unwrap();
        let decision = Request::post("/in/x", body(route_type)).decide(&proxy).unwrap();
        assert_eq!((decision.wire.as_str(), decision.url.to_string()), (wire, url.to_owned()));
    }
}

#[test]
fn azure_versions_come_from_the_client_then_the_configuration_then_kong() {
    let azure = |options: &str| {
        compile(&config(
            "azure",
            &format!("azure_instance: i, azure_deployment_id: d{options}"),
            "llm/v1/chat",
            "",
            "",
        ))
        .unwrap()
    };
    let url = |proxy, query: &str| {
        Request::post(&format!("/in/x{query}"), CHAT)
            .url(proxy)
            .split_once('?')
            .map(|(_, query)| query.to_owned())
    };
    let given = azure(", azure_api_version: 2024-06-01");
    assert_eq!(
        url(&given, "?api-version=2025-01-01%26x=y&other=1").as_deref(),
        Some("api-version=2025-01-01%26x%3Dy")
    );
    assert_eq!(url(&given, "?api-version").as_deref(), Some("api-version=2024-06-01"));
    let bare = azure("");
    assert_eq!(url(&bare, "").as_deref(), Some("api-version=2023-05-15"));
    let own = azure(", upstream_url: 'https://gw.test/x?api-version=1'");
    assert_eq!(url(&own, "?api-version=2").as_deref(), Some("api-version=1"));
}

#[test]
fn an_azure_path_that_has_a_deployment_keeps_it() {
    let options = "azure_instance: inst, azure_deployment_id: dep";
    let proxy = compile(&config("azure", options, "preserve", "", "")).unwrap();
    assert_eq!(
        Request::unknown("/openai/deployments/other/audio/speech").url(&proxy),
        "https://inst.openai.azure.com/openai/deployments/other/audio/speech?api-version=2023-05-15"
    );
    let url = |route_type, target| {
        let captured = "upstream_path: $(uri_captures.rest)";
        let proxy = compile(&config("azure", options, route_type, captured, "")).unwrap();
        Request::unknown(target).url(&proxy).replace("?api-version=2023-05-15", "")
    };
    let azure = |path: &str| format!("https://inst.openai.azure.com/openai/{path}");
    assert_eq!(url("preserve", "/az/openai/deployments/other/x"), azure("deployments/other/x"));
    assert_eq!(url("preserve", "/az/openai"), azure("deployments/dep/openai"));
    assert_eq!(url("preserve", "/az/audio/speech"), azure("deployments/dep/audio/speech"));
    assert_eq!(url("llm/v1/chat", "/az/openai/x"), azure("deployments/dep/openai/x"));
}

#[test]
fn a_model_that_only_the_body_names_is_a_gap_until_it_is_known() {
    let proxy = compile("{route_type: llm/v1/chat, model: {provider: gemini}}").unwrap();
    assert_eq!(
        Request::unknown("/in/x").url(&proxy),
        "https://generativelanguage.googleapis.com/v1beta/models/{model}:generateContent"
    );
    let body = r#"{"messages":[{"role":"user","content":"hi"}],"model":"gemini-2.5-pro"}"#;
    assert_eq!(
        Request::post("/in/x", body).url(&proxy),
        "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-pro:generateContent"
    );
}

#[test]
fn a_gemini_model_may_be_named_as_google_lists_it() {
    for (name, path) in [
        ("models/gemini-2.5-pro", "gemini-2.5-pro"),
        ("publishers/google/models/gemini-2.5-pro", "gemini-2.5-pro"),
        ("publishers/other/models/m", "publishers%2Fother%2Fmodels%2Fm"),
        ("a/models/b", "a%2Fmodels%2Fb"),
    ] {
        let config = format!("{{route_type: llm/v1/chat, model: {{provider: gemini, name: {name}}}}}");
        let url = Request::unknown("/in/x").url(&compile(&config).unwrap());
        assert_eq!(url.rsplit_once("/models/").unwrap().1, format!("{path}:generateContent"));
    }
}

#[test]
fn bedrock_without_a_region_takes_the_environments() {
    let proxy = compile("{route_type: llm/v1/chat, model: {provider: bedrock, name: m}}").unwrap();
    assert_eq!(
        Request::unknown("/in/x").url(&proxy),
        "https://bedrock-runtime.$AWS_REGION.amazonaws.com/model/m/converse"
    );
}

#[test]
fn native_clients_say_in_the_path_what_they_ask() {
    let gemini = compile("{route_type: llm/v1/chat, llm_format: gemini, model: {provider: gemini}}").unwrap();
    let path = |path: &'static str, target: &'static str| Request {
        path,
        ..Request::post(target, "{\"contents\":[]}")
    };
    assert_eq!(
        path("/", "/v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse&key=theirs").url(&gemini),
        "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse"
    );
    assert_eq!(
        path("/", "/v1beta/models/a/b:generateContent").url(&gemini),
        "400 model parameter not found in request, nor in gateway configuration"
    );
    let bedrock = compile(
        "{route_type: llm/v1/chat, llm_format: bedrock, model: {provider: bedrock, name: 'a:1', options: {bedrock: {aws_region: r}}}}",
    )
    .unwrap();
    assert_eq!(
        path("/", "/model/a%3A1/converse-stream").url(&bedrock),
        "https://bedrock-runtime.r.amazonaws.com/model/a%3A1/converse-stream"
    );
    assert_eq!(path("/", "/model/b/converse").url(&bedrock), "400 cannot use own model - must be: a:1");
    let captured =
        Request { path: "~/(?<model>[^/]+)/(?<operation>[^/]+)$", ..Request::post("/a%3A1/converse", "{}") };
    assert_eq!(captured.decide(&bedrock).unwrap().model.as_deref(), Some("a:1"));
}

#[test]
fn native_clients_get_what_their_operation_answers() {
    let gemini = |policy: &str| {
        compile(&format!(
            "{{route_type: llm/v1/chat, llm_format: gemini, response_streaming: {policy}, model: {{provider: gemini}}}}"
        ))
        .unwrap()
    };
    let url = |policy, operation: &str, body: &'static str| {
        let target = format!("/v1beta/models/m:{operation}");
        let url = Request { path: "/", ..Request::post(&target, body) }.url(&gemini(policy));
        url.trim_start_matches("https://generativelanguage.googleapis.com/v1beta/models/").to_owned()
    };
    assert_eq!(url("always", "generateContent", "{}"), "m:generateContent");
    assert_eq!(
        url("deny", "streamGenerateContent", "{}"),
        "400 response streaming is not enabled for this LLM"
    );
    assert_eq!(
        url("allow", "countTokens", "{}"),
        "400 operation `countTokens` is not served; send `generateContent` or `streamGenerateContent`"
    );
    for body in ["[]", ""] {
        assert_eq!(url("allow", "generateContent", body), "400 request body must be a JSON object");
    }
}

#[test]
fn a_stand_in_endpoint_replaces_only_the_built_in_one() {
    use config_core::plan::upstream::Endpoint;
    let endpoint = Endpoint::parse("http://127.0.0.1:9000/mock/").unwrap();
    let mut proxy = compile(&config("openai", "", "llm/v1/chat", "", "")).unwrap();
    proxy.endpoint = Some(endpoint.clone());
    assert_eq!(Request::unknown("/in/x").url(&proxy), "http://127.0.0.1:9000/mock/v1/chat/completions");
    let mut own =
        compile(&config("openai", "", "llm/v1/chat", "upstream_url: 'https://gw.test/x'", "")).unwrap();
    own.endpoint = Some(endpoint);
    assert_eq!(Request::unknown("/in/x").url(&own), "https://gw.test/x");
    for wrong in ["", "x", "ftp://a", "http://", "http://a?b", "http://$(headers.x).b.c", "http://$("] {
        assert!(Endpoint::parse(wrong).is_err(), "{wrong}");
    }
}
