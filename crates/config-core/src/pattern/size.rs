//! Whether a pattern stays under the `regex` crate's limit of 10 MiB.
//!
//! Compiling is what tells, but takes ten times as long as parsing. A bound on the size of the
//! program clears nearly every pattern without it.

use regex_syntax::{
    hir::{Class, Hir, HirKind},
    utf8::Utf8Sequences,
};

use super::PatternError;

const LIMIT: u64 = 10 << 20;

/// More than one state of the program takes, with its transition.
const STATE: u64 = 96;

/// How many patterns of a file are compiled to know their size, each of which may take as long as
/// reading a megabyte.
pub const MAX_COMPILED: u32 = 100;

/// Refuses `rewritten` exactly if the `regex` crate does, and once `compiled` patterns have had to be
/// compiled to know, every one that would have to be.
pub fn check(rewritten: &str, hir: &Hir, compiled: &mut u32) -> Result<(), PatternError> {
    if bound(hir) < LIMIT {
        return Ok(());
    }
    if *compiled == MAX_COMPILED {
        return Err(PatternError {
            message: format!("the file has more than {MAX_COMPILED} patterns that may exceed the limit of 10 MiB"),
            range: None,
            help: Some(
                "shorten counted repetitions such as `{100}`, or let patterns end alike: an ending counts once"
                    .to_owned(),
            ),
        });
    }
    *compiled += 1;
    regex::Regex::new(rewritten).map(|_| ()).map_err(|_| PatternError {
        message: "the compiled pattern exceeds the limit of 10 MiB".to_owned(),
        range: None,
        help: Some(
            "shorten counted repetitions such as `{1000}`, or repeat ASCII classes such as `[0-9]`"
                .to_owned(),
        ),
    })
}

/// At least as many bytes as the program takes.
fn bound(hir: &Hir) -> u64 {
    let states = match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => 1,
        HirKind::Literal(literal) => literal.0.len() as u64,
        HirKind::Class(class) => 2 + 4 * sequences(class),
        HirKind::Repetition(repetition) => {
            let copies = repetition.max.unwrap_or(repetition.min).max(repetition.min).max(1);
            return (bound(&repetition.sub) + 4 * STATE).saturating_mul(u64::from(copies));
        }
        HirKind::Capture(capture) => return bound(&capture.sub) + 4 * STATE,
        HirKind::Concat(items) | HirKind::Alternation(items) => {
            return items.iter().fold(2 * STATE, |sum, item| sum.saturating_add(bound(item) + STATE));
        }
    };
    states * STATE
}

/// How many byte sequences the class is made of.
fn sequences(class: &Class) -> u64 {
    match class {
        Class::Unicode(class) => class
            .ranges()
            .iter()
            .map(|range| match range.end().is_ascii() {
                true => 1,
                false => Utf8Sequences::new(range.start(), range.end()).count() as u64,
            })
            .sum(),
        Class::Bytes(class) => class.ranges().len() as u64,
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_COMPILED, check};

    fn checked(pattern: &str, compiled: &mut u32) -> Result<(), String> {
        let hir = regex_syntax::parse(pattern).expect(pattern);
        check(pattern, &hir, compiled).map_err(|error| error.message)
    }

    #[test]
    fn only_so_many_patterns_are_compiled_to_know_their_size() {
        let mut compiled = MAX_COMPILED - 1;
        assert_eq!(checked("\\w{60}", &mut compiled), Ok(()));
        assert_eq!(compiled, MAX_COMPILED);
        let refused = checked("\\w{60}", &mut compiled).expect_err("the limit is reached");
        assert!(refused.contains("more than 100 patterns"), "{refused}");
        assert_eq!(checked("[a-z]{60}", &mut compiled), Ok(()), "a small one passes all the same");
    }
}
