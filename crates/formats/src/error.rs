//! Errors in OpenAI's shape, which every client gets, whoever made the error.

use std::borrow::Cow;

use bytes::Bytes;

use crate::WireFormat;
use crate::body::{each_item, json_text, only_item};
use crate::peek::{member, members, present, string};

mod loading;
mod redact;
mod status;

pub use loading::retry_after;
pub use redact::redact;
pub use status::kind;

/// The members of OpenAI's error object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorObject {
    /// What happened, for people.
    pub message: String,
    /// `type`: the class of error.
    pub kind: Cow<'static, str>,
    /// What happened, for programs.
    pub code: Option<Cow<'static, str>>,
    /// The request member at fault.
    pub param: Option<Cow<'static, str>>,
    /// `innererror`: Azure's details, such as what its content filter found, as JSON text.
    pub inner: Option<String>,
}

/// The longest message that is passed on, in bytes.
const MAX_MESSAGE: usize = 8 << 10;

impl ErrorObject {
    /// An error with the `type` that belongs to a status.
    pub fn new(status: u16, message: impl Into<String>) -> Self {
        Self { message: message.into(), kind: kind(status).into(), code: None, param: None, inner: None }
    }

    /// Sets the code.
    pub fn code(mut self, code: impl Into<Cow<'static, str>>) -> Self {
        self.code = Some(code.into());
        self
    }

    /// Sets the request member at fault.
    pub fn param(mut self, param: impl Into<Cow<'static, str>>) -> Self {
        self.param = Some(param.into());
        self
    }

    /// The body of an error answer: `{"error":{"message":…,"type":…,"param":…,"code":…}}`.
    pub fn to_json(&self) -> Vec<u8> {
        let [message, kind] = [&self.message, &*self.kind].map(json_text);
        let [param, code] = [&self.param, &self.code].map(json_text);
        let inner = self.inner.as_ref().map(|inner| format!(",\"innererror\":{inner}")).unwrap_or_default();
        format!(r#"{{"error":{{"message":{message},"type":{kind},"param":{param},"code":{code}{inner}}}}}"#)
            .into_bytes()
    }

    /// The event that tells a client in the middle of a stream. The official SDKs raise on it.
    pub fn to_event(&self) -> Vec<u8> {
        [b"data: ", &*self.to_json(), b"\n\n"].concat()
    }

    /// The error that a stream's event tells of, in any shape that is known.
    pub(crate) fn of_event(json: &str) -> Self {
        let unnamed = || Self::new(500, "the upstream sent an error without a message");
        Found::read(json).map_or_else(unnamed, |found| found.into_object(kind(500)))
    }

    /// What a client gets for an event that is not JSON: what it was to say is lost.
    pub(crate) fn unreadable_event() -> Self {
        Self::new(502, "the upstream's stream has an event that is not JSON")
    }

    /// What a client gets for an answer with a good status that is none, since it lacks `member`: the
    /// error that it tells of, if it does.
    pub(crate) fn instead_of_answer(json: &str, member: &str) -> Self {
        let said = members(json, ["error"]).and_then(|[error]| message(present(error)?));
        let lacks = || format!("the upstream's answer has no `{member}`");
        Self::new(502, said.unwrap_or_else(lacks))
    }

    /// What takes the place of an error in a stream's event that cannot pass as it is: OpenAI's clients
    /// could not read it, or it quotes a secret.
    pub(crate) fn in_place_of(data: &str, secrets: &[String]) -> Option<Self> {
        let message = member(data, "error").and_then(|error| member(error, "message")).and_then(string);
        let is_readable = message.is_some_and(|message| !message.is_empty());
        let secrets: Vec<_> = secrets.iter().map(String::as_str).collect();
        if is_readable && !redact::quotes(data.as_bytes(), &secrets) {
            return None;
        }
        let mut error = Self::of_event(data);
        error.redact(&secrets);
        Some(error)
    }

    /// Replaces the secrets in every member; says whether there were any. `inner` is dropped if it has one.
    pub fn redact(&mut self, secrets: &[&str]) -> bool {
        let before = self.clone();
        self.message = redact(&self.message, secrets).into_owned();
        self.kind = redact(&self.kind, secrets).into_owned().into();
        for member in [&mut self.code, &mut self.param] {
            *member = member.take().map(|text| redact(&text, secrets).into_owned().into());
        }
        self.inner = self.inner.take().filter(|inner| !redact::quotes(inner.as_bytes(), secrets));
        *self != before
    }
}

/// The header in which AWS names an error: [`Answer::named`].
pub const ERROR_TYPE: &str = "x-amzn-errortype";

/// What a client gets for an upstream's error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The body is an OpenAI error object already, this one, and passes byte for byte.
    Passes(ErrorObject),
    /// The body is replaced by this object.
    Converted(ErrorObject),
}

impl Answer {
    /// The error, however it is sent.
    pub fn object(&self) -> &ErrorObject {
        match self {
            Answer::Passes(object) | Answer::Converted(object) => object,
        }
    }

    /// The same with the name that a header gives the error, such as
    /// `ThrottlingException:http://internal.amazon.com/coral/com.amazon.bedrock/`, as its code, if the body
    /// gives it none.
    pub fn named(mut self, error_type: &str) -> Self {
        if let Answer::Converted(object @ ErrorObject { code: None, .. }) = &mut self {
            object.code = exception(error_type).map(|name| name.to_owned().into());
        }
        self
    }

    /// The bytes to send, for the `original` body, and the error as it may be logged. No secret is in
    /// either: a body that quotes one does not pass as it came.
    pub fn into_body(self, original: Bytes, secrets: &[&str]) -> (Bytes, ErrorObject) {
        let (passes, mut object) = match self {
            Answer::Passes(object) => (true, object),
            Answer::Converted(object) => (false, object),
        };
        let is_redacted = object.redact(secrets);
        let passes = passes && !is_redacted && !redact::quotes(&original, secrets);
        let body = if passes { original } else { object.to_json().into() };
        (body, object)
    }
}

/// The status and the body that a client gets where the upstream answered with `status`, which is none
/// of 2xx.
///
/// Whatever the body is, the result is an error object: with the upstream's words if they can be found,
/// else with its status and content type, never with a page of HTML. A redirect becomes 502: a client
/// that followed it would take its key elsewhere.
pub fn from_upstream(
    status: u16,
    content_type: Option<&str>,
    body: &[u8],
    wire: WireFormat,
) -> (u16, Answer) {
    let (client_status, kind) = status::for_client(status, wire);
    let found = std::str::from_utf8(body).ok().map(str::trim_ascii).and_then(Found::read);
    let answer = match found.filter(|_| status >= 400) {
        Some(found) if found.is_complete => Answer::Passes(found.into_object(kind)),
        Some(found) => Answer::Converted(found.into_object(kind)),
        None => {
            let content_type = content_type.and_then(essence).unwrap_or("no content type");
            let message = match status {
                300..400 => format!("upstream returned {status}, a redirect, which is not followed"),
                _ => format!("upstream returned {status} ({content_type})"),
            };
            Answer::Converted(ErrorObject { kind: kind.into(), ..ErrorObject::new(client_status, message) })
        }
    };
    (client_status, answer)
}

/// The message of an error in JSON, in any known shape.
pub(crate) fn message(json: &str) -> Option<String> {
    said(json, MAX_DEPTH)
}

/// What a body says about an error.
struct Found<'a> {
    message: String,
    /// `type`, where the error is an object as OpenAI has it.
    kind: Option<Cow<'a, str>>,
    code: Option<Cow<'a, str>>,
    param: Option<Cow<'a, str>>,
    inner: Option<String>,
    /// Whether all is there, in the place and of the type that OpenAI's clients expect.
    is_complete: bool,
}

impl<'a> Found<'a> {
    fn read(json: &'a str) -> Option<Self> {
        // Google puts the error into a list in answers that were to be streams.
        let top = only_item(json).unwrap_or(json);
        let nested = member(top, "error").filter(|error| error.starts_with('{'));
        let object = nested.unwrap_or(top);
        let names = ["message", "type", "code", "param", "innererror", "error_type", "__type", "status"];
        // A body may also be a string, which has a message and no members.
        let [text, kind, code, param, inner, error_type, aws, status] =
            members(object, names).unwrap_or_default();
        // Google's code is the HTTP status, its `status` a name; Anthropic's only name is the type.
        let is_anthropic = nested.is_some() && member(top, "type") == Some(r#""error""#);
        let name = if is_anthropic { kind } else { status.filter(|status| status.starts_with('"')) };
        let is_text_or_null =
            |member: Option<&str>| member.is_some_and(|m| m == "null" || m.starts_with('"'));
        let is_complete = nested.is_some()
            && std::ptr::eq(top, json)
            && text.and_then(string).is_some_and(|text| !text.trim_ascii().is_empty())
            && kind.is_some_and(|kind| kind.starts_with('"'))
            && is_text_or_null(param)
            && (is_text_or_null(code) || code.is_some_and(is_number));
        Some(Self {
            message: said(object, MAX_DEPTH).or_else(|| said(top, MAX_DEPTH))?,
            kind: nested.and(kind).and_then(string).filter(|kind| !is_anthropic || status::is_kind(kind)),
            code: match name.or(present(code)).or(present(error_type)) {
                Some(code) => string(code).or(is_number(code).then_some(code.into())),
                None => aws.and_then(string).and_then(|name| Some(exception(&name)?.to_owned().into())),
            },
            param: param.and_then(string),
            // Line ends are blanks in JSON and the end of a field in an event.
            inner: present(inner).map(|inner| inner.replace(['\n', '\r'], " ")),
            is_complete,
        })
    }

    fn into_object(self, kind: &'static str) -> ErrorObject {
        let owned = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
        ErrorObject {
            message: self.message,
            kind: self.kind.map_or(kind.into(), owned),
            code: self.code.map(owned),
            param: self.param.map(owned),
            inner: self.inner,
        }
    }
}

/// How deep a message is looked for.
const MAX_DEPTH: usize = 6;

/// How many messages are joined.
const MAX_MESSAGES: usize = 8;

/// Where messages are found in objects, the more telling first.
const MESSAGES: [&str; 6] = ["message", "Message", "error_description", "error", "detail", "msg"];

/// The message in JSON: a string, an object's member, the items of a list.
fn said(json: &str, depth: usize) -> Option<String> {
    let depth = depth.checked_sub(1)?;
    let text = match json.as_bytes().first()? {
        b'"' => string(json)?.into_owned(),
        b'{' => {
            let found = members(json, MESSAGES)?;
            let text = found.into_iter().flatten().find_map(|member| said(member, depth))?;
            match member(json, "loc").and_then(place) {
                Some(place) => format!("{place}: {text}"),
                None => text,
            }
        }
        b'[' => {
            let mut messages = Vec::new();
            each_item(json, &mut |item| {
                messages.extend(said(item, depth));
                messages.len() < MAX_MESSAGES
            });
            messages.join("; ")
        }
        _ => return None,
    };
    let text = text.trim_ascii();
    (!text.is_empty()).then(|| text[..text.floor_char_boundary(MAX_MESSAGE)].to_owned())
}

/// Where a validator found the mistake, as in `["body", "messages", 0, "role"]`.
fn place(json: &str) -> Option<String> {
    let mut steps = Vec::new();
    each_item(json, &mut |step| {
        steps.push(string(step).map_or_else(|| step.to_owned(), Cow::into_owned));
        steps.len() < MAX_MESSAGES
    });
    (!steps.is_empty()).then(|| steps.join("."))
}

/// The name of an exception of AWS, without the namespace before `#` and what follows `:`.
fn exception(name: &str) -> Option<&str> {
    let name = name.split(':').next()?.rsplit('#').next()?.trim_ascii();
    let is_name = name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b));
    (is_name && (1..=128).contains(&name.len())).then_some(name)
}

fn is_number(json: &str) -> bool {
    json.len() < 32 && json.starts_with(|first: char| first.is_ascii_digit() || first == '-')
}

/// A content type without parameters, if it is one.
fn essence(content_type: &str) -> Option<&str> {
    let essence = content_type.split(';').next().unwrap_or_default().trim_ascii();
    let is_token = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b))
    };
    let (kind, subtype) = essence.split_once('/')?;
    (essence.len() <= 128 && is_token(kind) && is_token(subtype)).then_some(essence)
}

#[cfg(test)]
mod tests;
