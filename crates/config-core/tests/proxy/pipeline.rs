//! The steps of the pipeline and what each says.

use config_core::plan::prepare::UpstreamBody;
use insta::assert_snapshot;

use super::{CHAT, COMPLETION, Request, compile, show};

const OPENAI: &str = "{route_type: llm/v1/chat, auth: {header_name: Authorization, \
    header_value: '{vault://env/OPENAI_AUTH_HEADER}'}, model: {provider: openai, name: gpt-4o}}";

/// A plugin for openai with `more` beside `route_type` and `model`.
fn openai(route_type: &str, model: &str, more: &str) -> config_core::plan::proxy::Proxy {
    compile(&format!("{{route_type: {route_type}, {more} model: {{provider: openai{model}}}}}")).unwrap()
}

fn body(request: &Request<'_>, proxy: &config_core::plan::proxy::Proxy) -> String {
    match request.decide(proxy) {
        Ok(decision) => match decision.body {
            UpstreamBody::Bytes(bytes) => String::from_utf8(bytes.to_vec()).unwrap(),
            other => format!("{other:?}"),
        },
        Err(refusal) => refusal,
    }
}

#[test]
fn a_chat_request_becomes_an_upstream_request() {
    let proxy = compile(OPENAI).unwrap();
    let request = Request::post("/gpt/chat/completions?q=1", CHAT)
        .header("accept", "application/json")
        .header("user-agent", "sdk/1")
        .header("cookie", "session=1")
        .header("authorization", "Bearer theirs")
        .header("api-key", "theirs")
        .header("openai-organization", "org-theirs")
        .header("openai-beta", "x=1")
        .header("x-forwarded-for", "10.0.0.1")
        .header("accept-encoding", "br")
        .header("traceparent", "00-1");
    assert_snapshot!(show(&request.decide(&proxy).unwrap()));
}

#[test]
fn a_request_without_a_known_body_says_what_it_assumes() {
    assert_snapshot!(show(&Request::unknown("/gpt/x").decide(&compile(OPENAI).unwrap()).unwrap()));
}

#[test]
fn refusals_are_in_kongs_words() {
    let chat = openai("llm/v1/chat", ", name: m", "");
    let nameless = openai("llm/v1/chat", "", "");
    let completions = openai("llm/v1/completions", ", name: m", "");
    let denied = openai("llm/v1/chat", ", name: m", "response_streaming: deny,");
    let small = openai("llm/v1/chat", ", name: m", "max_request_body_size: 20,");
    let preserve = openai("preserve", ", name: m", "response_streaming: deny,");
    let m = r#""messages":[{"role":"user","content":"hi"}]"#;
    let cases = [
        (&chat, "{}".to_owned()),
        (&chat, "".to_owned()),
        (&chat, "not json".to_owned()),
        (&chat, "[1]".to_owned()),
        (&chat, r#"{"messages":[]}"#.to_owned()),
        (&chat, r#"{"messages":"hi"}"#.to_owned()),
        (&chat, r#"{"prompt":1}"#.to_owned()),
        (&chat, format!(r#"{{{m},"model":"other"}}"#)),
        (&nameless, format!("{{{m}}}")),
        (&nameless, format!(r#"{{{m},"model":""}}"#)),
        (&nameless, format!(r#"{{{m},"model":7}}"#)),
        (&chat, format!(r#"{{{m},"prompt":"hi"}}"#)),
        (&chat, COMPLETION.to_owned()),
        (&completions, CHAT.to_owned()),
        (&denied, format!(r#"{{{m},"stream":true}}"#)),
        (&chat, format!(r#"{{{m},"stream":"yes"}}"#)),
        (&chat, format!(r#"{{{m},"model":"m","mod\u0065l":"x"}}"#)),
        (&nameless, format!(r#"{{{m},"model":"a\u000ab"}}"#)),
        (&small, format!("{{{m}}}")),
        (&preserve, r#"{"stream":true}"#.to_owned()),
        (&preserve, r#"{"model":"other"}"#.to_owned()),
        (&preserve, r#"{"model":"m","model":"other"}"#.to_owned()),
    ];
    let table: Vec<_> = cases
        .iter()
        .map(|(proxy, body)| format!("{body}\n    {}", self::body(&Request::post("/a/b", body), proxy)))
        .collect();
    assert_snapshot!(table.join("\n"));
}

#[test]
fn checks_come_in_kongs_order() {
    // A template fails before the body is looked at, the prompt before the model, the model before
    // the format, the format before the stream.
    let template = openai("llm/v1/chat", ", name: $(headers.x-model)", "");
    assert_eq!(body(&Request::post("/a/b", "{}"), &template), "400 headers key x-model was not provided");
    let denied = openai("llm/v1/chat", ", name: m", "response_streaming: deny,");
    let wrong = [
        r#"{"model":"x","stream":true}"#,
        r#"{"prompt":"hi","model":"x","stream":true}"#,
        r#"{"prompt":"hi","stream":true}"#,
        r#"{"messages":[1],"stream":true}"#,
    ];
    let refusals: Vec<_> = wrong.iter().map(|text| body(&Request::post("/a/b", text), &denied)).collect();
    assert_eq!(
        refusals,
        [
            "400 request body doesn't contain valid prompts",
            "400 cannot use own model - must be: m",
            "400 [llm/v1/completions] message format is not compatible with [llm/v1/chat] route type",
            "400 response streaming is not enabled for this LLM",
        ]
    );
}

#[test]
fn content_types_decide_how_a_body_is_read() {
    let chat = openai("llm/v1/chat", ", name: m", "");
    let completions = openai("llm/v1/completions", ", name: m", "");
    let sent = r#"{"messages":[{"role":"user","content":"hi"}],"model":"m","stream":false}"#;
    for content_type in [
        "application/json",
        "Application/JSON; charset=utf-8",
        "text/json",
        "application/vnd.api+json",
        "application/x-www-form-urlencoded",
        "",
    ] {
        assert_eq!(
            body(&Request::post("/a/b", CHAT).header("content-type", content_type), &chat),
            sent,
            "{content_type}"
        );
    }
    let mut bare = Request::post("/a/b", CHAT);
    bare.headers.clear();
    assert_eq!(body(&bare, &chat), sent);
    let plain = Request::post("/a/b", CHAT).header("content-type", "text/plain");
    assert_eq!(body(&plain, &chat), "400 request body doesn't contain valid prompts");
    let form = Request::post("/a/b", "prompt=a+%22b%22&stream=true")
        .header("content-type", "application/x-www-form-urlencoded");
    assert_eq!(body(&form, &completions), r#"{"prompt":"a \"b\"","stream":true,"model":"m"}"#);
    let parts = "--b\r\ncontent-disposition: form-data; name=\"prompt\"\r\n\r\nhi\r\n--b--\r\n";
    let multipart = Request::post("/a/b", parts).header("content-type", "multipart/form-data; boundary=b");
    assert_eq!(body(&multipart, &completions), r#"{"prompt":"hi","model":"m","stream":false}"#);
}

#[test]
fn streams_are_the_clients_wish_within_the_policy() {
    let stream = |policy: &str, flag: &str| {
        let proxy = openai("llm/v1/chat", ", name: m", &format!("response_streaming: {policy},"));
        let text = format!(r#"{{"messages":[1]{flag}}}"#);
        Request::post("/a/b", &text).decide(&proxy).map(|decision| decision.stream)
    };
    assert_eq!(stream("allow", ""), Ok(false));
    assert_eq!(stream("allow", r#","stream":null"#), Ok(false));
    assert_eq!(stream("allow", r#","stream":true"#), Ok(true));
    assert_eq!(stream("always", r#","stream":false"#), Ok(true));
    assert_eq!(stream("deny", r#","stream":false"#), Ok(false));
    let always = openai("llm/v1/chat", ", name: m", "response_streaming: always,");
    let sent = Request::post("/a/b", CHAT).decide(&always).unwrap();
    assert_snapshot!(show(&sent));
}

#[test]
fn options_of_the_configuration_beat_the_requests() {
    let proxy = openai(
        "llm/v1/chat",
        ", name: gpt-5, options: {max_tokens: 5, temperature: 0.5, top_p: 1, top_k: 3}",
        "",
    );
    let text = r#"{"temperature": 2 ,"messages":[ 1 ],"seed":12345678901234567890,"top_k":1}"#;
    assert_eq!(
        body(&Request::post("/a/b", text), &proxy),
        r#"{"temperature": 0.5,"messages":[ 1 ],"seed":12345678901234567890,"model":"gpt-5","stream":false,"max_completion_tokens":5,"top_p":1.0}"#
    );
}

/// The plugin's providers and formats, each with whether it knows `top_k`.
const FORMATS: [(&str, bool); 14] = [
    ("provider: openai, name: m, options: {", false),
    ("provider: azure, name: m, options: {azure_instance: i, azure_deployment_id: d,", false),
    ("provider: anthropic, name: m, options: {anthropic_version: '2023-06-01',", true),
    ("provider: cohere, name: m, options: {", true),
    ("provider: cohere, name: m, options: {upstream_url: 'http://h/v1/chat',", true),
    ("provider: mistral, name: m, options: {mistral_format: openai,", false),
    (
        "provider: mistral, name: m, options: {mistral_format: ollama, upstream_url: 'http://h/api/chat',",
        true,
    ),
    (
        "provider: llama2, name: m, options: {llama2_format: ollama, upstream_url: 'http://h/api/generate',",
        true,
    ),
    ("provider: llama2, name: m, options: {llama2_format: openai, upstream_url: 'http://h/v1',", true),
    ("provider: llama2, name: m, options: {llama2_format: raw, upstream_url: 'http://h/',", true),
    ("provider: gemini, name: m, options: {", true),
    ("provider: gemini, name: m, options: {gemini: {api_endpoint: h, project_id: p, location_id: l},", true),
    ("provider: bedrock, name: anthropic.claude-v2, options: {bedrock: {aws_region: r},", true),
    ("provider: huggingface, name: m, options: {", true),
];

/// The numbers in JSON, wherever they are.
fn numbers(json: &serde_json::Value) -> Vec<f64> {
    match json {
        serde_json::Value::Number(number) => number.as_f64().into_iter().collect(),
        serde_json::Value::Array(items) => items.iter().flat_map(numbers).collect(),
        serde_json::Value::Object(members) => members.values().flat_map(numbers).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn options_of_the_configuration_reach_every_provider_and_the_requests_do_not() {
    let more = r#""max_tokens":91,"max_completion_tokens":92,"temperature":0.9,"top_p":0.95,"top_k":93"#;
    let [chat, completion] = [CHAT, COMPLETION].map(|text| format!("{},{more}}}", &text[..text.len() - 1]));
    for (model, knows_top_k) in FORMATS {
        for (route_type, text) in [("chat", &chat), ("completions", &completion)] {
            let config = format!(
                "{{route_type: llm/v1/{route_type}, model: {{{model} max_tokens: 17, temperature: 0.25, top_p: 0.75, top_k: 13}}}}}}"
            );
            let sent = body(&Request::post("/a/b", text), &compile(&config).unwrap());
            let json = serde_json::from_str(&sent).unwrap_or_else(|_| panic!("{model} {sent}"));
            let numbers = numbers(&json);
            let configured = [(17.0, true), (0.25, true), (0.75, true), (13.0, knows_top_k)];
            for (option, is_known) in configured {
                let count = numbers.iter().filter(|number| **number == option).count();
                assert_eq!(count, usize::from(is_known), "{option} in {model} {route_type}: {sent}");
            }
            let theirs = [91.0, 92.0, 0.9, 0.95, 93.0].into_iter().find(|number| numbers.contains(number));
            assert_eq!(theirs, None, "{model} {route_type}: {sent}");
        }
    }
}

#[test]
fn a_prompt_may_be_a_list_where_the_provider_takes_one() {
    let text = r#"{"prompt":["a","b"]}"#;
    let completions = |model: &str| {
        compile(&format!("{{route_type: llm/v1/completions, model: {{{model}, name: m}}}}")).unwrap()
    };
    assert_eq!(
        body(&Request::post("/a/b", text), &completions("provider: openai")),
        r#"{"prompt":["a","b"],"model":"m","stream":false}"#
    );
    assert_eq!(
        body(&Request::post("/a/b", text), &completions("provider: mistral")),
        "400 error transforming to mistral://llm/v1/completions/openai: prompt must be one text: this provider takes neither lists nor tokens"
    );
}

#[test]
fn mistral_gets_what_it_knows_and_completions_as_a_chat() {
    let proxy = compile("{route_type: llm/v1/completions, model: {provider: mistral, name: m}}").unwrap();
    let text = r#"{"prompt":"hi","seed":1,"logit_bias":{},"user":"u"}"#;
    assert_snapshot!(show(&Request::post("/a/b", text).decide(&proxy).unwrap()));
}

#[test]
fn llama2_keeps_top_k() {
    let proxy = compile(
        "{route_type: llm/v1/chat, model: {provider: llama2, name: m, options: {llama2_format: openai, top_k: 3, upstream_url: 'http://l.test/v1/chat/completions'}}}",
    )
    .unwrap();
    assert_eq!(
        body(&Request::post("/a/b", r#"{"messages":[1],"top_k":9}"#), &proxy),
        r#"{"messages":[1],"top_k":3,"model":"m","stream":false}"#
    );
}

#[test]
fn a_shown_body_is_the_sent_one_but_for_the_credential() {
    let proxy = |auth: &str| openai("llm/v1/chat", ", name: m", auth);
    let text =
        r#"{"messages":[1], "big":12345678901234567890123,"x":{"y":1,"y":2.0},"model":"m","stream":false}"#;
    let shown = |auth: &str, text: &str| {
        Request::post("/a/b", text).decide(&proxy(auth)).unwrap().shown_body(Some(text.as_bytes()))
    };
    assert_eq!(shown("", text).as_deref(), Some(text));
    let auth = "auth: {param_name: key, param_value: sk-1, param_location: body},";
    assert_eq!(
        shown(auth, r#"{"messages":[1],"key":"theirs"}"#).as_deref(),
        Some(r#"{"messages":[1],"key":"***","model":"m","stream":false}"#)
    );
    let own = "auth: {param_name: key, param_value: sk-1, param_location: body, allow_override: true},";
    assert_eq!(
        shown(own, r#"{"messages":[1],"key":"theirs"}"#).as_deref(),
        Some(r#"{"messages":[1],"key":"***","model":"m","stream":false}"#)
    );
    assert_eq!(Request::unknown("/a/b").decide(&proxy(auth)).unwrap().shown_body(None), None);
    let preserve = openai("preserve", "", "");
    let passed = |text: &str| {
        let request = Request::post("/a/b", text).header("content-type", "audio/wav");
        request.decide(&preserve).unwrap().shown_body(Some(text.as_bytes()))
    };
    assert_eq!(passed("[1 , 2]").as_deref(), Some("[1 , 2]"));
    assert_eq!(passed("RIFF"), None);
    let unread = |content_type, text| {
        let request = Request::post("/a/b", text).header("content-type", content_type);
        request.decide(&preserve).unwrap().unread
    };
    assert!(unread("text/plain", "{}") && !unread("text/plain", "") && !unread("application/json", "{}"));
}

#[test]
fn requests_are_translated_into_the_format_of_their_provider() {
    let proxy = compile(
        "{route_type: llm/v1/chat, auth: {header_name: x-api-key, header_value: sk-1}, model: {provider: anthropic, name: m, options: {anthropic_version: '2023-06-01'}}}",
    )
    .unwrap();
    assert_snapshot!(show(
        &Request::post("/a/b", CHAT).header("anthropic-beta", "b").decide(&proxy).unwrap()
    ));
}

#[test]
fn native_requests_pass_but_for_what_is_configured() {
    let proxy = compile(
        "{route_type: llm/v1/chat, llm_format: bedrock, model: {provider: bedrock, name: 'a:1', \
         options: {max_tokens: 5, bedrock: {aws_region: r}}}}",
    )
    .unwrap();
    let text =
        r#"{"messages":[{"role":"user","content":[{"text":"hi"}]}], "inferenceConfig":{"maxTokens":9}}"#;
    let request = Request::post("/model/a%3A1/converse-stream", text)
        .header("authorization", "AWS4-HMAC-SHA256 Credential=theirs")
        .header("accept-encoding", "br");
    assert_snapshot!(show(&request.decide(&proxy).unwrap()));
    for refused in ["[]", "", "\"a\""] {
        let request = Request::post("/model/a%3A1/converse", refused);
        assert_eq!(request.url(&proxy), "400 request body must be a JSON object", "{refused}");
    }
    let refused = Request::post("/model/a%3A1/converse", "{").url(&proxy);
    assert!(refused.starts_with("400 the body is not JSON"), "{refused}");
}

#[test]
fn preserved_requests_pass_but_for_the_credential() {
    let proxy = compile(
        "{route_type: preserve, auth: {header_name: Authorization, header_value: 'Bearer {vault://env/X}', \
         param_name: sig, param_value: '{vault://env/SIG}', param_location: query}, \
         model: {provider: openai, name: whisper-2, options: {upstream_path: $(uri_captures.rest)}}}",
    )
    .unwrap();
    let parts = "--b\r\ncontent-disposition: form-data; name=file; filename=a\r\n\r\n\x01\r\n\
        --b\r\ncontent-disposition: form-data; name=model\r\n\r\nwhisper-2\r\n--b--\r\n";
    let request = Request::post("/openai/v1/audio/transcriptions?sig=theirs&s%69g=again&x=a b", parts)
        .header("content-type", "multipart/form-data; boundary=b")
        .header("accept-encoding", "br")
        .header("cookie", "c");
    assert_snapshot!(show(&request.decide(&proxy).unwrap()));
    let other = parts.replace("whisper-2", "other");
    let request = Request { body: Some(other.as_bytes()), ..request };
    assert_eq!(request.url(&proxy), "400 cannot use own model - must be: whisper-2");
}

#[test]
fn preserved_bodies_of_other_types_are_not_read() {
    let proxy = openai("preserve", ", name: m", "max_request_body_size: 4,");
    let send = |method, content_type, text| {
        let request = Request { method, ..Request::post("/a/b", text).header("content-type", content_type) };
        body(&request, &proxy)
    };
    assert_eq!(send("PUT", "audio/wav", "0123456789"), "Passthrough");
    assert_eq!(
        send("POST", "application/json", "0123456789"),
        "413 request body is 10 bytes; max_request_body_size is 4"
    );
    assert_eq!(send("POST", "application/json", "[1]"), "Passthrough");
    assert_eq!(send("POST", "application/json", ""), "Passthrough");
    assert!(send("POST", "application/json", "{NaN").starts_with("400 the body is not JSON"));
    let untyped = Request { headers: Vec::new(), ..Request::post("/a/b", "RIF") }.url(&proxy);
    assert!(untyped.ends_with("; a body of another type needs a content-type"), "{untyped}");
    assert_eq!(Request { method: "GET", ..Request::post("/a/b", "") }.decide(&proxy).unwrap().method, "GET");
    let nameless = openai("preserve", "", "");
    assert_eq!(Request::post("/a/b", "[1]").decide(&nameless).unwrap().response_model_header, None);
}

#[test]
fn a_preserved_body_is_checked_by_the_content_type_that_goes_upstream() {
    let proxy = openai("preserve", ", name: m", "");
    let other = r#"{"model":"other"}"#;
    let send = |content_types: &[&'static [u8]]| {
        let mut request = Request::post("/a/b", other);
        request.headers = content_types.iter().map(|value| ("content-type", *value)).collect();
        body(&request, &proxy)
    };
    let checked = "400 cannot use own model - must be: m";
    assert_eq!(send(&[]), checked);
    assert_eq!(send(&[b"application/json; charset=\"UTF-8\""]), checked);
    let ambiguous = "400 content-type must name one type, and no charset but UTF-8";
    assert_eq!(send(&[b"application/json, text/plain"]), ambiguous);
    assert_eq!(send(&[b"application/json; Charset = utf-7"]), ambiguous);
    let disguised = "400 request body begins like JSON, whose model can only be checked with \
        content-type: application/json";
    assert_eq!(send(&[b"text/plain"]), disguised);
    let twice: &[&[u8]] = &[b"text/plain", b"application/json"];
    assert_eq!(send(twice), "400 request has more than one content-type");
    let refused = "400 content-type contains a control character or is not UTF-8";
    assert_eq!(send(&[b"text/plain\xff"]), refused);
    let mut unknown = Request::unknown("/a/b");
    unknown.headers = twice.iter().map(|value| ("content-type", *value)).collect();
    assert_eq!(unknown.url(&proxy), "400 request has more than one content-type");
}

#[test]
fn what_could_hide_a_model_does_not_pass() {
    let named = openai("preserve", ", name: m", "");
    let nameless = openai("preserve", "", "");
    let chat = openai("llm/v1/chat", ", name: m", "");
    for model in ["[\"other\"]", "1", "{}", r#""other\ud800""#] {
        let text = format!(r#"{{"model":{model}}}"#);
        assert_eq!(body(&Request::post("/a/b", &text), &named), "400 model must be a string");
        assert_eq!(body(&Request::post("/a/b", &text), &nameless), "Passthrough");
    }
    assert_eq!(body(&Request::post("/a/b", r#"{"model":null}"#), &named), "Passthrough");
    let form = |text: &str| {
        let form = "application/x-www-form-urlencoded";
        body(&Request::post("/a/b", text).header("content-type", form), &named)
    };
    assert_eq!(form(r#"{"messages":"a&b=c"}"#), "Passthrough");
    assert_eq!(
        form(r#"{"messages":"a&model=other&"}"#),
        "400 request body is JSON that is sent as a form with a field `model`"
    );
    let encoded = "415 request body must be sent without content-encoding";
    let send = |proxy, content_type, coding: &'static str| {
        let request = Request::post("/a/b", CHAT).header("content-type", content_type);
        body(&request.header("content-encoding", coding), proxy)
    };
    for proxy in [&named, &nameless, &chat] {
        assert_eq!(send(proxy, "application/json", "gzip"), encoded);
        assert_eq!(send(proxy, "application/json", "identity, br"), encoded);
        assert!(!send(proxy, "application/json", "Identity").starts_with('4'));
    }
    assert_eq!(send(&named, "text/plain", "gzip"), encoded);
    assert_eq!(send(&nameless, "text/plain", "gzip"), "Passthrough");
}

#[test]
fn methods_that_give_headers_away_do_not_go_upstream() {
    let preserve = openai("preserve", "", "");
    for method in ["TRACE", "CONNECT"] {
        let refused = body(&Request { method, ..Request::post("/a/b", "") }, &preserve);
        assert_eq!(refused, "405 the methods TRACE and CONNECT do not go upstream");
    }
}

#[test]
fn a_member_that_differs_in_case_only_is_refused() {
    let chat = openai("llm/v1/chat", ", name: m", "");
    let preserve = openai("preserve", ", name: m", "");
    let send = |proxy, text| body(&Request::post("/a/b", text), proxy);
    let taken = |key, name| format!("400 request body has a member `{key}`, which may be taken for `{name}`");
    assert_eq!(send(&preserve, r#"{"Model":"x"}"#), taken("Model", "model"));
    assert_eq!(send(&chat, r#"{"messages":[1],"model":"m","MODEL":"x"}"#), taken("MODEL", "model"));
    assert_eq!(send(&chat, r#"{"messages":[1],"meſſages":[2]}"#), taken("meſſages", "messages"));
    assert_eq!(send(&chat, r#"{"messages":[1],"Max_Tokens":9}"#), taken("Max_Tokens", "max_tokens"));
    assert_eq!(send(&preserve, r#"{"modelId":"x","Temperature":1}"#), "Passthrough");
}

#[test]
fn a_preserved_body_cannot_hide_that_it_asks_for_a_stream() {
    let proxy = openai("preserve", ", name: m", "response_streaming: deny,");
    let json = |text| body(&Request::post("/a/b", text), &proxy);
    let form = |text| {
        let form = "application/x-www-form-urlencoded";
        body(&Request::post("/a/b", text).header("content-type", form), &proxy)
    };
    let (denied, no_flag) =
        ("400 response streaming is not enabled for this LLM", "400 stream must be true, false or null");
    let repeated = "400 request body has more than one member `stream`";
    for (answer, expected) in [
        (json(r#"{"stream":true}"#), denied),
        (json(r#"{"stream":1}"#), no_flag),
        (json(r#"{"stream":"true"}"#), no_flag),
        (json(r#"{"stream":true,"stream":false}"#), repeated),
        (json(r#"{"stream":null}"#), "Passthrough"),
        (
            json(r#"{"ſtream":true}"#),
            "400 request body has a member `ſtream`, which may be taken for `stream`",
        ),
        (form("stream=true"), denied),
        (form("stream=True"), no_flag),
        (form("stream=false&stream=true"), repeated),
        (form("stream=false"), "Passthrough"),
        (form("stream"), "Passthrough"),
    ] {
        assert_eq!(answer, expected);
    }
}

#[test]
fn a_clients_credential_wins_only_where_it_may() {
    let auth = |allow: bool| {
        compile(&format!(
            "{{route_type: llm/v1/chat, auth: {{allow_override: {allow}, header_name: Authorization, header_value: ours, \
             param_name: token, param_value: ours, param_location: query}}, model: {{provider: openai, name: m}}}}"
        ))
        .unwrap()
    };
    let request = Request::post("/a/b?token=theirs&x=1", CHAT)
        .header("authorization", "Bearer theirs")
        .header("openai-project", "p");
    for allow in [false, true] {
        let decision = request.decide(&auth(allow)).unwrap();
        let credential = decision.query_credential.as_ref().unwrap();
        let expected = if allow { "theirs" } else { "ours" };
        assert_eq!(credential.value, config_core::secret::SecretValue::Literal(expected.to_owned()));
        assert_eq!(decision.shown_url(), "https://api.openai.com/v1/chat/completions?token=***");
        assert_eq!(decision.headers.iter().any(|header| header.name == "openai-project"), allow);
        let shown = format!("{}{decision:?}", show(&decision));
        assert!(!shown.contains("ours") && !shown.contains("theirs"), "{shown}");
    }
}

#[test]
fn headers_of_the_clients_connection_end_here() {
    let proxy = compile(
        "{route_type: llm/v1/chat, auth: {allow_override: true, header_name: Authorization, header_value: ours}, \
         model: {provider: openai, name: m}}",
    );
    let request = Request::post("/a/b", CHAT)
        .header("connection", "close, authorization, OpenAI-Project")
        .header("authorization", "Bearer theirs")
        .header("openai-project", "p")
        .header("openai-organization", "o");
    let decision = request.decide(&proxy.unwrap()).unwrap();
    let passed: Vec<_> = decision.headers.iter().map(|header| &*header.name).collect();
    assert_eq!(passed, ["content-type", "accept-encoding", "openai-organization", "authorization"]);
    let ours = config_core::secret::SecretValue::Literal("ours".to_owned());
    assert_eq!(decision.headers[3].value, config_core::plan::prepare::HeaderValue::Secret(ours));
}

#[test]
fn a_credential_in_the_body_is_added_last() {
    let proxy = compile(
        "{route_type: llm/v1/chat, auth: {allow_override: true, param_name: key, param_value: '{vault://env/K}', param_location: body}, model: {provider: cohere, name: m}}",
    )
    .unwrap();
    let credential = |text: &str| {
        let decision = Request::post("/a/b", text).decide(&proxy)?;
        Ok::<_, String>(decision.body_credential.map(|credential| credential.to_string()))
    };
    assert_eq!(credential(CHAT).unwrap().as_deref(), Some("key={vault://env/K}"));
    assert_eq!(
        credential(r#"{"messages":[{"role":"user","content":"x"}],"key":"theirs"}"#),
        Ok(Some("key=***".to_owned()))
    );
}

#[test]
fn a_clients_credential_in_the_body_outlives_the_translation() {
    let sent = |model: &str, allow_override: bool| {
        let proxy = compile(&format!(
            "{{route_type: llm/v1/chat, auth: {{allow_override: {allow_override}, param_name: key, param_value: ours, \
             param_location: body}}, model: {{name: m, {model}}}}}"
        ));
        let request = Request::post("/a/b", r#"{"messages":[{"role":"user","content":"x"}],"key":"theirs"}"#);
        let decision = request.decide(&proxy.unwrap()).unwrap();
        assert!(decision.dropped_members.is_empty(), "{:?}", decision.dropped_members);
        let literal = |secret: &config_core::secret::SecretValue| match secret {
            config_core::secret::SecretValue::Literal(text) => Some(text.clone()),
            _ => None,
        };
        let body = decision.bytes(&bytes::Bytes::new(), &literal).unwrap();
        serde_json::from_slice::<serde_json::Value>(&body).unwrap()["key"].clone()
    };
    for model in [
        "provider: openai",
        "provider: anthropic, options: {anthropic_version: '2023-06-01'}",
        "provider: cohere",
        "provider: mistral, options: {mistral_format: openai}",
        "provider: llama2, options: {llama2_format: ollama, upstream_url: 'http://h/api/chat'}",
        "provider: llama2, options: {llama2_format: raw, upstream_url: 'http://h/generate'}",
    ] {
        assert_eq!((sent(model, true), sent(model, false)), ("theirs".into(), "ours".into()), "{model}");
    }
}

#[test]
fn cloud_identities_take_the_place_of_a_key() {
    let identity = |config: &str| show(&Request::unknown("/a/b").decide(&compile(config).unwrap()).unwrap());
    let azure = identity(
        "{route_type: llm/v1/chat, auth: {azure_use_managed_identity: true, azure_client_id: id, header_name: api-key, header_value: k}, \
         model: {provider: azure, name: m, options: {azure_instance: i, azure_deployment_id: d}}}",
    );
    let gcp = identity(
        "{route_type: llm/v1/chat, auth: {gcp_use_service_account: true, gcp_service_account_json: '{vault://env/GCP}', header_name: Authorization, header_value: k}, \
         model: {provider: gemini, name: m}}",
    );
    let aws = identity("{route_type: llm/v1/chat, model: {provider: bedrock, name: m}}");
    let bearer = identity(
        "{route_type: llm/v1/chat, auth: {header_name: Authorization, header_value: k}, model: {provider: bedrock, name: m}}",
    );
    assert_snapshot!([azure, gcp, aws, bearer].join("\n"));
}

#[test]
fn hugging_face_options_become_headers_of_its_own_endpoint() {
    let headers = |more: &str| {
        let config = format!(
            "{{route_type: llm/v1/completions, model: {{provider: huggingface, name: o/m, options: {{huggingface: {{use_cache: false, wait_for_model: true}}{more}}}}}}}"
        );
        let decision = Request::post("/a/b", COMPLETION).decide(&compile(&config).unwrap()).unwrap();
        let names: Vec<_> = decision.headers.iter().map(|header| header.name.clone()).collect();
        names.join(" ")
    };
    assert_eq!(headers(""), "content-type accept-encoding x-use-cache x-wait-for-model");
    assert_eq!(headers(", upstream_url: 'http://tgi.test/'"), "content-type accept-encoding");
    assert_eq!(
        headers(", upstream_url: 'https://router.huggingface.co/hf-inference/models/o/m'"),
        "content-type accept-encoding x-use-cache x-wait-for-model"
    );
}
