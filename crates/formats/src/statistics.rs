//! What a log says about one request to a model, under the names and in the layout of Kong's `ai.proxy`.

use schemars::JsonSchema;
use serde::Serialize;

use crate::body::{each_item, json_text};
use crate::facts::Facts;
use crate::peek::{member, members, string};
use crate::usage::Usage as Counted;

/// A request to a model, as a log has it. Fields are added, never renamed.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Statistics {
    /// Who was asked.
    pub meta: Meta,
    /// What it took.
    pub usage: Usage,
    /// What was said, where the configuration has it logged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payload: Option<Payload>,
}

/// Who was asked, and how long it took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Meta {
    /// The plugin.
    pub plugin_id: String,
    /// The provider.
    pub provider_name: String,
    /// The model that was asked for; `UNSPECIFIED` if the request got no model.
    pub request_model: String,
    /// The model that answered, by the provider's name; the requested one if the answer names none.
    pub response_model: String,
    /// Milliseconds until the last byte of the answer.
    pub llm_latency: u64,
    /// Milliseconds until the first byte of the answer's body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub llm_ttft: Option<u64>,
    /// The upstream's status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Whether the answer was a stream.
    pub stream: bool,
    /// Azure: the instance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub azure_instance_id: Option<String>,
    /// Azure: the deployment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub azure_deployment_id: Option<String>,
    /// Azure: the API's version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub azure_api_version: Option<String>,
}

/// What a request took.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Usage {
    /// Tokens of the request.
    pub prompt_tokens: u64,
    /// Tokens of the answer.
    pub completion_tokens: u64,
    /// The sum of both.
    pub total_tokens: u64,
    /// Milliseconds for each token of the answer; 0 if there are none.
    pub time_per_token: f64,
    /// By the configured prices; 0 if there are none.
    pub cost: f64,
    /// There and true if the provider did not count: the tokens are then a guess from words and characters.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub estimated: bool,
    /// How many of the request's tokens came from a cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cached_tokens: Option<u64>,
    /// How many of the answer's tokens were spent on reasoning.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning_tokens: Option<u64>,
}

/// What was said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Payload {
    /// The request's body as it was sent upstream, but for credentials, which are references or `***`.
    /// Absent if it is not JSON, so that they could not be found, or was passed on while it came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// The answer's body; for a stream an object like a whole answer, with the joined text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response: Option<String>,
}

/// What the statistics of a request are made from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Call<'a> {
    /// The plugin's id.
    pub plugin_id: &'a str,
    /// The provider's name.
    pub provider: &'a str,
    /// The model after templates.
    pub request_model: Option<&'a str>,
    /// Where the provider is Azure, what of it was asked.
    pub azure: Option<Azure<'a>>,
    /// The price of 1,000,000 prompt tokens.
    pub input_cost: Option<f64>,
    /// The price of 1,000,000 generated tokens.
    pub output_cost: Option<f64>,
    /// The upstream's status; none if it never answered.
    pub status: Option<u16>,
    /// Whether the client got an answer, and no error.
    pub answered: bool,
    /// Whether the answer was a stream.
    pub stream: bool,
    /// Milliseconds from the request's head to the last byte of the answer.
    pub latency: u64,
    /// Milliseconds from the request's head to the first byte of the answer's body.
    pub first_byte: Option<u64>,
    /// What the answer said about itself.
    pub facts: &'a Facts,
    /// The request's body in OpenAI's format, if it was held.
    pub request: Option<&'a [u8]>,
    /// What to log of the bodies, if they are to be logged.
    pub payload: Option<Bodies<'a>>,
}

/// What was asked of Azure, after templates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Azure<'a> {
    /// `azure_instance`.
    pub instance: Option<&'a str>,
    /// `azure_deployment_id`.
    pub deployment: Option<&'a str>,
    /// `api-version` of the request.
    pub api_version: Option<&'a str>,
}

/// How bodies are logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Bodies<'a> {
    /// The request's body, without credentials.
    pub request: Option<&'a str>,
    /// The answer's body, if it was whole and held.
    pub response: Option<&'a [u8]>,
}

const UNSPECIFIED: &str = "UNSPECIFIED";

/// How many characters are taken for one token where nobody counted.
const CHARACTERS_PER_TOKEN: u64 = 4;

impl Statistics {
    /// The statistics of a request.
    pub fn new(call: &Call<'_>) -> Self {
        Self { meta: Meta::new(call), usage: Usage::new(call), payload: Payload::new(call) }
    }
}

impl Meta {
    fn new(call: &Call<'_>) -> Self {
        let request_model = call.request_model.unwrap_or(UNSPECIFIED);
        let azure = call.azure.unwrap_or_default();
        Self {
            plugin_id: call.plugin_id.to_owned(),
            provider_name: call.provider.to_owned(),
            request_model: request_model.to_owned(),
            response_model: call.facts.model.as_deref().unwrap_or(request_model).to_owned(),
            llm_latency: call.latency,
            llm_ttft: call.first_byte,
            status: call.status,
            stream: call.stream,
            azure_instance_id: azure.instance.map(str::to_owned),
            azure_deployment_id: azure.deployment.map(str::to_owned),
            azure_api_version: azure.api_version.map(str::to_owned),
        }
    }
}

impl Usage {
    fn new(call: &Call<'_>) -> Self {
        // An error costs nothing; an answer that nobody counted, not even by its part, is guessed.
        let estimated = call.facts.usage.is_none() && call.answered;
        let counted = match estimated {
            true => estimate(call),
            false => call.facts.usage.unwrap_or_default(),
        };
        let (prompt, completion) = (counted.prompt_tokens, counted.completion_tokens);
        let cost = match (call.input_cost, call.output_cost) {
            (Some(input), Some(output)) => (prompt as f64 * input + completion as f64 * output) / 1e6,
            _ => 0.0,
        };
        Self {
            prompt_tokens: prompt,
            completion_tokens: completion,
            total_tokens: prompt.saturating_add(completion),
            time_per_token: if completion == 0 { 0.0 } else { call.latency as f64 / completion as f64 },
            cost,
            estimated,
            cached_tokens: counted.cached_tokens,
            reasoning_tokens: counted.reasoning_tokens,
        }
    }
}

/// A word of the request for a token, and four characters of the answer.
fn estimate(call: &Call<'_>) -> Counted {
    let request = call.request.and_then(|request| std::str::from_utf8(request).ok());
    Counted {
        prompt_tokens: request.map_or(0, words),
        completion_tokens: call.facts.text.characters.div_ceil(CHARACTERS_PER_TOKEN),
        ..Counted::default()
    }
}

/// The words in the messages, or in the prompt, of a request.
fn words(request: &str) -> u64 {
    let Some([messages, prompt]) = members(request, ["messages", "prompt"]) else { return 0 };
    let mut words = prompt.map_or(0, words_of_content);
    each_item(messages.unwrap_or_default(), &mut |message| {
        words += member(message, "content").map_or(0, words_of_content);
        true
    });
    words
}

/// The words in a text or in a list of texts and parts with texts.
fn words_of_content(content: &str) -> u64 {
    let words_in = |text: &str| string(text).map(|text| text.split_whitespace().count() as u64);
    words_in(content).unwrap_or_else(|| {
        let mut words = 0;
        each_item(content, &mut |part| {
            words += words_in(part).or_else(|| words_in(member(part, "text")?)).unwrap_or_default();
            true
        });
        words
    })
}

impl Payload {
    fn new(call: &Call<'_>) -> Option<Self> {
        let bodies = call.payload?;
        let request = bodies.request.map(str::to_owned);
        let response = match call.stream {
            true => Some(joined(call.facts, call.request_model)),
            false => bodies.response.and_then(|body| std::str::from_utf8(body).ok()).map(str::to_owned),
        };
        Some(Self { request, response })
    }
}

/// A stream as one answer. The text stands in a member of its own too, as in Kong's logs.
fn joined(facts: &Facts, requested: Option<&str>) -> String {
    let text = json_text(&facts.text.kept);
    let model = json_text(&facts.model.as_deref().or(requested));
    let truncated = if facts.text.truncated { ",\"truncated\":true" } else { "" };
    format!(
        r#"{{"object":"chat.completion","model":{model},"choices":[{{"index":0,"message":{{"role":"assistant","content":{text}}}}}],"response":{text}{truncated}}}"#
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::facts::Text;

    const REQUEST: &[u8] = br#"{"api_key":"sk-1","messages":[{"role":"system","content":"be  brief"},
        {"role":"user","content":[{"type":"text","text":"what is this"},{"type":"image_url","image_url":{}}]}]}"#;

    fn call(facts: &Facts) -> Call<'_> {
        Call {
            plugin_id: "5f1c",
            provider: "azure",
            request_model: Some("gpt-4o"),
            azure: None,
            input_cost: Some(2.5),
            output_cost: Some(10.0),
            status: Some(200),
            answered: true,
            stream: false,
            latency: 812,
            first_byte: Some(400),
            facts,
            request: Some(REQUEST),
            payload: None,
        }
    }

    #[test]
    fn an_entry_as_kong_s() {
        let usage = Counted {
            prompt_tokens: 20,
            completion_tokens: 10,
            cached_tokens: Some(4),
            ..Counted::default()
        };
        let facts = Facts { usage: Some(usage), model: Some("gpt-4o-2024-11-20".into()), ..Facts::default() };
        let azure =
            Azure { instance: Some("inst"), deployment: Some("dep"), api_version: Some("2024-10-21") };
        let bodies = Bodies { request: Some("{\"messages\":[]}"), response: Some(b"{\"id\":1}") };
        let statistics = Statistics::new(&Call { azure: Some(azure), payload: Some(bodies), ..call(&facts) });
        insta::assert_json_snapshot!(statistics);
    }

    #[test]
    fn a_stream_that_nobody_counted() {
        let text = Text { kept: "Hello \"you\"".into(), truncated: true, characters: 13 };
        let facts = Facts { text, ..Facts::default() };
        let statistics =
            Statistics::new(&Call { stream: true, payload: Some(Bodies::default()), ..call(&facts) });
        insta::assert_json_snapshot!(statistics);
    }

    #[test]
    fn an_error_costs_nothing() {
        for status in [None, Some(429), Some(200)] {
            let facts = Facts::default();
            let usage = Statistics::new(&Call { status, answered: false, ..call(&facts) }).usage;
            assert_eq!((usage.total_tokens, usage.cost, usage.estimated), (0, 0.0, false));
        }
    }

    #[test]
    fn words_are_those_of_messages_and_prompts() {
        assert_eq!(std::str::from_utf8(REQUEST).map(words), Ok(5));
        for (request, expected) in [
            (r#"{"prompt":"a b\nc"}"#, 3),
            (r#"{"prompt":["a b","c"]}"#, 3),
            (r#"{"prompt":[1,2]}"#, 0),
            (r#"{"messages":[{"content":null},1]}"#, 0),
            ("{}", 0),
            ("no", 0),
        ] {
            assert_eq!(words(request), expected, "{request}");
        }
    }

    proptest! {
        #[test]
        fn the_sums_are_right(
            counts in any::<Option<(u32, u32)>>(),
            latency in 0..1_000_000u64,
            characters in 0..10_000u64,
            answered: bool,
        ) {
            let usage = counts.map(|(prompt_tokens, completion_tokens)| Counted {
                prompt_tokens: prompt_tokens.into(), completion_tokens: completion_tokens.into(), ..Counted::default()
            });
            let facts = Facts { usage, text: Text { characters, ..Text::default() }, ..Facts::default() };
            let usage = Statistics::new(&Call { latency, answered, ..call(&facts) }).usage;
            prop_assert_eq!(usage.total_tokens, usage.prompt_tokens + usage.completion_tokens);
            prop_assert_eq!(usage.estimated, counts.is_none() && answered);
            let cost = usage.prompt_tokens as f64 * 2.5e-6 + usage.completion_tokens as f64 * 1e-5;
            prop_assert!((usage.cost - cost).abs() <= cost * 1e-9);
            let time = usage.time_per_token * usage.completion_tokens as f64;
            let expected = if usage.completion_tokens == 0 { 0.0 } else { latency as f64 };
            prop_assert!((time - expected).abs() <= expected * 1e-9);
        }
    }
}
