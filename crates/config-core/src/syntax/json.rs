//! The tree as JSON: in place for the JSON Schema validator, and as a `serde_json` value.

use std::borrow::Cow;

use jsonschema::{
    JsonType,
    json::{Array, Json, JsonNumber, Node, NodeIdentity, Object},
};
use serde_json::{Map, Number, Value};

use super::document::{Document, Kind, NodeId, Scalar, ScalarType};

impl Document<'_> {
    /// The value under `id` as JSON. Recursion is bounded by the depth that a document may have.
    pub fn to_json(&self, id: NodeId) -> Value {
        match &self.node(id).kind {
            Kind::Scalar(scalar) => match scalar.value {
                ScalarType::Null => Value::Null,
                ScalarType::Bool(value) => Value::Bool(value),
                ScalarType::Integer(value) => Value::from(value),
                ScalarType::Float(value) => Value::from(value),
                ScalarType::String => Value::String(scalar.text.clone().into_owned()),
            },
            Kind::Sequence(_) => self.items(id).iter().map(|item| self.to_json(*item)).collect(),
            Kind::Mapping(_) => Value::Object(
                self.entries(id)
                    .iter()
                    .map(|(key, value)| (self.key_text(*key).to_owned(), self.to_json(*value)))
                    .collect::<Map<_, _>>(),
            ),
        }
    }
}

/// The representation in which `jsonschema` validates a [`Document`] where it stands.
///
/// A number with a fraction or an exponent is no `integer`, `1.0` included: as serde sees it, and
/// so that schema and typed model accept the same files.
pub struct TreeJson;

/// A node of a [`Document`] for the validator, or one of its property names.
#[derive(Clone, Copy)]
pub enum TreeNode<'a> {
    /// A node.
    Node(&'a Document<'a>, NodeId),
    /// A string that is no node of its own.
    Name(&'a str),
}

impl Json for TreeJson {
    type Node<'a> = TreeNode<'a>;
    type PreparedKey = String;
    type StringBuffer = String;

    // A lookup reads half of an entry list on average; a members pass reads it once.
    const KEYS_PER_LOOKUP: usize = 2;

    fn prepare_key(key: &str) -> String {
        key.to_owned()
    }

    fn with_string_node<T>(buffer: &mut String, string: &str, f: impl FnOnce(TreeNode<'_>) -> T) -> T {
        string.clone_into(buffer);
        f(TreeNode::Name(buffer))
    }
}

impl<'a> TreeNode<'a> {
    /// The root of a document, to validate it whole.
    pub fn root(document: &'a Document<'a>) -> Self {
        TreeNode::Node(document, document.root())
    }

    fn scalar(self) -> Option<&'a Scalar<'a>> {
        match self {
            TreeNode::Node(document, id) => document.scalar(id),
            TreeNode::Name(_) => None,
        }
    }
}

impl<'a> Node<'a, TreeJson> for TreeNode<'a> {
    type Object = Members<'a>;
    type Array = Elements<'a>;
    type Number = TreeNumber;

    fn as_object(&self) -> Option<Members<'a>> {
        match *self {
            TreeNode::Node(document, id) if matches!(document.node(id).kind, Kind::Mapping(_)) => {
                Some(Members { document, entries: document.entries(id) })
            }
            _ => None,
        }
    }

    fn as_array(&self) -> Option<Elements<'a>> {
        match *self {
            TreeNode::Node(document, id) if matches!(document.node(id).kind, Kind::Sequence(_)) => {
                Some(Elements { document, items: document.items(id) })
            }
            _ => None,
        }
    }

    fn as_string(&self) -> Option<Cow<'a, str>> {
        match *self {
            TreeNode::Node(document, id) => document.str(id).map(Cow::Borrowed),
            TreeNode::Name(name) => Some(Cow::Borrowed(name)),
        }
    }

    fn as_number(&self) -> Option<TreeNumber> {
        match self.scalar()?.value {
            ScalarType::Integer(value) => Some(TreeNumber::Integer(value)),
            ScalarType::Float(value) => Some(TreeNumber::Float(value)),
            _ => None,
        }
    }

    fn as_boolean(&self) -> Option<bool> {
        match self.scalar()?.value {
            ScalarType::Bool(value) => Some(value),
            _ => None,
        }
    }

    fn is_null(&self) -> bool {
        self.json_type() == JsonType::Null
    }

    fn json_type(&self) -> JsonType {
        let TreeNode::Node(document, id) = *self else { return JsonType::String };
        match &document.node(id).kind {
            Kind::Sequence(_) => JsonType::Array,
            Kind::Mapping(_) => JsonType::Object,
            Kind::Scalar(scalar) => match scalar.value {
                ScalarType::Null => JsonType::Null,
                ScalarType::Bool(_) => JsonType::Boolean,
                ScalarType::Integer(_) | ScalarType::Float(_) => JsonType::Number,
                ScalarType::String => JsonType::String,
            },
        }
    }

    fn equals_value(&self, expected: &Value) -> bool {
        match (expected, self.as_string()) {
            (Value::String(expected), Some(string)) => *expected == string,
            (Value::String(_), None) | (_, Some(_)) => false,
            _ => jsonschema::json::cmp::equal(&self.to_value(), expected),
        }
    }

    fn to_value(&self) -> Cow<'a, Value> {
        Cow::Owned(match *self {
            TreeNode::Node(document, id) => document.to_json(id),
            TreeNode::Name(name) => Value::String(name.to_owned()),
        })
    }

    /// Nodes share the address of their document and differ in their index.
    fn identity(&self) -> Option<NodeIdentity> {
        match *self {
            TreeNode::Node(document, id) => {
                Some(NodeIdentity::tagged(std::ptr::from_ref(document) as *const () as usize, id.0))
            }
            TreeNode::Name(_) => None,
        }
    }
}

/// The entries of a mapping.
pub struct Members<'a> {
    document: &'a Document<'a>,
    entries: &'a [(NodeId, NodeId)],
}

impl<'a> Object<'a, TreeJson> for Members<'a> {
    type Node = TreeNode<'a>;
    type MemberName = &'a str;
    type MembersIter = MembersIter<'a>;

    fn len(&self) -> usize {
        self.entries.len()
    }

    fn get(&self, key: &String) -> Option<TreeNode<'a>> {
        let (_, value) = self.entries.iter().find(|(known, _)| self.document.key_text(*known) == key)?;
        Some(TreeNode::Node(self.document, *value))
    }

    fn members(&self) -> MembersIter<'a> {
        MembersIter { document: self.document, entries: self.entries.iter() }
    }
}

/// Property names and values.
pub struct MembersIter<'a> {
    document: &'a Document<'a>,
    entries: std::slice::Iter<'a, (NodeId, NodeId)>,
}

impl<'a> Iterator for MembersIter<'a> {
    type Item = (&'a str, TreeNode<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let (key, value) = self.entries.next()?;
        Some((self.document.key_text(*key), TreeNode::Node(self.document, *value)))
    }
}

/// The items of a sequence.
pub struct Elements<'a> {
    document: &'a Document<'a>,
    items: &'a [NodeId],
}

impl<'a> Array<'a, TreeJson> for Elements<'a> {
    type Node = TreeNode<'a>;
    type ElementsIter = ElementsIter<'a>;

    fn len(&self) -> usize {
        self.items.len()
    }

    fn elements(&self) -> ElementsIter<'a> {
        ElementsIter { document: self.document, items: self.items.iter() }
    }
}

/// Item after item.
pub struct ElementsIter<'a> {
    document: &'a Document<'a>,
    items: std::slice::Iter<'a, NodeId>,
}

impl<'a> Iterator for ElementsIter<'a> {
    type Item = TreeNode<'a>;

    fn next(&mut self) -> Option<TreeNode<'a>> {
        self.items.next().map(|item| TreeNode::Node(self.document, *item))
    }
}

/// A number of the tree; always finite.
#[derive(Debug, Clone, Copy)]
pub enum TreeNumber {
    /// Written as an integer.
    Integer(i64),
    /// Written otherwise, or too large.
    Float(f64),
}

impl JsonNumber for TreeNumber {
    fn as_u64(&self) -> Option<u64> {
        self.as_i64().and_then(|value| u64::try_from(value).ok())
    }

    fn as_i64(&self) -> Option<i64> {
        match *self {
            TreeNumber::Integer(value) => Some(value),
            TreeNumber::Float(_) => None,
        }
    }

    fn as_f64(&self) -> Option<f64> {
        Some(match *self {
            TreeNumber::Integer(value) => value as f64,
            TreeNumber::Float(value) => value,
        })
    }

    fn as_str(&self) -> Cow<'_, str> {
        Cow::Owned(self.to_number().to_string())
    }

    fn to_number(&self) -> Cow<'_, Number> {
        Cow::Owned(match *self {
            TreeNumber::Integer(value) => Number::from(value),
            TreeNumber::Float(value) => Number::from_f64(value).unwrap_or_else(|| Number::from(0)),
        })
    }

    fn is_integer(&self) -> bool {
        matches!(self, TreeNumber::Integer(_))
    }

    fn is_written_as_integer(&self) -> bool {
        self.is_integer()
    }
}

#[cfg(test)]
mod tests {
    use jsonschema::json::{Json, Node, Object};
    use serde_json::json;

    use super::{TreeJson, TreeNode};
    use crate::{source::SourceFile, syntax::parse};

    const TEXT: &str =
        "{text: héllo, int: 42, whole: 1.0, float: 1.5, no: false, nil: null, list: [1, {a: 1}, {a: 1}]}";

    #[test]
    fn a_document_is_json() {
        let source = SourceFile::new("test.yaml", TEXT);
        let document = parse(&source).document.expect("the test's text is YAML");
        assert_eq!(
            document.to_json(document.root()),
            json!({
                "text": "héllo", "int": 42, "whole": 1.0, "float": 1.5, "no": false, "nil": null,
                "list": [1, {"a": 1}, {"a": 1}]
            })
        );
        let root = TreeNode::root(&document).as_object().expect("the root is a mapping");
        let list = root.get(&TreeJson::prepare_key("list")).expect("there is a list");
        assert_eq!(list.identity(), list.clone().identity());
        assert_ne!(list.identity(), TreeNode::root(&document).identity());
    }

    #[test]
    fn a_schema_is_checked_in_place() {
        let schema = json!({
            "properties": {
                "text": {"type": "string", "minLength": 5, "maxLength": 5, "pattern": "^h"},
                "int": {"type": "integer", "minimum": 42, "maximum": 42},
                "whole": {"type": "integer"},
                "float": {"type": "number", "exclusiveMaximum": 1.5},
                "no": {"enum": [false, "no"]},
                "nil": {"type": "null"},
                "list": {"uniqueItems": true, "minItems": 3}
            },
            "propertyNames": {"maxLength": 4},
            "required": ["gone"],
            "additionalProperties": false
        });
        let source = SourceFile::new("test.yaml", TEXT);
        let document = parse(&source).document.expect("the test's text is YAML");
        let validator = jsonschema::options_for::<TreeJson>().build(&schema).expect("the schema is valid");
        let mut errors: Vec<_> = validator
            .iter_errors(TreeNode::root(&document))
            .map(|error| {
                let pointer = error.instance_path().to_string();
                assert!(document.resolve(&pointer).is_some(), "{pointer}");
                format!("{pointer}: {error}")
            })
            .collect();
        errors.sort();
        insta::assert_snapshot!(errors.join("\n"));
    }
}
