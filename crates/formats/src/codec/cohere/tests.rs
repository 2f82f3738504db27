use super::*;
use crate::codec::trial;
use crate::openai::Options;
use crate::peek::member;

fn sent(body: &str) -> String {
    trial::sent(&Cohere, body, "m", &Options::default()).unwrap().0
}

fn streamed(events: &[&str]) -> Vec<String> {
    trial::streamed(&Cohere, "text/event-stream", events)
}

#[test]
fn numbers_are_brought_into_range() {
    let sent = sent(
        r#"{"messages":[{"role":"user","content":"x"}],"top_p":1,"top_k":1000,"presence_penalty":2,"frequency_penalty":-2}"#,
    );
    let names = ["p", "k", "presence_penalty", "frequency_penalty"];
    let [p, k, presence, frequency] = members(&sent, names).unwrap();
    assert_eq!([p, k, presence, frequency], [Some("0.99"), Some("500"), Some("1.0"), Some("0.0")]);
}

#[test]
fn tools_are_strict_if_all_that_are_offered_are() {
    let strict = |choice: &str| {
        let tool = |name: &str, strict: bool| {
            format!(r#"{{"type":"function","function":{{"name":"{name}","strict":{strict}}}}}"#)
        };
        let (a, b) = (tool("a", true), tool("b", false));
        let body = format!(
            r#"{{"messages":[{{"role":"user","content":"x"}}],"tools":[{a},{b}],"tool_choice":{choice}}}"#
        );
        member(&sent(&body), "strict_tools").is_some()
    };
    let named = |name: &str| format!(r#"{{"type":"function","function":{{"name":"{name}"}}}}"#);
    assert_eq!([strict("null"), strict(&named("a")), strict(&named("b"))], [false, true, false]);
}

#[test]
fn what_cannot_be_said_is_refused() {
    let refused = |messages: &str| trial::messages_sent(&Cohere, messages).unwrap_err().message;
    let said = refused(r#"[{"role":"system","content":"s"},{"role":"user","content":""}]"#);
    assert!(said.contains("cohere needs a message of role `user`"), "{said}");
    let image = r#"{"type":"image_url","image_url":"https://x.test/a.png"}"#;
    assert_eq!(
        refused(&format!(r#"[{{"role":"tool","tool_call_id":"a","content":[{image}]}}]"#)),
        "messages[0].content[0].image_url: cohere takes no images from tools; send the result as text"
    );
}

#[test]
fn counts_are_those_of_the_model_else_those_charged_for() {
    let counted = |json| usage(json).map(|usage| (usage.prompt_tokens, usage.completion_tokens));
    assert_eq!(counted(r#"{"tokens":{"input_tokens":3.0},"billed_units":{"input_tokens":1}}"#), Some((3, 0)));
    assert_eq!(counted(r#"{"tokens":{},"billed_units":{"output_tokens":2.9}}"#), Some((0, 2)));
    for nothing in ["{}", "[]", r#"{"tokens":null,"billed_units":{"search_units":1}}"#] {
        assert_eq!(counted(nothing), None, "{nothing}");
    }
}

#[test]
fn a_call_may_begin_with_arguments_and_be_in_a_list() {
    let written = streamed(&[
        r#"{"type":"message-start"}"#,
        r#"{"type":"tool-call-start","index":0,"delta":{"message":{"tool_calls":[{"id":"a","function":{"name":"f","arguments":"{"}}]}}}"#,
        r#"{"type":"tool-call-delta","index":0,"delta":{"message":{"tool_calls":{"function":{"arguments":"}"}}}}}"#,
        r#"{"type":"hologram","index":{},"delta":7}"#,
        r#"{"type":"message-end","delta":{"finish_reason":"COMPLETE"}}"#,
        "[DONE]",
    ]);
    let piece =
        |text: &str| format!(r#"{{"tool_calls":[{{"index":0,"function":{{"arguments":"{text}"}}}}]}}"#);
    assert_eq!(written[2..], [piece("{"), piece("}"), "{}".to_owned(), "[DONE]".to_owned()]);
}

#[test]
fn a_stream_without_its_end_is_broken() {
    let start = r#"{"type":"message-start"}"#;
    for (frames, why) in [
        (&[start, "[DONE]"][..], "ended before its answer was complete"),
        (&[start, "oops"], "an event that is not JSON"),
    ] {
        let written = streamed(frames);
        assert!(written[1].contains(why) && written.len() == 2, "{written:?}");
    }
}
