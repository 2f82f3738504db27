//! From whole GenerateContentResponses to an answer.

use std::collections::BTreeMap;

use super::response::{Part, Response};
use crate::body::each_item;
use crate::completion::{Call, Choice, Completion, FinishReason, MAX_CHOICES};
use crate::error::ErrorObject;

/// The answer of a response, or of the responses of a stream in one list: that is what a URL of the
/// streaming method answers without `alt=sse`.
pub fn answer(json: &str) -> Result<Completion, ErrorObject> {
    let mut completion = Completion::default();
    let mut choices = BTreeMap::new();
    let mut failure = None;
    let is_list = json.trim_ascii_start().starts_with('[')
        && each_item(json, &mut |item| {
            failure = add(&mut completion, &mut choices, item).err();
            failure.is_none()
        });
    match failure {
        Some(failure) => return Err(failure),
        None if !is_list => add(&mut completion, &mut choices, json)?,
        None => {}
    }
    completion.choices = choices.into_values().collect();
    if completion.choices.is_empty() {
        return Err(ErrorObject::new(502, "the upstream answered without candidates, and without a reason"));
    }
    completion.bounded()
}

fn add(
    completion: &mut Completion,
    choices: &mut BTreeMap<u64, Choice>,
    json: &str,
) -> Result<(), ErrorObject> {
    let response = Response::read(json)?;
    completion.usage = response.usage.or(completion.usage);
    if completion.id.is_none() {
        completion.id = response.id.as_deref().map(str::to_owned);
    }
    if completion.model.is_none() {
        completion.model = response.model.as_deref().map(str::to_owned);
    }
    response.candidates(|candidate| {
        // One more than may be is kept, to tell.
        if choices.len() > MAX_CHOICES {
            return;
        }
        let choice = choices.entry(candidate.index).or_default();
        choice.finish = candidate.finish.unwrap_or(choice.finish);
        candidate.parts(|part| match part {
            Part::Text(text) => choice.say(&text),
            Part::Thought(text) => choice.think(&text),
            Part::Call { id, name, arguments } => {
                choice.call(Call { id: Some(id), name: name.into_owned(), arguments });
            }
        });
    });
    if response.is_blocked && choices.is_empty() {
        choices.insert(0, Choice { finish: FinishReason::ContentFilter, ..Choice::default() });
    }
    Ok(())
}
