//! Bodies that say one thing to the gateway and another to the upstream, or too much to either.

use serde_json::value::RawValue;

use crate::stage::{ANSWER, Setting, Stage, ok, play};
use crate::wire::Message;

/// The model that nobody may use.
const FORBIDDEN: &str = "gpt-4o-expensive";

/// The answer to a body and, if the upstream was asked, what it got.
async fn asked(stage: &Stage, path: &str, content_type: &str, body: &[u8]) -> (Message, Option<Message>) {
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: a\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let mut client = stage.client().await;
    // A refusal may come before the end.
    let _ = client.try_send([head.as_bytes(), body].concat()).await;
    tokio::select! {
        biased;
        mut upstream = stage.upstream() => {
            let request = upstream.try_message().await;
            if request.as_ref().is_some_and(|request| request.complete) {
                upstream.send(ok("application/json", ANSWER)).await;
            }
            (client.message().await, request)
        }
        answer = client.message() => (answer, None),
    }
}

#[test]
fn no_spelling_smuggles_a_model() {
    let messages = r#""messages":[{"role":"user","content":"x"}]"#;
    let bodies = [
        format!(r#"{{"model":"{FORBIDDEN}",{messages}}}"#),
        format!(r#"{{"model":"gpt-4o","model":"{FORBIDDEN}",{messages}}}"#),
        format!(r#"{{"model":"{FORBIDDEN}","model":"gpt-4o",{messages}}}"#),
        format!(r#"{{"model":"gpt-4o","mod\u0065l":"{FORBIDDEN}",{messages}}}"#),
        format!(r#"{{"mod\u0065l":"{FORBIDDEN}",{messages}}}"#),
        format!(r#"{{"model":"gpt-4o","model\u0000":"x","model":"{FORBIDDEN}",{messages}}}"#),
        format!(r#"{{"model":"gpt-4o",{messages}}}{{"model":"{FORBIDDEN}"}}"#),
        format!(r#"{{"model":["{FORBIDDEN}"],{messages}}}"#),
        format!("\u{feff}{{\"model\":\"{FORBIDDEN}\",{messages}}}"),
        format!("{{\"model\":\"gpt-4o\"/*,*/,\"model\":\"{FORBIDDEN}\",{messages}}}"),
        format!(" \t\r\n{{\"model\":\"{FORBIDDEN}\",{messages}}}"),
    ];
    let types = [
        "application/json",
        "application/json; charset=utf-8",
        "APPLICATION/JSON",
        "application/problem+json",
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/octet-stream",
        "multipart/form-data; boundary=b",
        "application/json, text/plain",
        "",
    ];
    play(Setting::default(), async |stage| {
        for path in ["/chat", "/files/a"] {
            for content_type in types {
                for body in &bodies {
                    let (answer, request) = asked(stage, path, content_type, body.as_bytes()).await;
                    let what = format!("{path} {content_type} {body}");
                    match request {
                        Some(request) if request.complete => {
                            assert!(!request.text().contains(FORBIDDEN), "{what}: {request:?}");
                        }
                        _ => assert!((400..500).contains(&answer.status()), "{what}: {answer:?}"),
                    }
                    assert!(answer.complete, "{what}");
                    stage.is_at_rest(&what).await;
                }
            }
        }
    });
}

#[test]
fn no_form_smuggles_a_model() {
    let part =
        |head: &str, value: &str| format!("--b\r\ncontent-disposition: form-data; {head}\r\n\r\n{value}\r\n");
    let fine = part("name=\"model\"", "gpt-4o");
    let file = part("name=\"file\"; filename=\"a.wav\"", "RIFF");
    let bodies = [
        part("name=\"model\"", FORBIDDEN) + &file,
        fine.clone() + &part("name=\"model\"", FORBIDDEN) + &file,
        file.clone() + &part("name=\"model\"", FORBIDDEN),
        fine.clone() + &file + &part("name=model", FORBIDDEN),
        fine.clone() + &file + &part("NAME=\"model\"", FORBIDDEN),
        fine.clone() + &file + &part("name = \"model\"", FORBIDDEN),
        fine.clone() + &part("name=\"mod\\el\"", FORBIDDEN),
        fine.clone() + &part("name=\"x\"; name=\"model\"", FORBIDDEN),
        fine.clone() + &part("name=\"model\"; name=\"x\"", FORBIDDEN),
        fine.clone() + &part("name*=utf-8''model", FORBIDDEN),
        fine.clone() + &part("name=\"model\"; filename=\"x\"", FORBIDDEN),
        fine.clone() + &format!("--b\nContent-Disposition: form-data; name=\"model\"\n\n{FORBIDDEN}\n"),
        fine.clone()
            + &format!("--b \t\r\ncontent-disposition: form-data; name=\"model\"\r\n\r\n{FORBIDDEN}\r\n"),
        fine.clone()
            + &format!("--b\r\ncontent-disposition: form-data;\r\n name=\"model\"\r\n\r\n{FORBIDDEN}\r\n"),
        fine.clone() + "--b--\r\n" + &part("name=\"model\"", FORBIDDEN),
        format!("preamble {FORBIDDEN}\r\n") + &part("name=\"model\"", FORBIDDEN),
    ];
    play(Setting::default(), async |stage| {
        for body in &bodies {
            let body = format!("{body}--b--\r\n");
            let (answer, request) =
                asked(stage, "/files/a", "multipart/form-data; boundary=b", body.as_bytes()).await;
            // What went upstream before the gateway knew was cut.
            assert!(request.is_none_or(|request| !request.complete), "{body}");
            assert_eq!(answer.status(), 400, "{body}: {answer:?}");
            stage.is_at_rest(&body).await;
        }
        let (answer, request) = asked(
            stage,
            "/files/a",
            "multipart/form-data; boundary=b",
            format!("{fine}{file}--b--\r\n").as_bytes(),
        )
        .await;
        assert_eq!((answer.status(), request.map(|request| request.complete)), (200, Some(true)));
    });
}

#[test]
fn json_of_any_shape_is_answered() {
    let deep = |open: &str, close: &str| open.repeat(100_000) + &close.repeat(100_000);
    let within = |value: &str| {
        format!("{{\"messages\":[{{\"role\":\"user\",\"content\":\"x\"}}],\"x\":{value}}}").into_bytes()
    };
    let bodies: Vec<Vec<u8>> = vec![
        vec![],
        b"null".into(),
        b"\"x\"".into(),
        b"{".into(),
        b"{\"messages\":[".into(),
        b"{\"messages\":[{\"role\":\"user\",\"content\":\"\xff\xfe\"}]}".into(),
        b"{\"messages\":[{\"role\":\"user\",\"content\":\"a\0b\"}]}".into(),
        b"\xff\xfe{\0}\0".into(),
        deep("[", "]").into(),
        deep("{\"a\":", "}").into(),
        within(&deep("[", "]")),
        within(&format!("1{}", "0".repeat(100_000))),
        within("1e999999999"),
        within("-0"),
        within("0.1000000000000000055511151231257827021181583404541015625"),
        within("\"\\ud800\""),
        within("\"\\ud800\\ud800\""),
        within("NaN"),
        within("'x'"),
        within("1,"),
        b"{\"messages\":\"x\"}".into(),
        b"{\"messages\":[null]}".into(),
        b"{\"messages\":[]}".into(),
        b"{\"messages\":{},\"prompt\":1}".into(),
        b"{\"messages\":[{}],\"stream\":\"yes\"}".into(),
        b"{\"messages\":[{}],\"stream_options\":7,\"stream\":true}".into(),
        b"{\"messages\":[{}],\"max_tokens\":-1,\"temperature\":\"hot\"}".into(),
    ];
    play(Setting::default(), async |stage| {
        for path in ["/chat", "/named/m/chat", "/files/a"] {
            for body in &bodies {
                let (answer, request) = asked(stage, path, "application/json", body).await;
                let what = body.get(..80).unwrap_or(body).escape_ascii();
                assert!(matches!(answer.status(), 200 | 400), "{what}: {answer:?}");
                assert!(answer.complete);
                if let Some(request) = request.filter(|_| path != "/files/a") {
                    assert!(serde_json::from_slice::<&RawValue>(&request.body).is_ok(), "{what}");
                }
                stage.is_at_rest("after a body").await;
            }
        }
    });
}
