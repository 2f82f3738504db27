//! Where the parts of an `upstream_url` stand in its text.

use std::ops::Range;

use crate::template;

/// The parts of an `upstream_url`, as ranges of its text.
pub(super) struct UrlParts {
    /// `user@` or `user:password@`.
    pub user: Option<Range<usize>>,
    /// Host and port.
    pub host: Range<usize>,
    pub has_port: bool,
    pub path: Range<usize>,
    /// With its `?`.
    pub query: Option<Range<usize>>,
}

impl UrlParts {
    /// Those of a URL that has scheme and host.
    pub fn of(url: &str) -> Option<Self> {
        let masked = mask(url)?;
        let start = masked.find("://")? + 3;
        let end = masked[start..].find(['/', '?', '#']).map_or(masked.len(), |at| start + at);
        let at = masked[start..end].rfind('@').map(|at| start + at + 1);
        let host = at.unwrap_or(start)..end;
        let after_address = masked[host.clone()].rfind(']').map_or(host.start, |at| host.start + at);
        let has_port = masked[after_address..end].contains(':');
        let fragment = masked[end..].find('#').map_or(masked.len(), |at| end + at);
        let question = masked[end..fragment].find('?').map(|at| end + at);
        (!host.is_empty()).then(|| Self {
            user: at.map(|at| start..at),
            host,
            has_port,
            path: end..question.unwrap_or(fragment),
            query: question.map(|at| at..fragment),
        })
    }
}

/// The text with every placeholder overwritten, so that its characters are not taken for the URL's.
fn mask(text: &str) -> Option<String> {
    let template = template::parse(text).ok()?;
    let mut masked = text.to_owned();
    for placeholder in template.placeholders() {
        masked.replace_range(placeholder.range.clone(), &"x".repeat(placeholder.range.len()));
    }
    Some(masked)
}
