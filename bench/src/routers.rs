//! One router beside its peers: build time, memory and lookups, in one process, interleaved.

use std::{
    hint::black_box,
    sync::Arc,
    time::{Duration, Instant},
};

use atc_router::{ast::Type, ast::Value, context::Context, router::Router as AtcRouter, schema::Schema};
use config_core::{
    pattern::Pattern,
    plan::{
        criteria::{Criteria, PathCriterion},
        request::{RequestHead, Scheme},
        router::Router,
    },
};
use regex::Regex;
use uuid::Uuid;

use crate::{memory, mixture};

/// What a router answers: the route, and what its named group captured.
type Answer = Option<(usize, Option<String>)>;

/// The group that the pattern at this position names.
const GROUPS: [&str; 3] = ["model", "operation", "op_path"];

/// Lookups of one router are timed for about this long before the next one's turn: less than a
/// scheduler's slice, so that on a busy machine most turns are undisturbed.
const TURN: Duration = Duration::from_millis(1);

const ROUNDS: usize = 99;

/// The first pass of lookups ends after this time.
const FIRST_PASS: Duration = Duration::from_secs(2);

/// One router's figures.
pub struct Figures {
    pub name: &'static str,
    pub build: Duration,
    /// Resident memory that building and a first pass of lookups took, in bytes.
    pub memory: u64,
    /// The median over the rounds, in nanoseconds.
    pub lookup: f64,
    /// The fastest round; of a router so slow that a round is a handful of lookups it says nothing.
    pub undisturbed: Option<f64>,
}

/// Builds all routers over `routes` routes and lets them look up the same paths in turns.
pub fn measure(routes: usize) -> Vec<Figures> {
    let patterns = mixture::patterns(routes);
    let requests = mixture::requests(routes, 1_000);
    let schema = schema();
    let mut contenders: Vec<Contender> = Vec::new();
    contenders.push(Contender::build("aiproxy", &requests, || {
        let router = ours(&patterns);
        Box::new(move |path| find_ours(&router, path))
    }));
    contenders.push(Contender::build("loop over `Regex`", &requests, || {
        let regexes: Vec<Regex> =
            patterns.iter().map(|pattern| Regex::new(&format!("^{pattern}")).unwrap()).collect();
        Box::new(move |path| find_in_loop(&regexes, path))
    }));
    contenders.push(Contender::build("atc-router 1.7.1", &requests, || {
        let router = atc(&patterns, &schema);
        let schema = &schema;
        Box::new(move |path| find_atc(&router, schema, path))
    }));
    let expected = &contenders[0].answers;
    for contender in &contenders[1..] {
        let agrees = contender.answers.iter().zip(expected).all(|(a, b)| a == b);
        assert!(agrees, "{} disagrees", contender.name);
    }
    for _ in 0..ROUNDS {
        for contender in &mut contenders {
            contender.take_turn(&requests);
        }
    }
    contenders.into_iter().map(Contender::figures).collect()
}

struct Contender<'a> {
    name: &'static str,
    build: Duration,
    memory: u64,
    find: Box<dyn Fn(&str) -> Answer + 'a>,
    /// To the first requests: as many as fit into the first pass.
    answers: Vec<Answer>,
    next: usize,
    rounds: Vec<f64>,
}

impl<'a> Contender<'a> {
    fn build(
        name: &'static str,
        requests: &[String],
        make: impl FnOnce() -> Box<dyn Fn(&str) -> Answer + 'a>,
    ) -> Self {
        let before = memory::resident();
        let start = Instant::now();
        let find = make();
        let build = start.elapsed();
        let start = Instant::now();
        let in_time = |_: &&String| start.elapsed() < FIRST_PASS;
        let answers = requests.iter().take_while(in_time).map(|path| find(path)).collect();
        let memory = memory::resident().saturating_sub(before);
        Self { name, build, memory, find, answers, next: 0, rounds: Vec::new() }
    }

    /// The untimed run of the same requests brings back into the caches what the others' turns, which
    /// read hundreds of megabytes, drove out.
    fn take_turn(&mut self, requests: &[String]) {
        let from = self.next;
        self.run(requests);
        self.next = from;
        let nanoseconds = self.run(requests);
        self.rounds.push(nanoseconds);
    }

    /// Nanoseconds per lookup.
    fn run(&mut self, requests: &[String]) -> f64 {
        // Reading the clock costs as much as a tenth of a fast lookup.
        let batch = if self.rounds.first().is_some_and(|first| *first < 100_000.0) { 20 } else { 1 };
        let start = Instant::now();
        let mut lookups = 0;
        while start.elapsed() < TURN {
            for _ in 0..batch {
                black_box((self.find)(black_box(&requests[self.next])));
                self.next = (self.next + 1) % requests.len();
            }
            lookups += batch;
        }
        start.elapsed().as_nanos() as f64 / f64::from(lookups)
    }

    fn figures(mut self) -> Figures {
        self.rounds.sort_by(f64::total_cmp);
        let lookup = self.rounds[self.rounds.len() / 2];
        let undisturbed = self.rounds.first().copied().filter(|fastest| *fastest < 10_000.0);
        Figures { name: self.name, build: self.build, memory: self.memory, lookup, undisturbed }
    }
}

fn ours(patterns: &[String]) -> Router {
    let criteria = |pattern: &String| Criteria {
        paths: vec![PathCriterion::Regex(Arc::new(Pattern::parse(pattern).unwrap()))],
        ..Criteria::default()
    };
    Router::build(patterns.iter().map(criteria).collect())
}

fn find_ours(router: &Router, path: &str) -> Answer {
    let headers: &[(&[u8], &[u8])] = &[(b"host", b"localhost:8000"), (b"content-type", b"application/json")];
    let head = RequestHead {
        scheme: Scheme::Http,
        http2: false,
        method: b"POST",
        target: path.as_bytes(),
        headers,
        port: 8000,
        sni: None,
    };
    let found = router.find(&head)?;
    let captured = found.captures.iter().next().map(|(_, value)| value.to_owned());
    Some((found.route, captured))
}

fn find_in_loop(regexes: &[Regex], path: &str) -> Answer {
    let route = regexes.iter().position(|regex| regex.is_match(path))?;
    let captures = regexes[route].captures(path)?;
    let captured = GROUPS.iter().find_map(|name| captures.name(name));
    Some((route, captured.map(|found| found.as_str().to_owned())))
}

fn schema() -> Schema {
    let mut schema = Schema::default();
    schema.add_field("http.path", Type::String);
    schema
}

/// The greatest priority goes first.
fn atc<'a>(patterns: &[String], schema: &'a Schema) -> AtcRouter<'a> {
    let mut router = AtcRouter::new(schema);
    for (at, pattern) in patterns.iter().enumerate() {
        let pattern = pattern.replace("?<", "?P<");
        let id = Uuid::from_u128(at as u128);
        router.add_matcher(patterns.len() - at, id, &format!("http.path ~ r#\"^{pattern}\"#")).unwrap();
    }
    router
}

fn find_atc(router: &AtcRouter, schema: &Schema, path: &str) -> Answer {
    let mut context = Context::new(schema);
    context.add_value("http.path", Value::String(path.to_owned()));
    if !router.execute(&mut context) {
        return None;
    }
    let found = context.result?;
    let captured = GROUPS.iter().find_map(|name| found.captures.get(*name).cloned());
    Some((found.uuid.as_u128() as usize, captured))
}
