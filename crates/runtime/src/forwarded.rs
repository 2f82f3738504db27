//! What trusted proxies say about the client behind them.

use std::net::{IpAddr, SocketAddr};

use config_core::plan::request::Scheme;
use hyper::HeaderMap;
use ipnet::IpNet;

use crate::head::ClientConnection;

/// The proxies whose `X-Forwarded-*` headers count.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// Trusts every address in `networks`.
    pub fn new(networks: Vec<IpNet>) -> Self {
        Self(networks)
    }

    /// The client's connection: the one from `peer` to `local`, or what a trusted `peer` says of the
    /// one that it forwards.
    ///
    /// A proxy appends what it saw to the list it was sent, so lists are read from their end.
    /// `X-Forwarded-For` is followed for as long as it names trusted proxies; `-Proto` and `-Port`
    /// are taken from the proxy that connected to us. What is no address, scheme or port is ignored.
    pub fn connection(&self, peer: SocketAddr, local: SocketAddr, headers: &HeaderMap) -> ClientConnection {
        let client_ip = peer.ip().to_canonical();
        let direct = ClientConnection { peer, local, scheme: Scheme::Http, port: local.port(), client_ip };
        if !self.trusts(client_ip) {
            return direct;
        }
        ClientConnection {
            scheme: last(headers, "x-forwarded-proto").and_then(scheme).unwrap_or(direct.scheme),
            port: last(headers, "x-forwarded-port").and_then(port).unwrap_or(direct.port),
            client_ip: self.origin(client_ip, headers),
            ..direct
        }
    }

    /// The nearest address that is not trusted, or else the farthest that is named.
    fn origin(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = peer;
        for hop in elements(headers, "x-forwarded-for") {
            match address(hop) {
                Some(address) if self.trusts(client) => client = address,
                _ => break,
            }
        }
        client
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

/// The elements of a list header, from the last to the first.
fn elements<'a>(headers: &'a HeaderMap, name: &str) -> impl Iterator<Item = &'a str> {
    let values: Vec<_> = headers.get_all(name).iter().collect();
    values.into_iter().rev().flat_map(|value| value.to_str().unwrap_or_default().rsplit(',').map(str::trim))
}

fn last<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    elements(headers, name).next()
}

fn scheme(text: &str) -> Option<Scheme> {
    match text {
        _ if text.eq_ignore_ascii_case("https") => Some(Scheme::Https),
        _ if text.eq_ignore_ascii_case("http") => Some(Scheme::Http),
        _ => None,
    }
}

fn port(text: &str) -> Option<u16> {
    text.parse().ok().filter(|port| *port != 0 && !text.starts_with('+'))
}

/// An address, with or without a port.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse::<IpAddr>().or_else(|_| text.parse::<SocketAddr>().map(|at| at.ip()));
    address.ok().map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(peer: &str, headers: &[(&'static str, &str)]) -> (Scheme, u16, String) {
        let networks = ["10.0.0.0/8", "fd00::/8"].map(|network| network.parse().unwrap());
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        let seen = TrustedProxies::new(networks.to_vec()).connection(
            SocketAddr::new(peer.parse().unwrap(), 50_000),
            SocketAddr::from(([127, 0, 0, 1], 8000)),
            &map,
        );
        (seen.scheme, seen.port, seen.client_ip.to_string())
    }

    #[test]
    fn strangers_say_nothing() {
        let headers =
            [("x-forwarded-for", "1.1.1.1"), ("x-forwarded-proto", "https"), ("x-forwarded-port", "443")];
        assert_eq!(seen("192.0.2.1", &headers), (Scheme::Http, 8000, "192.0.2.1".into()));
        assert_eq!(seen("10.0.0.1", &headers), (Scheme::Https, 443, "1.1.1.1".into()));
    }

    #[test]
    fn the_client_is_the_nearest_hop_that_is_not_trusted() {
        for (forwarded, client) in [
            (&["1.1.1.1"][..], "1.1.1.1"),
            (&["6.6.6.6, 1.1.1.1"], "1.1.1.1"),
            (&["6.6.6.6, 1.1.1.1, 10.0.0.2"], "1.1.1.1"),
            (&["6.6.6.6, 1.1.1.1", "10.0.0.2"], "1.1.1.1"),
            (&["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
            (&["1.1.1.1:443"], "1.1.1.1"),
            (&["[2001:db8::1]:443"], "2001:db8::1"),
            (&["2001:db8::1"], "2001:db8::1"),
            (&["[2001:db8::1]"], "2001:db8::1"),
            (&["::ffff:10.0.0.2"], "10.0.0.2"),
            (&["1.1.1.1, unknown"], "10.0.0.1"),
            (&["1.1.1.1, unknown, 10.0.0.2"], "10.0.0.2"),
            (&[""], "10.0.0.1"),
            (&["1.1.1.1,"], "10.0.0.1"),
            (&[], "10.0.0.1"),
        ] {
            let headers: Vec<_> = forwarded.iter().map(|value| ("x-forwarded-for", *value)).collect();
            assert_eq!(seen("10.0.0.1", &headers).2, client, "{forwarded:?}");
        }
        assert_eq!(seen("::ffff:10.0.0.1", &[("x-forwarded-for", "1.1.1.1")]).2, "1.1.1.1");
        assert_eq!(seen("fd00::1", &[("x-forwarded-for", "1.1.1.1")]).2, "1.1.1.1");
    }

    #[test]
    fn scheme_and_port_are_what_the_nearest_proxy_wrote() {
        for (proto, port, expected) in [
            ("https", "443", (Scheme::Https, 443)),
            ("HTTPS", " 8443 ", (Scheme::Https, 8443)),
            ("http, https", "80, 443", (Scheme::Https, 443)),
            ("https, http", "443, 80", (Scheme::Http, 80)),
            ("wss", "-1", (Scheme::Http, 8000)),
            ("https, ", "443,", (Scheme::Http, 8000)),
            ("https://", "65536", (Scheme::Http, 8000)),
            ("https", "+443", (Scheme::Https, 8000)),
            ("https", "0", (Scheme::Https, 8000)),
        ] {
            let (scheme, number, _) =
                seen("10.0.0.1", &[("x-forwarded-proto", proto), ("x-forwarded-port", port)]);
            assert_eq!((scheme, number), expected, "{proto} {port}");
        }
    }
}
