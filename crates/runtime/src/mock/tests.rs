//! Answers in OpenAI's format; those of other providers are in [`native`].

mod meaning;
mod native;

use serde_json::json;

use super::*;

async fn ask(method: &str, path: &str, body: impl Into<Bytes>) -> (StatusCode, String, Bytes) {
    let body = Body::new(Full::new(body.into()).map_err(|never| match never {}));
    let request = Request::builder().method(method).uri(format!("http://mock{path}")).body(body).unwrap();
    let response = answer(request).await;
    let content_type = response.headers()[CONTENT_TYPE].to_str().unwrap().to_owned();
    (response.status(), content_type, response.into_body().collect().await.unwrap().to_bytes())
}

async fn json(path: &str, body: Value) -> Value {
    let (status, content_type, answer) = ask("POST", path, body.to_string()).await;
    assert_eq!((status, &*content_type), (StatusCode::OK, "application/json"));
    serde_json::from_slice(&answer).unwrap()
}

async fn events(path: &str, body: Value) -> Vec<Value> {
    let (status, content_type, answer) = ask("POST", path, body.to_string()).await;
    assert_eq!((status, &*content_type), (StatusCode::OK, "text/event-stream"));
    let text = String::from_utf8(answer.to_vec()).unwrap();
    let events = text.strip_suffix("data: [DONE]\n\n").expect("the end is marked").split_terminator("\n\n");
    events.map(|event| serde_json::from_str(event.strip_prefix("data: ").unwrap()).unwrap()).collect()
}

fn chat(more: Value) -> Value {
    let mut body = json!({"model": "gpt-4o", "messages": [{"role": "user", "content": "how do you do?"}]});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

/// A tool with one argument.
fn tool(name: &str) -> Value {
    let parameters = json!({"type": "object", "properties": {"city": {"type": "string"}}});
    json!({"type": "function", "function": {"name": name, "parameters": parameters}})
}

#[tokio::test]
async fn a_chat_is_answered_the_same_way_every_time() {
    let first = json("/v1/chat/completions", chat(json!({"n": 2}))).await;
    assert_eq!(first, json("/v1/chat/completions", chat(json!({"n": 2}))).await);
    insta::assert_json_snapshot!(first);
    let other = json("/v1/chat/completions", chat(json!({"n": 1}))).await;
    assert_ne!(first["id"], other["id"]);
}

#[tokio::test]
async fn a_stream_says_the_same_in_pieces() {
    let whole = json("/v1/chat/completions", chat(json!({}))).await;
    let asked = chat(json!({"stream": true, "stream_options": {"include_usage": true}}));
    let mut chunks = events("/v1/chat/completions", asked).await;
    let usage = chunks.pop().unwrap();
    assert_eq!((&usage["choices"], &usage["usage"]), (&json!([]), &whole["usage"]));
    assert_eq!(chunks[0]["choices"][0]["delta"], json!({"role": "assistant", "content": ""}));
    assert_eq!(chunks.last().unwrap()["choices"][0]["finish_reason"], "stop");
    let deltas = chunks.iter().filter_map(|chunk| chunk["choices"][0]["delta"]["content"].as_str());
    assert_eq!(deltas.collect::<String>(), whole["choices"][0]["message"]["content"]);
    assert!(chunks.len() > 5, "several pieces: {chunks:#?}");
    let plain = events("/v1/chat/completions", chat(json!({"stream": true}))).await;
    assert!(plain.iter().all(|chunk| chunk.get("usage").is_none()), "usage is for those who ask");
}

#[tokio::test]
async fn tools_are_called_on_demand_and_by_name() {
    let tools = json!([tool("get_time"), tool("get_weather")]);
    for (choice, asked, called) in [
        (json!("auto"), "hi", None),
        (json!("auto"), "please use get_weather", Some("get_weather")),
        (json!("none"), "please use get_weather", None),
        (json!("required"), "hi", Some("get_time")),
        (json!({"type": "function", "function": {"name": "get_weather"}}), "hi", Some("get_weather")),
    ] {
        let messages = json!([{"role": "user", "content": [{"type": "text", "text": asked}]}]);
        let body = json!({"tools": tools, "tool_choice": choice, "messages": messages});
        let answer = json("/v1/chat/completions", chat(body.clone())).await;
        let choice = &answer["choices"][0];
        let call = &choice["message"]["tool_calls"][0]["function"];
        assert_eq!(call["name"].as_str(), called, "{body}");
        assert_eq!(choice["finish_reason"], if called.is_some() { "tool_calls" } else { "stop" });
        if called.is_some() {
            assert_eq!(call["arguments"], "{\"city\":\"made up\"}");
            let mut streamed = chat(body);
            streamed["stream"] = json!(true);
            let chunks = events("/v1/chat/completions", streamed).await;
            let parts = chunks.iter().map(|chunk| &chunk["choices"][0]["delta"]["tool_calls"][0]["function"]);
            let arguments: String = parts.filter_map(|part| part["arguments"].as_str()).collect();
            assert_eq!(arguments, call["arguments"]);
        }
    }
}

#[tokio::test]
async fn structured_answers_are_what_their_schema_allows() {
    let schema = json!({
        "type": "object",
        "required": ["steps", "answer", "unit"],
        "properties": {
            "steps": {"type": "array", "minItems": 2, "items": {"$ref": "#/$defs/step"}},
            "answer": {"type": ["integer", "null"], "minimum": 7},
            "unit": {"enum": ["km", "m"]},
            "note": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        },
        "$defs": {"step": {"type": "object", "required": ["done"], "properties": {"done": {"type": "boolean"}}}},
    });
    let format = json!({"type": "json_schema", "json_schema": {"name": "x", "schema": schema}});
    let answer = json("/v1/chat/completions", chat(json!({"response_format": format}))).await;
    let text = answer["choices"][0]["message"]["content"].as_str().unwrap();
    let value: Value = serde_json::from_str(text).unwrap();
    jsonschema::validate(&schema, &value).unwrap();
    let recursive = json!({"type": "object", "properties": {"next": {"$ref": "#"}}});
    assert!(value::of(&recursive)["next"].is_object(), "schemas without end have values with one");

    let format = json!({"response_format": {"type": "json_object"}});
    let answer = json("/v1/chat/completions", chat(format)).await;
    let text = answer["choices"][0]["message"]["content"].as_str().unwrap();
    assert_eq!(serde_json::from_str::<Value>(text).unwrap()["you_said"], "how do you do?");
}

#[tokio::test]
async fn a_limit_cuts_the_text() {
    for path in ["/v1/chat/completions", "/v1/completions"] {
        let answer = json(path, chat(json!({"prompt": "go on", "max_tokens": 3}))).await;
        assert_eq!(answer["usage"]["completion_tokens"], 3, "{path}");
        assert_eq!(answer["choices"][0]["finish_reason"], "length", "{path}");
    }
}

#[tokio::test]
async fn completions_answer_every_prompt() {
    let body = json!({"model": "gpt-3.5-turbo-instruct", "prompt": ["one", "two"]});
    insta::assert_json_snapshot!(json("/v1/completions", body.clone()).await);
    let mut streamed = body;
    streamed["stream"] = json!(true);
    let chunks = events("/v1/completions", streamed).await;
    let text = |index: u64| -> String {
        let choices =
            chunks.iter().map(|chunk| &chunk["choices"][0]).filter(|choice| choice["index"] == index);
        choices.filter_map(|choice| choice["text"].as_str()).collect()
    };
    assert!(text(0).ends_with("You said: one") && text(1).ends_with("You said: two"), "{chunks:#?}");
}

#[tokio::test]
async fn an_azure_deployment_is_a_model() {
    let body = json!({"messages": [{"role": "user", "content": "hi"}]});
    let answer = json("/openai/deployments/gpt-35/chat/completions?api-version=1", body).await;
    assert_eq!(answer["model"], "gpt-35");
}

#[tokio::test]
async fn embeddings_have_length_one_in_either_encoding() {
    let body = json!({"model": "e", "input": ["a", "b", "a"], "dimensions": 5});
    let answer = json("/v1/embeddings", body.clone()).await;
    let vectors: Vec<Vec<f32>> = (0..3)
        .map(|index| serde_json::from_value(answer["data"][index]["embedding"].clone()).unwrap())
        .collect();
    assert_eq!(vectors[0], vectors[2]);
    assert_ne!(vectors[0], vectors[1]);
    let length: f32 = vectors[0].iter().map(|number| number * number).sum();
    assert!((length - 1.0).abs() < 1e-5 && vectors[0].len() == 5, "{vectors:?}");
    let mut encoded = body;
    encoded["encoding_format"] = json!("base64");
    let answer = json("/v1/embeddings", encoded).await;
    let bytes = base64::Engine::decode(
        &base64::prelude::BASE64_STANDARD,
        answer["data"][0]["embedding"].as_str().unwrap(),
    );
    let numbers: Vec<f32> =
        bytes.unwrap().chunks(4).map(|four| f32::from_le_bytes(four.try_into().unwrap())).collect();
    assert_eq!(numbers, vectors[0]);
}

#[tokio::test]
async fn other_parts_of_the_api_have_their_shapes_and_the_rest_is_echoed() {
    let mut answers = Vec::new();
    for (method, path, body) in [
        ("POST", "/v1/audio/transcriptions", "not JSON"),
        ("POST", "/v1/images/generations", r#"{"prompt": "a cat"}"#),
        ("POST", "/v1/moderations", r#"{"model": "m", "input": "x"}"#),
        ("GET", "/v1/models", ""),
        ("GET", "/v1/models/gpt-4o", ""),
        ("DELETE", "/v1/files/f-1", ""),
        ("POST", "/v1beta/models/gemini-2.5-flash:countTokens", r#"{"contents": []}"#),
    ] {
        let (status, _, answer) = ask(method, path, body).await;
        answers.push(json!([
            method,
            path,
            status.as_u16(),
            serde_json::from_slice::<Value>(&answer).unwrap()
        ]));
    }
    insta::assert_json_snapshot!(answers);
}

#[tokio::test]
async fn errors_can_be_asked_for() {
    for (model, expected) in [("mock-429", 429), ("mock-500", 500), ("mock-200", 200), ("mock-x", 200)] {
        let body = chat(json!({"model": model})).to_string();
        let (status, _, answer) = ask("POST", "/v1/chat/completions", body).await;
        assert_eq!(status, expected, "{model}");
        let answer: Value = serde_json::from_slice(&answer).unwrap();
        assert_eq!(answer["error"].is_object(), expected != 200, "{answer}");
    }
    for body in ["", "[", "{}", "[]", r#"{"messages": []}"#, r#"{"messages": "x"}"#] {
        let (status, _, _) = ask("POST", "/v1/chat/completions", body).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{body}");
    }
}
