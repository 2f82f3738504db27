//! Lint-clean means sound: whatever requests a file without errors routes, none of them lacks a
//! capture. And an error is no guess: its witness lacks the capture. Files are random; requests are
//! sampled from their own patterns, so that nearly all of them match something.

mod support;

use std::cell::Cell;

use config_core::check::{Options, check, compile};
use config_core::diagnostic::Severity;
use config_core::model::ConsumerIndex;
use config_core::plan::caller::Caller;
use config_core::plan::request::{RequestHead, Scheme};
use config_core::plan::{Plan, Routing};
use config_core::rules::Rule;
use config_core::source::SourceFile;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestRunner};
use regex_syntax::hir::{Class, Hir, HirKind};

const FILES: u32 = 600;
const FILES_WITH_ERRORS: u32 = 300;
const PATHS_PER_PATTERN: usize = 40;

#[test]
fn a_file_without_errors_never_lacks_a_capture() {
    let (clean, routed) = (Cell::new(0), Cell::new(0));
    let run = TestRunner::new(Config { cases: FILES, failure_persistence: None, ..Config::default() }).run(
        &(file(), any::<u64>()),
        |(file, seed)| {
            let source = SourceFile::new("routes.yaml", file.yaml());
            let findings = check(&source, &Options::default()).diagnostics;
            if findings.iter().any(|finding| finding.severity == Severity::Error) {
                return Ok(());
            }
            clean.set(clean.get() + 1);
            let plan = compile(&source).expect("what has no finding parses").plan;
            for request in file.requests(&mut Random(seed | 1)) {
                match answer(&plan, &request) {
                    Answer::Routed => routed.set(routed.get() + 1),
                    Answer::NoCapture(message) => {
                        prop_assert!(false, "{request:?}: {message}\n{}", source.text());
                    }
                    Answer::Broken(message) => prop_assert!(false, "{message}\n{}", source.text()),
                    Answer::Other => {}
                }
            }
            Ok(())
        },
    );
    run.unwrap_or_else(|failure| panic!("{failure}"));
    // Without these the property could hold for want of anything to look at.
    assert!(clean.get() > FILES / 8, "only {} of {FILES} files are clean", clean.get());
    assert!(routed.get() > 3_000, "only {} requests were routed", routed.get());
}

#[test]
fn a_group_that_can_be_passed_by_is_caught() {
    let missed = Cell::new(0);
    let cases = 100;
    let run = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() }).run(
        &(planted(), any::<u64>()),
        |(file, seed)| {
            let source = SourceFile::new("routes.yaml", file.yaml());
            let findings = check(&source, &Options::default()).diagnostics;
            let caught = findings.iter().any(|finding| finding.rule == Rule::OptionalCapture);
            prop_assert!(caught, "{}\n{}", source.text(), support::render(&source, &findings));
            // The plan of a file with errors still answers, which shows that the sampled requests of
            // the other test would find a capture that is missing.
            let plan = compile(&source).expect("the file parses").plan;
            let requests = file.requests(&mut Random(seed | 1));
            let lacks = requests.iter().any(|request| matches!(answer(&plan, request), Answer::NoCapture(_)));
            missed.set(missed.get() + u32::from(lacks));
            Ok(())
        },
    );
    run.unwrap_or_else(|failure| panic!("{failure}"));
    assert!(missed.get() > cases / 2, "requests showed only {} of {cases} missing captures", missed.get());
}

#[test]
fn an_error_shows_a_request_that_lacks_the_capture() {
    let (shown, unproved) = (Cell::new(0), Cell::new(0));
    let run =
        TestRunner::new(Config { cases: FILES_WITH_ERRORS, failure_persistence: None, ..Config::default() })
            .run(&(lone(), any::<u64>()), |(file, seed)| {
                let source = SourceFile::new("routes.yaml", file.yaml());
                let mut findings = check(&source, &Options::default()).diagnostics;
                let rules = [Rule::UndefinedCapture, Rule::OptionalCapture, Rule::CaptureMissingOnPath];
                findings.retain(|finding| rules.contains(&finding.rule));
                let plan = compile(&source).expect("the file parses").plan;
                for finding in &findings {
                    let name =
                        finding.message.split('`').find(|word| NAMES.contains(word)).expect("it is named");
                    let Some(witness) = &finding.witness else {
                        unproved.set(unproved.get() + 1);
                        let is_open = finding.message.contains("not proved");
                        let requests = file.requests(&mut Random(seed | 1));
                        let lacking = requests.iter().find(|it| lacks(&plan, name, it));
                        prop_assert!(is_open || lacking.is_none(), "{lacking:?}: {}", source.text());
                        continue;
                    };
                    let request = Request { target: witness.path.clone(), consumer: None };
                    prop_assert!(lacks(&plan, name, &request), "{witness:?} has `{name}`\n{}", source.text());
                    shown.set(shown.get() + 1);
                }
                Ok(())
            });
    run.unwrap_or_else(|failure| panic!("{failure}"));
    let (shown, unproved) = (shown.get(), unproved.get());
    assert!(shown > FILES_WITH_ERRORS / 2, "only {shown} witnesses");
    assert!(unproved < shown / 20, "{unproved} of {shown} errors show nothing");
}

/// Whether the plan refuses a request that does not set a capture.
fn lacks(plan: &Plan, name: &str, request: &Request) -> bool {
    with_head(request, |head| match plan.route(head, Caller::Assumed(request.consumer)) {
        Routing::Rejected(rejected) => {
            let message = &rejected.rejection.message;
            message.starts_with("uri_captures key") && rejected.captures.get(name).is_none()
        }
        _ => false,
    })
}

/// What a plan makes of a request.
enum Answer {
    Routed,
    NoCapture(String),
    Broken(String),
    Other,
}

fn with_head<T>(request: &Request, use_it: impl FnOnce(&RequestHead<'_>) -> T) -> T {
    use_it(&RequestHead {
        scheme: Scheme::Http,
        http2: false,
        method: b"POST",
        target: request.target.as_bytes(),
        headers: &[(b"host", b"ai.test"), (b"x-model", b"gpt-4")],
        port: 8000,
        sni: None,
    })
}

fn answer(plan: &Plan, request: &Request) -> Answer {
    with_head(request, |head| match plan.route(head, Caller::Assumed(request.consumer)) {
        Routing::NeedsBody { .. } => unreachable!("no key is asked for"),
        Routing::NoRoute(_) => Answer::Other,
        Routing::Routed(_) => Answer::Routed,
        Routing::Rejected(rejected) => {
            let message = rejected.rejection.message;
            match rejected.rejection.status {
                _ if message.starts_with("uri_captures key") => Answer::NoCapture(message),
                500 => Answer::Broken(message),
                _ => Answer::Other,
            }
        }
    })
}

#[derive(Debug)]
struct Request {
    target: String,
    consumer: Option<ConsumerIndex>,
}

/// A random configuration: plugins hang on routes, services, a consumer, and on nothing.
#[derive(Debug, Clone)]
struct File {
    services: Vec<Service>,
    consumer: Option<Model>,
    global: Option<Model>,
}

#[derive(Debug, Clone)]
struct Service {
    routes: Vec<Route>,
    plugin: Option<Model>,
}

#[derive(Debug, Clone)]
struct Route {
    paths: Vec<Path>,
    plugin: Option<Model>,
}

/// The model name of a plugin: pieces of text and placeholders.
type Model = Vec<String>;

#[derive(Debug, Clone)]
enum Path {
    Prefix(&'static str),
    Regex { alternatives: Vec<Node>, flag: &'static str, end: &'static str },
}

/// A regex as a tree.
#[derive(Debug, Clone)]
enum Node {
    Text(&'static str),
    Group(&'static str, Box<Node>),
    Repeat(Box<Node>, &'static str),
    Any(Vec<Node>),
    All(Vec<Node>),
}

const NAMES: [&str; 3] = ["a", "b", "c"];

fn file() -> impl Strategy<Value = File> {
    let plugin = || prop::option::weighted(0.5, model());
    let route = (prop::collection::vec(path(), 1..3), plugin());
    let route = route.prop_map(|(paths, plugin)| Route { paths, plugin });
    let service = (prop::collection::vec(route, 1..3), plugin());
    let service = service.prop_map(|(routes, plugin)| Service { routes, plugin });
    (prop::collection::vec(service, 1..3), plugin(), plugin()).prop_map(|(services, consumer, global)| File {
        services,
        consumer,
        global,
    })
}

/// A file with one route, so that whatever is said of it is said of the plan.
fn lone() -> impl Strategy<Value = File> {
    let model =
        prop::collection::vec(select(&NAMES[..]).prop_map(|name| format!("$(uri_captures.{name})")), 1..3);
    (prop::collection::vec(path(), 1..4), model).prop_map(|(paths, model)| {
        let route = Route { paths, plugin: Some(model) };
        let services = vec![Service { routes: vec![route], plugin: None }];
        File { services, consumer: None, global: None }
    })
}

fn model() -> impl Strategy<Value = Model> {
    let piece = prop_oneof![
        2 => Just("$(uri_captures.a)".to_owned()),
        1 => select(&NAMES[..]).prop_map(|name| format!("$(uri_captures.{name})")),
        1 => select(vec!["$(headers.x-model)", "gpt-", "é"]).prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 1..3)
}

fn path() -> impl Strategy<Value = Path> {
    // Most patterns begin with a group that is always set, or hardly a file would be clean.
    let head = Node::Group("a", Box::new(Node::Text("[^/]+")));
    let alternative = (prop::bool::weighted(0.7), node()).prop_map(move |(has_head, rest)| {
        if has_head { Node::All(vec![head.clone(), Node::Text("/"), rest]) } else { rest }
    });
    let regex = (
        prop::collection::vec(alternative, 1..=2),
        prop::bool::weighted(0.1),
        select(vec!["", "", "(?i)", "(?s)"]),
        select(vec!["$", "$", "", ".*", "\\z"]),
    );
    let regex = regex.prop_map(|(mut alternatives, all, flag, end)| {
        alternatives.truncate(if all { 2 } else { 1 });
        Path::Regex { alternatives, flag, end }
    });
    prop_oneof![15 => regex, 1 => select(vec!["/v1", "/chat/", "/é"]).prop_map(Path::Prefix)]
}

fn node() -> impl Strategy<Value = Node> {
    let leaf = select(vec![
        "chat",
        "x",
        "/",
        "/v1/",
        "é",
        "\\.",
        "\\d",
        "\\w",
        "[^/]",
        "[a-z]",
        "[^#?/]",
        ".",
        "\\pL",
        "[[:alpha:]&&[^x]]",
        "\\b",
        "(?:)",
        "^",
        "(?-u:[a-c])",
        "ß",
        "(?i:k)",
        "\\W",
        "(?:a|ab)",
        ".*",
    ]);
    leaf.prop_map(Node::Text).prop_recursive(4, 16, 3, |inner| {
        prop_oneof![
            3 => (select(&NAMES[..]), inner.clone()).prop_map(|(name, node)| Node::Group(name, Box::new(node))),
            2 => (inner.clone(), select(vec!["?", "*", "+", "{2}", "{0,2}", "{1,}", "??", "*?", "+?", "{0}"]))
                .prop_map(|(node, times)| Node::Repeat(Box::new(node), times)),
            2 => prop::collection::vec(inner.clone(), 2..4).prop_map(Node::Any),
            4 => prop::collection::vec(inner, 1..4).prop_map(Node::All),
        ]
    })
}

/// A file whose one template reads a group that a match can pass by.
fn planted() -> impl Strategy<Value = File> {
    let group = || Box::new(Node::Group("a", Box::new(Node::Text("[a-z]+"))));
    let optional = prop_oneof![
        select(vec!["?", "*", "{0,3}", "??", "*?"]).prop_map(move |times| Node::Repeat(group(), times)),
        Just(Node::Any(vec![*group(), Node::Text("[0-9]")])),
        Just(Node::Repeat(Box::new(Node::Any(vec![Node::Text("-"), *group()])), "+")),
    ];
    let around = || select(vec!["x/", "(?:v1|v2)", "[0-9]+/", "é?"]).prop_map(Node::Text);
    (around(), optional, around(), select(vec!["$", ""])).prop_map(|(before, optional, after, end)| {
        let path =
            Path::Regex { alternatives: vec![Node::All(vec![before, optional, after])], flag: "", end };
        let route = Route { paths: vec![path], plugin: Some(vec!["$(uri_captures.a)".to_owned()]) };
        let services = vec![Service { routes: vec![route], plugin: None }];
        File { services, consumer: None, global: None }
    })
}

impl File {
    fn yaml(&self) -> String {
        let mut out = "_format_version: '3.0'\nservices:\n".to_owned();
        for service in &self.services {
            out += "- host: localhost\n  routes:\n";
            for route in &service.routes {
                out += "  - paths:\n";
                for path in &route.paths {
                    out += &format!("    - '{}'\n", path.text());
                }
                out += &plugin(route.plugin.as_ref(), "    ");
            }
            out += &plugin(service.plugin.as_ref(), "  ");
        }
        if self.consumer.is_some() {
            out += "consumers:\n- username: alice\n";
            out += &plugin(self.consumer.as_ref(), "  ");
        }
        out + &plugin(self.global.as_ref(), "")
    }

    /// Requests for every path, as the consumer and as nobody.
    fn requests(&self, random: &mut Random) -> Vec<Request> {
        let mut requests = Vec::new();
        for path in self.services.iter().flat_map(|service| &service.routes).flat_map(|route| &route.paths) {
            for _ in 0..PATHS_PER_PATTERN {
                let consumer = (self.consumer.is_some() && random.below(2) == 0).then_some(ConsumerIndex(0));
                requests.push(Request { target: path.sample(random), consumer });
            }
        }
        requests
    }
}

fn plugin(model: Option<&Model>, indent: &str) -> String {
    let Some(model) = model else { return String::new() };
    let lines = [
        "plugins:".to_owned(),
        "- name: ai-proxy".to_owned(),
        "  config:".to_owned(),
        "    route_type: llm/v1/chat".to_owned(),
        "    model:".to_owned(),
        "      provider: openai".to_owned(),
        format!("      name: '{}'", model.concat()),
    ];
    lines.iter().map(|line| format!("{indent}{line}\n")).collect()
}

impl Path {
    fn text(&self) -> String {
        match self {
            Path::Prefix(prefix) => (*prefix).to_owned(),
            Path::Regex { alternatives, flag, end } => {
                let mut names = Vec::new();
                let mut out = format!("~/{flag}");
                for (nth, node) in alternatives.iter().enumerate() {
                    if nth > 0 {
                        out.push_str("|/");
                    }
                    node.write(&mut names, &mut out);
                    out.push_str(end);
                }
                // Kong takes no empty segments, not even in a regex.
                while out.contains("//") {
                    out = out.replace("//", "/");
                }
                out
            }
        }
    }

    /// The target of a request that probably matches.
    fn sample(&self, random: &mut Random) -> String {
        let mut path = String::new();
        match self.text().strip_prefix('~') {
            None => path = self.text(),
            Some(regex) => {
                let hir = regex_syntax::parse(&format!("^{}", regex.replace("?<", "?P<")));
                if let Ok(hir) = hir {
                    random.follow(&hir, &mut path);
                }
                // Alternatives outside a group are not anchored at the start.
                if random.below(8) == 0 {
                    path.insert_str(0, "/zz");
                }
            }
        }
        if random.below(4) == 0 {
            path.push_str(["/more", "x", "/"][random.below(3)]);
        }
        let unescaped = |byte: u8| byte.is_ascii_graphic() && !b"\"<>?\\^`{|}".contains(&byte);
        path.bytes()
            .map(|byte| if unescaped(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
            .collect()
    }
}

impl Node {
    /// Writes the regex. A name that the pattern has already makes a group without one.
    fn write(&self, names: &mut Vec<&'static str>, out: &mut String) {
        match self {
            Node::Text(text) => out.push_str(text),
            Node::Group(name, node) => {
                if names.contains(name) {
                    out.push_str("(?:");
                } else {
                    names.push(name);
                    out.push_str(&format!("(?<{name}>"));
                }
                node.write(names, out);
                out.push(')');
            }
            Node::Repeat(node, times) => {
                out.push_str("(?:");
                node.write(names, out);
                out.push_str(&format!("){times}"));
            }
            Node::Any(nodes) => {
                for (nth, node) in nodes.iter().enumerate() {
                    out.push_str(if nth == 0 { "(?:" } else { "|" });
                    node.write(names, out);
                }
                out.push(')');
            }
            Node::All(nodes) => nodes.iter().for_each(|node| node.write(names, out)),
        }
    }
}

/// A generator of the xorshift family: small, and the same everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }

    /// Appends a random text of the language of `hir`, assertions left aside.
    fn follow(&mut self, hir: &Hir, out: &mut String) {
        match hir.kind() {
            HirKind::Empty | HirKind::Look(_) => {}
            HirKind::Literal(literal) => out.push_str(&String::from_utf8_lossy(&literal.0)),
            HirKind::Class(class) => out.extend(self.member(class)),
            HirKind::Capture(capture) => self.follow(&capture.sub, out),
            HirKind::Concat(items) => items.iter().for_each(|item| self.follow(item, out)),
            HirKind::Alternation(items) => {
                let item = self.below(items.len());
                self.follow(&items[item], out);
            }
            HirKind::Repetition(repetition) => {
                let most = repetition.max.unwrap_or(u32::MAX).min(repetition.min + 2);
                let times = repetition.min + self.below((most - repetition.min) as usize + 1) as u32;
                (0..times).for_each(|_| self.follow(&repetition.sub, out));
            }
        }
    }

    /// A character of the class: mostly ASCII, if it has any.
    fn member(&mut self, class: &Class) -> Option<char> {
        let ranges: Vec<(u32, u32)> = match class {
            Class::Unicode(class) => {
                class.ranges().iter().map(|range| (range.start() as u32, range.end() as u32)).collect()
            }
            Class::Bytes(class) => {
                class.ranges().iter().map(|range| (range.start().into(), range.end().into())).collect()
            }
        };
        let graphic = |range: &(u32, u32)| (range.0.max(0x21), range.1.min(0x7e));
        let ascii: Vec<_> = ranges.iter().map(graphic).filter(|(from, to)| from <= to).collect();
        let ranges = if ascii.is_empty() || self.below(8) == 0 { ranges } else { ascii };
        if ranges.is_empty() {
            return None;
        }
        let (from, to) = ranges[self.below(ranges.len())];
        char::from_u32(from + self.below((to - from) as usize + 1) as u32)
    }
}
