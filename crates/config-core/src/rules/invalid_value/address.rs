//! IP addresses and ranges of them.

use std::net::IpAddr;

use super::{Fault, Verdict};

/// An address, or a range of addresses in CIDR notation.
pub(super) fn ip_or_range(text: &str) -> Verdict {
    let (address, bits) = match text.split_once('/') {
        Some((address, bits)) => (address, Some(bits)),
        None => (text, None),
    };
    let Ok(ip) = address.parse::<IpAddr>() else {
        return Err(Fault::new(
            0..address.len(),
            format!("`{address}` is not an IP address"),
            "write an address or a range, as in `10.0.0.1`, `10.0.0.0/8` or `fd00::/8`",
        ));
    };
    let most = if ip.is_ipv4() { 32 } else { 128 };
    let digits = |bits: &str| !bits.is_empty() && bits.bytes().all(|byte| byte.is_ascii_digit());
    match bits {
        Some(bits) if !digits(bits) || bits.parse::<u8>().map_or(true, |bits| bits > most) => {
            Err(Fault::new(
                address.len() + 1..text.len(),
                format!("`{bits}` is not the length of an address prefix"),
                format!("write a number from 0 to {most} after the `/`"),
            ))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_ranges() {
        for text in ["10.0.0.1", "10.0.0.0/8", "::1", "fd00::/8", "0.0.0.0/0"] {
            assert!(ip_or_range(text).is_ok(), "{text}");
        }
        for (text, range) in [
            ("10.0.0", 0..6),
            ("10.0.0.256", 0..10),
            ("ai.test", 0..7),
            ("10.0.0.0/33", 9..11),
            ("10.0.0.0/", 9..9),
            ("10.0.0.0/+8", 9..11),
            ("::/129", 3..6),
        ] {
            assert_eq!(ip_or_range(text).expect_err(text).range, range, "{text}");
        }
    }
}
