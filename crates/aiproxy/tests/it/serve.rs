//! `aiproxy serve`: what stops it, and what it does until it is stopped.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::mpsc::{Sender, channel},
};

use insta::assert_snapshot;
use serde_json::Value;

use crate::{
    gateway::{Answer, Gateway, send, upstream},
    run::{Run, aiproxy},
    schemas::assert_valid,
};

/// Two routes that spend a credential: one in a header, one in the query.
const ROUTES: &str = r#"_format_version: "3.0"
services:
- name: llm
  host: localhost
  routes:
  - name: chat
    paths: ["/chat"]
    plugins:
    - name: ai-proxy
      config:
        route_type: llm/v1/chat
        auth: {header_name: Authorization, header_value: "{vault://env/OPENAI_AUTH_HEADER}"}
        model: {provider: openai, name: gpt-4o}
  - name: query
    paths: ["/query"]
    plugins:
    - name: ai-proxy
      config:
        route_type: llm/v1/chat
        auth: {param_name: key, param_value: "{vault://env/keys/openai}", param_location: query}
        model: {provider: openai, name: gpt-4o}
"#;

#[test]
fn check_says_whether_a_file_can_be_served() {
    let run = aiproxy("serve --check routes.yaml")
        .file("routes.yaml", ROUTES)
        .env("OPENAI_AUTH_HEADER", "Bearer x")
        .env("KEYS", r#"{"openai": "x"}"#);
    assert_snapshot!(run.run());
}

#[test]
fn a_file_without_anything_to_serve_is_worth_a_warning() {
    let run = aiproxy("serve --check routes.yaml");
    assert_snapshot!(
        run.file("routes.yaml", "_format_version: '3.0'\nroutes: [{name: a, paths: [/a]}]").run()
    );
}

#[test]
fn secrets_that_are_missing_are_all_named() {
    assert_snapshot!(aiproxy("serve routes.yaml").file("routes.yaml", ROUTES).run());
}

#[test]
fn secrets_that_cannot_be_used_are_not_shown() {
    for (name, header, keys) in [
        ("empty", "", ""),
        ("blank", " ", r#"{"openai": "\t"}"#),
        ("line break", "Bearer canary\n", r#"{"openai": "canary\u0000"}"#),
        ("no member", "Bearer canary\r\nx: y", r#"{"other": "canary"}"#),
        ("no text", "Bearer canary\u{85}", r#"{"openai": {"canary": 1}}"#),
    ] {
        let run = aiproxy("serve routes.yaml").file("routes.yaml", ROUTES);
        let run = run.env("OPENAI_AUTH_HEADER", header).env("KEYS", keys).run();
        assert!(!run.stderr.contains("canary"), "{}", run.stderr);
        assert_snapshot!(name, run);
    }
}

/// Three identities, each with half of what it takes.
const IDENTITIES: &str = r#"_format_version: "3.0"
routes:
- name: azure
  paths: ["/azure"]
  plugins:
  - name: ai-proxy
    config:
      route_type: llm/v1/chat
      auth: {azure_use_managed_identity: true}
      model: {provider: azure, name: gpt-4o, options: {azure_instance: i, azure_deployment_id: d}}
- name: gemini
  paths: ["/gemini"]
  plugins:
  - name: ai-proxy
    config:
      route_type: preserve
      auth: {gcp_use_service_account: true, gcp_service_account_json: "{vault://env/KEY_FILE}"}
      model: {provider: gemini, options: {upstream_url: "https://gemini.internal"}}
- name: bedrock
  paths: ["/bedrock"]
  plugins:
  - name: ai-proxy
    config:
      route_type: preserve
      auth: {aws_access_key_id: AKID, aws_secret_access_key: "{vault://env/AWS_KEY}"}
      model: {provider: bedrock, options: {upstream_url: "https://bedrock.internal"}}
"#;

#[test]
fn identities_that_cannot_be_used_are_all_named() {
    let serve =
        |arguments: &str| aiproxy(&format!("serve {arguments} routes.yaml")).file("routes.yaml", IDENTITIES);
    let half = |run: crate::run::Aiproxy| {
        let run = run.env("AZURE_CLIENT_SECRET", "canary").env("AWS_KEY", "canary");
        run.env("KEY_FILE", r#"{"type": "authorized_user", "client_secret": "canary"}"#)
    };
    let run = half(serve("--check")).run();
    assert!(!run.stderr.contains("canary"), "{}", run.stderr);
    assert_snapshot!(run);
    assert_eq!(serve("--check --mock").run().status, Some(0), "nothing is needed under --mock");
}

#[test]
fn an_expression_for_deck_is_no_secret() {
    let text = ROUTES.replace("{vault://env/OPENAI_AUTH_HEADER}", "Bearer ${{ env \\\"DECK_KEY\\\" }}");
    assert_snapshot!(
        aiproxy("serve routes.yaml").file("routes.yaml", text).env("KEYS", r#"{"openai":"x"}"#).run()
    );
}

#[test]
fn nothing_is_needed_under_mock() {
    assert_snapshot!(aiproxy("serve --mock --check routes.yaml").file("routes.yaml", ROUTES).run());
}

#[test]
fn an_error_stops_the_start_even_if_it_is_ignored() {
    let text = ROUTES.replace(
        "        model: {provider: openai, name: gpt-4o}\n  - name: query",
        "        # aiproxy: ignore[undefined-capture] not so important\n        model: {provider: openai, name: \
         $(uri_captures.model)}\n  - name: query",
    );
    assert_snapshot!(aiproxy("serve routes.yaml").file("routes.yaml", text).run());
}

#[test]
fn a_file_that_cannot_be_parsed_or_read() {
    assert_snapshot!("no yaml", aiproxy("serve routes.yaml").file("routes.yaml", "routes: [").run());
    assert_snapshot!("no file", aiproxy("serve routes.yaml").run());
}

#[test]
fn wrong_arguments() {
    for (name, args) in [
        ("listen", "--listen 8080"),
        ("name", "--admin localhost:9000"),
        ("network", "--trusted-proxies 10.0.0.0/8,ten"),
        ("limit", "--max-in-flight 0"),
        ("drain", "--drain-time soon"),
    ] {
        let run = aiproxy(&format!("serve routes.yaml {args}")).file("routes.yaml", ROUTES).run();
        assert_snapshot!(name, run);
    }
}

#[test]
fn a_guard_that_is_not_run_stops_the_start() {
    let guard = "plugins: [{name: acl, config: {allow: [a]}}]\nservices:";
    let text = ROUTES.replace("services:", guard);
    assert_snapshot!(aiproxy("serve --mock routes.yaml").file("routes.yaml", text).run());
}

#[test]
fn a_plugin_that_is_not_run_is_worth_a_warning() {
    let text = ROUTES.replace("services:", "plugins: [{name: prometheus}]\nservices:");
    assert_snapshot!(aiproxy("serve --mock --check routes.yaml").file("routes.yaml", text).run());
}

#[test]
fn certificates_are_checked_before_anything_is_opened() {
    let serve = || aiproxy("serve --check routes.yaml --ca-file ca.pem").file("routes.yaml", "routes: []");
    let broken = "-----BEGIN CERTIFICATE-----\nbm90IG9uZQ==\n-----END CERTIFICATE-----\n";
    assert_snapshot!("no ca file", serve().run());
    assert_snapshot!("no certificate", serve().file("ca.pem", "hello").run());
    assert_snapshot!("broken certificate", serve().file("ca.pem", broken).run());
}

#[test]
fn an_endpoint_that_replaces_nothing_is_worth_a_warning() {
    let run = aiproxy(
        "serve --mock --check routes.yaml --upstream cohere=http://127.0.0.1:9 --upstream openai=http://h",
    );
    assert_snapshot!(run.file("routes.yaml", ROUTES).run());
}

#[test]
fn an_address_that_is_taken_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for (name, args) in [("listen", ["--listen", "--admin"]), ("admin", ["--admin", "--listen"])] {
        let run = aiproxy(&format!("serve --mock routes.yaml {} {address} {} 127.0.0.1:0", args[0], args[1]));
        let run = run.file("routes.yaml", ROUTES).run();
        assert_eq!(run.status, Some(2), "{name}");
        assert!(run.stderr.starts_with(&format!("error: cannot listen on {address}: ")), "{}", run.stderr);
        assert!(run.stderr.ends_with("; choose others with --listen and --admin\n"), "{}", run.stderr);
    }
}

#[test]
fn a_gateway_answers_logs_and_stops() {
    let gateway = Gateway::start(aiproxy("serve --mock routes.yaml").file("routes.yaml", ROUTES));
    let chat = gateway.chat("/chat", "");
    assert_eq!((chat.status, chat.json()["model"].as_str()), (200, Some("gpt-4o")), "{chat:#?}");
    let stream = gateway.post("/chat", "", r#"{"messages":[{"role":"user","content":"hi"}],"stream":true}"#);
    assert!(stream.body.ends_with("data: [DONE]\n\n"), "{stream:#?}");
    assert_eq!(gateway.get("/nothing?key=sk-1").status, 404);
    assert_eq!((gateway.admin("/readyz").status, gateway.admin("/livez").status), (200, 200));
    let run = gateway.stop();
    assert_eq!(run.status, Some(0));
    assert_snapshot!(run.stderr);
    let lines: Vec<Value> = run.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    lines.iter().for_each(|line| assert_valid("access-log", line));
    let id = lines[0]["request"]["id"].as_str().unwrap();
    assert!(chat.head.contains(&format!("x-request-id: {id}")), "{chat:#?}");
    let told = lines
        .iter()
        .map(|line| (line["request"]["uri"].as_str().unwrap(), line["response"]["status"].as_u64().unwrap()));
    assert_eq!(told.collect::<Vec<_>>(), [("/chat", 200), ("/chat", 200), ("/nothing?key=***", 404)]);
}

#[test]
fn requests_that_the_server_refuses_are_logged() {
    let gateway = Gateway::start(aiproxy("serve --mock routes.yaml").file("routes.yaml", ROUTES));
    let heads = [
        "GET /a?key=sk-1 HTTP/1.1\r\nhost: x\r\nhost : x\r\n\r\n",
        "TRACE /a?key=sk-1 HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
        "GET /a b?sk-1 HTTP/1.1\r\nhost: x\r\n\r\n",
        "\u{16}\u{3}\u{1} sk-1 sk-1\r\n\r\n",
    ];
    let ids = heads.map(|head| refused_id(&gateway, head));
    assert_snapshot!(logged(&gateway.stop(), &ids));
}

#[test]
fn connections_that_the_server_refuses_are_logged() {
    let serve = aiproxy("serve --mock routes.yaml --max-connections 1").file("routes.yaml", ROUTES);
    let gateway = Gateway::start(serve);
    let _only = TcpStream::connect(&gateway.clients).unwrap();
    let ids = [refused_id(&gateway, ""), refused_id(&gateway, "")];
    assert_snapshot!(logged(&gateway.stop(), &ids));
}

/// The `X-Request-Id` of the answer to what is sent on a new connection.
fn refused_id(gateway: &Gateway, sent: &str) -> String {
    let mut stream = TcpStream::connect(&gateway.clients).unwrap();
    stream.write_all(sent.as_bytes()).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let (_, id) = text.split_once("x-request-id: ").unwrap_or_else(|| panic!("{text}"));
    id[..36].to_owned()
}

/// What the log says of the requests with these ids, and of no others.
fn logged(run: &Run, ids: &[String]) -> String {
    assert!(!run.stdout.contains("sk-1"), "{}", run.stdout);
    let lines: Vec<Value> = run.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let logged: Vec<_> = lines.iter().map(|line| line["request"]["id"].as_str().unwrap()).collect();
    assert_eq!(logged, ids);
    let told = lines.iter().map(|line| {
        assert_valid("access-log", line);
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let [method, uri] = ["method", "uri"].map(|member| text(&line["request"][member]));
        let (ip, status) = (text(&line["client_ip"]), &line["response"]["status"]);
        format!("{ip} {status} `{method} {uri}` {}\n", text(&line["error"]))
    });
    told.collect()
}

#[test]
fn a_gateway_whose_log_nobody_reads_goes_on() {
    let serve = aiproxy("serve --mock routes.yaml").file("routes.yaml", ROUTES);
    let mut gateway = Gateway::start_unread(serve);
    assert_eq!(gateway.chat("/chat", "").status, 200);
    gateway.wait_for("nobody reads the access log on standard output any more");
    assert_eq!((gateway.chat("/chat", "").status, gateway.chat("/chat", "").status), (200, 200));
    let run = gateway.stop();
    assert_eq!((run.status, run.stderr.matches("access log").count()), (Some(0), 1), "{}", run.stderr);
}

#[test]
fn requests_in_flight_finish_after_a_signal() {
    let (go_on, wait) = channel::<()>();
    let address = upstream(move |_, mut stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n").unwrap();
        stream.write_all(b"data: {\"n\":1}\n\n").unwrap();
        wait.recv().unwrap();
        stream.write_all(b"data: [DONE]\n\n").unwrap();
    });
    let mut gateway = Gateway::start(serve(&address));
    let body = r#"{"messages":[{"role":"user","content":"hi"}],"stream":true}"#;
    let length = format!("content-length: {}\r\n", body.len());
    let mut stream = send(&gateway.clients, "POST", "/chat", &length, body);
    let mut start = [0; 15];
    stream.read_exact(&mut start).unwrap();
    assert_eq!(&start, b"HTTP/1.1 200 OK");
    gateway.signal("INT");
    gateway.wait_for("stopping");
    assert_eq!(gateway.admin("/readyz").status, 503);
    go_on.send(()).unwrap();
    let mut rest = String::new();
    stream.read_to_string(&mut rest).unwrap();
    let answer = Answer::parse(&(String::from_utf8_lossy(&start) + &*rest));
    assert!(answer.body.ends_with("data: [DONE]\n\n"), "{answer:#?}");
    assert_eq!(gateway.end().status, Some(0));
}

#[test]
fn a_second_signal_cuts_requests_short() {
    let (_never, wait) = channel::<()>();
    let address = upstream(move |_, mut stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: {}\n\n").unwrap();
        let _ = wait.recv();
    });
    let mut gateway = Gateway::start(serve(&address));
    let body = r#"{"messages":[{"role":"user","content":"hi"}],"stream":true}"#;
    let length = format!("content-length: {}\r\n", body.len());
    let mut stream = send(&gateway.clients, "POST", "/chat", &length, body);
    stream.read_exact(&mut [0; 15]).unwrap();
    gateway.signal("TERM");
    gateway.wait_for("stopping");
    gateway.signal("TERM");
    let run = gateway.end();
    assert_eq!(run.status, Some(0));
    assert_snapshot!(run.stderr);
    let line: Value = serde_json::from_str(&run.stdout).expect("a line about the request that was cut");
    assert_eq!(line["response"]["status"], 200);
}

#[test]
fn the_access_log_goes_where_it_is_told_to() {
    let serve = |log: &str| {
        aiproxy(&format!("serve --mock routes.yaml --access-log {log}")).file("routes.yaml", ROUTES)
    };
    let command = serve("access.log").file("access.log", "kept\n");
    let path = command.path("access.log");
    let mut gateway = Gateway::start(command);
    gateway.chat("/chat", "");
    gateway.signal("TERM");
    gateway.wait_until_gone();
    let text = std::fs::read_to_string(path).unwrap();
    let (first, line) = text.split_once('\n').unwrap();
    assert_eq!(first, "kept");
    assert_valid("access-log", &serde_json::from_str(line).unwrap());

    let gateway = Gateway::start(serve("off"));
    gateway.chat("/chat", "");
    assert_eq!(gateway.stop().stdout, "");
    assert_snapshot!(serve("/no/such/directory").run());
}

/// Every way in which a secret comes near a request: the operator's in header, query and body, from
/// variables and from JSON in them, written into the file, or the client's own; keys as references,
/// literals and digests, sent in header, query and body.
const CANARIES: &str = r#"_format_version: "3.0"
consumers:
- username: app
  keyauth_credentials: [{key: "{vault://env/APP_KEY}"}]
- username: batch
  keyauth_credentials: [{key: canary-literal-key}]
- username: open
  keyauth_credentials: [{key: canary-shown-to-upstreams}]
- username: job
  keyauth_credentials: [{key: "sha256:[digest]"}]
plugins:
- name: key-auth
  config: {key_names: [apikey], key_in_body: true, hide_credentials: true}
services:
- name: llm
  host: localhost
  routes:
  - name: header
    paths: [/header]
    plugins:
    - name: ai-proxy
      config: &config
        route_type: llm/v1/chat
        auth: {header_name: Authorization, header_value: "{vault://env/OPENAI_AUTH_HEADER}", allow_override: true}
        logging: {log_statistics: true, log_payloads: true}
        model: {provider: openai, name: gpt-4o}
  - name: query
    paths: [/query]
    plugins:
    - name: ai-proxy
      config:
        <<: *config
        auth: {param_name: code, param_value: "{vault://env/keys/openai}", param_location: query}
  - name: body
    paths: [/body]
    plugins:
    - name: ai-proxy
      config:
        <<: *config
        auth: {param_name: token, param_value: "{vault://env/BODY_TOKEN}", param_location: body}
  - name: own
    paths: [/own]
    plugins:
    - name: ai-proxy
      config:
        <<: *config
        auth: {param_name: token, param_value: x, param_location: body, allow_override: true}
  - name: named
    paths: [/named]
    plugins:
    - name: ai-proxy
      config:
        <<: *config
        auth: {param_name: "{vault://env/BODY_NAME}", param_value: "{vault://env/BODY_TOKEN}", param_location: body}
  - name: shown
    paths: [/shown]
    plugins:
    - name: key-auth
      config: {key_names: [apikey], key_in_body: true, hide_credentials: false}
    - name: ai-proxy
      config: *config
  - name: literal
    paths: [/literal]
    plugins:
    - name: ai-proxy
      config:
        <<: *config
        route_type: preserve
        auth: {header_name: x-token, header_value: canary-literal-header}
"#;

/// An upstream that answers a request for `fail` with everything that it was sent.
fn telltale(seen: Sender<String>) -> String {
    upstream(move |request, mut stream| {
        let streams = request.contains(r#""stream":true"#);
        let preserved = request.starts_with("POST /literal");
        // A preserved stream passes byte for byte.
        let (status, content_type, body) = if request.contains("fail late") && streams && !preserved {
            let error = serde_json::json!({"error": {"message": format!("no: {request}"), "type": "x"}});
            ("200 OK", "text/event-stream", format!("data: {{\"choices\":[]}}\n\ndata: {error}\n\n"))
        } else if request.contains("fail") {
            let error = serde_json::json!({"error": {"message": format!("no: {request}"), "type": "x"}});
            ("401 Unauthorized", "application/json", error.to_string())
        } else if streams {
            ("200 OK", "text/event-stream", "data: {\"choices\":[]}\n\ndata: [DONE]\n\n".to_owned())
        } else {
            let usage = r#"{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}"#;
            ("200 OK", "application/json", format!(r#"{{"choices":[],"model":"m","usage":{usage}}}"#))
        };
        let head =
            format!("HTTP/1.1 {status}\r\ncontent-type: {content_type}\r\nset-cookie: canary-cookie\r\n");
        let answer = format!("{head}content-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
        stream.write_all(answer.as_bytes()).unwrap();
        seen.send(request).unwrap();
    })
}

#[test]
fn no_secret_is_ever_seen() {
    let (seen, requests) = channel();
    let digest = "4651a09cf50dd6bcb2b1bbec31d5366e446355ad183b5319615c060c1a89d0b0";
    let address = telltale(seen);
    let serve = aiproxy(&format!("serve canaries.yaml --upstream openai=http://{address}"))
        .file("canaries.yaml", CANARIES.replace("[digest]", digest))
        .env("APP_KEY", "canary-app-key")
        .env("OPENAI_AUTH_HEADER", "Bearer canary-header")
        .env("KEYS", r#"{"openai": "canary-query", "other": "canary-other"}"#)
        .env("BODY_TOKEN", "canary-body")
        .env("BODY_NAME", "canary-name");
    let gateway = Gateway::start(serve);
    let mut answers = Vec::new();
    let app = "apikey: canary-app-key\r\n";
    for (path, key, member) in [
        ("/header", app, ""),
        ("/header?apikey=canary-app-key", "", ""),
        ("/header", "", r#""apikey":"canary-app-key","#),
        ("/header", "apikey: canary-literal-key\r\nauthorization: Bearer canary-client\r\n", ""),
        ("/header", "apikey: canary-digest-key\r\ncookie: canary-cookie\r\n", ""),
        ("/header", "apikey: canary-wrong-key\r\n", ""),
        ("/header?apikey=canary-wrong-key", "", ""),
        ("/header", "apikey: canary-app-key\r\napikey: canary-wrong-key\r\n", ""),
        ("/query?code=canary-client-code", app, ""),
        ("/body", app, r#""token":"canary-client-token","#),
        ("/own", app, r#""token":"canary-clients-own","#),
        ("/named", app, ""),
        ("/shown", "", r#""apikey":"canary-shown-to-upstreams","#),
        ("/literal?key=canary-client-query", app, ""),
        ("/nothing?apikey=canary-app-key", "", ""),
    ] {
        let message = |text: &str| format!(r#"[{{"role":"user","content":"{text}"}}]"#);
        for messages in [message("hi"), message("fail"), message("fail late"), "5".to_owned()] {
            for stream in ["", r#","stream":true"#] {
                let body = format!("{{{member}\"messages\":{messages}{stream}}}");
                answers.push(gateway.post(path, key, &body));
            }
        }
    }
    answers.extend(["/livez", "/readyz", "/canary"].map(|path| gateway.admin(path)));
    let run = gateway.stop();
    let requests: Vec<_> = requests.try_iter().collect();
    for secret in [
        "Bearer canary-header",
        "Bearer canary-client",
        "code=canary-query",
        "\"token\":\"canary-body\"",
        "\"canary-name\":\"canary-body\"",
        "canary-clients-own",
        "canary-shown-to-upstreams",
    ] {
        assert!(requests.iter().any(|request| request.contains(secret)), "{secret} was sent upstream");
    }
    for key in ["-key", "cookie", "canary-other", "canary-client-code", "canary-client-token"] {
        assert!(requests.iter().all(|request| !request.contains(key)), "{key}: {requests:#?}");
    }
    assert!(run.stdout.lines().count() >= answers.len() - 3 && run.stdout.contains("\"payload\""));
    // What a client sends to the upstream itself may come back to it.
    let own = ["canary-client-query", "canary-clients-own", "canary-shown-to-upstreams"];
    let own = |answer: &Answer| own.iter().fold(format!("{answer:?}"), |text, own| text.replace(own, ""));
    for text in answers.iter().map(own).chain([run.stdout, run.stderr]) {
        assert!(!text.contains("canary"), "{text}");
    }
}

#[test]
fn a_key_belongs_to_one_consumer() {
    let text = CANARIES.replace("[digest]", &"0".repeat(64));
    let serve = aiproxy("serve canaries.yaml --check")
        .file("canaries.yaml", text)
        .env("APP_KEY", "canary-literal-key")
        .env("OPENAI_AUTH_HEADER", "x")
        .env("KEYS", r#"{"openai": "x"}"#);
    let run = serve.run();
    assert!(!run.stderr.contains("canary-"));
    assert_eq!(run.status, Some(1));
    // What lint warns of is lint's business.
    assert_snapshot!(run.stderr.split_once("error:").unwrap().1);
}

#[test]
fn credentials_that_anybody_can_spend_are_worth_a_warning_on_other_than_loopback_addresses() {
    for (name, args) in [("loopback", "--listen [::1]:0"), ("everywhere", "--listen 0.0.0.0:0")] {
        let run = aiproxy(&format!("serve --check routes.yaml {args}")).file("routes.yaml", ROUTES);
        let run = run.env("OPENAI_AUTH_HEADER", "x").env("KEYS", r#"{"openai": "x"}"#).run();
        assert_snapshot!(name, run);
    }
    let run = aiproxy("serve --check canaries.yaml --listen 0.0.0.0:0")
        .file("canaries.yaml", CANARIES.replace("[digest]", &"0".repeat(64)))
        .env("APP_KEY", "x")
        .env("BODY_TOKEN", "x")
        .env("BODY_NAME", "x")
        .env("OPENAI_AUTH_HEADER", "x")
        .env("KEYS", r#"{"openai": "x"}"#);
    assert!(!run.run().stderr.contains("spends"), "key-auth guards the routes");
}

#[test]
fn limits_that_the_system_does_not_allow_are_worth_a_warning() {
    let serve = aiproxy("serve --mock routes.yaml --max-connections 9000000000000000000");
    let run = Gateway::start(serve.file("routes.yaml", ROUTES)).stop();
    assert!(run.stderr.starts_with("warning: this process may open "), "{}", run.stderr);
    assert_eq!(run.status, Some(0));
}

/// `serve` for [`ROUTES`] with OpenAI at `address`.
fn serve(address: &str) -> crate::run::Aiproxy {
    aiproxy(&format!("serve routes.yaml --upstream openai=http://{address}"))
        .file("routes.yaml", ROUTES)
        .env("OPENAI_AUTH_HEADER", "Bearer x")
        .env("KEYS", r#"{"openai": "x"}"#)
}
