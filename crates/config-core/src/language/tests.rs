use super::*;

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
