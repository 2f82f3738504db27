//! Keys in bodies: members of JSON objects, fields of forms.

use std::borrow::Cow;

use formats::body::{BodyError, Members};

use crate::plan::prepare::body::{Kind, form_fields, kind, multipart_fields};
use crate::plan::proxy::split_argument;
use crate::plan::rejection::Rejection;
use crate::plan::request::RequestHead;

/// A body in which keys are looked up.
pub(super) enum Keys<'a> {
    Object(Members<'a>),
    Fields(Vec<(String, String)>),
}

impl<'a> Keys<'a> {
    /// Reads a body by its content type; `None` if it cannot be read so.
    pub(super) fn read(head: &RequestHead<'_>, bytes: &'a [u8]) -> Option<Self> {
        if bytes.is_empty() {
            return Some(Keys::Fields(Vec::new()));
        }
        let content_type = content_type(head)?;
        match kind(&content_type, bytes) {
            Kind::Json => match Members::parse(bytes) {
                Ok(members) => Some(Keys::Object(members)),
                Err(BodyError::NotAnObject) => Some(Keys::Fields(Vec::new())),
                Err(BodyError::Syntax(_)) => None,
            },
            Kind::Form => form_fields(bytes).ok().map(Keys::Fields),
            Kind::Multipart => multipart_fields(&content_type, bytes).ok().map(Keys::Fields),
            Kind::Other => None,
        }
    }

    /// The key under a name; an error if there are several. A member that is neither text nor a list is
    /// none.
    pub(super) fn get(&self, name: &str) -> Result<Option<String>, ()> {
        match self {
            Keys::Object(members) if members.is_repeated(name) => Err(()),
            Keys::Object(members) => match members.get(name) {
                Some(value) if value.starts_with(['[', '{']) => Err(()),
                _ => Ok(members.string(name)),
            },
            Keys::Fields(fields) => {
                super::only(fields.iter().filter(|(field, _)| field == name).map(|(_, value)| value.clone()))
            }
        }
    }

    fn has(&self, name: &str) -> bool {
        match self {
            Keys::Object(members) => members.get(name).is_some(),
            Keys::Fields(fields) => fields.iter().any(|(field, _)| field == name),
        }
    }
}

/// The body without the first of `names` that it has; `None` if it has none of them. A multipart body
/// cannot be left without a part and stay what its client framed, so it is refused.
pub(super) fn without(
    head: &RequestHead<'_>,
    bytes: &[u8],
    names: &[String],
) -> Result<Option<Vec<u8>>, Rejection> {
    let Some(keys) = Keys::read(head, bytes) else { return Ok(None) };
    let Some(name) = names.iter().find(|name| keys.has(name)) else { return Ok(None) };
    match keys {
        Keys::Object(mut members) => {
            members.remove(name);
            Ok(Some(members.to_bytes()))
        }
        Keys::Fields(_) if content_type(head).is_some_and(|it| kind(&it, bytes) == Kind::Multipart) => Err(
            Rejection::bad_request("an API key cannot be hidden in a multipart body; send it in a header"),
        ),
        Keys::Fields(_) => {
            let arguments = bytes.split(|byte| *byte == b'&');
            let kept = arguments.filter(|argument| !super::is_argument(split_argument(argument).0, name));
            Ok(Some(kept.collect::<Vec<_>>().join(&b'&')))
        }
    }
}

/// The one content type of a request, which readers cannot disagree about.
fn content_type<'a>(head: &RequestHead<'a>) -> Option<Cow<'a, str>> {
    super::only(head.header_values("content-type"))
        .ok()
        .map(|value| String::from_utf8_lossy(value.unwrap_or_default()))
}
