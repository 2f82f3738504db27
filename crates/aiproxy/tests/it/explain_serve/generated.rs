//! Requests that nobody thought of: those of the fixtures with parts of them exchanged.

use proptest::{
    collection::vec,
    option::{of, weighted},
    prelude::*,
    sample::{Select, select},
};

use super::request::Request;

const METHODS: &str = "GET PUT DELETE PATCH OPTIONS HEAD post X-METHOD";

const SEGMENTS: &str = "chat raw v1 url path models llama mistral azure images guarded auth query own body \
    completions openai deployments elsewhere templates . .. a %2e %2E%2e %252e%252e a%2Fb a%5Cb %00 %0d%0a \
    %zz % %ff %C3%A9 a;b=c a:b a@b $(x) a+b ~ * ' | a,b \
    ` < > \" \\ ^ { } [ ] é \u{1} \u{7f} \u{a0}";

const ARGUMENTS: &str = "api_key=x api%5Fkey=x key=literal-key apikey=literal-key api-version=2024-10-21 \
    api-version=%26 mode=fast mode=%0d%0a mode=%ff size=mini mode mode= = a=1 a=2 a=%zz a=b=c %61=1 a+b=c+d a='b' \
    a=` a=< a=> a=\" a=\\ a=^ a={} a=[] é=é a=\u{1} a=\u{7f}";

const HEADERS: &str = "accept user-agent content-type Content-Type authorization api-key apikey cookie x-family \
    x_family x-team openai-organization openai-beta traceparent accept-encoding content-encoding range \
    x-gateway-key idempotency-key te connection x-forwarded-host x-http-method-override origin";

const VALUES: [&str; 20] = [
    "application/json",
    "application/x-www-form-urlencoded",
    "text/plain",
    "multipart/form-data; boundary=xyz",
    "multipart/form-data",
    "gpt-4o",
    "research",
    "Bearer key-of-research",
    "literal-key",
    "Bearer x",
    "",
    "é",
    "a\tb",
    "user-agent",
    "gzip",
    "bytes=0-1",
    "http://localhost",
    "ai.test",
    "$(headers.x)",
    "../x",
];

/// Any of `requests`, most of it as it is.
pub fn requests(requests: Vec<Request>) -> impl Strategy<Value = Request> {
    let bodies: Vec<_> = requests.iter().map(|request| request.body.clone()).collect();
    let path = vec(prop_oneof![9 => word(SEGMENTS), 3 => Just(""), 1 => Just("a b")], 1..6)
        .prop_map(|segments| format!("/{}", segments.join("/")));
    let query = of(vec(word(ARGUMENTS), 0..4).prop_map(|arguments| arguments.join("&")));
    let header = (word(HEADERS), select(VALUES.as_slice()));
    let exchanged = (
        weighted(0.15, word(METHODS)),
        weighted(0.3, path),
        weighted(0.4, query),
        vec(header, 0..3),
        weighted(0.2, select(bodies)),
    );
    (select(requests), exchanged).prop_map(|(request, (method, path, query, headers, body))| {
        let (own_path, own_query) = match request.target.split_once('?') {
            Some((path, query)) => (path.to_owned(), Some(query.to_owned())),
            None => (request.target, None),
        };
        let path = path.unwrap_or(own_path);
        let headers = headers.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
        Request {
            method: method.map_or(request.method, str::to_owned),
            target: match query.unwrap_or(own_query) {
                Some(query) => format!("{path}?{query}"),
                None => path,
            },
            headers: request.headers.into_iter().chain(headers).collect(),
            body: body.unwrap_or(request.body),
            ..request
        }
    })
}

fn word(words: &'static str) -> Select<&'static str> {
    select(words.split_ascii_whitespace().collect::<Vec<_>>())
}
