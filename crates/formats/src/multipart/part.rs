//! The head of one part.

use super::MultipartError;

/// What a part's head says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The form field.
    pub name: String,
    /// Whether the part has a file name.
    pub is_file: bool,
    /// Whether its content is text that every reader decodes alike: no file, and of no other type or
    /// charset than forms have anyway.
    pub is_plain: bool,
}

/// Encodings that change nothing.
const PLAIN_ENCODINGS: [&str; 3] = ["7bit", "8bit", "binary"];

impl Part {
    /// Reads a head, without the empty line at its end.
    pub(super) fn parse(head: &[u8]) -> Result<Self, MultipartError> {
        let head = std::str::from_utf8(head)
            .ok()
            .filter(|head| !head.replace("\r\n", "").contains(|c: char| c.is_control() && c != '\t'))
            .ok_or(MultipartError::Head("a control character in its head, or no UTF-8"))?;
        let mut disposition = None;
        let mut content_type = None;
        for line in head.split("\r\n") {
            let (name, value) = line
                .split_once(':')
                .filter(|(name, _)| is_token(name))
                .ok_or(MultipartError::Head("a line in its head that is no header"))?;
            let known = match &*name.to_ascii_lowercase() {
                "content-disposition" => &mut disposition,
                "content-type" => &mut content_type,
                "content-transfer-encoding"
                    if !PLAIN_ENCODINGS.contains(&&*value.trim().to_ascii_lowercase()) =>
                {
                    return Err(MultipartError::Head("a content-transfer-encoding"));
                }
                "content-encoding" => return Err(MultipartError::Head("a content-encoding")),
                _ => continue,
            };
            if known.replace(value).is_some() {
                return Err(MultipartError::Head("a repeated header"));
            }
        }
        let (name, is_file) = disposition
            .and_then(form_data)
            .ok_or(MultipartError::Head("no readable `content-disposition: form-data; name=…`"))?;
        let (is_nested, is_text) = content_type.map_or((false, true), media_type);
        if is_nested {
            return Err(MultipartError::Head("parts of its own"));
        }
        Ok(Self { name: name.to_owned(), is_file, is_plain: is_text && !is_file })
    }
}

/// The field of a disposition, and whether there is a file name.
fn form_data(disposition: &str) -> Option<(&str, bool)> {
    let (kind, parameters) = parameters(disposition)?;
    let mut field = None;
    let mut is_file = false;
    for (parameter, value) in parameters {
        let parameter = parameter.to_ascii_lowercase();
        match parameter.as_str() {
            "name" if field.is_none() => field = Some(value),
            // Two names, or one in the extended notations: readers differ on which counts.
            _ if parameter == "name" || parameter.starts_with("name*") => return None,
            _ => is_file |= parameter.starts_with("filename"),
        }
    }
    // Some readers undo backslashes and encoded words in names.
    let field = field.filter(|name| !name.contains('\\') && !name.contains("=?"))?;
    kind.eq_ignore_ascii_case("form-data").then_some((field, is_file))
}

/// Charsets in which ASCII is the same bytes as in UTF-8; the last is what some clients write of
/// whatever they send.
const ASCII_CHARSETS: [&str; 3] = ["utf-8", "us-ascii", "iso-8859-1"];

/// Whether a content type is multipart, and whether it is text that reads like UTF-8.
fn media_type(content_type: &str) -> (bool, bool) {
    let lower = content_type.trim().to_ascii_lowercase();
    let is_utf8 = |(name, value): &(&str, &str)| *name != "charset" || ASCII_CHARSETS.contains(value);
    let is_text = parameters(&lower)
        .is_some_and(|(kind, parameters)| kind == "text/plain" && parameters.iter().all(is_utf8));
    (lower.starts_with("multipart/"), is_text)
}

/// A header's value and its `; name=value` parameters, quotes undone; `None` where readers differ.
pub(super) fn parameters(header: &str) -> Option<(&str, Vec<(&str, &str)>)> {
    let (value, mut rest) = header.split_once(';').unwrap_or((header, ""));
    let mut parameters = Vec::new();
    loop {
        rest = rest.trim_start_matches(BLANKS);
        if rest.is_empty() {
            return Some((value.trim_matches(BLANKS), parameters));
        }
        let (name, after) = rest.split_once('=').filter(|(name, _)| is_token(name))?;
        let (value, after) = match after.strip_prefix('"') {
            // To some readers, a backslash makes the quote a part of the text.
            Some(quoted) => quoted.split_once('"').filter(|(value, _)| !value.ends_with('\\'))?,
            None => {
                let end = after.find(';').unwrap_or(after.len());
                let value = after[..end].trim_end_matches(BLANKS);
                (Some(value).filter(|value| value.bytes().all(is_bare))?, &after[end..])
            }
        };
        parameters.push((name, value));
        let after = after.trim_start_matches(BLANKS);
        rest = if after.is_empty() { "" } else { after.strip_prefix(';')? };
    }
}

const BLANKS: [char; 2] = [' ', '\t'];

fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// What may stand in a value without quotes; more than the standard has, for boundaries are often
/// written so.
fn is_bare(byte: u8) -> bool {
    byte.is_ascii_graphic() && !b"\"'\\,".contains(&byte)
}
