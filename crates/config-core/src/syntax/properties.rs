//! What must hold for every file: no panic, the same answer twice, ranges inside the text, and the
//! same values as the libyaml-based oracle.

use proptest::prelude::*;

use super::{Document, Kind, NodeId, ScalarType, parse};
use crate::source::{SourceFile, Span};

/// Pieces that YAML is made of, the awkward ones included.
const PIECES: &[&str] = &[
    "a",
    "b",
    "key",
    "x y",
    "1",
    "-1",
    "0777",
    "1.5",
    "1e3",
    "yes",
    "null",
    "~",
    "true",
    "é",
    "日本",
    "a: ",
    "b: ",
    "key: ",
    "- ",
    "? ",
    ": ",
    ":",
    "-",
    "\n",
    "\n  ",
    "\n    ",
    "\n- ",
    "\n  - ",
    "\na: ",
    "\n  b: ",
    "[",
    "]",
    "{",
    "}",
    ", ",
    "'",
    "''",
    "\"",
    "\\n",
    "\\u00e9",
    "\\\"",
    "\\",
    "|\n  ",
    "|-\n  ",
    "|+\n  ",
    ">\n  ",
    ">-\n  ",
    "# c",
    " # c\n",
    "&a ",
    "*a",
    "&b ",
    "*b",
    "<<: ",
    "<<: *a",
    "!!str ",
    "!!int ",
    "! ",
    "---\n",
    "\n...\n",
    "\t",
    "\r\n",
    "\r",
    "\u{feff}",
    "\u{2028}",
    "\u{85}",
    "\0",
    "%YAML 1.2\n",
    "@",
    "`",
    " ",
    "  ",
    "#",
    "${{ env \"X\" }}",
];

const SAMPLE: &str = "\
# a route
_format_version: \"3.0\"
defaults: &defaults
  strip_path: true
  tags: [a, 'b''c', \"d\\te\"]
routes:
  - name: first # trailing
    <<: *defaults
    paths:
      - ~/(?<model>[^#?/]+)/chat$
      - >-
        folded
        text

        more
    plugins:
      - name: ai-proxy
        config: {model: {name: $(uri_captures.model), options: {temperature: 0.5, max_tokens: 100}}}
  - name: second
    tags: [*defaults, null, ~, -1]
    text: |
      one
        two

";

fn texts() -> impl Strategy<Value = String> {
    let random = proptest::collection::vec(proptest::sample::select(PIECES), 0..24).prop_map(|p| p.concat());
    let edit = (any::<proptest::sample::Index>(), 0..6usize, proptest::sample::select(PIECES));
    let mutated = proptest::collection::vec(edit, 1..5).prop_map(|edits| {
        edits.into_iter().fold(SAMPLE.to_owned(), |mut text, (at, remove, insert)| {
            let at = text.floor_char_boundary(at.index(text.len() + 1));
            let end = text.floor_char_boundary((at + remove).min(text.len()));
            text.replace_range(at..end, insert);
            text
        })
    });
    prop_oneof![2 => random, 1 => mutated]
}

fn is_inside(source: &SourceFile, span: Span) -> bool {
    let range = span.range();
    range.start <= range.end && source.text().get(range).is_some()
}

fn nodes(document: &Document<'_>) -> Vec<NodeId> {
    let mut nodes = vec![document.root()];
    let mut next = 0;
    while let Some(id) = nodes.get(next).copied() {
        next += 1;
        nodes.extend(document.items(id));
        nodes.extend(document.entries(id).iter().flat_map(|(key, value)| [*key, *value]));
    }
    nodes
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

    #[test]
    fn every_file_gets_one_sound_answer(text in texts()) {
        let source = SourceFile::new("test.yaml", text);
        let parsed = parse(&source);
        let again = parse(&source);
        prop_assert_eq!(&parsed.diagnostics, &again.diagnostics);
        prop_assert!(parsed.document.is_some() || !parsed.diagnostics.is_empty());
        for finding in &parsed.diagnostics {
            prop_assert!(is_inside(&source, finding.place.span), "{finding:?}");
            prop_assert!(finding.related.iter().all(|related| is_inside(&source, related.span)));
            prop_assert!(finding.help.is_some(), "{finding:?}");
        }
        let Some(document) = parsed.document else { return Ok(()) };
        let again = again.document.expect("the same text was readable before");
        prop_assert_eq!(document.to_json(document.root()), again.to_json(again.root()));
        for id in nodes(&document) {
            let node = document.node(id);
            prop_assert!(is_inside(&source, node.span));
            prop_assert!(node.alias.is_none_or(|alias| is_inside(&source, alias)));
            if let Kind::Scalar(scalar) = &node.kind {
                for (at, c) in scalar.text.char_indices() {
                    let span = document.span_within(id, at..at + c.len_utf8());
                    prop_assert!(is_inside(&source, span));
                    prop_assert!(span.start >= node.span.start && span.end <= node.span.end);
                    if !matches!(c, ' ' | '\n') && source.slice(span).chars().count() == 1 {
                        prop_assert_eq!(source.slice(span), c.to_string());
                    }
                }
            }
            let is_value = !matches!(node.slot, super::Slot::Key);
            prop_assert!(!is_value || document.resolve(&document.pointer(id)) == Some(id));
        }
    }

    #[test]
    fn random_bytes_do_no_harm(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        let source = SourceFile::from_bytes("test.yaml", bytes);
        for finding in parse(&source).diagnostics {
            prop_assert!(is_inside(&source, finding.place.span), "{finding:?}");
        }
    }

    #[test]
    fn json_is_read_as_json(value in json_values(), pretty in any::<bool>()) {
        let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) };
        let source = SourceFile::new("test.json", text.expect("a JSON value can be written"));
        let parsed = parse(&source);
        prop_assert_eq!(&parsed.diagnostics, &[]);
        let document = parsed.document.expect("there are no findings");
        prop_assert_eq!(document.to_json(document.root()), value);
    }

    #[test]
    fn the_tree_equals_the_oracle(text in texts()) {
        let source = SourceFile::new("test.yaml", text);
        let parsed = parse(&source);
        let (Some(document), true) = (parsed.document, parsed.diagnostics.is_empty()) else { return Ok(()) };
        // Told that it reads UTF-8, the oracle takes a byte order mark for a column.
        let text = source.text().trim_start_matches('\u{feff}');
        let Ok(theirs) = serde_yaml::from_str::<serde_yaml::Value>(text) else { return Ok(()) };
        prop_assert!(equal(&document, document.root(), &theirs), "{:?}\n{theirs:?}", document.to_json(document.root()));
    }
}

fn json_values() -> impl Strategy<Value = serde_json::Value> {
    let text = prop_oneof![
        "[ -~]{0,12}",
        ".{0,6}".prop_filter("controls", |text| {
            // Controls and byte order marks are errors inside a text, even where JSON allows them.
            !text.chars().any(|c| matches!(c, '\u{7f}'..='\u{9f}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}'))
        })
    ];
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(serde_json::Value::from),
        any::<i64>().prop_map(serde_json::Value::from),
        (-1e6..1e6f64).prop_map(serde_json::Value::from),
        text.clone().prop_map(serde_json::Value::from),
    ];
    leaf.prop_recursive(4, 24, 5, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(serde_json::Value::from),
            proptest::collection::vec((text.clone(), inner), 0..4)
                .prop_filter("merge", |pairs| {
                    // Written in quotes it is a plain key here and a finding all the same.
                    pairs.iter().all(|(key, _)| key != "<<")
                })
                .prop_map(|pairs| serde_json::Value::Object(pairs.into_iter().collect())),
        ]
    })
}

/// Whether a node has the value that the oracle gives, numbers compared as Kong would.
fn equal(document: &Document<'_>, id: NodeId, theirs: &serde_yaml::Value) -> bool {
    use serde_yaml::Value;
    match (&document.node(id).kind, theirs) {
        (_, Value::Tagged(tagged)) => equal(document, id, &tagged.value),
        (Kind::Sequence(_), Value::Sequence(items)) => {
            let ours = document.items(id);
            ours.len() == items.len()
                && ours.iter().zip(items).all(|(ours, theirs)| equal(document, *ours, theirs))
        }
        (Kind::Mapping(_), Value::Mapping(_)) => {
            let mut theirs = theirs.clone();
            if theirs.apply_merge().is_err() {
                return false;
            }
            let Value::Mapping(entries) = &theirs else { return false };
            let ours = document.entries(id);
            ours.len() == entries.len()
                && ours.iter().all(|(key, value)| {
                    entries.get(document.key_text(*key)).is_some_and(|theirs| equal(document, *value, theirs))
                })
        }
        (Kind::Scalar(scalar), theirs) => match (scalar.value, theirs) {
            (ScalarType::Null, Value::Null) => true,
            (ScalarType::Bool(ours), Value::Bool(theirs)) => ours == *theirs,
            (ScalarType::Integer(ours), Value::Number(theirs)) => theirs.as_f64() == Some(ours as f64),
            (ScalarType::Float(ours), Value::Number(theirs)) => theirs.as_f64() == Some(ours),
            (ScalarType::String, Value::String(theirs)) => scalar.text == *theirs,
            // The oracle takes `00` for text. YAML does not, and neither does Kong.
            (ScalarType::Integer(_), Value::String(theirs)) => is_zero_led(theirs) && scalar.text == *theirs,
            _ => false,
        },
        _ => false,
    }
}

/// Whether a text is an integer with a zero that it could do without.
fn is_zero_led(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    digits.len() > 1 && digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit())
}
