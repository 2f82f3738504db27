use insta::assert_snapshot;

use crate::run::{Aiproxy, Run, aiproxy};

const CHAT: &str = include_str!("../../../../fixtures/seed/openai-model-from-path.yaml");
pub const ALL: &str = include_str!("../../../../fixtures/seed/all.yaml");

fn explain(args: &str) -> Aiproxy {
    aiproxy(&format!("explain {args}")).file("routes.yaml", CHAT).file("all.yaml", ALL)
}

fn json(args: &str) -> serde_json::Value {
    explain(&format!("--format json {args}")).run().json()
}

#[test]
fn a_request_that_is_proxied() {
    let body = r#"{"model":"gpt-4","messages":[{"role":"user","content":"hi"}]}"#;
    let run = explain("routes.yaml -H 'content-type: application/json' /gpt-4/chat/completions")
        .arg("-d")
        .arg(body);
    assert_snapshot!(run.run());
}

#[test]
fn without_a_body_what_needs_it_is_skipped() {
    assert_snapshot!(explain("routes.yaml /gpt-4/chat/completions").run());
    assert_snapshot!(explain("--format json routes.yaml /gpt-4/chat/completions").run());
}

#[test]
fn a_request_without_a_route() {
    assert_snapshot!(explain("routes.yaml /gpt-4/chat").run());
    assert_snapshot!(explain("--format json -X GET routes.yaml /gpt-4/chat/completions").run());
}

#[test]
fn a_request_that_is_rejected() {
    let run = explain("routes.yaml /gpt-4/chat/completions -H 'content-type: application/json'");
    assert_snapshot!(
        run.arg("-d").arg(r#"{"model":"gpt-3","messages":[{"role":"user","content":"hi"}]}"#).run()
    );
}

#[test]
fn routes_that_compete() {
    assert_snapshot!(explain("all.yaml /openai/deployments/azure-gpt-4/chat/completions").run());
}

#[test]
fn everything_that_was_considered() {
    assert_snapshot!(explain("--all all.yaml /cohere/command-r/chat/completions").run());
}

#[test]
fn a_literal_secret_is_never_shown() {
    let literal = CHAT.replace("{vault://env/OPENAI_AUTH_HEADER}", "Bearer hunter2");
    for format in ["human", "json"] {
        let run = aiproxy(&format!("explain --resolve-secrets --format {format} a.yaml /a/chat/completions"));
        let run = run.file("a.yaml", &literal).run();
        assert_eq!(run.status, Some(0));
        assert!(run.stdout.contains("***") && !run.to_string().contains("hunter2"), "{run}");
    }
}

#[test]
fn a_pasted_curl_command() {
    let curl = "curl --location 'http://localhost:8000/openai/v1/audio/transcriptions' \\\n     --form 'model=whisper-2' \\\n     --form 'file=@\"me_saying_hello.m4a\"'";
    let quoted = explain("all.yaml --").arg(curl).run();
    assert_snapshot!(quoted);
    let words = explain(&format!("all.yaml -- {}", curl.replace("\\\n", ""))).run();
    assert_eq!(words.to_string(), quoted.to_string());
}

#[test]
fn the_body_may_come_from_a_file() {
    let run = explain(
        "--format json routes.yaml -H content-type:application/json -d @body.json /a/chat/completions",
    )
    .file("body.json", r#"{"messages":[{"role":"user","content":"hi"}]}"#)
    .run();
    assert_eq!(run.json()["upstream"]["body"]["model"], "a", "{run}");
    let run = explain("routes.yaml -d @missing.json /a/chat/completions").run();
    assert_eq!(run.status, Some(2));
    assert!(run.stderr.contains("cannot read `missing.json`"), "{run}");
}

#[test]
fn a_body_is_shown_as_it_is_sent() {
    let body =
        r#"{"messages":[{"role":"user","content":"hi"}],"big":12345678901234567890123,"x":{"y":1,"y":2}}"#;
    for format in ["human", "json"] {
        let run = explain(&format!("--format {format} routes.yaml /a/chat/completions -d")).arg(body).run();
        for part in ["\"big\": 12345678901234567890123,", "\"y\": 1,", "\"y\": 2\n"] {
            assert!(run.stdout.contains(part), "{run}");
        }
    }
}

#[test]
fn the_body_may_come_from_standard_input() {
    let body = r#"{"messages":[{"role":"user","content":"hi"}]}"#;
    let json = explain("--format json routes.yaml -d @- /a/chat/completions").stdin(body).run().json();
    assert_eq!(json["upstream"]["body"]["model"], "a");
    let curl = "curl localhost:8000/b/chat/completions -d @-";
    let json = explain(&format!("--format json routes.yaml -- {curl}")).stdin(body).run().json();
    assert_eq!(json["upstream"]["body"]["model"], "b");
    let both = explain("-d @- - /a/chat/completions").stdin(body).run();
    assert_eq!(both.status, Some(2));
    assert!(both.stderr.contains("not both"), "{both}");
}

#[test]
fn a_body_that_passes_unread_is_said_so() {
    let preserve = include_str!("../../../../fixtures/seed/openai-preserve.yaml");
    let note = |content_type: &str, body: &str| {
        let run = aiproxy("explain --format json a.yaml /openai/v1/x -d").arg(body).file("a.yaml", preserve);
        run.arg("-H").arg(format!("content-type: {content_type}")).run().json()["notes"].to_string()
    };
    assert!(note("text/plain", "text").contains("another model than `whisper-2`"));
    assert!(!note("application/json", "{}").contains("unread"));
}

#[test]
fn an_empty_body_is_a_body() {
    assert_eq!(json("routes.yaml /a/chat/completions")["assumed"], serde_json::json!(["body"]));
    assert_eq!(json("routes.yaml -d '' /a/chat/completions")["assumed"], serde_json::json!([]));
}

#[test]
fn secrets_are_looked_up_and_never_shown() {
    let resolve = |set: bool, format: &str| -> Run {
        let run = explain(&format!("--resolve-secrets --format {format} routes.yaml /a/chat/completions"));
        if set { run.env("OPENAI_AUTH_HEADER", "Bearer hunter2").run() } else { run.run() }
    };
    for format in ["human", "json"] {
        assert_eq!(resolve(true, format).status, Some(0));
        assert_eq!(resolve(false, format).status, Some(1));
        assert!(!resolve(true, format).to_string().contains("hunter2"));
    }
    let secrets = |set| resolve(set, "json").json()["secrets"].clone();
    let reference = "{vault://env/OPENAI_AUTH_HEADER}";
    assert_eq!(secrets(true), serde_json::json!([{"reference": reference, "resolved": true}]));
    assert_eq!(secrets(false), serde_json::json!([{"reference": reference, "resolved": false}]));
    assert!(json("routes.yaml /a/chat/completions")["secrets"].is_null());
}

#[test]
fn an_endpoint_can_be_replaced() {
    let with = |upstream: &str| json(&format!("--upstream {upstream} routes.yaml /a/chat/completions"));
    let url = &with("openai=http://127.0.0.1:9000/mock")["upstream"]["url"];
    assert_eq!(url, "http://127.0.0.1:9000/mock/v1/chat/completions");
    assert_eq!(
        with("cohere=http://127.0.0.1")["upstream"]["url"],
        "https://api.openai.com/v1/chat/completions"
    );
    for wrong in ["openai", "opnai=http://a.test", "openai=nowhere"] {
        let run = explain(&format!("--upstream {wrong} routes.yaml /a/chat/completions")).run();
        assert_eq!(run.status, Some(2), "{run}");
    }
}

#[test]
fn candidates_are_capped_unless_all_are_asked_for() {
    let routes: String = (0..30).map(|at| format!("- {{name: r{at}, paths: [/r{at}/]}}\n")).collect();
    let run = |flag: &str| {
        aiproxy(&format!("explain --format json {flag} many.yaml /x")).file("many.yaml", &routes).run().json()
    };
    let count = |answer: &serde_json::Value| answer["candidates"].as_array().unwrap().len();
    assert_eq!((count(&run("")), run("")["candidates_omitted"].as_u64()), (20, Some(10)));
    assert_eq!((count(&run("--all")), run("--all")["candidates_omitted"].as_u64()), (30, Some(0)));
}

#[test]
fn a_file_that_cannot_be_parsed_answers_nothing() {
    let run = |format| {
        aiproxy(&format!("explain --format {format} broken.yaml /x")).file("broken.yaml", "routes: [").run()
    };
    assert_snapshot!(run("human"));
    assert_snapshot!(run("json"));
}

#[test]
fn what_no_route_could_match_is_said() {
    assert_snapshot!(explain("routes.yaml /%ff").run());
    assert_snapshot!(aiproxy("explain empty.yaml /a").file("empty.yaml", "routes: []").run());
}

#[test]
fn a_broken_route_is_a_hole() {
    let run = aiproxy("explain broken.yaml /a/chat/completions")
        .file("broken.yaml", CHAT.replace("provider: \"openai\"", "provider: \"opnai\""))
        .run();
    assert_snapshot!(run);
}

#[test]
fn the_configuration_may_come_from_standard_input() {
    let run = |name: &str| {
        let run = aiproxy(&format!("explain --format json {name} - /a/chat/completions")).stdin(CHAT).run();
        run.json()["route"]["file"].clone()
    };
    assert_eq!((run(""), run("--stdin-filename a.yaml")), ("<stdin>".into(), "a.yaml".into()));
}

#[test]
fn usage_errors() {
    for (args, part) in [
        ("routes.yaml", "required"),
        ("routes.yaml gpt-4/chat", "starts with `/`"),
        ("routes.yaml -H nothing /a", "is not a header"),
        ("routes.yaml --form nothing /a", "is not a form field"),
        ("routes.yaml -- wget /a", "curl"),
        ("routes.yaml -X GET -- curl a.test", "cannot be used with"),
        ("routes.yaml -- curl --frobnicate a.test", "--frobnicate"),
        ("missing.yaml /a", "cannot read `missing.yaml`"),
    ] {
        let run = explain(args).run();
        assert_eq!((run.status, run.stdout.as_str()), (Some(2), ""), "{args}");
        assert!(run.stderr.contains(part), "{args}: {run}");
    }
}

/// The chat route behind `key-auth`: alice's key is known, bob's is in the environment.
fn guarded(key_auth: &str) -> String {
    format!(
        r#"
_format_version: "3.0"
consumers:
- {{username: alice, custom_id: a-1, keyauth_credentials: [{{key: alices-key}}]}}
- {{username: bob, keyauth_credentials: [{{key: "{{vault://env/BOBS_KEY}}"}}]}}
routes:
- name: chat
  paths: [/chat]
  plugins:
  - name: ai-proxy
    config:
      route_type: llm/v1/chat
      auth: {{header_name: Authorization, header_value: "{{vault://env/OPENAI_AUTH_HEADER}}"}}
      model: {{provider: openai, name: gpt-4o}}
  - {{name: key-auth, config: {{{key_auth}}}}}
- name: open
  paths: [/open]
"#
    )
}

fn of_guarded(args: &str) -> Aiproxy {
    aiproxy(&format!("explain {args}"))
        .file("a.yaml", guarded(""))
        .file("anonymous.yaml", guarded("anonymous: alice"))
}

#[test]
fn a_key_tells_the_consumer_and_is_not_sent_on() {
    let run = of_guarded("a.yaml /chat?apikey=alices-key").run();
    assert_snapshot!(run);
    assert!(!run.stdout.split_once('\n').unwrap().1.contains("alices-key"), "{run}");
    let json = of_guarded("--format json a.yaml /chat -H apikey:alices-key").run().json();
    assert_eq!(json["consumer"]["custom_id"], "a-1");
    assert_eq!(json["assumed"], serde_json::json!(["body"]));
}

#[test]
fn a_request_without_a_key_is_refused_at_a_guard() {
    assert_snapshot!(of_guarded("a.yaml /chat").run());
}

#[test]
fn a_key_that_may_be_one_of_the_environment_is_assumed_to_be() {
    assert_snapshot!(of_guarded("a.yaml /chat -H apikey:bobs-key").run());
    for file in ["a.yaml", "anonymous.yaml"] {
        let json = of_guarded(&format!("--format json {file} /chat -H apikey:x")).run().json();
        assert_eq!(json["assumed"], serde_json::json!(["key", "body"]), "{file}");
        assert_eq!(json["consumer"], serde_json::Value::Null);
        let asked = |key: &str| {
            let run = of_guarded(&format!("--resolve-secrets --format json {file} /chat -H apikey:{key}"));
            run.env("BOBS_KEY", "bobs-key").run().json()
        };
        assert_eq!(asked("bobs-key")["consumer"]["username"], "bob");
        assert!(!asked("x")["assumed"].as_array().unwrap().contains(&"key".into()));
    }
}

#[test]
fn a_consumer_can_be_assumed() {
    assert_snapshot!(of_guarded("--consumer a-1 a.yaml /chat").run());
    let unguarded = of_guarded("--consumer alice --format json a.yaml /open").run().json();
    assert_eq!(
        (&unguarded["assumed"], &unguarded["consumer"]),
        (&serde_json::json!([]), &serde_json::Value::Null)
    );
    let unknown = of_guarded("--consumer alise a.yaml /chat").run();
    assert_eq!(unknown.status, Some(2));
    assert!(unknown.stderr.contains("a similar one is `alice`"), "{unknown}");
}

#[test]
fn a_plugin_with_which_the_file_is_not_served_is_named() {
    let text = CHAT.replacen("  - name: ai-proxy", "  - name: acl\n  - name: ai-proxy", 1);
    let run = aiproxy("explain a.yaml /a/chat/completions").file("a.yaml", &text).run();
    assert!(run.stdout.contains("`acl` guards access, and aiproxy does not run it"), "{run}");
}
