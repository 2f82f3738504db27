//! Keys that do not exist, and keys that are missing, in words.

use serde_json::{Map, Value};

use super::elsewhere;
use super::wording::{alternatives, enum_words, list, quote};
use crate::catalog;
use crate::diagnostic::Diagnostic;
use crate::rules::Rule;
use crate::suggest::nearest;
use crate::syntax::{Document, Kind, NodeId, Place, Slot};

/// What is wrong with the keys of one mapping.
#[derive(Default)]
pub(super) struct Keys {
    /// Keys that are not its own.
    pub unknown: Vec<String>,
    /// Keys that it lacks, with the schema that demands them.
    pub missing: Vec<(String, &'static Value)>,
    /// The keys that it may have, with their schemas.
    pub properties: Option<&'static Map<String, Value>>,
}

/// Several keys that belong into the same part of the settings: one mistake.
pub(super) struct Misplaced {
    /// That part, as `config.auth`.
    pub part: String,
    /// The values of the keys.
    pub values: Vec<NodeId>,
    /// What to say about them.
    pub diagnostic: Diagnostic,
}

impl Keys {
    /// The key that `unknown` was most likely meant to be.
    pub(super) fn meant(&self, unknown: &str) -> Option<&'static str> {
        nearest(unknown, self.valid().map(|(key, _)| key))
    }

    fn valid(&self) -> impl Iterator<Item = (&'static str, &'static Value)> {
        self.properties.into_iter().flatten().map(|(key, schema)| (key.as_str(), schema))
    }

    /// The finding about the unknown `key` of `mapping`, whose value is `value`.
    pub(super) fn unknown_key(
        &self,
        document: &Document,
        mapping: NodeId,
        key: &str,
        value: NodeId,
    ) -> Diagnostic {
        let place = document.key_place(value);
        let quoted = quote(key);
        if let Some(field) = elsewhere::field(key, |sibling| self.valid().any(|(key, _)| key == sibling)) {
            let message = format!("{quoted} {}", field.fact);
            return Diagnostic::new(Rule::UnknownField, place, message).help(field.help);
        }
        let kind = Mapping::of(document, mapping);
        let owner = kind.indefinite();
        // Entities that are not run would bury the ones that are.
        let hides_unsupported = matches!(kind, Mapping::File | Mapping::Entity("consumer"));
        let is_listed = |key: &str| !hides_unsupported || catalog::unsupported_entity(key).is_none();
        let valid = self.valid().filter(|(key, schema)| is_listed(key) && schema["deprecated"].is_null());
        let valid = format!("{owner} takes {}", list(valid.map(|(key, _)| key)));
        let is_list = matches!(document.node(value).kind, Kind::Sequence(_));
        let misplaced = match (&kind, self.meant(key)) {
            (Mapping::File, Some(_)) if is_list => None,
            (Mapping::Entity("service"), _) if is_list && elsewhere::is_of_route(key) => {
                Some(format!("`{key}` belongs to a route: write it in an item of `routes`"))
            }
            _ => misplaced(document, mapping, &kind, key),
        };
        let help = match (misplaced, self.meant(key)) {
            (Some(instead), _) => format!("{instead}; {valid}"),
            (None, Some(meant)) => format!("write `{meant}`; {valid}"),
            (None, None) => valid,
        };
        let blank = key.chars().find(|c| c.is_whitespace() && !c.is_ascii() || *c == '\u{200b}');
        let message = match blank {
            Some(c) => format!(
                "{quoted} is not a field of {owner}: it holds U+{:04X}, which only looks like a space",
                u32::from(c)
            ),
            None => format!("{quoted} is not a field of {owner}"),
        };
        Diagnostic::new(Rule::UnknownField, place, message).help(help)
    }

    /// The unknown keys of `mapping` of which several belong into the same part of the settings of
    /// its plugin: its key is missing, or they are not indented below it.
    pub(super) fn misplaced_keys(
        &self,
        document: &Document,
        mapping: NodeId,
        unknown: &[(&str, NodeId)],
    ) -> Vec<Misplaced> {
        let kind = Mapping::of(document, mapping);
        let mut parts: Vec<(String, Vec<(&str, NodeId)>)> = Vec::new();
        for (key, value) in unknown {
            let Some(path) = place_in_settings(document, mapping, &kind, key) else { continue };
            let Some((part, _)) = path.rsplit_once('.') else { continue };
            match parts.iter_mut().find(|(known, _)| known == part) {
                Some((_, keys)) => keys.push((key, *value)),
                None => parts.push((part.to_owned(), vec![(key, *value)])),
            }
        }
        let finding = |(part, keys): (String, Vec<(&str, NodeId)>)| {
            let names: Vec<_> = keys.iter().map(|(key, _)| quote(key)).collect();
            let (last, front) = names.split_last().filter(|(_, front)| !front.is_empty())?;
            let message = format!("{} and {last} are not fields of {}", front.join(", "), kind.indefinite());
            let diagnostic = Diagnostic::new(Rule::UnknownField, document.key_place(keys[0].1), message)
                .help(format!("write them under `{part}`, indented deeper than its key"));
            Some(Misplaced { part, values: keys.into_iter().map(|(_, value)| value).collect(), diagnostic })
        };
        parts.into_iter().filter_map(finding).collect()
    }

    /// The same in short, for the keys of a mapping with very many unknown ones.
    pub(super) fn another_unknown_key(
        &self,
        document: &Document,
        mapping: NodeId,
        key: &str,
        value: NodeId,
    ) -> Diagnostic {
        let owner = Mapping::of(document, mapping).indefinite();
        let message = format!("{} is not a field of {owner} either", quote(key));
        Diagnostic::new(Rule::UnknownField, document.key_place(value), message).help("leave it out")
    }
}

/// Where a key belongs that exists in another part of the configuration.
fn misplaced(document: &Document, mapping: NodeId, kind: &Mapping, key: &str) -> Option<String> {
    match kind {
        Mapping::File if elsewhere::is_of_route(key) => {
            Some(format!("`{key}` belongs to a route: write it in an item of `routes`"))
        }
        _ => place_in_settings(document, mapping, kind, key).map(|path| format!("write it as `{path}`")),
    }
}

/// The mapping in the settings of a plugin that an unknown `key` of `mapping` belongs into, if it is
/// there, and what the key is called in it.
pub(super) fn home<'k>(document: &Document, mapping: NodeId, key: &'k str) -> Option<(NodeId, &'k str)> {
    let path = place_in_settings(document, mapping, &Mapping::of(document, mapping), key)?;
    let (part, _) = path.rsplit_once('.')?;
    let home = part.split('.').try_fold(entity(document, mapping), |at, key| document.get(at, key))?;
    Some((home, key))
}

/// The entity that a mapping is or is a part of.
fn entity(document: &Document, mapping: NodeId) -> NodeId {
    let mut entity = mapping;
    while let Slot::Value(_) = document.node(entity).slot {
        entity = document.node(entity).parent;
    }
    entity
}

/// Where a key of a plugin, or of a part of its settings, belongs in its settings.
fn place_in_settings(document: &Document, mapping: NodeId, kind: &Mapping, key: &str) -> Option<String> {
    let is_near = match kind {
        Mapping::Entity("plugin") => true,
        Mapping::Field(_) => is_in_settings(document, mapping),
        _ => false,
    };
    if !is_near {
        return None;
    }
    let name = document.get(entity(document, mapping), "name").and_then(|name| document.str(name));
    elsewhere::inside_settings(name.unwrap_or_default(), key)
}

/// Whether the mapping is a plugin's `config` or a part of it.
fn is_in_settings(document: &Document, mapping: NodeId) -> bool {
    let mut at = mapping;
    loop {
        let node = document.node(at);
        match node.slot {
            Slot::Value(key) if document.key_text(key) == "config" => return true,
            Slot::Value(_) => at = node.parent,
            Slot::Root | Slot::Item(_) | Slot::Key => return false,
        }
    }
}

/// The finding about the keys that `mapping` lacks, each with the schema that demands it.
pub(super) fn missing_keys(
    document: &Document,
    mapping: NodeId,
    missing: &[(String, &'static Value)],
) -> Diagnostic {
    let owner = Mapping::of(document, mapping).definite();
    let keys = list(missing.iter().map(|(key, _)| key.as_str()));
    let help: Vec<String> = missing
        .iter()
        .map(|(key, schema)| {
            let words = enum_words(&schema["properties"][key]["enum"]);
            match (key.as_str(), words.is_empty()) {
                ("config", _) => "`config` with `route_type` and `model`".to_owned(),
                ("_format_version", _) => "`_format_version: \"3.0\"`".to_owned(),
                (_, true) => format!("`{key}`"),
                (_, false) => format!("`{key}` with {}", alternatives(&words)),
            }
        })
        .collect();
    Diagnostic::new(Rule::MissingField, missing_place(document, mapping), format!("{owner} lacks {keys}"))
        .help(format!("add {}", help.join(", and ")))
}

/// Where a key that `mapping` lacks is reported: at the mapping's own key; for an item of a list,
/// which has none, at its first key.
pub(crate) fn missing_place(document: &Document, mapping: NodeId) -> Place {
    let mut place = document.key_place(mapping);
    if document.key_of(mapping).is_none()
        && let Some((first, _)) = document.entries(mapping).first()
    {
        place.span = document.span(*first);
    }
    place
}

/// What a mapping is.
enum Mapping {
    /// The whole file.
    File,
    /// An entity of this kind.
    Entity(&'static str),
    /// The value of this key.
    Field(String),
}

impl Mapping {
    fn of(document: &Document, mapping: NodeId) -> Mapping {
        let node = document.node(mapping);
        let list = match node.slot {
            Slot::Root => return Mapping::File,
            Slot::Value(key) => return Mapping::Field(quote(document.key_text(key))),
            Slot::Item(_) | Slot::Key => document.key_of(node.parent),
        };
        Mapping::Entity(match list.map(|key| document.key_text(key)) {
            Some("services") => "service",
            Some("plugins") => "plugin",
            Some("consumers") => "consumer",
            Some("keyauth_credentials") => "credential",
            Some("vaults") => "vault",
            Some("sources") => "source",
            Some("destinations") => "destination",
            _ => "route",
        })
    }

    fn definite(&self) -> String {
        match self {
            Mapping::File => "the file".to_owned(),
            Mapping::Entity(kind) => format!("the {kind}"),
            Mapping::Field(key) => key.clone(),
        }
    }

    fn indefinite(&self) -> String {
        match self {
            Mapping::Entity(kind) => format!("a {kind}"),
            _ => self.definite(),
        }
    }
}
