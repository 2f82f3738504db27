//! OpenAI's own format: the request goes upstream as it came, but for the members that must change.

pub mod mend;
pub mod response;
pub mod stream;

use crate::body::{Members, is_filled_array, map_items};
use crate::functions;

/// Options of the configuration; what is set here beats the request.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Options {
    /// The most tokens to generate.
    pub max_tokens: Option<i64>,
    /// Sampling temperature.
    pub temperature: Option<f64>,
    /// Nucleus sampling.
    pub top_p: Option<f64>,
    /// Sampling from the k likeliest tokens.
    pub top_k: Option<i64>,
}

/// What the upstream understands beyond or short of the common core.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// OpenAI and Azure: no `top_k`; newer models know the token limit by its newer name only.
    OpenAi,
    /// A self-hosted server with OpenAI's interface: `top_k` is known, deprecated and newer ways to say
    /// things are not.
    SelfHosted,
}

/// How a request is to be sent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Edit<'a> {
    /// The model to ask.
    pub model: Option<&'a str>,
    /// Whether the answer is a stream.
    pub stream: bool,
    /// The configured options.
    pub options: &'a Options,
    /// Whom it is sent to.
    pub dialect: Dialect,
}

/// The names of the token limit: the older, which every server knows, and the newer.
const TOKEN_LIMITS: [&str; 2] = ["max_tokens", "max_completion_tokens"];

impl Edit<'_> {
    /// Makes the changes.
    pub fn apply(&self, body: &mut Members<'_>) {
        if let Some(model) = self.model {
            body.set("model", model);
        }
        body.set("stream", &self.stream);
        self.limit_tokens(body);
        set_number(body, "temperature", self.options.temperature);
        set_number(body, "top_p", self.options.top_p);
        match self.dialect {
            Dialect::OpenAi => drop(body.remove("top_k")),
            Dialect::SelfHosted => {
                set_integer(body, "top_k", self.options.top_k);
                say_with_the_common_core(body);
            }
        }
    }

    /// One limit: the configured one, else the newer-named of the request, else the older-named;
    /// under the name that the client used, since it knows its model. Other servers than OpenAI's ignore
    /// the newer name, so that a client could get rid of a configured limit by it.
    fn limit_tokens(&self, body: &mut Members<'_>) {
        let [older, newer] = TOKEN_LIMITS;
        let Some(limit) = token_limit(body, self.options) else { return };
        let name = match (body.present(newer), body.present(older)) {
            _ if body.present("prompt").is_some() || self.dialect == Dialect::SelfHosted => older,
            (Some(_), _) => newer,
            (None, Some(_)) => older,
            (None, None) if self.model.is_some_and(wants_newer_limit) => newer,
            (None, None) => older,
        };
        for other in TOKEN_LIMITS.into_iter().filter(|other| *other != name) {
            body.remove(other);
        }
        body.set_text(name, limit);
    }
}

/// Asks for the usage of a stream; says whether the client had not. Its other `stream_options` stay,
/// and what is no such option is left for the upstream to refuse.
pub fn ask_for_usage(body: &mut Members<'_>) -> bool {
    let options = match body.present("stream_options").map(|options| Members::parse(options.as_bytes())) {
        None => Some(r#"{"include_usage":true}"#.to_owned()),
        Some(Ok(mut options)) if matches!(options.present("include_usage"), None | Some("false")) => {
            options.set("include_usage", &true);
            options.changed_text()
        }
        Some(_) => None,
    };
    options.map(|options| body.set_text("stream_options", options)).is_some()
}

/// What only OpenAI's own models know, said as everybody understands it: tools for the deprecated
/// functions, `system` for `developer`, and no choice among tools that are not there.
fn say_with_the_common_core(body: &mut Members<'_>) {
    functions::to_tools(body);
    drop_idle_tool_choice(body);
    let system = |text: &str| {
        let mut message = Members::parse(text.as_bytes()).ok()?;
        developer_to_system(&mut message);
        message.changed_text()
    };
    if let Some(messages) = body.get("messages").and_then(|messages| map_items(messages, system)) {
        body.set_text("messages", messages);
    }
}

/// A choice among tools means nothing without tools, and servers refuse it.
pub(crate) fn drop_idle_tool_choice(body: &mut Members<'_>) {
    if !body.present("tools").is_some_and(is_filled_array) {
        body.remove("tool_choice");
    }
}

/// Gives a message the role's name that every model knows.
pub(crate) fn developer_to_system(message: &mut Members<'_>) {
    if message.string("role").as_deref() == Some("developer") {
        message.set("role", "system");
    }
}

/// The token limit that counts, as JSON text: configuration, then `max_completion_tokens`, then
/// `max_tokens`.
pub fn token_limit(body: &Members<'_>, options: &Options) -> Option<String> {
    let [older, newer] = TOKEN_LIMITS;
    let requested = || body.present(newer).or(body.present(older)).map(str::to_owned);
    options.max_tokens.map(|limit| limit.to_string()).or_else(requested)
}

/// Reasoning models refuse `max_tokens`.
fn wants_newer_limit(model: &str) -> bool {
    let mut chars = model.chars();
    model.starts_with("gpt-5")
        || (chars.next() == Some('o') && chars.next().is_some_and(|c| c.is_ascii_digit()))
}

/// Sets a member if the configuration has a value for it.
pub(crate) fn set_number(body: &mut Members<'_>, name: &str, value: Option<f64>) {
    if let Some(value) = value {
        body.set(name, &value);
    }
}

/// Sets a member if the configuration has a value for it.
pub(crate) fn set_integer(body: &mut Members<'_>, name: &str, value: Option<i64>) {
    if let Some(value) = value {
        body.set(name, &value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edited(body: &str, model: &str, options: Options, dialect: Dialect) -> String {
        let mut members = Members::parse(body.as_bytes()).unwrap();
        Edit { model: Some(model), stream: false, options: &options, dialect }.apply(&mut members);
        String::from_utf8(members.to_bytes()).unwrap()
    }

    #[test]
    fn a_request_that_says_everything_is_unchanged() {
        let body = r#"{"messages": [{"role":"user","content":"hi"}], "model": "gpt-4o", "stream": false, "seed": 1.0}"#;
        assert_eq!(edited(body, "gpt-4o", Options::default(), Dialect::OpenAi), body);
    }

    #[test]
    fn the_configuration_beats_the_request() {
        let options =
            Options { max_tokens: Some(5), temperature: Some(0.5), top_p: Some(1.0), top_k: Some(3) };
        let body = r#"{"temperature":1,"top_p":0.1,"top_k":9,"stream":null}"#;
        assert_eq!(
            edited(body, "m", options, Dialect::OpenAi),
            r#"{"temperature":0.5,"top_p":1.0,"stream":false,"model":"m","max_tokens":5}"#
        );
        assert_eq!(
            edited(body, "m", options, Dialect::SelfHosted),
            r#"{"temperature":0.5,"top_p":1.0,"top_k":3,"stream":false,"model":"m","max_tokens":5}"#
        );
    }

    #[test]
    fn self_hosted_servers_are_asked_in_words_they_know() {
        let body = r#"{"messages":[{"role":"developer","content":"d"},{"role":"user","content":"u"}],"tools":[ ],"tool_choice":"auto","model":"m","stream":false}"#;
        assert_eq!(edited(body, "m", Options::default(), Dialect::OpenAi), body);
        assert_eq!(
            edited(body, "m", Options::default(), Dialect::SelfHosted),
            r#"{"messages":[{"role":"system","content":"d"},{"role":"user","content":"u"}],"tools":[ ],"model":"m","stream":false}"#
        );
        assert_eq!(
            edited(r#"{"functions":[{"name":"f"}]}"#, "m", Options::default(), Dialect::SelfHosted),
            r#"{"model":"m","stream":false,"tools":[{"type":"function","function":{"name":"f"}}]}"#
        );
    }

    #[test]
    fn usage_is_asked_for_unless_the_client_did() {
        let asked = |options: &str| {
            let body = format!(r#"{{"stream_options":{options},"z":1}}"#);
            let mut members = Members::parse(body.as_bytes()).unwrap();
            let ours = ask_for_usage(&mut members);
            (ours, members.get("stream_options").unwrap().to_owned())
        };
        let added = r#"{"include_usage":true}"#;
        assert_eq!(asked("null"), (true, added.to_owned()));
        assert_eq!(asked("{}"), (true, added.to_owned()));
        assert_eq!(
            asked(r#"{"include_usage": false, "x":1.0}"#),
            (true, r#"{"include_usage": true, "x":1.0}"#.to_owned())
        );
        for theirs in [r#"{ "include_usage": true }"#, "[]", "1", r#"{"include_usage":"yes"}"#] {
            assert_eq!(asked(theirs), (false, theirs.to_owned()));
        }
        let mut members = Members::parse(b"{}").unwrap();
        assert!(ask_for_usage(&mut members));
        assert_eq!(members.to_bytes(), br#"{"stream_options":{"include_usage":true}}"#);
    }

    #[test]
    fn there_is_one_token_limit_under_the_clients_name() {
        let limit = |body: &str, model: &str, configured| {
            let options = Options { max_tokens: configured, ..Options::default() };
            let text = edited(body, model, options, Dialect::OpenAi);
            let value: serde_json::Value = serde_json::from_str(&text).unwrap();
            let member = |name: &str| value.get(name).map(|v| v.to_string());
            (member("max_tokens"), member("max_completion_tokens"))
        };
        let (older, newer) = (|n: &str| (Some(n.to_owned()), None), |n: &str| (None, Some(n.to_owned())));
        let both = r#"{"max_tokens":1,"max_completion_tokens":2}"#;
        assert_eq!(limit("{}", "gpt-4", None), (None, None));
        assert_eq!(limit("{}", "gpt-4", Some(7)), older("7"));
        assert_eq!(limit("{}", "gpt-5-mini", Some(7)), newer("7"));
        assert_eq!(limit("{}", "o3", Some(7)), newer("7"));
        assert_eq!(limit("{}", "omni", Some(7)), older("7"));
        assert_eq!(limit(r#"{"max_tokens":1}"#, "o3", Some(7)), older("7"));
        assert_eq!(limit(r#"{"max_completion_tokens":1}"#, "gpt-4", Some(7)), newer("7"));
        assert_eq!(limit(both, "gpt-4", None), newer("2"));
        assert_eq!(limit(r#"{"max_tokens":1,"max_completion_tokens":null}"#, "gpt-4", None), older("1"));
        assert_eq!(limit(r#"{"prompt":"x","max_completion_tokens":4}"#, "o1", None), older("4"));
        let options = Options { max_tokens: Some(7), ..Options::default() };
        assert_eq!(
            edited(
                r#"{"model":"gpt-5","stream":false,"max_completion_tokens":9}"#,
                "gpt-5",
                options,
                Dialect::SelfHosted
            ),
            r#"{"model":"gpt-5","stream":false,"max_tokens":7}"#
        );
    }
}
