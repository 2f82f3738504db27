//! Answers of many small parts, of which each would take far more memory than its bytes.

use bytes::Bytes;
use formats::WireFormat;
use formats::chunks::Chunks;
use formats::codec::{Expected, Operation, Origin, ToolNames, codec};
use formats::stream::{Stream, framing};

const CHAT: Operation = Operation::Chat;
const TEXT: Operation = Operation::Completions;

#[test]
fn whole_answers_of_too_many_parts_are_refused() {
    let cases = [
        (WireFormat::Anthropic, CHAT, r#"{"content":[@]}"#, r#"{"type":"tool_use"}"#, 4096),
        (
            WireFormat::Bedrock,
            CHAT,
            r#"{"output":{"message":{"content":[@]}}}"#,
            r#"{"toolUse":{"name":"f"}}"#,
            4096,
        ),
        (WireFormat::CohereV2, CHAT, r#"{"message":{"tool_calls":[@]}}"#, "{}", 4096),
        (WireFormat::CohereV1, CHAT, r#"{"text":"","tool_calls":[@]}"#, r#"{"name":""}"#, 4096),
        (
            WireFormat::Ollama,
            CHAT,
            r#"{"message":{"tool_calls":[@]},"done":true}"#,
            r#"{"function":{"name":""}}"#,
            4096,
        ),
        (
            WireFormat::Gemini,
            CHAT,
            r#"{"candidates":[{"content":{"parts":[@]}}]}"#,
            r#"{"functionCall":{}}"#,
            4096,
        ),
        (WireFormat::Gemini, CHAT, r#"{"candidates":[@]}"#, r#"{"finishReason":"STOP"}"#, 256),
        (WireFormat::Gemini, CHAT, "[@]", r#"{"candidates":[{"index":#}]}"#, 256),
        (WireFormat::Llama2Raw, CHAT, "[@]", r#"{"generated_text":""}"#, 256),
        (WireFormat::HuggingFaceGeneration, TEXT, "[@]", r#"{"generated_text":""}"#, 256),
        (WireFormat::Mistral, TEXT, r#"{"choices":[@]}"#, r#"{"message":{"content":""}}"#, 256),
    ];
    for (wire, operation, answer, part, most) in cases {
        let codec = codec(wire, operation).expect("it has an API of its own");
        let of = |parts: usize| {
            let parts: Vec<_> = (0..parts).map(|number| part.replace('#', &number.to_string())).collect();
            codec.answer(&answer.replace('@', &parts.join(",")), None)
        };
        assert!(of(most).is_ok(), "{wire:?}: {answer} {:?}", of(most).err());
        let error = of(most + 1).expect_err(answer).message;
        assert!(error.contains(&format!("more than {most}")), "{wire:?}: {error}");
    }
}

/// Each part is a chunk that repeats the answer's id and model.
#[test]
fn an_event_that_would_become_hundreds_of_times_as_long_is_a_failure() {
    let name = "\\u0001".repeat(512);
    let parts = vec![r#"{"text":"a"}"#; 20_000].join(",");
    let event = format!(
        "data: {{\"responseId\":\"{name}\",\"modelVersion\":\"{name}\",\"candidates\":[{{\"content\":{{\"parts\":[{parts}]}}}}]}}\n\n"
    );
    let (wire, tool_names) = (WireFormat::Gemini, ToolNames::default());
    let expected =
        Expected { wire, operation: CHAT, model: "m".to_owned(), includes_usage: true, tool_names };
    let origin = Origin { id: "o".repeat(21), created: 1 };
    let chunks = Chunks::new(expected, origin, false, Vec::new());
    let codec = codec(wire, CHAT).expect("it has an API of its own");
    let mut stream = Stream::new(codec, framing(wire, "text/event-stream").expect("it streams"), chunks);
    let said = stream.push(Bytes::from(event));
    assert!(said.len() < 65 << 20, "{} bytes", said.len());
    let last = said[said.len() - 200..].escape_ascii().to_string();
    assert!(last.contains("more at once than can be passed on"), "{last}");
    assert!(stream.is_over() && stream.end(None).is_empty());
}
