//! Requests with values that no client in its right mind sends: each becomes JSON that a provider can read,
//! or an error that names the member.

use formats::WireFormat;
use formats::body::Members;
use formats::codec::{Asked, Operation, codec, translate};
use formats::openai::Options;
use serde_json::Value;

const WIRES: [WireFormat; 8] = [
    WireFormat::Anthropic,
    WireFormat::Bedrock,
    WireFormat::Gemini,
    WireFormat::Vertex,
    WireFormat::Ollama,
    WireFormat::Llama2Raw,
    WireFormat::CohereV2,
    WireFormat::CohereV1,
];

/// The members that say something in some format.
const MEMBERS: [&str; 22] = [
    "messages",
    "prompt",
    "stream_options",
    "max_tokens",
    "max_completion_tokens",
    "temperature",
    "top_p",
    "top_k",
    "tools",
    "tool_choice",
    "functions",
    "function_call",
    "parallel_tool_calls",
    "stop",
    "seed",
    "presence_penalty",
    "frequency_penalty",
    "n",
    "user",
    "response_format",
    "reasoning_effort",
    "thinking",
];

const VALUES: [&str; 38] = [
    "null",
    "true",
    "0",
    "-0",
    "-1",
    "1.5",
    "1e-400",
    "1e308",
    "1e400",
    "-1e400",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551615",
    "-9223372036854775809",
    "123456789012345678901234567890123456789012345678901234567890",
    r#""""#,
    r#""\u0000""#,
    r#""a\r\n\r\ndata: {}\n\n""#,
    r#""\ud800""#,
    r#""\udc00\ud800""#,
    r#""../../\"\\ü""#,
    "[]",
    "[[]]",
    "[null]",
    "[1,\"a\"]",
    "[\"\",\"a\"]",
    "{}",
    r#"{"":{}}"#,
    r#"{"type":1}"#,
    r##"{"type":"json_schema","json_schema":{"schema":{"$ref":"#"}}}"##,
    r#"{"type":"json_schema","json_schema":{"name":"\ud800","schema":{"type":{},"properties":[],"required":{}}}}"#,
    r#"{"type":"function","function":{"name":"a\r\nb"}}"#,
    r##"[{"type":"function","function":{"name":"a\r\nb: c","parameters":{"type":"object","properties":{"\n":{"$ref":"#/properties/~1"}}}}}]"##,
    r#"[{"type":"function","function":{"name":"","parameters":[]}}]"#,
    r#"[{"role":"user","content":"\ud800"}]"#,
    r#"[{"role":"user","content":[{"type":"image_url","image_url":"data:image/\r\nx: y;base64,AA=="}]}]"#,
    r#"[{"role":"user","content":[{"type":"image_url","image_url":"javascript:alert(1)"}]}]"#,
    r#"[{"role":"user","content":"a"},{"role":"assistant","tool_calls":[{"id":"\r\n","function":{"name":"\"","arguments":"{\"a\":1,\"a\":2} x"}}]},{"role":"tool","tool_call_id":"\r\n","content":"{"}]"#,
];

#[test]
fn every_value_is_taken_or_told() {
    for wire in WIRES {
        let codec = codec(wire, Operation::Chat).expect("it has an API of its own");
        for (member, value) in MEMBERS.iter().flat_map(|member| VALUES.map(|value| (member, value))) {
            let tools = match *member {
                "tool_choice" | "parallel_tool_calls" => {
                    r#","tools":[{"type":"function","function":{"name":"f"}}]"#
                }
                _ => "",
            };
            let rest = match *member {
                "messages" => String::new(),
                _ => format!(r#""messages":[{{"role":"user","content":"a"}}]{tools},"#),
            };
            let body = format!("{{{rest}\"{member}\":{value}}}");
            let mut members = Members::parse(body.as_bytes()).expect(&body);
            let options = Options::default();
            let operation = Operation::Chat;
            let (provider, model, options) = ("it", "m", &options);
            let asked = Asked { provider, operation, model, stream: true, options, api_version: None };
            match translate(codec, wire, &mut members, &asked) {
                Ok(translated) => {
                    let text = String::from_utf8(translated.body).expect("text");
                    let json: Result<Value, _> = serde_json::from_str(&text);
                    assert!(json.is_ok() || is_beyond_readers(&body), "{wire:?} {body}: {text} {json:?}");
                }
                Err(error) => {
                    let message = error.to_string();
                    let is_named = message.contains(member)
                        || matches!(*member, "functions" | "function_call" | "prompt")
                        || message.contains("messages");
                    assert!(is_named && message.len() < 500, "{wire:?} {body}: {message}");
                    assert!(!message.contains(['\r', '\n']), "{wire:?} {body}: {message:?}");
                }
            }
        }
    }
}

/// What passes as the client wrote it, and is JSON that many readers cannot represent.
fn is_beyond_readers(body: &str) -> bool {
    ["1e400", "\\ud800", "\\udc00"].iter().any(|beyond| body.contains(beyond))
}
