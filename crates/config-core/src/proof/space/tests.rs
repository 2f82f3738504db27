//! Answers against the plainest thing that could be right: every request of a small world, given to the
//! router.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;
use crate::check::compile;
use crate::diagnostic::Witness;
use crate::plan::request::Scheme;
use crate::source::SourceFile;

fn plan(routes: &[Value]) -> Plan {
    let file = json!({"_format_version": "3.0", "routes": routes}).to_string();
    let compiled = compile(&SourceFile::new("routes.yaml", file)).expect("JSON is YAML");
    compiled.plan
}

/// Values to draw from, and values to send that tell them apart.
struct World {
    paths: &'static [&'static str],
    methods: &'static [&'static str],
    hosts: &'static [&'static str],
    snis: &'static [&'static str],
    headers: &'static [&'static str],
    /// Over these letters, up to a length.
    sent_paths: (&'static str, usize),
    sent_methods: &'static [&'static str],
    sent_hosts: &'static [&'static str],
    sent_snis: &'static [&'static str],
    sent_headers: &'static [&'static str],
}

const PATHS: &[&str] = &[
    "/",
    "/a",
    "/b",
    "/a/",
    "/a/b",
    "/aa",
    "~/a$",
    "~/a",
    "~/(?:a|b)+$",
    "~/a.*",
    "~/.*b",
    "~/a|/b",
    "~/[^/]+/b$",
    "~/b?a",
    "~/(?<x>[ab])/?$",
    "~/.+/$",
    "~/(?i)AB",
];

const METHODS: &[&str] = &["POST", "GET", "PUT"];

const HOSTS: &[&str] =
    &["a.test", "b.test:81", "*.test", "a.*", "*.a.test:82", "*.test:81", "localhost", "::1"];

const SNIS: &[&str] = &["a.test", "*.test", "a.*", "*", "localhost"];

const HEADERS: &[&str] = &["x-a=~*.+", "x-a=p", "x-a=Q", "x-b=p", "x-a=~*^q", "x-a=~*[a-p]$", "x-b=~*^[^p]"];

/// Each world varies some of what a request has, so that every request there is can be sent.
const WORLDS: [World; 4] = [
    World {
        paths: PATHS,
        methods: METHODS,
        hosts: &[],
        snis: &[],
        headers: &[],
        sent_paths: ("abA/c", 4),
        sent_methods: &["POST", "GET", "PUT", "DELETE"],
        sent_hosts: &["localhost"],
        sent_snis: &[],
        sent_headers: &[],
    },
    World {
        paths: &["/a", "~/a$", "~/(?:a|b)+$", "/b"],
        methods: &["POST", "GET"],
        hosts: HOSTS,
        snis: &[],
        headers: &[],
        sent_paths: ("ab", 2),
        sent_methods: &["POST", "GET", "PUT"],
        sent_hosts: &[
            "localhost",
            "localhost:81",
            "localhost:8000",
            "a.test",
            "a.test:81",
            "b.test",
            "b.test:81",
            "x.test",
            "x.test:81",
            "x.test:82",
            "a.b",
            "a.b:81",
            "x.a.test",
            "x.a.test:82",
            "x.a.test:81",
            "a.x.test:81",
            "a.x.a.test:82",
            "a.x.test",
            "zz",
            "zz:81",
            "::1",
            "x.test:8000",
        ],
        sent_snis: &[],
        sent_headers: &[],
    },
    World {
        paths: &["/a", "~/(?:a|b)+$", "/b"],
        methods: &["GET"],
        hosts: &["a.test", "*.test", "x.*:443"],
        snis: SNIS,
        headers: &[],
        sent_paths: ("ab", 2),
        sent_methods: &["POST", "GET"],
        sent_hosts: &["localhost", "a.test", "x.test", "zz", "a.test:443"],
        sent_snis: &["", "localhost", "a.test", "x.test", "a.b", "a.x.test", "zz"],
        sent_headers: &[],
    },
    World {
        paths: &["/a", "~/(?:a|b)+$"],
        methods: &["GET"],
        hosts: &[],
        snis: &[],
        headers: HEADERS,
        sent_paths: ("ab", 2),
        sent_methods: &["POST", "GET"],
        sent_hosts: &["localhost"],
        sent_snis: &[],
        sent_headers: &["x-a=p", "x-a=q", "x-a=qp", "x-a=z", "x-b=p", "x-b=q", "X_B=zp"],
    },
];

impl World {
    fn route(&'static self) -> impl Strategy<Value = Value> {
        let some = |values: &'static [&'static str], most: usize| {
            let most = most.min(values.len());
            prop_oneof![1 => Just(Vec::new()), 1 => prop::sample::subsequence(values, most.min(1)..=most)]
        };
        const PROTOCOLS: &[&[&str]] = &[&["http", "https"], &["https"], &["http"]];
        let protocols = prop::sample::select(PROTOCOLS);
        (
            some(self.paths, 2),
            some(self.methods, 2),
            some(self.hosts, 2),
            some(self.snis, 2),
            some(self.headers, 3),
            prop_oneof![3 => Just(0), 1 => -1i64..3],
            protocols,
        )
            .prop_map(|(paths, methods, hosts, snis, headers, priority, protocols)| {
                let mut by_name: Map<String, Value> = Map::new();
                for header in headers {
                    let (name, value) = header.split_once('=').expect("a name and a value");
                    let values = by_name.entry(name).or_insert_with(|| json!([]));
                    values.as_array_mut().expect("a list").push(json!(value));
                }
                json!({
                    "paths": paths, "methods": methods, "hosts": hosts, "snis": snis, "headers": by_name,
                    "regex_priority": priority, "protocols": protocols,
                })
            })
    }

    /// Every request that can be sent.
    fn requests(&self) -> Vec<Request> {
        let mut paths = vec!["/".to_owned()];
        let mut last = paths.clone();
        for _ in 0..self.sent_paths.1 {
            let longer =
                last.iter().flat_map(|path| self.sent_paths.0.chars().map(move |c| format!("{path}{c}")));
            last = longer.filter(|path| !path.contains("//")).collect();
            paths.extend(last.iter().cloned());
        }
        let connections = [(Scheme::Http, None)].into_iter().chain(self.sent_snis.iter().map(|sni| {
            let sni = (!sni.is_empty()).then(|| (*sni).to_owned());
            (Scheme::Https, sni)
        }));
        let mut header_sets: Vec<Vec<(String, String)>> = vec![Vec::new()];
        for header in self.sent_headers {
            let (name, value) = header.split_once('=').expect("a name and a value");
            let with = header_sets.clone().into_iter().map(|mut set| {
                set.push((name.to_owned(), value.to_owned()));
                set
            });
            header_sets.extend(with.collect::<Vec<_>>());
        }
        let mut requests = Vec::new();
        for (scheme, sni) in connections {
            for method in self.sent_methods {
                for host in self.sent_hosts {
                    for set in &header_sets {
                        for path in &paths {
                            let host = ("host".to_owned(), (*host).to_owned());
                            requests.push(Request {
                                scheme,
                                sni: sni.clone(),
                                method: (*method).to_owned(),
                                path: path.clone(),
                                headers: [host].into_iter().chain(set.iter().cloned()).collect(),
                            });
                        }
                    }
                }
            }
        }
        requests
    }
}

/// What is known of a small world: for each request, what matches it, in order.
struct Oracle(Vec<Sort>);

/// What the router says of a request, and whether its path has the [`ENDING`].
type Sort = (Vec<EntryId>, bool);

const ENDING: &str = "b";

fn sort(space: &Space, request: &Request) -> Sort {
    (space.matching(request), request.path.ends_with(ENDING))
}

impl Oracle {
    fn new(space: &Space, requests: &[Request]) -> Self {
        let mut known: Vec<_> = requests.iter().map(|request| sort(space, request)).collect();
        known.sort_unstable();
        known.dedup();
        Self(known)
    }

    fn any(&self, property: impl Fn(&Sort) -> bool) -> bool {
        self.0.iter().any(property)
    }
}

/// Holds one answer against the property that it is about: a request has it, and if there is none, so
/// has no request of the world.
fn holds(
    space: &Space,
    oracle: &Oracle,
    answer: Result<Option<Request>, Undecided>,
    property: impl Fn(&Sort) -> bool,
) -> Result<(), TestCaseError> {
    match answer {
        Ok(Some(request)) => {
            let sort = sort(space, &request);
            prop_assert!(property(&sort), "{request:?} is matched by {sort:?}");
            prop_assert_eq!(space.winner(&request), sort.0.first().copied());
        }
        Ok(None) => prop_assert!(!oracle.any(property), "there is such a request"),
        // What a regex accepts apart from the others' is only searched for.
        Err(undecided) => prop_assert_eq!(undecided, Undecided::Header),
    }
    Ok(())
}

fn every_answer_holds(world: &'static World, routes: &[Value]) -> Result<(), TestCaseError> {
    let plan = plan(routes);
    let space = Space::new(&plan, [ENDING]);
    let oracle = Oracle::new(&space, &world.requests());
    let ids: Vec<EntryId> = (0..space.entries().len() as u32).map(EntryId).collect();
    let has = |sort: &Sort, id: EntryId| sort.0.contains(&id);
    let wins = |sort: &Sort, id: EntryId| sort.0.first() == Some(&id);
    for &a in &ids {
        holds(&space, &oracle, space.find_won(&[a], None), |sort| wins(sort, a))?;
        holds(&space, &oracle, space.find_won(&[a], Some(ENDING)), |sort| wins(sort, a) && sort.1)?;
        for &b in &ids {
            holds(&space, &oracle, space.find(&[a, b], &[]), |sort| has(sort, a) && has(sort, b))?;
            holds(&space, &oracle, space.find(&[a], &[b]), |sort| has(sort, a) && !has(sort, b))?;
            holds(&space, &oracle, space.find_won(&[a, b], None), |sort| wins(sort, a) && has(sort, b))?;
            for &c in ids.iter().filter(|c| **c > b) {
                holds(&space, &oracle, space.find(&[a], &[b, c]), |sort| {
                    has(sort, a) && !has(sort, b) && !has(sort, c)
                })?;
            }
        }
    }
    Ok(())
}

fn drawn(world: usize) -> impl Strategy<Value = Vec<Value>> {
    prop::collection::vec(WORLDS[world].route(), 1..6)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn paths_and_methods_are_answered_as_the_router_does(routes in drawn(0)) {
        every_answer_holds(&WORLDS[0], &routes)?;
    }

    #[test]
    fn hosts_are_answered_as_the_router_does(routes in drawn(1)) {
        every_answer_holds(&WORLDS[1], &routes)?;
    }

    #[test]
    fn server_names_are_answered_as_the_router_does(routes in drawn(2)) {
        every_answer_holds(&WORLDS[2], &routes)?;
    }

    #[test]
    fn headers_are_answered_as_the_router_does(routes in drawn(3)) {
        every_answer_holds(&WORLDS[3], &routes)?;
    }
}

#[test]
fn requests_are_as_a_client_would_send_them() {
    let routes = [
        json!({"name": "plain", "paths": ["/v1/chat"]}),
        json!({"name": "methods", "paths": ["~/v1/(?<model>[^/]+)/chat$"], "methods": ["DELETE", "GET", "POST"]}),
        json!({"name": "get", "paths": ["/v1"], "methods": ["GET"]}),
        json!({"name": "host", "hosts": ["ai.test"], "paths": ["/h"]}),
        json!({"name": "wildcards", "hosts": ["*.ai.test", "ai.*"], "methods": ["POST"]}),
        json!({"name": "port", "hosts": ["ai.test:8443"]}),
        json!({"name": "tls", "paths": ["/tls"], "protocols": ["https"]}),
        json!({"name": "tls host", "paths": ["/tls"], "hosts": ["ai.test"], "protocols": ["https"]}),
        json!({"name": "tls address", "paths": ["/tls"], "hosts": ["10.0.0.1"], "protocols": ["https"]}),
        json!({"name": "sni", "paths": ["/sni"], "snis": ["*.ai.test"], "protocols": ["https"]}),
        json!({"name": "sni host", "snis": ["eu.ai.test"], "hosts": ["ai.test"], "protocols": ["https"]}),
        json!({"name": "headers", "headers": {"X-Tier": ["Gold", "silver"], "x-team": ["~*^team-[0-9]{2}$"]}}),
        json!({"name": "words", "headers": {"x-plan": ["~*\\bpro\\b"], "x-any": ["~*.+"]}}),
    ];
    let plan = plan(&routes);
    let space = Space::new(&plan, []);
    let shown = |id: EntryId| {
        let request = space.find(&[id], &[]).expect("the question is small").expect("nothing excludes it");
        let Witness { method, headers, .. } = &request.witness();
        let headers: Vec<_> = headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        format!("{} {} [{}]", method, request.witness().url(), headers.join(", "))
    };
    let mut lines: Vec<_> = (0..space.entries().len() as u32)
        .map(EntryId)
        .map(|id| (space.entry(id).route, shown(id)))
        .map(|(route, shown)| (route, format!("{}: {shown}", plan.routes()[route.0].label())))
        .collect();
    lines.sort();
    let lines: Vec<_> = lines.into_iter().map(|(_, line)| line).collect();
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn entries_of_a_route_are_in_order() {
    let plan = plan(&[
        json!({"paths": ["/a", "/a/longer", "~/r$"]}),
        json!({"methods": ["GET"]}),
        json!({"paths": ["/b"], "protocols": ["tcp"]}),
    ]);
    let space = Space::new(&plan, []);
    let of = |route| space.entries_of(RouteIndex(route)).map(|id| space.entry(id).path).collect::<Vec<_>>();
    assert_eq!(of(0), [Some(2), Some(1), Some(0)]);
    assert_eq!(of(1), [None]);
    assert_eq!(of(2), []);
}

#[test]
fn what_cannot_be_told_is_left_open() {
    let plan = plan(&[
        json!({"name": "digits", "headers": {"x-a": ["~*^[0-9]+$"]}, "methods": ["POST", "GET"], "paths": ["/a"]}),
        json!({"name": "not 7", "headers": {"x-a": ["~*^[0-68-9]"]}, "methods": ["POST", "GET"], "paths": ["/a"]}),
        json!({"name": "all", "headers": {"x-a": ["~*[0-9]"]}, "paths": ["/a"]}),
        json!({"name": "any", "headers": {"x-a": ["~*.+"]}, "paths": ["/a"]}),
    ]);
    let space = Space::new(&plan, []);
    let [digits, seldom, all, any] = [0, 1, 2, 3].map(EntryId);
    assert_eq!(space.find(&[digits], &[any]), Ok(None));
    assert_eq!(space.find(&[any], &[digits, seldom, all]).map(|found| found.is_some()), Ok(true));
    // `7` is a number that the second does not accept; it is not found.
    assert_eq!(space.find(&[digits], &[seldom]), Err(Undecided::Header));
    // Whatever number it is, the third one accepts it; but that takes a proof about headers.
    assert_eq!(space.find(&[digits], &[all]), Err(Undecided::Header));
    assert_eq!(space.find_won(&[digits], Some("/chat")), Err(Undecided::Ending));
    let request = space.find(&[digits, seldom, all], &[]).unwrap().expect("one value meets all");
    assert_eq!(request.headers, [("x-a".to_owned(), "0".to_owned())]);
}

#[test]
fn long_lists_that_share_nothing_are_given_up() {
    let hosts = |of: &str| (0..2_000).map(|number| format!("{of}{number}.test")).collect::<Vec<_>>();
    let ports = (1..2_000).map(|port| format!("*.test.example:{port}"));
    let plan = plan(&[
        json!({"hosts": hosts("a").into_iter().chain(ports).collect::<Vec<_>>(), "paths": ["/a"]}),
        json!({"hosts": hosts("b").into_iter().chain(["*.other.example".to_owned()]).collect::<Vec<_>>(), "paths": ["/a"]}),
    ]);
    let cells = Cells::new(&[&plan.router().routes()[0], &plan.router().routes()[1]], &[]);
    assert_eq!(cells.requests().count(), 0);
    assert_eq!(cells.doubt(), Some(Undecided::TooManyCases));
    assert!(cells.cost() < 1 << 24, "{} comparisons", cells.cost());
}

#[test]
fn looking_for_many_headers_is_charged() {
    let headers: serde_json::Map<_, _> = (0..16).map(|at| (format!("x-{at}"), json!(["a"]))).collect();
    let route = json!({"headers": headers, "paths": ["/a"]});
    let plan = plan(&[route.clone(), route]);
    let space = Space::new(&plan, []);
    let request =
        space.find(&[EntryId(1)], &[]).expect("the question is small").expect("nothing excludes it");
    let before = space.comparisons.get();
    space.kong_winner(&request);
    assert!(space.comparisons.get() < before);
    space.comparisons.set(0);
    assert_eq!(space.find(&[EntryId(1)], &[]), Err(Undecided::TooManyCases));
}
