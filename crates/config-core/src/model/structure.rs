//! Structural mistakes: keys that do not exist or are missing, values of the wrong type or range.
//!
//! The schema finds them, all of them and in place. Its errors are sorted here by what they are
//! about, so that one mistake becomes one finding; the words are in `keys` and `values`.

use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind;
use rustc_hash::{FxHashMap, FxHashSet};
use serde_json::Value;

use super::elsewhere;
use super::keys::{Keys, Misplaced, home, missing_keys};
use super::values::ValueError;
use super::wording::quote;
use crate::diagnostic::Diagnostic;
use crate::rules::Rule;
use crate::schema;
use crate::syntax::{Document, NodeId, Slot, TreeNode};

/// What the schema found in a document.
#[derive(Debug, Default)]
pub(super) struct Structure {
    /// The mistakes, in file order.
    pub faults: Vec<Fault>,
    /// The nodes that are or hold a mistake.
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
        let incomplete = mistakes.forget_what_is_elsewhere(document);
        let mut faults = mistakes.faults(document);
        faults.sort_by_key(|fault| (fault.diagnostic.place.span, fault.node));
        let mut broken = FxHashSet::default();
        for node in faults.iter().map(|fault| fault.node).chain(incomplete) {
            let mut at = node;
            while broken.insert(at) && document.node(at).slot != Slot::Root {
                at = document.node(at).parent;
            }
        }
        Structure { faults, broken }
    }

    /// Whether the node is or holds a mistake.
    pub(super) fn is_broken(&self, node: NodeId) -> bool {
        self.broken.contains(&node)
    }
}

impl Fault {
    fn of(node: NodeId, diagnostic: Diagnostic) -> Fault {
        Fault { node, missing: Vec::new(), diagnostic }
    }
}

/// The most unknown keys of one mapping that get a suggestion. A mapping with more is no
/// configuration, and comparing each key with every valid one would take long.
const MAX_EXPLAINED: usize = 50;

/// The one finding about a manifest for a cluster, in which no key is known.
fn kubernetes(unknown: &[(&str, NodeId)], document: &Document) -> Option<Fault> {
    let value = |wanted: &str| unknown.iter().find(|(key, _)| *key == wanted).map(|(_, value)| *value);
    let (version, kind) = (value("apiVersion")?, value("kind")?);
    let kind = document.str(kind).unwrap_or("Kubernetes");
    let message = format!("this is a manifest for Kubernetes ({}), not a declarative file", quote(kind));
    let diagnostic = Diagnostic::new(Rule::UnknownField, document.key_place(version), message).help(
        "write the declarative format: a map with `_format_version: \"3.0\"` and `services:`, or a list of routes",
    );
    Some(Fault::of(version, diagnostic))
}

/// The schema's errors, by what they are about.
#[derive(Default)]
struct Mistakes {
    /// By mapping.
    keys: FxHashMap<NodeId, Keys>,
    /// By value: the error that explains most.
    values: FxHashMap<NodeId, ValueError>,
}

impl Mistakes {
    fn sort(&mut self, document: &Document, error: ValidationError<'_>) {
        let Some(node) = document.resolve(error.instance_path().as_str()) else { return };
        let keyword = error.schema_path().as_str();
        let schema = keyword.rsplit_once('/').and_then(|(schema, _)| schema::CONFIG.pointer(schema));
        let schema = schema.unwrap_or(&Value::Null);
        match error.into_parts().kind {
            ValidationErrorKind::AdditionalProperties { unexpected } => {
                let keys = self.keys.entry(node).or_default();
                keys.unknown.extend(unexpected);
                keys.properties = schema["properties"].as_object();
            }
            ValidationErrorKind::Required { property } => {
                let keys = self.keys.entry(node).or_default();
                let key = property.as_str().unwrap_or_default().to_owned();
                keys.missing.push((key, schema));
            }
            // Of a value of the wrong type nothing else is worth saying.
            kind @ ValidationErrorKind::Type { .. } => {
                self.values.insert(node, ValueError { kind, schema });
            }
            kind => {
                self.values.entry(node).or_insert(ValueError { kind, schema });
            }
        }
    }

    /// A key on the wrong level is one mistake: that it is missing on the right one goes without
    /// saying. Gives the mappings that lack one so.
    fn forget_what_is_elsewhere(&mut self, document: &Document) -> Vec<NodeId> {
        let unknown = self.keys.iter().flat_map(|(mapping, keys)| {
            keys.unknown.iter().take(MAX_EXPLAINED).map(|key| (*mapping, key.as_str()))
        });
        let homes = unknown.filter_map(|(mapping, key)| home(document, mapping, key));
        let homes: Vec<_> = homes.map(|(mapping, key)| (mapping, key.to_owned())).collect();
        let lacks = |(mapping, key): (NodeId, String)| {
            let missing = &mut self.keys.get_mut(&mapping)?.missing;
            missing.remove(missing.iter().position(|(absent, _)| *absent == key)?);
            Some(mapping)
        };
        homes.into_iter().filter_map(lacks).collect()
    }

    fn faults(mut self, document: &Document) -> Vec<Fault> {
        let mut faults = Vec::new();
        for (mapping, mut keys) in std::mem::take(&mut self.keys) {
            let unknown: FxHashSet<String> = std::mem::take(&mut keys.unknown).into_iter().collect();
            let entries =
                document.entries(mapping).iter().map(|(key, value)| (document.key_text(*key), *value));
            let entries: Vec<_> = entries.filter(|(key, _)| unknown.contains(*key)).collect();
            if mapping == document.root()
                && let Some(fault) = kubernetes(&entries, document)
            {
                faults.push(fault);
                continue;
            }
            let misplaced =
                keys.misplaced_keys(document, mapping, &entries[..entries.len().min(MAX_EXPLAINED)]);
            for Misplaced { part, values, diagnostic } in &misplaced {
                // The key above them is there and empty, or absent: that is the same mistake.
                let part = part.rsplit('.').next().unwrap_or(part);
                keys.missing.retain(|(absent, _)| absent != part);
                let empty = document.get(mapping, part).filter(|value| document.is_null(*value));
                for value in values.iter().copied().chain(empty) {
                    self.values.remove(&value);
                    faults.push(Fault::of(value, diagnostic.clone()));
                }
            }
            for (index, (key, value)) in entries.into_iter().enumerate() {
                if misplaced.iter().any(|it| it.values.contains(&value)) {
                    continue;
                }
                if index >= MAX_EXPLAINED {
                    faults.push(Fault::of(value, keys.another_unknown_key(document, mapping, key, value)));
                    continue;
                }
                let meant = keys.meant(key);
                // A misspelt key is one mistake, not an unknown and a missing one. What was meant as
                // `routes`, or as a route, needs no version.
                let meant_routes = meant == Some("routes") || elsewhere::is_of_route(key);
                keys.missing.retain(|(absent, _)| {
                    Some(absent.as_str()) != meant && !(meant_routes && absent == "_format_version")
                });
                faults.push(Fault::of(value, keys.unknown_key(document, mapping, key, value)));
            }
            if !keys.missing.is_empty() {
                let diagnostic = missing_keys(document, mapping, &keys.missing);
                let missing = keys.missing.into_iter().map(|(key, _)| key).collect();
                faults.push(Fault { node: mapping, missing, diagnostic });
            }
        }
        for (node, error) in self.values {
            faults.push(Fault::of(node, error.finding(document, node)));
        }
        faults
    }
}
