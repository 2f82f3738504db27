//! What a whole answer in OpenAI's format says about itself.

use crate::error;
use crate::facts::Facts;
use crate::peek::{each_object, member, members, present, string};
use crate::usage::Usage;

/// Reads a chat completion or a completion. Never fails: what is not there, or is not as OpenAI has it,
/// is absent from the result.
pub fn read(json: &[u8]) -> Facts {
    let mut facts = Facts::default();
    if let Some(members) = std::str::from_utf8(json).ok().and_then(Top::read) {
        members.add_to(&mut facts, true);
    }
    facts
}

/// How much of a model's name is kept, in bytes.
const MAX_MODEL: usize = 256;

/// What stands in `error` where there is none.
const NO_ERROR: [&str; 5] = ["null", "false", "\"\"", "{}", "[]"];

/// The members of an answer, or of a stream's chunk, that matter here.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Top<'a> {
    pub id: Option<&'a str>,
    pub object: Option<&'a str>,
    pub created: Option<&'a str>,
    pub model: Option<&'a str>,
    pub choices: Option<&'a str>,
    pub usage: Option<&'a str>,
    pub error: Option<&'a str>,
}

impl<'a> Top<'a> {
    pub fn read(json: &'a str) -> Option<Self> {
        let [id, object, created, model, choices, usage, error] =
            members(json, ["id", "object", "created", "model", "choices", "usage", "error"])?;
        // Some servers have the error's members at the top.
        let error =
            error.filter(|error| !NO_ERROR.contains(error)).or((object == Some("\"error\"")).then_some(json));
        Some(Self { id, object, created, model, choices, usage, error })
    }

    pub fn add_to(&self, facts: &mut Facts, keeps_text: bool) {
        if facts.model.is_none() {
            let model = self.model.and_then(string);
            facts.model = model.map(|model| model[..model.floor_char_boundary(MAX_MODEL)].to_owned());
        }
        if let Some(usage) = present(self.usage).and_then(Usage::from_openai) {
            facts.usage = Some(usage);
        }
        if let Some(error) = self.error {
            facts.error = Some(error::message(error).unwrap_or_else(|| "an error without a message".into()));
        }
        if let Some(choices) = self.choices {
            let names = ["index", "finish_reason", "delta", "message", "text"];
            each_object(choices, names, |choice| add_choice(choice, facts, keeps_text));
        }
    }
}

fn add_choice(choice: [Option<&str>; 5], facts: &mut Facts, keeps_text: bool) {
    let [index, finish_reason, delta, message, text] = choice;
    // Some servers say so little of a choice that goes on that the reason is there and empty.
    facts.finished |= present(finish_reason).is_some_and(|reason| reason != "\"\"");
    let keeps_text = keeps_text && index.is_none_or(|index| index == "0");
    let content = delta.or(message).and_then(|message| member(message, "content"));
    if let Some(content) = content.or(text) {
        add_content(content, facts, keeps_text);
    }
}

/// Content is a text or, from some models, a list of parts of which some are texts.
fn add_content(content: &str, facts: &mut Facts, keeps_text: bool) {
    if let Some(text) = string(content) {
        return facts.text.add(&text, keeps_text);
    }
    each_object(content, ["text"], |[text]| {
        if let Some(text) = text.and_then(string) {
            facts.text.add(&text, keeps_text);
        }
    });
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::facts::Text;
    use crate::peek::is_json;

    const CHAT: &[u8] = br#"{"id":"chatcmpl-1","object":"chat.completion","model":"gpt-4o-2024-08-06","choices":[
        {"index":0,"message":{"role":"assistant","content":"Hi \u00e9!","refusal":null},"finish_reason":"stop"},
        {"index":1,"message":{"role":"assistant","content":"other"},"finish_reason":"length"}],
        "usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11}}"#;

    #[test]
    fn a_chat_completion() {
        let facts = read(CHAT);
        let expected = Facts {
            usage: Some(Usage { prompt_tokens: 9, completion_tokens: 2, ..Usage::default() }),
            model: Some("gpt-4o-2024-08-06".into()),
            finished: true,
            text: Text { kept: "Hi é!".into(), truncated: false, characters: 10 },
            ..Facts::default()
        };
        assert_eq!(facts, expected);
    }

    #[test]
    fn a_completion_and_a_list_of_parts() {
        assert_eq!(read(br#"{"choices":[{"text":" world","finish_reason":null}]}"#).text.kept, " world");
        let parts = br#"{"choices":[{"message":{"content":[{"type":"thinking","thinking":[]},{"type":"text","text":"a"},
            {"type":"text","text":"b"}]}}]}"#;
        assert_eq!(read(parts).text.kept, "ab");
        let call =
            br#"{"choices":[{"message":{"content":null,"tool_calls":[{}]},"finish_reason":"tool_calls"}]}"#;
        assert_eq!(read(call), Facts { finished: true, ..Facts::default() });
    }

    #[test]
    fn an_error_in_place_of_an_answer() {
        for (json, message) in [
            (r#"{"error":{"message":"no"}}"#, "no"),
            (r#"{"error":"no"}"#, "no"),
            (r#"{"object":"error","message":"no","code":40303}"#, "no"),
            (r#"{"error":{"code":1}}"#, "an error without a message"),
        ] {
            assert_eq!(read(json.as_bytes()).error.as_deref(), Some(message), "{json}");
        }
        for none in NO_ERROR {
            assert_eq!(read(format!("{{\"error\":{none}}}").as_bytes()).error, None, "{none}");
        }
    }

    proptest! {
        #[test]
        fn a_broken_answer_is_read_as_far_as_it_is_one(
            changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 0..6),
        ) {
            let mut json = CHAT.to_vec();
            for (at, byte) in changes {
                let at = at.index(json.len());
                json[at] = byte;
            }
            let facts = read(&json);
            prop_assert!(facts.text.kept.len() <= json.len() && !facts.done);
            if !std::str::from_utf8(&json).is_ok_and(is_json) {
                prop_assert_eq!(facts, Facts::default());
            }
        }
    }

    #[test]
    fn anything_else_says_nothing() {
        for json in [
            "",
            "[]",
            "null",
            "{",
            "{}",
            r#"{"model":1,"choices":{},"usage":[]}"#,
            r#"{"choices":[1,{"delta":1}]}"#,
        ] {
            assert_eq!(read(json.as_bytes()), Facts::default(), "{json}");
        }
        assert_eq!(read(b"{\"model\":\"\xff\"}"), Facts::default());
    }
}
