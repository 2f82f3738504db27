//! The names of headers, and the values of a route's header criteria.

use super::{Fault, Verdict};
use crate::pattern::HeaderPattern;

/// The name of a header criterion.
pub(super) fn name(text: &str) -> Verdict {
    if text.eq_ignore_ascii_case("host") {
        return Err(Fault::whole(
            text,
            "cannot be a header criterion",
            "the host has a criterion of its own: write `hosts: […]`",
        ));
    }
    token(text)
}

/// A name of any header, as Kong takes it.
pub(super) fn token(text: &str) -> Verdict {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    match text.char_indices().find(|(_, c)| !fits(*c)) {
        None if text.is_empty() => {
            Err(Fault::new(0..0, "a header name cannot be empty", "write a name such as `x-tier`"))
        }
        None => Ok(()),
        Some((at, c)) => {
            let shown = if c == ' ' { "a space".to_owned() } else { format!("`{}`", c.escape_debug()) };
            let help = match text.strip_suffix(':') {
                Some(name) if name.chars().all(fits) => format!("write `{name}`"),
                _ => "use letters, digits, `-` and `_`".to_owned(),
            };
            Err(Fault::at(text, at, format!("a header name cannot contain {shown}"), help))
        }
    }
}

/// A value of a header criterion, which after `~*` is a regex.
pub(super) fn value(text: &str) -> Verdict {
    let Some(pattern) = text.strip_prefix("~*") else {
        return Ok(());
    };
    HeaderPattern::parse(pattern).map(drop).map_err(|error| {
        let range = error.range.map_or(0..text.len(), |range| range.start + 2..range.end + 2);
        let help = error.help.unwrap_or_else(|| {
            "mend the regex: it has the syntax of the Rust crate `regex` and is put in lower case before it is \
             compiled"
                .to_owned()
        });
        Fault::new(range, format!("the header regex does not compile: {}", error.message), help)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        assert!(name("X-Tier").is_ok() && name("x_1").is_ok());
        assert_eq!(name("Host").unwrap_err().message, "`Host` cannot be a header criterion");
        let fault = name("x-tier:").unwrap_err();
        assert_eq!((fault.range, fault.help.as_str()), (6..7, "write `x-tier`"));
        assert_eq!(name("x tier").unwrap_err().message, "a header name cannot contain a space");
    }

    #[test]
    fn regex_values_compile_once_lower_cased() {
        for text in ["gold", "*", "~*^gold-\\d+$", "~*^\\D+$", "~*(?<n>a)"] {
            assert!(value(text).is_ok(), "{text}");
        }
        for (text, range, reason) in [
            ("~*^(gold", 3..4, "never closed"),
            ("~*(?P<tier>gold)", 4..5, "a header regex is put in lower case"),
            ("~*(?!x)", 2..5, "look-ahead"),
            ("~*\\w{2000}", 0..10, "10 MiB"),
        ] {
            let fault = value(text).expect_err(text);
            assert!(fault.message.contains(reason), "{text}: {}", fault.message);
            assert_eq!(fault.range, range, "{text}");
        }
    }
}
