//! Taking secrets out of what upstreams say.
//!
//! A refused key is often quoted in the refusal, and what a client reads must not tell it the operator's
//! key: not whole, and not by the ends that a masked quotation leaves (`sk-pr****…wxyz`), which tell
//! which key it is and shorten a search for it.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

/// What stands in place of a secret.
const MASK: &str = "***";

/// Shorter texts are not looked for: they would be found everywhere.
const MIN_SECRET: usize = 4;

/// A word of a secret that is long enough to be a secret of its own, as the key is in `Bearer <key>`.
const MIN_WORD: usize = 8;

/// The text with every quotation of a secret, whole or masked in the middle, replaced by `***`.
///
/// `secrets` are values as they are sent, an authentication scheme included.
pub fn redact<'t>(text: &'t str, secrets: &[&str]) -> Cow<'t, str> {
    let mut text = Cow::Borrowed(text);
    for secret in secrets.iter().flat_map(|secret| needles(secret)) {
        if text.contains(secret) {
            text = Cow::Owned(text.replace(secret, MASK));
        }
        if let Some(masked) = without_masked(&text, secret) {
            text = Cow::Owned(masked);
        }
    }
    text
}

/// Whether any text in JSON, however it is escaped, quotes a secret. Bytes that cannot be read might.
pub(super) fn quotes(json: &[u8], secrets: &[&str]) -> bool {
    let mut json = serde_json::Deserializer::from_slice(json);
    Quotes(secrets).deserialize(&mut json).and_then(|quotes| json.end().map(|()| quotes)).unwrap_or(true)
}

/// What to look for: the secret, the words that it is made of, and the values of those that are named, as
/// those of AWS's signature are (`Credential=…, SignedHeaders=…, Signature=…`).
fn needles(secret: &str) -> impl Iterator<Item = &str> {
    let whole = Some(secret.trim()).filter(|secret| secret.len() >= MIN_SECRET);
    let words = secret.split_whitespace().map(|word| word.trim_end_matches(','));
    let parts = words.flat_map(|word| [Some(word), word.split_once('=').map(|(_, value)| value)]).flatten();
    whole.into_iter().chain(parts.filter(move |part| part.len() >= MIN_WORD && Some(*part) != whole))
}

/// Looks through JSON of any size without keeping any of it.
#[derive(Clone, Copy)]
struct Quotes<'s>(&'s [&'s str]);

impl<'de> DeserializeSeed<'de> for Quotes<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<bool, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Quotes<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_str<E>(self, text: &str) -> Result<bool, E> {
        Ok(redact(text, self.0) != text)
    }

    fn visit_unit<E>(self) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_bool<E>(self, _: bool) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_i64<E>(self, _: i64) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_u64<E>(self, _: u64) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_f64<E>(self, _: f64) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<bool, A::Error> {
        let mut quotes = false;
        while let Some(item) = items.next_element_seed(self)? {
            quotes |= item;
        }
        Ok(quotes)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<bool, A::Error> {
        let mut quotes = false;
        while let Some(name) = members.next_key_seed(self)? {
            quotes |= name | members.next_value_seed(self)?;
        }
        Ok(quotes)
    }
}

/// The text without the words that quote the secret with its middle masked.
fn without_masked(text: &str, secret: &str) -> Option<String> {
    let mut kept = String::new();
    let mut copied = 0;
    for word in text.split(is_delimiter).filter(|word| quotes_masked(word, secret)) {
        let start = word.as_ptr().addr() - text.as_ptr().addr();
        kept.push_str(&text[copied..start]);
        kept.push_str(MASK);
        copied = start + word.len();
    }
    kept.push_str(&text[copied..]);
    (copied > 0).then_some(kept)
}

fn is_delimiter(char: char) -> bool {
    char.is_whitespace() || "\"'`<>()[]{},;:=".contains(char)
}

/// Whether a word is a masked secret: a head and a tail of it, one of them possibly empty, with mask
/// characters between. One letter of agreement is chance, two are taken for a quotation.
fn quotes_masked(word: &str, secret: &str) -> bool {
    let is_mask = |char: char| "*.…•xX".contains(char);
    let Some((head, rest)) = ["**", "..", "…", "••", "xxx", "XXX"]
        .iter()
        .filter_map(|mask| word.find(mask))
        .min()
        .map(|at| word.split_at(at))
    else {
        return false;
    };
    let tail = rest.trim_start_matches(is_mask).trim_end_matches(['.', '!', '?']);
    head.len() + tail.len() >= 2 && secret.starts_with(head) && secret.ends_with(tail)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "sk-proj-AbCdEf0123456789wxyz";

    #[test]
    fn quotations_disappear() {
        let secrets = ["Bearer sk-proj-AbCdEf0123456789wxyz"];
        for (said, told) in [
            ("Incorrect API key provided: sk-proj-AbCdEf0123456789wxyz.", "Incorrect API key provided: ***."),
            (
                "Incorrect API key provided: sk-proj-********wxyz. Find it at https://x.",
                "Incorrect API key provided: *** Find it at https://x.",
            ),
            ("key \"sk-…wxyz\" is revoked", "key \"***\" is revoked"),
            ("key (...wxyz), key=sk-pXXXXXXX, sk-proj...", "key (***), key=***, ***"),
            ("bad header Bearer sk-proj-AbCdEf0123456789wxyz", "bad header ***"),
        ] {
            assert_eq!(redact(said, &secrets), told);
        }
    }

    #[test]
    fn parts_of_a_signature_disappear() {
        let secrets = [
            "AWS4-HMAC-SHA256 Credential=AKIDENV/20250101/x, SignedHeaders=host, Signature=0123456789abcdef",
        ];
        assert_eq!(redact("AKIDENV/20250101/x: 0123456789abcdef is wrong", &secrets), "***: *** is wrong");
        assert_eq!(redact("the signed headers are host", &secrets), "the signed headers are host");
    }

    #[test]
    fn json_quotes_a_secret_in_any_text_of_it() {
        for (json, expected) in [
            (r#"{"a":[1,-2,0.5,1e400,null,true,{"b":"sk-proj-AbCdEf0123456789wxy\u007a"}]}"#, true),
            (r#"{"a":[1,-2,0.5,null,true,{"b":"sk-proj-AbCdEf0123456789wxy\u007a"}]}"#, true),
            (r#"{"sk-proj-AbCdEf0123456789wxyz":1}"#, true),
            (r#"[{"a":[1,-2,18446744073709551615,0.5,null,true,false,{"b":"sk"}]},"c"]"#, false),
            (r#""a""#, false),
            (r#"{"a":1}}"#, true),
            (r#"{"a":"#, true),
        ] {
            assert_eq!(quotes(json.as_bytes(), &[KEY]), expected, "{json}");
        }
        // Too deep to be looked through.
        assert!(quotes("[".repeat(100_000).as_bytes(), &[KEY]));
    }

    #[test]
    fn other_words_stay() {
        for text in ["**bold** ... and so on...", "sk-other-****1234", "wxyz", "sk-proj-", "a..b", ""] {
            assert!(matches!(redact(text, &[KEY, "", "abc"]), Cow::Borrowed(same) if same == text), "{text}");
        }
    }
}
