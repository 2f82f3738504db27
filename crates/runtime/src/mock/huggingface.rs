//! Hugging Face, Chat completions of its router and of TGI: OpenAI's but for errors.

use hyper::{Response, StatusCode};

use super::answer::Answer;
use super::ask::Ask;
use super::dialect::Dialect;
use super::generation::Generation;
use super::openai::OpenAi;
use super::question::Question;
use crate::Body;

/// Chat completions of Hugging Face.
pub struct HuggingFace;

impl Dialect for HuggingFace {
    fn ask(&self, question: &Question) -> Result<Ask, &'static str> {
        OpenAi.ask(question)
    }

    fn whole(&self, question: &Question, answer: &Answer) -> Response<Body> {
        OpenAi.whole(question, answer)
    }

    fn stream(&self, question: &Question, answer: &Answer) -> Response<Body> {
        OpenAi.stream(question, answer)
    }

    fn failure(&self, status: StatusCode, message: &str) -> Response<Body> {
        Generation.failure(status, message)
    }
}
