//! Structural mistakes: keys that do not exist or are missing, values of the wrong type or range.
//!
//! The schema finds them, all of them and in place; this module says them in words: one mistake,
//! one finding.

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{JsonType, ValidationError};
use rustc_hash::{FxHashMap, FxHashSet};
use serde_json::Value;

use super::elsewhere;
use crate::catalog;
use crate::diagnostic::Diagnostic;
use crate::rules::Rule;
use crate::schema;
use crate::suggest::nearest;
use crate::syntax::{Document, Kind, NodeId, Place, ScalarType, Slot, TreeNode};

/// What the schema found in a document.
#[derive(Debug, Default)]
pub(super) struct Structure {
    /// The mistakes.
    pub faults: Vec<Fault>,
    /// The values that cannot be read.
    broken: FxHashSet<NodeId>,
}

/// One mistake.
#[derive(Debug)]
pub(super) struct Fault {
    /// The value that is wrong or has no business to be there; for missing keys the mapping.
    pub node: NodeId,
    /// The keys that the mapping lacks.
    pub missing: Vec<String>,
    /// What to say about it.
    pub diagnostic: Diagnostic,
}

impl Structure {
    /// Runs the schema over the document.
    pub(super) fn check(document: &Document) -> Structure {
        let mut mistakes = Mistakes::default();
        for error in schema::VALIDATOR.iter_errors(TreeNode::root(document)) {
            mistakes.sort(document, error);
        }
        mistakes.faults(document)
    }

    /// Whether this value must be left out when its surroundings are read.
    pub(super) fn is_broken(&self, node: NodeId) -> bool {
        self.broken.contains(&node)
    }
}

/// The schema's errors, by what they are about.
#[derive(Default)]
struct Mistakes {
    /// By mapping, in the order of discovery: the keys that are not its own, and those it lacks.
    keys: FxHashMap<NodeId, Keys>,
    /// By value: the error that explains most.
    values: FxHashMap<NodeId, ValueError>,
}

#[derive(Default)]
struct Keys {
    unknown: Vec<String>,
    missing: Vec<String>,
    /// The schema of the mapping.
    schema: Option<&'static Value>,
}

struct ValueError {
    kind: ValidationErrorKind,
    /// The schema that the value does not meet.
    schema: Option<&'static Value>,
}

impl Mistakes {
    fn sort(&mut self, document: &Document, error: ValidationError<'_>) {
        let Some(node) = document.resolve(error.instance_path().as_str()) else { return };
        let keyword = error.schema_path().as_str();
        let schema = keyword.rsplit_once('/').and_then(|(schema, _)| schema::CONFIG.pointer(schema));
        match error.into_parts().kind {
            ValidationErrorKind::AdditionalProperties { unexpected } => {
                let keys = self.keys.entry(node).or_default();
                keys.unknown.extend(unexpected);
                keys.schema = schema;
            }
            ValidationErrorKind::Required { property } => {
                let keys = self.keys.entry(node).or_default();
                keys.missing.extend(property.as_str().map(str::to_owned));
            }
            kind => {
                let error = ValueError { kind, schema };
                if matches!(error.kind, ValidationErrorKind::Type { .. }) {
                    self.values.insert(node, error);
                } else {
                    self.values.entry(node).or_insert(error);
                }
            }
        }
    }

    fn faults(self, document: &Document) -> Structure {
        let mut structure = Structure::default();
        for (mapping, keys) in self.keys {
            let mut missing = keys.missing;
            let valid = keys.schema.map(properties).unwrap_or_default();
            for key in keys.unknown {
                let unknown = UnknownKey { document, mapping, key: &key, valid: &valid };
                let Some(value) = document.get(mapping, &key) else { continue };
                // A misspelt key is one mistake, not an unknown and a missing one.
                let meant = nearest(&key, valid.iter().copied());
                missing.retain(|absent| Some(absent.as_str()) != meant);
                structure.add(value, Vec::new(), unknown.finding(value, meant));
            }
            if !missing.is_empty() {
                let finding = missing_keys(document, mapping, &missing);
                structure.faults.push(Fault { node: mapping, missing, diagnostic: finding });
            }
        }
        for (node, error) in self.values {
            structure.add(node, Vec::new(), error.finding(document, node));
        }
        structure.faults.sort_by_key(|fault| (fault.diagnostic.place.span, fault.node));
        structure
    }
}

impl Structure {
    fn add(&mut self, node: NodeId, missing: Vec<String>, diagnostic: Diagnostic) {
        self.broken.insert(node);
        self.faults.push(Fault { node, missing, diagnostic });
    }
}

/// The keys that a mapping may have.
fn properties(schema: &'static Value) -> Vec<&'static str> {
    schema["properties"].as_object().map(|keys| keys.keys().map(String::as_str).collect()).unwrap_or_default()
}

struct UnknownKey<'a> {
    document: &'a Document<'a>,
    mapping: NodeId,
    key: &'a str,
    valid: &'a [&'static str],
}

impl UnknownKey<'_> {
    fn finding(&self, value: NodeId, meant: Option<&str>) -> Diagnostic {
        let place = self.document.key_place(value);
        let owner = owner(self.document, self.mapping);
        let key = quote(self.key);
        if let Some(field) = elsewhere::field(self.key, self.valid) {
            return Diagnostic::new(Rule::UnknownField, place, format!("{key} {}", field.fact))
                .help(field.help);
        }
        let message = format!("{key} is not a field of {owner}");
        let has_unsupported = matches!(kind(self.document, self.mapping), Ok("file" | "consumer"));
        let valid =
            self.valid.iter().filter(|key| !has_unsupported || catalog::unsupported_entity(key).is_none());
        let valid = format!("{owner} takes {}", list(valid.copied()));
        let help = match (elsewhere::inside_ai_proxy(self.key), meant) {
            (_, Some(meant)) => format!("write `{meant}`; {valid}"),
            (Some(path), None) if self.is_in_ai_proxy() => format!("write it as `{path}`; {valid}"),
            _ => valid,
        };
        Diagnostic::new(Rule::UnknownField, place, message).help(help)
    }

    /// Whether the mapping is a part of a plugin's `config`.
    fn is_in_ai_proxy(&self) -> bool {
        let mut at = self.mapping;
        loop {
            let node = self.document.node(at);
            match node.slot {
                Slot::Root => return false,
                Slot::Value(key) if self.document.key_text(key) == "config" => return true,
                _ => at = node.parent,
            }
        }
    }
}

fn missing_keys(document: &Document, mapping: NodeId, missing: &[String]) -> Diagnostic {
    let owner = the_owner(document, mapping);
    let keys = list(missing.iter().map(String::as_str));
    let help = match missing {
        [key] if key == "_format_version" => "write `_format_version: \"3.0\"`".to_owned(),
        [key] => format!("add `{key}: …`"),
        _ => format!("add {keys}"),
    };
    Diagnostic::new(Rule::MissingField, missing_place(document, mapping), format!("{owner} lacks {keys}"))
        .help(help)
}

/// Where a key that `mapping` lacks is reported: at the mapping's own key; for an item of a list,
/// which has none, at its first key.
pub(super) fn missing_place(document: &Document, mapping: NodeId) -> Place {
    let mut place = document.key_place(mapping);
    if document.key_of(mapping).is_none()
        && let Some((first, _)) = document.entries(mapping).first()
    {
        place.span = document.span(*first);
    }
    place
}

impl ValueError {
    fn finding(&self, document: &Document, node: NodeId) -> Diagnostic {
        let label = label(document, node);
        let found = found(document, node);
        let place = document.place(node);
        match &self.kind {
            ValidationErrorKind::Type { kind } => wrong_type(document, node, kind),
            ValidationErrorKind::Enum { options } => {
                let options = words(options);
                let text = document.scalar(node).map_or("", |scalar| &*scalar.text);
                let help = match (elsewhere::word(text), nearest(text, options.iter().map(String::as_str))) {
                    (Some(_), _) | (None, None) => format!("write {}", alternatives(&options)),
                    (None, Some(meant)) => format!(
                        "write `{meant}`; the values are {}",
                        list(options.iter().map(String::as_str))
                    ),
                };
                let message = match elsewhere::word(text) {
                    Some(fact) => format!("{label} is {found}, which {fact}"),
                    None => format!("{label} cannot be {found}"),
                };
                Diagnostic::new(Rule::InvalidValue, place, message).help(help)
            }
            ValidationErrorKind::MinLength { .. } => {
                Diagnostic::new(Rule::OutOfRange, place, format!("{label} is empty"))
                    .help("write at least one character, or leave the key out")
            }
            ValidationErrorKind::MinProperties { .. } => {
                Diagnostic::new(Rule::MissingField, place, format!("{label} names nothing"))
                    .help("write the name or the id as a string, or leave the key out")
            }
            ValidationErrorKind::MaxProperties { .. } => {
                Diagnostic::new(Rule::ConflictingFields, place, format!("{label} has both a name and an id"))
                    .help("write one of them, as a string")
            }
            _ => {
                let help = self.schema.map(range).unwrap_or_default();
                Diagnostic::new(Rule::OutOfRange, place, format!("{label} is {found}, which is out of range"))
                    .help(help)
            }
        }
    }
}

/// What a number must be, from its schema.
fn range(schema: &Value) -> String {
    let what = if schema["type"].to_string().contains("integer") { "an integer" } else { "a number" };
    match (&schema["minimum"], &schema["maximum"], &schema["exclusiveMinimum"]) {
        (Value::Number(from), Value::Number(to), _) => format!("write {what} from {from} to {to}"),
        (_, _, Value::Number(above)) => format!("write {what} above {above}"),
        _ => format!("write {what} in range"),
    }
}

fn wrong_type(document: &Document, node: NodeId, kind: &TypeKind) -> Diagnostic {
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
    let is_field = document.key_of(node).is_some();
    if document.is_null(node) && is_field {
        let span = document.span(node);
        let place = if span.start == span.end { document.key_place(node) } else { document.place(node) };
        return Diagnostic::new(Rule::MissingField, place, format!("{label} is null, and must be {names}"))
            .help("give it a value");
    }
    let message = format!("{label} is {}, and must be {names}", found(document, node));
    let finding = Diagnostic::new(Rule::WrongType, document.place(node), message);
    match expected.first().and_then(|expected| instead(document, node, *expected)) {
        Some(help) => finding.help(help),
        None => finding.help(format!("write {names}")),
    }
}

/// What to write instead of a value of the wrong type, where that can be told.
fn instead(document: &Document, node: NodeId, expected: JsonType) -> Option<String> {
    let key = document.key_of(node).map(|key| document.key_text(key));
    let field = |value: &str| match key {
        Some(key) => format!("write `{key}: {value}`"),
        None => format!("write `{value}`"),
    };
    let source = document.source().slice(document.span(node));
    let is_short = source.len() <= SHORT && !source.contains('\n') && !is_secret(document, node);
    match (&document.node(node).kind, expected) {
        (Kind::Scalar(scalar), JsonType::String) if is_short && scalar.value != ScalarType::Null => {
            Some(format!("{}, in quotes", field(&format!("\"{source}\""))))
        }
        (Kind::Scalar(scalar), JsonType::Array) if is_short && scalar.value != ScalarType::Null => {
            Some(field(&format!("[{source}]")))
        }
        (Kind::Scalar(scalar), JsonType::Boolean) => match scalar.text.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" | "y" | "1" => Some(format!("{}, without quotes", field("true"))),
            "false" | "no" | "off" | "n" | "0" => Some(format!("{}, without quotes", field("false"))),
            _ => None,
        },
        (Kind::Scalar(scalar), JsonType::Integer) if scalar.text.parse::<i64>().is_ok() => {
            Some(format!("{}, without quotes", field(&scalar.text)))
        }
        (Kind::Scalar(scalar), JsonType::Number)
            if scalar.text.parse::<f64>().is_ok_and(|number| number.is_finite()) && is_short =>
        {
            Some(format!("{}, without quotes", field(&scalar.text)))
        }
        (Kind::Mapping(_), JsonType::Array) => Some("write a list: start every item with `- `".to_owned()),
        (Kind::Sequence(_), JsonType::Object) => Some("write keys and values: leave the `- ` out".to_owned()),
        _ => None,
    }
}

/// The longest text that is repeated in a message, in bytes.
const SHORT: usize = 60;

/// The fields whose value is a credential and never part of a message.
const SECRETS: [&str; 7] = [
    "header_value",
    "param_value",
    "gcp_service_account_json",
    "aws_access_key_id",
    "aws_secret_access_key",
    "azure_client_id",
    "azure_client_secret",
];

fn is_secret(document: &Document, node: NodeId) -> bool {
    document.key_of(node).is_some_and(|key| SECRETS.contains(&document.key_text(key)))
}

/// What stands there, with its text where that is short and no secret.
fn found(document: &Document, node: NodeId) -> String {
    let scalar = match &document.node(node).kind {
        Kind::Scalar(scalar) => scalar,
        Kind::Sequence(_) => return "a list".to_owned(),
        Kind::Mapping(_) => return "a map".to_owned(),
    };
    let kind = match scalar.value {
        ScalarType::Null => return "null".to_owned(),
        ScalarType::Bool(_) => "the boolean",
        ScalarType::Integer(_) | ScalarType::Float(_) => "the number",
        ScalarType::String => "the string",
    };
    if is_secret(document, node) {
        return kind.replace("the ", "a ");
    }
    format!("{kind} {}", quote(&scalar.text))
}

/// User text in backticks, cut where it is long.
pub(super) fn quote(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(SHORT).collect();
    if line.len() < text.len() { format!("`{line}…`") } else { format!("`{line}`") }
}

fn list<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let words: Vec<String> = words.into_iter().map(|word| format!("`{word}`")).collect();
    words.join(", ")
}

fn alternatives(words: &[String]) -> String {
    match words {
        [one] => format!("`{one}`"),
        [before @ .., last] => format!("{} or `{last}`", list(before.iter().map(String::as_str))),
        [] => "nothing".to_owned(),
    }
}

/// The values of an enum, null aside.
fn words(options: &Value) -> Vec<String> {
    let options = options.as_array().map(Vec::as_slice).unwrap_or_default();
    let word = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    options.iter().filter(|value| !value.is_null()).map(word).collect()
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

/// A value in words: its key, or the list that it is an item of.
fn label(document: &Document, node: NodeId) -> String {
    match document.node(node).slot {
        Slot::Root => "the file".to_owned(),
        Slot::Value(key) => quote(document.key_text(key)),
        Slot::Key => "the key".to_owned(),
        Slot::Item(_) => match document.key_of(document.node(node).parent) {
            Some(key) => format!("an item of {}", quote(document.key_text(key))),
            None => "an item of the file's list".to_owned(),
        },
    }
}

/// What a mapping is: an entity, a field, or the file.
fn kind(document: &Document, mapping: NodeId) -> Result<&'static str, String> {
    let node = document.node(mapping);
    let key = match node.slot {
        Slot::Root => return Ok("file"),
        Slot::Value(key) => return Err(quote(document.key_text(key))),
        Slot::Key => return Ok("key"),
        Slot::Item(_) => document.key_of(node.parent),
    };
    Ok(match key.map(|key| document.key_text(key)) {
        Some("services") => "service",
        Some("plugins") => "plugin",
        Some("consumers") => "consumer",
        Some("vaults") => "vault",
        Some("routes") | None => "route",
        Some(_) => "entry",
    })
}

/// A mapping in words, as one of its kind.
fn owner(document: &Document, mapping: NodeId) -> String {
    match kind(document, mapping) {
        Ok("file") => "the file".to_owned(),
        Ok("entry") => "an entry".to_owned(),
        Ok(kind) => format!("a {kind}"),
        Err(field) => field,
    }
}

/// A mapping in words, as this one.
pub(super) fn the_owner(document: &Document, mapping: NodeId) -> String {
    kind(document, mapping).map_or_else(|field| field, |kind| format!("the {kind}"))
}
