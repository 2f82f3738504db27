//! What a scalar means: by the YAML 1.2 core schema, as far as JSON can express it, and where a
//! YAML 1.1 reader (Kong's) takes it for something else.

use super::document::{ScalarType, Style};

/// The type that an explicit tag asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tag {
    Null,
    Bool,
    Int,
    Float,
    Str,
    Seq,
    Map,
}

impl Tag {
    /// The core schema's tag with this suffix (`int` of `!!int`).
    pub(super) fn from_core(suffix: &str) -> Option<Tag> {
        Some(match suffix {
            "null" => Tag::Null,
            "bool" => Tag::Bool,
            "int" => Tag::Int,
            "float" => Tag::Float,
            "str" => Tag::Str,
            "seq" => Tag::Seq,
            "map" => Tag::Map,
            _ => return None,
        })
    }

    /// The tag as written in a file.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Tag::Null => "!!null",
            Tag::Bool => "!!bool",
            Tag::Int => "!!int",
            Tag::Float => "!!float",
            Tag::Str => "!!str",
            Tag::Seq => "!!seq",
            Tag::Map => "!!map",
        }
    }
}

/// What `text` means under `tag`; `None` if it is no value of the tag's type.
pub(super) fn resolve(text: &str, style: Style, tag: Option<Tag>) -> Option<ScalarType> {
    let Some(tag) = tag else {
        return Some(if style == Style::Plain { core(text) } else { ScalarType::String });
    };
    match (tag, core(text)) {
        (Tag::Str, _) => Some(ScalarType::String),
        (Tag::Null, value @ ScalarType::Null)
        | (Tag::Bool, value @ ScalarType::Bool(_))
        | (Tag::Int, value @ ScalarType::Integer(_))
        | (Tag::Float, value @ ScalarType::Float(_)) => Some(value),
        (Tag::Float, ScalarType::Integer(value)) => Some(ScalarType::Float(value as f64)),
        _ => None,
    }
}

/// What an untagged plain scalar means. `.inf`, `.nan` and numbers too large for a double are
/// strings: JSON has no such values (and `ambiguous` reports them).
fn core(text: &str) -> ScalarType {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return ScalarType::Null,
        "true" | "True" | "TRUE" => return ScalarType::Bool(true),
        "false" | "False" | "FALSE" => return ScalarType::Bool(false),
        _ => {}
    }
    number(text).unwrap_or(ScalarType::String)
}

fn number(text: &str) -> Option<ScalarType> {
    if !text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.')) {
        return None;
    }
    for (prefix, radix) in [("0x", 16), ("0o", 8)] {
        if let Some(digits) = text.strip_prefix(prefix) {
            let all = !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix));
            return all.then(|| match i64::from_str_radix(digits, radix) {
                Ok(value) => ScalarType::Integer(value),
                Err(_) => finite(digits.chars().fold(0.0, |sum, digit| {
                    sum * f64::from(radix) + f64::from(digit.to_digit(radix).unwrap_or(0))
                })),
            });
        }
    }
    if !is_decimal(text) {
        return None;
    }
    if let Ok(value) = text.parse::<i64>() {
        return Some(ScalarType::Integer(value));
    }
    text.parse::<f64>().ok().map(finite)
}

fn finite(value: f64) -> ScalarType {
    if value.is_finite() { ScalarType::Float(value) } else { ScalarType::String }
}

/// `[-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?`
fn is_decimal(text: &str) -> bool {
    let text = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    digits(whole)
        && digits(fraction)
        && !(whole.is_empty() && fraction.is_empty())
        && exponent.is_none_or(|exponent| {
            let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            !exponent.is_empty() && digits(exponent)
        })
}

/// A plain scalar that Kong's YAML 1.1 reader takes for something else than [`resolve`] does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Doubt {
    here: ScalarType,
    kong: Kong,
}

/// What lyaml, the reader in Kong, makes of a plain scalar: all its numbers are doubles.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Kong {
    Null,
    Bool(bool),
    Number(f64),
    String,
}

/// The doubt about an untagged plain scalar that means `here`, if there is one. A key that is no string is an error
/// of its own and never in doubt.
pub(super) fn ambiguous(text: &str, here: ScalarType, key: bool) -> Option<Doubt> {
    let kong = kong(text);
    let same = match here {
        ScalarType::Null => kong == Kong::Null,
        ScalarType::Bool(value) => kong == Kong::Bool(value),
        ScalarType::Integer(value) => kong == Kong::Number(value as f64),
        ScalarType::Float(value) => kong == Kong::Number(value),
        ScalarType::String => kong == Kong::String,
    };
    (!same && (!key || here == ScalarType::String)).then_some(Doubt { here, kong })
}

impl Doubt {
    /// The finding's words, after the scalar itself.
    pub(super) fn message(self) -> String {
        let kong = match self.kong {
            Kong::Null => "null".to_owned(),
            Kong::Bool(value) => format!("the boolean {value}"),
            Kong::Number(value) if value.is_finite() => format!("the number {value}"),
            Kong::Number(_) => "a number that is not finite".to_owned(),
            Kong::String => "text".to_owned(),
        };
        let here = match self.here {
            ScalarType::Integer(value) => format!("the number {value}"),
            ScalarType::Float(value) => format!("the number {value}"),
            _ => "text".to_owned(),
        };
        format!("is {kong} to Kong's YAML 1.1 reader and {here} to YAML 1.2, as read here")
    }

    /// What to write instead.
    pub(super) fn help(self, text: &str, key: bool) -> String {
        let number = match self.here {
            ScalarType::Integer(value) => Some(value.to_string()),
            ScalarType::Float(value) => Some(value.to_string()),
            _ => None,
        };
        let other = match (self.kong, number) {
            _ if key => None,
            (Kong::Bool(value), _) => Some(format!("`{value}` for the boolean")),
            (Kong::Number(kong), Some(here)) => Some(format!("`{here}` or `{kong}` for the number")),
            (Kong::Number(value), None) if value.is_finite() => Some(format!("`{value}` for the number")),
            (_, Some(here)) => Some(format!("`{here}` for the number")),
            _ => None,
        };
        match other {
            Some(other) => format!("write `\"{text}\"` for the text, or {other}"),
            None => format!("write it in quotes: `\"{text}\"`"),
        }
    }
}

/// lyaml's implicit types, in its order (`lib/lyaml/implicit.lua`). `y` and `n` are text to it.
fn kong(text: &str) -> Kong {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Kong::Null,
        "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => return Kong::Bool(true),
        "false" | "False" | "FALSE" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => return Kong::Bool(false),
        ".nan" | ".NaN" | ".NAN" => return Kong::Number(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => return Kong::Number(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => return Kong::Number(f64::NEG_INFINITY),
        _ => {}
    }
    if !text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | '_')) {
        return Kong::String;
    }
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1.0, digits),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    [octal, decimal, float, hexadecimal, binary, sexagesimal]
        .iter()
        .find_map(|read| read(digits))
        .map_or(Kong::String, |value| Kong::Number(sign * value))
}

fn octal(text: &str) -> Option<f64> {
    let digits = text.strip_prefix('0')?;
    if digits.ends_with('_') && digits.bytes().all(|byte| byte == b'_') {
        return None;
    }
    in_radix(digits, 8)
}

fn decimal(text: &str) -> Option<f64> {
    let digits = text.replace('_', "");
    (!digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())).then(|| digits.parse().ok())?
}

fn float(text: &str) -> Option<f64> {
    let plain = text.replace('_', "");
    if text.contains(['.', 'e', 'E']) && is_decimal(&plain) { plain.parse().ok() } else { None }
}

fn hexadecimal(text: &str) -> Option<f64> {
    in_radix(text.strip_prefix("0x")?, 16)
}

/// lyaml wants two digits; the YAML 1.1 type is content with one.
fn binary(text: &str) -> Option<f64> {
    in_radix(text.strip_prefix("0b")?, 2)
}

/// `1:30:15`, base sixty, with a fraction or without.
fn sexagesimal(text: &str) -> Option<f64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let all_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (first, rest) = whole.split_once(':')?;
    let begins = rest.starts_with(|c: char| c.is_ascii_digit());
    if !all_digits(first) || !begins || !all_digits(fraction) {
        return None;
    }
    let whole = whole.split(':').filter(|part| !part.is_empty()).try_fold(0.0, |sum, part| {
        all_digits(part).then(|| part.parse::<f64>().map_or(sum, |value| sum * 60.0 + value))
    })?;
    Some(whole + format!("0.{fraction}").parse::<f64>().ok()?)
}

/// Digits with `_` anywhere among them.
fn in_radix(text: &str, radix: u32) -> Option<f64> {
    let mut value = None;
    for c in text.chars().filter(|c| *c != '_') {
        value = Some(value.unwrap_or(0.0) * f64::from(radix) + f64::from(c.to_digit(radix)?));
    }
    value
}
