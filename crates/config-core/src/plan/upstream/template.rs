//! `upstream_url` and `upstream_path`, taken apart before any value is known: what is host, path and
//! query is settled by the literal text alone, so no value can move a boundary.

use std::ops::Range;

use crate::plan::landing::{self, LandingError, encode_path, encode_query};
use crate::plan::request::Scheme;
use crate::template::{Placeholder, Segment, Template};

/// An upstream URL with placeholders.
#[derive(Debug, Clone)]
pub(in crate::plan) struct UrlTemplate {
    pub scheme: Scheme,
    pub host: Vec<Segment>,
    pub port: Option<u16>,
    pub path: PathTemplate,
}

/// A path and a query with placeholders.
#[derive(Debug, Clone)]
pub(in crate::plan) struct PathTemplate {
    path: Vec<Segment>,
    query: Option<Vec<Segment>>,
}

/// A URL for one request; path and query are encoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::plan) struct RenderedUrl {
    pub scheme: Scheme,
    pub host: String,
    pub port: Option<u16>,
    pub path: RenderedPath,
}

/// A path (starting with one slash, or empty) and a query for one request, encoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::plan) struct RenderedPath {
    pub path: String,
    pub query: Option<String>,
}

impl UrlTemplate {
    /// Takes a URL apart; user information and fragment are dropped, as Kong drops them.
    pub fn parse(template: &Template) -> Result<Self, LandingError> {
        let whole = 0..template.text().len();
        let (scheme, rest) = scheme(template, whole.clone())?;
        let (authority, path) = split(rest, &['/', '?', '#', '\\']);
        let (host, port) = host_and_port(authority, whole.clone())?;
        landing::host(&host, "", whole)?;
        Ok(Self { scheme, host, port, path: PathTemplate::new(path) })
    }

    /// Whether the host needs no values.
    pub fn is_literal_host(&self) -> bool {
        !self.host.iter().any(|segment| matches!(segment, Segment::Placeholder(_)))
    }

    /// The host with its values, each as `value` writes it.
    pub fn render_host<E>(&self, value: impl FnMut(&Placeholder) -> Result<String, E>) -> Result<String, E> {
        render(&self.host, str::to_owned, value)
    }
}

impl PathTemplate {
    /// Takes a path and query apart; a fragment is dropped.
    pub fn new(segments: Vec<Segment>) -> Self {
        let (segments, _) = split(segments, &['#']);
        let (path, query) = split(segments, &['?']);
        let query = (!query.is_empty()).then(|| trim_start(query, '?'));
        Self { path, query }
    }

    /// Path and query with their values, each as `in_path` and `in_query` write it.
    pub fn render<E>(
        &self,
        in_path: impl FnMut(&Placeholder) -> Result<String, E>,
        in_query: impl FnMut(&Placeholder) -> Result<String, E>,
    ) -> Result<RenderedPath, E> {
        let path = render(&self.path, encode_path, in_path)?;
        // Kong collapses a leading run of slashes and supplies one that is missing.
        let path = match path.trim_start_matches('/') {
            "" if path.is_empty() => String::new(),
            rest => format!("/{rest}"),
        };
        let query = self.query.as_ref().map(|query| render(query, encode_query, in_query)).transpose()?;
        Ok(RenderedPath { path, query })
    }
}

fn render<E>(
    segments: &[Segment],
    literal: fn(&str) -> String,
    mut value: impl FnMut(&Placeholder) -> Result<String, E>,
) -> Result<String, E> {
    segments.iter().try_fold(String::new(), |text, segment| {
        Ok(match segment {
            Segment::Literal(piece) => text + &literal(piece),
            Segment::Placeholder(placeholder) => text + &value(placeholder)?,
        })
    })
}

fn scheme(template: &Template, whole: Range<usize>) -> Result<(Scheme, Vec<Segment>), LandingError> {
    let Some(Segment::Literal(first)) = template.segments.first() else {
        let range = template.placeholders().next().map_or(whole, |placeholder| placeholder.range.clone());
        return Err(("the URL does not start with a literal scheme and host".to_owned(), range));
    };
    for (scheme, prefix) in [(Scheme::Https, "https://"), (Scheme::Http, "http://")] {
        if first.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix)) {
            let rest = first[prefix.len()..].to_owned();
            let rest = (!rest.is_empty()).then_some(Segment::Literal(rest));
            return Ok((scheme, rest.into_iter().chain(template.segments[1..].iter().cloned()).collect()));
        }
    }
    Err(("the URL does not start with `https://` or `http://`".to_owned(), whole))
}

fn host_and_port(
    authority: Vec<Segment>,
    whole: Range<usize>,
) -> Result<(Vec<Segment>, Option<u16>), LandingError> {
    let host = match split_last(&authority, '@') {
        Some((user, host)) => {
            refuse_placeholders(&user, "user information")?;
            host
        }
        None => authority,
    };
    let Some((before, port)) = split_last(&host, ':').filter(|(_, port)| !has_literal(port, ']')) else {
        return Ok((host, None));
    };
    refuse_placeholders(&port, "the port")?;
    let digits: String = port.iter().map(|segment| literal(segment).unwrap_or_default()).collect();
    match digits.parse() {
        Ok(port) if port > 0 && !digits.starts_with('+') => Ok((before, Some(port))),
        _ => Err((format!("`{digits}` is not a port"), whole)),
    }
}

fn refuse_placeholders(segments: &[Segment], part: &str) -> Result<(), LandingError> {
    match segments.iter().find_map(placeholder) {
        Some(placeholder) => {
            Err((format!("`{placeholder}` stands in {part} of the URL"), placeholder.range.clone()))
        }
        None => Ok(()),
    }
}

fn literal(segment: &Segment) -> Option<&str> {
    match segment {
        Segment::Literal(text) => Some(text),
        Segment::Placeholder(_) => None,
    }
}

fn placeholder(segment: &Segment) -> Option<&Placeholder> {
    match segment {
        Segment::Placeholder(placeholder) => Some(placeholder),
        Segment::Literal(_) => None,
    }
}

fn has_literal(segments: &[Segment], mark: char) -> bool {
    segments.iter().filter_map(literal).any(|text| text.contains(mark))
}

/// Splits before the first literal occurrence of any mark, which stays with the second part.
fn split(segments: Vec<Segment>, marks: &[char]) -> (Vec<Segment>, Vec<Segment>) {
    let found = segments
        .iter()
        .enumerate()
        .find_map(|(index, segment)| Some((index, literal(segment)?.find(marks)?)));
    let Some((index, at)) = found else { return (segments, Vec::new()) };
    let (before, after) = halves(&segments, index, at, at);
    (before, after)
}

/// Splits at the last literal occurrence of `mark`, which is left out.
fn split_last(segments: &[Segment], mark: char) -> Option<(Vec<Segment>, Vec<Segment>)> {
    let (index, at) = segments
        .iter()
        .enumerate()
        .rev()
        .find_map(|(index, segment)| Some((index, literal(segment)?.rfind(mark)?)))?;
    Some(halves(segments, index, at, at + mark.len_utf8()))
}

/// Two lists: up to byte `end` and from byte `start` of the literal at `index`.
fn halves(segments: &[Segment], index: usize, end: usize, start: usize) -> (Vec<Segment>, Vec<Segment>) {
    let text = literal(&segments[index]).unwrap_or_default();
    let piece = |text: &str| (!text.is_empty()).then(|| Segment::Literal(text.to_owned()));
    let before = segments[..index].iter().cloned().chain(piece(&text[..end])).collect();
    let after = piece(&text[start..]).into_iter().chain(segments[index + 1..].iter().cloned()).collect();
    (before, after)
}

/// The segments without the `mark` that starts the first of them.
fn trim_start(mut segments: Vec<Segment>, mark: char) -> Vec<Segment> {
    if let Some(Segment::Literal(text)) = segments.first_mut() {
        *text = text.strip_prefix(mark).unwrap_or(text).to_owned();
    }
    segments
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::parse;

    fn url(text: &str) -> Result<String, LandingError> {
        let url = UrlTemplate::parse(&parse(text).unwrap())?;
        let value = |placeholder: &Placeholder| Ok::<_, LandingError>(format!("<{}>", placeholder.name));
        let path = url.path.render(value, value)?;
        Ok(format!(
            "{:?} {} {:?} {} {:?}",
            url.scheme,
            url.render_host(value)?,
            url.port,
            path.path,
            path.query
        ))
    }

    #[test]
    fn literal_text_settles_the_parts() {
        for (text, parts) in [
            ("https://api.test", "Https api.test None  None"),
            ("HTTP://api.test:8080//v1/x?a=b&c#d", "Http api.test Some(8080) /v1/x Some(\"a=b&c\")"),
            ("https://user:pw@api.test/?", "Https api.test None / Some(\"\")"),
            ("http://[::1]:11434/api/chat", "Http [::1] Some(11434) /api/chat None"),
            ("http://[::1]", "Http [::1] None  None"),
            (
                "https://a-$(headers.x).b.test/$(headers.y)?v=$(headers.z)",
                "Https a-<x>.b.test None /<y> Some(\"v=<z>\")",
            ),
            ("https://b.test/a b$(headers.y)é", "Https b.test None /a%20b<y>%C3%A9 None"),
        ] {
            assert_eq!(url(text).unwrap(), parts, "{text}");
        }
    }

    #[test]
    fn a_client_never_chooses_scheme_user_host_or_port() {
        for (text, range) in [
            ("$(headers.u)", 0..12),
            ("$(headers.s)://api.test", 0..12),
            ("https://$(headers.h)/v1", 8..20),
            ("https://$(headers.h)", 8..20),
            ("https://$(headers.u)@api.test/", 8..20),
            ("https://api.test:$(headers.p)/", 17..29),
            ("https://api.test:80$(headers.p)", 19..31),
            ("https://api.test$(headers.p)", 16..28),
            ("https://$(headers.h)\\.api.test", 8..20),
            ("ftp://api.test", 0..14),
            ("https://", 0..8),
            ("https://api.test:0", 0..18),
            ("https://api.test:x", 0..18),
            ("é", 0..2),
        ] {
            match url(text) {
                Err((_, found)) => assert_eq!(found, range, "{text}"),
                Ok(parts) => panic!("{text}: {parts}"),
            }
        }
    }
}
