//! Where clients reach the gateway.

use std::fmt;

use crate::plan::criteria::{Criteria, NamePattern};
use crate::plan::request::Scheme;

/// Scheme, host and port of a URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// Plain or TLS.
    pub scheme: Scheme,
    /// A name or an address; an IPv6 address in brackets.
    pub host: String,
    /// The port, if it is not the scheme's own.
    pub port: Option<u16>,
}

impl Origin {
    /// Reads a URL that has nothing behind its authority.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn parse(text: &str) -> Result<Self, String> {
        let advice = "write scheme, host and port, such as `http://localhost:8000`";
        let (scheme, rest) =
            text.split_once("://").ok_or_else(|| format!("`{text}` has no scheme; {advice}"))?;
        let scheme = match scheme.to_ascii_lowercase().as_str() {
            "http" => Scheme::Http,
            "https" => Scheme::Https,
            _ => return Err(format!("`{scheme}` URLs are not for a gateway; {advice}")),
        };
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        if authority.contains(['/', '?', '#', '@']) {
            return Err(format!("`{text}` is more than an origin; {advice}"));
        }
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => {
                (host, Some(port.parse().map_err(|_| format!("`{port}` is not a port; {advice}"))?))
            }
            _ => (authority, None),
        };
        let is_of_host = |c: char| c.is_ascii_alphanumeric() || "-._[]:".contains(c);
        if host.is_empty() || !host.chars().all(is_of_host) {
            return Err(format!("`{host}` is not a host; {advice}"));
        }
        let port = port.filter(|port| *port != default_port(scheme));
        Ok(Self { scheme, host: host.to_owned(), port })
    }

    /// The port that a connection goes to.
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(default_port(self.scheme))
    }

    /// The `Host` header.
    pub fn authority(&self) -> String {
        match self.port {
            Some(port) => format!("{}:{port}", self.host),
            None => self.host.clone(),
        }
    }

    /// This origin, then others with hosts that the criteria name; on TLS wherever the route has no other.
    pub(super) fn candidates(&self, criteria: &Criteria) -> Vec<Origin> {
        let protocols = criteria.protocols;
        let scheme = if protocols.https && !protocols.http { Scheme::Https } else { self.scheme };
        let here = Origin { scheme, ..self.clone() };
        let hosts = criteria.hosts.iter().map(|pattern| (pattern.name(), pattern.port().or(self.port)));
        let snis = criteria.snis.iter().map(|pattern| (pattern.name(), self.port));
        let named = hosts.chain(snis).flat_map(|(name, port)| {
            let port = port.filter(|port| *port != default_port(scheme));
            examples(name).into_iter().map(move |host| Origin { scheme, host, port })
        });
        [here.clone()].into_iter().chain(named).collect()
    }
}

/// As a URL, without a path.
impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.scheme {
            Scheme::Http => "http",
            Scheme::Https => "https",
        };
        write!(f, "{scheme}://{}", self.authority())
    }
}

fn default_port(scheme: Scheme) -> u16 {
    match scheme {
        Scheme::Http => 80,
        Scheme::Https => 443,
    }
}

/// Names that the pattern accepts.
fn examples(name: &NamePattern) -> Vec<String> {
    match name {
        NamePattern::Exact(name) => vec![name.clone()],
        // The one may be another route's own.
        NamePattern::Suffix(suffix) => ["ai", "my-gateway"].map(|label| format!("{label}{suffix}")).into(),
        NamePattern::Prefix(prefix) => ["test", "example"].map(|label| format!("{prefix}{label}")).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        for (text, shown) in [
            ("http://localhost:8000", "http://localhost:8000"),
            ("HTTPS://ai.test:443/", "https://ai.test"),
            ("http://[::1]:8000", "http://[::1]:8000"),
            ("http://[::1]", "http://[::1]"),
        ] {
            assert_eq!(Origin::parse(text).unwrap().to_string(), shown);
        }
        for (text, part) in [
            ("localhost:8000", "no scheme"),
            ("ftp://a", "`ftp` URLs"),
            ("http://a/v1", "more than an origin"),
            ("http://u@a", "more than an origin"),
            ("http://a:b", "not a port"),
            ("http://", "not a host"),
            ("http://a b", "not a host"),
        ] {
            assert!(Origin::parse(text).unwrap_err().contains(part), "{text}");
        }
    }
}
