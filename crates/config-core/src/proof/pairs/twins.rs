//! Paths that an earlier one repeats: both match the very same requests, and the earlier one gets them.

use rustc_hash::FxHashMap;

use crate::pattern::Pattern;
use crate::plan::criteria::{Criteria, HeaderValue, HostPattern, PathCriterion, SniPattern};
use crate::proof::space::{EntryId, Space};

/// The entries that repeat another one, each with the first that matches the same requests; in the order
/// in which they are tried. Those that are written alike but for the names of groups are found, no others.
pub(super) fn find(space: &Space) -> Vec<(EntryId, EntryId)> {
    let mut first: FxHashMap<Key, EntryId> = FxHashMap::default();
    let ids = (0..space.entries().len() as u32).map(EntryId);
    let twins = ids.filter_map(|id| {
        let key = Key::of(space.criteria(id), space.path(id))?;
        let leader = *first.entry(key).or_insert(id);
        (leader != id).then_some((leader, id))
    });
    twins.collect()
}

/// All that decides whether an entry matches a request.
#[derive(PartialEq, Eq, Hash)]
struct Key<'p> {
    path: Path<'p>,
    methods: &'p [String],
    hosts: &'p [HostPattern],
    snis: &'p [SniPattern],
    headers: Vec<(&'p str, Vec<Value<'p>>)>,
}

#[derive(PartialEq, Eq, Hash)]
enum Path<'p> {
    Any,
    Prefix(&'p str),
    /// The pattern without the names of its groups.
    Regex(String),
}

#[derive(PartialEq, Eq, Hash)]
enum Value<'p> {
    Exact(&'p str),
    Regex(&'p str),
}

impl<'p> Key<'p> {
    /// `None` if nothing matches.
    fn of(route: &'p Criteria, path: Option<&'p PathCriterion>) -> Option<Self> {
        let path = match path {
            None => Path::Any,
            Some(PathCriterion::Prefix(text)) => Path::Prefix(text),
            Some(PathCriterion::Regex(pattern)) => Path::Regex(nameless(pattern)),
            Some(PathCriterion::Invalid(_)) => return None,
        };
        let value = |value: &'p HeaderValue| match value {
            HeaderValue::Exact(text) => Value::Exact(text),
            HeaderValue::Regex(pattern) => Value::Regex(pattern.written()),
        };
        let headers = route.headers.iter();
        Some(Self {
            path,
            methods: &route.methods,
            hosts: &route.hosts,
            snis: &route.snis,
            headers: headers.map(|it| (it.name(), it.values().iter().map(value).collect())).collect(),
        })
    }
}

fn nameless(pattern: &Pattern) -> String {
    let (written, mut text, mut at) = (pattern.written(), String::new(), 0);
    for group in pattern.groups().iter().filter(|group| group.name.is_some()) {
        text += &written[at..group.name_range.start];
        at = group.name_range.end;
    }
    text + &written[at..]
}
