//! The router against the plainest thing that could be right: every path of every route compiled by
//! `regex` as Kong writes it, tried in order.

use std::{cell::RefCell, collections::HashMap};

use proptest::prelude::*;
use regex::Regex;

use super::*;
use crate::plan::normalize::normalize;

/// What [`Router::find`] must answer: route, path and captures.
type Answer = Option<(usize, Option<usize>, Vec<(String, String)>)>;

fn naive(routes: &[RouteText], asked: &Asked) -> Answer {
    let raw = asked.target.split('?').next().unwrap_or_default();
    let path = String::from_utf8(normalize(raw.as_bytes()).into_owned()).ok()?;
    let mut order: Vec<(u64, usize, Option<usize>)> = Vec::new();
    for (index, text) in routes.iter().enumerate() {
        let route = text.written();
        let paths: Vec<_> =
            if text.paths.is_empty() { vec![None] } else { (0..text.paths.len()).map(Some).collect() };
        for at in paths {
            let rank = Rank::of(&route.criteria, at.map(|at| &route.criteria.paths[at]));
            if rank.kinds > 0 {
                order.push((rank.documented(), index, at));
            }
        }
    }
    order.sort_by_key(|(priority, index, at)| (Reverse(*priority), *index, *at));
    order.into_iter().find_map(|(_, index, at)| {
        let route = &routes[index];
        let captures = match at.map(|at| route.paths[at].as_str()) {
            None => Vec::new(),
            Some(path_text) => match path_text.strip_prefix('~') {
                None => path.starts_with(path_text).then(Vec::new)?,
                Some(regex) => {
                    let regex = compiled(&format!("^{}", regex.replace("?<", "?P<")));
                    let found = regex.captures(&path)?;
                    let named = regex.capture_names().flatten();
                    named
                        .filter_map(|name| Some((name.to_owned(), found.name(name)?.as_str().to_owned())))
                        .collect()
                }
            },
        };
        route.meets(asked).then_some((index, at, captures))
    })
}

/// Compiling is what takes the time here, and the same few patterns return again and again.
fn compiled(pattern: &str) -> Regex {
    thread_local!(static KNOWN: RefCell<HashMap<String, Regex>> = RefCell::default());
    KNOWN.with_borrow_mut(|known| {
        known.entry(pattern.to_owned()).or_insert_with(|| Regex::new(pattern).unwrap()).clone()
    })
}

/// A route in plain text.
#[derive(Debug, Clone)]
struct RouteText {
    paths: Vec<String>,
    methods: Vec<String>,
    hosts: Vec<String>,
    headers: Vec<(String, Vec<String>)>,
    snis: Vec<String>,
    priority: i64,
}

impl RouteText {
    fn written(&self) -> Written {
        let mut written = route("any").priority(self.priority);
        written = self.paths.iter().fold(written, |written, path| written.path(path));
        written = self.methods.iter().fold(written, |written, method| written.method(method));
        written = self.hosts.iter().fold(written, |written, host| written.host(host));
        written = self.snis.iter().fold(written, |written, sni| written.sni(sni));
        self.headers.iter().fold(written, |written, (name, values)| {
            written.header(name, &values.iter().map(String::as_str).collect::<Vec<_>>())
        })
    }

    fn meets(&self, asked: &Asked) -> bool {
        let any = |values: &[String], test: &dyn Fn(&str) -> bool| {
            values.is_empty() || values.iter().any(|value| test(value))
        };
        let named = |name: &str| {
            let name = name.to_owned();
            asked
                .headers
                .iter()
                .filter(move |(sent, _)| sent.to_lowercase().replace('_', "-") == name)
                .map(|(_, value)| value.to_lowercase())
        };
        let glob = |pattern: &str, value: &str| {
            let pattern = regex::escape(pattern).replace(r"\*", ".*");
            compiled(&format!("^{pattern}$")).is_match(value)
        };
        let is_host = |(name, _): &&(String, String)| name.to_lowercase() == "host";
        let host = asked.headers.iter().find(is_host).map(|(_, value)| value.clone());
        let host_meets = |pattern: &str| {
            host.as_deref().is_some_and(|host| {
                let (name, port) = host.split_once(':').unwrap_or((host, "8000"));
                match pattern.split_once(':') {
                    Some((pattern, wanted)) => glob(pattern, name) && wanted == port,
                    None => glob(pattern, name),
                }
            })
        };
        any(&self.methods, &|method| method == asked.method)
            && any(&self.hosts, &host_meets)
            && (asked.scheme == Scheme::Http
                || any(&self.snis, &|pattern| asked.sni.as_deref().is_some_and(|sni| glob(pattern, sni))))
            && self.headers.iter().all(|(name, values)| {
                named(name).any(|sent| {
                    values.iter().any(|value| match value.strip_prefix("~*") {
                        Some(regex) => compiled(&regex.to_lowercase()).is_match(&sent),
                        None => value.to_lowercase() == sent,
                    })
                })
            })
    }
}

fn some_of(values: &'static [&'static str], most: usize) -> BoxedStrategy<Vec<String>> {
    prop_oneof![
        2 => Just(Vec::new()),
        1 => prop::collection::vec(prop::sample::select(values).prop_map(str::to_owned), 1..=most),
    ]
    .boxed()
}

const HEADER_VALUES: &[&str] = &["p", "Q", "~*^q", "~*[a-p]$"];

const SEGMENTS: &[&str] = &["a", "ab", "b", "é", "A B", "v1", "chat"];

/// Ends and middles of regex paths.
const PIECES: &[&str] = &[
    "(?<m>[^#?/]+)",
    "(?P<n>[a-z]*)",
    ".*",
    "$",
    "/chat$",
    "(?:/(?<o>b))?",
    "|/b",
    "(?i)AB",
    r"\b",
    "é+",
    "(a|ab)(?<q>b?)",
    r"\w+",
    "[^/]",
    "(?s:.)",
    "(?:a|(?<r>b))*",
    "^",
    "(?m)$",
    "a{0}",
    "b??",
    r"\.",
    "[^?<]+",
];

fn path() -> impl Strategy<Value = String> {
    let literal = prop::collection::vec(prop::sample::select(SEGMENTS), 0..3)
        .prop_map(|segments| format!("/{}", segments.join("/")));
    let regex = (literal.clone(), prop::collection::vec(prop::sample::select(PIECES), 0..4))
        .prop_map(|(literal, pieces)| format!("~{literal}{}", pieces.concat()))
        .prop_filter("it must compile", |path| Pattern::parse(&path[1..]).is_ok());
    prop_oneof![1 => literal, 2 => regex]
}

fn route_text() -> impl Strategy<Value = RouteText> {
    let headers = prop_oneof![
        2 => Just(Vec::new()),
        1 => prop::collection::vec(
            (
                prop::sample::select(&["x-a", "x-b"][..]).prop_map(str::to_owned),
                prop::collection::vec(prop::sample::select(HEADER_VALUES).prop_map(str::to_owned), 1..3),
            ),
            1..3,
        ),
    ];
    (
        prop::collection::vec(path(), 0..4),
        some_of(&["GET", "POST", "get"], 2),
        some_of(&["a.test", "b.test:80", "*.test", "a.*", "*.a.test:8000", "A.test"], 3),
        headers,
        some_of(&["a.test", "*.test", "a.*"], 2),
        prop_oneof![4 => Just(0), 1 => -1i64..4],
    )
        .prop_map(|(paths, methods, hosts, headers, snis, priority)| RouteText {
            paths,
            methods,
            hosts,
            headers,
            snis,
            priority,
        })
}

fn asked() -> impl Strategy<Value = Asked> {
    let segment = prop::sample::select(
        &["a", "ab", "b", "bb", "é", "%c3%a9", "A%20B", "v1", "chat", "P", "..", ".", "", "%2f", "AB", "a\n"]
            [..],
    );
    let target = (prop::collection::vec(segment, 0..5), prop::sample::select(&["", "/", "?x=/a", "$"][..]))
        .prop_map(|(segments, end)| format!("/{}{end}", segments.join("/")));
    let header = (
        prop::sample::select(&["host", "Host", "X-A", "x_a", "x-b"][..]),
        prop::sample::select(
            &["a.test", "A.test", "x.a.test", "a.test:80", "b.test:80", "a.b", "p", "Q", "qa"][..],
        ),
    );
    (
        target,
        prop::sample::select(&["GET", "POST", "get"][..]),
        prop::collection::vec(header, 0..4),
        prop::option::of(prop::sample::select(&["a.test", "x.test", "a.b"][..])),
        any::<bool>(),
    )
        .prop_map(|(target, method, headers, sni, tls)| Asked {
            method: method.to_owned(),
            target,
            headers: headers.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            scheme: if tls { Scheme::Https } else { Scheme::Http },
            sni: sni.map(str::to_owned),
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn the_router_equals_a_loop_over_regexes(
        routes in prop::collection::vec(route_text(), 0..60),
        requests in prop::collection::vec(asked(), 1..12),
    ) {
        let written: Vec<_> = routes.iter().map(RouteText::written).collect();
        let router = router(&written);
        for (at, asked) in requests.into_iter().enumerate() {
            let found = asked.send(|head| router.find(head)).map(|found| {
                let captures = found.captures.iter();
                let captures = captures.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
                (found.route, found.path, captures)
            });
            prop_assert_eq!(&found, &naive(&routes, &asked), "{:?}", asked);
            let order: Vec<_> = router.order().collect();
            let matching = asked.send(|head| router.matching(head));
            let matching: Vec<_> = matching.into_iter().map(|rank| order[rank as usize]).collect();
            prop_assert_eq!(matching.first().copied(), found.as_ref().map(|found| (found.0, found.1)));
            if at == 0 {
                let candidates = asked.send(|head| router.candidates(head));
                let chosen = candidates.iter().filter(|candidate| candidate.chosen);
                let chosen: Vec<_> = chosen.map(|candidate| (candidate.route, candidate.path)).collect();
                let matched = candidates.iter().filter(|candidate| candidate.matched);
                let matched: Vec<_> = matched.map(|candidate| (candidate.route, candidate.path)).collect();
                prop_assert_eq!(matched, matching);
                prop_assert_eq!(chosen, found.iter().map(|found| (found.0, found.1)).collect::<Vec<_>>());
            }
        }
    }
}
