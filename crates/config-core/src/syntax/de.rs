//! serde over the tree, in place: [`from_node`], and [`Spanned`] for types that must remember where
//! a value came from.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use serde::de::{
    self, Deserialize, DeserializeSeed, EnumAccess, IntoDeserializer, MapAccess, SeqAccess, VariantAccess,
    Visitor, value::U32Deserializer,
};

use super::document::{Document, Kind, NodeId, ScalarType};

/// The struct names by which [`Spanned`] and [`NodeId`] ask the deserializer for a node's identity.
const SPANNED: &str = "$config_core::syntax::Spanned";
const NODE_ID: &str = "$config_core::syntax::NodeId";

/// A value and the node that it was read from.
///
/// Only [`from_node`] can deserialise one; it stays transparent in JSON Schema. It cannot stand
/// under `#[serde(flatten)]` or in an untagged or internally tagged enum, which buffer values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub node: NodeId,
}

impl<T> Deref for Spanned<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// Why a node could not be read as the type that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct DeError {
    /// serde's words.
    pub message: String,
    /// The innermost node that was being read.
    pub node: Option<NodeId>,
}

impl de::Error for DeError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self { message: message.to_string(), node: None }
    }
}

/// Reads the value under `node`. Mapping entries and sequence items whose value `skip` says true
/// for are left out, as if they were not written.
///
/// A number with a fraction or an exponent is no integer, `1.0` included, as in [`super::TreeJson`].
pub fn from_node<'de, T: Deserialize<'de>>(
    document: &'de Document<'de>,
    node: NodeId,
    skip: &dyn Fn(NodeId) -> bool,
) -> Result<T, DeError> {
    T::deserialize(Reader { document, node, skip, key: false })
}

/// Reads one node.
#[derive(Clone, Copy)]
struct Reader<'de, 'a> {
    document: &'de Document<'de>,
    node: NodeId,
    skip: &'a dyn Fn(NodeId) -> bool,
    /// A mapping key is a string, however it was written.
    key: bool,
}

impl<'de> Reader<'de, '_> {
    fn child(self, node: NodeId) -> Self {
        Self { node, key: false, ..self }
    }

    fn located<T>(self, result: Result<T, DeError>) -> Result<T, DeError> {
        result.map_err(|error| DeError { node: error.node.or(Some(self.node)), ..error })
    }

    fn any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
        match &self.document.node(self.node).kind {
            Kind::Scalar(scalar) if self.key => visitor.visit_borrowed_str(&scalar.text),
            Kind::Scalar(scalar) => match scalar.value {
                ScalarType::Null => visitor.visit_unit(),
                ScalarType::Bool(value) => visitor.visit_bool(value),
                ScalarType::Integer(value) => match u64::try_from(value) {
                    Ok(value) => visitor.visit_u64(value),
                    Err(_) => visitor.visit_i64(value),
                },
                ScalarType::Float(value) => visitor.visit_f64(value),
                ScalarType::String => visitor.visit_borrowed_str(&scalar.text),
            },
            Kind::Sequence(_) => visitor.visit_seq(Items { reader: self, next: 0 }),
            Kind::Mapping(_) => visitor.visit_map(Entries { reader: self, next: 0, value: None }),
        }
    }
}

impl<'de> de::Deserializer<'de> for Reader<'de, '_> {
    type Error = DeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
        self.located(self.any(visitor))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
        if self.document.is_null(self.node) { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, DeError> {
        if name == NODE_ID { visitor.visit_u32(self.node.0) } else { visitor.visit_newtype_struct(self) }
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, DeError> {
        if name == SPANNED {
            visitor.visit_seq(Pair { reader: self, next: 0 })
        } else {
            self.deserialize_any(visitor)
        }
    }

    /// A struct is a mapping: the derived visitors would also take a list of its fields' values.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DeError> {
        match self.document.node(self.node).kind {
            Kind::Sequence(_) => self.located(Err(de::Error::invalid_type(de::Unexpected::Seq, &visitor))),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DeError> {
        let variant = match (self.document.str(self.node), self.document.entries(self.node)) {
            (Some(name), _) => Variant { name, value: None, reader: self },
            (None, [(key, value)]) => {
                Variant { name: self.document.key_text(*key), value: Some(*value), reader: self }
            }
            // serde then says what it expected instead.
            (None, _) => return self.deserialize_any(visitor),
        };
        self.located(visitor.visit_enum(variant))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple map identifier
    }
}

struct Items<'de, 'a> {
    reader: Reader<'de, 'a>,
    next: usize,
}

impl<'de> SeqAccess<'de> for Items<'de, '_> {
    type Error = DeError;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, DeError> {
        let items = self.reader.document.items(self.reader.node);
        while let Some(item) = items.get(self.next) {
            self.next += 1;
            if !(self.reader.skip)(*item) {
                return seed.deserialize(self.reader.child(*item)).map(Some);
            }
        }
        Ok(None)
    }
}

struct Entries<'de, 'a> {
    reader: Reader<'de, 'a>,
    next: usize,
    value: Option<NodeId>,
}

impl<'de> MapAccess<'de> for Entries<'de, '_> {
    type Error = DeError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, DeError> {
        let entries = self.reader.document.entries(self.reader.node);
        while let Some((key, value)) = entries.get(self.next) {
            self.next += 1;
            if !(self.reader.skip)(*value) {
                self.value = Some(*value);
                return seed.deserialize(Reader { key: true, ..self.reader.child(*key) }).map(Some);
            }
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, DeError> {
        let value =
            self.value.take().ok_or_else(|| de::Error::custom("a value is asked for before its key"))?;
        seed.deserialize(self.reader.child(value))
    }
}

/// What [`Spanned`] reads: the value, then the node.
struct Pair<'de, 'a> {
    reader: Reader<'de, 'a>,
    next: u8,
}

impl<'de> SeqAccess<'de> for Pair<'de, '_> {
    type Error = DeError;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, DeError> {
        self.next += 1;
        match self.next {
            1 => seed.deserialize(self.reader).map(Some),
            2 => {
                let node: U32Deserializer<DeError> = self.reader.node.0.into_deserializer();
                seed.deserialize(node).map(Some)
            }
            _ => Ok(None),
        }
    }
}

/// An enum: the name of a variant alone, or a mapping from that name to its content.
struct Variant<'de, 'a> {
    name: &'de str,
    value: Option<NodeId>,
    reader: Reader<'de, 'a>,
}

impl<'de> EnumAccess<'de> for Variant<'de, '_> {
    type Error = DeError;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), DeError> {
        let name: de::value::BorrowedStrDeserializer<'de, DeError> =
            de::value::BorrowedStrDeserializer::new(self.name);
        Ok((seed.deserialize(name)?, self))
    }
}

impl<'de> Variant<'de, '_> {
    fn content(&self) -> Result<Reader<'de, '_>, DeError> {
        let value = self.value.ok_or_else(|| de::Error::custom(format!("`{}` needs a value", self.name)))?;
        Ok(self.reader.child(value))
    }
}

impl<'de> VariantAccess<'de> for Variant<'de, '_> {
    type Error = DeError;

    fn unit_variant(self) -> Result<(), DeError> {
        match self.value {
            None => Ok(()),
            Some(value) => <()>::deserialize(self.reader.child(value)),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, DeError> {
        seed.deserialize(self.content()?)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, DeError> {
        de::Deserializer::deserialize_any(self.content()?, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DeError> {
        de::Deserializer::deserialize_any(self.content()?, visitor)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Spanned<T> {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SpannedVisitor<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for SpannedVisitor<T> {
            type Value = Spanned<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a node of a configuration file")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let missing = || de::Error::custom("a spanned value is read from a configuration file only");
                let value = seq.next_element()?.ok_or_else(missing)?;
                let node = seq.next_element()?.ok_or_else(missing)?;
                Ok(Spanned { value, node: NodeId(node) })
            }
        }

        deserializer.deserialize_tuple_struct(SPANNED, 2, SpannedVisitor(PhantomData))
    }
}

/// A node's own identity, read without looking at what it holds. Only [`from_node`] can.
impl<'de> Deserialize<'de> for NodeId {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NodeIdVisitor;

        impl Visitor<'_> for NodeIdVisitor {
            type Value = NodeId;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a node of a configuration file")
            }

            fn visit_u32<E: de::Error>(self, node: u32) -> Result<NodeId, E> {
                Ok(NodeId(node))
            }
        }

        deserializer.deserialize_newtype_struct(NODE_ID, NodeIdVisitor)
    }
}

impl<T: schemars::JsonSchema> schemars::JsonSchema for Spanned<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> std::borrow::Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        T::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::{Deserialize, de::IgnoredAny};

    use super::{NodeId, Spanned, from_node};
    use crate::{
        source::SourceFile,
        syntax::{Document, parse},
    };

    fn with<R>(text: &str, read: impl FnOnce(&Document<'_>) -> R) -> R {
        let source = SourceFile::new("test.yaml", text);
        read(&parse(&source).document.expect("the test's text is YAML"))
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Route {
        name: Spanned<String>,
        #[serde(default)]
        paths: Option<Vec<Spanned<String>>>,
        #[serde(default)]
        headers: BTreeMap<String, Vec<String>>,
        #[serde(default)]
        plugins: Vec<NodeId>,
        #[serde(default)]
        kind: Option<Kind>,
        #[serde(default)]
        rest: Option<Spanned<IgnoredAny>>,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(rename_all = "lowercase")]
    enum Kind {
        Plain,
        Named(String),
        Sized { width: u8 },
    }

    #[test]
    fn values_come_with_their_nodes() {
        with(
            "{name: a, paths: [/x, /y], headers: {b: [c]}, plugins: [{n: 1}, 2], rest: {z: [1]}}",
            |document| {
                let route: Route = from_node(document, document.root(), &|_| false).expect("it is a route");
                let at = |pointer| document.resolve(pointer).expect("the pointer names a node");
                assert_eq!(route.name, Spanned { value: "a".to_owned(), node: at("/name") });
                assert_eq!(route.paths.expect("there are paths")[1].node, at("/paths/1"));
                assert_eq!(route.headers["b"], ["c"]);
                assert_eq!(route.plugins, [at("/plugins/0"), at("/plugins/1")]);
                assert_eq!(route.rest.expect("there is a rest").node, at("/rest"));
            },
        );
    }

    #[test]
    fn skipped_nodes_are_as_if_not_written() {
        with("{name: a, paths: [1, /y], headers: 3, nonsense: 4}", |document| {
            let bad = ["/paths/0", "/headers", "/nonsense"].map(|pointer| document.resolve(pointer));
            let route: Route = from_node(document, document.root(), &|node| bad.contains(&Some(node)))
                .expect("the rest is a route");
            assert_eq!(route.paths.expect("there are paths").len(), 1);
            assert!(route.headers.is_empty());
        });
    }

    #[test]
    fn keys_are_text_and_can_be_spanned() {
        with("{1: a, true: b}", |document| {
            let map: Vec<(String, String)> =
                from_node::<BTreeMap<String, String>>(document, document.root(), &|_| false)
                    .expect("keys are text")
                    .into_iter()
                    .collect();
            assert_eq!(map, [("1".to_owned(), "a".to_owned()), ("true".to_owned(), "b".to_owned())]);
        });
    }

    #[test]
    fn enums_are_read_by_name() {
        for (text, expected) in [
            ("plain", Kind::Plain),
            ("{named: x}", Kind::Named("x".to_owned())),
            ("{sized: {width: 3}}", Kind::Sized { width: 3 }),
        ] {
            with(text, |document| {
                assert_eq!(from_node::<Kind>(document, document.root(), &|_| false), Ok(expected));
            });
        }
    }

    #[test]
    fn errors_name_the_node() {
        for (text, pointer, message) in [
            ("{name: 1}", "/name", "invalid type: integer `1`, expected a string"),
            (
                "{name: a, kind: {sized: {width: 300}}}",
                "/kind/sized/width",
                "invalid value: integer `300`, expected u8",
            ),
            (
                "{name: a, kind: {sized: {width: 1.0}}}",
                "/kind/sized/width",
                "invalid type: floating point `1.0`, expected u8",
            ),
            ("{name: a, kind: named}", "/kind", "`named` needs a value"),
            (
                "{name: a, naem: b}",
                "/naem",
                "unknown field `naem`, expected one of `name`, `paths`, `headers`, `plugins`, `kind`, `rest`",
            ),
            ("{}", "", "missing field `name`"),
        ] {
            with(text, |document| {
                let error = from_node::<Route>(document, document.root(), &|_| false).expect_err(text);
                assert_eq!(error.message, message);
                assert_eq!(error.node.map(|node| document.pointer(node)).as_deref(), Some(pointer), "{text}");
            });
        }
    }

    #[test]
    fn numbers_keep_their_kind() {
        with("[1, -1, 1.5, 9223372036854775808]", |document| {
            let numbers: (u8, i8, f64, f64) =
                from_node(document, document.root(), &|_| false).expect("they fit");
            assert_eq!(numbers, (1, -1, 1.5, 9_223_372_036_854_775_808.0));
        });
        with("2", |document| assert_eq!(from_node::<f64>(document, document.root(), &|_| false), Ok(2.0)));
    }

    #[test]
    fn a_span_is_invisible_in_the_schema() {
        let plain = schemars::schema_for!(Vec<u8>);
        let spanned = schemars::schema_for!(Spanned<Vec<Spanned<u8>>>);
        assert_eq!(plain, spanned);
    }
}
