//! The rest of OpenAI's API, as far as clients commonly use it through `preserve`.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hyper::Response;
use serde_json::{Value, json};

use super::{CREATED, Question, json_answer, openai, text};
use crate::Body;

/// The length of an embedding unless the request says another, and the most it can say.
const DIMENSIONS: (u64, u64) = (1536, 4096);

/// The most texts that are embedded at once; also OpenAI's limit.
const TEXTS: usize = 2048;

/// A picture (PNG) of one grey pixel, in base64.
const PICTURE: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==";

/// Answers what asks no model for text. Azure's paths name the deployment, others begin with a version; the
/// end says what is asked.
pub fn answer(question: &Question) -> Response<Body> {
    match (&*question.method, &*question.segments()) {
        ("POST", [.., "embeddings"]) => embeddings(question),
        ("POST", [.., "audio", "transcriptions" | "translations"]) => transcription(question),
        ("POST", [.., "images", "generations" | "edits" | "variations"]) => images(question),
        ("POST", [.., "moderations"]) => moderations(question),
        ("GET", [.., "models"]) => models(),
        ("GET", [.., "models", name]) => json_answer(&model(name)),
        _ => echo(question),
    }
}

/// A vector of length one for each text, equal for equal texts.
fn embeddings(question: &Question) -> Response<Body> {
    let input = question.member("input");
    let texts: Vec<&Value> = match input {
        Value::Array(texts) if !texts.iter().all(Value::is_number) => texts.iter().take(TEXTS).collect(),
        one => vec![one],
    };
    let dimensions = question.member("dimensions").as_u64().unwrap_or(DIMENSIONS.0).clamp(1, DIMENSIONS.1);
    let encoded = question.member("encoding_format") == "base64";
    let data: Vec<_> = texts
        .iter()
        .enumerate()
        .map(|(index, text)| {
            let vector = vector(&text.to_string(), dimensions);
            let embedding = match encoded {
                true => {
                    let bytes: Vec<u8> = vector.iter().flat_map(|number| number.to_le_bytes()).collect();
                    json!(BASE64_STANDARD.encode(bytes))
                }
                false => json!(vector),
            };
            json!({"object": "embedding", "index": index, "embedding": embedding})
        })
        .collect();
    let tokens: u64 = texts.iter().map(|text| text::tokens(text.as_str().unwrap_or_default())).sum();
    let usage = json!({"prompt_tokens": tokens, "total_tokens": tokens});
    json_answer(&json!({"object": "list", "data": data, "model": question.model(), "usage": usage}))
}

/// Numbers drawn from a generator that starts at the text's digest (SplitMix64), brought to length one.
fn vector(text: &str, dimensions: u64) -> Vec<f32> {
    let digest = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
    let mut state = digest.as_ref().iter().take(8).fold(0, |state: u64, byte| state << 8 | u64::from(*byte));
    let numbers = (0..dimensions).map(|_| {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        (mixed >> 40) as f32 / (1 << 23) as f32 - 1.0
    });
    let mut numbers: Vec<f32> = numbers.collect();
    let length = numbers.iter().map(|number| number * number).sum::<f32>().sqrt();
    if length > 0.0 {
        numbers.iter_mut().for_each(|number| *number /= length);
    }
    numbers
}

/// What was to be heard: how much there was of it.
fn transcription(question: &Question) -> Response<Body> {
    let text = format!("This is a made-up transcription of an upload of {} bytes.", question.size);
    json_answer(&json!({"text": text}))
}

/// One picture, as data.
fn images(question: &Question) -> Response<Body> {
    let data = json!({"b64_json": PICTURE, "revised_prompt": question.member("prompt")});
    json_answer(&json!({"created": CREATED, "data": [data]}))
}

/// Nothing is found wrong.
fn moderations(question: &Question) -> Response<Body> {
    let result = json!({"flagged": false, "categories": {}, "category_scores": {}});
    json_answer(&json!({"id": openai::id(question, "modr-"), "model": question.model(), "results": [result]}))
}

/// A list of one model.
fn models() -> Response<Body> {
    json_answer(&json!({"object": "list", "data": [model("mock")]}))
}

/// A model of whatever name.
fn model(id: &str) -> Value {
    json!({"id": id, "object": "model", "created": CREATED, "owned_by": "mock"})
}

/// For everything else: what was asked.
fn echo(question: &Question) -> Response<Body> {
    json_answer(&json!({
        "mock": true, "method": question.method, "path": question.path, "body_bytes": question.size,
    }))
}
