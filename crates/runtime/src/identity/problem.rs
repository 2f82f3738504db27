//! What can be known to be wrong with an identity before the first request.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use hyper::Uri;

use crate::secrets::Environment;

/// An identity that cannot be used, so that the gateway does not start. Shows no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityProblem {
    /// The 1-based lines of the plugins, each at its `provider`.
    pub lines: Vec<usize>,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: String,
}

/// What is wrong, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Problem {
    pub message: String,
    pub help: String,
}

/// What was found so far, and for which lines.
#[derive(Default)]
pub(super) struct Problems(BTreeMap<Problem, Vec<usize>>);

/// Environment variables; one that is empty counts as not set, as the clouds' own SDKs have it.
#[derive(Clone, Copy)]
pub(super) struct Variables<'a>(pub Environment<'a>);

/// Where secrets may go without TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Plain {
    /// To the machine itself only.
    Loopback,
    /// Anywhere: services of the machine's own network have no TLS.
    Anywhere,
}

impl Problem {
    pub fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { message: message.into(), help: help.into() }
    }
}

impl Problems {
    pub fn add(&mut self, line: usize, problem: Problem) {
        self.0.entry(problem).or_default().push(line);
    }

    /// In the order of the file; none is good news.
    pub fn in_file_order(self) -> Vec<IdentityProblem> {
        let mut problems: Vec<_> = self.0.into_iter().collect();
        problems.iter_mut().for_each(|(_, lines)| lines.sort_unstable());
        problems.sort_by_key(|(_, lines)| lines[0]);
        let named = |(Problem { message, help }, lines)| IdentityProblem { lines, message, help };
        problems.into_iter().map(named).collect()
    }
}

impl Variables<'_> {
    /// A variable's text, without the blanks around it.
    pub fn text(&self, name: &str) -> Option<String> {
        (self.0)(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
    }

    /// The same, if it is one line.
    pub fn line(&self, name: &str) -> Result<Option<String>, Problem> {
        match self.text(name) {
            Some(text) if text.contains(char::is_control) => Err(Problem::new(
                format!("the environment variable `{name}` has line breaks or other control characters"),
                format!("set `{name}` to one line of text"),
            )),
            text => Ok(text),
        }
    }

    /// A base URL, without a slash at its end. A host alone means HTTPS.
    pub fn base(&self, name: &str, plain: Plain) -> Result<Option<String>, Problem> {
        let Some(text) = self.line(name)? else { return Ok(None) };
        let url = if text.contains("://") { text } else { format!("https://{text}") };
        match checked(&url, plain) {
            Ok(()) => Ok(Some(url.trim_end_matches('/').to_owned())),
            Err(what) => Err(Problem::new(
                format!("the environment variable `{name}` is {what}"),
                format!("set `{name}` to a URL such as `https://example.com`, or unset it"),
            )),
        }
    }

    /// A file, which has to be there by now, and its text.
    pub fn file(&self, name: &str) -> Result<Option<(PathBuf, String)>, Problem> {
        let Some(path) = self.line(name)?.map(PathBuf::from) else { return Ok(None) };
        let missing = || {
            let message = format!("`{name}` names `{}`, and there is no such file", path.display());
            Problem::new(message, format!("set `{name}` to the path of a file, or unset it"))
        };
        let text = read(&path)?.ok_or_else(missing)?;
        Ok(Some((path, text)))
    }

    /// What is wrong where `set` is set and `missing` is not.
    pub fn half(set: &str, missing: &str, help: impl Into<String>) -> Problem {
        Problem::new(format!("`{set}` is set, and `{missing}` is not"), help)
    }
}

/// Says what is wrong with a URL, in words that follow `is`.
pub(super) fn checked(url: &str, plain: Plain) -> Result<(), &'static str> {
    let uri: Uri = url.parse().map_err(|_| "no URL")?;
    let host = uri.host().filter(|host| !host.is_empty()).ok_or("no URL")?;
    match (uri.scheme_str(), plain) {
        (Some("https"), _) | (Some("http"), Plain::Anywhere) => Ok(()),
        (Some("http"), Plain::Loopback) if is_loopback(host) => Ok(()),
        (Some("http"), Plain::Loopback) => Err("a URL without TLS, over which no secret is sent"),
        _ => Err("no URL of HTTP"),
    }
}

/// Whether a host is this machine, without asking anybody.
pub(super) fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

/// The text of a file; `None` if there is none.
pub(super) fn read(path: &Path) -> Result<Option<String>, Problem> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Problem::new(
            format!("the file `{}` cannot be read: {error}", path.display()),
            "let the gateway's user read it",
        )),
    }
}
