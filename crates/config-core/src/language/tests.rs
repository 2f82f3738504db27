use super::{
    capture::{Captures, Outcome, Texts},
    *,
};

fn pattern(written: &str) -> Pattern {
    Pattern::parse(written).unwrap_or_else(|error| panic!("{written}: {error}"))
}

/// The answer to a question about paths as a route lists them: `~` and a regex, `*` and an ending, a
/// prefix, or nothing for every path.
fn find(all: &[&str], none: &[&str]) -> Result<Option<String>, Undecided> {
    let patterns: Vec<Option<Pattern>> =
        all.iter().chain(none).map(|path| path.strip_prefix('~').map(pattern)).collect();
    let sets = all.iter().chain(none).zip(&patterns).map(|(path, pattern)| match pattern {
        Some(pattern) => Paths::Regex(pattern),
        None if path.is_empty() => Paths::Any,
        None => path.strip_prefix('*').map_or(Paths::Prefix(path), Paths::Ending),
    });
    let languages = Languages::new(sets);
    let ids: Vec<PathsId> = (0..).take(patterns.len()).map(PathsId).collect();
    let (all, none) = ids.split_at(all.len());
    languages.find(all, none)
}

#[test]
fn the_shortest_path_is_found_and_of_those_the_most_readable() {
    const CHAT: &str = "~/(?<model>[^#?/]+)/chat/completions$";
    for (all, none, found) in [
        (&[""][..], &[][..], Some("/")),
        (&[CHAT], &[], Some("/a/chat/completions")),
        (&[CHAT, "~/azure/.*"], &[], Some("/azure/chat/completions")),
        (&["~/azure/.*"], &[CHAT], Some("/azure/")),
        (&["~/azure/.*"], &["~/azure/.*"], None),
        (&["~/cohere/(?<model>[^#?/]+)/chat/completions$", CHAT], &[], None),
        (&["~/mistral(?<model>[^#?/]+)/chat/completions$"], &[], Some("/mistrala/chat/completions")),
        (&["~/mistral(?<model>[^#?/]+)/chat/completions$"], &[CHAT], None),
        (&["~/openai/(?<op_path>[^#?]+)"], &[], Some("/openai/a")),
        (&["~/openai/(?<op_path>[^#?]+)", "*/chat/completions"], &[CHAT], Some("/openai/a/chat/completions")),
        (&["~/a|/b"], &["~/a", "/b"], Some("/c/b")),
        (&["~/a|/b"], &["/a"], Some("/b")),
        (&["/ai"], &["/ai/"], Some("/ai")),
        (&["/ai/"], &["/ai"], None),
        (&["/ai"], &["/ai/x", "~/ai/?$"], Some("/aia")),
        (&["/ai", "/v1"], &[], None),
        (&["~/a$/b"], &[], None),
        (&["~/a\\?b"], &[], None),
        (&["~/a//b"], &[], None),
        (&["~/a/\\.\\./b"], &[], None),
        (&["/a/../b"], &[], None),
        (&["/a/..b"], &[], Some("/a/..b")),
        (&["~/m/(?<model>[^?<]+)$"], &["~/m/[a-zA-Z0-9]"], Some("/m/-")),
        (&["~/(?i)k$"], &["/k", "/K"], Some("/\u{212a}")),
        (&["~/x\\b"], &["~/x$", "~/x[-/.]"], Some("/x~")),
        (&["~/x\\B"], &[], Some("/xa")),
        (&["~/\\d\\d$"], &["~/[0-9]+$"], Some("/0\u{660}")),
        (&["~/[^a-z]$"], &["~/[!-~]$"], Some("/é")),
        (&["~/(?m)a$"], &["~/a$"], Some("/a\n")),
        (&["~/a{3,}$"], &["~/(?:aa)+$"], Some("/aaa")),
        (&[], &["~/[a-y]"], Some("/")),
        (&[], &["/"], None),
    ] {
        assert_eq!(find(all, none), Ok(found.map(str::to_owned)), "{all:?} {none:?}");
    }
}

fn shown(written: &str, outcome: Outcome) -> Result<Option<(String, Option<String>)>, Undecided> {
    let found = Captures::default().find(&pattern(written), "g", outcome)?;
    Ok(found.map(|shown| (shown.path, shown.value)))
}

#[test]
fn what_a_group_captures_is_what_the_engine_says() {
    use Outcome::{Outside, Set, Unset};
    use Texts::{HostLabel, NonEmpty, Segment};
    for (written, outcome, found) in [
        ("/(?<g>[^#?/]+)/chat$", Unset, None),
        ("/(?<g>[^#?/]+)/chat$", Set, Some(("/a/chat", Some("a")))),
        ("/(?<g>[^#?/]+)/chat$", Outside(NonEmpty), None),
        ("/(?<g>[^#?/]+)/chat$", Outside(HostLabel), Some(("/_/chat", Some("_")))),
        ("/(?<g>[^#?/]+)/chat$", Outside(Segment), Some(("/\\/chat", Some("\\")))),
        ("/(?:(?<g>t\\d+)/)?chat/(?<m>[^/]+)$", Unset, Some(("/chat/a", None))),
        ("/(?<g>[0-9]+)$", Outside(HostLabel), None),
        ("/(?<g>\\d+)$", Outside(HostLabel), Some(("/\u{660}", Some("\u{660}")))),
        ("/(?<g>.*)", Outside(NonEmpty), Some(("/", Some("")))),
        ("/(?<g>[a-z]+)(?:/x)?", Outside(HostLabel), None),
        // The first alternative that leads to a match decides.
        ("/(?:a|(?<g>a))$", Set, None),
        ("/(?:a|(?<g>a)b)", Set, None),
        ("/(?:a|(?<g>a)b)$", Set, Some(("/ab", Some("a")))),
        ("/(?:(?<g>a)|b)+$", Unset, Some(("/b", None))),
        ("/(?:(?<g>a)|b)+$", Set, Some(("/a", Some("a")))),
        ("/(?:x(?<g>[a-z]*/)?)+$", Outside(NonEmpty), None),
        ("/(?<g>a)?a$", Set, Some(("/aa", Some("a")))),
        ("/(?<g>a)??a$", Set, Some(("/aa", Some("a")))),
        ("/(?<g>a)??a?$", Set, Some(("/aa", Some("a")))),
        ("/(?<g>a)??", Set, None),
        ("/(?<g>a)?", Unset, Some(("/", None))),
        // A loop over the empty text is left after one round of it.
        ("/(?:|(?<g>a))*", Set, None),
        ("/(?:(?<g>a)|)*", Set, Some(("/a", Some("a")))),
        ("/(?:(?<g>a*)|b)*$", Outside(NonEmpty), Some(("/", Some("")))),
        // The last round of a loop counts.
        ("/(?:(?<g>[a-z]*)/)+$", Outside(NonEmpty), None),
        ("/(?:(?<g>[a-z]*)-)+$", Outside(NonEmpty), Some(("/-", Some("")))),
        ("/a|(?<g>/b)", Set, Some(("/b", Some("/b")))),
        ("/a//(?<g>b)", Set, None),
    ] {
        let found = found.map(|(path, value)| (path.to_owned(), value.map(str::to_owned)));
        assert_eq!(shown(written, outcome), Ok(found), "{written} {outcome:?}");
    }
}

#[test]
fn a_finite_group_is_enumerated() {
    for (written, limit, values) in [
        ("/(?<g>eu|us|ap)/x", 3, Some(&["ap", "eu", "us"][..])),
        ("/(?<g>eu|us|ap)/x", 2, None),
        ("/(?<g>v[12]?)/x", 8, Some(&["v", "v1", "v2"])),
        ("/(?<g>[^/]+)/x", 20, None),
        ("/(?<g>a|a|(?:b))?$", 8, Some(&["a", "b"])),
        ("/(?:a|(?<g>a))$", 8, Some(&[])),
        ("/(?i)(?<g>k)$", 8, Some(&["K", "k", "\u{212a}"])),
    ] {
        let found = Captures::default().values(&pattern(written), "g", limit).expect(written);
        let sorted = found.map(|mut values| {
            values.sort();
            values
        });
        let values = values.map(|values| values.iter().map(|value| (*value).to_owned()).collect());
        assert_eq!(sorted, values, "{written}");
    }
}

#[test]
fn a_pattern_nested_as_deep_as_any_is_analysed() {
    let deepest = |end: &str| {
        let nested = |depth| format!("/{}a{}{end}", "(?:".repeat(depth), ")".repeat(depth));
        (1..300).map(nested).rfind(|written| Pattern::parse(written).is_ok()).unwrap()
    };
    for written in [deepest(""), deepest("|/b")] {
        assert_eq!(find(&[&format!("~{written}")], &["/b"]), Ok(Some("/a".to_owned())));
    }
}

#[test]
fn what_is_too_large_is_left_undecided_and_nothing_else() {
    for (all, none, found) in [
        ("~/(?<g>(?:.*a.{20}){2})$", "~/.*b.{15}$", Err(Undecided::TooLarge)),
        ("~/(?:[ab]*a[ab]{25}c)$", "~/(?:[ab]*b[ab]{25}c)$", Err(Undecided::TooLarge)),
        ("~/\\w{200}$", "~/a+$", Ok(Some(format!("/{}b", "a".repeat(199))))),
        ("~/[^x]{500}$", "~/[^/]+$", Ok(Some(format!("/{}/", "a".repeat(499))))),
        ("~/(?:a?){100}a{100}$", "~/a{100,200}$", Ok(None)),
        ("~/(?:a|b|ab)*c$", "~/[ab]*c", Ok(None)),
    ] {
        assert_eq!(find(&[all], &[none]), found, "{all}");
    }
    // What one question may not take, others still may.
    let (large, small) = (pattern("/(?:.*a.{20}){2}$"), pattern("/a+b$"));
    let languages = Languages::new([Paths::Regex(&large), Paths::Regex(&small), Paths::Prefix("/aa")]);
    assert_eq!(languages.find(&[PathsId(0)], &[PathsId(1)]), Err(Undecided::TooLarge));
    assert_eq!(languages.find(&[PathsId(0)], &[PathsId(0)]), Ok(None));
    assert_eq!(languages.find(&[PathsId(1)], &[PathsId(2)]), Ok(Some("/ab".to_owned())));
    assert_eq!(shown("/(?<g>.*a.{20}){2}$", Outcome::Unset), Err(Undecided::TooLarge));
}
