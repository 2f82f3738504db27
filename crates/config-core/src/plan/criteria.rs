//! What one route demands of a request.

use std::sync::Arc;

use uuid::Uuid;

use super::request::{RequestHead, split_host_port};
use crate::pattern::{HeaderPattern, Pattern, PatternError};

/// The criteria of one route. A request must meet every kind that is listed, by any of its values.
#[derive(Debug, Clone)]
pub struct Criteria {
    /// Exact, case-sensitive methods.
    pub methods: Vec<String>,
    /// Any of these hosts.
    pub hosts: Vec<HostPattern>,
    /// Whether `hosts` was written, be it empty: Kong ranks such a route higher.
    pub hosts_given: bool,
    /// All of these headers.
    pub headers: Vec<HeaderCriterion>,
    /// Any of these paths, in the order written.
    pub paths: Vec<PathCriterion>,
    /// Any of these server names, if the request came over TLS.
    pub snis: Vec<SniPattern>,
    /// Ranks regex paths; without effect on prefixes.
    pub regex_priority: i64,
    /// What the route serves; looked at only after it has won.
    pub protocols: Protocols,
    /// 426 to refuse plain HTTP on an https route, or the status to redirect with.
    pub https_redirect_status_code: u16,
    /// The id that Kong would know the route by; `None` if random.
    pub kong_id: Option<Uuid>,
}

impl Default for Criteria {
    fn default() -> Self {
        Self {
            methods: Vec::new(),
            hosts: Vec::new(),
            hosts_given: false,
            headers: Vec::new(),
            paths: Vec::new(),
            snis: Vec::new(),
            regex_priority: 0,
            protocols: Protocols::default(),
            https_redirect_status_code: 426,
            kong_id: None,
        }
    }
}

/// One entry of `paths`.
#[derive(Debug, Clone)]
pub enum PathCriterion {
    /// The normalised path starts with this text.
    Prefix(String),
    /// A `~` path.
    Regex(Arc<Pattern>),
    /// A path that is not valid. It keeps its place in the list and matches nothing: leaving it out
    /// would open the route to every path.
    Invalid(String),
}

/// One entry of `headers`: a name and the values any of which will do.
#[derive(Debug, Clone)]
pub struct HeaderCriterion {
    name: String,
    values: Vec<HeaderValue>,
}

/// A header value to look for.
#[derive(Debug, Clone)]
pub enum HeaderValue {
    /// The whole value, in lower case.
    Exact(String),
    /// A `~*` value.
    Regex(Arc<HeaderPattern>),
}

/// One entry of `hosts`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HostPattern {
    name: NamePattern,
    port: Option<u16>,
}

/// One entry of `snis`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SniPattern(NamePattern);

/// A name with at most one `*`, at one of its ends. Case counts, as in Kong.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum NamePattern {
    /// This name.
    Exact(String),
    /// `*` and this ending.
    Suffix(String),
    /// This beginning and `*`.
    Prefix(String),
}

/// Why a host or server name is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct HostError {
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub help: String,
}

/// The protocols of a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Protocols {
    /// Plain HTTP.
    pub http: bool,
    /// HTTP over TLS.
    pub https: bool,
    /// gRPC.
    pub grpc: bool,
    /// gRPC over TLS.
    pub grpcs: bool,
}

impl Default for Protocols {
    fn default() -> Self {
        Self { http: true, https: true, grpc: false, grpcs: false }
    }
}

impl Protocols {
    /// The protocols with these names. Those of streams (`tcp`, `tls`, …) are left out: a route with
    /// no other takes part in no HTTP routing.
    pub fn from_names<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut protocols = Self { http: false, https: false, grpc: false, grpcs: false };
        for name in names {
            match name {
                "http" => protocols.http = true,
                "https" => protocols.https = true,
                "grpc" => protocols.grpc = true,
                "grpcs" => protocols.grpcs = true,
                _ => {}
            }
        }
        protocols
    }

    /// Whether HTTP requests can reach the route at all.
    pub fn any(self) -> bool {
        self.http || self.https || self.grpc || self.grpcs
    }
}

impl HeaderCriterion {
    /// A demand on the header `name`; case, and `_` for `-`, make no difference.
    pub fn new(name: &str, values: Vec<HeaderValue>) -> Self {
        Self { name: name.to_ascii_lowercase().replace('_', "-"), values }
    }

    /// The name in lower case with `-` for `_`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The values, any of which will do.
    pub fn values(&self) -> &[HeaderValue] {
        &self.values
    }

    /// The values that the request has for this header. Kong's router sees the first 100 headers.
    pub(super) fn sent<'a>(&self, head: &RequestHead<'a>) -> impl Iterator<Item = &'a [u8]> {
        head.headers.iter().take(100).filter(|(name, _)| self.is_named(name)).map(|(_, value)| *value)
    }

    fn is_named(&self, sent: &[u8]) -> bool {
        let fold = |byte: &u8| if *byte == b'_' { b'-' } else { byte.to_ascii_lowercase() };
        sent.len() == self.name.len() && sent.iter().map(fold).eq(self.name.bytes())
    }
}

impl HeaderValue {
    /// Reads one value as it is written: a `~*` begins a regex.
    pub fn parse(written: &str) -> Result<Self, PatternError> {
        Ok(match written.strip_prefix("~*") {
            Some(pattern) => Self::Regex(Arc::new(HeaderPattern::parse(pattern)?)),
            None => Self::Exact(written.to_lowercase()),
        })
    }

    /// Whether a header without text will do.
    pub(crate) fn accepts_nothing(&self) -> bool {
        self.accepts("")
    }

    /// Whether a request's value, already in lower case, will do.
    pub(crate) fn accepts(&self, lowered: &str) -> bool {
        match self {
            HeaderValue::Exact(value) => value == lowered,
            HeaderValue::Regex(pattern) => pattern.is_match_lowered(lowered),
        }
    }
}

impl std::fmt::Display for HeaderValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            HeaderValue::Exact(value) => f.write_str(value),
            HeaderValue::Regex(pattern) => write!(f, "~*{}", pattern.written()),
        }
    }
}

impl HostPattern {
    /// Reads one entry of `hosts`: a host name or address with an optional port, or a name whose
    /// first or last label is `*` (the latter without a port).
    pub fn parse(written: &str) -> Result<Self, HostError> {
        let (name, port) = split_host_port(written.as_bytes());
        let name = &written[..name.len()];
        match name.matches('*').count() {
            0 => check_host(written)?,
            1 if name == "*" => {
                return Err(refuse(
                    "`*` alone is no host",
                    "leave `hosts` out to accept every host, or write `*.example.com`",
                ));
            }
            1 if name.starts_with("*.") => check_name(&name[2..], written)?,
            1 if name.ends_with(".*") && port.is_some() => {
                return Err(refuse(
                    format!("`{written}` ends in a wildcard and has a port"),
                    format!("write `{name}`, which accepts every port"),
                ));
            }
            1 if name.ends_with(".*") => check_name(&name[..name.len() - 2], written)?,
            1 => {
                return Err(refuse(
                    format!("the `*` of `{written}` is not a whole label at one end"),
                    "write it as the first label (`*.example.com`) or the last (`example.*`)",
                ));
            }
            _ => {
                return Err(refuse(
                    format!("`{written}` has more than one `*`"),
                    "keep one, as the first label (`*.example.com`) or the last (`example.*`)",
                ));
            }
        }
        Ok(Self { name: NamePattern::new(name), port })
    }

    /// The name without the port.
    pub fn name(&self) -> &NamePattern {
        &self.name
    }

    /// The port; `None` for any.
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// Whether a request for `host` (without port) at `port` will do.
    pub(crate) fn accepts(&self, host: &[u8], port: u16) -> bool {
        self.port.is_none_or(|wanted| wanted == port) && self.name.accepts(host)
    }
}

impl std::fmt::Display for HostPattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.name)?;
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

impl SniPattern {
    /// Reads one entry of `snis`: a host name with at most one `*`, as its first or last character.
    pub fn parse(written: &str) -> Result<Self, HostError> {
        if written.matches('*').count() > 1 {
            return Err(refuse(format!("`{written}` has more than one `*`"), "keep one, at one end"));
        }
        if written.contains('*') && !written.starts_with('*') && !written.ends_with('*') {
            return Err(refuse(
                format!("the `*` of `{written}` is at neither end"),
                "write it first (`*.example.com`) or last (`example.*`)",
            ));
        }
        if written.contains(':') {
            return Err(refuse(
                format!("`{written}` is not a plain host name"),
                "a server name has no port and is no address: write the name alone",
            ));
        }
        if written.parse::<std::net::Ipv4Addr>().is_ok() {
            return Err(refuse(
                format!("`{written}` is an address"),
                "TLS clients send host names only: write the name",
            ));
        }
        check_name(&written.replace('*', "wildcard"), written)?;
        let name = if written.len() > 1 { written.strip_suffix('.').unwrap_or(written) } else { written };
        Ok(Self(NamePattern::new(name)))
    }

    /// The name.
    pub fn name(&self) -> &NamePattern {
        &self.0
    }

    /// Whether a handshake's server name will do; a trailing dot makes no difference.
    pub(crate) fn accepts(&self, sni: &[u8]) -> bool {
        let sni = if sni.len() > 1 { sni.strip_suffix(b".").unwrap_or(sni) } else { sni };
        self.0.accepts(sni)
    }
}

impl std::fmt::Display for SniPattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl NamePattern {
    fn new(written: &str) -> Self {
        if let Some(suffix) = written.strip_prefix('*') {
            Self::Suffix(suffix.to_owned())
        } else if let Some(prefix) = written.strip_suffix('*') {
            Self::Prefix(prefix.to_owned())
        } else {
            Self::Exact(written.to_owned())
        }
    }

    /// Whether the pattern has a `*`.
    pub fn is_wildcard(&self) -> bool {
        !matches!(self, Self::Exact(_))
    }

    /// Whether the pattern matches `name`.
    pub(crate) fn accepts(&self, name: &[u8]) -> bool {
        match self {
            Self::Exact(exact) => name == exact.as_bytes(),
            Self::Suffix(suffix) => name.ends_with(suffix.as_bytes()),
            Self::Prefix(prefix) => name.starts_with(prefix.as_bytes()),
        }
    }
}

impl std::fmt::Display for NamePattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Exact(name) => f.write_str(name),
            Self::Suffix(suffix) => write!(f, "*{suffix}"),
            Self::Prefix(prefix) => write!(f, "{prefix}*"),
        }
    }
}

fn refuse(message: impl Into<String>, help: impl Into<String>) -> HostError {
    HostError { message: message.into(), help: help.into() }
}

/// Refuses what is neither a host name nor an address, with an optional port.
fn check_host(written: &str) -> Result<(), HostError> {
    if written.parse::<std::net::Ipv6Addr>().is_ok() {
        return Ok(());
    }
    let (name, port) = match written.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, rest)) => {
            if address.parse::<std::net::Ipv6Addr>().is_err() {
                return Err(refuse(
                    format!("`[{address}]` is not an IPv6 address"),
                    "write an address such as `[2001:db8::1]`",
                ));
            }
            (None, rest.strip_prefix(':').or(if rest.is_empty() { None } else { Some(rest) }))
        }
        None => match written.split_once(':') {
            Some((name, port)) => (Some(name), Some(port)),
            None => (Some(written), None),
        },
    };
    if let Some(port) = port
        && (port.is_empty()
            || !port.bytes().all(|byte| byte.is_ascii_digit())
            || port.parse::<u16>().is_err())
    {
        return Err(refuse(
            format!("`{port}` in `{written}` is not a port"),
            "write a host name or address alone, or with a port from 0 to 65535; no scheme and no path",
        ));
    }
    name.map_or(Ok(()), |name| check_name(name, written))
}

/// Refuses a name with a label that no host name has.
fn check_name(name: &str, written: &str) -> Result<(), HostError> {
    let help =
        "labels are made of letters, digits, `-` and `_`, do not end in `-` and are joined by single dots";
    if let Some(odd) = name.chars().find(|c| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_' | '.')) {
        let help = match odd {
            '/' => "write the host name alone: no scheme and no path",
            _ => help,
        };
        return Err(refuse(format!("`{odd}` cannot stand in the host `{written}`"), help));
    }
    let labels = name.strip_suffix('.').unwrap_or(name);
    if labels.split('.').any(str::is_empty) {
        return Err(refuse(format!("`{written}` has an empty label"), help));
    }
    if labels.split('.').any(|label| label.ends_with('-')) {
        return Err(refuse(format!("a label of `{written}` ends in `-`"), help));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_names_or_addresses_with_at_most_one_wildcard() {
        for valid in [
            "ai.test",
            "AI.test",
            "a_b.c-d",
            "ai.test.",
            "ai.test:80",
            "*.ai.test",
            "*.ai.test:80",
            "ai.*",
            "127.0.0.1",
            "127.0.0.1:80",
            "::1",
            "[::1]",
            "[::1]:80",
            "localhost",
        ] {
            let host = HostPattern::parse(valid).unwrap_or_else(|error| panic!("{valid}: {error}"));
            assert_eq!(host.to_string(), valid);
        }
        for (invalid, message) in [
            ("*", "`*` alone is no host"),
            ("*.*", "`*.*` has more than one `*`"),
            ("a*.test", "the `*` of `a*.test` is not a whole label at one end"),
            ("ai.*:80", "`ai.*:80` ends in a wildcard and has a port"),
            ("ai..test", "`ai..test` has an empty label"),
            ("", "`` has an empty label"),
            ("a-.test", "a label of `a-.test` ends in `-`"),
            ("ai.test:99999", "`99999` in `ai.test:99999` is not a port"),
            ("https://ai.test", "`//ai.test` in `https://ai.test` is not a port"),
            ("ai.test/x", "`/` cannot stand in the host `ai.test/x`"),
            ("[zz]:1", "`[zz]` is not an IPv6 address"),
            ("[::1]x", "`x` in `[::1]x` is not a port"),
        ] {
            assert_eq!(HostPattern::parse(invalid).unwrap_err().message, message, "{invalid}");
        }
    }

    #[test]
    fn server_names_have_no_port_and_are_no_addresses() {
        for (valid, name) in
            [("ai.test", "ai.test"), ("ai.test.", "ai.test"), ("*.ai.test", "*.ai.test"), ("ai.*", "ai.*")]
        {
            assert_eq!(SniPattern::parse(valid).unwrap().to_string(), name);
        }
        for (invalid, message) in [
            ("ai.test:443", "`ai.test:443` is not a plain host name"),
            ("127.0.0.1", "`127.0.0.1` is an address"),
            ("a.*.test", "the `*` of `a.*.test` is at neither end"),
            ("*.ai.*", "`*.ai.*` has more than one `*`"),
            ("a b", "` ` cannot stand in the host `a b`"),
        ] {
            assert_eq!(SniPattern::parse(invalid).unwrap_err().message, message, "{invalid}");
        }
    }

    #[test]
    fn wildcards_match_any_number_of_labels_but_not_none() {
        let accepts =
            |pattern: &str, host: &str| HostPattern::parse(pattern).unwrap().accepts(host.as_bytes(), 8000);
        assert!(accepts("*.ai.test", "a.ai.test") && accepts("*.ai.test", "a.b.ai.test"));
        assert!(!accepts("*.ai.test", "ai.test") && !accepts("ai.test", "AI.test"));
        assert!(accepts("ai.*", "ai.x.y") && !accepts("ai.*", "ai"));
        assert!(accepts("ai.test:8000", "ai.test") && !accepts("ai.test:80", "ai.test"));
    }
}
