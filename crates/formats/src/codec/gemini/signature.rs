//! The signature of a thought that led to a call. Newer models demand it back with the call on the next
//! turn (Gemini API, Thought signatures), but OpenAI's clients carry nothing of a call except its id: it
//! travels inside that.

use std::borrow::Cow;

use crate::codec::expected::SIGNATURE as MARK;

/// The id for the client, with the signature, if there is any, in URL-safe base64. Of a call without an
/// id of its own the part before the mark is empty.
pub fn sealed(id: &str, signature: &str) -> String {
    if signature.is_empty() {
        return id.to_owned();
    }
    let safe = |c: char| match c {
        '+' => '-',
        '/' => '_',
        c => c,
    };
    let signature: String = signature.trim_end_matches('=').chars().map(safe).collect();
    format!("{id}{MARK}{signature}")
}

/// The provider's id and its signature in standard base64, from an id that a client sends back.
pub fn opened(id: &str) -> (&str, Option<Cow<'_, str>>) {
    let is_safe = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    match id.split_once(MARK) {
        Some((id, signature)) if !signature.is_empty() && signature.bytes().all(is_safe) => {
            let standard = |c: char| match c {
                '-' => '+',
                '_' => '/',
                c => c,
            };
            let padding = signature.len().next_multiple_of(4) - signature.len();
            let standard = signature.chars().map(standard).chain(std::iter::repeat_n('=', padding));
            (id, Some(Cow::Owned(standard.collect())))
        }
        _ => (id, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_survives_the_clients_turn() {
        for signature in ["Ev+/AA==", "EvAB", "a___sig__b==", "AQI="] {
            let standard = signature.replace('_', "/");
            let sealed = sealed("call 1", &standard);
            assert!(sealed.starts_with("call 1__sig__"), "{sealed}");
            assert_eq!(opened(&sealed), ("call 1", Some(standard.into())));
        }
    }

    #[test]
    fn other_ids_are_as_they_are() {
        assert_eq!(sealed("call_1", ""), "call_1");
        for id in ["", "call_1", "call__sig__", "call__sig__a b", "call_sig_a"] {
            assert_eq!(opened(id), (id, None));
        }
    }
}
