//! Completions on Mistral's chat endpoint, the one that all its models have. Chats pass, see
//! [`mistral`](crate::mistral).

use super::{Codec, Events, Outgoing};
use crate::body::{Members, json_text};
use crate::chat::{Chat, RequestError};
use crate::chunks::Chunks;
use crate::completion::{Choice, Completion, FinishReason, MAX_CHOICES, too_many_choices};
use crate::error::ErrorObject;
use crate::framing::{DONE, Frame};
use crate::openai::mend::{Parts, finish};
use crate::openai::response::Top;
use crate::peek::{count, each_object, member, string};
use crate::usage::Usage;

/// A prompt is a user's only message.
pub struct Completions;

/// The request members that are said: the first three are read, since their limits or names differ.
const MEMBERS: [&str; 12] = [
    "top_p",
    "stop",
    "seed",
    "n",
    "presence_penalty",
    "frequency_penalty",
    "response_format",
    "prediction",
    "reasoning_effort",
    "prompt_mode",
    "safe_prompt",
    "metadata",
];

impl Codec for Completions {
    fn members(&self) -> &'static [&'static str] {
        &MEMBERS
    }

    fn request(&self, chat: &Chat<'_>) -> Result<Outgoing, RequestError> {
        let prompt = json_text(chat.prompt_text()?);
        let mut body = Members::from_fields([("model", chat.model)]);
        body.set_text("messages", format!(r#"[{{"role":"user","content":{prompt}}}]"#));
        body.set("stream", &chat.stream);
        let numbers = [
            ("max_tokens", chat.max_tokens.map(|limit| limit.to_string())),
            ("temperature", chat.temperature.map(|number| json_text(&number))),
            ("top_p", chat.top_p.map(|number| json_text(&number))),
            ("random_seed", chat.seed.map(|seed| seed.to_string())),
            ("stop", (!chat.stop.is_empty()).then(|| json_text(&chat.stop))),
        ];
        let same = MEMBERS[3..].iter().map(|name| (*name, chat.extra(name).map(str::to_owned)));
        for (name, value) in numbers.into_iter().chain(same) {
            if let Some(value) = value {
                body.set_text(name, value);
            }
        }
        Ok(Outgoing { body: body.to_bytes(), ..Outgoing::default() })
    }

    fn answer(&self, json: &str, _request_id: Option<&str>) -> Result<Completion, ErrorObject> {
        let no_answer = || ErrorObject::instead_of_answer(json, "choices");
        let top = Top::read(json).ok_or_else(no_answer)?;
        if top.error.is_some() {
            return Err(ErrorObject::of_event(json));
        }
        let mut choices = Vec::new();
        let mut failure = None;
        each_choice(&top, "message", |_, text, reason| match reason.transpose() {
            Ok(_) if choices.len() == MAX_CHOICES => failure = Some(too_many_choices()),
            Ok(finish) => {
                let finish = finish.unwrap_or_default();
                choices.push(Choice { text: Some(text), finish, ..Choice::default() });
            }
            Err(error) => failure = Some(error),
        });
        if let Some(failure) = failure.or(choices.is_empty().then(no_answer)) {
            return Err(failure);
        }
        let text = |json: Option<&str>| json.and_then(string).map(Into::into);
        Ok(Completion {
            id: text(top.id),
            created: top.created.and_then(count),
            model: text(top.model),
            choices,
            usage: top.usage.and_then(Usage::from_openai),
        })
    }

    fn events(&self) -> Box<dyn Events> {
        Box::new(Deltas)
    }
}

/// Reads the chunks of one stream.
struct Deltas;

impl Events for Deltas {
    fn frame(&mut self, frame: &Frame<'_>, chunks: &mut Chunks) {
        if frame.data.trim_ascii() == DONE {
            // One that comes before the end of a choice is no end.
            if chunks.is_finished() {
                chunks.done();
            }
            return;
        }
        let Some(top) = Top::read(&frame.data) else {
            return chunks.fail(ErrorObject::unreadable_event());
        };
        if top.error.is_some() {
            return chunks.fail(ErrorObject::of_event(&frame.data));
        }
        let text = |json: Option<&'_ str>| json.and_then(string).unwrap_or_default().into_owned();
        chunks.id(&text(top.id));
        chunks.model(&text(top.model));
        top.created.and_then(count).into_iter().for_each(|created| chunks.created(created));
        chunks.usage(top.usage.and_then(Usage::from_openai));
        each_choice(&top, "delta", |index, text, reason| {
            chunks.text(index, &text);
            match reason {
                Some(Ok(reason)) => chunks.finish(index, reason),
                Some(Err(error)) => chunks.fail(error),
                None => {}
            }
        });
    }
}

/// Calls `visit` with each choice's number, text and reason to end. What it thought has no place in a text.
fn each_choice(
    top: &Top<'_>,
    body: &str,
    mut visit: impl FnMut(usize, String, Option<Result<FinishReason, ErrorObject>>),
) {
    let mut at = 0;
    each_object(
        top.choices.unwrap_or_default(),
        ["index", "finish_reason", body],
        |[index, reason, body]| {
            let index =
                index.and_then(count).map_or(at, |index| usize::try_from(index).unwrap_or(usize::MAX));
            let content = body.and_then(|body| member(body, "content"));
            let text = content.map(|content| Parts::read(content).text).unwrap_or_default();
            let reason = reason.and_then(string).filter(|reason| !reason.is_empty());
            visit(index, text, reason.map(|reason| finish(&reason)));
            at += 1;
        },
    );
}
