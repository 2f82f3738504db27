use super::*;
use crate::codec::trial;
use crate::openai::Options;
use crate::peek::member;

const CALL: &str =
    r#"{"role":"assistant","tool_calls":[{"id":"a","type":"function","function":{"name":"f"}}]}"#;

/// What is sent for a tool's result.
fn outputs(content: &str) -> String {
    let result = format!(r#"{{"role":"tool","tool_call_id":"a","content":{content}}}"#);
    let sent = trial::messages_sent(&CohereV1, &format!("[{CALL},{result}]")).unwrap();
    let result = member(&sent, "tool_results").and_then(crate::body::only_item).unwrap();
    member(result, "outputs").unwrap().to_owned()
}

fn streamed(events: &[&str]) -> Vec<String> {
    trial::streamed(&CohereV1, "application/stream+json", events)
}

#[test]
fn results_are_objects() {
    assert_eq!(outputs(r#"" {\"a\": 1} ""#), r#"[{"a": 1}]"#);
    assert_eq!(outputs(r#""[{\"a\":1},{\"b\":2}]""#), r#"[{"a":1},{"b":2}]"#);
    for text in ["", "18", "[]", "[{},1]", "{", "[{}", "{} {}", "[{}] {}"] {
        assert_eq!(outputs(&format!("\"{text}\"")), format!(r#"[{{"output":"{text}"}}]"#));
    }
    let parts = r#"[{"type":"text","text":"{"},{"type":"text","text":"}"}]"#;
    assert_eq!(outputs(parts), "[{}]");
}

#[test]
fn arguments_have_types_of_python() {
    let properties = r##"{"i":{"type":"integer"},"n":{"type":["null","number"]},"l":{"type":"array","items":{"type":"array","items":{}}},
        "o":{"properties":{}},"r":{"$ref":"#/x"},"u":{"anyOf":[{"type":"null"},{"type":"boolean"}]},"e":{"enum":["a"]},"w":true,"t":{"type":"string","description":"d"}}"##;
    let body = format!(
        r#"{{"messages":[{{"role":"user","content":"x"}}],"tools":[{{"type":"function","function":{{"name":"f","parameters":{{"properties":{properties},"required":["i",7,"t"]}}}}}}]}}"#
    );
    let (sent, _) = trial::sent(&CohereV1, &body, "m", &Options::default()).unwrap();
    let tool = member(&sent, "tools").and_then(crate::body::only_item).unwrap();
    let definition = |name: &str, kind: &str, required: bool| {
        format!(r#""{name}":{{"type":"{kind}","required":{required}}}"#)
    };
    let definitions = [
        definition("i", "int", true),
        definition("n", "float", false),
        definition("l", "List[list]", false),
        definition("o", "dict", false),
        definition("r", "dict", false),
        definition("u", "bool", false),
        definition("e", "str", false),
        definition("w", "str", false),
        r#""t":{"type":"str","required":true,"description":"d"}"#.to_owned(),
    ];
    assert_eq!(member(tool, "parameter_definitions"), Some(&*format!("{{{}}}", definitions.join(","))));
    let deep = format!("{}{{}}{}", "{\"items\":".repeat(200), "}".repeat(200));
    let body = body.replace(properties, &format!("{{\"a\":{deep}}}"));
    let error = trial::sent(&CohereV1, &body, "m", &Options::default()).unwrap_err();
    assert_eq!(error.message, "tools[0].function.parameters is too large for cohere's version 1");
}

#[test]
fn a_choice_is_obeyed_where_the_api_can() {
    let sent = |messages: &str, choice: &str| {
        let body = format!(
            r#"{{"messages":{messages},"tools":[{{"type":"function","function":{{"name":"f"}}}}],"tool_choice":"{choice}"}}"#
        );
        let (sent, dropped) = trial::sent(&CohereV1, &body, "m", &Options::default()).unwrap();
        (member(&sent, "tools").is_some(), dropped)
    };
    let asked = r#"[{"role":"user","content":"x"}]"#;
    let answered = format!(r#"[{CALL},{{"role":"tool","tool_call_id":"a","content":"1"}}]"#);
    let unsaid = vec!["tool_choice".to_owned()];
    assert_eq!(sent(asked, "auto"), (true, Vec::new()));
    assert_eq!(sent(asked, "none"), (false, Vec::new()));
    assert_eq!(sent(asked, "required"), (true, unsaid.clone()));
    assert_eq!(sent(&answered, "none"), (true, unsaid));
}

#[test]
fn a_conversation_needs_something_to_answer() {
    let refused = |messages: &str| trial::messages_sent(&CohereV1, messages).unwrap_err().message;
    for messages in [
        r#"[{"role":"user","content":"x"},{"role":"assistant","content":"y"}]"#,
        r#"[{"role":"system","content":"x"},{"role":"user","content":""}]"#,
    ] {
        let said = refused(messages);
        assert!(said.starts_with("messages[1] is last and says nothing to answer"), "{said}");
    }
    assert_eq!(
        refused(&format!(r#"[{CALL},{{"role":"tool","tool_call_id":"b","content":"1"}}]"#)),
        "messages[1].tool_call_id is the id of no call before it"
    );
}

#[test]
fn errors_come_in_place_of_events() {
    let start = r#"{"event_type":"stream-start","generation_id":"g"}"#;
    for (event, why) in [
        (r#"{"message":"too many requests"}"#, "too many requests"),
        (r#"{"event_type":"stream-end","finish_reason":"ERROR_LIMIT"}"#, "too long for the model"),
    ] {
        let written = streamed(&[start, r#"{"event_type":"hologram","text":"no"}"#, event]);
        assert!(written[1].contains(why) && written.len() == 2, "{written:?}");
    }
}
