use proptest::prelude::*;

use super::*;

fn converted(status: u16, body: &str, wire: WireFormat) -> (u16, String) {
    let (status, answer) =
        from_upstream(status, Some("application/json; charset=utf-8"), body.as_bytes(), wire);
    match answer {
        Answer::Passes(_) => (status, "passes".to_owned()),
        Answer::Converted(object) => (status, String::from_utf8(object.to_json()).unwrap()),
    }
}

#[test]
fn openai_s_errors_pass_byte_for_byte() {
    for body in [
        r#"{"error":{"message":"Rate limit reached","type":"tokens","param":null,"code":"rate_limit_exceeded"}}"#,
        "{\n  \"error\" : {\"message\":\"m\",\"type\":\"BadRequestError\",\"param\":\"x\",\"code\":400, \"y\":1}\n}\n",
    ] {
        assert_eq!(converted(429, body, WireFormat::OpenAi), (429, "passes".to_owned()));
        let original = Bytes::from_static(body.as_bytes());
        let (_, answer) = from_upstream(429, None, &original, WireFormat::OpenAi);
        let (sent, _) = answer.into_body(original.clone(), &["sk-secret"]);
        assert_eq!(sent.as_ptr(), original.as_ptr());
    }
}

#[test]
fn a_quoted_secret_does_not_pass() {
    let key = "sk-proj-0123456789abcdef";
    let body = format!(
        r#"{{"error":{{"message":"Incorrect API key provided: sk-proj-****cdef.","type":"invalid_request_error","param":"{key}","code":null,"x":"{key}"}}}}"#
    );
    let (status, answer) = from_upstream(401, None, body.as_bytes(), WireFormat::OpenAi);
    let (sent, object) = answer.into_body(body.into(), &[&format!("Bearer {key}")]);
    assert_eq!((status, &*object.message), (401, "Incorrect API key provided: ***"));
    assert_eq!(
        sent,
        r#"{"error":{"message":"Incorrect API key provided: ***","type":"invalid_request_error","param":"***","code":null}}"#
    );
    let escaped = key.replace('-', "\\u002d");
    let elsewhere = format!(
        r#"{{"error":{{"message":"m","type":"t","param":null,"code":null,"x":[{{"y":"{escaped}"}}]}}}}"#
    );
    let (_, answer) = from_upstream(401, None, elsewhere.as_bytes(), WireFormat::OpenAi);
    let (sent, _) = answer.into_body(elsewhere.into(), &[key]);
    assert_eq!(sent, r#"{"error":{"message":"m","type":"t","param":null,"code":null}}"#);
}

#[test]
fn statuses_and_types_are_openai_s() {
    let html = |status, wire| {
        let (status, answer) = from_upstream(status, Some("text/html; x=<b>"), b"<html>", wire);
        (status, answer.object().kind.to_string())
    };
    let expect = |status, wire, client, kind: &str| {
        assert_eq!(html(status, wire), (client, kind.to_owned()), "{status} {wire:?}");
    };
    use WireFormat::*;
    for same in [400, 405, 409, 413, 415, 422, 431] {
        expect(same, OpenAi, same, "invalid_request_error");
    }
    expect(401, OpenAi, 401, "authentication_error");
    expect(402, OpenAi, 402, "billing_error");
    expect(403, OpenAi, 403, "permission_error");
    expect(404, OpenAi, 404, "not_found_error");
    expect(407, OpenAi, 502, "server_error");
    expect(408, OpenAi, 504, "timeout_error");
    expect(410, OpenAi, 404, "not_found_error");
    expect(422, Mistral, 400, "invalid_request_error");
    expect(422, HuggingFaceGeneration, 400, "invalid_request_error");
    expect(424, HuggingFaceChat, 502, "server_error");
    expect(424, Bedrock, 502, "server_error");
    expect(429, OpenAi, 429, "rate_limit_error");
    expect(498, CohereV2, 401, "authentication_error");
    expect(498, OpenAi, 498, "invalid_request_error");
    expect(499, CohereV2, 499, "request_cancelled");
    expect(500, OpenAi, 500, "server_error");
    expect(502, OpenAi, 502, "server_error");
    expect(503, OpenAi, 503, "overloaded_error");
    expect(504, OpenAi, 504, "timeout_error");
    expect(529, Anthropic, 503, "overloaded_error");
    for odd in [0, 101, 204, 301, 308, 600, 999] {
        expect(odd, OpenAi, 502, "server_error");
    }
}

#[test]
fn bodies_without_an_error_are_named_not_shown() {
    let message = |status, content_type, body: &[u8]| {
        from_upstream(status, content_type, body, WireFormat::OpenAi).1.object().message.clone()
    };
    assert_eq!(
        message(502, Some("text/html; charset=utf-8"), b"<h1>Bad"),
        "upstream returned 502 (text/html)"
    );
    assert_eq!(
        message(500, Some("application/json"), b"{\"x\":1}"),
        "upstream returned 500 (application/json)"
    );
    for strange in [None, Some(""), Some("<b>/x"), Some("text/plain\u{7}")] {
        assert_eq!(message(500, strange, b"\xff"), "upstream returned 500 (no content type)");
    }
    let redirect = message(307, None, br#"{"error":{"message":"m","type":"t","param":null,"code":null}}"#);
    assert_eq!(redirect, "upstream returned 307, a redirect, which is not followed");
}

#[test]
fn aws_names_errors_in_a_header() {
    let named = |header: &str, body: &str| {
        let (_, answer) = from_upstream(400, None, body.as_bytes(), WireFormat::Bedrock);
        answer.named(header).object().code.clone().unwrap_or_default()
    };
    let body = r#"{"message":"Malformed input request"}"#;
    assert_eq!(
        named("ValidationException:http://internal.amazon.com/coral/com.amazon.bedrock/", body),
        "ValidationException"
    );
    assert_eq!(named("aws.bedrock#ThrottlingException", body), "ThrottlingException");
    assert_eq!(named("AccessDeniedException", ""), "AccessDeniedException");
    for odd in ["", ":", "#", "a b", "a\u{7}", "<b>", &"a".repeat(129)] {
        assert_eq!(named(odd, body), "", "{odd}");
    }
    // What the body says counts.
    assert_eq!(named("A", r#"{"message":"m","code":"B"}"#), "B");
    let openai = r#"{"error":{"message":"m","type":"t","param":null,"code":null}}"#;
    assert_eq!(named("A", openai), "");
}

#[test]
fn long_messages_are_cut() {
    let body = format!("{{\"message\":\"{}\"}}", "é".repeat(MAX_MESSAGE));
    let (_, answer) = from_upstream(500, None, body.as_bytes(), WireFormat::OpenAi);
    assert_eq!(answer.object().message.len(), MAX_MESSAGE);
}

#[test]
fn an_error_object_is_written_as_it_is_read() {
    let object = ErrorObject::new(400, "a\"\nb").code("c").param("p");
    let json = object.to_json();
    assert_eq!(
        String::from_utf8(json.clone()).unwrap(),
        r#"{"error":{"message":"a\"\nb","type":"invalid_request_error","param":"p","code":"c"}}"#
    );
    let (_, answer) = from_upstream(400, None, &json, WireFormat::OpenAi);
    assert_eq!(answer, Answer::Passes(object.clone()));
    assert_eq!(object.to_event(), [b"data: ", &*json, b"\n\n"].concat());
}

/// What servers are known to answer, by provider, and what a client gets.
#[test]
fn every_shape_becomes_openai_s() {
    use WireFormat::*;
    let cases: &[(&str, u16, WireFormat, &str)] = &[
        (
            "openai",
            400,
            OpenAi,
            r#"{"error":{"message":"Unsupported value: 'temperature'","type":"invalid_request_error","param":"temperature","code":"unsupported_value"}}"#,
        ),
        (
            "azure, content filter",
            400,
            OpenAi,
            r#"{"error":{"message":"filtered","type":null,"param":"prompt","code":"content_filter","status":400,"innererror":{"code":"ResponsibleAIPolicyViolation",
"content_filter_result":{"hate":{"filtered":true}}}}}"#,
        ),
        (
            "azure, deployment",
            404,
            OpenAi,
            r#"{"error":{"code":"DeploymentNotFound","message":"The API deployment for this resource does not exist."}}"#,
        ),
        (
            "azure, gateway",
            401,
            OpenAi,
            r#"{"statusCode":401,"message":"Unauthorized. Access token is missing, invalid, audience is incorrect, or have expired."}"#,
        ),
        (
            "azure, gateway, nested",
            401,
            OpenAi,
            r#"{"error":{"code":"401","message":"Access denied due to invalid subscription key or wrong API endpoint."}}"#,
        ),
        (
            "mistral",
            400,
            Mistral,
            r#"{"object":"error","message":"Invalid model: mistral-x","type":"invalid_model","param":null,"code":"1500"}"#,
        ),
        (
            "mistral, validation",
            422,
            Mistral,
            r#"{"detail":[{"type":"extra_forbidden","loc":["body","user"],"msg":"Extra inputs are not permitted","input":"x"},{"type":"missing","loc":["body","messages",0,"role"],"msg":"Field required"}]}"#,
        ),
        (
            "mistral, validation in an error",
            422,
            Mistral,
            r#"{"object":"error","message":{"detail":[{"type":"extra_forbidden","loc":["body","user"],"msg":"Extra inputs are not permitted"}]},"type":"invalid_request_invalid_args","param":null,"code":null,"raw_status_code":422}"#,
        ),
        ("mistral, key", 401, Mistral, r#"{"message":"Unauthorized","request_id":"5d"}"#),
        (
            "vllm",
            400,
            OpenAi,
            r#"{"object":"error","message":"maximum context length is 4096 tokens","type":"BadRequestError","param":null,"code":400}"#,
        ),
        (
            "vllm, newer",
            404,
            OpenAi,
            r#"{"error":{"message":"The model `x` does not exist.","type":"NotFoundError","param":"model","code":404}}"#,
        ),
        ("vllm, key", 401, OpenAi, r#"{"error":"Unauthorized"}"#),
        (
            "llama.cpp",
            503,
            OpenAi,
            r#"{"error":{"code":503,"message":"Loading model","type":"unavailable_error"}}"#,
        ),
        (
            "tgi",
            422,
            HuggingFaceChat,
            r#"{"error":"Input validation error: `inputs` must be < 10","error_type":"validation"}"#,
        ),
        ("tgi, overloaded", 429, OpenAi, r#"{"error":"Model is overloaded","error_type":"overloaded"}"#),
        ("fastapi", 404, OpenAi, r#"{"detail":"Not Found"}"#),
        (
            "spring",
            500,
            OpenAi,
            r#"{"timestamp":1,"status":500,"error":"Internal Server Error","path":"/v1"}"#,
        ),
        ("oauth", 400, OpenAi, r#"{"error":"invalid_grant","error_description":"AADSTS70000"}"#),
        (
            "google, a list",
            400,
            Gemini,
            r#"[{"error":{"code":400,"message":"API key not valid.","status":"INVALID_ARGUMENT"}}]"#,
        ),
        (
            "google",
            429,
            Vertex,
            r#"{"error":{"code":429,"message":"Quota exceeded.","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.Help"}]}}"#,
        ),
        (
            "anthropic",
            413,
            Anthropic,
            r#"{"type":"error","error":{"type":"request_too_large","message":"Request exceeds the maximum size"},"request_id":"req_1"}"#,
        ),
        (
            "anthropic, overloaded",
            529,
            Anthropic,
            r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"req_1"}"#,
        ),
        (
            "anthropic, internal",
            500,
            Anthropic,
            r#"{"type":"error","error":{"type":"api_error","message":"Internal server error"}}"#,
        ),
        ("cohere", 498, CohereV2, r#"{"id":"e1","message":"invalid api token"}"#),
        ("ollama", 404, Ollama, r#"{"error":"model \"llama9\" not found, try pulling it first"}"#),
        (
            "hugging face, a list",
            400,
            HuggingFaceGeneration,
            r#"{"error":["Error in `parameters.top_p`: ensure this value is less than 1"],"warnings":["x"]}"#,
        ),
        (
            "hugging face, nested",
            404,
            HuggingFaceChat,
            r#"{"error":{"message":"The model x does not exist"}}"#,
        ),
        ("aws", 403, Bedrock, r#"{"Message":"User is not authorized"}"#),
        (
            "aws, named",
            400,
            Bedrock,
            r#"{"__type":"com.amazon.coral.service#SerializationException","Message":"Expected null"}"#,
        ),
        ("a string", 500, OpenAi, r#""overloaded""#),
        ("an empty message", 500, OpenAi, r#"{"error":{"message":" ","type":"t","param":null,"code":null}}"#),
        ("nothing", 500, OpenAi, ""),
        ("not JSON", 502, OpenAi, "upstream connect error"),
    ];
    let mut table = String::new();
    for (name, status, wire, body) in cases {
        let (client, sent) = converted(*status, body, *wire);
        table += &format!("{name}: {status} -> {client}\n  {sent}\n");
    }
    insta::assert_snapshot!(table);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn any_body_becomes_an_error_that_clients_can_read(
        status: u16,
        pieces in proptest::collection::vec(
            proptest::sample::select(vec![
                "{", "}", "[", "]", ",", ":", "\"error\"", "\"message\"", "\"detail\"", "\"loc\"", "\"type\"", "\"param\"",
                "\"code\"", "\"innererror\"", "\"m\"", "null", "400", "\n", "\u{7}", "{\"error\":{\"message\":\"m\"", "}}",
            ]),
            0..16,
        ),
        secrets in proptest::collection::vec("[a-z]{4,8}", 0..2),
    ) {
        let body = Bytes::from(pieces.concat());
        let (status, answer) = from_upstream(status, None, &body, WireFormat::OpenAi);
        prop_assert!((400..600).contains(&status));
        let event = answer.object().to_event();
        prop_assert!(event.ends_with(b"\n\n") && !event[..event.len() - 2].contains(&b'\n'));
        let secrets: Vec<_> = secrets.iter().map(|secret| &**secret).collect();
        let (sent, _) = answer.into_body(body, &secrets);
        let sent: serde_json::Value = serde_json::from_slice(&sent).unwrap();
        prop_assert!(sent["error"]["message"].as_str().is_some_and(|message| !message.is_empty()));
        prop_assert!(sent["error"]["type"].is_string());
    }

    #[test]
    fn no_secret_is_told(
        secret in "[a-zA-Z0-9_-]{8,40}",
        before in "[a-z :]{0,10}",
        scheme in prop_oneof![Just(""), Just("Bearer ")],
        (head, tail) in (0usize..6, 0usize..5),
        mask in prop_oneof![Just("****"), Just("..."), Just("…")],
    ) {
        let value = format!("{scheme}{secret}");
        let told = redact(&format!("{before} {secret}!"), &[&value]).into_owned();
        prop_assert!(!told.contains(&secret), "{told}");
        prop_assume!(head + tail >= 2);
        let masked = format!("{}{mask}{}", &secret[..head], &secret[secret.len() - tail..]);
        prop_assume!(!before.contains(&masked));
        let text = format!("{before} '{masked}'.");
        prop_assert_eq!(redact(&text, &[&value]), format!("{before} '***'."));
    }
}
