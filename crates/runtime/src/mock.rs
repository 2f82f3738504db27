//! The upstream of `--mock`: answers made up inside the process, each in the format of the API that was
//! asked. The same request always gets the same answer. Texts say what they are; numbers follow stated
//! rules.

mod answer;
mod anthropic;
mod ask;
mod bedrock;
mod cohere;
mod cohere_v1;
mod completions;
mod dialect;
mod gemini;
mod generation;
mod huggingface;
mod mistral;
mod ollama;
mod openai;
mod others;
mod question;
mod stream;
mod text;
mod value;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use hyper::{Request, Response, StatusCode};
use serde_json::Value;

use crate::Body;
use answer::Answer;
use dialect::Dialect;
pub(crate) use question::Conversation;
use question::Question;

/// When everything made up was made: the same moment for all.
const CREATED: u64 = 1_700_000_000;

/// Answers any request that could be sent upstream. A model called `mock-NNN`, where NNN is an error's
/// status, answers with that error.
pub async fn answer(request: Request<Body>) -> Response<Body> {
    let question = match Question::read(request).await {
        Ok(question) => question,
        Err(error) => {
            return openai::OpenAi.failure(StatusCode::BAD_REQUEST, &format!("the body broke off: {error}"));
        }
    };
    let dialect = dialect::of(&question);
    if let Some(status) = question.wanted_failure() {
        let dialect = dialect.unwrap_or(&openai::OpenAi);
        return dialect.failure(status, "this error was asked for by the model's name");
    }
    let Some(dialect) = dialect else { return others::answer(&question) };
    match dialect.ask(&question) {
        Err(message) => dialect.failure(StatusCode::BAD_REQUEST, message),
        Ok(ask) if ask.stream => dialect.stream(&question, &Answer::to(&question, &ask)),
        Ok(ask) => dialect.whole(&question, &Answer::to(&question, &ask)),
    }
}

fn json_answer(value: &Value) -> Response<Body> {
    respond(StatusCode::OK, "application/json", Full::from(value.to_string()))
}

fn error_answer(status: StatusCode, body: impl Into<Bytes>) -> Response<Body> {
    let mut response = respond(status, "application/json", Full::from(body.into()));
    if matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}

fn respond<B>(status: StatusCode, content_type: &'static str, body: B) -> Response<Body>
where
    B: hyper::body::Body<Data = Bytes, Error: Into<crate::BoxError>> + Send + 'static,
{
    let mut response = Response::new(Body::new(body.map_err(Into::into)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

#[cfg(test)]
mod tests;
