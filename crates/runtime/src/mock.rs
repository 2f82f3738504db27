//! The upstream of `--mock`: answers in OpenAI's formats, made up inside the process. The same request
//! always gets the same answer. Texts say what they are; numbers follow stated rules.

mod chat;
mod completion;
mod others;
mod stream;
mod text;
mod value;

use bytes::Bytes;
use formats::error::ErrorObject;
use http_body_util::{BodyExt, Full};
use hyper::header::{CONTENT_TYPE, RETRY_AFTER};
use hyper::{Request, Response, StatusCode};
use serde_json::{Value, json};

use crate::Body;

/// When everything made up was made: the same moment for all.
const CREATED: u64 = 1_700_000_000;

/// How much of a request's body is kept; what is longer is only counted.
const KEPT: usize = 16 << 20;

/// A request as the mock sees it.
struct Question {
    method: String,
    path: String,
    /// The body as JSON, if it is.
    json: Option<Value>,
    /// Bytes of the body.
    size: u64,
    /// Stands for everything that was sent, credentials aside.
    digest: String,
}

/// Answers any request that could be sent upstream. A model called `mock-NNN`, where NNN is an error's
/// status, answers with that error.
pub async fn answer(request: Request<Body>) -> Response<Body> {
    let question = match Question::read(request).await {
        Ok(question) => question,
        Err(error) => return failure(StatusCode::BAD_REQUEST, &format!("the body broke off: {error}")),
    };
    if let Some(status) = question.wanted_failure() {
        return failure(status, "this error was asked for by the model's name");
    }
    // Azure's paths name the deployment, others begin with a version; the end says what is asked.
    let segments: Vec<_> = question.path.split('/').filter(|segment| !segment.is_empty()).collect();
    match (&*question.method, &*segments) {
        ("POST", [.., "chat", "completions"]) => chat::answer(&question),
        ("POST", [.., "completions"]) => completion::answer(&question),
        ("POST", [.., "embeddings"]) => others::embeddings(&question),
        ("POST", [.., "audio", "transcriptions" | "translations"]) => others::transcription(&question),
        ("POST", [.., "images", "generations" | "edits" | "variations"]) => others::images(&question),
        ("POST", [.., "moderations"]) => others::moderations(&question),
        ("GET", [.., "models"]) => others::models(),
        ("GET", [.., "models", model]) => json_answer(&others::model(model)),
        _ => others::echo(&question),
    }
}

impl Question {
    async fn read(request: Request<Body>) -> Result<Self, crate::BoxError> {
        let (parts, mut body) = request.into_parts();
        let (mut kept, mut size) = (Vec::new(), 0);
        let mut digest = ring::digest::Context::new(&ring::digest::SHA256);
        let (method, path) = (parts.method.as_str(), parts.uri.path());
        digest.update(method.as_bytes());
        digest.update(path.as_bytes());
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame?.into_data() else { continue };
            size += data.len() as u64;
            digest.update(&data);
            if kept.len() + data.len() <= KEPT {
                kept.extend_from_slice(&data);
            }
        }
        let whole = kept.len() as u64 == size;
        Ok(Self {
            method: method.to_owned(),
            path: path.to_owned(),
            json: serde_json::from_slice(&kept).ok().filter(|_| whole),
            size,
            digest: digest.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect(),
        })
    }

    /// A member of the JSON body; `null` if there is none.
    fn member(&self, name: &str) -> &Value {
        self.json.as_ref().map_or(&Value::Null, |json| &json[name])
    }

    /// The model that is asked: the body's, or Azure's deployment.
    fn model(&self) -> &str {
        let deployment = self.path.split_once("/deployments/").and_then(|(_, rest)| rest.split('/').next());
        self.member("model").as_str().or(deployment).unwrap_or("mock")
    }

    /// A name that begins with `prefix` and belongs to this request alone.
    fn id(&self, prefix: &str) -> String {
        format!("{prefix}{}", &self.digest[..24])
    }

    fn wanted_failure(&self) -> Option<StatusCode> {
        let status = self.model().strip_prefix("mock-")?.parse().ok()?;
        StatusCode::from_u16(status)
            .ok()
            .filter(|status| status.is_client_error() || status.is_server_error())
    }
}

/// Tokens in and out. A token is four characters, the last one perhaps fewer.
fn usage(prompt: u64, completion: u64) -> Value {
    json!({"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion})
}

fn json_answer(value: &Value) -> Response<Body> {
    respond(StatusCode::OK, "application/json", Full::from(value.to_string()))
}

fn failure(status: StatusCode, message: &str) -> Response<Body> {
    let error = ErrorObject::new(status.as_u16(), message).to_json();
    let mut response = respond(status, "application/json", Full::from(error));
    if matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
        response.headers_mut().insert(RETRY_AFTER, hyper::header::HeaderValue::from_static("1"));
    }
    response
}

fn respond<B>(status: StatusCode, content_type: &'static str, body: B) -> Response<Body>
where
    B: hyper::body::Body<Data = Bytes, Error: Into<crate::BoxError>> + Send + 'static,
{
    let mut response = Response::new(Body::new(body.map_err(Into::into)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static(content_type));
    response
}

#[cfg(test)]
mod tests;
