//! A witness as a command: what a finding says can be seen for oneself.

use std::borrow::Cow;

use config_core::{diagnostic::Witness, source::SourceFile};

/// The command that explains the request, to be pasted into a shell.
pub fn command(source: &SourceFile, witness: &Witness) -> String {
    let mut words = vec![Cow::Borrowed("aiproxy"), Cow::Borrowed("explain"), file(source.name())];
    if witness.method != "POST" {
        words.extend([Cow::Borrowed("-X"), quoted(&witness.method)]);
    }
    for (name, value) in &witness.headers {
        words.extend([Cow::Borrowed("-H"), Cow::Owned(quoted(&format!("{name}: {value}")).into_owned())]);
    }
    if let Some(consumer) = &witness.consumer {
        // With `=`, for a name may begin like an option.
        words.push(Cow::Owned(format!("--consumer={}", quoted(consumer))));
    }
    let url = witness.url();
    words.push(quoted(&url));
    words.join(" ")
}

/// A file as an argument: standard input has a name of its own, and no name is to look like an option.
fn file(name: &str) -> Cow<'_, str> {
    match name {
        "<stdin>" => Cow::Borrowed("-"),
        _ if name.starts_with('-') => Cow::Owned(quoted(&format!("./{name}")).into_owned()),
        _ => quoted(name),
    }
}

/// `word` as POSIX shells read it back: in single quotes unless nothing in it has a meaning to them.
fn quoted(word: &str) -> Cow<'_, str> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"@%+=:,./_-".contains(&byte);
    if !word.is_empty() && word.bytes().all(is_plain) {
        return Cow::Borrowed(word);
    }
    Cow::Owned(format!("'{}'", word.replace('\'', r"'\''")))
}

#[cfg(test)]
mod tests {
    use config_core::plan::request::Scheme;

    use super::*;

    fn witness(path: &str) -> Witness {
        Witness {
            scheme: Scheme::Http,
            sni: None,
            method: "POST".to_owned(),
            path: path.to_owned(),
            headers: Vec::new(),
            consumer: None,
        }
    }

    #[test]
    fn the_command_says_what_differs_from_explain_s_defaults() {
        let file = SourceFile::new("a b.yaml", "");
        assert_eq!(command(&file, &witness("/v1/chat")), "aiproxy explain 'a b.yaml' /v1/chat");
        let tls = Witness {
            scheme: Scheme::Https,
            sni: Some("ai.test".to_owned()),
            method: "GET".to_owned(),
            headers: vec![("x-tier".to_owned(), "it's gold".to_owned())],
            ..witness("/a(b)")
        };
        assert_eq!(
            command(&SourceFile::new("-", ""), &tls),
            r"aiproxy explain ./- -X GET -H 'x-tier: it'\''s gold' 'https://ai.test/a(b)'"
        );
        let address = Witness { sni: None, ..tls };
        assert!(command(&SourceFile::new("<stdin>", ""), &address).starts_with("aiproxy explain - -X GET"));
        assert!(command(&file, &address).ends_with("'https://127.0.0.1/a(b)'"));
    }
}
