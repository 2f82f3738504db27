//! Hosts. What a host may look like is decided where routes match on it.

use super::{Fault, Verdict};
use crate::plan::criteria::{HostError, HostPattern, SniPattern};

/// One of a route's `hosts`.
pub(super) fn criterion(text: &str) -> Verdict {
    if let Some((_, rest)) = text.split_once("://") {
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let help = match HostPattern::parse(host) {
            Ok(_) => format!("write `{host}`: no scheme and no path"),
            Err(_) => "write a host name alone, or with a port: no scheme and no path".to_owned(),
        };
        return Err(Fault::whole(text, "is a URL, not a host", help));
    }
    HostPattern::parse(text).map(drop).map_err(|error| fault(text, error))
}

/// One of a route's `snis`.
pub(super) fn server_name(text: &str) -> Verdict {
    SniPattern::parse(text).map(drop).map_err(|error| fault(text, error))
}

/// The `host` of a service.
pub(super) fn of_service(text: &str) -> Verdict {
    if text.contains("://") {
        return Err(Fault::whole(
            text,
            "is a URL, not a host",
            "write it as `url`, or take it apart into `protocol`, `host`, `port` and `path`",
        ));
    }
    address(text)?;
    match text.rsplit_once(':').filter(|(host, _)| host.ends_with(']') || !host.contains(':')) {
        None => Ok(()),
        Some((host, port)) => Err(Fault::new(
            host.len()..text.len(),
            format!("`host` must not have a port, and `{text}` has one"),
            format!("write `host: {host}` and `port: {port}`"),
        )),
    }
}

/// A host that can be connected to, with an optional port.
pub(super) fn address(text: &str) -> Verdict {
    let host = HostPattern::parse(text).map_err(|error| fault(text, error))?;
    match host.name().is_wildcard() {
        true => Err(Fault::whole(text, "is a wildcard, which cannot be connected to", "name one host")),
        false => Ok(()),
    }
}

fn fault(text: &str, error: HostError) -> Fault {
    Fault::new(0..text.len(), error.message, error.help)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_has_one_host_without_a_port() {
        for text in ["ai.test", "ai.test.", "localhost", "10.0.0.1", "::1", "[fd00::1]", "a_b-c.x"] {
            assert!(of_service(text).is_ok(), "{text}");
        }
        for (text, range, message) in [
            ("ai.test:80", 7..10, "`host` must not have a port, and `ai.test:80` has one"),
            ("[::1]:80", 5..8, "`host` must not have a port, and `[::1]:80` has one"),
            ("https://ai.test", 0..15, "`https://ai.test` is a URL, not a host"),
            ("*.ai.test", 0..9, "`*.ai.test` is a wildcard, which cannot be connected to"),
            ("a..b", 0..4, "`a..b` has an empty label"),
        ] {
            let fault = of_service(text).expect_err(text);
            assert_eq!((fault.range, fault.message.as_str()), (range, message), "{text}");
        }
    }
}
