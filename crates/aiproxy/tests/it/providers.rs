//! The examples of `fixtures/providers`: one for each provider and each way to reach it.

use std::path::{Path, PathBuf};

use config_core::model::Provider;

use crate::gateway::Gateway;
use crate::run::{Aiproxy, aiproxy};

/// The examples, and the bases of their chats.
const CHATS: [(&str, &str); 14] = [
    ("anthropic", "/anthropic"),
    ("azure-managed-identity", "/openai/deployments/gpt-4o"),
    ("azure", "/openai/deployments/gpt-4o"),
    ("bedrock", "/bedrock"),
    ("cohere", "/cohere"),
    ("gemini", "/gemini"),
    ("huggingface", "/hf"),
    ("llama2-ollama", "/local"),
    ("llama2-openai", "/v1"),
    ("llama2-raw", "/llama"),
    ("mistral-ollama", "/local"),
    ("mistral", "/mistral"),
    ("openai", "/v1"),
    ("vertex", "/vertex"),
];

/// A chat with a tool, and with a member that few providers know.
const ASKED: &str = r#"{"messages":[{"role":"developer","content":"be brief"},{"role":"user","content":"use get_weather"}],"tools":[{"type":"function","function":{"name":"get_weather","description":"the weather of a city","parameters":{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}}}],"max_tokens":100,"logit_bias":{"50256":-100}}"#;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/providers")
}

fn examples() -> Vec<PathBuf> {
    let files = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = files.collect();
    files.sort();
    assert_eq!(files, CHATS.map(|(name, _)| folder().join(format!("{name}.yaml"))));
    files
}

/// A request to an example: of OpenAI's, clients choose the model.
fn named(name: &str, body: &str) -> String {
    match name {
        "openai" => body.replacen('{', r#"{"model":"gpt-4o","#, 1),
        _ => body.to_owned(),
    }
}

/// A command about the example, which is called `example.yaml` there.
fn about(path: &Path, args: &str) -> Aiproxy {
    aiproxy(args).file("example.yaml", std::fs::read(path).unwrap())
}

#[test]
fn every_example_is_clean_and_can_be_served() {
    for path in examples() {
        let run = about(&path, "lint --fail-on info example.yaml").run();
        assert_eq!(run.status, Some(0), "{}: {run}", path.display());
        let run = about(&path, "serve --mock --check example.yaml").run();
        assert_eq!(run.status, Some(0), "{}: {run}", path.display());
    }
}

#[test]
fn every_provider_has_an_example() {
    let examples: String =
        examples().iter().map(|path| std::fs::read_to_string(path).unwrap()).collect::<Vec<_>>().concat();
    for provider in Provider::ALL {
        let named = [",", " ", "\n"].map(|end| format!("provider: {provider}{end}"));
        assert!(named.iter().any(|named| examples.contains(named)), "no example of {provider}");
    }
}

/// The paths at which the providers' own SDKs ask by default, where the example says that they can.
#[test]
fn the_own_routes_are_where_the_sdks_ask() {
    let asked = [
        ("anthropic", "/v1/messages"),
        ("cohere", "/v2/rerank"),
        ("gemini", "/v1/models/gemini-2.5-flash:generateContent"),
        ("gemini", "/v1beta/models/gemini-2.5-flash:streamGenerateContent"),
        ("gemini", "/v1/models/gemini-embedding-001:batchEmbedContents"),
        ("mistral", "/v1/chat/completions"),
        ("mistral-ollama", "/api/chat"),
    ];
    for (name, path) in asked {
        let example = folder().join(format!("{name}.yaml"));
        let run = about(&example, &format!("explain example.yaml {path} -d {{}}")).run();
        assert_eq!(run.status, Some(0), "{name}: {run}");
        assert!(run.stdout.contains(&format!("{path}\n")), "{name}: {run}");
    }
}

/// What is sent upstream, and what is left out of it, as people and programs see it.
#[test]
fn explain_shows_the_translated_chat() {
    for (path, (name, base)) in examples().iter().zip(CHATS) {
        let asked = |format: &str| {
            let run =
                about(path, &format!("explain --format {format} example.yaml {base}/chat/completions -d"));
            let run = run.arg(named(name, ASKED)).run();
            assert_eq!(run.status, Some(0), "{name}: {run}");
            run
        };
        let human = asked("human");
        insta::assert_snapshot!(name, human);
        let json = asked("json").json();
        let sent = &json["upstream"]["body"];
        assert!(sent.is_object(), "{name}: {json:#}");
        let shown: serde_json::Value = serde_json::from_str(
            &human.stdout[human.stdout.find("\n  {").unwrap()..human.stdout.rfind('}').unwrap() + 1],
        )
        .unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(shown, *sent, "{name}");
    }
}

/// Each example answers a chat, calls the tool that the chat names, and streams, without key or network.
#[test]
fn every_example_can_be_tried() {
    for (path, (name, base)) in examples().iter().zip(CHATS) {
        let gateway = Gateway::start(about(path, "serve --mock example.yaml"));
        let chat = format!("{base}/chat/completions");
        let ask = |body: &str| {
            let answer = gateway.post(&chat, "content-type: application/json\r\n", &named(name, body));
            assert_eq!(answer.status, 200, "{name}: {answer:#?}");
            answer
        };
        let hi = r#"{"messages":[{"role":"user","content":"hello there"}]}"#;
        assert!(ask(hi).body.contains("You said: hello there"), "{name}");
        let streamed = ask(&hi.replacen('{', r#"{"stream":true,"#, 1));
        assert!(streamed.head.contains("text/event-stream"), "{name}: {streamed:#?}");
        assert!(streamed.body.ends_with("data: [DONE]\n\n"), "{name}: {streamed:#?}");
        assert!(streamed.body.matches("chat.completion.chunk").count() > 5, "{name}: {streamed:#?}");
        let answer = ask(ASKED);
        let calls = name != "llama2-raw";
        assert_eq!(answer.body.contains("get_weather\",\"arguments"), calls, "{name}: {answer:#?}");
    }
}
