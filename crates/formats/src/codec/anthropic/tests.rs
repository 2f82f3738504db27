use super::*;
use crate::codec::trial;
use crate::openai::Options;

fn refused(messages: &str) -> String {
    trial::messages_sent(&Anthropic, messages).unwrap_err().message
}

/// The messages that are sent.
fn turns(messages: &str) -> String {
    let sent = trial::messages_sent(&Anthropic, messages).unwrap();
    member(&sent, "messages").unwrap().to_owned()
}

fn streamed(events: &[&str]) -> Vec<String> {
    trial::streamed(&Anthropic, "text/event-stream", events)
}

#[test]
fn one_configured_sampling_option_displaces_the_other() {
    let body = r#"{"messages":[{"role":"user","content":"x"}],"temperature":0.3,"top_p":0.4}"#;
    let sampling = |temperature, top_p| {
        let options = Options { temperature, top_p, ..Options::default() };
        let (body, dropped) = trial::sent(&Anthropic, body, "m", &options).unwrap();
        let [temperature, top_p] = members(&body, ["temperature", "top_p"]).unwrap();
        (temperature.map(str::to_owned), top_p.map(str::to_owned), dropped.join(","))
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(sampling(None, None), (some("0.3"), some("0.4"), String::new()));
    assert_eq!(sampling(Some(0.9), None), (some("0.9"), None, "top_p".to_owned()));
    assert_eq!(sampling(None, Some(0.8)), (None, some("0.8"), "temperature".to_owned()));
    assert_eq!(sampling(Some(3.0), Some(0.8)), (some("1.0"), some("0.8"), String::new()));
}

#[test]
fn versions_without_sampling_are_sent_none() {
    let body = r#"{"messages":[{"role":"user","content":"x"}],"temperature":1,"top_p":0.4,"top_k":2}"#;
    let options = Options { temperature: Some(0.5), ..Options::default() };
    for (version, options, dropped) in [
        ("2023-06-01", Options::default(), ""),
        ("2026-10-21", Options::default(), "temperature,top_p,top_k"),
        ("2027-01-01", options, "temperature,top_p,top_k"),
    ] {
        let (sent, names) = trial::sent_to(&Anthropic, Some(version), body, "m", &options).unwrap();
        let options = members(&sent, ["temperature", "top_p", "top_k"]).unwrap();
        assert_eq!(names.join(","), dropped, "{version}");
        assert!(options.iter().all(|option| option.is_some() == dropped.is_empty()), "{version} {sent}");
    }
}

#[test]
fn older_models_are_given_no_schema() {
    let body = r#"{"messages":[{"role":"user","content":"x"}],"response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"type":"object"}}}}"#;
    for (model, takes) in [
        ("claude-3-7-sonnet-latest", false),
        ("claude-sonnet-4-20250514", false),
        ("claude-opus-4-0", false),
        ("claude-sonnet-4-5-20250929", true),
        ("claude-haiku-4-5", true),
        ("claude-opus-5", true),
    ] {
        let (sent, dropped) = trial::sent(&Anthropic, body, model, &Options::default()).unwrap();
        assert_eq!((sent.contains("output_config"), dropped.is_empty()), (takes, takes), "{model}");
    }
}

#[test]
fn clients_may_say_how_to_think() {
    let thinking = |thinking: &str| {
        let body = format!(r#"{{"messages":[{{"role":"user","content":"x"}}],"thinking":{thinking}}}"#);
        trial::sent(&Anthropic, &body, "m", &Options::default())
            .map(|(sent, _)| member(&sent, "thinking").map(str::to_owned))
    };
    let enabled = r#"{"type":"enabled", "budget_tokens":2048}"#;
    assert_eq!(thinking(enabled), Ok(Some(enabled.to_owned())));
    assert_eq!(thinking("null"), Ok(None));
    assert_eq!(thinking("true").unwrap_err().param, Some("thinking"));
}

#[test]
fn results_come_first_in_their_turn_and_turns_alternate() {
    let call = r#"{"role":"assistant","content":" ","tool_calls":[{"id":"a","type":"function","function":{"name":"f"}}]}"#;
    assert_eq!(
        turns(&format!(
            r#"[{call},{{"role":"user","content":"wait"}},{{"role":"system","content":"s"}},{{"role":"tool","tool_call_id":"a","content":""}}]"#
        )),
        concat!(
            r#"[{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"f","input":{}}]},"#,
            r#"{"role":"user","content":[{"type":"tool_result","tool_use_id":"a"},{"type":"text","text":"wait"}]}]"#
        )
    );
    let image = r#"{"type":"image_url","image_url":"data:image/JPG;base64,AAAA"}"#;
    assert_eq!(
        turns(&format!(r#"[{call},{{"role":"tool","tool_call_id":"a","content":[{image}]}}]"#)),
        concat!(
            r#"[{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"f","input":{}}]},"#,
            r#"{"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":[{"type":"image","source":"#,
            r#"{"type":"base64","media_type":"image/jpeg","data":"AAAA"}}]}]}]"#
        )
    );
}

#[test]
fn an_answer_that_is_to_be_continued_does_not_end_in_white_space() {
    assert_eq!(
        turns(r#"[{"role":"user","content":"x "},{"role":"assistant","content":"The answer is \n"}]"#),
        r#"[{"role":"user","content":[{"type":"text","text":"x "}]},{"role":"assistant","content":[{"type":"text","text":"The answer is"}]}]"#
    );
}

#[test]
fn blank_instructions_are_none() {
    let sent = |system: &str| {
        let messages = format!(
            r#"[{{"role":"system","content":"{system}"}},{{"role":"system","content":" "}},{{"role":"user","content":"x"}}]"#
        );
        let sent = trial::messages_sent(&Anthropic, &messages).unwrap();
        member(&sent, "system").map(str::to_owned)
    };
    assert_eq!((sent("\\n"), sent(" s")), (None, Some("\" s\"".to_owned())));
}

#[test]
fn a_request_that_says_nothing_is_refused() {
    for nothing in [
        r#"{"role":"system","content":"s"}"#,
        r#"{"role":"user","content":" \n"}"#,
        r#"{"role":"assistant"}"#,
    ] {
        let said = refused(&format!("[{nothing}]"));
        assert!(said.contains("anthropic needs a message of role `user`"), "{said}");
    }
    let blank = r#"{"prompt":" "}"#;
    let refused_prompt = trial::sent(&Anthropic, blank, "m", &Options::default()).unwrap_err();
    assert_eq!(
        (refused_prompt.param, &*refused_prompt.message),
        (Some("prompt"), "prompt is blank: anthropic needs a text")
    );
    let link = r#"[{"role":"user","content":[{"type":"image_url","image_url":{"url":"file:///x"}}]}]"#;
    assert_eq!(
        refused(link),
        "messages[0].content[0].image_url: anthropic takes links of http and https, and data URLs"
    );
}

#[test]
fn what_is_added_to_answers_later_is_left_out() {
    let answer = r#"{"id":7,"model":["m"],"content":[{"type":"hologram","text":"no"},{"type":"text","text":3},
        {"type":"text","text":"a"},{"type":"tool_use","id":null,"name":"f","input":null}],
        "stop_reason":"new","usage":{"input_tokens":"3","output_tokens":2.0,"output_tokens_details":7}}"#;
    let completion = Anthropic.answer(answer, None).unwrap();
    assert_eq!((completion.id, completion.model), (None, None));
    let [choice] = &*completion.choices else { panic!("one choice") };
    assert_eq!((choice.text.as_deref(), choice.finish), (Some("a"), FinishReason::Stop));
    assert_eq!((choice.tool_calls.len(), &*choice.tool_calls[0].arguments), (1, ""));
    assert_eq!(completion.usage, Some(Usage { completion_tokens: 2, ..Usage::default() }));
}

#[test]
fn blocks_may_be_interleaved() {
    let written = streamed(&[
        r#"{"type":"message_start","message":{}}"#,
        r#"{"type":"content_block_start","index":4,"content_block":{"type":"tool_use","id":"a","name":"f"}}"#,
        r#"{"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"b","name":"g"}}"#,
        r#"{"type":"hologram","index":"x","delta":[]}"#,
        r#"{"type":"content_block_delta","index":4,"delta":{"type":"input_json_delta","partial_json":"{"}}"#,
        r#"{"type":"content_block_stop","index":2}"#,
        r#"{"type":"content_block_delta","index":4,"delta":{"type":"input_json_delta","partial_json":"}"}}"#,
        r#"{"type":"content_block_delta","index":9,"delta":{"type":"input_json_delta","partial_json":"lost"}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"hologram_delta","text":"lost"}}"#,
        r#"{"type":"message_stop"}"#,
        r#"{"type":"ping"}"#,
    ]);
    let piece = |index: usize, text: &str| {
        format!(r#"{{"tool_calls":[{{"index":{index},"function":{{"arguments":"{text}"}}}}]}}"#)
    };
    assert_eq!(
        written[1..],
        [
            r#"{"tool_calls":[{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":""}}]}"#
                .to_owned(),
            r#"{"tool_calls":[{"index":1,"id":"b","type":"function","function":{"name":"g","arguments":""}}]}"#
                .to_owned(),
            piece(0, "{"),
            piece(1, "{}"),
            piece(0, "}"),
            "{}".to_owned(),
            "[DONE]".to_owned(),
        ]
    );
}

#[test]
fn an_event_that_cannot_be_read_ends_the_stream() {
    for broken in ["{\"type\":", "hello", "[]"] {
        let written =
            streamed(&[r#"{"type":"message_start","message":{}}"#, broken, r#"{"type":"message_stop"}"#]);
        let [_, error] = &*written else { panic!("{written:?}") };
        assert!(error.contains("an event that is not JSON"), "{error}");
    }
}

#[test]
fn a_completion_has_no_tools() {
    let body = r#"{"prompt":"x","tools":[{"function":{"name":"f"}}],"tool_choice":"auto","parallel_tool_calls":false}"#;
    let (sent, dropped) = trial::sent(&Anthropic, body, "m", &Options::default()).unwrap();
    assert_eq!(member(&sent, "tools").or(member(&sent, "tool_choice")), None);
    assert_eq!(dropped, ["tools", "tool_choice", "parallel_tool_calls"]);
}
