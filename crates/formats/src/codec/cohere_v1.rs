//! Cohere's Chat, version 1, for URLs that name it (Cohere, "Chat v1").

mod events;
mod request;
mod signature;

use super::cohere::{MEMBERS, finish, refusal, usage};
use super::{Codec, Events, Outgoing};
use crate::chat::{Chat, RequestError};
use crate::completion::{Call, Choice, Completion};
use crate::error::ErrorObject;
use crate::peek::{each_object, members, present, text};

/// The codec of Cohere's Chat, version 1.
pub struct CohereV1;

impl Codec for CohereV1 {
    fn members(&self) -> &'static [&'static str] {
        &MEMBERS
    }

    fn request(&self, chat: &Chat<'_>) -> Result<Outgoing, RequestError> {
        request::write(chat)
    }

    fn answer(&self, json: &str, _request_id: Option<&str>) -> Result<Completion, ErrorObject> {
        let names = ["generation_id", "text", "finish_reason", "tool_calls", "meta", "message"];
        let [id, said, reason, calls, meta, message] = members(json, names).unwrap_or_default();
        let Some(said) = text(said) else {
            return Err(refusal(json, text(message).as_deref(), "text"));
        };
        let mut choice = Choice { text: Some(said.into()), finish: finish(reason)?, ..Choice::default() };
        each_call(calls.unwrap_or_default(), |call| choice.call(call));
        let completion = Completion {
            id: text(id).map(Into::into),
            created: None,
            model: None,
            choices: vec![choice],
            usage: meta.and_then(usage),
        };
        completion.bounded()
    }

    fn events(&self) -> Box<dyn Events> {
        Box::new(events::ChatV1::default())
    }
}

/// Calls `visit` with the calls of a list. They have no ids.
fn each_call(calls: &str, mut visit: impl FnMut(Call)) {
    each_object(calls, ["name", "parameters"], |[name, parameters]| {
        visit(Call {
            id: None,
            name: text(name).unwrap_or_default().into(),
            arguments: present(parameters).unwrap_or_default().into(),
        });
    });
}

#[cfg(test)]
mod tests;
