use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

/// The objects that are found in pieces of a stream, and whether it ended well.
fn found<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<String>, Result<(), FramingError>) {
    let mut objects = Objects::default();
    let mut found = Vec::new();
    let mut visit = |frame: &Frame<'_>| found.push(frame.data.to_string());
    let pushed = pieces.into_iter().try_for_each(|piece| objects.push(piece, &mut visit));
    let ended = pushed.and_then(|()| objects.finish());
    (found, ended)
}

fn whole(text: &str) -> (Vec<String>, Result<(), FramingError>) {
    found([text.as_bytes()])
}

#[test]
fn objects_are_found_on_lines_and_in_arrays() {
    let objects = [r#"{"a":"}]\"{\\"}"#, r#"{"b":{"c":[{},1]}}"#];
    for (start, between, end) in
        [("", "\n", "\n"), ("[", ",", "]"), ("\u{feff}[ ", "\r\n,\r\n", "\n]\r\n"), ("", "", "")]
    {
        let text = [start, objects[0], between, objects[1], end].concat();
        assert_eq!(whole(&text), (objects.map(str::to_owned).to_vec(), Ok(())), "{text}");
    }
    for nothing in ["", "[]", " \n"] {
        assert_eq!(whole(nothing), (Vec::new(), Ok(())));
    }
}

#[test]
fn an_array_need_not_be_closed_but_an_object_must() {
    assert_eq!(whole(r#"[{"a":1},"#), (vec![r#"{"a":1}"#.to_owned()], Ok(())));
    assert_eq!(whole(r#"[{"a":1},{"b":"#), (vec![r#"{"a":1}"#.to_owned()], Err(CUT)));
    assert_eq!(whole(r#"{"a":"}"#), (Vec::new(), Err(CUT)));
}

#[test]
fn what_is_no_object_breaks_the_stream() {
    for text in
        [r#"{"a":1}x{"b":2}"#, r#"[{"a":1},"b"]"#, "{\"a\":1}\u{a0}", "<html>", "{}}", "[1]", "data: {}"]
    {
        let (found, ended) = whole(text);
        assert!(found.len() <= 1, "{text}: {found:?}");
        assert!(matches!(ended, Err(FramingError::Broken(_))), "{text}");
    }
    let (objects, ended) = found([&b"{\"a\":\"\xff\"}"[..]]);
    assert_eq!((objects.len(), ended), (0, Err(FramingError::Broken("it is not valid UTF-8"))));
}

#[test]
fn an_object_is_not_waited_for_without_end() {
    let piece = [b' '; 1 << 20];
    let pieces = std::iter::once(&b"[{"[..]).chain(std::iter::repeat_n(&piece[..], 17));
    assert_eq!(found(pieces), (Vec::new(), Err(EventTooLong { limit: MAX_EVENT }.into())));
    let text = format!("{{{}}}", " ".repeat(MAX_EVENT));
    assert_eq!(whole(&text).1, Err(EventTooLong { limit: MAX_EVENT }.into()));
}

fn objects() -> impl Strategy<Value = Vec<Value>> {
    let leaf =
        prop_oneof![any::<i64>().prop_map(Value::from), "[\\\\\"{}\\[\\],a€\n]{0,8}".prop_map(Value::from)];
    let value = leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            ("[\"\\\\}a]{0,3}", inner).prop_map(|(name, value)| json!({ name: value })),
        ]
    });
    prop::collection::vec(value.prop_map(|value| json!({"v": value})), 0..5)
}

proptest! {
    #[test]
    fn any_cuts_give_the_same(
        objects in objects(),
        is_array: bool,
        is_pretty: bool,
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
    ) {
        let write = if is_pretty { serde_json::to_string_pretty } else { serde_json::to_string };
        let written: Vec<String> = objects.iter().map(|object| write(object).unwrap()).collect();
        let text = if is_array { format!("[{}]", written.join(",\r\n")) } else { written.join("\n") };
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(text.len() + 1)).collect();
        cuts.extend([0, text.len()]);
        cuts.sort_unstable();
        prop_assert_eq!(found(cuts.windows(2).map(|cut| &text.as_bytes()[cut[0]..cut[1]])), (written, Ok(())));
    }

    #[test]
    fn broken_bytes_are_cut_alike(
        mut bytes in objects().prop_map(|objects| Value::from(objects).to_string().into_bytes()),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        at: prop::sample::Index,
    ) {
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let (one, other) = bytes.split_at(at.index(bytes.len() + 1));
        prop_assert_eq!(found([one, other]), found([&*bytes]));
    }
}
