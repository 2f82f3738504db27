use proptest::prelude::*;
use regex::Regex;

use super::*;

fn pattern(written: &str) -> Pattern {
    Pattern::parse(written).unwrap_or_else(|error| panic!("{written}: {error}"))
}

/// The text with a line of carets under a range of it.
fn underlined(text: &str, range: &Range<usize>) -> String {
    let before = text[..range.start].chars().count();
    let length = text[range.clone()].chars().count().max(1);
    format!("{text}\n{}{}", " ".repeat(before), "^".repeat(length))
}

#[test]
fn errors_say_where_and_what_to_write_instead() {
    let shown: Vec<String> = [
        r"/x(?=y)",
        r"/x(?!y)",
        r"/(?<=x)y",
        r"/(?<!x)y",
        r"/(?<a>x)(?<=y)",
        r"/(a)\1",
        r"/(?<n>a)\k<n>",
        r"/(?>a)",
        r"/(?(1)a|b)",
        r"/(?|a|b)",
        r"/(?#note)",
        r"/(?'n'a)",
        r"/\Qa.b\E",
        r"/a\K",
        r"/\h",
        r"/\R",
        r"/a\Z",
        r"/\e",
        r"/\j",
        r"/{id}",
        r"/users/{id}/chat",
        r"/a{b",
        r"/a{,3}",
        r"/a{}",
        r"/a{3",
        r"/a{3,1}",
        r"/[[]",
        r"/[a",
        r"/(a",
        r"/a)",
        r"/(?<n>a)(?<n>b)",
        r"/(?<1n>a)",
        r"/(?<>a)",
        r"/(?<é!>a)",
        r"/a|*b",
        r"/é(?<m>é)(?=é)",
        r"/[b-a]",
        r"/\pX",
        r"/\w{1000}",
        r"/(?i",
        r"/\",
    ]
    .into_iter()
    .map(|written| {
        let error = Pattern::parse(written).expect_err(written);
        let place = error.range.as_ref().map_or(written.to_owned(), |range| underlined(written, range));
        format!("{place}\n{}\nhelp: {}\n", error.message, error.help.as_deref().unwrap_or("-"))
    })
    .collect();
    insta::assert_snapshot!(shown.join("\n"));
}

#[test]
fn header_patterns_run_in_lower_case() {
    assert!(HeaderPattern::parse(r"^\D+$").unwrap().is_match_lowered("12"));
    assert!(HeaderPattern::parse("OLD-").unwrap().is_match_lowered("gold-1"));
    let shown: Vec<String> = [r"(?P<n>a)", r"a(?=b)", r"[a", r"\pL{", r"\1"]
        .into_iter()
        .map(|written| {
            let error = HeaderPattern::parse(written).expect_err(written);
            let place = error.range.as_ref().map_or(written.to_owned(), |range| underlined(written, range));
            format!("{place}\n{}\nhelp: {}\n", error.message, error.help.as_deref().unwrap_or("-"))
        })
        .collect();
    insta::assert_snapshot!(shown.join("\n"));
}

#[test]
fn pcre_differences_are_found_in_their_places() {
    let shown: Vec<String> = [
        r"/(?<a.b>x)",
        r"/(?<é>x)",
        r"/[^/]++x",
        r"/a**",
        r"/a???x",
        r"/a{70000}",
        r"/(?u)x",
        r"/(?R)x",
        r"/\<x\>",
        r"/\b{start}x",
        r"/\u0041",
        r"/[a-z&&[^b]]",
        r"/[a--b]",
        r"/[^?<]+",
        r"/x\?<y",
        r"/a?<b",
        r"/(?<é[1]>[^?<])\<",
    ]
    .into_iter()
    .map(|written| {
        let pattern = pattern(written);
        let differences = pattern.pcre_differences();
        assert!(!differences.is_empty(), "{written}");
        differences
            .iter()
            .map(|found| {
                let kind = if found.refused { "refused" } else { "differs" };
                format!("{}\n{kind}: {}\n", underlined(written, &found.range), found.message)
            })
            .collect()
    })
    .collect();
    insta::assert_snapshot!(shown.join("\n"));
    for same in [
        r"/(?<model>[^#?/]+)/chat/completions$",
        r"/(?P<a>x)\d+?(?i:b)",
        r"/[[:alpha:]]\x{41}\pL(?:a|b){2,3}{2}",
    ] {
        assert_eq!(pattern(same).pcre_differences(), [], "{same}");
    }
}

#[test]
fn groups_are_placed_in_the_text_as_written() {
    let written = r"/é(?<a>x)(?P<bb>y)(z)\?<(?<c>[^?<])";
    let pattern = pattern(written);
    let shown: Vec<_> = pattern
        .groups()
        .iter()
        .map(|group| {
            (group.name.as_deref(), &written[group.range.clone()], &written[group.name_range.clone()])
        })
        .collect();
    assert_eq!(
        shown,
        [
            (Some("a"), "(?<a>x)", "a"),
            (Some("bb"), "(?P<bb>y)", "bb"),
            (None, "(z)", ""),
            (Some("c"), "(?<c>[^?<])", "c"),
        ]
    );
    assert_eq!(pattern.group("a").map(|group| group.range.clone()), Some(3..10));
    assert_eq!(pattern.group("A"), None);
}

#[test]
fn a_group_is_certain_only_if_every_match_must_set_it() {
    for (written, certain) in [
        ("/(?<m>x)", true),
        ("/(?<m>x)?", false),
        ("/(?<m>x)*", false),
        ("/(?<m>x)+", true),
        ("/(?:(?<m>x)){0}", false),
        ("/(?<m>x){0,2}", false),
        ("/(?<m>x){2}", true),
        ("/(?:(?<m>x))*", false),
        ("/(?:(?<m>)){5}", true),
        ("/(?:(?<m>))*", false),
        ("/(?<m>x)|(?<n>y)", false),
        ("/(?:(?<m>x)|y)", false),
        ("/(?:(?<m>x)|y)+", false),
        ("/(?:(?:(?<m>x)|y)z)+", false),
        ("/(?<m>x|y|)", true),
        ("/(?:(?<m>x)|[a&&b])", false),
        ("/a(?:b(?<m>x))c$", true),
        ("/(?<n>(?<m>x)y)", true),
        ("/(?<n>(?<m>x)y)?", false),
        ("/((?<m>.*))", true),
    ] {
        assert_eq!(pattern(written).group("m").map(|group| group.always), Some(certain), "{written}");
    }
}

#[test]
fn groups_know_what_they_may_hold() {
    for (written, empty, slash, in_loop) in [
        ("/(?<m>[^#?/]+)", false, false, false),
        ("/(?<m>[^#?]+)", false, true, false),
        ("/(?<m>.*)", true, true, false),
        ("/(?<m>a|b|)", true, false, false),
        ("/(?:(?<m>a)/)+", false, false, true),
        ("/(?:(?<m>a)/)?", false, false, false),
        ("/(?<m>a(?:/b)?)", false, true, false),
        (r"/(?<m>\w+\b)", false, false, false),
        (r"/(?<m>^)", true, false, false),
    ] {
        let pattern = pattern(written);
        let group = pattern.group("m").unwrap();
        assert_eq!(
            (group.may_be_empty, group.may_contain_slash, group.in_loop),
            (empty, slash, in_loop),
            "{written}"
        );
    }
}

#[test]
fn ends_are_anchored_wild_or_open() {
    for (written, end) in [
        ("/a$", End::Anchored),
        (r"/a\z", End::Anchored),
        ("/(?:a$|b$)", End::Anchored),
        ("/(?<m>a$)", End::Anchored),
        ("/a$|/b", End::Open),
        ("/a(?:$|/)", End::Open),
        ("/(?m)a$", End::Open),
        ("/a$?", End::Open),
        ("/a", End::Open),
        ("/azure/.*", End::Rest),
        ("/openai/(?<op_path>[^#?]+)", End::Rest),
        ("/(?<m>[^/]+)", End::Open),
        ("/a/.*b", End::Open),
    ] {
        assert_eq!(pattern(written).end(), end, "{written}");
    }
}

#[test]
fn literal_beginnings_are_unescaped_and_stop_at_the_first_syntax() {
    for (written, literal, tail) in [
        ("/a/(?<m>x)$", "/a/", "(?P<m>x)$"),
        (r"/v1\.0\-x/é", "/v1.0-x/é", ""),
        ("/ab+", "/a", "b+"),
        ("/a$", "/a", "$"),
        ("/(?i)a", "/", "(?i)a"),
        ("/a|/b", "", "(?s:.*?)(?:^/a|/b)"),
        ("/(?:a|b)", "/", "(?:a|b)"),
        ("", "", ""),
        ("*", "", "(?s:.*?)(?:^*)"),
    ] {
        let pattern = pattern(written);
        assert_eq!((pattern.literal_prefix(), pattern.tail().as_str()), (literal, tail), "{written}");
        assert_eq!(pattern.has_top_level_alternation(), written.contains("|/"), "{written}");
    }
}

/// Patterns over a few characters, so that random texts match often.
fn any_pattern() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(
        &[
            "a", "b", "/", "", ".", "[ab]", "[^a]", "^", "$", r"\b", "[a&&b]", "é", "(?i)", r"\w", "{",
            "(?=a)", "a**",
        ][..],
    )
    .prop_map(str::to_owned);
    leaf.prop_recursive(5, 40, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(|parts| parts.concat()),
            prop::collection::vec(inner.clone(), 2..4).prop_map(|parts| format!("(?:{})", parts.join("|"))),
            inner.clone().prop_map(|part| format!("({part})")),
            (inner, prop::sample::select(&["?", "*", "+", "{0}", "{2}", "{0,2}", "{1,}", "*?", "??"][..]))
                .prop_map(|(part, repeat)| format!("(?:{part}){repeat}")),
        ]
    })
    .prop_map(name_groups)
}

/// Gives every plain group a name of its own.
fn name_groups(pattern: String) -> String {
    let mut parts = pattern.split("(?").map(|part| part.to_owned()).collect::<Vec<_>>();
    let mut number = 0;
    for part in &mut parts {
        let mut named = String::new();
        for character in part.chars() {
            named.push(character);
            if character == '(' {
                number += 1;
                named.push_str(&format!("?<g{number}>"));
            }
        }
        *part = named;
    }
    format!("/{}", parts.join("(?"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn what_compiles_is_what_kong_compiles(written in any_pattern()) {
        let regex = Regex::new(&format!("^{}", written.replace("?<", "?P<")));
        prop_assert_eq!(Pattern::parse(&written).is_ok(), regex.is_ok());
    }

    #[test]
    fn facts_about_groups_hold_for_every_match(
        written in any_pattern(),
        paths in prop::collection::vec("/[abé/A\n]{0,6}", 1..40),
    ) {
        let Ok(pattern) = Pattern::parse(&written) else { return Ok(()) };
        let regex = Regex::new(&pattern.compiled()).unwrap();
        for path in &paths {
            let Some(found) = regex.captures(path) else { continue };
            if pattern.end() == End::Anchored {
                prop_assert_eq!(found.get(0).map(|whole| whole.end()), Some(path.len()));
            }
            prop_assert!(!pattern.is_anchored() || path.starts_with(pattern.literal_prefix()));
            for (number, group) in (1..).zip(pattern.groups()) {
                match found.get(number) {
                    None => prop_assert!(!group.always, "{} on {}: {}", pattern.written(), path, number),
                    Some(text) => {
                        prop_assert!(group.may_be_empty || !text.is_empty());
                        prop_assert!(group.may_contain_slash || !text.as_str().contains('/'));
                    }
                }
            }
        }
    }

    #[test]
    fn no_text_panics(written in "[/(){}?<>!=|*+\\[\\]^$&~#'PQkbZé0-9,.:\\\\-]{0,24}") {
        let regex = Regex::new(&format!("^{}", written.replace("?<", "?P<")));
        match Pattern::parse(&written) {
            Ok(pattern) => {
                prop_assert!(regex.is_ok());
                for difference in pattern.pcre_differences() {
                    prop_assert!(written.get(difference.range.clone()).is_some());
                }
                for group in pattern.groups() {
                    prop_assert!(written[group.range.clone()].starts_with('('));
                }
            }
            Err(error) => {
                prop_assert!(regex.is_err());
                prop_assert!(error.range.is_none_or(|range| written.get(range).is_some()));
            }
        }
        prop_assert_eq!(HeaderPattern::parse(&written).is_ok(), Regex::new(&written.to_ascii_lowercase()).is_ok());
    }
}
