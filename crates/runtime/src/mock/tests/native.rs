//! What clients of the providers' own APIs get, at the paths that they ask.

use ::formats::framing::Framing;

use super::*;

/// Requests to every API, each for a text, for a call of a tool and for a stream of both where there are
/// tools. Thoughts are asked for where they can be.
fn questions() -> Vec<(&'static str, Value)> {
    let schema = json!({"type": "object", "properties": {"city": {"type": "string"}}});
    let function = json!({"type": "function", "function": {"name": "get_weather", "parameters": schema}});
    let messages = json!([{"role": "user", "content": "use get_weather"}]);
    vec![
        (
            "/v1/messages",
            json!({
                "model": "MODEL", "max_tokens": 64, "thinking": {"type": "enabled", "budget_tokens": 32},
                "messages": [{"role": "user", "content": [{"type": "text", "text": "use get_weather"}]}],
                "tools": [{"name": "get_weather", "input_schema": schema}],
            }),
        ),
        (
            "/v2/chat",
            json!({"model": "MODEL", "messages": messages, "tools": [function], "thinking": {"type": "enabled"}}),
        ),
        (
            "/v1/chat",
            json!({"model": "MODEL", "message": "use get_weather", "tools": [{
                "name": "get_weather",
                "parameter_definitions": {"city": {"type": "str", "description": "where"}},
            }]}),
        ),
        (
            "/v1beta/models/MODEL:generateContent",
            json!({
                "contents": [{"role": "user", "parts": [{"text": "use get_weather"}]}],
                "tools": [{"functionDeclarations": [{"name": "get_weather", "parameters": schema}]}],
                "generationConfig": {"thinkingConfig": {"includeThoughts": true}},
            }),
        ),
        (
            "/model/MODEL/converse",
            json!({
                "messages": [{"role": "user", "content": [{"text": "use get_weather"}]}],
                "toolConfig": {"tools": [
                    {"toolSpec": {"name": "get_weather", "inputSchema": {"json": schema}}},
                ]},
                "additionalModelRequestFields": {"thinking": {"type": "enabled", "budget_tokens": 32}},
            }),
        ),
        (
            "/api/chat",
            json!({"model": "MODEL", "messages": messages, "tools": [function], "think": true, "stream": false}),
        ),
        ("/api/generate", json!({"model": "MODEL", "prompt": "go on", "think": "low", "stream": false})),
        ("/models/MODEL", json!({"inputs": "go on", "parameters": {"details": true, "max_new_tokens": 3}})),
    ]
}

/// The same question for a stream.
fn streamed(path: &str, mut question: Value) -> (String, Value) {
    match path {
        _ if path.ends_with(":generateContent") => {
            (path.replace("generateContent", "streamGenerateContent?alt=sse"), question)
        }
        _ if path.ends_with("/converse") => (format!("{path}-stream"), question),
        _ => {
            question["stream"] = json!(true);
            (path.to_owned(), question)
        }
    }
}

/// A stream as it can be read: of messages in binary their types and JSON.
fn text(content_type: &str, stream: Bytes) -> String {
    if content_type != "application/vnd.amazon.eventstream" {
        return String::from_utf8(stream.to_vec()).unwrap().trim_end().replace('\r', "\\r");
    }
    let mut lines = Vec::new();
    let mut framing = Framing::of(content_type).unwrap();
    framing.push(stream, &mut |frame| lines.push(format!("{:?} {}", frame.kind, frame.data))).unwrap();
    framing.finish(&mut |frame| panic!("{frame:?} has no end")).unwrap();
    lines.join("\n")
}

#[tokio::test]
async fn every_api_answers_in_its_own_format() {
    let mut shown = String::new();
    for (path, question) in questions() {
        let (status, content_type, whole) = ask("POST", path, question.to_string()).await;
        assert_eq!((status, &*content_type), (StatusCode::OK, "application/json"), "{path}");
        let whole: Value = serde_json::from_slice(&whole).unwrap();
        let (path, question) = streamed(path, question);
        let (status, content_type, stream) = ask("POST", &path, question.to_string()).await;
        assert_eq!(status, StatusCode::OK, "{path}");
        shown += &format!("== {path}\n{whole:#}\n\n-- {content_type}\n{}\n\n", text(&content_type, stream));
    }
    insta::assert_snapshot!(shown);
}

#[tokio::test]
async fn a_stream_of_contents_is_an_array_unless_events_are_asked_for() {
    let (path, question) = questions().remove(3);
    let path = path.replace("generateContent", "streamGenerateContent");
    let (_, content_type, stream) = ask("POST", &path, question.to_string()).await;
    assert_eq!(content_type, "application/json");
    let responses: Vec<Value> = serde_json::from_slice(&stream).unwrap();
    assert_eq!(responses.last().unwrap()["candidates"][0]["finishReason"], "STOP");
}

#[tokio::test]
async fn errors_have_the_form_of_the_api() {
    let mut shown = String::new();
    for (path, question) in questions() {
        for status in [400, 429, 503] {
            let named = |text: &str| text.replace("MODEL", &format!("mock-{status}"));
            let (given, _, error) = ask("POST", &named(path), named(&question.to_string())).await;
            assert_eq!(given, status, "{path}");
            shown += &format!("{path} {status}\n{}\n", String::from_utf8_lossy(&error));
        }
        let (given, _, error) = ask("POST", path, "{}").await;
        assert_eq!(given, StatusCode::BAD_REQUEST, "{path}");
        shown += &format!("{path} {{}}\n{}\n\n", String::from_utf8_lossy(&error));
    }
    insta::assert_snapshot!(shown);
}
