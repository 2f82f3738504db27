//! Uploads that are checked while they pass.

use std::sync::LazyLock;

use config_core::plan::prepare::{Body, UpstreamBody};
use config_core::plan::proxy::Proxy;
use config_core::plan::rejection::Rejection;
use insta::assert_snapshot;
use proptest::prelude::*;

use super::{Request, compile};

const FORM: &str = "multipart/form-data; boundary=bound";

fn preserve(more: &str, name: &str) -> Proxy {
    compile(&format!("{{route_type: preserve, {more} model: {{provider: openai{name}}}}}")).unwrap()
}

fn request<'a>(content_type: &'a str, body: &'a [u8]) -> Request<'a> {
    Request {
        path: "/a/b",
        body: Some(body),
        ..Request::post("/a/b", "").header("content-type", content_type)
    }
}

/// Model, stream flag and the answer's model header, or why the body is refused.
type Verdict = Result<(Option<String>, bool, Option<String>), Rejection>;

fn whole(proxy: &Proxy, request: &Request<'_>) -> Verdict {
    let (_, decision) = request.send(proxy)?;
    assert_eq!(decision.body, UpstreamBody::Passthrough);
    assert!(decision.inspection.is_none());
    Ok((decision.model, decision.stream, decision.response_model_header))
}

fn streamed(proxy: &Proxy, request: &Request<'_>, cuts: &[usize]) -> Verdict {
    let (_, decision) = request.send_body(proxy, Body::Streamed)?;
    assert_eq!(decision.body, UpstreamBody::Passthrough);
    let mut inspection = decision.inspection.unwrap();
    let body = request.body.unwrap();
    let mut ends: Vec<_> = cuts.iter().map(|cut| cut % (body.len() + 1)).chain([0, body.len()]).collect();
    ends.sort_unstable();
    for ends in ends.windows(2) {
        if let Err(refusal) = inspection.feed(&body[ends[0]..ends[1]]) {
            // What is refused stays so.
            assert_eq!(inspection.feed(b""), Err(refusal.clone()));
            assert_eq!(inspection.finish(), Err(refusal));
        }
    }
    inspection.finish()?;
    Ok((inspection.model().map(str::to_owned), inspection.stream(), inspection.response_model_header()))
}

fn part(disposition: &str, value: &str) -> String {
    format!("--bound\r\nContent-Disposition: form-data; {disposition}\r\n\r\n{value}\r\n")
}

#[test]
fn a_form_is_held_to_the_rules_of_preserved_requests() {
    let named = preserve("", ", name: whisper-2");
    let nameless = preserve("", "");
    let denied = preserve("response_streaming: deny,", "");
    let silent = preserve("model_name_header: false,", "");
    let file = part("name=file; filename=a.wav\r\nContent-Type: audio/wav", "\0\u{1}");
    let long = "m".repeat(4097);
    let cases = [
        ("named", &named, vec![file.clone(), part("name=model", "whisper-2")]),
        ("named", &named, vec![file.clone()]),
        ("named", &named, vec![part("name=model", "")]),
        ("named", &named, vec![part("name=model", "other")]),
        ("named", &named, vec![part("name=model", "whisper-2"), part("name=model", "other")]),
        ("named", &named, vec![part("name=\"model[]\"", "other")]),
        ("named", &named, vec![part("name=\" model\"", "other")]),
        ("named", &named, vec![part("name=Model", "other")]),
        ("named", &named, vec![part("name=mod%65l", "other")]),
        ("named", &named, vec![part("name=model; filename=\"\"", "other")]),
        ("named", &named, vec![part("name=model\r\nContent-Type: application/json", "\"other\"")]),
        ("named", &named, vec![part("name=model\r\nContent-Type: text/plain; charset=utf-7", "other")]),
        ("named", &named, vec![part("name=model\r\nContent-Type: text/plain; charset=UTF-8", "whisper-2")]),
        ("named", &named, vec![part("name=_charset_", "utf-16")]),
        ("named", &named, vec![part("name=prompt", &long)]),
        ("nameless", &nameless, vec![part("name=model", &long)]),
        ("nameless", &nameless, vec![part("name=model", "a\u{7}")]),
        ("nameless", &nameless, vec![part("name=model", "a"), part("name=stream", "true")]),
        ("nameless", &nameless, vec![file.clone()]),
        ("silent", &silent, vec![part("name=model", "a")]),
        ("denied", &denied, vec![part("name=stream", "true")]),
        ("denied", &denied, vec![part("name=stream", "True")]),
        ("denied", &denied, vec![part("name=stream", "false"), part("name=model", "a")]),
    ];
    let mut said = String::new();
    for (name, proxy, parts) in cases {
        let body = parts.concat() + "--bound--\r\n";
        let request = request(FORM, body.as_bytes());
        let verdict = streamed(proxy, &request, &[]);
        assert_eq!(whole(proxy, &request), verdict);
        let verdict = match verdict {
            Ok((model, stream, header)) => {
                format!("model {model:?}, stream {stream}, answer names {header:?}")
            }
            Err(refusal) => format!("{} {}", refusal.status, refusal.message),
        };
        let shown =
            body.replace(&long, "(4097 times m)").replace("--bound\r\n", "").replace("--bound--\r\n", "");
        said += &format!("{name}: {shown:?}\n  {verdict}\n");
    }
    assert_snapshot!(said);
}

#[test]
fn a_refused_form_is_refused_before_its_end() {
    let proxy = preserve("", ", name: m");
    let form = request(FORM, b"");
    let (_, decision) = form.send_body(&proxy, Body::Streamed).unwrap();
    let mut inspection = decision.inspection.unwrap();
    assert_eq!(inspection.model(), Some("m"));
    inspection.feed(part("name=model", "other").trim_end().as_bytes()).unwrap();
    let refused = inspection.feed(b"\r\n--bound").unwrap_err();
    assert_eq!((refused.status, refused.param), (400, Some("model")));
    assert!(inspection.finish().is_err());
}

#[test]
fn other_content_passes_unless_it_begins_like_json() {
    let named = preserve("", ", name: m");
    let denied = preserve("response_streaming: deny,", "");
    let open = preserve("", "");
    for body in [&br#"{"model":"other"}"#[..], b" \r\n\t{", b"\xef\xbb\xbf{", b"\xff\xfe{\0", b"\0{"] {
        for content_type in ["text/plain", "application/octet-stream", "audio/wav"] {
            let request = request(content_type, body);
            for proxy in [&named, &denied] {
                let refused = streamed(proxy, &request, &[1, 2]).unwrap_err();
                assert!(refused.message.contains("begins like JSON"), "{}", refused.message);
                assert_eq!(whole(proxy, &request), Err(refused));
            }
            assert_eq!(streamed(&open, &request, &[]), Ok((None, false, None)));
            assert_eq!(whole(&open, &request), Ok((None, false, None)));
        }
    }
    let audio = request("audio/wav", b"RIFF{");
    assert_eq!(streamed(&named, &audio, &[0, 1]), whole(&named, &audio));
    assert!(whole(&named, &audio).is_ok());
}

#[test]
fn only_uploads_are_streamed() {
    let proxy = preserve("", ", name: m");
    let status = |proxy: &Proxy, content_type: &str| {
        let decision = request(content_type, b"").send_body(proxy, Body::Streamed);
        decision.map_or_else(|refusal| refusal.status, |_| 200)
    };
    let types = [FORM, "audio/wav", "application/json", "application/x-www-form-urlencoded", ""];
    assert_eq!(types.map(|content_type| status(&proxy, content_type)), [200, 200, 500, 500, 500]);
    let chat = compile("{route_type: llm/v1/chat, model: {provider: openai, name: m}}").unwrap();
    assert_eq!(types.map(|content_type| status(&chat, content_type)), [500; 5]);
    let auth = "auth: {param_name: key, param_value: k, param_location: body},";
    let refused = request(FORM, b"").send_body(&preserve(auth, ""), Body::Streamed).unwrap_err();
    assert_eq!(
        (refused.status, &*refused.message),
        (400, "request body must be a JSON object, to which `key` can be added")
    );
}

/// Bodies that are forms, nearly forms, or something else.
fn body() -> impl Strategy<Value = Vec<u8>> {
    let name = proptest::sample::select(vec!["model", "stream", "file", "Model", "\"model\"; filename=f"]);
    let value =
        proptest::sample::select(vec!["m", "other", "true", "false", "", "\r\n", "-bound", "\r\n--boun"]);
    let part = (name, value).prop_map(|(name, value)| part(&format!("name={name}"), value).into_bytes());
    let noise = proptest::sample::select(vec![&b"--bound"[..], b"--bound--", b"\r\n", b"{", b"x", b"\xff"]);
    let pieces = prop_oneof![8 => part, 1 => noise.prop_map(<[u8]>::to_vec)];
    let end = prop_oneof![8 => Just("--bound--\r\n"), 1 => Just("--bound--"), 1 => Just("")];
    (proptest::collection::vec(pieces, 0..5), end)
        .prop_map(|(parts, end)| [&parts.concat(), end.as_bytes()].concat())
}

static PLUGINS: LazyLock<[Proxy; 3]> = LazyLock::new(|| {
    [preserve("", ", name: m"), preserve("", ""), preserve("response_streaming: deny,", "")]
});

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a_body_is_judged_alike_whole_and_in_any_pieces(
        body in body(),
        cuts in proptest::collection::vec(any::<usize>(), 0..10),
        content_type in proptest::sample::select(vec![FORM, FORM, FORM, "audio/wav"]),
    ) {
        for proxy in PLUGINS.iter() {
            let request = request(content_type, &body);
            let bytes: Vec<_> = (0..body.len()).collect();
            let verdict = whole(proxy, &request);
            prop_assert_eq!(&streamed(proxy, &request, &cuts), &verdict);
            prop_assert_eq!(&streamed(proxy, &request, &bytes), &verdict);
        }
    }
}
