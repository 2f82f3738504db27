//! `$'…'`, the quotes with escapes in which browsers copy commands, said with plain quotes.

use std::{iter::Peekable, str::Chars};

/// The line with every `$'…'` in plain quotes.
pub fn plain(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut chars = line.chars().peekable();
    let mut open = None;
    while let Some(c) = chars.next() {
        if c == '$' && open.is_none() && chars.next_if_eq(&'\'').is_some() {
            out.push_str(&quoted(&mut chars));
            continue;
        }
        out.push(c);
        match (open, c) {
            (None, '\'' | '"') => open = Some(c),
            (None | Some('"'), '\\') => out.extend(chars.next()),
            _ if open == Some(c) => open = None,
            _ => {}
        }
    }
    out
}

/// The rest of a `$'…'` in plain quotes; without the last one if it is not closed.
fn quoted(chars: &mut Peekable<Chars<'_>>) -> String {
    let mut text = String::from("'");
    while let Some(c) = chars.next() {
        let c = match c {
            '\'' => return text + "'",
            '\\' => match chars.next() {
                Some('n') => '\n',
                Some('r') => '\r',
                Some('t') => '\t',
                Some('x') => code(chars, 2),
                Some('u') => code(chars, 4),
                Some('U') => code(chars, 8),
                Some(c @ ('\\' | '\'' | '"' | '?')) => c,
                other => {
                    text.push('\\');
                    text.extend(other);
                    continue;
                }
            },
            c => c,
        };
        if c == '\'' { text.push_str("'\\''") } else { text.push(c) }
    }
    text
}

/// The character whose number follows in up to `digits` hexadecimal digits.
fn code(chars: &mut Peekable<Chars<'_>>, digits: usize) -> char {
    let number = (0..digits)
        .map_while(|_| chars.next_if(char::is_ascii_hexdigit)?.to_digit(16))
        .fold(0_u32, |number, digit| (number << 4) | digit);
    char::from_u32(number).unwrap_or(char::REPLACEMENT_CHARACTER)
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn escapes_are_undone_and_nothing_else_is_touched() {
        for (line, words) in [
            (r#"curl -d $'{"a":"it\'s\u0021\n\\"}' x"#, vec!["curl", "-d", "{\"a\":\"it's!\n\\\"}", "x"]),
            (r#"a$'\x41\xe9\q'b"#, vec!["aA\u{e9}\\qb"]),
            (r#"'$' "$'x'" \$'y' $z"#, vec!["$", "$'x'", "$y", "$z"]),
            (r#"'a\' $'b'"#, vec!["a\\", "b"]),
        ] {
            assert_eq!(shlex::split(&plain(line)).unwrap(), words, "{line}");
        }
        assert_eq!(shlex::split(&plain("curl $'x")), None);
    }
}
