//! What of a URL may be logged.

use std::borrow::Cow;

/// Arguments whose values say nothing about anybody and are worth having in a log.
const HARMLESS: [&str; 8] = ["after", "alt", "api-version", "before", "limit", "order", "purpose", "stream"];

/// A request target or a URL for showing: the values of its query are masked, unless their names are
/// known to be harmless.
pub fn masked(target: &[u8]) -> String {
    let target = String::from_utf8_lossy(target);
    let Some((path, query)) = target.split_once('?') else { return target.into_owned() };
    let arguments = query.split('&').map(|argument| match argument.split_once('=') {
        Some((name, value)) if !value.is_empty() && !HARMLESS.contains(&name) => {
            Cow::Owned(format!("{name}=***"))
        }
        Some(_) => Cow::Borrowed(argument),
        // Without a name nothing says that it is harmless.
        None if argument.is_empty() => Cow::Borrowed(argument),
        None => Cow::Borrowed("***"),
    });
    format!("{path}?{}", arguments.collect::<Vec<_>>().join("&"))
}

#[cfg(test)]
mod tests {
    use super::masked;

    #[test]
    fn only_values_of_harmless_arguments_are_shown() {
        for (target, shown) in [
            ("/a", "/a"),
            ("/a?", "/a?"),
            ("/a?api-version=2024-10-21&key=sk-1", "/a?api-version=2024-10-21&key=***"),
            ("/a?sk-1", "/a?***"),
            ("/a?k=&&x=1?y=2", "/a?k=&&x=***"),
            ("/a?API-VERSION=1&limit=10", "/a?API-VERSION=***&limit=10"),
            ("https://h/a?b=c#d", "https://h/a?b=***"),
        ] {
            assert_eq!(masked(target.as_bytes()), shown);
        }
        assert_eq!(masked(b"/\xff?\xff=\xff"), "/\u{fffd}?\u{fffd}=***");
    }
}
