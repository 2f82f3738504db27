//! The text that every path a pattern matches ends with.

use regex_syntax::hir::{
    Look,
    literal::{ExtractKind, Extractor},
};

/// The text that every match of `regex` ends with, if every match ends where the path does; else
/// nothing. It may begin in the middle of a character.
pub fn required_ending(regex: &str) -> Box<[u8]> {
    let Ok(hir) = regex_syntax::parse(regex) else { return Box::default() };
    if !hir.properties().look_set_suffix().contains(Look::End) {
        return Box::default();
    }
    let endings = Extractor::new().kind(ExtractKind::Suffix).extract(&hir);
    endings.longest_common_suffix().unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ending_is_required_only_where_the_match_ends_with_the_path() {
        for (regex, ending) in [
            ("[^/]+/chat/completions$", "/chat/completions"),
            ("[^/]+/chat/completions", ""),
            ("[^/]+/(?P<op>chat|responses)$", ""),
            ("[^/]+/(?P<op>chat|old-chat)$", "chat"),
            ("(?P<rest>.*)$", ""),
            ("x(?:/chat)?$", ""),
            ("x/chat$|y/chat", ""),
            ("x/chat$|y/chat$", "/chat"),
            ("(?m)x/chat$", ""),
            ("(?i)x/chat$", ""),
            ("x/é$", "/é"),
            ("$", ""),
            ("a{500}$", "a"),
            ("(", ""),
        ] {
            let found = required_ending(regex);
            assert!(found.ends_with(ending.as_bytes()), "{regex}: {found:?}");
            assert!(!ending.is_empty() || found.is_empty(), "{regex}: {found:?}");
        }
    }
}
