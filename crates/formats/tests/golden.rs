//! Golden files: what each provider's format makes of the same requests, and what clients get for each
//! provider's answers, streams and errors. `UPDATE_GOLDEN=1` writes them; the official SDKs' types check
//! them in `tests/sdk`.
//!
//! Files that begin with `completions` belong to completions, all others to chats.

#![allow(clippy::disallowed_methods, reason = "tests read the repository's fixtures")]

#[path = "golden/passing.rs"]
mod passing;

use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use formats::WireFormat;
use formats::body::Members;
use formats::chat::RequestError;
use formats::chunks::Chunks;
use formats::codec::{self, Asked, Codec, Expected, Operation, Origin, ToolNames};
use formats::error::from_upstream;
use formats::framing::Framing;
use formats::framing::event_stream::{encode_event, encode_exception};
use formats::openai::Options;
use formats::stream::Stream;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// A format that has golden files, and the model that is asked in it.
struct Format {
    wire: WireFormat,
    provider: &'static str,
    model: &'static str,
}

const fn format(wire: WireFormat, provider: &'static str, model: &'static str) -> Format {
    Format { wire, provider, model }
}

const FORMATS: [Format; 11] = [
    format(WireFormat::Anthropic, "anthropic", "claude-sonnet-4-5"),
    format(WireFormat::CohereV2, "cohere", "command-a-03-2025"),
    format(WireFormat::CohereV1, "cohere", "command-r-plus"),
    format(WireFormat::Gemini, "gemini", "gemini-2.5-flash"),
    format(WireFormat::Vertex, "gemini", "gemini-2.5-flash"),
    format(WireFormat::Bedrock, "bedrock", "anthropic.claude-sonnet-4-5-20250929-v1:0"),
    format(WireFormat::Mistral, "mistral", "mistral-small-latest"),
    format(WireFormat::Ollama, "llama2", "llama3.2"),
    format(WireFormat::OllamaGenerate, "llama2", "llama3.2"),
    format(WireFormat::Llama2Raw, "llama2", "llama2"),
    format(WireFormat::HuggingFaceGeneration, "huggingface", "google/gemma-2-2b-it"),
];

/// Media types of streams by the extension of their files.
const FRAMINGS: [(&str, &str); 4] = [
    ("sse", "text/event-stream"),
    ("ndjson", "application/x-ndjson"),
    ("array", "application/json"),
    ("events", "application/vnd.amazon.eventstream"),
];

/// What the provider names an exchange, in a header.
const REQUEST_ID: &str = "request-1";

#[test]
fn requests() {
    for format in &FORMATS {
        let mut dropped = Map::new();
        for request in files(&root().join("requests"), "json") {
            let case = stem(&request);
            let Some(codec) = format.codec(operation(&case)) else { continue };
            let sent = match translate(codec, format, &case, &fs::read(&request).unwrap()) {
                Ok(translated) => {
                    if !translated.dropped.is_empty() {
                        dropped.insert(case.clone(), translated.dropped.into());
                    }
                    serde_json::from_slice(&translated.body).expect("a body is JSON")
                }
                Err(error) => json!({"refused": error.message, "param": error.param}),
            };
            compare(&format.folder().join("requests").join(case + ".json"), &pretty(&sent));
        }
        if !dropped.is_empty() {
            compare(&format.folder().join("dropped.json"), &pretty(&dropped.into()));
        }
    }
}

#[test]
fn answers() {
    for format in &FORMATS {
        for answer in files(&format.folder().join("answers"), "json") {
            let case = stem(&answer);
            let Some(codec) = format.codec(operation(&case)) else { continue };
            let written =
                whole(codec, &format.expected(operation(&case)), &fs::read_to_string(&answer).unwrap());
            let written: Value = serde_json::from_slice(&written).unwrap();
            compare(&answer.with_extension("openai.json"), &pretty(&written));
        }
    }
}

#[test]
fn streams() {
    for format in &FORMATS {
        for (stream, media_type) in format.streams() {
            let case = stem(&stream);
            let Some(codec) = format.codec(operation(&case)) else { continue };
            let bytes = bytes_of(&stream);
            let expected = format.expected(operation(&case));
            let written = streamed(codec, &expected, media_type, [Bytes::from(bytes)]);
            compare(&stream.with_extension("openai.sse"), &String::from_utf8(written).unwrap());
        }
    }
}

#[test]
fn errors() {
    FORMATS.iter().for_each(errors_of);
}

fn errors_of(format: &Format) {
    for error in files(&format.folder().join("errors"), "json") {
        let given: Value = serde_json::from_slice(&fs::read(&error).unwrap()).unwrap();
        let body = Bytes::from(given["body"].as_str().unwrap().to_owned());
        let status = u16::try_from(given["status"].as_u64().unwrap()).unwrap();
        let (status, answer) = from_upstream(status, given["content_type"].as_str(), &body, format.wire);
        let answer = match given["error_type"].as_str() {
            Some(name) => answer.named(name),
            None => answer,
        };
        let (body, _) = answer.into_body(body, &[]);
        let body: Value = serde_json::from_slice(&body).unwrap();
        compare(&error.with_extension("openai.json"), &pretty(&json!({"status": status, "body": body})));
    }
}

/// However the bytes of a stream are cut, the client gets the same.
#[test]
fn cuts_do_not_matter() {
    for format in &FORMATS {
        for (stream, media_type) in format.streams() {
            let operation = operation(&stem(&stream));
            let Some(codec) = format.codec(operation) else { continue };
            let (bytes, expected) = (bytes_of(&stream), format.expected(operation));
            let written = |pieces: Vec<Bytes>| streamed(codec, &expected, media_type, pieces);
            let whole = written(vec![bytes.clone().into()]);
            let single = bytes.iter().map(|byte| Bytes::copy_from_slice(&[*byte])).collect();
            assert_eq!(written(single), whole, "{}", stream.display());
            proptest!(ProptestConfig::with_cases(24), |(cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6))| {
                let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
                cuts.extend([0, bytes.len()]);
                cuts.sort_unstable();
                let pieces = cuts.windows(2).map(|cut| Bytes::copy_from_slice(&bytes[cut[0]..cut[1]]));
                prop_assert_eq!(written(pieces.collect()), &*whole);
            });
        }
    }
}

/// Broken bytes, the client's or an upstream's, make no panic and no flood; a stream still ends with
/// `[DONE]` or an error.
#[test]
fn broken_bytes_are_survived() {
    let changes = || prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4u8), 1..5);
    let config = || ProptestConfig::with_cases(24);
    for format in &FORMATS {
        for request in files(&root().join("requests"), "json") {
            let Some(codec) = format.codec(operation(&stem(&request))) else { continue };
            let bytes = fs::read(&request).unwrap();
            proptest!(config(), |(changes in changes())| {
                if let Ok(translated) = translate(codec, format, "chat", &broken(&bytes, &changes)) {
                    prop_assert!(serde_json::from_slice::<Value>(&translated.body).is_ok());
                }
            });
        }
        for answer in files(&format.folder().join("answers"), "json") {
            let Some(codec) = format.codec(operation(&stem(&answer))) else { continue };
            let bytes = fs::read(&answer).unwrap();
            proptest!(config(), |(changes in changes())| {
                let broken = String::from_utf8_lossy(&broken(&bytes, &changes)).into_owned();
                let written = whole(codec, &format.expected(Operation::Chat), &broken);
                prop_assert!(serde_json::from_slice::<Value>(&written).is_ok());
            });
        }
        for (stream, media_type) in format.streams() {
            let Some(codec) = format.codec(operation(&stem(&stream))) else { continue };
            let bytes = bytes_of(&stream);
            proptest!(config(), |(changes in changes())| {
                let broken = broken(&bytes, &changes);
                let length = broken.len();
                let expected = format.expected(Operation::Chat);
                let written = streamed(codec, &expected, media_type, [Bytes::from(broken)]);
                prop_assert!(written.len() < 400 * (length + 10), "{} bytes of {length}", written.len());
                let written = String::from_utf8(written).expect("a stream is text");
                let last = written.trim_end().rsplit("\n\n").next().unwrap_or_default();
                prop_assert!(last == "data: [DONE]" || last.starts_with("data: {\"error\":"), "{last}");
            });
        }
    }
}

/// Formats that are translated have requests, answers, streams and errors to show for it.
#[test]
fn every_codec_has_golden_files() {
    for format in FORMATS.iter().filter(|format| format.codec(Operation::Chat).is_some()) {
        for kind in ["requests", "answers", "errors"] {
            let folder = format.folder().join(kind);
            assert!(!files(&folder, "json").is_empty(), "{} is empty", folder.display());
        }
        assert!(!format.streams().is_empty(), "{} has no streams", format.folder().display());
    }
}

impl Format {
    fn codec(&self, operation: Operation) -> Option<&'static dyn Codec> {
        codec::codec(self.wire, operation)
    }

    fn folder(&self) -> PathBuf {
        root().join(self.wire.as_str().replace(' ', "-"))
    }

    fn expected(&self, operation: Operation) -> Expected {
        let tool_names = ToolNames::default();
        Expected {
            wire: self.wire,
            operation,
            model: self.model.to_owned(),
            includes_usage: true,
            tool_names,
        }
    }

    /// The streams, with their media types.
    fn streams(&self) -> Vec<(PathBuf, &'static str)> {
        let folder = self.folder().join("streams");
        FRAMINGS
            .iter()
            .flat_map(|(extension, media_type)| {
                files(&folder, extension).into_iter().map(move |file| (file, *media_type))
            })
            .collect()
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

/// The given files of a folder, without those that are results, sorted.
fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let paths = entries.map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = paths
        .filter(|path| path.extension().is_some_and(|it| it == extension) && !stem(path).ends_with(".openai"))
        .collect();
    files.sort();
    files
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap().to_str().unwrap().to_owned()
}

fn operation(case: &str) -> Operation {
    if case.starts_with("completions") { Operation::Completions } else { Operation::Chat }
}

/// The bytes of a stream. `.events` are lines of `{"event" or "exception": <type>, "payload": …}`, since the
/// bytes of an AWS event stream are nothing to read.
fn bytes_of(stream: &Path) -> Vec<u8> {
    let text = fs::read_to_string(stream).unwrap();
    if stream.extension().is_none_or(|extension| extension != "events") {
        return text.into_bytes();
    }
    let message = |line: &str| {
        let line: Value = serde_json::from_str(line).unwrap();
        let payload = line["payload"].to_string();
        match line["event"].as_str() {
            Some(event) => encode_event(event, &payload),
            None => encode_exception(line["exception"].as_str().unwrap(), &payload),
        }
    };
    text.lines().flat_map(message).collect()
}

fn translate(
    codec: &dyn Codec,
    format: &Format,
    case: &str,
    body: &[u8],
) -> Result<codec::Translated, RequestError> {
    let unreadable =
        |error: formats::body::BodyError| RequestError { message: error.to_string(), param: None };
    let mut body = Members::parse(body).map_err(unreadable)?;
    let asked = Asked {
        provider: format.provider,
        operation: operation(case),
        model: format.model,
        api_version: None,
        stream: body.get("stream") == Some("true"),
        options: &Options::default(),
    };
    codec::translate(codec, format.wire, &mut body, &asked)
}

fn origin() -> Origin {
    Origin { id: "0123456789abcdefghijklmnopqrstuv".to_owned(), created: 1_700_000_000 }
}

fn whole(codec: &dyn Codec, expected: &Expected, answer: &str) -> Vec<u8> {
    match codec.answer(answer, Some(REQUEST_ID)) {
        Ok(completion) => completion.to_json(expected, &origin()),
        Err(error) => error.to_json(),
    }
}

fn streamed(
    codec: &dyn Codec,
    expected: &Expected,
    media_type: &str,
    pieces: impl IntoIterator<Item = Bytes>,
) -> Vec<u8> {
    let framing = Framing::of(media_type).unwrap();
    let chunks = Chunks::new(expected.clone(), origin(), false, Vec::new());
    let mut stream = Stream::new(codec, framing, chunks).named(REQUEST_ID);
    let mut written = Vec::new();
    for piece in pieces {
        written.extend_from_slice(&stream.push(piece));
    }
    written.extend_from_slice(&stream.end(None));
    written
}

/// Bytes replaced, removed, doubled or cut off.
fn broken(bytes: &[u8], changes: &[(prop::sample::Index, u8, u8)]) -> Vec<u8> {
    let mut broken = bytes.to_vec();
    for (at, byte, how) in changes {
        if broken.is_empty() {
            break;
        }
        let at = at.index(broken.len());
        match how {
            0 => broken[at] = *byte,
            1 => drop(broken.remove(at)),
            2 => broken.insert(at, broken[at]),
            _ => broken.truncate(at),
        }
    }
    broken
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap() + "\n"
}

fn compare(file: &Path, written: &str) {
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, written).unwrap();
    }
    let golden = fs::read_to_string(file).unwrap_or_default();
    assert_eq!(written, golden, "{} (UPDATE_GOLDEN=1 writes it)", file.display());
}
