//! What `explain` says of a request is what `serve` does with it: the same bytes are given to both, and
//! what a recording upstream received is held to what was printed, with secrets in the place of their
//! references.

mod generated;
mod message;
mod request;
mod upstream;

use std::{io::BufReader, net::TcpStream, path::Path};

use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use crate::{
    gateway::Gateway,
    run::{Aiproxy, aiproxy},
};
use message::Message;
use request::Request;
use upstream::Upstream;

const ROUTES: &str = include_str!("../../../../fixtures/requests/routes.yaml");
const REQUESTS: &str = include_str!("../../../../fixtures/requests/routes.http");

/// The environment of both commands.
const SECRETS: [(&str, &str); 6] = [
    ("OPENAI_AUTH_HEADER", "Bearer sk-operators"),
    ("AZURE_AUTH_HEADER", "azure-of-the-manual"),
    ("AZURE_API_KEY", "azure-operators"),
    ("QUERY_KEY", "query&key=of operators"),
    ("BODY_KEY", "body \"key\" of operators"),
    ("RESEARCH_KEY", "Bearer key-of-research"),
];

/// What `routes.yaml` has for a credential where it has no reference.
const LITERAL: &str = "literal-credential";

#[test]
fn every_request_of_the_fixtures() {
    insta::assert_snapshot!(outcomes(ROUTES, REQUESTS));
}

#[test]
fn what_the_manual_says_that_its_clients_send() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures");
    let read = |file: String| std::fs::read_to_string(fixtures.join(file)).expect("the fixture is there");
    let examples = ["openai-model-from-path", "azure-two-deployments", "azure-one-route", "openai-preserve"];
    let shown = examples.map(|example| {
        let (routes, requests) = (format!("seed/{example}.yaml"), format!("requests/{example}.http"));
        format!("== {example}\n{}", outcomes(&read(routes), &read(requests)))
    });
    insta::assert_snapshot!(shown.concat());
}

#[test]
fn generated_requests() {
    let served = Served::start(ROUTES);
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(request in generated::requests(Request::all(REQUESTS)))| {
        served.compare(&request);
    });
}

/// What becomes of each request of a file.
fn outcomes(routes: &str, requests: &str) -> String {
    let served = Served::start(routes);
    let outcome = |request: &Request| format!("{}: {}\n", request.name, served.compare(request));
    Request::all(requests).iter().map(outcome).collect()
}

/// A gateway before an upstream of its own.
struct Served {
    gateway: Gateway,
    upstream: Upstream,
    routes: String,
}

impl Served {
    fn start(routes: &str) -> Self {
        let upstream = Upstream::start();
        let routes = routes.replace("http://upstream.test", &format!("http://{}", upstream.address));
        let command = command("serve --access-log off routes.yaml", &upstream).file("routes.yaml", &routes);
        Self { gateway: Gateway::start(command), upstream, routes }
    }

    /// Gives one request to both, and says in short what became of it.
    fn compare(&self, request: &Request) -> String {
        let explained = self.explain(request);
        let answer = self.send(request);
        let received = self.upstream.received();
        let context = || {
            format!("{request:#?}\nexplained: {explained:#?}\nanswered: {answer:#?}\nreceived: {received:#?}")
        };
        assert_eq!(explained.json["assumed"], serde_json::json!([]), "{}", context());
        if explained.json["upstream"].is_null() {
            assert!(received.is_empty(), "sent what explain refuses: {}", context());
            let error = &explained.json["error"];
            assert_eq!(error["status"].to_string(), answer.second_word(), "{}", context());
            if request.method != "HEAD" {
                let body: Value =
                    serde_json::from_slice(&answer.body).unwrap_or_else(|_| panic!("{}", context()));
                assert_eq!(error["message"], body["error"]["message"], "{}", context());
            }
            return format!("{} {}", error["status"], error["message"].as_str().unwrap());
        }
        let [received] = &received[..] else { panic!("not exactly one request was sent: {}", context()) };
        assert_eq!(answer.second_word(), "200", "{}", context());
        let expected = Expected { explained: &explained, request, host: self.upstream.address.to_string() };
        assert_eq!(received.start, expected.request_line(), "{}", context());
        assert_eq!(sent_headers(received), expected.headers(), "{}", context());
        assert!(expected.is_body(&received.body), "another body: {}", context());
        assert_eq!(answer.header("x-kong-llm-model"), expected.model_header().as_deref(), "{}", context());
        let url = explained.json["upstream"]["url"].as_str().unwrap();
        let path = url.split_once(&expected.host).expect("an upstream of the test").1;
        format!("{} {path}", explained.json["upstream"]["method"].as_str().unwrap())
    }

    fn explain(&self, request: &Request) -> Explained {
        let run = command("explain --format json --resolve-secrets routes.yaml", &self.upstream);
        let run = run.file("routes.yaml", &self.routes).file("body", &request.body);
        let run = request.arguments(&self.gateway.clients).into_iter().fold(run, Aiproxy::arg);
        Explained::parse(&run.run().stdout)
    }

    fn send(&self, request: &Request) -> Message {
        let host = &self.gateway.clients;
        let connection = TcpStream::connect(host).expect("the gateway listens");
        // The gateway may answer and close before it has read everything.
        let _ = request.send(&connection, host);
        let answer = Message::read(&mut BufReader::new(&connection), request.method == "HEAD");
        answer.expect("an answer can be read").expect("there is an answer")
    }
}

/// A command with all secrets set and all built-in endpoints replaced.
fn command(args: &str, upstream: &Upstream) -> Aiproxy {
    let instead = ["openai", "azure", "mistral"]
        .map(|provider| format!("--upstream {provider}=http://{}", upstream.address));
    let run = aiproxy(&format!("{args} {}", instead.join(" ")));
    SECRETS.iter().fold(run, |run, (name, value)| run.env(name, value))
}

/// The headers of a request, less those of its connection and framing, in no particular order.
fn sent_headers(received: &Message) -> Vec<(String, String)> {
    const FRAMING: [&str; 4] = ["host", "content-length", "transfer-encoding", "connection"];
    let others = received.headers.iter().filter(|(name, _)| !FRAMING.contains(&name.as_str()));
    let mut headers: Vec<_> = others.cloned().collect();
    headers.sort();
    headers
}

/// What the upstream has to receive, by what `explain` printed.
struct Expected<'a> {
    explained: &'a Explained,
    request: &'a Request,
    /// Of the upstream.
    host: String,
}

impl Expected<'_> {
    fn request_line(&self) -> String {
        let upstream = &self.explained.json["upstream"];
        let url = upstream["url"].as_str().unwrap();
        let target = url.strip_prefix(&format!("http://{}", self.host)).expect("an upstream of the test");
        let encoded = |value: &str| value.replace('&', "%26").replace('=', "%3D").replace(' ', "%20");
        let own = self.own(self.request.argument("api_key"));
        let target = revealed(target, own.as_deref(), encoded);
        format!("{} {target} HTTP/1.1", upstream["method"].as_str().unwrap())
    }

    fn headers(&self) -> Vec<(String, String)> {
        let listed = self.explained.json["upstream"]["headers"].as_array().unwrap().iter().map(|header| {
            let (name, value) = (header["name"].as_str().unwrap(), header["value"].as_str().unwrap());
            let value = match header["secret"].as_bool().unwrap() {
                true => revealed(value, self.own(self.request.header(name)), str::to_owned),
                false => value.to_owned(),
            };
            (name.to_owned(), value)
        });
        let mut headers: Vec<_> = listed.collect();
        headers.sort();
        headers
    }

    fn is_body(&self, received: &[u8]) -> bool {
        match &self.explained.body {
            // As text: numbers too large for any number type, escapes and repeated members count.
            Some(body) if !self.is_untouched() => {
                let escaped =
                    |value: &str| serde_json::to_string(value).unwrap().trim_matches('"').to_owned();
                let own = self.request.member("api_key").filter(|_| self.route() == "body-override");
                let body = own.map_or(body.clone(), |own| body.replace("\"***\"", &own));
                let expected = revealed(&body, None, escaped);
                compact(&expected) == compact(std::str::from_utf8(received).expect("JSON is UTF-8"))
            }
            _ => received == self.request.body.as_bytes(),
        }
    }

    fn model_header(&self) -> Option<String> {
        let json = &self.explained.json;
        Some(format!("{}/{}", json["provider"].as_str()?, json["model"].as_str()?))
    }

    /// The client's own credential, on a route to which it may bring one.
    fn own<T>(&self, credential: Option<T>) -> Option<T> {
        const TAKEN: [&str; 3] = ["header-override", "query-override", "only-the-clients-credential"];
        credential.filter(|_| TAKEN.contains(&self.route()))
    }

    fn is_untouched(&self) -> bool {
        self.explained.json["route_type"] == "preserve" && self.route() != "preserved-with-a-body-credential"
    }

    fn route(&self) -> &str {
        self.explained.json["route"]["name"].as_str().expect("every route has a name")
    }
}

/// What `explain` printed, and the upstream's body in it as it stands there.
#[derive(Debug)]
struct Explained {
    json: Value,
    body: Option<String>,
}

impl Explained {
    fn parse(text: &str) -> Self {
        #[derive(Deserialize)]
        struct Whole<'a> {
            #[serde(borrow)]
            upstream: Option<Upstream<'a>>,
        }
        #[derive(Deserialize)]
        struct Upstream<'a> {
            #[serde(borrow)]
            body: Option<&'a RawValue>,
        }
        let whole: Whole = serde_json::from_str(text).expect("the answer is one JSON document");
        let body = whole.upstream.and_then(|upstream| upstream.body).map(|body| body.get().to_owned());
        Self { json: serde_json::from_str(text).unwrap(), body }
    }
}

/// Text with secrets in the place of their references, and `own` or else the file's literal in that of
/// `***`.
fn revealed(text: &str, own: Option<&str>, written: impl Fn(&str) -> String) -> String {
    let hidden = text.replace("***", &written(own.unwrap_or(LITERAL)));
    SECRETS
        .iter()
        .fold(hidden, |text, (name, value)| text.replace(&format!("{{vault://env/{name}}}"), &written(value)))
}

/// JSON without the blanks between its tokens.
fn compact(json: &str) -> String {
    let (mut quoted, mut escaped) = (false, false);
    let kept = json.chars().filter(|c| {
        let kept = quoted || !c.is_ascii_whitespace();
        quoted ^= *c == '"' && !escaped;
        escaped = *c == '\\' && !escaped;
        kept
    });
    kept.collect()
}
