//! The forms of ids, names, tags, methods and prefixes.

use super::{Fault, Verdict};

/// The id of an entity.
pub(super) fn uuid(text: &str) -> Verdict {
    id(text, "or leave `id` out: it follows from the name")
}

/// The id of a certificate that a service trusts.
pub(super) fn certificate_id(text: &str) -> Verdict {
    id(text, "the `id` of one of the `ca_certificates`")
}

/// A UUID of 36 characters, in either case.
fn id(text: &str, advice: &str) -> Verdict {
    let hyphens = [8, 13, 18, 23];
    let fits = |(at, byte): (usize, u8)| match hyphens.contains(&at) {
        true => byte == b'-',
        false => byte.is_ascii_hexdigit(),
    };
    if text.len() == 36 && text.bytes().enumerate().all(fits) {
        return Ok(());
    }
    Err(Fault::whole(
        text,
        "is not a UUID",
        format!("write 32 hex digits as `481a9539-f49c-51b6-b2e2-fe99ee68866c`, {advice}"),
    ))
}

/// A name of a service, route or plugin instance.
pub(super) fn name(text: &str) -> Verdict {
    let fits = |c: char| !c.is_ascii() || c.is_ascii_alphanumeric() || "._~-".contains(c);
    refuse(text, "a name", fits, |text| {
        let words: Vec<_> = text.split(|c| !fits(c)).filter(|word| !word.is_empty()).collect();
        let mended = if words.is_empty() { "my-name".to_owned() } else { words.join("-") };
        format!("use letters, digits, `.`, `-`, `_` and `~`, as in `{mended}`")
    })
}

/// A tag.
pub(super) fn tag(text: &str) -> Verdict {
    let fits = |c: char| !c.is_ascii() || ((' '..='~').contains(&c) && c != ',' && c != '/');
    refuse(text, "a tag", fits, |_| "leave out commas, slashes and control characters".to_owned())
}

const BETWEEN_WORDS: [char; 3] = [',', ' ', '|'];

fn is_list_of_words(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_uppercase())
        && text.bytes().all(|byte| byte.is_ascii_uppercase() || BETWEEN_WORDS.contains(&char::from(byte)))
}

/// A request method.
pub(super) fn method(text: &str) -> Verdict {
    if text.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Ok(());
    }
    let upper = text.trim().to_ascii_uppercase();
    let help = if !upper.is_empty() && upper.bytes().all(|byte| byte.is_ascii_uppercase()) {
        format!("methods are compared letter by letter: write `{upper}`")
    } else if is_list_of_words(&upper) {
        let words: Vec<_> = upper.split(BETWEEN_WORDS).filter(|word| !word.is_empty()).collect();
        format!("write each method as an item of its own: `methods: [{}]`", words.join(", "))
    } else {
        "leave `methods` out to take this one too: it takes every method then".to_owned()
    };
    Err(Fault::whole(text, "is not a request method: Kong takes the letters A to Z only", help))
}

/// The word that references to a vault use.
pub(super) fn vault_prefix(text: &str) -> Verdict {
    if VAULT_TYPES.contains(&text) {
        return Err(Fault::whole(
            text,
            "is a vault type, and cannot be a vault's prefix too",
            format!("choose a word of your own, as in `my-{text}`"),
        ));
    }
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let help = "use small letters, digits and `-`, starting with a letter and ending with a letter or digit";
    refuse(text, "a vault prefix", fits, |_| help.to_owned())?;
    let edges = text.starts_with(|c: char| c.is_ascii_lowercase()) && !text.ends_with('-') && text.len() >= 2;
    if edges { Ok(()) } else { Err(Fault::whole(text, "is not a vault prefix", help)) }
}

/// What an `env` vault puts before variable names.
pub(super) fn env_prefix(text: &str) -> Verdict {
    let help = "use letters, digits, `_` and `-`, not starting with a digit, as in `AI_`";
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    refuse(text, "the start of a variable's name", fits, |_| help.to_owned())?;
    match text.starts_with(|c: char| c.is_ascii_digit()) {
        true => Err(Fault::at(text, 0, "the start of a variable's name cannot be a digit", help)),
        false => Ok(()),
    }
}

/// The vault types of Kong; all but the first are of its Enterprise edition.
pub(in crate::rules) const VAULT_TYPES: [&str; 6] = ["env", "aws", "azure", "conjur", "gcp", "hcv"];

/// The type of a vault.
pub(super) fn vault_type(text: &str) -> Verdict {
    match VAULT_TYPES.contains(&text) {
        true => Ok(()),
        false => Err(Fault::whole(
            text,
            "is not a vault type",
            "write `env`, which reads environment variables; the word that references use is the `prefix`",
        )),
    }
}

/// Reports the first character of `text` that does not fit into `what`.
fn refuse(text: &str, what: &str, fits: impl Fn(char) -> bool, help: impl FnOnce(&str) -> String) -> Verdict {
    match text.char_indices().find(|(_, c)| !fits(*c)) {
        None => Ok(()),
        Some((at, c)) => Err(Fault::at(text, at, format!("{what} cannot contain {}", shown(c)), help(text))),
    }
}

/// A character as a message can print it.
fn shown(c: char) -> String {
    match c {
        ' ' => "a space".to_owned(),
        '`' => "a backquote".to_owned(),
        c if c.is_control() => format!("the control character U+{:04X}", u32::from(c)),
        c => format!("`{c}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Form;
    use super::*;

    #[test]
    fn accepts_what_kong_accepts() {
        assert!(uuid("481A9539-f49c-51b6-b2e2-fe99ee68866c").is_ok());
        for text in ["openai-chat", "a.b_c~d-1", "größe", "9"] {
            assert!(name(text).is_ok(), "{text}");
        }
        for text in ["team a", "größe", "a:b"] {
            assert!(tag(text).is_ok(), "{text}");
        }
        assert!(method("POST").is_ok() && method("PROPFIND").is_ok());
        assert!(vault_prefix("my-env2").is_ok() && env_prefix("AI_").is_ok() && env_prefix("-x").is_ok());
    }

    #[test]
    fn points_at_what_does_not_fit() {
        let cases: &[(Form, &str, std::ops::Range<usize>, &str)] = &[
            (
                uuid,
                "481a9539f49c51b6b2e2fe99ee68866c",
                0..32,
                "`481a9539f49c51b6b2e2fe99ee68866c` is not a UUID",
            ),
            (
                uuid,
                "481a9539-f49c-51b6-b2e2-fe99ee68866g",
                0..36,
                "`481a9539-f49c-51b6-b2e2-fe99ee68866g` is not a UUID",
            ),
            (name, "äb c", 3..4, "a name cannot contain a space"),
            (name, "a/b", 1..2, "a name cannot contain `/`"),
            (tag, "a,b", 1..2, "a tag cannot contain `,`"),
            (tag, "a\tb", 1..2, "a tag cannot contain the control character U+0009"),
            (method, "get", 0..3, "`get` is not a request method: Kong takes the letters A to Z only"),
            (
                method,
                "M-SEARCH",
                0..8,
                "`M-SEARCH` is not a request method: Kong takes the letters A to Z only",
            ),
            (vault_prefix, "env", 0..3, "`env` is a vault type, and cannot be a vault's prefix too"),
            (vault_prefix, "my_env", 2..3, "a vault prefix cannot contain `_`"),
            (vault_prefix, "a", 0..1, "`a` is not a vault prefix"),
            (vault_prefix, "a-", 0..2, "`a-` is not a vault prefix"),
            (env_prefix, "1A", 0..1, "the start of a variable's name cannot be a digit"),
            (vault_type, "environment", 0..11, "`environment` is not a vault type"),
        ];
        for (form, text, range, message) in cases {
            let fault = form(text).expect_err(text);
            assert_eq!((fault.range, fault.message.as_str()), (range.clone(), *message), "{text}");
        }
        assert_eq!(method("get").unwrap_err().help, "methods are compared letter by letter: write `GET`");
    }
}
