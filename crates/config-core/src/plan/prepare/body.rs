//! Reading a client's body by its content type, and writing the upstream's.

use std::borrow::Cow;

use formats::WireFormat;
use formats::body::{BodyError, MAX_MEMBERS, Members};
use formats::chat::RequestError;
use formats::codec::{self, Asked, Expected, Operation, codec};
use formats::multipart::{Event, MultipartError, Scanner};
use formats::openai::{Dialect, Edit, ask_for_usage};
use formats::{mistral, multipart};

use super::checks::{self, Checked};
use super::headers::text;
use super::{Body, UpstreamBody};
use crate::model::{LlmFormat, ParamLocation, Provider, RouteType};
use crate::plan::auth::Credential;
use crate::plan::proxy::{Field, Proxy, Rendered, form_decode, split_argument};
use crate::plan::rejection::Rejection;
use crate::plan::request::RequestHead;
use crate::secret::SecretValue;

/// A client's body, read as far as its content type says how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ClientBody<'a> {
    /// Not known.
    Unknown,
    /// A JSON object, or a form that stands for one.
    Object(Members<'a>),
    /// The fields of a preserved form.
    Fields(Vec<(String, String)>),
    /// A preserved upload, looked at while it passes: a form, or content that is none.
    Passing(Option<Scanner>),
    /// Nothing that is read here.
    Opaque,
}

/// A body for the upstream.
pub(super) struct Translated {
    pub body: UpstreamBody,
    /// What the answer is to be read with, where it has to be translated.
    pub expected: Option<Expected>,
    /// What the provider has nothing like.
    pub dropped: Vec<String>,
    /// Whether usage is asked for that the client did not ask for.
    pub hides_usage: bool,
}

/// How a body is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::plan) enum Kind {
    Json,
    Form,
    Multipart,
    Other,
}

/// Reads a body, within the limit of the plugin unless it passes. It may pass compressed only if it is
/// not `guarded`: if nothing is demanded of it.
pub(super) fn read<'a>(
    proxy: &Proxy,
    head: &RequestHead<'_>,
    guarded: bool,
    body: Body<'a>,
) -> Result<ClientBody<'a>, Rejection> {
    let preserve = proxy.route_type == RouteType::Preserve;
    let bytes = match body {
        Body::Unknown | Body::Streamed => &[],
        Body::Bytes(bytes) => bytes,
    };
    // First of all: who reads a body stops at the limit, and then knows nothing else of it. Uploads of
    // any size pass.
    if bytes.len() as u64 > proxy.max_request_body_size && !passes(proxy, head) {
        return Err(Rejection::too_large(bytes.len(), proxy.max_request_body_size));
    }
    let content_type = content_type(head, preserve)?;
    let kind = kind(&content_type, bytes);
    if is_encoded(head) && (guarded || !preserve || kind != Kind::Other) {
        let message = "request body must be sent without content-encoding";
        return Err(Rejection { status: 415, ..Rejection::bad_request(message) });
    }
    if body == Body::Unknown {
        return Ok(ClientBody::Unknown);
    }
    match kind {
        Kind::Multipart if preserve => return Ok(ClientBody::Passing(Some(scanner(&content_type)?))),
        Kind::Other if preserve => return Ok(ClientBody::Passing(None)),
        _ => {}
    }
    if body == Body::Streamed {
        return Err(Rejection::misconfigured("the request was decided before its body was read"));
    }
    if preserve && kind == Kind::Json && self::kind(&content_type, b"") == Kind::Form {
        checks::no_field(&form_fields(bytes)?)?;
    }
    match kind {
        _ if bytes.is_empty() => Ok(ClientBody::Opaque),
        Kind::Other => Ok(ClientBody::Opaque),
        Kind::Json => match Members::parse(bytes) {
            Ok(members) => Ok(ClientBody::Object(members)),
            Err(BodyError::Syntax(_)) if !preserve && proxy.llm_format == LlmFormat::Openai => {
                Ok(ClientBody::Opaque)
            }
            // A lenient upstream might find a model in it that was never checked here.
            Err(error @ BodyError::Syntax(_)) if head.content_type().is_none() => {
                let hint = "a body of another type needs a content-type";
                Err(Rejection::bad_request(format!("{error}; {hint}")))
            }
            Err(error @ BodyError::Syntax(_)) => Err(Rejection::bad_request(error.to_string())),
            Err(BodyError::NotAnObject) => Ok(ClientBody::Opaque),
        },
        Kind::Form => {
            let fields = form_fields(bytes)?;
            Ok(if preserve { ClientBody::Fields(fields) } else { object(fields) })
        }
        Kind::Multipart => multipart_fields(&content_type, bytes).map(object),
    }
}

/// Whether a body may be passed on while it arrives.
pub(super) fn passes(proxy: &Proxy, head: &RequestHead<'_>) -> bool {
    let preserve = proxy.route_type == RouteType::Preserve;
    let kind = content_type(head, preserve).map(|content_type| kind(&content_type, b""));
    preserve && !proxy.auth.signs_body() && matches!(kind, Ok(Kind::Multipart | Kind::Other))
}

/// The credential for the body: the configured one, or the client's own where that may win. It is added to
/// what is sent, whatever format that is in.
pub(super) fn credential(proxy: &Proxy, client: &ClientBody<'_>) -> Result<Option<Credential>, Rejection> {
    let Some(ours) = proxy.auth.param_at(ParamLocation::Body) else { return Ok(None) };
    let theirs = match client {
        ClientBody::Unknown => None,
        ClientBody::Object(body) => body.string(&ours.name).filter(|_| proxy.auth.allow_override),
        ClientBody::Fields(_) | ClientBody::Passing(_) | ClientBody::Opaque => {
            let message =
                format!("request body must be a JSON object, to which `{}` can be added", ours.name);
            return Err(Rejection::bad_request(message));
        }
    };
    Ok(Some(match theirs {
        Some(value) => Credential { value: SecretValue::Literal(value), ..ours.clone() },
        None => ours.clone(),
    }))
}

/// Turns a body that passed the checks into the upstream's. Refused with 400 if the provider cannot be
/// asked what the client asks.
pub(super) fn translate(
    proxy: &Proxy,
    rendered: &Rendered,
    wire: WireFormat,
    checked: &Checked,
    asks_usage: bool,
    client: &mut ClientBody<'_>,
) -> Result<Translated, Rejection> {
    let plain = |body| Translated { body, expected: None, dropped: Vec::new(), hides_usage: false };
    let body = match client {
        ClientBody::Unknown => return Ok(plain(UpstreamBody::Unknown)),
        ClientBody::Object(body) if wire != WireFormat::Preserved => body,
        _ => return Ok(plain(UpstreamBody::Passthrough)),
    };
    let model = checked.model.as_deref();
    let operation = match proxy.route_type {
        RouteType::Completions => Operation::Completions,
        RouteType::Chat | RouteType::Preserve => Operation::Chat,
    };
    if let Some(codec) = codec(wire, operation) {
        let asked = Asked {
            provider: proxy.provider.as_str(),
            operation,
            model: model.unwrap_or_default(),
            api_version: rendered.text(Field::AnthropicVersion),
            stream: checked.stream,
            options: &proxy.options,
        };
        let translated =
            codec::translate(codec, wire, body, &asked).map_err(|error| refused(proxy, &error))?;
        return Ok(Translated {
            body: UpstreamBody::Bytes(translated.body.into()),
            expected: Some(translated.expected),
            dropped: translated.dropped,
            hides_usage: false,
        });
    }
    let mut edited = plain(UpstreamBody::Unknown);
    if wire == WireFormat::Mistral {
        edited.dropped = mistral::request(body, model, checked.stream, &proxy.options);
    } else {
        let dialect = match proxy.provider {
            Provider::Openai | Provider::Azure => Dialect::OpenAi,
            _ => Dialect::SelfHosted,
        };
        Edit { model, stream: checked.stream, options: &proxy.options, dialect }.apply(body);
        edited.hides_usage = asks_usage && ask_for_usage(body);
    }
    Ok(Translated { body: UpstreamBody::Bytes(body.to_bytes().into()), ..edited })
}

/// A body in the provider's own format, with the configured options.
pub(super) fn configure(
    proxy: &Proxy,
    native: WireFormat,
    checked: &Checked,
    client: &mut ClientBody<'_>,
) -> Result<Translated, Rejection> {
    let body = match client {
        ClientBody::Unknown => UpstreamBody::Unknown,
        ClientBody::Object(body) => {
            let model = checked.model.as_deref().unwrap_or_default();
            formats::native::configure(native, model, body, &proxy.options);
            UpstreamBody::Bytes(body.to_bytes().into())
        }
        ClientBody::Fields(_) | ClientBody::Passing(_) | ClientBody::Opaque => {
            return Err(Rejection::bad_request("request body must be a JSON object"));
        }
    };
    Ok(Translated { body, expected: None, dropped: Vec::new(), hides_usage: false })
}

/// Kong's words, and the reason.
fn refused(proxy: &Proxy, error: &RequestError) -> Rejection {
    let format = match proxy.provider {
        Provider::Mistral => format!("/{}", proxy.mistral_format),
        Provider::Llama2 => proxy.llama2_format.map(|format| format!("/{format}")).unwrap_or_default(),
        _ => String::new(),
    };
    let to = format!("{}://{}{format}", proxy.provider, proxy.route_type);
    let rejection = Rejection::bad_request(format!("error transforming to {to}: {error}"));
    match error.param {
        Some(param) => rejection.param(param),
        None => rejection,
    }
}

/// The content type to read a body by. One that goes upstream has to be the only one and be sent as it
/// is, or the upstream would read the body by another than was checked here.
fn content_type<'a>(head: &RequestHead<'a>, preserve: bool) -> Result<Cow<'a, str>, Rejection> {
    let mut given = head.header_values("content-type");
    let first = given.next().unwrap_or_default();
    if preserve && given.next().is_some() {
        return Err(Rejection::bad_request("request has more than one content-type"));
    }
    if preserve && text(first).is_none() {
        return Err(Rejection::bad_request("content-type contains a control character or is not UTF-8"));
    }
    let content_type = String::from_utf8_lossy(first);
    if preserve && !is_plain(&content_type) {
        let message = "content-type must name one type, and no charset but UTF-8";
        return Err(Rejection::bad_request(message));
    }
    Ok(content_type)
}

fn is_encoded(head: &RequestHead<'_>) -> bool {
    head.header_values("content-encoding")
        .any(|coding| !matches!(&*coding.trim_ascii().to_ascii_lowercase(), b"" | b"identity"))
}

/// Whether every reader makes the same of a content type's structure and of the text sent under it.
fn is_plain(content_type: &str) -> bool {
    let is_list = content_type.split('"').step_by(2).any(|unquoted| unquoted.contains(','));
    let lower = content_type.to_ascii_lowercase();
    let mut charsets = lower
        .split(';')
        .filter_map(|parameter| parameter.split_once('='))
        .filter(|(name, _)| name.trim() == "charset")
        .map(|(_, value)| value.trim().trim_matches('"'));
    !is_list && charsets.all(|charset| ASCII_CHARSETS.contains(&charset))
}

/// Charsets in which the names and values that are looked at are the same bytes as in UTF-8.
const ASCII_CHARSETS: [&str; 4] = ["utf-8", "utf8", "us-ascii", "iso-8859-1"];

pub(in crate::plan) fn kind(content_type: &str, bytes: &[u8]) -> Kind {
    // A comma makes a list of one header; its first item counts, as that of repeated headers does.
    let media_type = content_type.split([';', ',']).next().unwrap_or_default().trim().to_ascii_lowercase();
    match media_type.as_str() {
        "" => Kind::Json,
        // What `curl -d` says of JSON unless told otherwise.
        "application/x-www-form-urlencoded" if first_said(bytes) == Some(b'{') => Kind::Json,
        "application/x-www-form-urlencoded" => Kind::Form,
        "multipart/form-data" => Kind::Multipart,
        json if json.ends_with("/json") || json.ends_with("+json") => Kind::Json,
        _ => Kind::Other,
    }
}

/// The first byte that is none of what JSON readers skip: blanks and byte order marks.
pub(super) fn first_said(bytes: &[u8]) -> Option<u8> {
    bytes.iter().copied().find(|byte| !b" \t\r\n\x0b\x0c\0\xef\xbb\xbf\xfe\xff".contains(byte))
}

pub(in crate::plan) fn form_fields(bytes: &[u8]) -> Result<Vec<(String, String)>, Rejection> {
    let text = |bytes: &[u8]| String::from_utf8(form_decode(bytes).into_owned()).ok();
    let arguments = bytes.split(|byte| *byte == b'&').filter(|argument| !argument.is_empty());
    if arguments.clone().nth(MAX_MEMBERS).is_some() {
        return Err(unreadable(&format!("the form has more than {MAX_MEMBERS} fields")));
    }
    arguments
        .map(split_argument)
        .map(|(name, value)| Some((text(name)?, text(value)?)))
        .collect::<Option<_>>()
        .ok_or_else(|| unreadable("the form is not valid UTF-8"))
}

fn scanner(content_type: &str) -> Result<Scanner, Rejection> {
    let boundary = multipart::boundary(content_type).map_err(|error| unreadable(&error.to_string()))?;
    Ok(Scanner::new(boundary))
}

/// The text fields of a multipart body; files are left out.
pub(in crate::plan) fn multipart_fields(
    content_type: &str,
    mut bytes: &[u8],
) -> Result<Vec<(String, String)>, Rejection> {
    let mut scanner = scanner(content_type)?;
    let unreadable = |error: MultipartError| unreadable(&error.to_string());
    let limit = bytes.len();
    let mut fields: Vec<(String, String)> = Vec::new();
    while let Some(event) = scanner.next(&mut bytes).map_err(unreadable)? {
        match event {
            Event::Part(part) if part.is_file => {}
            Event::Part(part) => {
                scanner.keep(limit);
                fields.push((part.name, String::new()));
            }
            Event::Value(value) => {
                if let Some((_, text)) = fields.last_mut() {
                    *text = String::from_utf8_lossy(&value).into_owned();
                }
            }
        }
    }
    scanner.finish().map_err(unreadable)?;
    Ok(fields)
}

/// A form as the JSON object it stands for: every value is a text but `stream`, which no client could
/// say otherwise.
fn object(fields: Vec<(String, String)>) -> ClientBody<'static> {
    let stream =
        fields.iter().find(|(name, value)| name == "stream" && matches!(value.as_str(), "true" | "false"));
    let stream = stream.map(|(_, value)| value == "true");
    let mut members = Members::from_fields(fields);
    if let Some(stream) = stream {
        members.set("stream", &stream);
    }
    ClientBody::Object(members)
}

fn unreadable(problem: &str) -> Rejection {
    Rejection::bad_request(format!("request body cannot be read: {problem}"))
}
