//! A JSON object as an ordered list of members whose values stay text.
//!
//! Reading costs one pass and no tree; writing changes only the members that were changed, so a
//! conversation goes upstream byte for byte: big integers, key order, escapes and blanks included.
//! Nesting depth does not matter: values are skipped iteratively.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

pub use crate::peek::is_json;

/// The members of one JSON object, in order, duplicates included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Members<'a> {
    members: Vec<Member<'a>>,
    /// The original text while nothing has changed.
    unchanged: Option<&'a str>,
    /// What stands after the last value: blanks and the closing brace.
    tail: &'a str,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Member<'a> {
    key: Cow<'a, str>,
    /// The key as written, with colon and blanks around.
    lead: Cow<'a, str>,
    /// The value's JSON text.
    value: Cow<'a, str>,
}

/// Why bytes are not a JSON object.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// Not JSON; the text says where.
    #[error("the body is not JSON: {0}")]
    Syntax(String),
    /// JSON of another type.
    #[error("the body is not a JSON object")]
    NotAnObject,
}

impl<'a> Members<'a> {
    /// Reads an object.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, BodyError> {
        let text =
            std::str::from_utf8(bytes).map_err(|_| BodyError::Syntax("it is not valid UTF-8".to_owned()))?;
        if !text.trim_start_matches(JSON_BLANKS).starts_with('{') {
            return match serde_json::from_str::<&RawValue>(text) {
                Ok(_) => Err(BodyError::NotAnObject),
                Err(error) => Err(BodyError::Syntax(error.to_string())),
            };
        }
        let mut json = serde_json::Deserializer::from_str(text);
        let pairs = json
            .deserialize_map(Pairs)
            .and_then(|pairs| json.end().map(|()| pairs))
            .map_err(|error| BodyError::Syntax(error.to_string()))?;
        Ok(Self::from_pairs(text, pairs))
    }

    /// An object made of fields that are all strings, as a form's are.
    pub fn from_fields<K: Into<String>, V: AsRef<str>>(fields: impl IntoIterator<Item = (K, V)>) -> Self {
        let mut object = Self { members: Vec::new(), unchanged: None, tail: "}" };
        for (key, value) in fields {
            object.push(key.into(), json_text(value.as_ref()));
        }
        object
    }

    fn from_pairs(text: &'a str, pairs: Vec<(Cow<'a, str>, &'a RawValue)>) -> Self {
        let mut members = Vec::with_capacity(pairs.len());
        // Values are slices of `text`, so what lies between them is what their addresses leave out.
        let mut end = text.find('{').map_or(0, |at| at + 1);
        for (key, raw) in pairs {
            let start = offset(text, raw.get());
            let lead = &text[end..start];
            let lead =
                if members.is_empty() { lead } else { lead.split_once(',').map_or(lead, |(_, after)| after) };
            end = start + raw.get().len();
            members.push(Member { key, lead: lead.into(), value: raw.get().into() });
        }
        Self { members, unchanged: Some(text), tail: text[end..].trim_end_matches(JSON_BLANKS) }
    }

    /// The keys, in order, duplicates included.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.members.iter().map(|member| &*member.key)
    }

    /// The JSON text of a member; of the last one if it is repeated, as most readers have it.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.members.iter().rev().find(|member| member.key == key).map(|member| &*member.value)
    }

    /// The same, with `null` counting as absent.
    pub fn present(&self, key: &str) -> Option<&str> {
        self.get(key).filter(|value| *value != "null")
    }

    /// The value of a member that is a string.
    pub fn string(&self, key: &str) -> Option<String> {
        serde_json::from_str(self.get(key)?).ok()
    }

    /// Whether a key occurs more than once, which different readers understand differently.
    pub fn is_repeated(&self, key: &str) -> bool {
        self.keys().filter(|k| *k == key).nth(1).is_some()
    }

    /// Gives a member the value, at its first place or else at the end; it is single afterwards.
    pub fn set(&mut self, key: &str, value: &(impl Serialize + ?Sized)) {
        self.set_text(key, json_text(value));
    }

    /// The same with JSON text. A value that is already there in these very bytes stays untouched.
    pub fn set_text(&mut self, key: &str, value: String) {
        if !self.is_repeated(key) && self.get(key) == Some(&*value) {
            return;
        }
        self.unchanged = None;
        let Some(first) = self.members.iter().position(|member| member.key == key) else {
            return self.push(key.to_owned(), value);
        };
        self.members[first].value = value.into();
        let mut at = 0;
        self.members.retain(|member| {
            at += 1;
            at - 1 <= first || member.key != key
        });
    }

    /// Changes the members of an object that is a member; one that is missing, or is no object, is begun.
    pub(crate) fn edit(&mut self, key: &str, edit: impl FnOnce(&mut Members<'_>)) {
        let text = self.get(key).unwrap_or("{}").to_owned();
        let mut object =
            Members::parse(text.as_bytes()).unwrap_or_else(|_| Members::from_fields([("", ""); 0]));
        edit(&mut object);
        self.set_text(key, object.changed_text().unwrap_or(text));
    }

    /// Removes a member; says whether it was there.
    pub fn remove(&mut self, key: &str) -> bool {
        let before = self.members.len();
        self.members.retain(|member| member.key != key);
        let removed = self.members.len() < before;
        if removed {
            self.unchanged = None;
        }
        removed
    }

    /// Renames a member, value and place kept. A member that already has the new name gives way.
    pub fn rename(&mut self, from: &str, to: &str) {
        let Some(value) = self.get(from).map(str::to_owned) else { return };
        self.remove(to);
        self.set_text(from, value);
        for member in self.members.iter_mut().filter(|member| member.key == from) {
            member.lead = key_text(to).into();
            member.key = Cow::Owned(to.to_owned());
            self.unchanged = None;
        }
    }

    /// Removes the members that are not wanted, by key and JSON text.
    pub(crate) fn retain(&mut self, wanted: impl Fn(&str, &str) -> bool) {
        let before = self.members.len();
        self.members.retain(|member| wanted(&member.key, &member.value));
        if self.members.len() < before {
            self.unchanged = None;
        }
    }

    /// Removes the members whose key is not wanted; returns those keys, in order, each once.
    pub fn keep_only(&mut self, wanted: impl Fn(&str) -> bool) -> Vec<String> {
        let mut known = HashSet::new();
        let mut dropped = Vec::new();
        self.members.retain(|member| {
            let keep = wanted(&member.key);
            if !keep && known.insert(member.key.clone()) {
                dropped.push(member.key.clone().into_owned());
            }
            keep
        });
        if !dropped.is_empty() {
            self.unchanged = None;
        }
        dropped
    }

    /// The object's text: the original bytes if nothing changed.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.changed_text().unwrap_or_else(|| self.unchanged.unwrap_or("{}").to_owned()).into_bytes()
    }

    /// The object's text if it is not the original.
    pub(crate) fn changed_text(&self) -> Option<String> {
        if self.unchanged.is_some() {
            return None;
        }
        let length: usize = self.members.iter().map(|m| m.lead.len() + m.value.len() + 1).sum();
        let mut text = String::with_capacity(length + self.tail.len() + 1);
        text.push('{');
        for (at, member) in self.members.iter().enumerate() {
            if at > 0 {
                text.push(',');
            }
            text.push_str(&member.lead);
            text.push_str(&member.value);
        }
        text.push_str(self.tail);
        Some(text)
    }

    fn push(&mut self, key: String, value: String) {
        self.unchanged = None;
        let lead = key_text(&key).into();
        self.members.push(Member { key: key.into(), lead, value: value.into() });
    }
}

const JSON_BLANKS: [char; 4] = [' ', '\t', '\n', '\r'];

fn key_text(key: &str) -> String {
    json_text(key) + ":"
}

/// JSON text of a value that has one; `null` of one that has none (a map with keys that are no strings).
pub(crate) fn json_text(value: &(impl Serialize + ?Sized)) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned())
}

/// Whether JSON text is an array with at least one item.
pub fn is_filled_array(text: &str) -> bool {
    text.strip_prefix('[').is_some_and(|rest| !rest.trim_start_matches(JSON_BLANKS).starts_with(']'))
}

/// The item of a JSON array that has exactly one.
pub(crate) fn only_item(array: &str) -> Option<&str> {
    let mut only = None;
    each_item(array, &mut |item| only.replace(item).is_none()).then_some(only).flatten()
}

/// A JSON array with the items that `map` has a new text for replaced; nothing if there are none, or
/// if the text is no array. Takes no memory beyond the new text, whatever the number of items.
pub(crate) fn map_items(array: &str, mut map: impl FnMut(&str) -> Option<String>) -> Option<String> {
    let mut mapped = String::new();
    let mut copied = 0;
    let is_array = each_item(array, &mut |item| {
        if let Some(text) = map(item) {
            let start = offset(array, item);
            mapped.push_str(&array[copied..start]);
            mapped.push_str(&text);
            copied = start + item.len();
        }
        true
    });
    mapped.push_str(&array[copied..]);
    (is_array && copied > 0).then_some(mapped)
}

/// Calls `visit` with the text of each item until it returns false; says whether it got to the end.
pub(crate) fn each_item<'a>(array: &'a str, visit: &mut dyn FnMut(&'a str) -> bool) -> bool {
    serde_json::Deserializer::from_str(array).deserialize_seq(Items(visit)).is_ok()
}

/// Where `part`, a slice of `text`, starts in it.
pub(crate) fn offset(text: &str, part: &str) -> usize {
    part.as_ptr().addr() - text.as_ptr().addr()
}

struct Items<'a, 'f>(&'f mut dyn FnMut(&'a str) -> bool);

impl<'de> Visitor<'de> for Items<'de, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while let Some(item) = seq.next_element::<&RawValue>()? {
            if !(self.0)(item.get()) {
                return Err(serde::de::Error::custom("enough"));
            }
        }
        Ok(())
    }
}

/// How many members an object may have at its top. No API has a tenth of it, and a body of nothing
/// but tiny members would take far more memory than its bytes.
pub const MAX_MEMBERS: usize = 4096;

/// Reads (key, raw value) pairs.
struct Pairs;

#[derive(Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de> Visitor<'de> for Pairs {
    type Value = Vec<(Cow<'de, str>, &'de RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut pairs = Vec::new();
        while let Some(Key(key)) = map.next_key()? {
            if pairs.len() == MAX_MEMBERS {
                return Err(serde::de::Error::custom(format!("more than {MAX_MEMBERS} members")));
            }
            pairs.push((key, map.next_value()?));
        }
        Ok(pairs)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn text(members: &Members<'_>) -> String {
        String::from_utf8(members.to_bytes()).unwrap()
    }

    #[test]
    fn an_unchanged_body_is_returned_as_it_came() {
        for body in [
            "{}",
            " { } ",
            "{\"a\" : 1 , \"a\":2}\n",
            "{\"m\\u006fdel\":\"x\", \"n\":123456789012345678901234567890}",
        ] {
            let mut members = Members::parse(body.as_bytes()).unwrap();
            assert_eq!(text(&members), body);
            members.remove("absent");
            members.keep_only(|_| true);
            assert_eq!(text(&members), body);
        }
    }

    #[test]
    fn edits_leave_the_other_members_alone() {
        let body = br#"{ "big": 12345678901234567890.10, "mod\u0065l": "a", "z" :[1, 2] }"#;
        let mut members = Members::parse(body).unwrap();
        assert_eq!(members.string("model").as_deref(), Some("a"));
        members.set("model", "b\"");
        members.set("stream", &true);
        assert_eq!(
            text(&members),
            r#"{ "big": 12345678901234567890.10, "mod\u0065l": "b\"", "z" :[1, 2],"stream":true }"#
        );
        members.remove("big");
        members.rename("z", "y");
        assert_eq!(text(&members), r#"{ "mod\u0065l": "b\"","y":[1, 2],"stream":true }"#);
    }

    #[test]
    fn a_value_that_is_already_there_is_not_written_again() {
        let body = br#"{"stream":  false , "model":"m"}"#;
        let mut members = Members::parse(body).unwrap();
        members.set("stream", &false);
        members.set("model", "m");
        assert_eq!(members.to_bytes(), body);
    }

    #[test]
    fn repeated_members_are_seen_and_become_one() {
        let mut members = Members::parse(br#"{"model":"a","x":1,"model":"b"}"#).unwrap();
        assert!(members.is_repeated("model") && !members.is_repeated("x"));
        assert_eq!(members.string("model").as_deref(), Some("b"));
        members.set("model", "b");
        assert_eq!(text(&members), r#"{"model":"b","x":1}"#);
    }

    #[test]
    fn fields_become_strings() {
        let members = Members::from_fields([("prompt", "a\"b"), ("model", "m")]);
        assert_eq!(text(&members), r#"{"prompt":"a\"b","model":"m"}"#);
        assert_eq!(text(&Members::from_fields::<&str, &str>([])), "{}");
    }

    #[test]
    fn what_is_no_object_is_refused() {
        assert_eq!(Members::parse(b"[1]"), Err(BodyError::NotAnObject));
        assert_eq!(Members::parse(b" \"{}\" "), Err(BodyError::NotAnObject));
        for body in
            [&b""[..], b"{", b"{}x", b"{\"a\":}", b"\xff", b"{\"a\":\"\xff\"}", b"{a:1}", b"\xef\xbb\xbf{}"]
        {
            assert!(matches!(Members::parse(body), Err(BodyError::Syntax(_))), "{body:?}");
        }
    }

    #[test]
    fn depth_costs_no_stack() {
        let body = format!("{{\"a\":{}{}}}", "[".repeat(1_000_000), "]".repeat(1_000_000));
        let mut members = Members::parse(body.as_bytes()).unwrap();
        members.set("b", &1);
        assert_eq!(members.to_bytes().len(), body.len() + 6);
    }

    #[test]
    fn a_swarm_of_members_is_refused() {
        let members = |count: usize| format!("{{{}\"z\":0}}", "\"a\":1,".repeat(count - 1));
        assert!(Members::parse(members(MAX_MEMBERS).as_bytes()).is_ok());
        assert!(Members::parse(members(MAX_MEMBERS + 1).as_bytes()).is_err());
    }

    #[test]
    fn items_are_replaced_in_place() {
        let double = |item: &str| item.parse::<i64>().ok().map(|n| (n * 2).to_string());
        assert_eq!(map_items("[ 1 ,\"x\", 2]", double).as_deref(), Some("[ 2 ,\"x\", 4]"));
        for unchanged in ["[]", "[\"x\"]", "{}", "1", "[1,"] {
            assert_eq!(map_items(unchanged, double), None, "{unchanged}");
        }
        assert_eq!(
            (only_item("[ 7 ]"), only_item("[]"), only_item("[1,2]"), only_item("1")),
            (Some("7"), None, None, None)
        );
        let filled: Vec<_> = ["[1]", "[ 1]", "[]", "[ \n]", "{}", "\"[1]\""].map(is_filled_array).into();
        assert_eq!(filled, [true, true, false, false, false, false]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn an_edit_changes_one_member_and_no_byte_of_another(
            keys in proptest::collection::vec("[a-d\"\\\\é]{0,2}", 0..6),
            key in "[a-d\"\\\\é]{0,2}",
            blanks in "[ \n]{0,2}",
            value in any::<i64>(),
        ) {
            let pairs: Vec<_> = keys
                .iter()
                .enumerate()
                .map(|(at, key)| format!("{blanks}{}{blanks}:{blanks}{{\"v\" :{at}.0}}{blanks}", json_text(key)))
                .collect();
            let body = format!("{{{}}}", pairs.join(","));
            let mut members = Members::parse(body.as_bytes()).unwrap();
            members.set(&key, &value);
            let edited = text(&members);
            let again = Members::parse(edited.as_bytes()).unwrap();
            prop_assert_eq!(again.get(&key), Some(&*value.to_string()));
            prop_assert!(!again.is_repeated(&key));
            for (at, other) in keys.iter().enumerate().filter(|(_, other)| **other != key) {
                let member = format!("{}{blanks}:{blanks}{{\"v\" :{at}.0}}", json_text(other));
                prop_assert!(edited.contains(&member), "{edited} lacks {member}");
            }
            members.remove(&key);
            let removed = text(&members);
            let value: Value = serde_json::from_str(&removed).unwrap();
            prop_assert!(value.get(&key).is_none());
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = Members::parse(&bytes);
        }
    }
}
