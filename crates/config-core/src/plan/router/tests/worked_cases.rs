//! The reference's worked cases: winner, captures, and Kong's winner where it is another.

use super::*;

struct Case {
    number: u8,
    routes: Vec<Written>,
    asked: Vec<(Asked, Outcome)>,
}

/// The route that wins, its captures, and the one that Kong as shipped picks.
struct Outcome {
    ours: Option<&'static str>,
    captures: &'static [(&'static str, &'static str)],
    kong: Option<&'static str>,
}

fn to(name: &'static str) -> Outcome {
    Outcome { ours: Some(name), captures: &[], kong: Some(name) }
}

fn with(name: &'static str, captures: &'static [(&'static str, &'static str)]) -> Outcome {
    Outcome { captures, ..to(name) }
}

fn split(ours: &'static str, kong: &'static str) -> Outcome {
    Outcome { ours: Some(ours), captures: &[], kong: Some(kong) }
}

const NOBODY: Outcome = Outcome { ours: None, captures: &[], kong: None };

fn case(number: u8, routes: impl Into<Vec<Written>>, asked: impl Into<Vec<(Asked, Outcome)>>) -> Case {
    Case { number, routes: routes.into(), asked: asked.into() }
}

fn chat() -> [Written; 1] {
    [route("chat").path("~/llm/(?<model>[^#?/]+)/chat/completions$").method("POST")]
}

fn cases() -> Vec<Case> {
    let get = Asked { method: "GET".to_owned(), ..post("/llm/gpt-4o/chat/completions?x=1") };
    let tier = "x-tier";
    vec![
        case(1, chat(), [(post("/llm/gpt-4o/chat/completions?x=1"), with("chat", &[("model", "gpt-4o")]))]),
        case(2, chat(), [(post("/llm/gpt-4o/chat/completions/"), NOBODY)]),
        case(3, chat(), [(post("/v1/llm/gpt-4o/chat/completions"), NOBODY)]),
        case(4, chat(), [(get, NOBODY)]),
        case(
            5,
            chat(),
            [(post("/llm/meta%2fllama%2D3/chat/completions"), with("chat", &[("model", "meta%2Fllama-3")]))],
        ),
        case(6, chat(), [(post("/llm/my%20model/chat/completions"), with("chat", &[("model", "my model")]))]),
        case(
            7,
            chat(),
            [(post("//llm/x/../gpt-4//chat/./completions"), with("chat", &[("model", "gpt-4")]))],
        ),
        case(8, chat(), [(post("/llm//chat/completions"), NOBODY)]),
        case(9, chat(), [(post("/llm/llama3:8b/chat/completions"), with("chat", &[("model", "llama3:8b")]))]),
        case(
            10,
            [route("az").path("~/dep/(?<d>[^/]+)/chat")],
            [(post("/dep/d1/chatXYZ/more"), with("az", &[("d", "d1")]))],
        ),
        case(11, [route("ai").path("/ai")], [(post("/airline/x"), to("ai"))]),
        case(
            12,
            [route("short").path("/v1"), route("long").path("/v1/chat")],
            [(post("/v1/chat/completions"), to("long"))],
        ),
        case(
            13,
            [route("pfx").path("/v1/chat/completions"), route("rx").path("~/v1/.*")],
            [(post("/v1/chat/completions"), to("rx"))],
        ),
        case(
            14,
            [route("any").path("~/v1/.*"), route("chat").path("~/v1/chat$").priority(5)],
            [(post("/v1/chat"), to("chat"))],
        ),
        case(
            15,
            [route("root").path("/").priority(50), route("v1").path("/v1")],
            [(post("/v1/x"), to("v1"))],
        ),
        case(
            16,
            [route("alpha").path("~/v1/.*").method("POST"), route("beta").path("~/v1/chat.*").method("POST")],
            [(post("/v1/chat"), to("alpha"))],
        ),
        case(
            17,
            [route("rx").path("~/v1/.*"), route("pm").path("/v1/chat").method("POST")],
            [(post("/v1/chat"), split("pm", "rx"))],
        ),
        case(
            18,
            [route("h").host("ai.test"), route("pm").path("/v1/chat").method("POST")],
            [(post("/v1/chat").with("host", "ai.test"), split("pm", "h"))],
        ),
        case(
            19,
            [
                route("one").path("~/hook/.+").header("x-env", &["p"]).priority(1),
                route("two").path("~/hook/a$").header("x-env", &["p"]).priority(2),
            ],
            [(post("/hook/a").with("x-env", "p"), split("two", "one"))],
        ),
        case(
            20,
            [route("neg").path("~/v1/.*").priority(-1), route("zero").path("~/v1/chat")],
            [(post("/v1/chat"), to("neg"))],
        ),
        case(
            21,
            [route("wh").host("*.ai.test"), route("p").path("/v1")],
            [(post("/v1/x").with("Host", "a.ai.test"), to("p"))],
        ),
        case(
            22,
            [route("wild").host("*.ai.test").path("/v1/chat"), route("plain").host("eu.ai.test").path("/v1")],
            [(post("/v1/chat").with("Host", "eu.ai.test"), to("plain"))],
        ),
        case(
            23,
            [
                route("h1").header(tier, &["gold"]).path("/v1/chat"),
                route("h2").header(tier, &["gold"]).header("x-region", &["eu"]).path("/v1"),
            ],
            [(post("/v1/chat").with("X-Tier", "GOLD").with("x-region", "eu"), to("h2"))],
        ),
        case(
            24,
            [route("h").header(tier, &["gold", "silver"]).path("/v1")],
            [(post("/v1").with(tier, "bronze").with(tier, "Silver"), to("h"))],
        ),
        case(
            25,
            [route("h").header(tier, &[r"~*^gold-\d+$"]).path("/v1")],
            [(post("/v1").with("X-Tier", "Gold-12"), to("h"))],
        ),
        case(
            26,
            [route("h").header(tier, &[r"~*^\D+$"]).path("/v1")],
            [(post("/v1").with(tier, "abc"), NOBODY)],
        ),
        case(
            27,
            [route("h").header(tier, &["~*^([a-z]+)-"]).path("~/v1/(?<model>[^/]+)")],
            [(post("/v1/gpt").with(tier, "Gold-1"), with("h", &[("model", "gpt")]))],
        ),
        case(
            28,
            [route("p").host("ai.test:80"), route("named").host("ai.test").path("/named")],
            [
                (post("/").with("Host", "ai.test"), NOBODY),
                (post("/").with("Host", "ai.test:80"), to("p")),
                (post("/named").with("Host", "AI.test"), NOBODY),
            ],
        ),
        case(
            29,
            [route("multi").path("/a").path("/a/b/c").path(r"~/z/\d+$"), route("mid").path("/a/b")],
            [(post("/a/b/x"), to("mid")), (post("/a/b/c/d"), to("multi")), (post("/z/7"), to("multi"))],
        ),
        case(30, [route("alt").path("~/a|/b")], [(post("/zz/b/q"), to("alt"))]),
        case(
            31,
            [route("o").path(r"~/(?:(?<tenant>t\d+)/)?chat/(?<model>[^/]+)$")],
            [
                (post("/chat/m1"), with("o", &[("model", "m1")])),
                (post("/t1/chat/m1"), with("o", &[("tenant", "t1"), ("model", "m1")])),
            ],
        ),
        case(32, [route("u").path(r"~/u/(\d+)/([a-z]+)$")], [(post("/u/12/abc"), to("u"))]),
        case(33, [route("t").path("~/m/(?<model>[^?<]+)$")], [(post("/m/GPT"), NOBODY)]),
        case(
            34,
            [route("s").path("/api")],
            [(post("/api"), to("s")), (post("/api/"), to("s")), (post("/api/x"), to("s"))],
        ),
        case(
            35,
            [route("s").path("/api")],
            [(post("/api/"), to("s")), (post("/apiary"), to("s")), (post("/api../x"), to("s"))],
        ),
        case(36, [route("s").path("/api/")], [(post("/api"), NOBODY)]),
        case(37, [route("s").path("/api")], [(post("/api/x%20y"), to("s"))]),
        case(38, [route("hh").host("ai.test")], [(post("/x/y").with("host", "ai.test"), to("hh"))]),
        case(
            39,
            [route("s").path("/v1").sni("ai.test").protocols(&["https"])],
            [
                (post("/v1"), to("s")),
                (post("/v1").over_tls("other.test"), NOBODY),
                (post("/v1").over_tls("ai.test."), to("s")),
            ],
        ),
        case(40, [route("m").method("POST"), route("p").path("/v1")], [(post("/v1"), to("p"))]),
    ]
}

#[test]
fn every_worked_case_comes_out() {
    let cases = cases();
    assert_eq!(cases.len(), 40);
    for Case { number, routes, asked } in cases {
        let router = router(&routes);
        for (asked, outcome) in asked {
            let found = asked.send(|head| router.find(head));
            let kong = asked.send(|head| router.find_as_kong(head));
            let name = |found: &Option<Match>| found.as_ref().map(|found| routes[found.route].name);
            let at = format!("case {number}, {asked:?}");
            assert_eq!(name(&found), outcome.ours, "{at}");
            assert_eq!(name(&kong.found), outcome.kong, "{at}");
            assert_eq!(kong.differs, outcome.ours != outcome.kong, "{at}");
            let captures: Vec<_> = found.iter().flat_map(|found| found.captures.iter()).collect();
            assert_eq!(captures, outcome.captures, "{at}");
        }
    }
}

/// Which path matched follows the split into groups, not the order written.
#[test]
fn the_path_that_matched_is_told() {
    let router = router(&[route("multi").path("/a").path("/a/b/c").path(r"~/z/\d+$")]);
    let path = |target: &str| post(target).send(|head| router.find(head)).and_then(|found| found.path);
    assert_eq!([path("/a/b/c/d"), path("/a/b"), path("/z/7"), path("/q")], [Some(1), Some(0), Some(2), None]);
}
