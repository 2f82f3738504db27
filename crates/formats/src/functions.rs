//! What OpenAI's API lets be said of functions: deprecated function calling is said with tools, for providers
//! that know only these.

use memchr::memmem;

use crate::body::{Members, is_filled_array, json_text, map_items};

/// Replaces `functions`, `function_call` and the messages of both sides by their successors. What is
/// already said with tools stays.
pub fn to_tools(body: &mut Members<'_>) {
    if let Some(functions) = body.present("functions").filter(|functions| functions.starts_with('[')) {
        let tools = map_items(functions, |function| Some(tool(function)));
        if body.present("tools").is_none() {
            body.set_text("tools", tools.unwrap_or_else(|| "[]".to_owned()));
        }
        body.remove("functions");
    }
    if let Some(choice) = body.present("function_call").map(choice) {
        if body.present("tool_choice").is_none() {
            body.set_text("tool_choice", choice);
        }
        body.remove("function_call");
    }
    if let Some(messages) = body.get("messages").filter(|text| may_tell_of_functions(text)).and_then(messages)
    {
        body.set_text("messages", messages);
    }
}

/// Whether it pays to read the messages one by one: role and member both are called after functions, and
/// escapes could hide that.
fn may_tell_of_functions(messages: &str) -> bool {
    [&b"function"[..], b"\\u"].iter().any(|sign| memmem::find(messages.as_bytes(), sign).is_some())
}

/// The schema of arguments where nobody gives one: any object. It is said at length for models that refuse to
/// be made to call a tool of which less is known.
pub const ANY_OBJECT: &str = r#"{"type":"object","properties":{}}"#;

/// JSON text of a call's arguments: of a call without any, an object without members.
pub fn arguments_text(arguments: &str) -> &str {
    if arguments.trim_ascii().is_empty() { "{}" } else { arguments }
}

fn tool(function: &str) -> String {
    format!("{{\"type\":\"function\",\"function\":{function}}}")
}

/// `auto` and `none` are said alike; a named function is wrapped.
fn choice(choice: &str) -> String {
    if choice.starts_with('{') { tool(choice) } else { choice.to_owned() }
}

/// Calls and results, which had no ids: they were matched by order, so each call gets a number and
/// each result that of the call before it.
fn messages(messages: &str) -> Option<String> {
    let mut calls = 0;
    map_items(messages, |text| {
        let mut message = Members::parse(text.as_bytes()).ok()?;
        let id = |number: usize| format!("call_function_{number}");
        if message.string("role").as_deref() == Some("function") {
            message.set("role", "tool");
            message.set("tool_call_id", &id(calls));
        } else if let Some(call) = message.present("function_call").filter(|call| call.starts_with('{')) {
            calls += 1;
            let call =
                format!("[{{\"id\":{},\"type\":\"function\",\"function\":{call}}}]", json_text(&id(calls)));
            message.remove("function_call");
            if !message.present("tool_calls").is_some_and(is_filled_array) {
                message.set_text("tool_calls", call);
            }
        }
        message.changed_text()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn modern(body: &str) -> String {
        let mut members = Members::parse(body.as_bytes()).unwrap();
        to_tools(&mut members);
        String::from_utf8(members.to_bytes()).unwrap()
    }

    #[test]
    fn functions_become_tools() {
        assert_eq!(
            modern(r#"{"functions":[{"name":"f", "parameters":{}}],"function_call":{"name":"f"}}"#),
            r#"{"tools":[{"type":"function","function":{"name":"f", "parameters":{}}}],"tool_choice":{"type":"function","function":{"name":"f"}}}"#
        );
        assert_eq!(
            modern(r#"{"functions":[],"function_call":"auto"}"#),
            r#"{"tools":[],"tool_choice":"auto"}"#
        );
        assert_eq!(
            modern(r#"{"tools":[1],"functions":[2],"tool_choice":"none","function_call":"auto"}"#),
            r#"{"tools":[1],"tool_choice":"none"}"#
        );
    }

    #[test]
    fn calls_and_results_meet_by_order() {
        assert_eq!(
            modern(
                r#"{"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":null,"function_call":{"name":"f","arguments":"{}"}},{"role":"function","name":"f","content":"1"},{"role":"assistant","function_call":{"name":"g"}},{"role":"function","name":"g","content":"2"}]}"#
            ),
            concat!(
                r#"{"messages":[{"role":"user","content":"hi"},"#,
                r#"{"role":"assistant","content":null,"tool_calls":[{"id":"call_function_1","type":"function","function":{"name":"f","arguments":"{}"}}]},"#,
                r#"{"role":"tool","name":"f","content":"1","tool_call_id":"call_function_1"},"#,
                r#"{"role":"assistant","tool_calls":[{"id":"call_function_2","type":"function","function":{"name":"g"}}]},"#,
                r#"{"role":"tool","name":"g","content":"2","tool_call_id":"call_function_2"}]}"#
            )
        );
    }

    #[test]
    fn calls_that_are_said_twice_stay_as_the_tools_have_them() {
        let call = r#"{"name":"f","arguments":"{}"}"#;
        let tools = format!(r#""tool_calls":[{{"id":"a","type":"function","function":{call}}}]"#);
        assert_eq!(
            modern(&format!(r#"{{"messages":[{{"role":"assistant",{tools},"function_call":{call}}}]}}"#)),
            format!(r#"{{"messages":[{{"role":"assistant",{tools}}}]}}"#)
        );
        let replaced = modern(&format!(
            r#"{{"messages":[{{"role":"assistant","tool_calls":[],"function_call":{call}}}]}}"#
        ));
        assert!(replaced.contains(r#""id":"call_function_1""#), "{replaced}");
    }

    #[test]
    fn other_requests_are_unchanged() {
        for body in [r#"{"messages":[{"role":"user"} ] }"#, r#"{"functions":7,"messages":{}}"#, "{}"] {
            assert_eq!(modern(body), body);
        }
    }
}
