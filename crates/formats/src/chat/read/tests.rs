use super::*;

fn read<T>(body: &str, options: Options, read: impl FnOnce(&Chat<'_>) -> T) -> Result<T, RequestError> {
    let body = Members::parse(body.as_bytes()).unwrap();
    Chat::read(&body, "m", false, &options).map(|chat| read(&chat))
}

fn refused(body: &str) -> (String, &'static str) {
    let error = read(body, Options::default(), |_| ()).expect_err(body);
    (error.message, error.param.unwrap())
}

/// The same, for messages.
fn refused_messages(messages: &str) -> String {
    let (message, param) = refused(&format!(r#"{{"messages":{messages}}}"#));
    assert_eq!(param, "messages");
    message
}

/// A request with one message, and these members.
fn with(members: &str) -> String {
    format!(r#"{{"messages":[{{"role":"user","content":"x"}}],{members}}}"#)
}

#[test]
fn errors_say_which_message_and_what_is_wrong_with_it() {
    let second = |message: &str| refused_messages(&format!(r#"[{{"role":"user"}},{message}]"#));
    let roles = "none of `system`, `developer`, `user`, `assistant`, `tool`";
    assert_eq!(second("7"), "messages[1] must be an object");
    assert_eq!(second("{}"), "messages[1].role is missing");
    assert_eq!(second(r#"{"role":"robot"}"#), format!("messages[1].role is `robot`, which is {roles}"));
    assert_eq!(second(r#"{"role":7}"#), "messages[1]: invalid type: integer `7`, expected a string");
    assert_eq!(second(r#"{"role":"tool"}"#), "messages[1].tool_call_id is missing");
    assert_eq!(
        second(r#"{"role":"user","content":7}"#),
        "messages[1].content must be a string or a list of parts"
    );
    let call = |call: &str| second(&format!(r#"{{"role":"assistant","tool_calls":[{call}]}}"#));
    assert_eq!(call("{}"), "messages[1].tool_calls[0].id is missing");
    assert_eq!(call(r#"{"id":"a"}"#), "messages[1].tool_calls[0].function is missing");
    assert_eq!(call(r#"{"id":"a","function":{}}"#), "messages[1].tool_calls[0].function.name is missing");
    assert_eq!(refused_messages("[]"), "messages must not be empty");
    assert_eq!(refused_messages("{}"), "messages must be a list");
}

#[test]
fn errors_say_which_part_and_what_is_wrong_with_it() {
    let part = |part: &str| {
        refused_messages(&format!(r#"[{{"role":"user","content":[{{"type":"text","text":"x"}},{part}]}}]"#))
    };
    assert_eq!(part("\"x\""), "messages[0].content[1] must be an object");
    assert_eq!(part("{}"), "messages[0].content[1].type is missing");
    assert_eq!(part(r#"{"type":"text"}"#), "messages[0].content[1].text is missing");
    assert_eq!(part(r#"{"type":"image_url"}"#), "messages[0].content[1].image_url is missing");
    assert!(part(r#"{"type":"file"}"#).contains(".type is `file`"));
    let image = |url: &str| part(&format!(r#"{{"type":"image_url","image_url":{{"url":"{url}"}}}}"#));
    for (url, why) in [
        ("data:image/png;base64", "the data URL has no comma before its data"),
        ("data:image/png,x", "the data URL is not in base64"),
        ("DATA:image/png;base64,", "the data URL holds what is not base64"),
        ("data:image/png;base64,a b", "the data URL holds what is not base64"),
        ("data:;base64,AAAA", "the data URL does not name an image's media type, such as `image/png`"),
        (
            "data:text/plain;base64,AAAA",
            "the data URL does not name an image's media type, such as `image/png`",
        ),
    ] {
        assert_eq!(image(url), format!("messages[0].content[1].image_url: {why}"));
    }
    for role in ["system", "developer", "assistant"] {
        let image = r#"{"type":"image_url","image_url":"https://x.test/y.png"}"#;
        assert_eq!(
            refused_messages(&format!(r#"[{{"role":"{role}","content":[{image}]}}]"#)),
            format!(
                "messages[0].content[0].image_url: a message of role `{role}` has no images; send it as `user`"
            )
        );
    }
}

#[test]
fn errors_name_the_member() {
    for (members, message) in [
        (r#""temperature":"hot""#, "temperature must be a number"),
        (r#""top_p":[]"#, "top_p must be a number"),
        (r#""top_k":1.5"#, "top_k must be a whole number"),
        (r#""seed":1e300"#, "seed must be a whole number"),
        (r#""max_tokens":-1"#, "max_tokens must be a whole number"),
        (r#""max_completion_tokens":"9""#, "max_completion_tokens must be a whole number"),
        (r#""n":0"#, "n must be at least 1"),
        (r#""n":1.5"#, "n must be a whole number"),
        (r#""stop":7"#, "stop must be a string or a list of strings"),
        (r#""stop":["a",7]"#, "stop must be a string or a list of strings"),
        (r#""user":7"#, "user must be a string"),
        (r#""parallel_tool_calls":"no""#, "parallel_tool_calls must be true or false"),
        (r#""tools":{}"#, "tools must be a list"),
        (r#""tools":[7]"#, "tools[0] must be an object"),
        (r#""tools":[{"type":"function"}]"#, "tools[0].function is missing"),
        (r#""tools":[{"function":{"name":""}}]"#, "tools[0].function.name is missing"),
        (
            r#""tools":[{"type":"custom"}]"#,
            "tools[0].type is `custom`; this provider takes tools of type `function` only",
        ),
        (
            r#""tools":[{"function":{"name":"f","parameters":[]}}]"#,
            "tools[0].function.parameters must be a JSON schema, an object",
        ),
        (
            r#""tools":[{"function":{"name":"f"}}],"tool_choice":{"type":"function","function":{"name":"g"}}"#,
            "tool_choice names `g`, which is none of the tools",
        ),
        (
            r#""response_format":{"type":"xml"}"#,
            "response_format.type is `xml`, none of `text`, `json_object`, `json_schema`",
        ),
        (r#""response_format":{"type":"json_schema"}"#, "response_format.json_schema is missing"),
        (
            r#""response_format":{"type":"json_schema","json_schema":{"schema":7}}"#,
            "response_format.json_schema.schema must be a JSON schema, an object",
        ),
    ] {
        let (said, param) = refused(&with(members));
        assert_eq!(said, message);
        assert!(said.starts_with(param), "{said} is about {param}");
    }
    for choice in
        ["\"all\"", "7", "{}", r#"{"type":"function"}"#, r#"{"type":"tool","function":{"name":"f"}}"#]
    {
        let (said, _) =
            refused(&with(&format!(r#""tools":[{{"function":{{"name":"f"}}}}],"tool_choice":{choice}"#)));
        assert!(said.starts_with("tool_choice must be `none`, `auto`, `required` or {"), "{said}");
    }
}

#[test]
fn what_is_said_in_several_ways_is_said_in_one() {
    let body = with(
        r#""max_tokens":1,"max_completion_tokens":20.0,"stop":"END","n":1,"top_k":4e1,"user":null,
           "response_format":{"type":"text"},"tool_choice":"required","seed":-7"#,
    );
    read(&body, Options::default(), |chat| {
        assert_eq!((chat.max_tokens, &*chat.stop[0], chat.n), (Some(20), "END", None));
        assert_eq!((chat.top_k, chat.seed, chat.user.as_deref()), (Some(40), Some(-7), None));
        assert!(chat.response_format.is_none());
        assert_eq!(chat.tool_choice, None, "there is nothing to choose from");
    })
    .unwrap();
    let configured = Options { max_tokens: Some(5), temperature: Some(0.5), ..Options::default() };
    read(&with(r#""max_tokens":9,"temperature":2,"top_p":1,"stop":["","a"]"#), configured, |chat| {
        assert_eq!((chat.max_tokens, chat.temperature, chat.top_p), (Some(5), Some(0.5), Some(1.0)));
        assert_eq!(chat.configured, Configured { temperature: true, top_p: false });
        assert_eq!(chat.stop, ["a"]);
    })
    .unwrap();
}

#[test]
fn messages_are_read_by_role() {
    let body = r#"{"messages":[
        {"role":"developer","content":[{"type":"text","text":"a"},{"type":"text","text":""},{"type":"text","text":"b"}]},
        {"role":"system","content":""},
        {"role":"assistant","content":null,"refusal":"no","tool_calls":null},
        {"role":"assistant","tool_calls":[{"id":"1","function":{"name":"f"}},{"id":"2","function":{"name":"g"}}]},
        {"role":"tool","tool_call_id":"1","content":"x"},
        {"role":"assistant","tool_calls":[{"id":"1","function":{"name":"h","arguments":" "}}]},
        {"role":"tool","tool_call_id":"1"},
        {"role":"tool","tool_call_id":"3"}]}"#;
    read(body, Options::default(), |chat| {
        assert_eq!(chat.system_texts().collect::<Vec<_>>(), ["ab"]);
        let turns: Vec<_> = chat.turns().collect();
        let [Message::Assistant(refusal), Message::Assistant(called), Message::Tool(first), _, rest @ ..] =
            &*turns
        else {
            panic!("{turns:?}")
        };
        assert_eq!((refusal.content.text().as_ref(), refusal.tool_calls.len()), ("no", 0));
        assert_eq!(called.tool_calls[1].arguments_object().unwrap().get(), "{}");
        assert_eq!(first.name, "f");
        let names: Vec<_> = rest
            .iter()
            .map(|message| match message {
                Message::Tool(result) => &*result.name,
                _ => panic!("{message:?}"),
            })
            .collect();
        assert_eq!(names, ["h", ""], "the latest call counts, and one that nobody made has no tool");
    })
    .unwrap();
}

#[test]
fn arguments_are_the_text_of_an_object() {
    let read = |arguments: &str| {
        let place = Place("messages[1].tool_calls[2]".to_owned());
        let call = ToolCall { id: "".into(), name: "".into(), arguments: arguments.into(), place };
        call.arguments_object().map(|object| object.get().to_owned())
    };
    assert_eq!(read(" {\"a\" :1} ").unwrap(), "{\"a\" :1}");
    assert_eq!(read("\n").unwrap(), "{}");
    for other in ["[]", "null", "{", "{}x", "\"{}\""] {
        assert_eq!(
            read(other).unwrap_err().message,
            "messages[1].tool_calls[2].function.arguments must be the text of a JSON object"
        );
    }
}

#[test]
fn a_prompt_is_a_message_of_the_user_and_has_no_tools() {
    let said = |body: &str| {
        read(body, Options::default(), |chat| {
            let [Message::User(content)] = &*chat.messages else { panic!("{:?}", chat.messages) };
            (content.text().into_owned(), chat.prompt.is_some(), chat.tools.len())
        })
    };
    let tools = r#""tools":[{"function":{"name":"f"}}]"#;
    assert_eq!(said(&format!(r#"{{"prompt":["a"],{tools}}}"#)), Ok(("a".to_owned(), true, 0)));
    assert_eq!(said(&with(&format!(r#""prompt":"",{tools}"#))), Ok(("x".to_owned(), false, 1)));
    for several in ["[\"a\",\"b\"]", "[1,2]", "[]", "7"] {
        assert_eq!(refused(&format!(r#"{{"prompt":{several}}}"#)).1, "prompt");
    }
}

#[test]
fn results_find_their_calls_however_many_there_are() {
    let calls = 20_000;
    let call = r#"{"role":"assistant","tool_calls":[{"id":"0","function":{"name":"f"}}]},"#;
    let results: String =
        (0..calls).map(|id| format!(r#"{{"role":"tool","tool_call_id":"{id}"}},"#)).collect();
    let others = r#"{"role":"assistant","tool_calls":[{"id":"x","function":{"name":"g"}}]},"#.repeat(calls);
    let body = format!(r#"{{"messages":[{call}{others}{results}{{"role":"user","content":"x"}}]}}"#);
    let named = read(&body, Options::default(), |chat| {
        let named =
            |message: &&Message<'_>| matches!(message, Message::Tool(result) if !result.name.is_empty());
        chat.messages.iter().filter(named).count()
    });
    assert_eq!(named, Ok(1));
}

#[test]
fn half_a_character_is_called_that() {
    let half = ": a text has half of a surrogate pair, which is no character; cut texts between characters";
    let message = |members: &str| refused_messages(&format!(r#"[{{"role":"user",{members}}}]"#));
    assert_eq!(message(r#""content":"x\ud83d""#), format!("messages[0].content{half}"));
    assert_eq!(
        message(r#""content":[{"type":"text","text":"\ud83d x"}]"#),
        format!("messages[0].content[0]{half}")
    );
    assert_eq!(message(r#""content":"x","tool_call_id":"\udc00""#), format!("messages[0]{half}"));
    assert_eq!(refused(r#"{"prompt":"\ud83d"}"#), (format!("prompt{half}"), "prompt"));
    assert_eq!(refused(&with(r#""user":"\ud83d""#)), (format!("user{half}"), "user"));
}

#[test]
fn what_a_client_sent_is_not_repeated_at_length() {
    let message = refused_messages(&format!(r#"[{{"role":"{}"}}]"#, "é".repeat(5000)));
    assert!(message.len() < 1100 && message.starts_with("messages[0].role is `é"), "{message}");
    assert!(message.ends_with("`, which is none of `system`, `developer`, `user`, `assistant`, `tool`"));
}
