//! Whatever format a provider is asked in, what its mock answers means the same as what OpenAI's answers.

use bytes::Bytes;
use config_core::model::{Provider, RouteType};
use formats::WireFormat::{self, *};
use formats::body::Members;
use formats::chunks::Chunks;
use formats::codec::{self, Asked, Codec, Operation, Origin, Translated};
use formats::framing::Framing;
use formats::openai::Options;
use formats::stream::Stream;
use http_body_util::{BodyExt, Full};
use hyper::header::CONTENT_TYPE;
use hyper::{Request, Response, StatusCode};
use serde_json::{Value, json};

use super::super::{Conversation, answer};
use crate::Body;

/// Formats of conversations that a codec translates into.
const CHATS: &[(WireFormat, Provider)] = &[
    (Anthropic, Provider::Anthropic),
    (CohereV2, Provider::Cohere),
    (CohereV1, Provider::Cohere),
    (Ollama, Provider::Mistral),
    (Llama2Raw, Provider::Llama2),
    (Gemini, Provider::Gemini),
    (Vertex, Provider::Gemini),
    (Bedrock, Provider::Bedrock),
];

/// Those of prompts.
const COMPLETIONS: &[(WireFormat, Provider)] = &[
    (Anthropic, Provider::Anthropic),
    (CohereV2, Provider::Cohere),
    (OllamaGenerate, Provider::Mistral),
    (Gemini, Provider::Gemini),
    (Bedrock, Provider::Bedrock),
    (HuggingFaceGeneration, Provider::Huggingface),
];

/// What an answer says, however it is written.
#[derive(Debug, Default, PartialEq)]
struct Meaning {
    text: String,
    reasoning: String,
    tool: String,
    arguments: String,
    finish: String,
    usage: [u64; 3],
}

impl Meaning {
    /// Adds an answer, or a chunk of one.
    fn add(&mut self, json: &Value) {
        let choice = &json["choices"][0];
        let said = if choice["delta"].is_object() { &choice["delta"] } else { &choice["message"] };
        let text = if choice["text"].is_string() { &choice["text"] } else { &said["content"] };
        let function = &said["tool_calls"][0]["function"];
        for (text, piece) in [
            (&mut self.text, text),
            (&mut self.reasoning, &said["reasoning_content"]),
            (&mut self.tool, &function["name"]),
            (&mut self.arguments, &function["arguments"]),
            (&mut self.finish, &choice["finish_reason"]),
        ] {
            text.push_str(piece.as_str().unwrap_or_default());
        }
        for (count, name) in self.usage.iter_mut().zip(["prompt_tokens", "completion_tokens", "total_tokens"])
        {
            *count = json["usage"][name].as_u64().unwrap_or(*count);
        }
    }
}

/// A request in `wire`'s format with the configuration's knowledge of it; `None` for OpenAI's own.
fn sent(case: &Value, wire: WireFormat, provider: Provider) -> Option<(Translated, &'static dyn Codec)> {
    let operation = operation(case);
    let codec = codec::codec(wire, operation)?;
    let bytes = case.to_string();
    let mut members = Members::parse(bytes.as_bytes()).unwrap();
    let options = Options::default();
    let asked = Asked {
        provider: provider.as_str(),
        operation,
        model: case["model"].as_str().unwrap(),
        api_version: None,
        stream: case["stream"] == true,
        options: &options,
    };
    Some((codec::translate(codec, wire, &mut members, &asked).unwrap(), codec))
}

fn operation(case: &Value) -> Operation {
    if case["prompt"].is_string() { Operation::Completions } else { Operation::Chat }
}

fn origin() -> Origin {
    Origin { id: "0".repeat(21), created: 1 }
}

async fn ask(path: &str, body: Vec<u8>, conversation: Option<Conversation>) -> Response<Body> {
    let body = Body::new(Full::new(Bytes::from(body)).map_err(|never| match never {}));
    let mut request = Request::builder().method("POST").uri(format!("http://mock{path}")).body(body).unwrap();
    if let Some(conversation) = conversation {
        request.extensions_mut().insert(conversation);
    }
    answer(request).await
}

/// What the client of an answer in OpenAI's format reads.
async fn meaning(response: Response<Body>, translate: impl FnOnce(&str, Bytes) -> Bytes) -> Meaning {
    assert_eq!(response.status(), StatusCode::OK);
    let media_type = response.headers()[CONTENT_TYPE].to_str().unwrap().to_owned();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    let text = String::from_utf8(translate(&media_type, bytes).to_vec()).unwrap();
    let mut meaning = Meaning::default();
    if !text.starts_with("data: ") {
        meaning.add(&serde_json::from_str(&text).unwrap());
        return meaning;
    }
    let events = text.strip_suffix("data: [DONE]\n\n").unwrap_or_else(|| panic!("no end: {text}"));
    for event in events.split_terminator("\n\n") {
        meaning.add(&serde_json::from_str(event.strip_prefix("data: ").unwrap()).unwrap());
    }
    meaning
}

/// What OpenAI's mock says.
async fn expected(case: &Value) -> Meaning {
    let path = match operation(case) {
        Operation::Chat => "/v1/chat/completions",
        Operation::Completions => "/v1/completions",
    };
    meaning(ask(path, case.to_string().into(), None).await, |_, bytes| bytes).await
}

/// What the mock of another provider says, once it is translated.
async fn translated(case: &Value, wire: WireFormat, provider: Provider, target: &str) -> Meaning {
    let (Translated { body, expected, .. }, codec) = sent(case, wire, provider).unwrap();
    let conversation = Conversation {
        wire,
        provider,
        route_type: match operation(case) {
            Operation::Chat => RouteType::Chat,
            Operation::Completions => RouteType::Completions,
        },
        model: Some(expected.model.clone()),
        stream: case["stream"] == true,
    };
    let response = ask(target, body, Some(conversation)).await;
    let is_stream = case["stream"] == true;
    meaning(response, |media_type, bytes| {
        if !is_stream {
            let text = std::str::from_utf8(&bytes).unwrap();
            return codec.answer(text, None).unwrap().to_json(&expected, &origin()).into();
        }
        let chunks = Chunks::new(expected, origin(), false, Vec::new());
        let mut stream = Stream::new(codec, Framing::of(media_type).unwrap(), chunks);
        [stream.push(bytes), stream.end(None)].concat().into()
    })
    .await
}

fn case(more: Value) -> Value {
    let mut case = json!({"model": "m-1", "stream_options": {"include_usage": true}});
    case.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    case
}

fn chat(said: &str, more: Value) -> Value {
    let mut case = case(json!({"messages": [{"role": "user", "content": said}]}));
    case.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    case
}

fn weather() -> Value {
    let parameters = json!({"type": "object", "properties": {"city": {"type": "string"}}});
    json!([{"type": "function", "function": {"name": "get_weather", "parameters": parameters}}])
}

async fn means_the_same(formats: &[(WireFormat, Provider)], cases: &[Value]) {
    for &(wire, provider) in formats {
        for case in cases {
            for stream in [false, true] {
                for target in ["/anything?alt=sse", "/anything"] {
                    let mut case = case.clone();
                    case["stream"] = json!(stream);
                    let expected = expected(&case).await;
                    let mut said = translated(&case, wire, provider, target).await;
                    // Templates and servers count what surrounds a prompt, or do not count it.
                    if matches!(wire, Llama2Raw | HuggingFaceGeneration) {
                        said.usage[0] = expected.usage[0];
                        said.usage[2] = expected.usage[2];
                    }
                    assert_eq!(said, expected, "{} at {target}: {case}", wire.as_str());
                }
            }
        }
    }
}

#[tokio::test]
async fn chats_mean_the_same() {
    let cases = [
        chat("how do you do?", json!({})),
        chat("how do you do?", json!({"max_tokens": 3})),
        case(json!({"messages": [
            {"role": "system", "content": "be brief"},
            {"role": "user", "content": "one"},
            {"role": "assistant", "content": "two"},
            {"role": "user", "content": "and \u{e9} \u{1f600} three"},
        ]})),
    ];
    means_the_same(CHATS, &cases).await;
}

#[tokio::test]
async fn calls_of_tools_mean_the_same() {
    let cases = [
        chat("please use get_weather", json!({"tools": weather()})),
        chat("no need of tools", json!({"tools": weather()})),
        case(json!({"tools": weather(), "messages": [
            {"role": "user", "content": "please use get_weather"},
            {"role": "assistant", "content": null, "tool_calls": [
                {"id": "call_123456789", "type": "function",
                 "function": {"name": "get_weather", "arguments": "{\"city\":\"Rome\"}"}},
            ]},
            {"role": "tool", "tool_call_id": "call_123456789", "content": "sunny"},
        ]})),
    ];
    let with_tools: Vec<_> =
        CHATS.iter().copied().filter(|(wire, _)| !matches!(wire, Llama2Raw | CohereV1)).collect();
    means_the_same(&with_tools, &cases).await;
    let forced = json!({"tools": weather(), "tool_choice": "required"});
    let with_choice: Vec<_> = with_tools.into_iter().filter(|(wire, _)| *wire != Ollama).collect();
    means_the_same(&with_choice, &[chat("hi", forced)]).await;
}

/// Not of text generation: nothing holds it to a form. Which models of Bedrock can be, their names say.
#[tokio::test]
async fn structured_answers_mean_the_same() {
    let schema = json!({
        "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"],
        "additionalProperties": false,
    });
    let format = json!({
        "type": "json_schema", "json_schema": {"name": "place", "strict": true, "schema": schema},
    });
    let model = "anthropic.claude-sonnet-4-5-20250929-v1:0";
    let case = chat("where is it?", json!({"response_format": format, "model": model}));
    let formats: Vec<_> = CHATS.iter().copied().filter(|(wire, _)| *wire != Llama2Raw).collect();
    means_the_same(&formats, &[case]).await;
}

#[tokio::test]
async fn completions_mean_the_same() {
    let cases = [case(json!({"prompt": "go on"})), case(json!({"prompt": "go on", "max_tokens": 3}))];
    means_the_same(COMPLETIONS, &cases).await;
}
