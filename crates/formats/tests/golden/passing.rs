//! The same of formats that are OpenAI's: requests of which members are edited, and answers that pass, mended
//! where a server is known to deviate. What clients get is written as it is, byte for byte.

use formats::mistral;
use formats::openai::mend::Mender;
use formats::openai::stream::Tap;
use formats::openai::{Dialect, Edit};
use formats::sse::Splitter;

use super::*;

const PASSING: [Format; 4] = [
    format(WireFormat::OpenAi, "openai", "gpt-4o"),
    format(WireFormat::Mistral, "mistral", "mistral-small-latest"),
    format(WireFormat::HuggingFaceChat, "huggingface", "meta-llama/Llama-3.1-8B-Instruct"),
    format(WireFormat::HuggingFaceCompletions, "huggingface", "google/gemma-2-2b-it"),
];

#[test]
fn requests() {
    for format in &PASSING {
        let mut all_dropped = Map::new();
        for request in files(&root().join("requests"), "json") {
            let case = stem(&request);
            // Whoever is asked says what is wrong with these.
            if case.starts_with("bad-") || !format.passes(&case) {
                continue;
            }
            let body = fs::read(&request).unwrap();
            let mut body = Members::parse(&body).unwrap();
            let dropped = edit(format.wire, format.model, &mut body);
            if !dropped.is_empty() {
                all_dropped.insert(case.clone(), dropped.into());
            }
            let sent: Value = serde_json::from_slice(&body.to_bytes()).unwrap();
            compare(&format.folder().join("requests").join(case + ".json"), &pretty(&sent));
        }
        if !all_dropped.is_empty() {
            compare(&format.folder().join("dropped-of-chats.json"), &pretty(&all_dropped.into()));
        }
    }
}

#[test]
fn answers() {
    for format in &PASSING {
        for answer in files(&format.folder().join("answers"), "json") {
            if format.passes(&stem(&answer)) {
                let written = passed(format, &fs::read(&answer).unwrap());
                compare(&answer.with_extension("openai.json"), &String::from_utf8(written).unwrap());
            }
        }
    }
}

#[test]
fn streams() {
    for format in &PASSING {
        for stream in files(&format.folder().join("streams"), "sse") {
            if format.passes(&stem(&stream)) {
                let bytes = bytes_of(&stream);
                let whole = tapped(format, [bytes.clone().into()]);
                let single = bytes.iter().map(|byte| Bytes::copy_from_slice(&[*byte]));
                assert_eq!(tapped(format, single), whole, "{}", stream.display());
                compare(&stream.with_extension("openai.sse"), &String::from_utf8(whole).unwrap());
            }
        }
    }
}

#[test]
fn errors() {
    PASSING.iter().for_each(super::errors_of);
}

/// What another format's codec wrote is as OpenAI has it: not a byte is mended.
#[test]
fn what_conforms_passes() {
    let mistral = &PASSING[1];
    for format in &FORMATS {
        for answer in files(&format.folder().join("answers"), "json") {
            let Some(codec) =
                format.codec(Operation::Chat).filter(|_| operation(&stem(&answer)) == Operation::Chat)
            else {
                continue;
            };
            let written =
                whole(codec, &format.expected(Operation::Chat), &fs::read_to_string(&answer).unwrap());
            if !written.starts_with(b"{\"error\"") {
                assert_eq!(passed(mistral, &written), written, "{}", answer.display());
            }
        }
        for (stream, media_type) in format.streams() {
            let Some(codec) =
                format.codec(Operation::Chat).filter(|_| operation(&stem(&stream)) == Operation::Chat)
            else {
                continue;
            };
            let expected = format.expected(Operation::Chat);
            let written = streamed(codec, &expected, media_type, [Bytes::from(bytes_of(&stream))]);
            assert_eq!(tapped(mistral, [written.clone().into()]), written, "{}", stream.display());
        }
    }
}

/// Broken bytes make no panic, and what is mended is JSON.
#[test]
fn broken_answers_are_survived() {
    let changes = || prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4u8), 1..5);
    let config = || ProptestConfig::with_cases(24);
    for format in &PASSING[1..] {
        for answer in files(&format.folder().join("answers"), "json") {
            let bytes = fs::read(&answer).unwrap();
            proptest!(config(), |(changes in changes())| {
                let broken = broken(&bytes, &changes);
                let mended = mender(format).answer(&broken);
                if let Ok(Some(mended)) = mended {
                    prop_assert!(serde_json::from_slice::<Value>(&mended).is_ok());
                    // What was mended needs no more of it.
                    prop_assert_eq!(mender(format).answer(&mended).unwrap(), None);
                }
            });
        }
        for stream in files(&format.folder().join("streams"), "sse") {
            let bytes = bytes_of(&stream);
            proptest!(config(), |(changes in changes())| {
                let broken = broken(&bytes, &changes);
                let length = broken.len();
                let written = tapped(format, [broken.into()]);
                prop_assert!(written.len() < 50 * (length + 10));
            });
        }
    }
}

impl Format {
    fn passes(&self, case: &str) -> bool {
        match self.wire {
            WireFormat::OpenAi => true,
            WireFormat::HuggingFaceCompletions => operation(case) == Operation::Completions,
            _ => operation(case) == Operation::Chat,
        }
    }
}

fn edit(wire: WireFormat, model: &str, body: &mut Members<'_>) -> Vec<String> {
    let options = &Options::default();
    let stream = body.get("stream") == Some("true");
    let dialect = match wire {
        WireFormat::Mistral => return mistral::request(body, Some(model), stream, options),
        WireFormat::HuggingFaceChat | WireFormat::HuggingFaceCompletions => Dialect::SelfHosted,
        _ => Dialect::OpenAi,
    };
    Edit { model: Some(model), stream, options, dialect }.apply(body);
    Vec::new()
}

fn mender(format: &Format) -> Mender {
    Mender::of(format.wire, format.model, origin).unwrap()
}

fn passed(format: &Format, answer: &[u8]) -> Vec<u8> {
    match Mender::of(format.wire, format.model, origin).map(|mender| mender.answer(answer)) {
        Some(Err(error)) => error.to_json(),
        Some(Ok(Some(mended))) => mended,
        Some(Ok(None)) | None => answer.to_vec(),
    }
}

fn tapped(format: &Format, pieces: impl IntoIterator<Item = Bytes>) -> Vec<u8> {
    let mender = Mender::of(format.wire, format.model, origin);
    let mut tap = Tap::new(false, false).mending(mender);
    let mut splitter = Splitter::new();
    let mut written = Vec::new();
    for piece in pieces {
        let batch = splitter.push(piece).unwrap();
        written.extend_from_slice(&tap.batch(batch));
    }
    written.extend_from_slice(&tap.end(&splitter.finish(), None));
    written
}
