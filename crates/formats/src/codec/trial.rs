//! What tests of codecs share: a request sent, and a stream read.

use bytes::Bytes;

use super::{Asked, Codec, Expected, Operation, Origin, ToolNames, translate};
use crate::WireFormat;
use crate::body::{Members, only_item};
use crate::chat::RequestError;
use crate::chunks::Chunks;
use crate::framing::Framing;
use crate::openai::Options;
use crate::peek::member;
use crate::stream::Stream;

/// What is sent for a chat, and what is left out of it.
pub(super) fn sent(
    codec: &dyn Codec,
    body: &str,
    model: &str,
    options: &Options,
) -> Result<(String, Vec<String>), RequestError> {
    sent_to(codec, None, body, model, options)
}

/// The same to a version of the provider's API.
pub(super) fn sent_to(
    codec: &dyn Codec,
    api_version: Option<&str>,
    body: &str,
    model: &str,
    options: &Options,
) -> Result<(String, Vec<String>), RequestError> {
    let operation = Operation::Chat;
    let asked = Asked { provider: "x", operation, model, api_version, stream: false, options };
    let mut body = Members::parse(body.as_bytes()).unwrap();
    let translated = translate(codec, WireFormat::Anthropic, &mut body, &asked)?;
    Ok((String::from_utf8(translated.body).unwrap(), translated.dropped))
}

/// The same for no more than messages.
pub(super) fn messages_sent(codec: &dyn Codec, messages: &str) -> Result<String, RequestError> {
    let body = format!(r#"{{"messages":{messages}}}"#);
    sent(codec, &body, "m", &Options::default()).map(|(sent, _)| sent)
}

/// What a chat's stream of these frames says: the delta of each chunk, or the error.
pub(super) fn streamed(codec: &dyn Codec, media_type: &str, frames: &[&str]) -> Vec<String> {
    let expected = Expected {
        wire: WireFormat::Anthropic,
        operation: Operation::Chat,
        model: "m".to_owned(),
        includes_usage: false,
        tool_names: ToolNames::default(),
    };
    let origin = Origin { id: "o".repeat(21), created: 1 };
    let chunks = Chunks::new(expected, origin, false, Vec::new());
    let mut stream = Stream::new(codec, Framing::of(media_type).unwrap(), chunks);
    let lead = if media_type == "text/event-stream" { "data: " } else { "" };
    let frames: String = frames.iter().map(|frame| format!("{lead}{frame}\n\n")).collect();
    let mut written = stream.push(Bytes::from(frames)).to_vec();
    written.extend_from_slice(&stream.end(None));
    let written = String::from_utf8(written).unwrap();
    let events = written.split("\n\n").filter_map(|event| event.strip_prefix("data: "));
    let said = events.map(|event| {
        let choice = member(event, "choices").and_then(only_item);
        let delta = choice.and_then(|choice| member(choice, "delta"));
        delta.or(member(event, "error")).unwrap_or(event).to_owned()
    });
    said.collect()
}
