use std::path::Path;

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::explain::ALL;
use crate::run::{Run, aiproxy};

const PLUGIN: &str =
    "plugins: [{name: ai-proxy, config: {route_type: llm/v1/chat, model: {provider: openai}}}]";

fn sdk(arguments: &str, file: &str) -> Run {
    aiproxy(&format!("sdk a.yaml {arguments}")).file("a.yaml", file).run()
}

/// The one route of a file, as JSON.
fn route(file: &str) -> Value {
    let run = sdk("--format json", file);
    assert!(matches!(run.status, Some(0 | 1)), "{run}");
    let document = run.json();
    assert_eq!(document["routes"].as_array().unwrap().len(), 1, "{run}");
    document["routes"][0].clone()
}

/// Names with base, endpoint and deployment, or why there is none.
fn bases(file: &str) -> Vec<String> {
    let document = sdk("--format json", file).json();
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let row = |route: &Value| {
        let fields = ["base_url", "azure_endpoint", "deployment", "reason"].map(|field| text(&route[field]));
        format!("{} {}", text(&route["route"]), fields.join(" "))
    };
    document["routes"].as_array().unwrap().iter().map(row).collect()
}

fn seed(file: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/seed");
    std::fs::read_to_string(folder.join(file)).unwrap()
}

#[test]
fn the_seeds_routes_together() {
    assert_snapshot!(sdk("", ALL));
}

#[test]
fn the_seeds_routes_together_as_json() {
    assert_snapshot!(sdk("--format json", ALL));
}

#[test]
fn the_seeds_routes_alone() {
    for (file, expected) in [
        (
            "azure-model-from-header.yaml",
            &["azure-chat-model-from-path http://localhost:8000/azure http://localhost:8000/azure - -"][..],
        ),
        ("openai-model-from-path.yaml", &["openai-chat http://localhost:8000/{model} - - -"]),
        (
            "cohere-and-mistral.yaml",
            &[
                "cohere-chat http://localhost:8000/cohere/{model} - - -",
                "mistral-chat http://localhost:8000/mistral{model} - - -",
            ],
        ),
        (
            "azure-two-deployments.yaml",
            &[
                "azure-chat-gpt-3-5 http://localhost:8000/openai/deployments/azure-gpt-3-5 \
                 http://localhost:8000 azure-gpt-3-5 -",
                "azure-chat-gpt-4 http://localhost:8000/openai/deployments/azure-gpt-4 http://localhost:8000 \
                 azure-gpt-4 -",
            ],
        ),
        (
            "azure-one-route.yaml",
            &["azure-chat http://localhost:8000/openai/deployments/{azure_instance} http://localhost:8000 \
               {azure_instance} -"],
        ),
        ("openai-preserve.yaml", &["openai-any http://localhost:8000/openai/v1 - - -"]),
    ] {
        assert_eq!(bases(&seed(file)), expected, "{file}");
    }
}

#[test]
fn one_route_is_asked_for_by_name_or_pointer() {
    let by_name = sdk("openai-chat --format json", ALL).json();
    assert_eq!(by_name["routes"].as_array().unwrap().len(), 1);
    let pointer = by_name["routes"][0]["pointer"].as_str().unwrap();
    assert_eq!(sdk(&format!("{pointer} --format json"), ALL).json(), by_name);
    let run = sdk("openai-chta", ALL);
    assert_eq!((run.status, run.stdout.as_str()), (Some(2), ""));
    assert_eq!(
        run.stderr,
        "error: no route of `a.yaml` is called `openai-chta`; a similar one is `openai-chat`\n"
    );
}

#[test]
fn it_exits_with_1_if_nothing_is_reached() {
    assert_eq!(sdk("", ALL).status, Some(0));
    assert_eq!(sdk("mistral-chat", ALL).status, Some(1));
    assert_eq!(sdk("", "routes: [").status, Some(1));
    let run = sdk("--format json", "routes: [");
    assert_eq!(run.status, Some(1));
    assert_eq!(run.json()["routes"], json!([]));
    assert!(run.json()["notes"][0].as_str().unwrap().contains("yaml-syntax"), "{run}");
    assert_eq!(aiproxy("sdk none.yaml").run().status, Some(2));
}

#[test]
fn the_origin_is_the_callers() {
    let file = format!("routes: [{{paths: [/a], {PLUGIN}}}]");
    for (origin, base) in [
        ("https://ai.example", "https://ai.example/a"),
        ("http://127.0.0.1:80/", "http://127.0.0.1/a"),
        ("http://[::1]:9000", "http://[::1]:9000/a"),
    ] {
        let run = sdk(&format!("--format json --origin {origin}"), &file);
        assert_eq!(run.json()["routes"][0]["base_url"], base);
    }
    let run = sdk("--origin http://a/b", &file);
    assert_eq!(run.status, Some(2));
    assert!(run.stderr.contains("`http://a/b` is more than an origin"), "{run}");
}

#[test]
fn what_a_route_demands_is_in_the_answer() {
    for (criteria, base, headers) in [
        ("paths: [/v1], hosts: [ai.test]", "http://ai.test:8000/v1", json!([])),
        ("paths: [/v1], hosts: ['*.ai.test:9000']", "http://ai.ai.test:9000/v1", json!([])),
        ("paths: [/v1], hosts: [ai.test, localhost]", "http://localhost:8000/v1", json!([])),
        ("hosts: [ai.test]", "http://ai.test:8000", json!([])),
        ("paths: [/v1], protocols: [https]", "https://localhost:8000/v1", json!([])),
        ("paths: [/v1], protocols: [https], snis: [ai.test]", "https://ai.test:8000/v1", json!([])),
        (
            "paths: [/v1], headers: {x-team: [gold, silver], x-env: ['~*^test-\\d$']}",
            "http://localhost:8000/v1",
            json!([{"name": "x-team", "value": "gold"}, {"name": "x-env", "value": "test-0"}]),
        ),
        ("paths: [~/v1/.*$], methods: [GET, POST]", "http://localhost:8000/v1", json!([])),
        ("paths: [/v1/chat/completions]", "http://localhost:8000/v1", json!([])),
        ("paths: ['~/a/b$', '~/c/(?:d|e)/.+$']", "http://localhost:8000/c/d", json!([])),
    ] {
        let answer = route(&format!("routes: [{{{criteria}, {PLUGIN}}}]"));
        assert_eq!(
            (&answer["base_url"], &answer["headers"]),
            (&json!(base), &headers),
            "{criteria}: {answer:#}"
        );
    }
}

#[test]
fn why_no_sdk_reaches_a_route_is_said() {
    let plugin = |config: &str| format!("plugins: [{{name: ai-proxy, config: {{{config}}}}}]");
    let chat = "route_type: llm/v1/chat, model: {provider: openai}";
    for (route, reason) in [
        (
            format!("paths: ['~/v1/chat$'], {PLUGIN}"),
            "SDKs put `/chat/completions` behind their base, and none of its paths ends so; the shortest is `/v1/chat`",
        ),
        (
            format!(
                "paths: ['~/(?<model>.+)$'], {}",
                PLUGIN.replace("openai}", "openai, name: $(uri_captures.model)}")
            ),
            "a group takes in what SDKs put behind their base: `model.name` would be `chat/completions`",
        ),
        (format!("paths: [/v1], methods: [PUT], {PLUGIN}"), "SDKs send POST, which is none of its methods"),
        ("paths: [/v1]".to_owned(), "no ai-proxy plugin applies to this route"),
        (
            format!(
                "paths: [/v1], {}",
                plugin(&format!("llm_format: gemini, {}", chat.replace("openai", "gemini")))
            ),
            "its clients speak `llm_format: gemini`, and the SDKs OpenAI's format",
        ),
        (
            format!("paths: [/v1], protocols: [grpc], {PLUGIN}"),
            "`/v1/chat/completions` reaches it and is answered 415: Non-gRPC request matched gRPC route",
        ),
        (
            format!("paths: [/v1], {}", plugin(&format!("{chat}, response_streaming: sometimes"))),
            "the ai-proxy plugin of this route has an error",
        ),
        (format!("paths: ['~/(?<a'], {PLUGIN}"), "none of its paths can be matched"),
    ] {
        let answer = self::route(&format!("routes: [{{{route}}}]"));
        let said = answer["reason"].as_str().unwrap_or_default();
        assert!(said.starts_with(reason), "{route}: {answer:#}");
        let has_error = said.contains("has an error") || said.ends_with("can be matched");
        assert_eq!(answer["notes"].as_array().unwrap().len(), usize::from(has_error), "{route}: {answer:#}");
    }
}

#[test]
fn what_a_client_chooses_is_a_placeholder_with_a_value_that_works() {
    let file = "
routes:
- paths: ['~/(?<tenant>t\\d+)/(?<class>[a-z-]+)/chat/completions$']
  headers: {x-tier: [gold, silver]}
  plugins:
  - name: ai-proxy
    config:
      route_type: llm/v1/chat
      model:
        provider: llama2
        name: $(uri_captures.class)-$(headers.x_tier)
        options:
          llama2_format: openai
          upstream_url: https://llm.example.com/$(query_params.region)
";
    assert_snapshot!(sdk("", file));
    let answer = route(file);
    assert_eq!(answer["base_url"], "http://localhost:8000/{tenant}/{class}");
    assert_eq!(answer["model"], "{class}-{x-tier}");
    assert_eq!(answer["query"], json!([{"name": "region", "value": "{region}"}]));
    assert_eq!(answer["placeholders"][2]["values"], json!(["gold", "silver"]));
}

#[test]
fn keys_travel_as_their_reader_wants_them() {
    let guarded = |guard: &str, auth: &str| {
        let chat = format!("{{route_type: llm/v1/chat, auth: {{{auth}}}, model: {{provider: openai}}}}");
        route(&format!(
            "routes: [{{paths: [/v1], plugins: [{guard}{{name: ai-proxy, config: {chat}}}]}}]
consumers: [{{username: anybody}}]"
        ))
    };
    let guard = |config: &str| format!("{{name: key-auth, config: {{{config}}}}}, ");
    for (guard, auth, key, line) in [
        (String::new(), "", json!([null, null, null]), "api_key=\"unused\","),
        (
            guard("key_names: [authorization]"),
            "",
            json!(["gateway", null, null]),
            "api_key=\"YOUR_GATEWAY_KEY\",",
        ),
        (
            guard(""),
            "",
            json!(["gateway", "header", "apikey"]),
            "default_headers={\"apikey\": \"YOUR_GATEWAY_KEY\"},",
        ),
        (
            guard("key_in_header: false"),
            "",
            json!(["gateway", "query", "apikey"]),
            "default_query={\"apikey\": \"YOUR_GATEWAY_KEY\"},",
        ),
        (
            guard("key_in_header: false, key_in_query: false, key_in_body: true"),
            "",
            json!(["gateway", "body", "apikey"]),
            "extra_body={\"apikey\": \"YOUR_GATEWAY_KEY\"},",
        ),
        (guard("anonymous: anybody"), "", json!([null, null, null]), "api_key=\"unused\","),
        (
            String::new(),
            "header_name: Authorization, header_value: a, allow_override: true",
            json!(["provider", null, null]),
            "api_key=\"YOUR_PROVIDER_KEY\",",
        ),
    ] {
        let answer = guarded(&guard, auth);
        let read = &answer["api_key"];
        assert_eq!(json!([read["read_by"], read["location"], read["name"]]), key, "{answer:#}");
        assert!(answer["snippets"][0]["code"].as_str().unwrap().contains(line), "{answer:#}");
    }
}
