//! Keys of clients by their SHA-256 digest: what a gateway compares, and what a file may hold in place of
//! a key as `sha256:` and 64 hexadecimal digits.

use sha2::{Digest as _, Sha256};

/// The SHA-256 digest of a key.
pub type Digest = [u8; 32];

/// How a digest begins in a file.
pub const PREFIX: &str = "sha256:";

/// The digest of a key, byte for byte as a client sends it.
pub fn digest(key: &[u8]) -> Digest {
    Sha256::digest(key).into()
}

/// Whether `text` is meant as a digest, well-formed or not.
pub fn looks_like_digest(text: &str) -> bool {
    text.starts_with(PREFIX)
}

/// The digest that `text` is; `None` if it is none or malformed. The case of its digits makes no
/// difference.
pub fn parse(text: &str) -> Option<Digest> {
    let digits = text.strip_prefix(PREFIX)?.as_bytes();
    let mut digest = Digest::default();
    if digits.len() != 2 * digest.len() {
        return None;
    }
    for (byte, pair) in digest.iter_mut().zip(digits.chunks_exact(2)) {
        let value = |digit: u8| char::from(digit).to_digit(16);
        *byte = u8::try_from(value(pair[0])? * 16 + value(pair[1])?).ok()?;
    }
    Some(digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_64_hexadecimal_digits() {
        // NIST's example for the text `abc`.
        let text = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(parse(text), Some(digest(b"abc")));
        assert_eq!(parse(&text.replace("ba78", "BA78")), Some(digest(b"abc")));
        for text in [&text[..70], &format!("{text}0"), &text.replace("ba78", "+a78"), &text[7..], "sha256:"] {
            assert_eq!(parse(text), None, "{text}");
        }
        assert_eq!(parse(&format!("sha256:{}", "é".repeat(32))), None);
    }
}
