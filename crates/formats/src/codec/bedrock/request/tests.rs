use serde_json::Value;

use super::*;
use crate::body::Members;
use crate::openai::Options;

const CLAUDE: &str = "anthropic.claude-sonnet-4-20250514-v1:0";

/// What a request becomes, and what was left out of it.
fn sent(model: &str, body: &Value) -> Result<(Value, Outgoing), RequestError> {
    let body = body.to_string();
    let members = Members::parse(body.as_bytes()).unwrap();
    let chat = Chat::read(&members, model, false, &Options::default())?;
    let outgoing = write(&chat)?;
    Ok((serde_json::from_slice(&outgoing.body).unwrap(), outgoing))
}

fn with(members: Value) -> Value {
    let mut body = json!({"messages": [{"role": "user", "content": "Hi."}]});
    body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    body
}

fn conversation(messages: Value) -> Value {
    json!({"messages": messages})
}

fn call(id: &str, name: &str) -> Value {
    json!({"role": "assistant", "content": null,
           "tool_calls": [{"id": id, "type": "function", "function": {"name": name, "arguments": ""}}]})
}

fn result(id: &str, content: impl Into<Value>) -> Value {
    json!({"role": "tool", "tool_call_id": id, "content": content.into()})
}

fn user(content: impl Into<Value>) -> Value {
    json!({"role": "user", "content": content.into()})
}

fn tool(name: &str) -> Value {
    json!({"type": "function", "function": {"name": name}})
}

#[test]
fn top_k_is_said_as_the_model_knows_it() {
    for (model, fields) in [
        (CLAUDE, json!({"top_k": 7})),
        ("us.amazon.nova-pro-v1:0", json!({"inferenceConfig": {"topK": 7}})),
        ("cohere.command-r-v1:0", json!({"k": 7})),
        ("meta.llama3-8b-instruct-v1:0", Value::Null),
    ] {
        let (body, outgoing) = sent(model, &with(json!({"top_k": 7}))).unwrap();
        assert_eq!(body["additionalModelRequestFields"], fields, "{model}");
        assert_eq!(outgoing.dropped.contains(&"top_k"), fields.is_null(), "{model}");
    }
}

#[test]
fn forms_that_a_model_cannot_be_given_are_left_out_and_said() {
    let schema = json!({"type": "object", "additionalProperties": false});
    let format =
        json!({"response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": schema}}});
    let (body, outgoing) = sent("qwen.qwen3-32b-v1:0", &with(format.clone())).unwrap();
    let expected = json!({"textFormat": {"type": "json_schema", "structure": {
        "jsonSchema": {"name": "n", "schema": schema.to_string()}}}});
    assert_eq!((&body["outputConfig"], &*outgoing.dropped), (&expected, &[][..]));
    let any = json!({"response_format": {"type": "json_schema", "json_schema": {"name": "n"}}});
    for (model, format) in
        [(CLAUDE, &format), ("amazon.nova-lite-v1:0", &format), ("qwen.qwen3-32b-v1:0", &any)]
    {
        let (body, outgoing) = sent(model, &with(format.clone())).unwrap();
        assert_eq!(
            (body.get("outputConfig"), &*outgoing.dropped),
            (None, &["response_format"][..]),
            "{model}"
        );
    }
    let strict = json!({"tools": [{"type": "function", "function": {"name": "f", "strict": true}}]});
    let of = |model| {
        sent(model, &with(strict.clone())).unwrap().0["toolConfig"]["tools"][0]["toolSpec"]["strict"].clone()
    };
    assert_eq!((of(CLAUDE), of("qwen.qwen3-32b-v1:0")), (Value::Null, json!(true)));
}

#[test]
fn no_calls_means_no_tools_where_none_was_called() {
    let none = |messages: Value| json!({"messages": messages, "tools": [tool("f")], "tool_choice": "none"});
    let (body, outgoing) = sent(CLAUDE, &none(json!([user("Hi.")]))).unwrap();
    assert_eq!((body.get("toolConfig"), &*outgoing.dropped), (None, &[][..]));
    let used = json!([user("Hi."), call("1", "f"), result("1", "x")]);
    let (body, outgoing) = sent(CLAUDE, &none(used)).unwrap();
    let declared = json!({"tools": [{"toolSpec": {"name": "f",
        "inputSchema": {"json": {"type": "object", "properties": {}}}}}]});
    assert_eq!((&body["toolConfig"], &*outgoing.dropped), (&declared, &["tool_choice"][..]));
}

#[test]
fn tools_of_the_history_are_declared_once_by_the_names_they_are_sent_under() {
    let messages = json!([
        user("Hi."),
        call("1", "a.b"),
        result("1", "x"),
        call("2", "a.b"),
        result("2", "x"),
        call("3", "c"),
        result("3", "x"),
    ]);
    let (body, outgoing) = sent(CLAUDE, &conversation(messages)).unwrap();
    let names: Vec<_> = body["toolConfig"]["tools"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tool| &tool["toolSpec"]["name"])
        .collect();
    assert_eq!(names, ["a_b", "c"]);
    assert_eq!(body["messages"][1]["content"][0]["toolUse"]["name"], "a_b");
    assert_eq!(outgoing.tool_names.original("a_b"), "a.b");
}

#[test]
fn names_and_ids_are_made_to_fit_and_told_apart() {
    let long = "x".repeat(65);
    let body = json!({
        "messages": [user("Hi."), call(&long, "a/b"), result(&long, "x"), call("ä", "a_b"), result("ä", "y"),
                     call("ok.1:2-3_4", &long), result("ok.1:2-3_4", "z")],
        "tools": [tool("a/b"), tool("a_b"), tool("a.b"), tool(&long)],
        "tool_choice": {"type": "function", "function": {"name": "a.b"}},
    });
    let (body, outgoing) = sent(CLAUDE, &body).unwrap();
    let names: Vec<&str> = body["toolConfig"]["tools"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tool| tool["toolSpec"]["name"].as_str().unwrap())
        .collect();
    let distinct: HashSet<_> = names.iter().collect();
    assert_eq!((distinct.len(), names[1]), (4, "a_b"));
    assert!(names.iter().all(|name| name.len() <= 64 && name.chars().all(is_of_name)), "{names:?}");
    assert_eq!([0, 2, 3].map(|at| outgoing.tool_names.original(names[at])), ["a/b", "a.b", &long]);
    assert_eq!(body["toolConfig"]["toolChoice"]["tool"]["name"], names[2]);
    let id =
        |turn: usize, block: &str| body["messages"][turn]["content"][0][block]["toolUseId"].as_str().unwrap();
    for (used, answered) in [(1, 2), (3, 4), (5, 6)] {
        let id_of_call = id(used, "toolUse");
        assert_eq!(id_of_call, id(answered, "toolResult"));
        assert!(id_of_call.len() <= 64 && id_of_call.chars().all(is_of_id), "{id_of_call}");
    }
    assert_eq!(id(5, "toolUse"), "ok.1:2-3_4");
}

#[test]
fn results_are_objects_texts_and_pictures_and_come_first() {
    let png = json!({"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}});
    let parts = json!([{"type": "text", "text": "a"}, png, {"type": "text", "text": " "}, {"type": "text", "text": "b"}]);
    let messages = json!([
        user("Hi."),
        call("1", "f"),
        user("Wait."),
        result("1", parts),
        result("2", "{\"a\": [1]}"),
        result("3", ""),
        result("4", "[1]"),
        result("5", "{a}"),
    ]);
    let (body, _) = sent(CLAUDE, &conversation(messages)).unwrap();
    let picture = json!({"image": {"format": "png", "source": {"bytes": "AAAA"}}});
    let expected = json!([
        {"toolResult": {"toolUseId": "1", "content": [{"text": "a"}, {"text": "b"}, picture]}},
        {"toolResult": {"toolUseId": "2", "content": [{"json": {"a": [1]}}]}},
        {"toolResult": {"toolUseId": "3", "content": []}},
        {"toolResult": {"toolUseId": "4", "content": [{"text": "[1]"}]}},
        {"toolResult": {"toolUseId": "5", "content": [{"text": "{a}"}]}},
        {"text": "Wait."},
    ]);
    assert_eq!(body["messages"][2]["content"], expected);
}

#[test]
fn what_says_nothing_is_left_out_or_refused() {
    let messages = json!([
        {"role": "system", "content": " \n"}, {"role": "assistant", "content": " "}, user(" "), user("Hi."),
        {"role": "assistant", "content": "Well, \n"},
    ]);
    let (body, _) = sent(CLAUDE, &conversation(messages)).unwrap();
    let expected = json!({"messages": [
        {"role": "user", "content": [{"text": "Hi."}]}, {"role": "assistant", "content": [{"text": "Well,"}]}]});
    assert_eq!(body, expected);
    let refused = |body: Value| sent(CLAUDE, &body).unwrap_err();
    for messages in [json!([{"role": "system", "content": "Hi."}]), json!([user(" ")])] {
        let error = refused(conversation(messages));
        assert_eq!(
            error.message,
            "messages say nothing to answer: bedrock needs a message of role `user` with a text or an image"
        );
    }
    let error = refused(json!({"prompt": " "}));
    assert_eq!((error.param, &*error.message), (Some("prompt"), "prompt is blank: bedrock needs a text"));
}

#[test]
fn guardrails_pass() {
    let config =
        json!({"guardrailIdentifier": "g", "guardrailVersion": "1", "streamProcessingMode": "async"});
    let (body, _) = sent(CLAUDE, &with(json!({"guardrailConfig": config}))).unwrap();
    assert_eq!(body["guardrailConfig"], config);
    let error = sent(CLAUDE, &with(json!({"guardrailConfig": "g"}))).unwrap_err();
    assert_eq!(error.param, Some("guardrailConfig"));
}

#[test]
fn the_configuration_has_the_last_word_in_native_requests() {
    let options = Options { max_tokens: Some(5), temperature: Some(1.5), top_p: Some(0.5), top_k: Some(7) };
    let configured = |model: &str, body: &str, options: &Options| {
        let mut members = Members::parse(body.as_bytes()).unwrap();
        configure(&mut members, model, options);
        String::from_utf8(members.to_bytes()).unwrap()
    };
    let body = r#"{"messages": [], "inferenceConfig": {"maxTokens": 9, "stopSequences": ["a"]}}"#;
    assert_eq!(configured(CLAUDE, body, &Options::default()), body);
    assert_eq!(
        configured(CLAUDE, body, &options),
        r#"{"messages": [], "inferenceConfig": {"maxTokens": 5, "stopSequences": ["a"],"temperature":1.0,"topP":0.5},"additionalModelRequestFields":{"top_k":7}}"#
    );
    assert_eq!(
        configured(
            "amazon.nova-lite-v1:0",
            r#"{"inferenceConfig":{"maxTokens":9},"inferenceConfig":{"maxTokens":5}}"#,
            &options
        ),
        r#"{"inferenceConfig":{"maxTokens":5,"temperature":1.0,"topP":0.5},"additionalModelRequestFields":{"inferenceConfig":{"topK":7}}}"#
    );
    assert_eq!(
        configured("meta.llama3", r#"{"inferenceConfig":[1]}"#, &options),
        r#"{"inferenceConfig":{"maxTokens":5,"temperature":1.0,"topP":0.5}}"#
    );
}

#[test]
fn blank_stop_texts_are_kept_from_models_that_refuse_them() {
    let stop = with(json!({"stop": ["\n", "END"]}));
    for (model, texts, dropped) in
        [(CLAUDE, json!(["END"]), &["stop"][..]), ("amazon.nova-lite-v1:0", json!(["\n", "END"]), &[])]
    {
        let (body, outgoing) = sent(model, &stop).unwrap();
        assert_eq!((&body["inferenceConfig"]["stopSequences"], &*outgoing.dropped), (&texts, dropped));
    }
}
