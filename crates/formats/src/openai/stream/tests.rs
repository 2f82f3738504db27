use proptest::prelude::*;

use super::*;
use crate::usage::Usage;

const CHUNKS: &str = concat!(
    "data: {\"id\":\"c\",\"model\":\"gpt-4o\",\"choices\":[],\"prompt_filter_results\":[{}],\"usage\":null}\n\n",
    ": ping\n\n",
    "data: {\"id\":\"c\",\"model\":\"gpt-4o\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}], \"usage\" : null }\n\n",
    "data: {\"usage\":null , \"model\":\"gpt-4o\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\\n\"},\"finish_reason\":null}]}\r\n\r\n",
    "data: {\"choices\":[{\"index\":1,\"delta\":{\"content\":\"no\"}}]}\n\n",
    "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}],\"usage\":null}\n\n",
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2}}\n\n",
    "data: [DONE]\n\n",
);

fn tapped(stream: &str, mut tap: Tap) -> (String, Facts) {
    let sent = tap.batch(Bytes::copy_from_slice(stream.as_bytes()));
    (String::from_utf8(sent.to_vec()).unwrap(), tap.facts().clone())
}

#[test]
fn a_stream_whose_usage_was_asked_for_passes_untouched() {
    let stream = Bytes::from_static(CHUNKS.as_bytes());
    let mut tap = Tap::new(false, true);
    assert_eq!(tap.batch(stream.clone()).as_ptr(), stream.as_ptr());
    let facts = tap.facts();
    assert_eq!(facts.usage, Some(Usage { prompt_tokens: 3, completion_tokens: 2, ..Usage::default() }));
    assert_eq!((facts.model.as_deref(), facts.finished, facts.done), (Some("gpt-4o"), true, true));
    assert_eq!((&*facts.text.kept, facts.text.characters), ("Hi\n", 5));
}

#[test]
fn usage_that_the_client_did_not_ask_for_is_hidden_and_counted() {
    let (sent, facts) = tapped(CHUNKS, Tap::new(true, false));
    let expected = concat!(
        "data: {\"id\":\"c\",\"model\":\"gpt-4o\",\"choices\":[],\"prompt_filter_results\":[{}]}\n\n",
        ": ping\n\n",
        "data: {\"id\":\"c\",\"model\":\"gpt-4o\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}] }\n\n",
        "data: { \"model\":\"gpt-4o\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\\n\"},\"finish_reason\":null}]}\r\n\r\n",
        "data: {\"choices\":[{\"index\":1,\"delta\":{\"content\":\"no\"}}]}\n\n",
        "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n",
        "data: [DONE]\n\n",
    );
    assert_eq!(sent, expected);
    assert!(facts.usage.is_some() && facts.text.kept.is_empty());
}

#[test]
fn nothing_but_the_member_is_cut() {
    let cut = |data: &str| tapped(&format!("id: 1\ndata: {data}\n\n"), Tap::new(true, false)).0;
    for (data, expected) in [
        (r#"{"usage":null}"#, "{}"),
        (r#"{ "usage" : null , "a":1}"#, r#"{ "a":1}"#),
        (r#"{"a":{"usage":null},"usage":null}"#, r#"{"a":{"usage":null}}"#),
        (r#"{"a":1 ,"usage":null, "b":2}"#, r#"{"a":1 , "b":2}"#),
        (r#"{"a":1,"us\u0061ge":null}"#, r#"{"a":1,"us\u0061ge":null}"#),
    ] {
        assert_eq!(cut(data), format!("id: 1\ndata: {expected}\n\n"));
    }
    let lines = "data: {\"a\":1,\ndata: \"usage\":null}\n\n";
    assert_eq!(tapped(lines, Tap::new(true, false)).0, lines);
}

#[test]
fn usage_beside_choices_passes_and_counts() {
    let chunk = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2}}\n\n";
    let (sent, facts) = tapped(chunk, Tap::new(true, false));
    assert_eq!((&*sent, facts.usage.is_some()), (chunk, true));
}

#[test]
fn an_error_reaches_the_client_in_openai_s_shape() {
    let openai = "data: {\"error\":{\"message\":\"m\",\"type\":\"t\",\"param\":null,\"code\":null}}\n\n";
    assert_eq!(tapped(openai, Tap::default()).0, openai);
    for other in [
        "data: {\"error\":\"m\",\"error_type\":\"overloaded\"}\n\n",
        "data: {\"object\":\"error\",\"message\":\"m\",\"code\":\"overloaded\"}\n\n",
    ] {
        let (sent, facts) = tapped(other, Tap::default());
        assert_eq!(
            sent,
            "data: {\"error\":{\"message\":\"m\",\"type\":\"server_error\",\"param\":null,\"code\":\"overloaded\"}}\n\n"
        );
        assert_eq!(facts.error.as_deref(), Some("m"));
    }
}

#[test]
fn an_error_does_not_quote_a_secret() {
    let error = |message: &str| {
        format!(
            "data: {{\"error\":{{\"message\":\"{message}\",\"type\":\"t\",\"param\":null,\"code\":null}}}}\n\n"
        )
    };
    let tap = || Tap::default().redacting(vec!["Bearer sk-secret-1".into()]);
    let said = error("the key sk-\\u0073ecret-1 is wrong");
    assert_eq!(tapped(&said, tap()).0, error("the key *** is wrong"));
    let other = error("\\u0061");
    assert_eq!(tapped(&other, tap()).0, other);
    for (event, told) in [
        ("event: error\ndata: {\"detail\":\"sk-secret-1\"}", "event: error\ndata: {\"detail\":\"***\"}"),
        ("data: bad Bearer sk-secret-1", "data: bad ***"),
        ("data: nothing bad", "data: nothing bad"),
    ] {
        assert_eq!(tapped(&format!("{event}\n\n"), tap()).0, format!("{told}\n\n"));
    }
    // What a model says is not looked through.
    let text = "data: {\"choices\":[{\"delta\":{\"content\":\"sk-secret-1\"}}]}\n\n";
    assert_eq!(tapped(text, tap()).0, text);
}

/// The end of a stream that consisted of `events` and then `rest`.
fn end(events: &'static str, rest: &'static str, failure: Option<&str>) -> String {
    let mut tap = Tap::new(true, false);
    tap.batch(events.into());
    let failure = failure.map(|message| ErrorObject::new(504, message));
    String::from_utf8(tap.end(&rest.into(), failure.as_ref())).unwrap()
}

const CHUNK: &str = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
const DONE_TEXT: &str = "data: [DONE]\n\n";

#[test]
fn a_stream_ends_with_done() {
    assert_eq!(end(CHUNK, "", None), DONE_TEXT);
    assert_eq!(end(DONE_TEXT, "", None), "");
    assert_eq!(end(DONE_TEXT, "", Some("reset")), "");
    assert_eq!(end("data: {\"error\":{\"message\":\"m\"}}\n\n", "", None), "");
    assert_eq!(end(CHUNK, ": pi", None), DONE_TEXT);
}

#[test]
fn a_last_event_is_completed_or_dropped() {
    assert_eq!(end(CHUNK, "data: [DONE]", None), DONE_TEXT);
    assert_eq!(end(CHUNK, "data: [DONE]\n", None), DONE_TEXT);
    assert_eq!(end(CHUNK, "data: [DO", None), DONE_TEXT);
    assert_eq!(end("", "data: {}\r\n", None), "data: {}\r\n\ndata: [DONE]\n\n");
    assert_eq!(end("", "data: {}\r", None), "data: {}\r\n\ndata: [DONE]\n\n");
    assert_eq!(end("", "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1}}\n", None), DONE_TEXT);
}

#[test]
fn a_stream_that_broke_off_ends_with_an_error() {
    let event = |message: &str, kind: &str| {
        format!(
            "data: {{\"error\":{{\"message\":\"{message}\",\"type\":\"{kind}\",\"param\":null,\"code\":null}}}}\n\n"
        )
    };
    assert_eq!(end(CHUNK, "data: {\"a\":", Some("it stalled")), event("it stalled", "timeout_error"));
    assert_eq!(end(CHUNK, "data: {}", Some("no")), format!("data: {{}}\n\n{}", event("no", "timeout_error")));
    assert_eq!(
        end(CHUNK, "data: {\"choices\"", None),
        event("the upstream's stream ended in the middle of an event", "server_error")
    );
    for nothing in ["", ": ping\n\n"] {
        let expected = event("the upstream's stream ended without an event", "server_error");
        assert_eq!(end(nothing, "", None), expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn broken_streams_are_survived_and_end(
        at in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 0..8),
        cut in any::<proptest::sample::Index>(),
        hides_usage: bool,
    ) {
        let mut stream = CHUNKS.as_bytes().to_vec();
        for (at, byte) in at {
            let at = at.index(stream.len());
            stream[at] = byte;
        }
        stream.truncate(cut.index(stream.len()) + 1);
        let length = stream.len();
        let mut splitter = sse::Splitter::new();
        let mut tap = Tap::new(hides_usage, true);
        let mut sent = tap.batch(splitter.push(stream.into()).unwrap()).to_vec();
        prop_assert!(sent.len() <= length + 256);
        sent.extend(tap.end(&splitter.finish(), None));
        // Whatever came, the client sees a proper end.
        let sent = Bytes::from(sent);
        let ended = sse::events(&sent).any(|event| *event.data == *DONE || event.data.contains("\"error\""));
        prop_assert!(ended, "{sent:?}");
    }
}
