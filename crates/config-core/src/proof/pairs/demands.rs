//! What routes demand beside the path, to tell quickly that no request meets two of them. Lists are held
//! against each other by looking up what the shorter one has, since a file may have many long ones.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::plan::criteria::{Criteria, HeaderValue, NamePattern};

/// What a route demands beside the path.
pub(super) struct Demands<'p> {
    methods: Listed<'p>,
    hosts: Listed<'p>,
    /// By name; all of them.
    headers: FxHashMap<&'p str, Vec<Values<'p>>>,
}

/// What does for a header.
struct Values<'p> {
    texts: Listed<'p>,
    regexes: Vec<&'p HeaderValue>,
}

/// What a list writes out.
struct Listed<'p> {
    texts: FxHashSet<&'p str>,
    /// Whether other texts may do too.
    open: bool,
}

impl<'p> Demands<'p> {
    /// Those of a route.
    pub fn of(route: &'p Criteria) -> Self {
        let host = |name: &'p NamePattern| match name {
            NamePattern::Exact(name) => Some(name.as_str()),
            NamePattern::Suffix(_) | NamePattern::Prefix(_) => None,
        };
        let value = |value: &'p HeaderValue| match value {
            HeaderValue::Exact(text) => Some(text.as_str()),
            HeaderValue::Regex(_) => None,
        };
        let mut headers: FxHashMap<_, Vec<_>> = FxHashMap::default();
        for header in &route.headers {
            let regexes = header.values().iter().filter(|value| matches!(value, HeaderValue::Regex(_)));
            let texts = Listed::of(header.values().iter().map(value));
            headers.entry(header.name()).or_default().push(Values { texts, regexes: regexes.collect() });
        }
        Self {
            methods: match route.methods.is_empty() {
                true => Listed::of([None]),
                false => Listed::of(route.methods.iter().map(|method| Some(method.as_str()))),
            },
            hosts: match route.hosts.is_empty() {
                true => Listed::of([None]),
                false => Listed::of(route.hosts.iter().map(|pattern| host(pattern.name()))),
            },
            headers,
        }
    }

    /// Whether one request may meet both. Says yes where it takes a closer look.
    pub fn may_meet(&self, other: &Self) -> bool {
        self.methods.may_share(&other.methods) && self.hosts.may_share(&other.hosts)
    }

    /// Whether one value of each header that both demand may meet both. Clients do not send the same
    /// header twice with different values, so what takes that is no contest.
    pub fn may_share_headers(&self, other: &Self) -> bool {
        self.headers.iter().all(|(name, demanded)| {
            let others = other.headers.get(name).map_or(&[][..], Vec::as_slice);
            demanded.iter().all(|values| others.iter().all(|others| values.may_share(others)))
        })
    }
}

impl Values<'_> {
    fn may_share(&self, other: &Self) -> bool {
        !self.regexes.is_empty() && !other.regexes.is_empty()
            || self.texts.share(&other.texts)
            || self.texts.meet(&other.regexes)
            || other.texts.meet(&self.regexes)
    }
}

impl<'p> Listed<'p> {
    /// The texts of a list; `None` stands for what is not written out.
    fn of(texts: impl IntoIterator<Item = Option<&'p str>>) -> Self {
        let mut open = false;
        let texts = texts.into_iter().inspect(|text| open |= text.is_none()).flatten().collect();
        Self { texts, open }
    }

    fn may_share(&self, other: &Self) -> bool {
        self.open || other.open || self.share(other)
    }

    fn share(&self, other: &Self) -> bool {
        let (few, many) = if self.texts.len() < other.texts.len() { (self, other) } else { (other, self) };
        few.texts.iter().any(|text| many.texts.contains(text))
    }

    fn meet(&self, regexes: &[&HeaderValue]) -> bool {
        regexes.iter().any(|regex| self.texts.iter().any(|text| regex.accepts(text)))
    }
}
