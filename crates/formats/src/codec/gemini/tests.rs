use serde_json::{Value, json};

use super::*;
use crate::WireFormat;
use crate::body::Members;
use crate::codec::{Asked, Operation, Origin, translate};
use crate::openai::Options;

fn sent(host: Gemini, model: &str, body: &Value) -> Result<(Value, Vec<String>), String> {
    let body = body.to_string();
    let asked = Asked {
        provider: "gemini",
        operation: Operation::Chat,
        model,
        api_version: None,
        stream: false,
        options: &Options::default(),
    };
    let mut members = Members::parse(body.as_bytes()).unwrap();
    let translated = translate(&host, WireFormat::Gemini, &mut members, &asked);
    let translated = translated.map_err(|error| error.message)?;
    Ok((serde_json::from_slice(&translated.body).unwrap(), translated.dropped))
}

/// What a picture under this URL becomes.
fn picture(host: Gemini, image_url: &Value) -> String {
    let part = json!({"type": "image_url", "image_url": image_url});
    let body = json!({"messages": [{"role": "user", "content": [part]}]});
    match sent(host, "m", &body) {
        Ok((body, _)) => body["contents"][0]["parts"][0].to_string(),
        Err(message) => message,
    }
}

#[test]
fn links_go_to_who_fetches_them() {
    let links = [
        json!("gs://bucket/a%20b/cat.PNG"),
        json!({"url": "gs://bucket/cat"}),
        json!({"url": "gs://bucket/cat", "mime_type": "image/webp"}),
        json!({"url": "https://generativelanguage.googleapis.com/v1beta/files/abc-123", "mime_type": "image/png"}),
        json!("https://generativelanguage.googleapis.com.example.com/cat.png"),
        json!("https://example.com/v1.2/cat.jpg?width=5.0#.gif"),
        json!("HTTPS://example.com/cat"),
        json!("ftp://example.com/cat.png"),
        json!("cat.png"),
        json!({"url": "data:image/jpg;base64,AAAA"}),
    ];
    let mut table = String::new();
    for link in links {
        table += &format!("{link}\n");
        for host in [Gemini::Public, Gemini::Vertex] {
            table += &format!("  {host:?}: {}\n", picture(host, &link));
        }
    }
    insta::assert_snapshot!(table);
}

#[test]
fn a_signature_goes_back_with_its_call() {
    let answer = json!({"candidates": [{"content": {"parts": [
        {"functionCall": {"name": "f", "args": {"a": 1}}, "thoughtSignature": "ab+/cd=="},
        {"functionCall": {"id": "own", "name": "g"}, "thoughtSignature": "AAAA"},
    ]}}]});
    let completion = Gemini::Public.answer(&answer.to_string(), None).unwrap();
    let body = json!({"messages": [{"role": "user", "content": "Hi."}]}).to_string();
    let mut members = Members::parse(body.as_bytes()).unwrap();
    let options = Options::default();
    let asked = Asked {
        provider: "gemini",
        operation: Operation::Chat,
        model: "m",
        api_version: None,
        stream: false,
        options: &options,
    };
    let expected = translate(&Gemini::Public, WireFormat::Gemini, &mut members, &asked).unwrap().expected;
    let origin = Origin { id: "x".repeat(24), created: 1 };
    let completion: Value = serde_json::from_slice(&completion.to_json(&expected, &origin)).unwrap();
    let message = &completion["choices"][0]["message"];
    let result =
        |at: usize| json!({"role": "tool", "tool_call_id": message["tool_calls"][at]["id"], "content": "1"});
    let next = json!({"messages": [{"role": "user", "content": "Hi."}, message, result(1), result(0)]});
    let parts = |host| sent(host, "m", &next).unwrap().0["contents"][1]["parts"].clone();
    assert_eq!(
        parts(Gemini::Public),
        json!([
            {"functionCall": {"name": "f", "args": {"a": 1}}, "thoughtSignature": "ab+/cd=="},
            {"functionCall": {"id": "own", "name": "g", "args": {}}, "thoughtSignature": "AAAA"},
        ])
    );
    assert_eq!(parts(Gemini::Vertex)[1]["functionCall"], json!({"name": "g", "args": {}}));
    assert_eq!(
        sent(Gemini::Public, "m", &next).unwrap().0["contents"][2]["parts"],
        json!([
            {"functionResponse": {"name": "f", "response": {"result": "1"}}},
            {"functionResponse": {"id": "own", "name": "g", "response": {"result": "1"}}},
        ])
    );
}

#[test]
fn a_result_is_known_by_its_call() {
    let body = json!({"messages": [
        {"role": "user", "content": "Hi."},
        {"role": "tool", "tool_call_id": "call_9", "content": "1"},
    ]});
    assert_eq!(
        sent(Gemini::Public, "m", &body).unwrap_err(),
        "messages[1].tool_call_id is `call_9`, but no earlier message has a call of this id; gemini knows \
         results by the function that was called"
    );
}

#[test]
fn the_user_always_begins() {
    let body = json!({"messages": [{"role": "system", "content": "Greet."}]});
    let (body, _) = sent(Gemini::Public, "m", &body).unwrap();
    assert_eq!(body["contents"], json!([{"role": "user", "parts": [{"text": " "}]}]));
}

#[test]
fn an_effort_is_said_to_models_that_know_it() {
    let thinking = |model: &str, effort: &str| {
        let body = json!({"messages": [{"role": "user", "content": "Hi."}], "reasoning_effort": effort});
        let (body, dropped) = sent(Gemini::Public, model, &body).unwrap();
        let config = body.get("generationConfig").map(|config| config["thinkingConfig"].clone());
        assert_eq!(config.is_none(), dropped == ["reasoning_effort"], "{dropped:?}");
        config.map(|config| config.to_string()).unwrap_or_default()
    };
    let mut table = String::new();
    for model in [
        "gemini-2.0-flash",
        "gemini-2.5-flash",
        "models/gemini-2.5-pro",
        "gemini-3-pro-preview",
        "gemini-3-flash-preview",
        "gemini-3.1-pro-preview",
    ] {
        let efforts =
            ["none", "minimal", "low", "medium", "high", "other"].map(|effort| thinking(model, effort));
        table += &format!("{model}: {}\n", efforts.join(" | "));
    }
    insta::assert_snapshot!(table);
}

#[test]
fn a_seed_always_becomes_the_same() {
    for (seed, sent_seed) in [(7, 7), (-1, -1), (i64::from(i32::MAX) + 1, 0), (i64::MAX, i64::from(i32::MAX))]
    {
        let body = json!({"messages": [{"role": "user", "content": "Hi."}], "seed": seed});
        assert_eq!(sent(Gemini::Public, "m", &body).unwrap().0["generationConfig"]["seed"], sent_seed);
    }
}
