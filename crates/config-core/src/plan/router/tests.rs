use super::*;

mod oracle;
mod worked_cases;

use crate::{
    kong_id::entity_id,
    pattern::Pattern,
    plan::{
        criteria::{HeaderCriterion, HeaderValue, HostPattern, Protocols, SniPattern},
        request::Scheme,
    },
};

/// A named route as a test writes it.
#[derive(Clone)]
struct Written {
    name: &'static str,
    criteria: Criteria,
}

fn route(name: &'static str) -> Written {
    Written { name, criteria: Criteria { kong_id: Some(entity_id("routes", name)), ..Criteria::default() } }
}

fn path_criterion(path: &str) -> PathCriterion {
    match path.strip_prefix('~') {
        Some(regex) => PathCriterion::Regex(Arc::new(Pattern::parse(regex).unwrap())),
        None => PathCriterion::Prefix(path.to_owned()),
    }
}

impl Written {
    fn path(mut self, path: &str) -> Self {
        self.criteria.paths.push(path_criterion(path));
        self
    }

    fn method(mut self, method: &str) -> Self {
        self.criteria.methods.push(method.to_owned());
        self
    }

    fn host(mut self, host: &str) -> Self {
        self.criteria.hosts.push(HostPattern::parse(host).unwrap());
        self.criteria.hosts_given = true;
        self
    }

    fn header(mut self, name: &str, values: &[&str]) -> Self {
        let values = values.iter().map(|value| HeaderValue::parse(value).unwrap()).collect();
        self.criteria.headers.push(HeaderCriterion::new(name, values));
        self
    }

    fn sni(mut self, sni: &str) -> Self {
        self.criteria.snis.push(SniPattern::parse(sni).unwrap());
        self
    }

    fn priority(mut self, priority: i64) -> Self {
        self.criteria.regex_priority = priority;
        self
    }

    fn protocols(mut self, names: &[&str]) -> Self {
        self.criteria.protocols = Protocols::from_names(names.iter().copied());
        self
    }
}

/// A request as a test writes it.
#[derive(Clone, Debug)]
struct Asked {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    scheme: Scheme,
    sni: Option<String>,
}

fn post(target: &str) -> Asked {
    Asked {
        method: "POST".to_owned(),
        target: target.to_owned(),
        headers: Vec::new(),
        scheme: Scheme::Http,
        sni: None,
    }
}

impl Asked {
    fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    fn over_tls(mut self, sni: &str) -> Self {
        (self.scheme, self.sni) = (Scheme::Https, Some(sni.to_owned()));
        self
    }

    fn send<T>(&self, to: impl FnOnce(&RequestHead) -> T) -> T {
        let headers: Vec<_> =
            self.headers.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())).collect();
        to(&RequestHead {
            scheme: self.scheme,
            http2: false,
            method: self.method.as_bytes(),
            target: self.target.as_bytes(),
            headers: &headers,
            port: 8000,
            sni: self.sni.as_deref().map(str::as_bytes),
        })
    }
}

fn router(routes: &[Written]) -> Router {
    Router::build(routes.iter().map(|route| route.criteria.clone()).collect())
}

#[test]
fn a_path_that_is_no_text_belongs_to_no_route() {
    let router = router(&[route("any").method("POST")]);
    assert!(post("/ok").send(|head| router.find(head)).is_some());
    assert!(post("/%ff").send(|head| router.find(head)).is_none());
}

#[test]
fn a_route_without_criteria_or_with_an_invalid_path_matches_nothing() {
    let mut invalid = route("invalid").method("POST");
    invalid.criteria.paths.push(PathCriterion::Invalid("~/x(".to_owned()));
    let router = router(&[route("empty"), invalid, route("stream").path("/").protocols(&["tcp"])]);
    assert!(post("/x").send(|head| router.find(head)).is_none());
    let reasons: Vec<_> = post("/x")
        .send(|head| router.candidates(head))
        .into_iter()
        .map(|candidate| (candidate.route, candidate.path, candidate.reason.text(|index| index.to_string())))
        .collect();
    assert_eq!(
        reasons,
        [
            (0, None, "the route lists no criterion".to_owned()),
            (1, Some(0), "the path is not valid".to_owned()),
            (2, Some(0), "the route serves no HTTP protocol".to_owned()),
        ]
    );
}

#[test]
fn only_the_first_hundred_headers_count() {
    let router = router(&[route("h").header("x-a", &["1"])]);
    let fill = |count: usize| (0..count).fold(post("/"), |asked, _| asked.with("x-b", "0")).with("X_A", "1");
    assert!(fill(99).send(|head| router.find(head)).is_some());
    assert!(fill(100).send(|head| router.find(head)).is_none());
}

#[test]
fn candidates_say_how_far_they_got() {
    let routes = [
        route("openai-chat").path("~/(?<model>[^#?/]+)/chat/completions$").method("POST"),
        route("cohere-chat").path("~/cohere/(?<model>[^#?/]+)/chat/completions$").method("POST"),
        route("mistral-chat").path("~/mistral(?<model>[^#?/]+)/chat/completions$").method("POST"),
        route("azure").path("~/azure/.*"),
        route("other").path("~/a|/b"),
        route("get").path("/cohere").method("GET"),
        route("cafe").path("~/caf\u{e8}/x"),
        route("late").path("/cohere/"),
        route("host").host("*.ai.test").path("/x"),
        route("header").header("x-env", &["p", "~*^q"]).path("~/cohere/chat/[a-c]+$"),
        route("two").path("/cohere/chat").path("~/cohere/chat"),
    ];
    let router = router(&routes);
    let asked = post("/cohere/chat/completions").with("host", "h.test").with("x-env", "z");
    let shown: Vec<String> = asked
        .send(|head| router.candidates(head))
        .into_iter()
        .map(|candidate| {
            format!(
                "{}{} {} `{}`: {}",
                routes[candidate.route].name,
                candidate.path.map(|path| format!("[{path}]")).unwrap_or_default(),
                if candidate.matched { "matched" } else { "missed" },
                candidate.matched_prefix,
                candidate.reason.text(|index| format!("`{}`", routes[index].name))
            )
        })
        .collect();
    insta::assert_snapshot!(shown.join("\n"));
}

#[test]
fn kong_s_choice_comes_with_its_reason() {
    let routes = [
        [route("rx").path("~/v1/.*"), route("pm").path("/v1/chat").method("POST")],
        [route("beta").path("~/v1/chat.*"), route("alpha").path("~/v1/.*")],
        [
            route("one").path("~/v1/.+").header("x-a", &["p"]).priority(1),
            route("two").path("~/v1/chat$").header("x-a", &["p"]).priority(2),
        ],
        [route("same").path("~/v1/chat"), route("same-too").path("/v1/chat")],
    ];
    let mut unnamed = routes[1].clone();
    unnamed[0].criteria.kong_id = None;
    let asked = post("/v1/chat").with("x-a", "p");
    let shown: Vec<String> = routes
        .iter()
        .chain([&unnamed])
        .map(|routes| {
            let router = router(routes);
            let ours = asked.send(|head| router.find(head)).map(|found| routes[found.route].name);
            let kong = asked.send(|head| router.find_as_kong(head));
            format!(
                "ours {}, kong {}{}: {}",
                ours.unwrap_or("none"),
                kong.found.map_or("none", |found| routes[found.route].name),
                if kong.undecided { " (undecided)" } else { "" },
                kong.reason.as_deref().unwrap_or("agreed")
            )
        })
        .collect();
    insta::assert_snapshot!(shown.join("\n"));
}
