//! The keys of consumers, which are never part of a message, and what clients without one are told.

use super::{Fault, Verdict};
use crate::key_digest;

/// A key: text that a client can send, or its digest.
pub(super) fn key(text: &str) -> Verdict {
    if key_digest::looks_like_digest(text) && key_digest::parse(text).is_none() {
        return Err(Fault::new(
            0..text.len(),
            "a key that begins `sha256:` is a digest, and this is none",
            "write `sha256:` and 64 hexadecimal digits, such as `printf %s KEY | sha256sum` prints",
        ));
    }
    if text.trim() != text || text.chars().any(char::is_control) {
        return Err(Fault::new(
            0..text.len(),
            "no client can send this key in a header: it has a control character, or a blank at an end",
            "write the key without them; a block scalar (`|`) ends with a line break, `|-` does not",
        ));
    }
    Ok(())
}

/// The realm of a challenge, which stands in quotes in a header.
pub(super) fn realm(text: &str) -> Verdict {
    let fits = |c: char| (' '..='~').contains(&c) && c != '"' && c != '\\';
    match text.char_indices().find(|(_, c)| !fits(*c)) {
        None => Ok(()),
        Some((at, c)) => Err(Fault::at(
            text,
            at,
            format!("a realm cannot contain U+{:04X}", u32::from(c)),
            "use printable ASCII characters other than `\"` and `\\`",
        )),
    }
}
