//! What a request must be before it goes upstream. Messages are Kong's wherever it has one.

use formats::WireFormat;
use formats::body::{Members, is_filled_array};
use formats::codec::{Operation, codec};
use percent_encoding::percent_decode_str;

use super::body::ClientBody;
use crate::model::{ResponseStreaming, RouteType};
use crate::plan::proxy::{Native, Proxy, operations};
use crate::plan::rejection::Rejection;

/// What the checks settle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Checked {
    /// The model to ask.
    pub model: Option<String>,
    /// Whether the answer is to be a stream.
    pub stream: bool,
}

/// Members that decide what the gateway does; a repeated one would mean one thing here and may mean
/// another upstream.
const DECISIVE: [&str; 4] = ["model", "messages", "prompt", "stream"];

/// The same of a preserved body, of which no more is read.
const OF_PRESERVED: [&str; 2] = ["model", "stream"];

/// Members over which the configuration may have the last word.
const CONFIGURABLE: [&str; 5] = ["max_tokens", "max_completion_tokens", "temperature", "top_p", "top_k"];

/// The longest name of a model; none has a tenth of it.
pub(super) const MAX_MODEL: usize = 4 << 10;

/// A chat or completions request.
pub(super) fn conversation(
    proxy: &Proxy,
    wire: WireFormat,
    configured: Option<&str>,
    client: &ClientBody<'_>,
) -> Result<Checked, Rejection> {
    let body = match client {
        ClientBody::Unknown => {
            let stream = proxy.response_streaming == ResponseStreaming::Always;
            return Ok(Checked { model: configured.map(str::to_owned), stream });
        }
        ClientBody::Object(body) => body,
        ClientBody::Fields(_) | ClientBody::Passing(_) | ClientBody::Opaque => return Err(no_prompts()),
    };
    unrepeated(body, &DECISIVE)?;
    unmistakable(body, &CONFIGURABLE)?;
    let asks_for_stream = stream_flag(body)?;
    let messages = body.get("messages").is_some_and(is_filled_array);
    let prompt = body.get("prompt").is_some_and(|prompt| is_prompt(prompt, wire));
    if !messages && !prompt {
        return Err(no_prompts());
    }
    let model = choose(configured, body.string("model"))?.ok_or_else(no_model)?;
    let sent = match (messages, prompt) {
        (true, true) => return Err(Rejection::bad_request("request matches multiple LLM request formats")),
        (true, false) => RouteType::Chat,
        _ => RouteType::Completions,
    };
    if sent != proxy.route_type {
        let message =
            format!("[{sent}] message format is not compatible with [{}] route type", proxy.route_type);
        return Err(Rejection::bad_request(message));
    }
    Ok(Checked { model: Some(model), stream: stream(proxy.response_streaming, asks_for_stream)? })
}

/// A preserved request: only the model is looked at, where it can be.
pub(super) fn preserved(
    policy: ResponseStreaming,
    configured: Option<&str>,
    client: &ClientBody<'_>,
) -> Result<Checked, Rejection> {
    match client {
        ClientBody::Unknown | ClientBody::Opaque | ClientBody::Passing(_) => {
            Ok(Checked { model: configured.map(str::to_owned), stream: false })
        }
        ClientBody::Object(body) => {
            unrepeated(body, &OF_PRESERVED)?;
            let stream = stream_flag(body)?;
            let requested = body.string("model");
            // What is no text here may still become one upstream.
            if configured.is_some() && requested.is_none() && body.present("model").is_some() {
                return Err(Rejection::bad_request("model must be a string").param("model"));
            }
            let model = choose(configured, requested)?;
            // `always` cannot be obeyed without changing the body.
            self::stream(policy, stream)?;
            Ok(Checked { model, stream })
        }
        ClientBody::Fields(fields) => {
            let mut form = Form::new(policy, configured);
            for (name, value) in fields {
                if let Some(name) = form.field(name)? {
                    form.value(name, value)?;
                }
            }
            Ok(Checked { model: form.model, stream: form.stream })
        }
    }
}

/// Refuses JSON that is sent as a form if an upstream that takes it for one would find a field in it
/// that was not checked as such.
pub(super) fn no_field(fields: &[(String, String)]) -> Result<(), Rejection> {
    let mut form = Form::new(ResponseStreaming::Allow, None);
    for (name, _) in fields {
        if let Some(name) = form.field(name)? {
            let message = format!("request body is JSON that is sent as a form with a field `{name}`");
            return Err(Rejection::bad_request(message).param(name));
        }
    }
    Ok(())
}

/// A preserved form, field by field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Form {
    /// The configured model, or the one that the form names.
    pub model: Option<String>,
    /// Whether it asks for a stream.
    pub stream: bool,
    policy: ResponseStreaming,
    configured: Option<String>,
    seen: Vec<&'static str>,
}

impl Form {
    /// A form before its first field.
    pub fn new(policy: ResponseStreaming, configured: Option<&str>) -> Self {
        let configured = configured.map(str::to_owned);
        Self { model: configured.clone(), stream: false, policy, configured, seen: Vec::new() }
    }

    /// Takes note of a field; its name if its value decides something.
    pub fn field(&mut self, name: &str) -> Result<Option<&'static str>, Rejection> {
        // What some readers make of a name: `model[]` is a list `model`, ` model` is `model`.
        let plain = percent_decode_str(name).decode_utf8_lossy();
        let plain = plain.split('[').next().unwrap_or_default();
        let plain = plain.trim_matches(|c: char| c.is_whitespace() || c.is_control());
        let Some(decisive) = OF_PRESERVED.into_iter().find(|decisive| resembles(plain, decisive)) else {
            return Ok(None);
        };
        if name != decisive {
            return Err(mistakable(name, decisive));
        }
        if self.seen.contains(&decisive) {
            return Err(repeated(decisive));
        }
        self.seen.push(decisive);
        Ok(Some(decisive))
    }

    /// Checks the value of such a field.
    pub fn value(&mut self, name: &str, value: &str) -> Result<(), Rejection> {
        if name == "model" {
            self.model = choose(self.configured.as_deref(), Some(value.to_owned()))?;
        } else {
            self.stream = match value {
                "" | "false" => false,
                "true" => true,
                _ => return Err(no_flag()),
            };
            stream(self.policy, self.stream)?;
        }
        Ok(())
    }
}

/// A request in the provider's own format, whose path says what it asks for.
pub(super) fn native(proxy: &Proxy, configured: Option<&str>, native: &Native) -> Result<Checked, Rejection> {
    if let (Some(unknown), Some([whole, streaming])) = (&native.unknown, operations(proxy.llm_format)) {
        let message = format!("operation `{unknown}` is not served; send `{whole}` or `{streaming}`");
        return Err(Rejection::bad_request(message));
    }
    let model = Some(choose(configured, native.model.clone())?.ok_or_else(no_model)?);
    // `always` would give the client what its operation does not answer.
    stream(proxy.response_streaming, native.stream)?;
    Ok(Checked { model, stream: native.stream })
}

/// The configured model wins, and a client that names another is told so.
fn choose(configured: Option<&str>, requested: Option<String>) -> Result<Option<String>, Rejection> {
    let requested = requested.filter(|model| !model.is_empty());
    match (configured, requested) {
        (Some(configured), Some(requested)) if configured != requested => {
            let message = format!("cannot use own model - must be: {configured}");
            Err(Rejection::bad_request(message).param("model"))
        }
        (Some(configured), _) => Ok(Some(configured.to_owned())),
        // The name goes into a header of the answer and into the log.
        (None, Some(requested)) if requested.len() > MAX_MODEL => {
            let message = format!("model is longer than {MAX_MODEL} bytes");
            Err(Rejection::bad_request(message).param("model"))
        }
        (None, Some(requested)) if requested.chars().any(char::is_control) => {
            Err(Rejection::bad_request("model contains a control character").param("model"))
        }
        (None, requested) => Ok(requested),
    }
}

fn unrepeated(body: &Members<'_>, names: &[&'static str]) -> Result<(), Rejection> {
    unmistakable(body, names)?;
    names.iter().find(|name| body.is_repeated(name)).map_or(Ok(()), |name| Err(repeated(name)))
}

/// Refuses members whose names differ from these in case only: to servers written in Go they are the
/// same member, and the last one counts.
fn unmistakable(body: &Members<'_>, names: &[&'static str]) -> Result<(), Rejection> {
    for key in body.keys() {
        if let Some(name) = names.iter().find(|name| resembles(key, name)).filter(|name| **name != key) {
            return Err(mistakable(key, name));
        }
    }
    Ok(())
}

fn resembles(key: &str, name: &str) -> bool {
    if key.len() <= name.len() || key.is_ascii() {
        return key.eq_ignore_ascii_case(name);
    }
    key.chars().count() == name.len() && key.to_uppercase() == name.to_uppercase()
}

fn mistakable(key: &str, name: &'static str) -> Rejection {
    let message = format!("request body has a member `{key}`, which may be taken for `{name}`");
    Rejection::bad_request(message).param(name)
}

fn repeated(name: &'static str) -> Rejection {
    Rejection::bad_request(format!("request body has more than one member `{name}`")).param(name)
}

fn stream_flag(body: &Members<'_>) -> Result<bool, Rejection> {
    match body.present("stream") {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => Err(no_flag()),
    }
}

fn no_flag() -> Rejection {
    Rejection::bad_request("stream must be true, false or null").param("stream")
}

fn stream(policy: ResponseStreaming, asked: bool) -> Result<bool, Rejection> {
    match policy {
        ResponseStreaming::Deny if asked => {
            Err(Rejection::bad_request("response streaming is not enabled for this LLM").param("stream"))
        }
        ResponseStreaming::Always => Ok(true),
        ResponseStreaming::Allow | ResponseStreaming::Deny => Ok(asked),
    }
}

/// A text; also a list of texts or tokens, which not every provider takes.
fn is_prompt(prompt: &str, wire: WireFormat) -> bool {
    let takes_lists = wire == WireFormat::OpenAi || codec(wire, Operation::Completions).is_some();
    prompt.starts_with('"') || (takes_lists && is_filled_array(prompt))
}

fn no_model() -> Rejection {
    Rejection::bad_request("model parameter not found in request, nor in gateway configuration")
        .param("model")
}

fn no_prompts() -> Rejection {
    Rejection::bad_request("request body doesn't contain valid prompts")
}
