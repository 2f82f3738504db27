//! Values of the wrong type, range or word, in words.

use jsonschema::JsonType;
use jsonschema::error::{TypeKind, ValidationErrorKind};
use serde_json::Value;

use super::elsewhere;
use super::value::MAX_EXACT_INTEGER;
use super::wording::{SHORT, alternatives, enum_words, found, is_secret, label, list, quote};
use crate::diagnostic::Diagnostic;
use crate::rules::Rule;
use crate::suggest::nearest;
use crate::syntax::{Document, Kind, NodeId, Scalar, ScalarType};
use crate::template::lookalikes;

/// The schema's error about one value.
pub(super) struct ValueError {
    /// What is wrong.
    pub kind: ValidationErrorKind,
    /// The schema that the value does not meet.
    pub schema: &'static Value,
}

impl ValueError {
    /// The finding about the value.
    pub(super) fn finding(&self, document: &Document, node: NodeId) -> Diagnostic {
        let label = label(document, node);
        let finding = |rule, message| Diagnostic::new(rule, document.place(node), message);
        match &self.kind {
            ValidationErrorKind::Type { kind } => self.wrong_type(document, node, kind),
            ValidationErrorKind::Enum { options } => wrong_word(document, node, &enum_words(options)),
            ValidationErrorKind::MinLength { .. } => finding(Rule::OutOfRange, format!("{label} is empty"))
                .help("write at least one character, or leave the entry out"),
            ValidationErrorKind::MinProperties { .. } => {
                finding(Rule::MissingField, format!("{label} names nothing"))
                    .help("write the name or the id as a string, or leave the key out")
            }
            ValidationErrorKind::MaxProperties { .. } => {
                finding(Rule::ConflictingFields, format!("{label} has both a name and an id"))
                    .help("write one of them, as a string")
            }
            _ => finding(Rule::OutOfRange, format!("{label} is {}, out of range", found(document, node)))
                .help(format!("write {}", self.range())),
        }
    }

    /// What a number must be.
    fn range(&self) -> String {
        let what =
            if self.schema["type"].to_string().contains("integer") { "an integer" } else { "a number" };
        let bound = |keyword: &str| self.schema[keyword].as_i64();
        match (bound("minimum"), bound("maximum"), bound("exclusiveMinimum")) {
            (Some(1), Some(MAX_EXACT_INTEGER), _) => format!("{what} above 0"),
            (Some(from), Some(to), _) => format!("{what} from {from} to {to}"),
            (_, _, Some(above)) => format!("{what} above {above}"),
            _ => what.to_owned(),
        }
    }

    fn wrong_type(&self, document: &Document, node: NodeId, kind: &TypeKind) -> Diagnostic {
        if node == document.root() {
            return Diagnostic::new(Rule::WrongType, document.place(node), "the file holds no configuration")
                .help("write a map with `_format_version: \"3.0\"` and `routes:`, or a list of routes");
        }
        let expected: Vec<JsonType> = match kind {
            TypeKind::Single(one) => vec![*one],
            TypeKind::Multiple(set) => set.iter().filter(|one| *one != JsonType::Null).collect(),
        };
        let label = label(document, node);
        let names: Vec<&str> = expected.iter().map(|one| type_name(*one)).collect();
        let names = names.join(" or ");
        let what = self.what_to_write(&names);
        // A key without a value is as good as no key.
        if document.is_null(node) && document.key_of(node).is_some() {
            let span = document.span(node);
            let place = if span.start == span.end { document.key_place(node) } else { document.place(node) };
            return Diagnostic::new(Rule::MissingField, place, format!("{label} has no value"))
                .help(format!("write {what}"));
        }
        let message = format!("{label} is {}, not {names}", found(document, node));
        let instead = expected.first().and_then(|expected| self.instead(document, node, *expected));
        Diagnostic::new(Rule::WrongType, document.place(node), message)
            .help(format!("write {}", instead.unwrap_or(what)))
    }

    /// The type, and the words or keys that it has here.
    fn what_to_write(&self, names: &str) -> String {
        let words = enum_words(&self.schema["enum"]);
        if !words.is_empty() {
            return alternatives(&words);
        }
        let keys = self.schema["properties"].as_object();
        match keys.filter(|_| !names.contains("string")) {
            Some(keys) => {
                let keys = keys.iter().filter(|(_, schema)| schema["deprecated"].is_null());
                format!("{names} with the keys {}", list(keys.map(|(key, _)| key.as_str())))
            }
            None => names.to_owned(),
        }
    }

    /// The same value in the type that is expected, where that can be told.
    fn instead(&self, document: &Document, node: NodeId, expected: JsonType) -> Option<String> {
        let source = document.source().slice(document.span(node));
        let is_short = source.len() <= SHORT && !source.contains('\n');
        let entry = |value: &str| match document.key_of(node) {
            Some(key) => format!("`{}: {value}`", document.key_text(key)),
            None => format!("`{value}`"),
        };
        let scalar = match (&document.node(node).kind, expected) {
            (Kind::Scalar(scalar), _) => scalar,
            (Kind::Mapping(_), JsonType::String) if is_braced_text(document, node, source) => {
                if let Some((_, meant)) = lookalikes(source).next() {
                    return Some(entry(&meant));
                }
                let is_shown = is_short && (!is_secret(document, node) || source.contains("vault://"));
                let quoted = if is_shown { entry(&in_quotes(source)) } else { "it".to_owned() };
                return Some(format!("{quoted} in quotes: without them `{{…}}` is a map"));
            }
            (Kind::Mapping(_), JsonType::Array) => {
                if let Some(name) = self.name_as_key(document, node) {
                    return Some(format!(
                        "a list: `- name: {name}`, and its fields below, in the same column as `name`"
                    ));
                }
                return Some("a list: start every item with `- `".to_owned());
            }
            (Kind::Sequence(_), JsonType::Object) => {
                return Some("keys and values, without `- ` in front".to_owned());
            }
            _ => return None,
        };
        if !is_short || is_secret(document, node) || scalar.value == ScalarType::Null {
            return None;
        }
        match expected {
            JsonType::String => match self.same_number(scalar) {
                Some(word) => Some(format!("{}, in quotes", entry(&word))),
                None if self.schema["enum"].is_array() => None,
                None => Some(format!("{}, in quotes", entry(&format!("\"{source}\"")))),
            },
            JsonType::Array
                if self.schema["items"]["type"] != "string" || scalar.value == ScalarType::String =>
            {
                Some(entry(&format!("[{source}]")))
            }
            JsonType::Array => Some(entry(&format!("[\"{source}\"]"))),
            JsonType::Boolean => match scalar.text.to_ascii_lowercase().as_str() {
                "true" | "yes" | "on" | "y" | "1" => Some(format!("{}, without quotes", entry("true"))),
                "false" | "no" | "off" | "n" | "0" => Some(format!("{}, without quotes", entry("false"))),
                _ => None,
            },
            JsonType::Integer => {
                let number: i64 = scalar.text.parse().ok()?;
                Some(format!("{}, without quotes", entry(&number.to_string())))
            }
            JsonType::Number => {
                let number: f64 = scalar.text.parse().ok().filter(|number: &f64| number.is_finite())?;
                // As it is written, where YAML reads that as a number too.
                let is_plain = scalar.text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
                    && !scalar.text.starts_with(['.', '0']);
                let number = if is_plain { scalar.text.to_string() } else { number.to_string() };
                Some(format!("{}, without quotes", entry(&number)))
            }
            JsonType::Object | JsonType::Null => None,
        }
    }

    /// The first key of a mapping that stands for a list of entities, if it is the name of one, as in
    /// `plugins: {ai-proxy: {…}}`.
    fn name_as_key<'d>(&self, document: &'d Document, node: NodeId) -> Option<&'d str> {
        let entity = elsewhere::definition(&self.schema["items"])?;
        entity["properties"].get("name")?;
        let (key, value) = document.entries(node).first()?;
        let key = document.key_text(*key);
        let is_map = matches!(document.node(*value).kind, Kind::Mapping(_));
        (is_map && entity["properties"].get(key).is_none() && key.len() <= SHORT).then_some(key)
    }

    /// The word of an enum that is the same number: `3` or `3.0` for `"3.0"`.
    fn same_number(&self, scalar: &Scalar) -> Option<String> {
        let number: f64 = scalar.text.parse().ok()?;
        enum_words(&self.schema["enum"])
            .into_iter()
            .find(|word| word.trim_matches('"').parse::<f64>() == Ok(number))
    }
}

/// Whether a mapping is a text in braces that lacks its quotes: `{vault://env/X}` is a key without value.
fn is_braced_text(document: &Document, node: NodeId, source: &str) -> bool {
    source.starts_with('{')
        && matches!(document.entries(node), [(_, value)] if document.is_null(*value))
        && !source.contains(": ")
}

/// The text of a flow mapping as the string that it was meant to be.
fn in_quotes(source: &str) -> String {
    if source.contains(['"', '\\']) {
        format!("'{}'", source.replace('\'', "''"))
    } else {
        format!("\"{source}\"")
    }
}

/// A value of the right type that is none of the words of its field.
fn wrong_word(document: &Document, node: NodeId, words: &[String]) -> Diagnostic {
    let label = label(document, node);
    let Some(scalar) = document.scalar(node) else {
        return Diagnostic::new(
            Rule::InvalidValue,
            document.place(node),
            format!("{label} is no such value"),
        );
    };
    let text = quote(&scalar.text);
    let meant = document.str(node).and_then(|text| meant(text, words));
    let (message, help) = match (elsewhere::word(&scalar.text), meant) {
        (Some(fact), _) => (
            format!("{label} is {text}, which {fact}"),
            elsewhere::instead(&scalar.text, words)
                .unwrap_or_else(|| format!("write {}", alternatives(words))),
        ),
        (None, Some(meant)) => (
            format!("{label} cannot be {text}"),
            format!("write `{meant}`; the values are {}", list(words.iter().map(String::as_str))),
        ),
        (None, None) => (format!("{label} cannot be {text}"), format!("write {}", alternatives(words))),
    };
    Diagnostic::new(Rule::InvalidValue, document.place(node), message).help(help)
}

/// The word that `text` was most likely meant to be.
fn meant<'w>(text: &str, words: &'w [String]) -> Option<&'w str> {
    let known = || words.iter().map(String::as_str);
    let number = |text: &str| text.trim_matches('"').parse::<f64>().ok();
    nearest(text, known())
        .or_else(|| known().find(|word| number(word).is_some_and(|it| number(text) == Some(it))))
        .or_else(|| known().find(|word| is_part(word, text)))
        .or_else(|| elsewhere::provider(text, words))
}

/// Whether `word` is part of `text` or `text` the end of `word`, as in `Azure-OpenAI` and `chat`.
/// The first part counts: `azure` of `azure-openai`.
fn is_part(word: &str, text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    text.split(['-', '_', ' ', '.']).next() == Some(word) || word.rsplit('/').next() == Some(&*text)
}

fn type_name(kind: JsonType) -> &'static str {
    match kind {
        JsonType::Array => "a list",
        JsonType::Boolean => "`true` or `false`",
        JsonType::Integer => "an integer",
        JsonType::Null => "null",
        JsonType::Number => "a number",
        JsonType::Object => "a map",
        JsonType::String => "a string",
    }
}
