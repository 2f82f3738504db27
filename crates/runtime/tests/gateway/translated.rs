//! Answers in another format than the client's.

mod statistics;
mod streams;
mod whole_answers;

use runtime::Limits;
use serde_json::Value;

use crate::running::Running;
use crate::upstream::Upstream;

/// A gateway and its upstream: `/claude`, `/logged` with statistics and bodies, and `/mistral`. `service`
/// is added to the service, such as `read_timeout: 1`.
async fn stage(service: &str) -> (Running, Upstream) {
    let upstream = Upstream::bind().await;
    let route = |path: &str, provider: &str, options: &str, more: &str| {
        let url = format!("http://127.0.0.1:{}/", upstream.port());
        format!(
            r#"
      - name: {path}
        paths: [/{path}]
        plugins:
          - name: ai-proxy
            config:
              route_type: llm/v1/chat
              auth: {{header_name: x-api-key, header_value: "{{vault://env/KEY}}"}}
              model: {{provider: {provider}, name: model-1, options: {{upstream_url: "{url}"{options}}}}}
              {more}"#
        )
    };
    let anthropic = r#", anthropic_version: "2023-06-01", max_tokens: 100, input_cost: 3, output_cost: 15"#;
    let yaml = format!(
        r#"_format_version: "3.0"
services:
  - name: ai
    url: http://ai.internal
    {service}
    routes:{}{}{}"#,
        route("claude", "anthropic", anthropic, ""),
        route("logged", "anthropic", anthropic, "logging: {log_statistics: true, log_payloads: true}"),
        route("mistral", "mistral", ", mistral_format: openai", ""),
    );
    let hosts = runtime::Upstream::http(Vec::new()).expect("no certificates, none wrong");
    (Running::start(&yaml, Limits::default(), hosts).await, upstream)
}

const CHAT: &str = r#"{"messages":[{"role":"user","content":"Say hello to me"}]}"#;
const STREAM: &str = r#"{"messages":[{"role":"user","content":"Say hello to me"}],"stream":true}"#;

/// A whole answer of Anthropic's, and its text in OpenAI's format, but for the time.
const ANSWER: &str = r#"{"id":"msg_1","type":"message","role":"assistant","model":"model-1-20250929","content":[{"type":"text","text":"Hello"}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":20,"cache_read_input_tokens":5,"output_tokens":2}}"#;

/// What is said of the request whose answer this is, but for what differs from run to run.
fn statistics_of(gateway: &Running) -> Value {
    let mut log = gateway.log();
    assert_eq!(log.len(), 1);
    let mut statistics = log[0]["ai"]["proxy"].take();
    for (of, name) in
        [("meta", "plugin_id"), ("meta", "llm_latency"), ("meta", "llm_ttft"), ("usage", "time_per_token")]
    {
        assert!(statistics[of].as_object_mut().expect("an object").remove(name).is_some(), "{name}");
    }
    statistics
}

/// JSON without the times in it, which are now.
fn timeless(json: &str) -> String {
    let Some((before, after)) = json.split_once(r#""created":"#) else { return json.to_owned() };
    let digits = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
    let created: u64 = after[..digits].parse().expect("seconds");
    assert!(created > 1_700_000_000, "{created}");
    format!(r#"{before}"created":0{}"#, timeless(&after[digits..]))
}
