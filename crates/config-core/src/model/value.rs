//! The values that fields hold. A range or length is written once, in the type, and both serde and
//! the schema read it there.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, Visitor};

use crate::syntax::{NodeId, Spanned};

/// The largest integer that is exact in Kong, whose numbers are doubles: 2^53.
pub const MAX_EXACT_INTEGER: i64 = 1 << 53;

/// An integer from `MIN` to `MAX`, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Int<const MIN: i64, const MAX: i64>(i64);

/// An integer without bounds of its own.
pub type Integer = Int<{ -MAX_EXACT_INTEGER }, MAX_EXACT_INTEGER>;

impl<const MIN: i64, const MAX: i64> Int<MIN, MAX> {
    /// The number.
    pub fn get(self) -> i64 {
        self.0
    }
}

impl<'de, const MIN: i64, const MAX: i64> Deserialize<'de> for Int<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = i64::deserialize(deserializer)?;
        if (MIN..=MAX).contains(&number) {
            Ok(Self(number))
        } else {
            Err(D::Error::custom(format_args!("expected an integer from {MIN} to {MAX}")))
        }
    }
}

impl<const MIN: i64, const MAX: i64> JsonSchema for Int<MIN, MAX> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Int_{MIN}_{MAX}").into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "minimum": MIN, "maximum": MAX })
    }
}

/// A finite number from `MIN` to `MAX`, both included.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Number<const MIN: i64, const MAX: i64>(f64);

impl<const MIN: i64, const MAX: i64> Number<MIN, MAX> {
    /// The number.
    pub fn get(self) -> f64 {
        self.0
    }
}

impl<'de, const MIN: i64, const MAX: i64> Deserialize<'de> for Number<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = f64::deserialize(deserializer)?;
        if number >= MIN as f64 && number <= MAX as f64 {
            Ok(Self(number))
        } else {
            Err(D::Error::custom(format_args!("expected a number from {MIN} to {MAX}")))
        }
    }
}

impl<const MIN: i64, const MAX: i64> JsonSchema for Number<MIN, MAX> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Number_{MIN}_{MAX}").into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "number", "minimum": MIN, "maximum": MAX })
    }
}

/// A finite number above zero.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Positive(f64);

impl Positive {
    /// The number.
    pub fn get(self) -> f64 {
        self.0
    }
}

impl<'de> Deserialize<'de> for Positive {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = f64::deserialize(deserializer)?;
        if number > 0.0 && number.is_finite() {
            Ok(Self(number))
        } else {
            Err(D::Error::custom("expected a number above 0"))
        }
    }
}

impl JsonSchema for Positive {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Positive".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "number", "exclusiveMinimum": 0 })
    }
}

/// A string of at least one character: Kong refuses the empty string everywhere.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text(String);

impl Text {
    /// The string.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.is_empty() {
            Err(D::Error::custom("expected a string that is not empty"))
        } else {
            Ok(Self(text))
        }
    }
}

impl JsonSchema for Text {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Text".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "minLength": 1 })
    }
}

/// How one entity names another.
///
/// Kong takes the name or id as a string, or a map with the `id`; decK also writes a route's
/// service as a map with the `name`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ForeignKey {
    /// A name (a consumer's username) or an id.
    Key(Text),
    /// `{id: …}`
    Id(Spanned<Text>),
    /// `{name: …}`
    Name(Spanned<Text>),
}

impl ForeignKey {
    /// The name or id as written.
    pub fn as_str(&self) -> &str {
        match self {
            ForeignKey::Key(text) => text,
            ForeignKey::Id(text) | ForeignKey::Name(text) => text,
        }
    }
}

impl<'de> Deserialize<'de> for ForeignKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;

        impl<'de> Visitor<'de> for KeyVisitor {
            type Value = ForeignKey;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name or id")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<ForeignKey, E> {
                if text.is_empty() {
                    return Err(E::custom("expected a string that is not empty"));
                }
                Ok(ForeignKey::Key(Text(text.to_owned())))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ForeignKey, A::Error> {
                let key: Option<String> = map.next_key()?;
                let foreign = match key.as_deref() {
                    Some("id") => ForeignKey::Id(map.next_value()?),
                    Some("name") => ForeignKey::Name(map.next_value()?),
                    _ => return Err(A::Error::custom("expected `id` or `name`")),
                };
                match map.next_key::<String>()? {
                    None => Ok(foreign),
                    Some(_) => Err(A::Error::custom("expected one of `id` and `name`")),
                }
            }
        }

        deserializer.deserialize_any(KeyVisitor)
    }
}

impl JsonSchema for ForeignKey {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "ForeignKey".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let text = generator.subschema_for::<Text>();
        json_schema!({
            "type": ["string", "object"],
            "minLength": 1,
            "properties": { "id": text, "name": text },
            "additionalProperties": false,
            "minProperties": 1,
            "maxProperties": 1,
        })
    }
}

/// A route's header criteria, in file order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Headers(Vec<Header>);

/// One header criterion: the request must carry one of the values under this name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The name as written. Its node is the key of `values.node`.
    pub name: String,
    /// The accepted values; a leading `~*` makes one a regex.
    pub values: Spanned<Vec<Spanned<Text>>>,
}

impl Deref for Headers {
    type Target = [Header];

    fn deref(&self) -> &[Header] {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Headers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct HeadersVisitor;

        impl<'de> Visitor<'de> for HeadersVisitor {
            type Value = Headers;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map from header names to lists of values")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Headers, A::Error> {
                let mut headers = Vec::new();
                while let Some((name, values)) = map.next_entry()? {
                    headers.push(Header { name, values });
                }
                Ok(Headers(headers))
            }
        }

        deserializer.deserialize_map(HeadersVisitor)
    }
}

impl JsonSchema for Headers {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Headers".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let values = generator.subschema_for::<Vec<Text>>();
        json_schema!({ "type": "object", "additionalProperties": values })
    }
}

/// A value that is accepted and kept as its node, unread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Opaque(pub NodeId);

impl JsonSchema for Opaque {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Opaque".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        true.into()
    }
}

/// A list of entities inside another, left to [`Config`](super::Config): entities are read one by
/// one, so that a mistake in one takes neither its siblings nor its parent along.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nested<T>(PhantomData<T>);

impl<'de, T> Deserialize<'de> for Nested<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::<NodeId>::deserialize(deserializer).map(|_| Self(PhantomData))
    }
}

impl<T: JsonSchema> JsonSchema for Nested<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Nested_{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Vec::<T>::json_schema(generator)
    }
}

/// Declares an enum of lower-case words: as serde and the schema read it, with [`Display`], `ALL`
/// and `as_str`. (The derive of schemars would give one alternative per documented variant, and a
/// validator then cannot say which words exist.)
///
/// [`Display`]: fmt::Display
macro_rules! words {
    ($(#[$attribute:meta])* pub enum $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$attribute])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$doc])* $variant,)*
        }

        impl $name {
            /// Every value, in the order of Kong's schema.
            pub const ALL: &[$name] = &[$($name::$variant,)*];

            /// The value as written in a file.
            pub fn as_str(self) -> &'static str {
                match self { $($name::$variant => $word,)* }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let word = String::deserialize(deserializer)?;
                let value = $name::ALL.iter().copied().find(|value| value.as_str() == word);
                value.ok_or_else(|| serde::de::Error::custom(concat!("no such ", stringify!($name))))
            }
        }

        impl schemars::JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "enum": [$($word),*] })
            }
        }
    };
}

pub(super) use words;
