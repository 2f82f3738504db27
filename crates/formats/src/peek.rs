//! Reading a few members out of JSON text: one pass, no tree, no allocation, whatever the text's size.
//!
//! Nothing here fails on a value of another type than expected: it is then absent. That is the right
//! way to read what a server says when nothing depends on it but a log entry.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// The JSON texts of the named members of an object; of the last one if a name is repeated. Nothing if
/// the text is no JSON object.
pub(crate) fn members<'a, const N: usize>(json: &'a str, names: [&str; N]) -> Option<[Option<&'a str>; N]> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let found = deserializer.deserialize_map(Named(names)).ok()?;
    deserializer.end().ok().map(|()| found)
}

/// Calls `visit` with the named members of each object in an array, up to the first item that is none.
pub(crate) fn each_object<'a, const N: usize>(
    array: &'a str,
    names: [&str; N],
    mut visit: impl FnMut([Option<&'a str>; N]),
) {
    // What an array that breaks off had before that has been visited.
    let _ = serde_json::Deserializer::from_str(array).deserialize_seq(Objects { names, visit: &mut visit });
}

/// Calls `visit` with the members of an object, in order, up to where it breaks off.
pub(crate) fn each_member<'a>(json: &'a str, visit: &mut dyn FnMut(Cow<'a, str>, &'a str)) {
    // What an object that breaks off had before that has been visited.
    let _ = serde_json::Deserializer::from_str(json).deserialize_map(Each(visit));
}

/// One member that is not `null`.
pub(crate) fn member<'a>(json: &'a str, name: &str) -> Option<&'a str> {
    let [found] = members(json, [name])?;
    present(found)
}

/// A member's text, with `null` counting as absent.
pub(crate) fn present(member: Option<&str>) -> Option<&str> {
    member.filter(|text| *text != "null")
}

/// The value of a JSON string.
pub(crate) fn string(json: &str) -> Option<Cow<'_, str>> {
    #[derive(Deserialize)]
    struct Text<'a>(#[serde(borrow)] Cow<'a, str>);
    if !json.starts_with('"') {
        return None;
    }
    serde_json::from_str(json).ok().map(|Text(text)| text)
}

/// The value of a member that is a string.
pub(crate) fn text(member: Option<&str>) -> Option<Cow<'_, str>> {
    member.and_then(string)
}

/// The value of a number that counts something: whole, not negative; a fraction is cut.
pub(crate) fn count(json: &str) -> Option<u64> {
    json.parse().ok().or_else(|| {
        let number: f64 = serde_json::from_str(json).ok()?;
        (0.0..=9e15).contains(&number).then_some(number as u64)
    })
}

/// Whether the text is one whole JSON value.
pub fn is_json(text: &str) -> bool {
    serde_json::from_str::<IgnoredAny>(text).is_ok()
}

#[derive(Clone, Copy)]
struct Named<'n, const N: usize>([&'n str; N]);

struct Objects<'n, 'f, F, const N: usize> {
    names: [&'n str; N],
    visit: &'f mut F,
}

struct Each<'a, 'f>(&'f mut dyn FnMut(Cow<'a, str>, &'a str));

#[derive(Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de, const N: usize> Visitor<'de> for Named<'_, N> {
    type Value = [Option<&'de str>; N];

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = [None; N];
        while let Some(Key(key)) = map.next_key()? {
            match self.0.iter().position(|name| *name == key) {
                Some(at) => found[at] = Some(map.next_value::<&RawValue>()?.get()),
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(found)
    }
}

impl<'de> Visitor<'de> for Each<'de, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(Key(key)) = map.next_key()? {
            (self.0)(key, map.next_value::<&RawValue>()?.get());
        }
        Ok(())
    }
}

impl<'de, const N: usize> DeserializeSeed<'de> for Named<'_, N> {
    type Value = [Option<&'de str>; N];

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, F: FnMut([Option<&'de str>; N]), const N: usize> Visitor<'de> for Objects<'_, '_, F, N> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while let Some(found) = seq.next_element_seed(Named(self.names))? {
            (self.visit)(found);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_found_by_name_whatever_stands_around() {
        let json = r#" {"a": [1, {"b":2}], "b" :"x","c":null , "\u0062":"y"} "#;
        assert_eq!(members(json, ["b", "c", "d"]), Some([Some("\"y\""), Some("null"), None]));
        assert_eq!((member(json, "c"), member(json, "a")), (None, Some("[1, {\"b\":2}]")));
        for other in ["", "[]", "1", "{", "{}x", "{\"b\":}", "nul"] {
            assert_eq!(members(other, ["b"]), None, "{other}");
        }
    }

    #[test]
    fn objects_of_an_array_are_visited() {
        let visited = |array| {
            let mut visited = Vec::new();
            each_object(array, ["a"], |[a]| visited.push(a));
            visited
        };
        assert_eq!(visited(r#"[{"a":1}, {"b":2} ]"#), [Some("1"), None]);
        assert_eq!(visited(r#"[{"a":1},7,{"a":2}]"#), [Some("1")]);
        for none in ["", "{}", "[]", "[", "null"] {
            assert!(visited(none).is_empty(), "{none}");
        }
    }

    #[test]
    fn values_of_another_type_are_absent() {
        assert_eq!(string(r#""a\n""#).as_deref(), Some("a\n"));
        assert_eq!((string("1"), string("\"a"), string("")), (None, None, None));
        let counts = ["7", "7.9", "1e3", "-1", "\"7\"", "1e300", "null", "[]", ""].map(count);
        assert_eq!(counts, [Some(7), Some(7), Some(1000), None, None, None, None, None, None]);
    }

    #[test]
    fn depth_costs_no_stack() {
        let json = format!("{{\"a\":{}{},\"b\":1}}", "[".repeat(1_000_000), "]".repeat(1_000_000));
        assert_eq!(member(&json, "b"), Some("1"));
    }
}
