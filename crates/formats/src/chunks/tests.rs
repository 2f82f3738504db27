use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::WireFormat;
use crate::codec::ToolNames;

fn chunks(operation: Operation, includes_usage: bool) -> Chunks {
    let tool_names = ToolNames::default();
    let (wire, model) = (WireFormat::Anthropic, "asked".to_owned());
    let expected = Expected { wire, operation, model, includes_usage, tool_names };
    let origin = Origin { id: "0123456789abcdefghijkl".to_owned(), created: 1 };
    Chunks::new(expected, origin, true, vec!["sk-0123456789".to_owned()])
}

/// The events of a stream: JSON, and `null` for its end.
fn events(written: &[u8]) -> Vec<Value> {
    let written = std::str::from_utf8(written).unwrap();
    let events = written.strip_suffix("\n\n").map(|events| events.split("\n\n"));
    let data = events.into_iter().flatten().map(|event| event.strip_prefix("data: ").unwrap());
    data.map(|data| if data == "[DONE]" { Value::Null } else { serde_json::from_str(data).unwrap() })
        .collect()
}

#[derive(Debug, Clone)]
enum Word {
    Id(&'static str),
    Begin(usize),
    Text(usize, &'static str),
    Reasoning(usize, &'static str),
    Call(usize, u64, Option<&'static str>),
    WholeCall(usize, &'static str),
    Arguments(usize, u64, &'static str),
    EndCall(usize, u64),
    Finish(usize, FinishReason),
    Usage(u64),
    Done,
    Fail,
}

impl Word {
    fn say(&self, chunks: &mut Chunks) {
        match *self {
            Word::Id(id) => chunks.id(id),
            Word::Begin(choice) => chunks.begin(choice),
            Word::Text(choice, text) => chunks.text(choice, text),
            Word::Reasoning(choice, text) => chunks.reasoning(choice, text),
            Word::Call(choice, block, id) => chunks.tool_call(choice, block, id, "f"),
            Word::WholeCall(choice, arguments) => chunks.whole_tool_call(choice, None, "f", arguments),
            Word::Arguments(choice, block, fragment) => chunks.arguments(choice, block, fragment),
            Word::EndCall(choice, block) => chunks.end_tool_call(choice, block),
            Word::Finish(choice, reason) => chunks.finish(choice, reason),
            Word::Usage(tokens) => {
                chunks.usage(Some(Usage { completion_tokens: tokens, ..Usage::default() }))
            }
            Word::Done => chunks.done(),
            Word::Fail => chunks.fail(ErrorObject::new(502, "no sk-0123456789")),
        }
    }
}

fn word() -> impl Strategy<Value = Word> {
    let choice = || 0..3_usize;
    let block = || 0..4_u64;
    let text = || prop::sample::select(vec!["", "a", "\"\\\n\u{2028}é", "{", "}"]);
    let reason = prop::sample::select(vec![
        FinishReason::Stop,
        FinishReason::Length,
        FinishReason::ToolCalls,
        FinishReason::ContentFilter,
    ]);
    prop_oneof![
        1 => prop::sample::select(vec!["", "x", "\"y\n"]).prop_map(Word::Id),
        2 => choice().prop_map(Word::Begin),
        4 => (choice(), text()).prop_map(|(choice, text)| Word::Text(choice, text)),
        2 => (choice(), text()).prop_map(|(choice, text)| Word::Reasoning(choice, text)),
        4 => (choice(), block(), prop::option::of(prop::sample::select(vec!["", "a"])))
            .prop_map(|(choice, block, id)| Word::Call(choice, block, id)),
        2 => (choice(), text()).prop_map(|(choice, text)| Word::WholeCall(choice, text)),
        4 => (choice(), block(), text()).prop_map(|(choice, block, text)| Word::Arguments(choice, block, text)),
        2 => (choice(), block()).prop_map(|(choice, block)| Word::EndCall(choice, block)),
        2 => (choice(), reason).prop_map(|(choice, reason)| Word::Finish(choice, reason)),
        1 => (0..9_u64).prop_map(Word::Usage),
        1 => Just(Word::Done),
        1 => Just(Word::Fail),
    ]
}

/// What has come of a choice.
#[derive(Debug, Default)]
struct Seen {
    calls: Vec<String>,
    finish: Option<String>,
}

/// Holds a stream of a chat against what OpenAI's clients rely on.
fn check(events: &[Value], includes_usage: bool) {
    let mut seen: std::collections::BTreeMap<u64, Seen> = std::collections::BTreeMap::new();
    let (end, chunks) = events.split_last().expect("a stream has an end");
    let head = |chunk: &Value| ["id", "object", "created", "model"].map(|name| chunk[name].clone());
    for (at, chunk) in chunks.iter().enumerate() {
        assert_eq!(head(chunk), head(&events[0]), "all chunks have one head");
        let Some(choice) = chunk["choices"].get(0) else {
            assert!(
                includes_usage && at + 1 == chunks.len() && end.is_null(),
                "usage comes last, if asked for"
            );
            assert!(chunk["usage"]["total_tokens"].is_u64());
            continue;
        };
        let (index, delta) = (choice["index"].as_u64().unwrap(), &choice["delta"]);
        let Some(choice_seen) = seen.get_mut(&index) else {
            assert_eq!(*delta, json!({"role": "assistant", "content": ""}), "the role comes first");
            seen.insert(index, Seen::default());
            continue;
        };
        assert_eq!(choice_seen.finish, None, "nothing comes after the end of a choice");
        assert!(delta.get("role").is_none(), "the role comes once");
        if let Some(call) = delta["tool_calls"].get(0) {
            let fragment = call["function"]["arguments"].as_str().unwrap();
            match usize::try_from(call["index"].as_u64().unwrap()).unwrap() {
                new if new == choice_seen.calls.len() => {
                    assert!(
                        call["id"].as_str().is_some_and(|id| !id.is_empty()) && call["type"] == "function"
                    );
                    choice_seen.calls.push(fragment.to_owned());
                }
                known => {
                    assert_eq!(call.as_object().unwrap().len(), 2, "a call is named once");
                    assert!(!fragment.is_empty());
                    choice_seen.calls[known].push_str(fragment);
                }
            }
        }
        choice_seen.finish = choice["finish_reason"].as_str().map(str::to_owned);
        assert_eq!(choice_seen.finish.is_some(), *delta == json!({}), "an end says nothing else");
        assert!(
            ["content", "reasoning_content"].iter().all(|name| delta.get(name).is_none_or(|text| text != ""))
        );
    }
    if end.is_null() {
        assert!(!seen.is_empty());
        assert_eq!(chunks.iter().any(|chunk| chunk["choices"] == json!([])), includes_usage);
        for choice in seen.values() {
            let reason = choice.finish.as_deref().expect("every choice ends");
            assert!(choice.calls.iter().all(|arguments| !arguments.is_empty()), "no arguments are `{{}}`");
            assert!(reason != "stop" || choice.calls.is_empty(), "calls are a reason");
            assert!(reason != "tool_calls" || !choice.calls.is_empty(), "a reason that is there");
        }
    } else {
        assert_eq!(end["error"]["message"], "no ***");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn whatever_is_said_clients_get_a_stream(words in prop::collection::vec(word(), 0..24), includes_usage: bool) {
        let mut chunks = chunks(Operation::Chat, includes_usage);
        words.iter().for_each(|word| word.say(&mut chunks));
        chunks.done();
        let written = chunks.take();
        check(&events(&written), includes_usage);
        words.iter().for_each(|word| word.say(&mut chunks));
        prop_assert!(chunks.take().is_empty(), "nothing comes after the end");
        let texts: String = events(&written)
            .iter()
            .filter(|event| event["choices"][0]["index"] == 0)
            .filter_map(|event| event["choices"][0]["delta"]["content"].as_str().map(str::to_owned))
            .collect();
        prop_assert_eq!(&chunks.facts().text.kept, &texts);
    }

    #[test]
    fn completions_have_texts_and_no_more(words in prop::collection::vec(word(), 0..24)) {
        let mut chunks = chunks(Operation::Completions, true);
        words.iter().for_each(|word| word.say(&mut chunks));
        chunks.done();
        for event in events(&chunks.take()).iter().filter_map(|event| event.get("choices")?.get(0)) {
            let names: Vec<_> = event.as_object().unwrap().keys().map(String::as_str).collect();
            prop_assert_eq!(names, ["index", "text", "logprobs", "finish_reason"]);
            prop_assert!(event["finish_reason"] != "tool_calls");
        }
    }
}

#[test]
fn a_choice_that_was_only_spoken_of_is_none() {
    let mut chunks = chunks(Operation::Chat, false);
    chunks.arguments(3, 0, "{}");
    assert!(!chunks.is_finished());
    chunks.finish(1, FinishReason::Stop);
    assert!(chunks.is_finished());
}

#[test]
fn floods_are_failures() {
    let mut calls = chunks(Operation::Chat, false);
    (0..=MAX_CALLS as u64).for_each(|block| calls.tool_call(0, block, None, "f"));
    assert!(calls.facts().error.as_deref().is_some_and(|error| error.contains("tool calls")));
    let mut choices = chunks(Operation::Chat, false);
    choices.text(MAX_CHOICES, "x");
    assert!(choices.facts().error.as_deref().is_some_and(|error| error.contains("choices")));
    let mut names = chunks(Operation::Chat, false);
    names.id(&"é".repeat(MAX_NAME));
    names.text(0, "x");
    assert!(names.take().len() < 2 * (MAX_NAME + 300));
}

#[test]
fn ids_that_are_missing_are_made_up_and_differ() {
    let mut chunks = chunks(Operation::Chat, false);
    for choice in [0, 1] {
        chunks.whole_tool_call(choice, None, "f", " ");
        chunks.whole_tool_call(choice, Some(""), "f", "{\"a\":1}");
    }
    let events = events(&chunks.take());
    let calls = events.iter().filter_map(|event| event["choices"][0]["delta"]["tool_calls"].get(0));
    let calls: Vec<_> =
        calls.map(|call| (call["id"].as_str(), call["function"]["arguments"].as_str())).collect();
    let [(one, Some("{}")), (two, Some("{\"a\":1}")), (three, _), (four, _)] = *calls else {
        panic!("{calls:?}")
    };
    assert_eq!(std::collections::HashSet::from([one, two, three, four]).len(), 4);
    assert!(one.is_some_and(|id| id.starts_with("call_") && id.len() == 29));
}
