//! Mistral's chat completions: OpenAI's, but with a closed set of fields and ids of nine characters.

use crate::body::{Members, map_items};
use crate::codec::asks;
use crate::codec::fnv1a;
use crate::functions::{self, ANY_OBJECT};
use crate::openai::{Options, developer_to_system, drop_idle_tool_choice, set_number, token_limit};

/// What Mistral accepts; anything else is answered with 422.
const FIELDS: [&str; 20] = [
    "model",
    "messages",
    "temperature",
    "top_p",
    "max_tokens",
    "stream",
    "stop",
    "random_seed",
    "response_format",
    "tools",
    "tool_choice",
    "presence_penalty",
    "frequency_penalty",
    "n",
    "prediction",
    "parallel_tool_calls",
    "reasoning_effort",
    "prompt_mode",
    "safe_prompt",
    "metadata",
];

/// What Mistral accepts in a message, by its role. SDKs send their own messages back with more than that.
const MESSAGE_FIELDS: [(&str, &[&str]); 4] = [
    ("system", &["role", "content"]),
    ("user", &["role", "content"]),
    ("assistant", &["role", "content", "tool_calls", "prefix"]),
    ("tool", &["role", "content", "tool_call_id", "name"]),
];

/// How long Mistral's tool-call ids are.
const ID_LENGTH: usize = 9;

/// Turns an OpenAI chat request into Mistral's; returns the names of the fields that were dropped
/// because Mistral has nothing like them.
pub fn request(body: &mut Members<'_>, model: Option<&str>, stream: bool, options: &Options) -> Vec<String> {
    functions::to_tools(body);
    // Mistral takes `null` for few of its fields, and what asks for nothing is no loss.
    body.retain(|field, value| value != "null" && (FIELDS.contains(&field) || asks(value)));
    if let Some(model) = model {
        body.set("model", model);
    }
    body.set("stream", &stream);
    if let Some(limit) = token_limit(body, options) {
        body.set_text("max_tokens", limit);
    }
    set_number(body, "temperature", options.temperature);
    set_number(body, "top_p", options.top_p);
    body.rename("seed", "random_seed");
    drop_idle_tool_choice(body);
    if let Some(messages) = body.get("messages").and_then(|messages| map_items(messages, message)) {
        body.set_text("messages", messages);
    }
    if let Some(tools) = body.get("tools").and_then(|tools| map_items(tools, tool)) {
        body.set_text("tools", tools);
    }
    // Handled, not lost: the limit is sent as `max_tokens`, and usage comes without asking.
    body.remove("max_completion_tokens");
    body.remove("stream_options");
    body.keep_only(|field| FIELDS.contains(&field))
}

/// A message with Mistral's role, members and ids; nothing if it needs no change (or is no message, which
/// the upstream explains best).
fn message(text: &str) -> Option<String> {
    let mut message = Members::parse(text.as_bytes()).ok()?;
    developer_to_system(&mut message);
    if let Some(role) = message.string("role")
        && let Some((_, fields)) = MESSAGE_FIELDS.iter().find(|(name, _)| *name == role)
    {
        message.keep_only(|field| fields.contains(&field));
    }
    if let Some(id) = message.string("tool_call_id") {
        message.set("tool_call_id", &*call_id(&id));
    }
    if let Some(calls) = message.get("tool_calls").and_then(|calls| map_items(calls, tool_call)) {
        message.set_text("tool_calls", calls);
    }
    message.changed_text()
}

/// A tool with the schema that Mistral demands of each, and no more `null` than it takes; nothing if it
/// needs no change.
fn tool(text: &str) -> Option<String> {
    let mut tool = Members::parse(text.as_bytes()).ok()?;
    let mut function = Members::parse(tool.present("function")?.as_bytes()).ok()?;
    function.retain(|_, value| value != "null");
    if function.get("parameters").is_none() {
        function.set_text("parameters", ANY_OBJECT.to_owned());
    }
    let function = function.changed_text()?;
    tool.set_text("function", function);
    tool.changed_text()
}

fn tool_call(text: &str) -> Option<String> {
    let mut call = Members::parse(text.as_bytes()).ok()?;
    if let Some(id) = call.string("id") {
        call.set("id", &*call_id(&id));
    }
    if let Some(function) = call.get("function").and_then(function) {
        call.set_text("function", function);
    }
    call.changed_text()
}

/// What is called, with what Mistral accepts of it; nothing if it needs no change.
fn function(text: &str) -> Option<String> {
    let mut function = Members::parse(text.as_bytes()).ok()?;
    function.keep_only(|field| matches!(field, "name" | "arguments"));
    // A call without arguments has none in its text, which is JSON all the same.
    if function.string("arguments").is_some_and(|arguments| arguments.trim_ascii().is_empty()) {
        function.set("arguments", "{}");
    }
    function.changed_text()
}

/// An id that Mistral accepts: the id itself if it is one, else nine characters of its hash, so that the
/// call and its result meet again.
fn call_id(id: &str) -> String {
    const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    if id.len() == ID_LENGTH && id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return id.to_owned();
    }
    let mut hash = fnv1a(id);
    (0..ID_LENGTH)
        .map(|_| {
            let digit = ALPHABET[(hash % 62) as usize];
            hash /= 62;
            char::from(digit)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(body: &str) -> (String, Vec<String>) {
        let mut members = Members::parse(body.as_bytes()).unwrap();
        let dropped = request(&mut members, Some("m"), false, &Options::default());
        (String::from_utf8(members.to_bytes()).unwrap(), dropped)
    }

    #[test]
    fn a_request_within_the_set_is_unchanged() {
        let body =
            r#"{"model":"m", "messages":[ {"role":"user","content":"hi"} ], "stream":false, "stop":"x"}"#;
        assert_eq!(sent(body), (body.to_owned(), vec![]));
    }

    #[test]
    fn fields_are_renamed_or_dropped_and_the_loss_is_named() {
        let body = r#"{"seed":1,"max_tokens":5,"max_completion_tokens":9,"user":"u","stream_options":{},"logprobs":true,"tool_choice":"auto","user":"v"}"#;
        let (text, dropped) = sent(body);
        assert_eq!(text, r#"{"random_seed":1,"max_tokens":9,"model":"m","stream":false}"#);
        assert_eq!(dropped, ["user", "logprobs"]);
    }

    #[test]
    fn what_asks_for_nothing_is_left_out_and_no_loss() {
        let body = r#"{"messages":[1],"stop":null,"seed":null,"parallel_tool_calls":null,"max_tokens":null,"n":0,"user":null,"store":false,"logit_bias":{},"model":"m","stream":false}"#;
        let sent_body = r#"{"messages":[1],"n":0,"model":"m","stream":false}"#;
        assert_eq!(sent(body), (sent_body.to_owned(), vec![]));
        let tools = |function: &str| {
            let body = format!(
                r#"{{"tools":[{{"type":"function","function":{function}}}],"model":"m","stream":false}}"#
            );
            let function = sent(&body).0;
            function[function.find(r#""function":"#).unwrap() + 11..function.find("}],").unwrap()].to_owned()
        };
        let whole = r#"{"name":"f", "parameters":{}}"#;
        assert_eq!(tools(whole), whole);
        assert_eq!(
            tools(r#"{"name":"f","description":null,"strict":null,"parameters":null}"#),
            r#"{"name":"f","parameters":{"type":"object","properties":{}}}"#
        );
    }

    #[test]
    fn messages_lose_what_sdks_add_to_them() {
        let added = r#""refusal":null,"annotations":[],"audio":null,"function_call":null,"parsed":null"#;
        let function = r#"{"name":"f","arguments":"{}","parsed_arguments":null}"#;
        let call = format!(r#"{{"id":"abcdefghi","type":"function","function":{function}}}"#);
        let body = format!(
            r#"{{"messages":[{{"role":"user","content":"x","name":"n"}},{{"role":"assistant","content":null,{added},"tool_calls":[{call}]}}]}}"#
        );
        let (text, dropped) = sent(&body);
        assert_eq!(
            text,
            r#"{"messages":[{"role":"user","content":"x"},{"role":"assistant","content":null,"tool_calls":[{"id":"abcdefghi","type":"function","function":{"name":"f","arguments":"{}"}}]}],"model":"m","stream":false}"#
        );
        assert_eq!(dropped, Vec::<String>::new());
    }

    #[test]
    fn roles_and_ids_are_mapped_alike_in_calls_and_results() {
        let body = r#"{"messages":[{"role":"developer","content":"d"},{"role":"assistant","tool_calls":[{"id":"call_1","x":1.0}]},{"role":"tool","tool_call_id":"call_1"},{"role":"tool","tool_call_id":"Abcdef123"}],"model":"m","stream":false}"#;
        let (text, _) = sent(body);
        let id = call_id("call_1");
        assert!(id.len() == 9 && id.bytes().all(|b| b.is_ascii_alphanumeric()));
        assert_eq!(text, body.replace("developer", "system").replace("call_1", &id));
    }

    #[test]
    fn what_are_no_messages_is_left_to_the_upstream() {
        for messages in ["1", "[1,null]", "[{\"role\":1,\"tool_calls\":{}}]", "\"x\""] {
            let body = format!("{{\"messages\":{messages},\"model\":\"m\",\"stream\":false}}");
            assert_eq!(sent(&body).0, body);
        }
    }
}
