//! Templates filled in for one request.

use std::borrow::Cow;

use percent_encoding::percent_decode;

use super::{Field, Native, Proxy, Shape};
use crate::plan::landing::{Landing, is_host, refusal};
use crate::plan::rejection::Rejection;
use crate::plan::request::RequestHead;
use crate::plan::router::Captures;
use crate::plan::upstream::template::{RenderedPath, RenderedUrl};
use crate::template::{Placeholder, Source, Template};

/// The plugin's strings, as they are for one request. Every value was checked for the place where
/// it lands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rendered {
    /// The fields that hold placeholders, in the order of [`Field`].
    pub templates: Vec<RenderedTemplate>,
    texts: Vec<(Field, String)>,
    pub(in crate::plan) native: Option<Native>,
    pub(in crate::plan) url: Option<RenderedUrl>,
    pub(in crate::plan) path: Option<RenderedPath>,
}

/// A template and what it became.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenderedTemplate {
    /// Where it is configured.
    pub field: Field,
    /// As written.
    pub template: String,
    /// As rendered, before any encoding.
    pub value: String,
}

impl Rendered {
    /// The field's text, not encoded.
    pub fn text(&self, field: Field) -> Option<&str> {
        self.texts.iter().find(|(of, _)| *of == field).map(|(_, text)| text.as_str())
    }
}

impl Proxy {
    /// Fills in every template of the plugin, those the provider does not use included, as Kong does.
    ///
    /// Refused with 400: a value that the request lacks, one that may not stand where it lands, and
    /// a field that becomes wholly empty (an empty value beside other text is a value).
    pub fn render(&self, head: &RequestHead<'_>, captures: &Captures) -> Result<Rendered, Rejection> {
        let mut rendered = self.render_with(&|placeholder| lookup(placeholder, head, captures))?;
        rendered.native = Native::of(self.llm_format, head, captures);
        Ok(rendered)
    }

    /// The same with values from elsewhere.
    pub(super) fn render_with(&self, lookup: Lookup<'_>) -> Result<Rendered, Rejection> {
        let mut rendered = Rendered::default();
        for compiled in &self.fields {
            let field = compiled.field;
            let text = compiled.template.render(lookup)?;
            if text.is_empty() {
                return Err(empty(field, &compiled.template));
            }
            let checked = |landing: Landing| {
                move |placeholder: &Placeholder| -> Result<String, Rejection> {
                    let value = lookup(placeholder)?;
                    match landing.refuse(&value) {
                        Some(problem) => {
                            Err(Rejection::bad_request(refusal(field.as_str(), placeholder, problem)))
                        }
                        None => Ok(landing.write(&value)),
                    }
                }
            };
            match &compiled.shape {
                Shape::Text => {
                    let landed = compiled.template.render(checked(field.landing()))?;
                    if field.landing() == Landing::HostLabel && !is_host(&landed) {
                        return Err(not_a_host(field));
                    }
                }
                Shape::Path(path) => {
                    rendered.path = Some(path.render(checked(field.landing()), checked(Landing::Query))?);
                }
                Shape::Url(url) => {
                    let host = url.render_host(checked(Landing::HostLabel))?;
                    if !url.is_literal_host() && !is_host(&host) {
                        return Err(not_a_host(field));
                    }
                    let path = url.path.render(checked(field.landing()), checked(Landing::Query))?;
                    rendered.url = Some(RenderedUrl { scheme: url.scheme, host, port: url.port, path });
                }
            }
            if !compiled.template.is_literal() {
                let template = compiled.template.text().to_owned();
                rendered.templates.push(RenderedTemplate { field, template, value: text.clone() });
            }
            rendered.texts.push((field, text));
        }
        Ok(rendered)
    }
}

pub(super) type Lookup<'a> = &'a dyn Fn(&Placeholder) -> Result<String, Rejection>;

/// The placeholder's value in this request.
fn lookup(
    placeholder: &Placeholder,
    head: &RequestHead<'_>,
    captures: &Captures,
) -> Result<String, Rejection> {
    let name = placeholder.name.as_str();
    let value = match placeholder.source {
        Source::UriCaptures => captures.get(name).map(|value| Cow::Borrowed(value.as_bytes())),
        Source::Headers => head.header(&name.replace('_', "-")).map(Cow::Borrowed),
        Source::QueryParams => query_argument(head.query().unwrap_or_default(), name.as_bytes()),
    };
    let Some(value) = value else { return Err(absent(placeholder)) };
    String::from_utf8(value.into_owned())
        .map_err(|_| Rejection::bad_request(format!("the value of {placeholder} is not valid UTF-8")))
}

/// The refusal of a request that lacks the placeholder's value.
pub(crate) fn absent(placeholder: &Placeholder) -> Rejection {
    Rejection::bad_request(format!("{} key {} was not provided", placeholder.source, placeholder.name))
}

/// The first value of a query argument, form-decoded; an argument without `=` is empty.
pub(crate) fn query_argument<'a>(query: &'a [u8], name: &[u8]) -> Option<Cow<'a, [u8]>> {
    query
        .split(|byte| *byte == b'&')
        .filter(|argument| !argument.is_empty())
        .map(split_argument)
        .find(|(written, _)| *form_decode(written) == *name)
        .map(|(_, value)| form_decode(value))
}

/// Name and value of a raw query argument.
pub(in crate::plan) fn split_argument(argument: &[u8]) -> (&[u8], &[u8]) {
    match argument.iter().position(|byte| *byte == b'=') {
        Some(at) => (&argument[..at], &argument[at + 1..]),
        None => (argument, b""),
    }
}

/// Form decoding: `+` is a blank.
pub(in crate::plan) fn form_decode(text: &[u8]) -> Cow<'_, [u8]> {
    if !text.iter().any(|byte| matches!(byte, b'+' | b'%')) {
        return Cow::Borrowed(text);
    }
    let spaced: Vec<u8> = text.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    Cow::Owned(percent_decode(&spaced).collect())
}

/// The refusal of a request by which a field becomes wholly empty.
pub(crate) fn empty(field: Field, template: &Template) -> Rejection {
    let sources: Vec<_> = template.placeholders().map(ToString::to_string).collect();
    Rejection::bad_request(format!("{} is empty: {} has no text", field.as_str(), sources.join(", ")))
}

fn not_a_host(field: Field) -> Rejection {
    Rejection::bad_request(format!("{}: its values do not make a host name", field.as_str()))
}
