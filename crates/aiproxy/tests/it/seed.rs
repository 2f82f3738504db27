//! Every request that the source document shows or says its SDKs send, explained: against the
//! example alone and against all examples in one file.

use std::path::Path;

use crate::explain::ALL;
use crate::run::aiproxy;

/// The document's own request body.
const REQUEST: &str = r#"{
  "messages": [
    {
      "role": "user",
      "content": [
        {
          "type": "text",
          "text": "This is my question."
        }
      ]
    }
  ]
}
"#;

/// What an SDK sends as the body of `client.chat.completions.create(model=…)`.
fn chat(model: &str) -> String {
    format!(r#"{{"model":"{model}","messages":[{{"role":"user","content":"Hello"}}]}}"#)
}

/// The explanations of one request, in text and as JSON, by the example alone and by all together.
fn explained(example: &str, request: &str, body: Option<&str>) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/seed");
    let alone = std::fs::read_to_string(root.join(example)).expect("the example is there");
    let mut shown = String::new();
    for (file, text) in [(example, &*alone), ("all.yaml", ALL)] {
        for format in ["human", "json"] {
            let mut run = aiproxy(&format!("explain --format {format} {file} {request}"))
                .file(file, text)
                .file("request.json", REQUEST)
                .file("me_saying_hello.m4a", [0, 159, 146, 150]);
            if let Some(body) = body {
                run = run.file("body.json", body);
            }
            let ran = run.run();
            assert!(matches!(ran.status, Some(0 | 1)), "{ran}");
            shown += &format!("== {file}, {format}\n{ran}\n");
        }
    }
    shown
}

/// A request as the SDKs make it: a POST of JSON.
fn sdk(example: &str, url: &str, model: &str) -> String {
    let request = format!("-H 'content-type: application/json' -d @body.json '{url}'");
    explained(example, &request, Some(&chat(model)))
}

#[test]
fn azure_by_header() {
    let curl = "-- curl http://localhost:8000/1/chat/completions \
        -H 'x-test: azure-chat-open-model-managed-identity' -H 'x-model-name: gpt-4o' -d @request.json";
    insta::assert_snapshot!(explained("azure-model-from-header.yaml", curl, None));
}

#[test]
fn azure_by_header_on_a_path_that_the_route_has() {
    let curl = "-- curl http://localhost:8000/azure/chat/completions \
        -H 'x-test: azure-chat-open-model-managed-identity' -H 'x-model-name: gpt-4o' -d @request.json";
    insta::assert_snapshot!(explained("azure-model-from-header.yaml", curl, None));
}

#[test]
fn openai_model_in_the_path() {
    let url = "http://localhost:8000/gpt-4/chat/completions";
    insta::assert_snapshot!(sdk("openai-model-from-path.yaml", url, "gpt-4"));
}

#[test]
fn cohere() {
    let url = "http://127.0.0.1:8000/cohere/chat/completions";
    insta::assert_snapshot!(sdk("cohere-and-mistral.yaml", url, "command-r"));
}

#[test]
fn mistral() {
    let url = "http://127.0.0.1:8000/mistral/chat/completions";
    insta::assert_snapshot!(sdk("cohere-and-mistral.yaml", url, "mistral-tiny"));
}

#[test]
fn azure_deployments() {
    let url =
        "http://localhost:8000/openai/deployments/azure-gpt-3-5/chat/completions?api-version=2024-10-21";
    insta::assert_snapshot!(sdk("azure-two-deployments.yaml", url, "azure-gpt-3-5"));
}

#[test]
fn azure_one_route_at_the_endpoint_that_the_text_names() {
    let url =
        "http://localhost:8000/azure/openai/deployments/my-gpt-3-5/chat/completions?api-version=2024-10-21";
    insta::assert_snapshot!(sdk("azure-one-route.yaml", url, "my-gpt-3-5"));
}

#[test]
fn azure_one_route_at_the_url_that_the_text_prints() {
    let url = "http://localhost:8000/openai/deployments/my-gpt-3-5/chat/completions";
    insta::assert_snapshot!(sdk("azure-one-route.yaml", url, "my-gpt-3-5"));
}

#[test]
fn whisper() {
    let curl = r#"-- curl --location 'http://localhost:8000/openai/v1/audio/transcriptions'
        --form 'model=whisper-2' --form 'file=@"me_saying_hello.m4a"'"#;
    insta::assert_snapshot!(explained("openai-preserve.yaml", curl, None));
}
