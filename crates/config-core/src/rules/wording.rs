//! How several things read in a message.

/// `a`, `b` and `c`, as given.
pub(super) fn list(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [front @ .., last] => format!("{} and {last}", front.join(", ")),
    }
}

/// A text that is given as an example; of a long one the beginning.
pub(super) fn clipped(text: &str) -> String {
    match text.char_indices().nth(EXAMPLE) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// How many characters of an example are shown.
const EXAMPLE: usize = 80;
