//! The order in which routes are tried.

use super::criteria::{Criteria, PathCriterion};

/// What ranks one path of a route (or a route without paths). Paths of one route with equal ranks
/// are one group to Kong: they are tried together, in the order written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rank {
    /// How many kinds of criteria the route lists.
    pub kinds: u8,
    /// Whether it lists hosts, none with a wildcard (no hosts at all count too, if so written).
    pub plain_hosts: bool,
    /// How many headers it lists, at most 255.
    pub headers: u8,
    /// Whether the path is a regex.
    pub regex: bool,
    /// `regex_priority`, for a regex; otherwise 0.
    pub regex_priority: i64,
    /// The length of the prefix in bytes; 0 for a regex.
    pub prefix_length: u64,
}

impl Rank {
    /// The rank of `path`, one of the paths of `route` (`None`: it has none).
    pub fn of(route: &Criteria, path: Option<&PathCriterion>) -> Self {
        let listed = [
            !route.methods.is_empty(),
            !route.hosts.is_empty(),
            !route.headers.is_empty(),
            !route.paths.is_empty(),
            !route.snis.is_empty(),
        ];
        let (regex, prefix_length) = match path {
            Some(PathCriterion::Regex(_)) => (true, 0),
            Some(PathCriterion::Prefix(text) | PathCriterion::Invalid(text)) => (false, text.len() as u64),
            None => (false, 0),
        };
        Self {
            kinds: listed.iter().filter(|listed| **listed).count() as u8,
            plain_hosts: route.hosts_given && !route.hosts.iter().any(|host| host.name().is_wildcard()),
            headers: u8::try_from(route.headers.len()).unwrap_or(u8::MAX),
            regex,
            regex_priority: if regex { route.regex_priority } else { 0 },
            prefix_length,
        }
    }

    /// The order that Kong documents, and ours: greater goes first. A negative `regex_priority`
    /// spills its sign into the higher fields and so goes before everything, as it does in Kong.
    pub fn documented(self) -> u64 {
        u64::from(self.kinds) << 61
            | u64::from(self.plain_hosts) << 60
            | u64::from(self.headers) << 52
            | u64::from(self.regex) << 51
            | (self.regex_priority as u64) << 19
            | self.prefix_length
    }

    /// The order that open-source Kong 3.10 computes: three of the fields are shifted in 32 bits,
    /// wrap around, and their sign fills the upper half.
    pub fn kong_shipped(self) -> u64 {
        let low = u32::from(self.kinds) << 29
            | u32::from(self.headers) << 20
            | (self.regex_priority as u32) << 19
            | (self.prefix_length & 0x7_FFFF) as u32;
        (low as i32) as u64 | u64::from(self.plain_hosts) << 60 | u64::from(self.regex) << 51
    }

    /// Why a path of this rank is tried before one of rank `other`, as the end of a sentence about
    /// it; `None` if the two rank alike.
    pub fn advantage(self, other: Self) -> Option<String> {
        if self.documented() == other.documented() {
            return None;
        }
        Some(if self.regex_priority < 0 || other.regex_priority < 0 {
            "a negative `regex_priority` goes before everything".to_owned()
        } else if self.kinds != other.kinds {
            format!("it lists more kinds of criteria ({} to {})", self.kinds, other.kinds)
        } else if self.plain_hosts != other.plain_hosts {
            "all its hosts are plain".to_owned()
        } else if self.headers != other.headers {
            format!("it lists more headers ({} to {})", self.headers, other.headers)
        } else if self.regex != other.regex {
            "a regex goes before a prefix".to_owned()
        } else if self.regex_priority != other.regex_priority {
            format!("its `regex_priority` is higher ({} to {})", self.regex_priority, other.regex_priority)
        } else {
            format!("its prefix is longer ({} to {} bytes)", self.prefix_length, other.prefix_length)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REGEX: Rank =
        Rank { kinds: 1, plain_hosts: false, headers: 0, regex: true, regex_priority: 0, prefix_length: 0 };
    const PREFIX: Rank = Rank { regex: false, prefix_length: 8, ..REGEX };

    /// Whether each order tries the first before the second: documented, shipped.
    fn first(a: Rank, b: Rank) -> (bool, bool) {
        (a.documented() > b.documented(), a.kong_shipped() > b.kong_shipped())
    }

    #[test]
    fn both_orders_agree_within_one_kind_count() {
        assert_eq!(first(REGEX, PREFIX), (true, true));
        assert_eq!(first(Rank { prefix_length: 9, ..PREFIX }, PREFIX), (true, true));
        assert_eq!(first(Rank { regex_priority: 5, ..REGEX }, REGEX), (true, true));
        assert_eq!(first(Rank { plain_hosts: true, ..PREFIX }, REGEX), (true, true));
    }

    #[test]
    fn the_shipped_order_has_kong_s_traps() {
        assert_eq!(first(Rank { kinds: 2, ..PREFIX }, REGEX), (true, false), "a regex beats more criteria");
        let host = Rank { plain_hosts: true, regex: false, ..REGEX };
        assert_eq!(
            first(Rank { kinds: 2, ..PREFIX }, host),
            (true, false),
            "a plain host beats more criteria"
        );
        let header = Rank { kinds: 2, headers: 1, ..REGEX };
        let (one, two) = (Rank { regex_priority: 1, ..header }, Rank { regex_priority: 2, ..header });
        assert_eq!(first(two, one), (true, false), "regex_priority collides with the header count");
        assert_eq!(first(Rank { headers: 2, ..Rank { kinds: 2, ..PREFIX } }, header), (true, false));
        let full = Rank { kinds: 4, plain_hosts: true, headers: 1, ..REGEX };
        let prefix = Rank { regex: false, prefix_length: 3, ..full };
        assert_eq!(first(full, prefix), (true, false), "four kinds: a prefix beats a regex");
        assert_eq!(first(Rank { regex_priority: -1, ..REGEX }, full), (true, true), "a negative goes first");
        let wraps = Rank { regex_priority: 8192, ..REGEX };
        assert_eq!(wraps.kong_shipped(), REGEX.kong_shipped(), "multiples of 8192 count as 0");
    }
}
