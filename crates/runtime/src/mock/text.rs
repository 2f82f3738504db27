//! Texts: those of requests, and those made up.

use serde_json::Value;

/// How much of a client's text is repeated.
const REPEATED: usize = 200;

/// How many tokens a text is said to have.
pub fn tokens(text: &str) -> u64 {
    text.chars().count().div_ceil(4) as u64
}

/// An answer to `said` in the name of `model`.
pub fn answer(model: &str, said: &str) -> String {
    format!("This is a made-up answer in the name of {model}. You said: {}", start(said))
}

/// The first characters of a text.
pub fn start(text: &str) -> &str {
    text.char_indices().nth(REPEATED).map_or(text, |(end, _)| &text[..end])
}

/// The text of a message's content: a string, or parts of which some are text.
pub fn content(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => {
            joined(parts.iter().filter_map(|part| part["text"].as_str()).map(str::to_owned))
        }
        _ => String::new(),
    }
}

/// Texts as one; those that are empty left out.
pub fn joined(texts: impl Iterator<Item = String>) -> String {
    texts.filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ")
}

/// A text as far as `limit` tokens go, and whether that was all of it.
pub fn limited(text: String, limit: Option<u64>) -> (String, bool) {
    let Some(limit) = limit.filter(|limit| *limit < tokens(&text)) else { return (text, true) };
    let characters = usize::try_from(limit * 4).unwrap_or(usize::MAX);
    (text.chars().take(characters).collect(), false)
}

/// The tokens of a text.
pub fn tokenized(text: &str) -> impl Iterator<Item = String> {
    let characters: Vec<_> = text.chars().collect();
    let tokens: Vec<String> = characters.chunks(4).map(|token| token.iter().collect()).collect();
    tokens.into_iter()
}

/// The pieces in which a text is streamed: words with the space before them.
pub fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let start = rest.find(|c: char| !c.is_whitespace()).unwrap_or(rest.len());
        let end = rest[start..].find(char::is_whitespace).map_or(rest.len(), |length| start + length);
        let (piece, after) = rest.split_at(end);
        rest = after;
        (!piece.is_empty()).then_some(piece)
    })
}
