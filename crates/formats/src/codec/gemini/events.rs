//! From a stream of GenerateContentResponses, each with what is new, to OpenAI's chunks.

use super::response::{Part, Response};
use crate::chunks::Chunks;
use crate::codec::Events;
use crate::completion::FinishReason;
use crate::framing::{DONE, Frame};

/// Reads a stream. Nothing in it says that it is over, and older models give a reason to finish in every
/// chunk: the last reasons count, when the bytes end.
#[derive(Debug, Default)]
pub struct Chunked {
    finishes: Vec<(usize, FinishReason)>,
}

impl Events for Chunked {
    fn frame(&mut self, frame: &Frame<'_>, chunks: &mut Chunks) {
        if frame.data == DONE {
            return;
        }
        let response = match Response::read(&frame.data) {
            Ok(response) => response,
            Err(error) => return chunks.fail(error),
        };
        chunks.id(response.id.as_deref().unwrap_or_default());
        chunks.model(response.model.as_deref().unwrap_or_default());
        chunks.usage(response.usage);
        let mut is_blocked = response.is_blocked;
        response.candidates(|candidate| {
            is_blocked = false;
            let choice = usize::try_from(candidate.index).unwrap_or(usize::MAX);
            chunks.begin(choice);
            candidate.parts(|part| match part {
                Part::Text(text) => chunks.text(choice, &text),
                Part::Thought(text) => chunks.reasoning(choice, &text),
                Part::Call { id, name, arguments } => {
                    chunks.whole_tool_call(choice, Some(&id), &name, &arguments);
                }
            });
            if let Some(finish) = candidate.finish.filter(|_| !chunks.is_over()) {
                self.keep(choice, finish);
            }
        });
        if is_blocked {
            chunks.begin(0);
            self.keep(0, FinishReason::ContentFilter);
        }
    }

    fn end(&mut self, chunks: &mut Chunks) {
        for (choice, finish) in self.finishes.drain(..) {
            chunks.finish(choice, finish);
        }
    }
}

impl Chunked {
    fn keep(&mut self, choice: usize, finish: FinishReason) {
        match self.finishes.iter_mut().find(|(known, _)| *known == choice) {
            Some((_, kept)) => *kept = finish,
            None => self.finishes.push((choice, finish)),
        }
    }
}
