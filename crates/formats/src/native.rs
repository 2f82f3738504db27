//! Requests of clients that speak a provider's own format: they go upstream as they are, but for the
//! options that the configuration sets.

use crate::WireFormat;
use crate::body::Members;
use crate::codec;
use crate::openai::Options;

/// Gives a request to `model` in a provider's format the configured options: they beat the client's. Other
/// formats than Gemini's and Bedrock's stay as they are.
pub fn configure(wire: WireFormat, model: &str, body: &mut Members<'_>, options: &Options) {
    match wire {
        WireFormat::Gemini | WireFormat::Vertex => configure_gemini(body, options),
        WireFormat::Bedrock => codec::bedrock::configure(body, model, options),
        _ => {}
    }
}

/// Google reads each member by two names (Protocol Buffers, JSON mapping): one is left, in the place that
/// it has.
fn configure_gemini(body: &mut Members<'_>, options: &Options) {
    let number = |value: Option<f64>| value.map(|value| value.to_string());
    let integer = |value: Option<i64>| value.map(|value| value.to_string());
    let configured = [
        ("maxOutputTokens", "max_output_tokens", integer(options.max_tokens)),
        ("temperature", "temperature", number(options.temperature)),
        ("topP", "top_p", number(options.top_p)),
        ("topK", "top_k", integer(options.top_k)),
    ];
    if configured.iter().all(|(_, _, value)| value.is_none()) {
        return;
    }
    let [name, other] = ["generationConfig", "generation_config"];
    let given = body.present(name).or(body.present(other)).unwrap_or("{}").to_owned();
    // What is no object is left for the upstream to refuse.
    let Ok(mut config) = Members::parse(given.as_bytes()) else { return };
    for (name, other, value) in configured {
        if let Some(value) = value {
            if other != name {
                config.rename(other, name);
            }
            config.set_text(name, value);
        }
    }
    let config = config.changed_text().unwrap_or_else(|| given.clone());
    body.remove(other);
    body.set_text(name, config);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn configured(body: &str, options: &Options) -> String {
        let mut members = Members::parse(body.as_bytes()).unwrap();
        configure(WireFormat::Vertex, "m", &mut members, options);
        String::from_utf8(members.to_bytes()).unwrap()
    }

    #[test]
    fn the_configuration_beats_the_client_by_either_name() {
        let options =
            Options { max_tokens: Some(5), temperature: Some(0.5), top_p: Some(1.0), top_k: Some(3) };
        let all = r#"{"maxOutputTokens":5,"temperature":0.5,"topP":1,"topK":3}"#;
        for body in [
            r#"{"contents": [ ]}"#,
            r#"{"contents": [ ],"generationConfig":null}"#,
            r#"{"contents": [ ],"generation_config":{"max_output_tokens":9,"temperature":1}}"#,
            r#"{"contents": [ ],"generationConfig":{"maxOutputTokens":9,"max_output_tokens":8}}"#,
        ] {
            assert_eq!(
                configured(body, &options),
                format!(r#"{{"contents": [ ],"generationConfig":{all}}}"#),
                "{body}"
            );
        }
        let limit = Options { max_tokens: Some(5), ..Options::default() };
        assert_eq!(
            configured(r#"{"generationConfig":{"seed": 1}, "contents":[]}"#, &limit),
            r#"{"generationConfig":{"seed": 1,"maxOutputTokens":5}, "contents":[]}"#
        );
    }

    #[test]
    fn without_options_nothing_changes() {
        for body in [r#"{"generation_config":{"top_k": 1} }"#, "{}"] {
            assert_eq!(configured(body, &Options::default()), body);
        }
    }
}
