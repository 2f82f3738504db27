//! Changes to JSON text that leave the rest of it alone.

use crate::body::offset;

/// Changes, collected while the text is read. None take no memory.
#[derive(Debug)]
pub(super) struct Edits<'a> {
    json: &'a str,
    /// From where to where, and by what.
    edits: Vec<(usize, usize, String)>,
}

/// A member that an object is to have.
pub(super) struct Fill<'f, 'a> {
    name: &'static str,
    found: Option<&'a str>,
    is_good: bool,
    value: &'f dyn Fn() -> String,
}

impl<'f, 'a> Fill<'f, 'a> {
    /// A member that has this value, JSON text, unless it `is_good` as it was `found`.
    pub fn unless(
        is_good: bool,
        name: &'static str,
        found: Option<&'a str>,
        value: &'f dyn Fn() -> String,
    ) -> Self {
        Self { name, found, is_good, value }
    }

    /// A member that has this value if it is absent, `null` or an empty text.
    pub fn missing(name: &'static str, found: Option<&'a str>, value: &'f dyn Fn() -> String) -> Self {
        let is_good = found.is_some_and(|found| !matches!(found, "null" | "\"\""));
        Self::unless(is_good, name, found, value)
    }
}

impl<'a> Edits<'a> {
    /// Changes to this text; all objects and values that are named below are slices of it.
    pub fn of(json: &'a str) -> Self {
        Self { json, edits: Vec::new() }
    }

    /// Gives an object these members: values that were found are replaced, others are put at its front.
    pub fn fill<const N: usize>(&mut self, object: &'a str, members: [Fill<'_, 'a>; N]) {
        let mut added = String::new();
        for Fill { name, found, value, .. } in members.into_iter().filter(|member| !member.is_good) {
            match found {
                Some(found) => self.replace(found, value()),
                None => {
                    let comma = if added.is_empty() { "" } else { "," };
                    added.extend([comma, "\"", name, "\":", &value()]);
                }
            }
        }
        if !added.is_empty() {
            // `trim` for the text as a whole, which may have blanks around.
            let inside = &object.trim_ascii_start()[1..];
            if !inside.trim_ascii_start().starts_with('}') {
                added.push(',');
            }
            self.replace(&inside[..0], added);
        }
    }

    /// Puts another value in a value's place.
    pub fn replace(&mut self, part: &'a str, with: String) {
        let start = offset(self.json, part);
        self.edits.push((start, start + part.len(), with));
    }

    /// Puts text before and after a value.
    pub fn enclose(&mut self, before: &str, value: &'a str, after: &str) {
        self.replace(&value[..0], before.to_owned());
        self.replace(&value[value.len()..], after.to_owned());
    }

    /// The text with its changes; nothing if there are none.
    pub fn apply(mut self) -> Option<String> {
        if self.edits.is_empty() {
            return None;
        }
        self.edits.sort_by_key(|(start, ..)| *start);
        let mut text = String::with_capacity(self.json.len() + 128);
        let mut copied = 0;
        for (start, end, with) in &self.edits {
            text.push_str(&self.json[copied..*start]);
            text.push_str(with);
            copied = *end;
        }
        text.push_str(&self.json[copied..]);
        Some(text)
    }
}
