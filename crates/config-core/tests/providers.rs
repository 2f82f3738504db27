//! What each provider can be asked, as `docs/providers.md` shows it: seen from what becomes of requests to the
//! examples in `fixtures/providers`.
#![allow(clippy::disallowed_methods, reason = "tests read the repository's fixtures and pages")]

mod support;

use std::fmt::Write;

use config_core::check::compile;
use config_core::plan::caller::Caller;
use config_core::plan::prepare::{Body, Decision};
use config_core::plan::proxy::Field;
use config_core::plan::rejection::Rejection;
use config_core::plan::request::{RequestHead, Scheme};
use config_core::plan::{Plan, Routing};
use serde_json::{Value, json};

/// A column: an example, and the bases of its chat and completions routes.
struct Column {
    title: &'static str,
    example: &'static str,
    chat: &'static str,
    completions: &'static str,
}

const fn column(title: &'static str, example: &'static str, base: &'static str) -> Column {
    Column { title, example, chat: base, completions: base }
}

const COLUMNS: [Column; 12] = [
    column("openai", "openai", "/v1"),
    Column {
        completions: "/openai/deployments/instruct",
        ..column("azure", "azure", "/openai/deployments/gpt-4o")
    },
    column("anthropic", "anthropic", "/anthropic"),
    column("cohere", "cohere", "/cohere"),
    column("mistral", "mistral", "/mistral"),
    column("ollama", "mistral-ollama", "/local"),
    column("llama2 raw", "llama2-raw", "/llama"),
    column("llama2 openai", "llama2-openai", "/v1"),
    column("gemini", "gemini", "/gemini"),
    column("vertex", "vertex", "/vertex"),
    column("bedrock", "bedrock", "/bedrock"),
    column("huggingface", "huggingface", "/hf"),
];

/// What becomes of something that a request asks for.
#[derive(Debug, PartialEq)]
enum Outcome {
    /// It makes a difference upstream.
    Carried,
    /// It is left out, and the client is told.
    Dropped,
    /// The request is refused.
    Refused(u16),
    /// What is sent is the same without it.
    Ignored,
}

/// A row: what is asked for, and requests without it and with it.
struct Feature {
    name: &'static str,
    without: Value,
    with: Value,
}

fn features() -> Vec<Feature> {
    let user = |content: Value| json!({"role": "user", "content": content});
    let hi = || user(json!("hi"));
    let plain = || json!({"model": "MODEL", "messages": [hi()]});
    let messages = |messages: Value| json!({"model": "MODEL", "messages": messages});
    let asking = |more: Value| merged(plain(), more);
    let image = |url: &str| {
        let image = json!({"type": "image_url", "image_url": {"url": url}});
        messages(json!([user(json!([{"type": "text", "text": "hi"}, image]))]))
    };
    let tool = |more: Value| {
        let parameters = json!({"type": "object", "properties": {"city": {"type": "string"}}});
        let function = json!({"name": "get_weather", "description": "…", "parameters": parameters});
        json!([{"type": "function", "function": merged(function, more)}])
    };
    let tools = || asking(json!({"tools": tool(json!({}))}));
    let with_tools = |more: Value| merged(tools(), more);
    let called = |content: Value, results: Value| {
        let call = |id: &str| {
            let function = json!({"name": "get_weather", "arguments": "{\"city\":\"Rome\"}"});
            json!({"id": id, "type": "function", "function": function})
        };
        let answer =
            json!({"role": "assistant", "content": content, "tool_calls": [call("call_1"), call("call_2")]});
        let mut conversation = vec![hi(), answer];
        conversation.extend(results.as_array().unwrap().iter().cloned());
        merged(tools(), json!({"messages": conversation}))
    };
    let result = |id: &str, content: Value| json!({"role": "tool", "tool_call_id": id, "content": content});
    let results = || json!([result("call_1", json!("sunny")), result("call_2", json!("rain"))]);
    let schema = json!({"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]});
    let format = |format: Value| asking(json!({"response_format": format}));
    let pixel = "data:image/png;base64,iVBORw0KGgo=";
    let feature = |name, without, with| Feature { name, without, with };
    let member = |name, more: Value| Feature { name, without: plain(), with: asking(more) };
    let choice = |name, choice: Value| {
        let with = with_tools(json!({"tool_choice": choice}));
        Feature { name, without: tools(), with }
    };
    vec![
        feature(
            "`system` messages",
            plain(),
            messages(json!([{"role": "system", "content": "be brief"}, hi()])),
        ),
        feature(
            "`developer` messages",
            plain(),
            messages(json!([{"role": "developer", "content": "be brief"}, hi()])),
        ),
        feature("pictures as data URLs", plain(), image(pixel)),
        feature("pictures as links", plain(), image("https://example.com/cat.png")),
        feature(
            "sound (`input_audio`)",
            plain(),
            messages(json!([user(json!([
                {"type": "text", "text": "hi"},
                {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}},
            ]))])),
        ),
        feature("`tools`", plain(), tools()),
        feature("`strict` tools", tools(), asking(json!({"tools": tool(json!({"strict": true}))}))),
        feature(
            "`functions` (deprecated)",
            plain(),
            asking(json!({"functions": [tool(json!({}))[0]["function"]]})),
        ),
        choice("`tool_choice: none`", json!("none")),
        choice("`tool_choice: required`", json!("required")),
        choice("`tool_choice`, a function", json!({"type": "function", "function": {"name": "get_weather"}})),
        feature("`parallel_tool_calls: false`", tools(), with_tools(json!({"parallel_tool_calls": false}))),
        feature("calls and results sent back", tools(), called(Value::Null, results())),
        feature("text beside calls", called(Value::Null, results()), called(json!("let me see"), results())),
        member("`response_format: json_object`", json!({"response_format": {"type": "json_object"}})),
        feature(
            "`response_format: json_schema`",
            plain(),
            format(json!({
                "type": "json_schema", "json_schema": {"name": "place", "schema": schema, "strict": true},
            })),
        ),
        member("`max_tokens`", json!({"max_tokens": 17})),
        member("`max_completion_tokens`", json!({"max_completion_tokens": 17})),
        member("`stop`", json!({"stop": ["END"]})),
        member("`temperature`", json!({"temperature": 0.25})),
        member("`top_p`", json!({"top_p": 0.25})),
        member("`top_k`", json!({"top_k": 7})),
        member("`presence_penalty`", json!({"presence_penalty": 0.25})),
        member("`frequency_penalty`", json!({"frequency_penalty": 0.25})),
        member("`seed`", json!({"seed": 7})),
        member("`n: 2`", json!({"n": 2})),
        member("`user`", json!({"user": "u-1"})),
        member("`reasoning_effort`", json!({"reasoning_effort": "low"})),
        member("`logprobs`", json!({"logprobs": true})),
        member("`logit_bias`", json!({"logit_bias": {"50256": -100}})),
        member("`stream`", json!({"stream": true})),
    ]
}

fn merged(mut value: Value, more: Value) -> Value {
    value.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    value
}

const END: &str = "<!-- end -->";

/// The columns of formats that answers are translated from, and the folders of their golden files.
const FORMATS: [(&str, &[&str]); 7] = [
    ("anthropic", &["anthropic"]),
    ("cohere", &["cohere-v2"]),
    ("ollama", &["ollama", "ollama-generate"]),
    ("llama2 raw", &["llama2-raw"]),
    ("gemini", &["gemini", "vertex"]),
    ("bedrock", &["bedrock"]),
    ("huggingface completions", &["huggingface-text-generation"]),
];

/// What an answer can have: the members on the way to it, of which one may be a list's item, and its value if
/// only that counts.
const CARRIED: [(&str, &[&str], Option<&str>); 7] = [
    ("calls of tools", &["tool_calls"], None),
    ("reasoning text (`reasoning_content`)", &["reasoning_content"], None),
    ("`finish_reason: length`", &["finish_reason"], Some("length")),
    ("`finish_reason: content_filter`", &["finish_reason"], Some("content_filter")),
    ("tokens of request and answer", &["usage", "completion_tokens"], None),
    ("tokens from a cache", &["usage", "prompt_tokens_details", "cached_tokens"], None),
    ("tokens of reasoning", &["usage", "completion_tokens_details", "reasoning_tokens"], None),
];

#[test]
fn the_page_shows_what_providers_can_be_asked_and_say() {
    let path = support::root().join("docs/providers.md");
    let page = std::fs::read_to_string(&path).expect("the page is there");
    let mut expected = page.clone();
    for (name, table) in [("requests", requests()), ("answers", answers())] {
        let start = format!("<!-- generated: {name} -->\n");
        let (before, rest) = expected.split_once(&start).expect("the page has the table's place");
        let (_, after) = rest.split_once(END).expect("the table's place has an end");
        expected = format!("{before}{start}{table}{END}{after}");
    }
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &expected).unwrap();
    } else {
        assert_eq!(page, expected, "run the tests once with UPDATE_DOCS=1");
    }
}

fn requests() -> String {
    let plans = COLUMNS.map(|column| {
        let path = support::root().join(format!("fixtures/providers/{}.yaml", column.example));
        compile(&support::read(&path)).expect("the example parses").plan
    });
    let titles = COLUMNS.map(|column| column.title).join(" | ");
    let mut table = format!("| | {titles} |\n|---|{}\n", ":-:|".repeat(COLUMNS.len()));
    for feature in features() {
        let mut cells = Vec::new();
        for (column, plan) in COLUMNS.iter().zip(&plans) {
            let path = format!("{}/chat/completions", column.chat);
            cells.push(cell(&outcome(plan, &path, &feature)));
        }
        writeln!(table, "| {} | {} |", feature.name, cells.join(" | ")).unwrap();
    }
    let prompt = json!({"model": "MODEL", "prompt": "go on"});
    let cells = COLUMNS.iter().zip(&plans).map(|(column, plan)| {
        let path = format!("{}/completions", column.completions);
        cell(&match decide(plan, &path, &prompt) {
            Ok(_) => Outcome::Carried,
            Err(rejection) => Outcome::Refused(rejection.status),
        })
    });
    writeln!(table, "| completions of a prompt | {} |", cells.collect::<Vec<_>>().join(" | ")).unwrap();
    table
}

/// What clients got in the golden files.
fn answers() -> String {
    let titles = FORMATS.map(|(title, _)| title).join(" | ");
    let mut table = format!("| | {titles} |\n|---|{}\n", ":-:|".repeat(FORMATS.len()));
    let given =
        FORMATS.map(|(_, folders)| folders.iter().flat_map(|folder| given(folder)).collect::<Vec<_>>());
    for (name, path, value) in CARRIED {
        let cells = given.each_ref().map(|given| {
            let is_there = given.iter().any(|answer| has(answer, path, value));
            if is_there { "yes" } else { "·" }
        });
        writeln!(table, "| {name} | {} |", cells.join(" | ")).unwrap();
    }
    table
}

/// The answers of a format's golden files as clients get them, chunks among them.
fn given(folder: &str) -> Vec<Value> {
    let folder = support::root().join("crates/formats/tests/golden").join(folder);
    let mut given = Vec::new();
    for kind in ["answers", "streams"] {
        let files =
            std::fs::read_dir(folder.join(kind)).unwrap_or_else(|_| panic!("{} has none", folder.display()));
        for path in files.map(|entry| entry.unwrap().path()) {
            let text = std::fs::read_to_string(&path).unwrap();
            match path.to_string_lossy() {
                name if name.ends_with(".openai.json") => given.push(serde_json::from_str(&text).unwrap()),
                name if name.ends_with(".openai.sse") => {
                    let events = text.lines().filter_map(|line| line.strip_prefix("data: "));
                    given.extend(events.filter_map(|event| serde_json::from_str::<Value>(event).ok()));
                }
                _ => {}
            }
        }
    }
    given
}

/// Whether a value is somewhere below `json`, behind these members.
fn has(json: &Value, path: &[&str], value: Option<&str>) -> bool {
    let Some((name, rest)) = path.split_first() else {
        let is_there = !matches!(json, Value::Null) && *json != Value::Array(Vec::new());
        return is_there && value.is_none_or(|value| json.to_string().trim_matches('"') == value);
    };
    match json {
        Value::Object(members) => {
            members.get(*name).is_some_and(|member| has(member, rest, value))
                || members.values().any(|member| has(member, path, value))
        }
        Value::Array(items) => items.iter().any(|item| has(item, path, value)),
        _ => false,
    }
}

fn cell(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Carried => "yes".to_owned(),
        Outcome::Dropped => "–".to_owned(),
        Outcome::Refused(status) => status.to_string(),
        Outcome::Ignored => "·".to_owned(),
    }
}

fn outcome(plan: &Plan, path: &str, feature: &Feature) -> Outcome {
    match (decide(plan, path, &feature.without), decide(plan, path, &feature.with)) {
        (_, Err(rejection)) => Outcome::Refused(rejection.status),
        (Err(rejection), Ok(_)) => {
            panic!("{path} refuses what {} is held against: {}", feature.name, rejection.message)
        }
        (Ok((without, _)), Ok((with, _))) if with != without => Outcome::Carried,
        (_, Ok((_, decision))) if !decision.dropped_members.is_empty() => Outcome::Dropped,
        _ => Outcome::Ignored,
    }
}

/// The URL and the body that a request becomes.
fn decide(plan: &Plan, path: &str, request: &Value) -> Result<(String, Decision), Rejection> {
    let head = RequestHead {
        scheme: Scheme::Http,
        http2: false,
        method: b"POST",
        target: path.as_bytes(),
        headers: &[(b"host", b"localhost"), (b"content-type", b"application/json")],
        port: 80,
        sni: None,
    };
    let Routing::Routed(routed) = plan.route(&head, Caller::Assumed(None)) else {
        panic!("{path} has a route")
    };
    let mut texts = routed.proxy.texts();
    let name = texts.find(|(field, _)| *field == Field::Name).map_or("m", |(_, name)| name);
    let body = request.to_string().replace("MODEL", name);
    let decision = routed.prepare(Body::Bytes(body.as_bytes()))?;
    let sent = decision.shown_body(Some(body.as_bytes())).expect("the body is JSON");
    Ok((format!("{} {sent}", decision.shown_url()), decision))
}
