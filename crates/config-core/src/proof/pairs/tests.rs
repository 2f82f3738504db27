//! What is said of pairs, against every pair and every request of a small world.

use std::collections::BTreeSet;

use proptest::prelude::*;
use regex::Regex;
use serde_json::{Value, json};

use super::contest::KongOrder;
use super::*;
use crate::analysis::Facts;
use crate::model::Config;
use crate::pattern::Pattern;
use crate::plan::Plan;
use crate::plan::request::Scheme;
use crate::source::SourceFile;
use crate::syntax;

/// Parts that patterns are made of.
const PIECES: &[&str] = &[
    "/a",
    "/b",
    "a",
    "b",
    "/",
    "(?<x>[ab]+)",
    "[^/]+",
    ".*",
    "(?:/b)?",
    "(?:a|/b)",
    "a+?",
    "$",
    "|/a",
    "\\b",
    "(?i)A",
    "/é",
    "(?:b$|a)",
];

fn pattern() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(PIECES), 0..6)
        .prop_map(|pieces| format!("/{}", pieces.concat()))
}

/// Every path over `letters` with up to `length` characters behind its slash.
fn paths(letters: &str, length: usize) -> Vec<String> {
    let mut all = vec!["/".to_owned()];
    let mut start = 0;
    for _ in 0..length {
        let end = all.len();
        for at in start..end {
            all.extend(letters.chars().map(|letter| format!("{}{letter}", all[at])).collect::<Vec<_>>());
        }
        start = end;
    }
    all.retain(|path| !path.contains("//"));
    all
}

fn candidates_among(patterns: &[Pattern]) -> (Candidates<'_>, usize) {
    let mut tails = Tails::default();
    let sides: Vec<Side> = patterns
        .iter()
        .map(|pattern| Side { literal: pattern.literal_prefix(), tail: tails.intern(pattern) })
        .collect();
    let count = sides.len();
    (Candidates::new(sides, tails), count)
}

fn meetings(patterns: &[Pattern], steps: &mut usize) -> Vec<Meeting> {
    let (mut candidates, count) = candidates_among(patterns);
    let mut found = Vec::new();
    for broad in 0..count as u32 {
        assert!(candidates.of(broad, steps, |meeting| found.push(meeting)), "no budget is needed");
    }
    found
}

proptest! {
    #[test]
    fn no_pair_that_meets_is_left_out(texts in prop::collection::vec(pattern(), 2..24)) {
        let patterns: Vec<Pattern> = texts.iter().filter_map(|text| Pattern::parse(text).ok()).collect();
        let found = meetings(&patterns, &mut 1_000_000);
        let pairs: Vec<_> = found.iter().map(|it| (it.broad.min(it.narrow), it.broad.max(it.narrow))).collect();
        let distinct: BTreeSet<_> = pairs.iter().copied().collect();
        prop_assert_eq!(pairs.len(), distinct.len(), "a pair is found once");
        let paths = paths("ab/é", 4);
        let matched: Vec<Vec<bool>> = patterns
            .iter()
            .map(|pattern| {
                let regex = Regex::new(&pattern.compiled()).unwrap();
                paths.iter().map(|path| regex.is_match(path)).collect()
            })
            .collect();
        let meet = |a: u32, b: u32| {
            let [a, b] = [a, b].map(|at| &matched[at as usize]);
            a.iter().zip(b).any(|(a, b)| *a && *b)
        };
        for a in 0..patterns.len() as u32 {
            for b in a + 1..patterns.len() as u32 {
                let texts = || [a, b].map(|at| patterns[at as usize].written());
                prop_assert!(!meet(a, b) || distinct.contains(&(a, b)), "{:?} meet", texts());
            }
        }
        // What one pair of a shape does, the others do.
        let languages = crate::language::Languages::new(patterns.iter().map(crate::language::Paths::Regex));
        let mut answers = rustc_hash::FxHashMap::default();
        for meeting in &found {
            let ids = [meeting.broad, meeting.narrow].map(crate::language::PathsId);
            let Some(shape) = meeting.shape else { continue };
            let (Ok(both), Ok(narrow)) = (languages.find(&ids, &[]), languages.find(&ids[1..], &ids[..1])) else {
                continue;
            };
            let answer = (both.is_some(), narrow.is_some());
            let first = *answers.entry(shape).or_insert((answer, meeting));
            let texts = |it: &Meeting| [it.broad, it.narrow].map(|at| patterns[at as usize].written());
            prop_assert_eq!(answer, first.0, "{:?} and {:?}", texts(meeting), texts(first.1));
        }
    }
}

#[test]
fn comparing_is_not_quadratic() {
    let count = 3_000;
    type Shape = (&'static str, fn(usize) -> String);
    let shapes: [Shape; 4] = [
        ("their beginnings", |route| format!("/team-{route}/(?<model>[^/]+)/chat/completions$")),
        ("their endings", |route| format!("/(?<model>[^/]+)/team-{route}/chat/completions$")),
        ("nothing but their endings", |route| format!("/.*/team-{route}$")),
        ("a catch-all in a hundred", |route| match route % 100 {
            0 => format!("/(?<model>[^/]+)/y{route}/chat/completions$"),
            _ => format!("/static/{route}/(?<rest>.*)"),
        }),
    ];
    for (what, text) in shapes {
        let patterns: Vec<_> = (0..count).map(|route| Pattern::parse(&text(route)).unwrap()).collect();
        let mut steps = 100 * count;
        meetings(&patterns, &mut steps);
        assert!(steps > 50 * count, "routes told apart by {what} take {} steps each", 100 - steps / count);
    }
}

#[test]
fn what_repeats_an_earlier_path_is_its_twin() {
    let routes = [
        json!({"name": "a", "paths": ["~/(?<x>[^/]+)/b$"], "methods": ["POST"]}),
        json!({"name": "b", "paths": ["~/(?<longer>[^/]+)/b$"], "methods": ["POST"]}),
        json!({"name": "c", "paths": ["~/(?<x>[^/]+)/b$"], "methods": ["GET"]}),
        json!({"name": "d", "paths": ["~/(?<x>[^/]*)/b$"], "methods": ["POST"]}),
        json!({"name": "e", "paths": ["~/([^/]+)/b$"], "methods": ["POST"], "hosts": ["b.example"]}),
        json!({"name": "f", "paths": ["~/(?<x>[^/]+)/b$"], "methods": ["POST"], "regex_priority": 1}),
    ];
    with_proofs(&routes, |proofs| {
        let route = |id: EntryId| proofs.space().entry(id).route.0;
        let twins = twins::find(proofs.space());
        let twins: Vec<_> = twins.into_iter().map(|(leader, twin)| (route(leader), route(twin))).collect();
        assert_eq!(twins, [(5, 0), (5, 1)]);
    });
}

/// Calls `use_it` with the proofs about a file of these routes.
fn with_proofs(routes: &[Value], use_it: impl FnOnce(&Proofs)) {
    let file = json!({"_format_version": "3.0", "routes": routes}).to_string();
    let source = SourceFile::new("routes.yaml", file);
    let document = syntax::parse(&source).document.expect("JSON is YAML");
    let (config, _) = Config::read(&document);
    let facts = Facts::new(&document, &config);
    let plan = Plan::lower(&facts, &[]);
    use_it(&Proofs::new(&facts, &plan));
}

const PATHS: &[&str] = &[
    "/",
    "/a",
    "/b",
    "/a/",
    "/a/b",
    "~/a$",
    "~/a",
    "~/(?:a|b)+$",
    "~/a.*",
    "~/.*b",
    "~/a|/b",
    "~/[^/]+/b$",
    "~/(?<x>[ab]+)/?$",
    "~/(?<y>[ab]+)/?$",
    "~/a/(?<x>[^/]+)/b$",
    "~/a(?<x>[ab]+)$",
    "~/(?<x>[^/]+)/chat/completions$",
    "~/a/(?<x>[^/]+)/chat/completions$",
];

fn route() -> impl Strategy<Value = (BTreeSet<&'static str>, Vec<&'static str>, i64, bool, u32)> {
    (
        prop::collection::btree_set(prop::sample::select(PATHS), 1..3),
        prop::sample::select(vec![vec![], vec!["POST"], vec!["GET"], vec!["POST", "GET"]]),
        prop::sample::select(vec![0, 0, 0, 1]),
        prop::bool::weighted(0.8),
        0..2_u32,
    )
}

fn written(at: usize, route: (BTreeSet<&str>, Vec<&str>, i64, bool, u32)) -> Value {
    let (paths, methods, priority, named, provider) = route;
    let provider = ["openai", "cohere"][provider as usize];
    let mut value = json!({
        "paths": paths,
        "plugins": [{"name": "ai-proxy", "config": {
            "route_type": "llm/v1/chat",
            "auth": {"header_name": "authorization", "header_value": format!("key of {provider}")},
            "model": {"provider": provider, "name": format!("model-{at}")},
        }}],
    });
    let object = value.as_object_mut().unwrap();
    if named {
        object.insert("name".to_owned(), json!(format!("route-{at}")));
    }
    if !methods.is_empty() {
        object.insert("methods".to_owned(), json!(methods));
    }
    if priority != 0 {
        object.insert("regex_priority".to_owned(), json!(priority));
    }
    value
}

/// Every request that the routes of the test tell apart, nearly.
fn requests() -> Vec<Request> {
    let mut paths = paths("ab/", 5);
    for base in ["", "/a", "/b", "/a/b", "/a/a", "/ab"] {
        paths.push(format!("{base}/chat/completions"));
    }
    let of = |path: &String| {
        ["POST", "GET"].map(|method| Request {
            scheme: Scheme::Http,
            sni: None,
            method: method.to_owned(),
            path: path.clone(),
            headers: Vec::new(),
        })
    };
    paths.iter().flat_map(of).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn what_is_said_of_pairs_is_what_requests_show(routes in prop::collection::vec(route(), 2..6)) {
        let routes: Vec<Value> = routes.into_iter().enumerate().map(|(at, it)| written(at, it)).collect();
        let mut trouble = None;
        with_proofs(&routes, |proofs| trouble = disagreement(proofs));
        prop_assert_eq!(trouble, None, "{}", serde_json::to_string_pretty(&routes).unwrap());
    }
}

/// What is wrong in the findings about a file, or missing from them.
fn disagreement(proofs: &Proofs) -> Option<String> {
    let (space, pairs) = (proofs.space(), proofs.pairs());
    let mut judge = Judge::new(proofs);
    let requests = requests();
    let crossings = || pairs.crossings.iter().flat_map(|crowd| &crowd.shown);
    let shadowed = |id: EntryId| {
        let with_crossings = crossings().filter_map(|it| it.shadow.as_ref());
        pairs.shadowed.iter().chain(with_crossings).any(|it| judge.tells(it, id))
    };
    let is_crossed =
        |a: EntryId, b: EntryId| crossings().any(|it| judge.routes(it.from, it.to) == judge.routes(a, b));
    let contests = |crowds: &'_ [Crowd<Contest>], a: EntryId, b: EntryId| {
        crowds.iter().flat_map(|crowd| &crowd.shown).any(|it| (it.first, it.second) == (a, b))
    };
    if !proofs.open().is_empty() {
        return Some(format!("open: {:?}", proofs.open()));
    }
    let mut wins = BTreeSet::new();
    for request in &requests {
        let matching = space.matching(request);
        let Some((first, others)) = matching.split_first() else { continue };
        wins.insert(*first);
        if shadowed(*first) {
            return Some(format!("{first:?} is said to win nothing, and wins {request:?}"));
        }
        for second in others.iter().filter(|other| judge.route(**other) != judge.route(*first)) {
            let is_quiet =
                !judge.is_tie(*first, *second) && judge.kong_order(*first, *second) == KongOrder::Same;
            let is_told = contests(&pairs.ambiguous, *first, *second)
                || contests(&pairs.reordered, *first, *second)
                || is_crossed(*first, *second)
                || judge.wins[second.0 as usize] == Some(Wins::Nothing)
                || shadowed(*second)
                || space.find_won(&[*second], None) == Ok(None);
            if !is_quiet && !is_told {
                return Some(format!(
                    "nothing is said of {first:?} and {second:?}, which compete for {request:?}"
                ));
            }
        }
    }
    for id in (0..space.entries().len() as u32).map(EntryId).filter(|id| !wins.contains(id) && !shadowed(*id))
    {
        // It wins what is not among the requests, matches nothing, or repeats other paths of its route.
        let repeats = |request: &&Request| {
            let mut others = space.matching(request).into_iter().filter(|it| *it != id);
            others.any(|it| judge.route(it) == judge.route(id))
        };
        let mut matched = requests.iter().filter(|request| space.matching(request).contains(&id));
        if space.find_won(&[id], None) == Ok(None) && !matched.all(|request| repeats(&request)) {
            return Some(format!("{id:?} wins nothing, and nothing is said of it"));
        }
    }
    for (contest, is_ambiguous) in (pairs.ambiguous.iter().flat_map(|it| &it.shown).map(|it| (it, true)))
        .chain(pairs.reordered.iter().flat_map(|it| &it.shown).map(|it| (it, false)))
    {
        let Contest { first, second, request, kong } = contest;
        let matching = space.matching(request);
        if matching.first() != Some(first)
            || !matching.contains(second)
            || space.kong_winner(request) != *kong
        {
            return Some(format!("{contest:?} is not so"));
        }
        let is_inside = judge.is_inside(*first, *second) == Ok(true);
        let is_meant = is_inside && judge.kong_order(*first, *second) == KongOrder::Other;
        let expected = judge.is_tie(*first, *second) && !is_meant;
        let escapes =
            |it: &Request| space.matching(it).contains(first) && !space.matching(it).contains(second);
        if is_ambiguous != expected || is_inside && requests.iter().any(escapes) {
            return Some(format!("{contest:?} is reported as something else"));
        }
        let picks_same = matches!(kong, KongPick::Entry(it) if judge.route(*it) == judge.route(*first));
        if !is_ambiguous && picks_same {
            return Some(format!("{contest:?} is no difference"));
        }
    }
    for it in &pairs.shadowed {
        let is_told_twice = |crossing: &Crossing| {
            let pair = judge.routes(crossing.from, crossing.to);
            it.winners.iter().all(|winner| judge.routes(it.entry, *winner) == pair)
                && (it.whole_route || it.entry == crossing.from)
        };
        if crossings().any(is_told_twice) {
            return Some(format!("{it:?} is said of a pair that crosses over"));
        }
    }
    for Crossing { from, to, request, shadow } in crossings() {
        if shadow.is_none() && space.find_won(&[*from], None) == Ok(None) {
            return Some(format!("{from:?} wins nothing, and its crossing does not say so"));
        }
        let matching = space.matching(request);
        let is_own = matching.iter().any(|it| judge.route(*it) == judge.route(*from));
        if matching.first() != Some(to) || is_own {
            return Some(format!("{request:?} does not cross over"));
        }
    }
    None
}
