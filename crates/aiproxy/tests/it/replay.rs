//! What `lint` says to try shows in `explain` what the finding is about.

use crate::run::aiproxy;

/// What each route demands. All read a header besides, which none demands.
const ROUTES: &[&str] = &[
    r#"name: plain, paths: ["/plain"]"#,
    r#"name: delete, paths: ["/delete"], methods: [DELETE]"#,
    r#"name: tls, paths: ["/tls"], protocols: [https]"#,
    r#"name: host, paths: ["/host"], hosts: ["*.ai.test"]"#,
    r#"name: port, paths: ["/port"], hosts: ["ai.test:8443"]"#,
    r#"name: tls-host, paths: ["/tls-host"], hosts: ["ai.test"], protocols: [https]"#,
    r#"name: sni, paths: ["/sni"], snis: ["eu.ai.test"], protocols: [https]"#,
    r#"name: sni-host, paths: ["/sni"], snis: ["us.ai.test"], hosts: ["ai.test"], protocols: [https]"#,
    r#"name: address, paths: ["/address"], hosts: ["10.0.0.1"], protocols: [https]"#,
    r#"name: header, paths: ["/header"], headers: {x-tier: ["it's gold"], x-team: ["~*^[a-z]+ [0-9]$"]}"#,
    r#"name: quotes, paths: ["~/it's \\(all\\) & \"more\"%$"]"#,
    r#"name: unicode, paths: ["~/größe$"]"#,
];

const PLUGIN: &str = r#"{name: ai-proxy, config: {route_type: llm/v1/chat,
      auth: {header_name: Authorization, header_value: "{vault://env/KEY}"},
      model: {provider: openai, name: "$(headers.x-model)"}}}"#;

fn file() -> String {
    let routes =
        ROUTES.iter().map(|route| format!("- {{{route}, service: {{name: ai}}, plugins: [{PLUGIN}]}}\n"));
    format!(
        "_format_version: \"3.0\"\nservices: [{{name: ai, url: http://localhost}}]\nroutes:\n{}",
        routes.collect::<String>()
    )
}

#[test]
fn every_command_explains_the_route_that_it_is_about() {
    let lint = |format: &str| {
        let lint = format!("lint -q --fail-on never --format {format} 'my routes.yaml'");
        aiproxy(&lint).file("my routes.yaml", file()).run()
    };
    let document = lint("json").json();
    let findings = document["diagnostics"].as_array().expect("a list");
    let shown: Vec<_> = findings.iter().filter(|finding| !finding["witness"].is_null()).collect();
    let human = lint("human").stdout;
    let commands: Vec<_> =
        human.lines().filter_map(|line| line.trim().strip_prefix("try: aiproxy ")).collect();
    assert_eq!(commands.len(), shown.len(), "{human}");
    let of_rule = |finding: &serde_json::Value| finding["rule"] == "client-value-may-be-absent";
    let mut explained = Vec::new();
    for (command, _) in commands.iter().zip(shown).filter(|(_, finding)| of_rule(finding)) {
        let run = aiproxy(&format!("{command} --format json")).file("my routes.yaml", file()).run();
        let answer = run.json();
        let name = answer["route"]["name"].as_str().unwrap_or("none");
        explained.push(format!(
            "{name}: {command}\n  {}",
            answer["error"]["message"].as_str().unwrap_or("proxied")
        ));
    }
    assert_eq!(explained.len(), ROUTES.len());
    insta::assert_snapshot!(explained.join("\n"));
}

const GUARDED: &str = r#"
_format_version: "3.0"
services:
- name: ai
  url: http://localhost
  plugins: [{name: key-auth, config: {key_names: [x-key]}}]
  routes:
  - name: anybody-s
    paths: ["~/anybody-s/(?<model>[^/]*)$"]
    plugins:
    - {name: ai-proxy, config: {route_type: llm/v1/chat, model: {provider: openai, name: $(uri_captures.model)}}}
  - name: alice-s
    paths: ["~/alice-s/(?<other>[^/]+)$"]
    plugins:
    - {name: ai-proxy, config: {route_type: llm/v1/chat, model: {provider: openai, name: gpt-4o}}}
- name: open
  url: http://localhost
  routes:
  - name: open
    paths: ["/open"]
    plugins:
    - {name: ai-proxy, config: {route_type: llm/v1/chat, model: {provider: openai, name: $(query_params.model)}}}
plugins:
- name: ai-proxy
  consumer: it's alice
  route: alice-s
  config: {route_type: llm/v1/chat, model: {provider: openai, name: $(uri_captures.model)}}
consumers:
- {username: "it's alice", keyauth_credentials: [{key: "{vault://env/ALICE}"}]}
- {username: bob, keyauth_credentials: [{key: "{vault://env/BOB}"}]}
"#;

#[test]
fn a_guard_does_not_hide_what_a_finding_is_about() {
    let lint = aiproxy("lint -q --fail-on never routes.yaml").file("routes.yaml", GUARDED).run().stdout;
    let mut explained = String::new();
    for command in lint.lines().filter_map(|line| line.trim().strip_prefix("try: aiproxy ")) {
        let answer = aiproxy(&format!("{command} --format json")).file("routes.yaml", GUARDED).run().json();
        let error = answer["error"]["message"].as_str().unwrap_or("proxied");
        assert_ne!(answer["error"]["status"], 401, "{command}");
        explained += &format!("{command}\n  {error}\n");
    }
    insta::assert_snapshot!(explained);
}
