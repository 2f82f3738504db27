//! Who gets past `key-auth`, and what becomes of the key.

use config_core::check::{Compiled, Options, check, compile};
use config_core::model::ConsumerIndex;
use config_core::plan::caller::{Caller, Key, Keys, digest};
use config_core::plan::prepare::{Body, BodyUse, Decision, HeaderValue, UpstreamBody};
use config_core::plan::request::{RequestHead, Scheme};
use config_core::plan::{Plan, Routing};
use config_core::secret::SecretValue;
use config_core::source::SourceFile;
use proptest::prelude::*;
use proptest::sample::select;

/// Two consumers, a chat and a preserved route, and key-auth with these settings.
fn file(key_auth: &str, auth: &str) -> String {
    format!(
        r#"
_format_version: "3.0"
consumers:
- {{username: alice, keyauth_credentials: [{{key: alices-key}}]}}
- {{username: bob, custom_id: b-1}}
- {{username: nobody}}
keyauth_credentials:
- {{key: "sha256:{}", consumer: bob}}
routes:
- name: chat
  paths: [/chat]
  plugins:
  - {{name: ai-proxy, config: {{route_type: llm/v1/chat, auth: {auth}, model: {{provider: openai, name: for-all}}}}}}
- name: any
  paths: [/any]
  plugins:
  - {{name: ai-proxy, config: {{route_type: preserve, auth: {auth}, model: {{provider: openai}}}}}}
plugins:
- {{name: key-auth, config: {{{key_auth}}}}}
- name: ai-proxy
  route: chat
  consumer: bob
  config: {{route_type: llm/v1/chat, auth: {auth}, model: {{provider: openai, name: for-bob}}}}
"#,
        hex(&digest(b"bobs-key")),
    )
}

const OPERATORS: &str = "{header_name: authorization, header_value: Bearer operators}";
const CLIENTS: &str = "{header_name: authorization, header_value: Bearer operators, allow_override: true}";

fn hex(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn compiled(text: &str) -> Compiled {
    compile(&SourceFile::new("routes.yaml", text)).expect("the text parses")
}

fn guarded(key_auth: &str) -> Plan {
    let compiled = compiled(&file(key_auth, OPERATORS));
    assert_eq!(compiled.errors(), 0, "{key_auth}");
    compiled.plan
}

/// The keys that are known without an environment.
fn keys(plan: &Plan) -> Keys {
    Keys::new(plan.key_credentials().iter().filter_map(|credential| match &credential.key {
        Key::Digest(digest) => Some((*digest, credential.consumer)),
        Key::Secret(SecretValue::Literal(text)) => Some((digest(text.as_bytes()), credential.consumer)),
        Key::Secret(_) => None,
    }))
}

#[derive(Clone)]
struct Request {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Request {
    fn post(target: &str) -> Self {
        Self {
            method: "POST".to_owned(),
            target: target.to_owned(),
            headers: vec![("host".to_owned(), "ai.test".to_owned())],
            body: br#"{"messages":[{"role":"user","content":"hi"}]}"#.to_vec(),
        }
    }

    fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    fn body(mut self, content_type: &str, body: &str) -> Self {
        self.body = body.as_bytes().to_vec();
        self.header("content-type", content_type)
    }

    /// What a gateway does with the request: reads the body where it is asked for.
    fn send(&self, plan: &Plan) -> Answer {
        let headers: Vec<_> =
            self.headers.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())).collect();
        let head = RequestHead {
            scheme: Scheme::Http,
            http2: false,
            method: self.method.as_bytes(),
            target: self.target.as_bytes(),
            headers: &headers,
            port: 8000,
            sni: None,
        };
        let keys = keys(plan);
        let keyed = |body| Caller::Keyed { keys: &keys, body };
        let mut routing = plan.route(&head, keyed(Body::Unknown));
        let asked = matches!(routing, Routing::NeedsBody { .. });
        if asked {
            routing = plan.route(&head, keyed(Body::Bytes(&self.body)));
        }
        match routing {
            Routing::Routed(routed) => {
                let body = match routed.body_use() {
                    BodyUse::Streamed if !asked => Body::Streamed,
                    _ => Body::Bytes(&self.body),
                };
                let consumer = routed.consumer.and_then(|consumer| plan.consumer(consumer).username.clone());
                match routed.prepare(body) {
                    Ok(decision) => {
                        // What nothing may show of a body is known wherever a key may be in one.
                        assert!(!asked || !decision.secret_members.is_empty());
                        Answer::Proxied { consumer, decision: Box::new(decision) }
                    }
                    Err(rejection) => Answer::refused(rejection.status, rejection.message, &[]),
                }
            }
            Routing::Rejected(rejected) => {
                let rejection = rejected.rejection;
                Answer::refused(rejection.status, rejection.message, &rejected.headers)
            }
            Routing::NoRoute(rejection) => Answer::refused(rejection.status, rejection.message, &[]),
            Routing::NeedsBody { .. } => panic!("the body is there"),
        }
    }

    /// The consumer, or the refusal.
    fn client(&self, plan: &Plan) -> String {
        match self.send(plan) {
            Answer::Proxied { consumer, .. } => consumer.unwrap_or_default(),
            Answer::Refused { status, message, .. } => format!("{status} {message}"),
        }
    }

    fn decision(&self, plan: &Plan) -> Decision {
        match self.send(plan) {
            Answer::Proxied { decision, .. } => *decision,
            Answer::Refused { status, message, .. } => panic!("{status} {message}"),
        }
    }
}

enum Answer {
    Proxied { consumer: Option<String>, decision: Box<Decision> },
    Refused { status: u16, message: String, headers: Vec<(&'static str, String)> },
}

impl Answer {
    fn refused(status: u16, message: String, headers: &[(&'static str, String)]) -> Self {
        Answer::Refused { status, message, headers: headers.to_vec() }
    }
}

/// All that goes upstream, as text.
fn sent(decision: &Decision, client: &[u8]) -> String {
    let headers = decision.headers.iter().map(|header| match &header.value {
        HeaderValue::Plain(text) | HeaderValue::Secret(SecretValue::Literal(text)) => {
            format!("{}: {text}\n", header.name)
        }
        HeaderValue::Secret(_) => String::new(),
    });
    let query = match &decision.query_credential {
        Some(credential) => match &credential.value {
            SecretValue::Literal(text) => text.clone(),
            _ => String::new(),
        },
        None => String::new(),
    };
    let body = match &decision.body {
        UpstreamBody::Bytes(bytes) => bytes,
        _ => client,
    };
    format!("{}\n{query}\n{}\n{}", decision.url, headers.collect::<String>(), String::from_utf8_lossy(body))
}

const MISSING: &str = "401 No API key found in request";
const REPEATED: &str = "401 Duplicate API key found";
const INVALID: &str = "401 Unauthorized";

#[test]
fn a_key_tells_whose_it_is_and_the_consumer_which_plugin_runs() {
    let plan = guarded("");
    for (key, consumer, model) in [("alices-key", "alice", "for-all"), ("bobs-key", "bob", "for-bob")] {
        let request = Request::post("/chat").header("apikey", key);
        assert_eq!(request.client(&plan), consumer);
        assert_eq!(request.decision(&plan).model.as_deref(), Some(model));
        assert_eq!(Request::post(&format!("/chat?apikey={key}")).client(&plan), consumer);
    }
}

#[test]
fn a_request_without_a_valid_key_is_refused_in_kongs_words() {
    let plan = guarded("key_in_body: true");
    for (request, refusal) in [
        (Request::post("/chat"), MISSING),
        (Request::post("/chat").header("apikey", ""), MISSING),
        (Request::post("/chat?apikey=&apikey2=alices-key"), MISSING),
        (Request::post("/chat?APIKEY=alices-key"), MISSING),
        (Request::post("/chat").body("application/json", "[\"alices-key\"]"), MISSING),
        (Request::post("/chat").body("application/json", "{\"apikey\":7}"), MISSING),
        (Request::post("/chat").body("application/json", ""), MISSING),
        (Request::post("/chat").header("apikey", "alices-key "), INVALID),
        (Request::post("/chat").header("apikey", "bobs-key2"), INVALID),
        (Request::post("/chat").header("apikey", &format!("sha256:{}", hex(&digest(b"bobs-key")))), INVALID),
        // A valid key behind one that is not does not count.
        (Request::post("/chat?apikey=alices-key").header("apikey", "x"), INVALID),
        (Request::post("/chat").header("apikey", "alices-key").header("ApiKey", "alices-key"), REPEATED),
        (Request::post("/chat?apikey=alices-key&%61pikey=alices-key"), REPEATED),
        (Request::post("/chat").body("application/json", "{\"apikey\":[\"alices-key\"]}"), REPEATED),
        (Request::post("/chat").body("application/json", "{\"apikey\":\"a\",\"apikey\":\"a\"}"), REPEATED),
        (Request::post("/chat").body("application/x-www-form-urlencoded", "apikey=a&apikey=a"), REPEATED),
        (Request::post("/chat").body("application/json", "{"), "400 Cannot process request body"),
        (Request::post("/chat").body("audio/mpeg", "alices-key"), "400 Cannot process request body"),
        (
            Request::post("/chat").body("application/json", "{}").body("text/json", "{}"),
            "400 Cannot process request body",
        ),
    ] {
        assert_eq!(request.client(&plan), refusal, "{:?} {:?}", request.target, request.headers);
    }
}

#[test]
fn a_refusal_challenges_and_tells_nothing_of_the_key() {
    for (settings, challenge) in [("", "Key"), ("realm: ours", "Key realm=\"ours\"")] {
        let plan = guarded(settings);
        let Answer::Refused { message, headers, .. } =
            Request::post("/chat").header("apikey", "not-a-key").send(&plan)
        else {
            panic!("nobody's key")
        };
        assert_eq!(headers, [("www-authenticate", challenge.to_owned())]);
        assert!(!message.contains("not-a-key"), "{message}");
    }
}

#[test]
fn keys_are_taken_from_where_the_settings_say() {
    let only_body = guarded("key_in_header: false, key_in_query: false, key_in_body: true");
    assert_eq!(
        Request::post("/chat?apikey=alices-key").header("apikey", "alices-key").client(&only_body),
        MISSING
    );
    let bodies = [
        ("application/json", "{\"apikey\":\"alices-key\",\"messages\":[1]}"),
        ("application/x-www-form-urlencoded", "a=b&apikey=alices%2Dkey&messages=x"),
        (
            "multipart/form-data; boundary=x",
            "--x\r\ncontent-disposition: form-data; name=apikey\r\n\r\nalices-key\r\n--x--\r\n",
        ),
    ];
    for (content_type, body) in bodies {
        assert_eq!(
            Request::post("/any").body(content_type, body).client(&only_body),
            "alice",
            "{content_type}"
        );
        assert_eq!(Request::post("/any").body(content_type, body).client(&guarded("")), MISSING);
    }
    let named = guarded("key_names: [x_key, authorization]");
    for (name, value) in [("x_key", "alices-key"), ("X-Key", "alices-key"), ("Authorization", "alices-key")] {
        assert_eq!(Request::post("/chat").header(name, value).client(&named), "alice", "{name}");
    }
    // As in Kong the whole value is the key.
    assert_eq!(Request::post("/chat").header("authorization", "Bearer alices-key").client(&named), INVALID);
    assert_eq!(Request::post("/chat").header("apikey", "alices-key").client(&named), MISSING);
}

#[test]
fn anonymous_stands_in_for_whoever_has_no_valid_key() {
    let plan = guarded("anonymous: nobody, key_in_body: true");
    for request in [
        Request::post("/chat"),
        Request::post("/chat").header("apikey", "x"),
        Request::post("/chat?apikey=a&apikey=b"),
    ] {
        assert_eq!(request.client(&plan), "nobody");
    }
    assert_eq!(Request::post("/chat").header("apikey", "bobs-key").client(&plan), "bob");
}

#[test]
fn preflights_need_a_key_unless_excused() {
    let options = Request { method: "OPTIONS".to_owned(), ..Request::post("/any") };
    assert_eq!(options.client(&guarded("")), MISSING);
    assert_eq!(options.client(&guarded("run_on_preflight: false, key_in_body: true")), "");
    assert_eq!(Request::post("/any").client(&guarded("run_on_preflight: false")), MISSING);
    // Whatever it carries, what needs no key spends nothing.
    let options = Request { method: "OPTIONS".to_owned(), ..Request::post("/chat") };
    let refusal = options.client(&guarded("run_on_preflight: false"));
    assert_eq!(refusal, "405 OPTIONS asks a model nothing; send POST");
}

#[test]
fn the_most_specific_instance_guards_and_a_disabled_one_does_not() {
    let text = file("", OPERATORS);
    let with = |more: &str| compiled(&(text.clone() + more)).plan;
    let plan = with("- {name: key-auth, route: chat, config: {key_names: [chat-key]}}\n");
    assert_eq!(Request::post("/chat").header("apikey", "alices-key").client(&plan), MISSING);
    assert_eq!(Request::post("/chat").header("chat-key", "alices-key").client(&plan), "alice");
    assert_eq!(Request::post("/any").header("apikey", "alices-key").client(&plan), "alice");
    let plan = with("- {name: key-auth, route: chat, enabled: false, config: {key_names: [chat-key]}}\n");
    assert_eq!(Request::post("/chat").header("apikey", "alices-key").client(&plan), "alice");
    let plan = compiled(&text.replace("name: key-auth,", "name: key-auth, enabled: false,")).plan;
    assert_eq!(Request::post("/chat").client(&plan), "");
}

#[test]
fn a_broken_guard_closes_its_routes() {
    for settings in
        ["key_name: [x]", "anonymous: stranger", "key_names: x", "realm: ''", "identity_realms: []"]
    {
        let plan = compiled(&file(settings, OPERATORS)).plan;
        let answer = Request::post("/chat").header("apikey", "alices-key").client(&plan);
        assert!(answer.starts_with("500 the key-auth plugin of this route has an error"), "{answer}");
    }
}

#[test]
fn a_broken_route_is_closed_to_those_without_a_key_first() {
    let plan = compiled(&file("", OPERATORS).replace("- name: chat\n", "- name: chat\n  zebra: 1\n")).plan;
    assert_eq!(Request::post("/chat").client(&plan), MISSING);
    assert!(Request::post("/chat").header("apikey", "bobs-key").client(&plan).starts_with("500 this route"));
}

#[test]
fn what_carried_the_key_goes_no_further() {
    let plan = compiled(&file("key_names: [authorization, model, apikey]", CLIENTS)).plan;
    // Our client's key is not its own credential upstream.
    let decision = Request::post("/chat").header("Authorization", "alices-key").decision(&plan);
    assert!(!sent(&decision, b"").contains("alices-key"));
    assert!(sent(&decision, b"").contains("authorization: Bearer operators\n"));
    // Its own credential passes beside the key.
    let both = Request::post("/chat").header("apikey", "bobs-key").header("user-agent", "x");
    assert!(sent(&both.decision(&plan), b"").contains("authorization: Bearer operators\n"));
    let plan = compiled(&file("", CLIENTS)).plan;
    let own = both.header("authorization", "Bearer own").decision(&plan);
    assert!(sent(&own, b"").contains("authorization: Bearer own\n"));
    // Of a query the other arguments stay.
    let decision = Request::post("/any?a=%2F&apikey=alices-key&b&a=2").decision(&plan);
    assert_eq!(decision.url.query.as_deref(), Some("a=%2F&b&a=2"));
    let decision = Request::post("/any?apikey=alices-key").decision(&plan);
    assert_eq!(decision.url.query, None);
}

#[test]
fn a_key_in_the_body_is_hidden_if_asked() {
    let shown = guarded("key_in_body: true");
    let hidden = guarded("key_in_body: true, hide_credentials: true");
    let json = "{\"model\": \"m\", \"apikey\": \"alices-key\", \"n\":1.0}";
    let request = |body| Request::post("/any").body("application/json", body);
    let decision = request(json).decision(&shown);
    assert_eq!(decision.body, UpstreamBody::Passthrough);
    let text = decision.shown_body(Some(json.as_bytes()));
    assert_eq!(text.as_deref(), Some("{\"model\": \"m\", \"apikey\": \"***\", \"n\":1.0}"));
    let decision = request(json).decision(&hidden);
    assert_eq!(decision.body, UpstreamBody::Bytes(b"{\"model\": \"m\", \"n\":1.0}".to_vec().into()));
    assert_eq!(decision.model.as_deref(), Some("m"));

    let anonymous = guarded("key_in_body: true, hide_credentials: true, anonymous: nobody");
    let twice = request("{\"apikey\": \"alices-key\", \"n\":1, \"apikey\": \"bobs-key\"}");
    assert_eq!(twice.client(&anonymous), "nobody");
    assert_eq!(twice.decision(&anonymous).body, UpstreamBody::Bytes(b"{ \"n\":1}".to_vec().into()));

    let form = Request::post("/any").body("application/x-www-form-urlencoded", "a=%2f&apikey=alices-key&b");
    assert_eq!(form.decision(&hidden).body, UpstreamBody::Bytes(b"a=%2f&b".to_vec().into()));

    let multipart = "--x\r\ncontent-disposition: form-data; name=apikey\r\n\r\nalices-key\r\n--x--\r\n";
    let multipart = Request::post("/any").body("multipart/form-data; boundary=x", multipart);
    assert_eq!(
        multipart.client(&hidden),
        "400 an API key cannot be hidden in a multipart body; send it in a header"
    );
    // A key in the head leaves the body to pass unread.
    let upload = Request::post("/any").header("apikey", "alices-key").body("audio/mpeg", "\u{0}");
    assert_eq!(upload.decision(&hidden).body, UpstreamBody::Passthrough);
}

#[test]
fn pages_of_other_origins_are_refused_before_their_key_is_looked_at() {
    let plan = guarded("");
    let request = Request::post("/chat").header("origin", "http://evil.test");
    let refusal = "403 requests of web pages from another origin are refused";
    assert_eq!(request.client(&plan), refusal);
    assert_eq!(request.header("apikey", "alices-key").client(&plan), refusal);
    let own = Request::post("/chat").header("origin", "https://ai.test").header("apikey", "alices-key");
    assert_eq!(own.client(&plan), "alice");
}

#[test]
fn whoever_is_assumed_needs_no_key_and_a_key_is_withheld_all_the_same() {
    let plan = compiled(&file("key_names: [authorization]", CLIENTS)).plan;
    let headers: [(&[u8], &[u8]); 1] = [(b"authorization", b"alices-key")];
    let head = RequestHead {
        scheme: Scheme::Http,
        http2: false,
        method: b"POST",
        target: b"/chat",
        headers: &headers,
        port: 8000,
        sni: None,
    };
    let bob = plan.consumer_named("b-1");
    assert_eq!(bob, Some(ConsumerIndex(1)));
    let Routing::Routed(routed) = plan.route(&head, Caller::Assumed(bob)) else { panic!("nothing is asked") };
    assert_eq!(routed.consumer, bob);
    let decision = routed.prepare(Body::Unknown).unwrap();
    assert_eq!(decision.model.as_deref(), Some("for-bob"));
    assert!(!sent(&decision, b"").contains("alices-key"));
}

#[test]
fn plugins_that_may_guard_and_are_not_run_are_obstacles() {
    let text = r#"
_format_version: "3.0"
services:
- {name: on, host: h, routes: [{name: r, paths: [/r], plugins: [{name: acl}, {name: cors}, {name: key-auth}]}]}
- {name: off, host: h, enabled: false, routes: [{name: q, paths: [/q], plugins: [{name: jwt}]}], plugins: [{name: jwt}]}
consumers: [{username: alice, plugins: [{name: rate-limiting}]}]
plugins:
- {name: ip-restriction, enabled: false}
- {name: our-own-thing}
- {name: ip-restriction, service: on}
"#;
    let found = compiled(text).obstacles;
    let shown: Vec<_> = found.iter().map(|it| format!("{}:{} {}", it.line, it.column, it.message)).collect();
    assert_eq!(
        shown,
        [
            "4:72 `acl` guards access, and aiproxy does not run it",
            "6:48 `rate-limiting` guards access, and aiproxy does not run it",
            "9:10 `our-own-thing` is no plugin of Kong's: it may guard access, and aiproxy does not run it",
            "10:10 `ip-restriction` guards access, and aiproxy does not run it",
        ]
    );
    assert!(found.iter().all(|obstacle| !obstacle.help.is_empty()));
}

#[test]
fn filters_may_guard_and_are_obstacles() {
    let text = r#"
_format_version: "3.0"
services:
- name: on
  host: h
  filter_chains: [{name: a, filters: [{name: f}]}]
  routes:
  - {name: r, paths: [/r], filter_chains: [{filters: [{name: f, enabled: false}, {name: g}]}]}
  - {name: s, paths: [/s], filter_chains: [{enabled: false, filters: [{name: f}]}, {filters: [{name: f, enabled: false}]}, {filters: []}]}
- {name: off, host: h, enabled: false, filter_chains: [{filters: [{name: f}]}], routes: [{name: q, paths: [/q], filter_chains: [{filters: [{name: f}]}]}]}
filter_chains:
- {service: on, filters: [{name: f}]}
"#;
    let found = compiled(text).obstacles;
    let lines: Vec<_> = found.iter().map(|it| it.line).collect();
    assert_eq!(lines, [12, 6, 8], "{found:?}");
    assert_eq!(found[0].message, "a chain of Wasm filters may guard access, and aiproxy does not run it");
    assert_eq!(compiled("filter_chains: ~").obstacles, []);
}

/// A part of a request in which a key may stand, or look as if it stood.
fn piece() -> impl Strategy<Value = String> {
    prop::collection::vec(select(PIECES), 0..4).prop_map(|pieces| pieces.concat())
}

const PIECES: &[&str] = &[
    "apikey",
    "x-key",
    "ApiKey",
    "alices-ke",
    "alices-key ",
    "=",
    "&",
    "%61",
    "bobs-ke",
    "\"",
    "{",
    ":",
    "}",
    "é",
];

fn settings() -> impl Strategy<Value = String> {
    let flags = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    (flags, select(&["[apikey]", "[x-key, apikey]", "[authorization]"][..])).prop_map(
        |((header, query, body, hide), names)| {
            format!(
                "key_names: {names}, key_in_header: {header}, key_in_query: {query}, key_in_body: {body}, \
                 hide_credentials: {hide}"
            )
        },
    )
}

proptest! {
    /// None of the pieces adds up to a key of the file.
    #[test]
    fn nobody_passes_without_a_key(
        settings in settings(),
        names in prop::collection::vec(select(&["apikey", "x-key", "authorization", "X_Key", "cookie"][..]), 0..3),
        values in prop::collection::vec(piece(), 3),
        query in piece(),
        (content_type, body) in (
            select(&["application/json", "application/x-www-form-urlencoded", "text/plain", ""][..]),
            piece(),
        ),
        route in select(&["/chat", "/any"][..]),
    ) {
        let plan = guarded(&settings);
        let mut request = Request::post(&format!("{route}?{query}")).body(content_type, &body);
        for (name, value) in names.iter().zip(&values) {
            request = request.header(name, value);
        }
        let is_key = |text: &str| ["alices-key", "bobs-key"].contains(&text);
        prop_assume!(!values.iter().any(|value| is_key(value)));
        let is_refused = matches!(request.send(&plan), Answer::Refused { status: 400 | 401, .. });
        prop_assert!(is_refused, "{settings} {} {:?}", request.target, request.headers);
    }

    /// Wherever the key stands, what was to be hidden is.
    #[test]
    fn a_hidden_key_is_nowhere_in_what_is_sent(
        names in select(&["[apikey]", "[x-key, apikey]", "[apikey, authorization]"][..]),
        at in 0..4_usize,
        route in select(&["/chat", "/any"][..]),
        auth in select(&[OPERATORS, CLIENTS][..]),
        more in "[a-z=&%2]{0,8}",
    ) {
        let settings = format!("key_names: {names}, key_in_body: true, hide_credentials: true");
        let plan = compiled(&file(&settings, auth)).plan;
        let request = Request::post(&format!("{route}?{more}"));
        let request = match at {
            0 => request.header("apikey", "alices-key"),
            1 => Request::post(&format!("{route}?{more}&apikey=alices%2Dkey")),
            2 => request.body(
                "application/json",
                "{\"apikey\":\"alices-key\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}",
            ),
            _ => request.body("application/x-www-form-urlencoded", "apikey=alices%2Dkey&messages=x"),
        };
        match request.send(&plan) {
            Answer::Proxied { consumer, decision } => {
                prop_assert_eq!(consumer.as_deref(), Some("alice"));
                let sent = sent(&decision, &request.body);
                prop_assert!(!sent.contains("alices"), "{}", sent);
            }
            Answer::Refused { message, .. } => prop_assert!(!message.contains("alices"), "{}", message),
        }
    }
}

#[test]
fn the_file_of_these_tests_is_sound() {
    let source = SourceFile::new("routes.yaml", file("", OPERATORS));
    let found = check(&source, &Options::default()).diagnostics;
    let errors: Vec<_> =
        found.iter().filter(|it| it.severity == config_core::diagnostic::Severity::Error).collect();
    assert!(errors.is_empty(), "{errors:?}");
}

/// The first file of the manual's page guards its route.
#[test]
fn the_manual_shows_a_guarded_route() {
    let page = include_str!("../../../docs/authentication.md");
    let example =
        page.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap_or_default();
    let compiled = compiled(example);
    assert_eq!((compiled.errors(), &*compiled.obstacles), (0, &[][..]));
    let Compiled { plan, .. } = compiled;
    assert_eq!(Request::post("/chat/completions").client(&plan), MISSING);
    assert_eq!(plan.key_credentials().len(), 1);
}
