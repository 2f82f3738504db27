//! Every verdict against what the `regex` crate itself says of all short paths over a few characters.

use proptest::prelude::*;
use regex::Regex;

use super::{
    capture::{Captures, Outcome, Texts},
    *,
};

/// How many paths are enumerated, as far as whole lengths allow.
const MANY: usize = 1500;

/// Characters that patterns may or may not tell apart, among them the three that `(?i)k` matches, and the
/// line ends that `$` and `.` may care about.
const ALPHABETS: &[&str] = &["/ak\u{212a}K", "/ab.é", "/a1\u{661}-", "/a\n\r", "/ab"];

/// What patterns are made of.
const ATOMS: &str = r"a b k é 1 / / - ab a/ . \. \d \w [^/] [ab] [^a] [a&&b] (?-u:[a-k]) (?i:k) (?i) (?s:.) (?s:.*)
    [^/]+ $ ^ \z (?m:$) (?m:^) (?Rm:$) (?Rm:^) \b \B (?-u:\b) \b{start} \b{end-half}
    (?:) (?:|a) (?<>|a) (?:(?<>a)|) (?:|(?<>a))* (?<>|a)+?";

const LOOPS: &str = "* *? + +? ? ?? {2} {0,2} {1,2}? {1,} {2,}? {0} {3,4}";

/// One of the words of a list.
fn word(list: &'static str) -> impl Strategy<Value = String> {
    prop::sample::select(list.split_whitespace().collect::<Vec<_>>()).prop_map(str::to_owned)
}

/// A pattern with groups called `g0`, `g1` and so on.
fn patterns() -> impl Strategy<Value = Pattern> {
    let part = word(ATOMS).prop_recursive(4, 16, 4, |inner| {
        prop_oneof![
            4 => prop::collection::vec(inner.clone(), 0..4).prop_map(|parts| parts.concat()),
            2 => prop::collection::vec(inner.clone(), 1..4)
                .prop_map(|parts| format!("(?:{})", parts.join("|"))),
            3 => inner.clone().prop_map(|part| format!("(?<>{part})")),
            3 => (inner, word(LOOPS)).prop_map(|(part, times)| format!("(?:{part}){times}")),
        ]
    });
    let whole = prop_oneof![
        8 => part.clone(),
        1 => (part.clone(), part.clone()).prop_map(|(left, right)| format!("{left}|{right}")),
    ];
    (whole, prop::sample::select(vec!["", "", "$", "a$", "/b"])).prop_filter_map("refused", |(whole, end)| {
        let mut written = format!("/{whole}{end}");
        for name in 0.. {
            if !written.contains("(?<>") {
                break;
            }
            written = written.replacen("(?<>", &format!("(?<g{name}>"), 1);
        }
        Pattern::parse(&written).ok()
    })
}

/// Every normalised path over `alphabet` up to some length, the shortest first.
fn paths(alphabet: &str) -> Vec<String> {
    let mut paths = vec!["/".to_owned()];
    let mut last = 0;
    while paths.len() < MANY / alphabet.chars().count() {
        let end = paths.len();
        for at in last..end {
            for character in alphabet.chars() {
                let path = format!("{}{character}", paths[at]);
                if !path.contains("//") {
                    paths.push(path);
                }
            }
        }
        last = end;
    }
    paths.retain(|path| path[1..].split('/').all(|segment| !matches!(segment, "." | "..")));
    paths
}

fn length(path: &str) -> usize {
    path.chars().count()
}

/// Holds the answer to a question against the shortest path that enumeration knows.
fn check(
    answer: Result<Option<String>, Undecided>,
    known: Option<&String>,
    is_right: impl Fn(&str) -> bool,
) -> Result<(), TestCaseError> {
    match (answer, known) {
        (Ok(Some(found)), known) => {
            prop_assert!(is_right(&found), "{found:?} is no answer");
            prop_assert!(Normal::Start.walk(&found).is_some_and(Normal::may_end), "{found:?} is not normal");
            if let Some(known) = known {
                prop_assert!(length(&found) <= length(known), "{found:?} is longer than {known:?}");
            }
        }
        (Ok(None), known) => prop_assert_eq!(known, None),
        // The patterns are small.
        (Err(undecided), _) => return Err(TestCaseError::fail(undecided.to_string())),
    }
    Ok(())
}

#[derive(Debug, Clone)]
enum Any {
    Prefix(String),
    Ending(String),
    Regex(Pattern),
}

impl Any {
    fn holds(&self) -> Box<dyn Fn(&str) -> bool + '_> {
        match self {
            Self::Prefix(text) => Box::new(move |path| path.starts_with(text)),
            Self::Ending(text) => Box::new(move |path| path.ends_with(text)),
            Self::Regex(pattern) => {
                let regex = Regex::new(&pattern.compiled()).unwrap();
                Box::new(move |path| regex.is_match(path))
            }
        }
    }
}

fn sets() -> impl Strategy<Value = Any> {
    prop_oneof![
        8 => patterns().prop_map(Any::Regex),
        1 => "(/[abk1.]{0,2}){1,2}".prop_map(Any::Prefix),
        1 => "[/abk1.]{0,3}".prop_map(Any::Ending),
    ]
}

#[test]
fn assertions() {
    let looks = "^ $ \\A \\z (?m:^) (?m:$) (?Rm:^) (?Rm:$) \\b \\B \\b{start} \\b{end} \\b{start-half} \\b{end-half} \
                 (?-u:\\b) (?-u:\\b{start}) (?-u:\\b{end}) (?-u:\\b{start-half}) (?-u:\\b{end-half})";
    let paths = paths("/aé-\n\r");
    for look in looks.split_whitespace() {
        for pattern in [
            format!("/{look}"),
            format!("/(?s:.){look}"),
            format!("/(?s:.)*{look}(?s:.)$"),
            format!("/|{look}a"),
        ] {
            let pattern = Pattern::parse(&pattern).expect(&pattern);
            let languages = Languages::new([Paths::Regex(&pattern)]);
            let regex = Regex::new(&pattern.compiled()).unwrap();
            for path in &paths {
                let found = languages.holds(0, path);
                assert_eq!(found, regex.is_match(path), "{} {path:?}", pattern.written());
            }
        }
    }
}

impl Languages {
    /// Whether the set at this position has the path.
    fn holds(&self, set: usize, path: &str) -> bool {
        let (set, mut search) = (&self.sets[set], self.search.borrow_mut());
        search.renew(1).unwrap();
        path.starts_with(&*set.literal) && search.enter(set, path).and_then(|it| search.matches(it)).unwrap()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, max_global_rejects: 100_000, ..ProptestConfig::default() })]

    #[test]
    fn membership_overlap_and_inclusion(
        sets in prop::collection::vec(sets(), 1..5),
        alphabet in prop::sample::select(ALPHABETS),
        questions in prop::collection::vec(prop::collection::vec(0..3u8, 5), 6),
    ) {
        let languages = Languages::new(sets.iter().map(|set| match set {
            Any::Prefix(text) => Paths::Prefix(text),
            Any::Ending(text) => Paths::Ending(text),
            Any::Regex(pattern) => Paths::Regex(pattern),
        }));
        let holds: Vec<_> = sets.iter().map(Any::holds).collect();
        let paths = paths(alphabet);
        let known: Vec<Vec<bool>> =
            holds.iter().map(|holds| paths.iter().map(|path| holds(path)).collect()).collect();
        for (set, known) in known.iter().enumerate() {
            for (path, known) in paths.iter().zip(known) {
                prop_assert_eq!(languages.holds(set, path), *known, "{:?}", path);
            }
        }
        for question in questions {
            let chosen = |wanted: u8| -> Vec<PathsId> {
                (0..).zip(&question).take(sets.len()).filter(|(_, it)| **it == wanted).map(|(at, _)| PathsId(at)).collect()
            };
            let (all, none) = (chosen(1), chosen(2));
            let answers = |at: usize| {
                all.iter().all(|id| known[id.0 as usize][at]) && !none.iter().any(|id| known[id.0 as usize][at])
            };
            let first = (0..paths.len()).find(|at| answers(*at)).map(|at| &paths[at]);
            check(languages.find(&all, &none), first, |path| {
                all.iter().all(|id| holds[id.0 as usize](path)) && !none.iter().any(|id| holds[id.0 as usize](path))
            })?;
        }
    }

    #[test]
    fn participation_and_containment(
        pattern in patterns().prop_filter("has no group", |pattern| !pattern.groups().is_empty()),
        alphabet in prop::sample::select(ALPHABETS),
    ) {
        let captures = Captures::default();
        let regex = Regex::new(&pattern.compiled()).unwrap();
        let paths = paths(alphabet);
        let known: Vec<_> = paths.iter().filter_map(|path| Some((path, regex.captures(path)?))).collect();
        for name in pattern.groups().iter().map(|group| group.name.as_deref().unwrap()) {
            let value = |found: &regex::Captures| found.name(name).map(|value| value.as_str().to_owned());
            for outcome in [
                Outcome::Unset,
                Outcome::Set,
                Outcome::Outside(Texts::NonEmpty),
                Outcome::Outside(Texts::HostLabel),
                Outcome::Outside(Texts::Segment),
            ] {
                let first = known.iter().find(|(_, found)| is_outcome(outcome, value(found).as_deref()));
                let answer = captures.find(&pattern, name, outcome);
                if let Ok(Some(shown)) = &answer {
                    prop_assert_eq!(&shown.value, &value(&regex.captures(&shown.path).unwrap()));
                }
                check(answer.map(|shown| shown.map(|shown| shown.path)), first.map(|(path, _)| *path), |path| {
                    let found = regex.captures(path);
                    found.is_some_and(|found| is_outcome(outcome, value(&found).as_deref()))
                })?;
            }
            let mut values: Vec<_> = known.iter().filter_map(|(_, found)| value(found)).collect();
            values.sort();
            values.dedup();
            if let Some(all) = captures.values(&pattern, name, 6).unwrap() {
                prop_assert!(all.len() <= 6);
                prop_assert!(values.iter().all(|value| all.contains(value)), "{all:?} {values:?}");
            }
        }
    }
}

fn is_outcome(outcome: Outcome, value: Option<&str>) -> bool {
    match (outcome, value) {
        (outcome, None) => outcome == Outcome::Unset,
        (Outcome::Unset, Some(_)) => false,
        (Outcome::Set, Some(_)) => true,
        (Outcome::Outside(texts), Some(value)) => match texts {
            Texts::NonEmpty => value.is_empty(),
            Texts::HostLabel => !value.split('-').all(|part| part.chars().all(|c| c.is_ascii_alphanumeric())),
            Texts::Segment => value.contains(['/', '\\']),
        },
    }
}
