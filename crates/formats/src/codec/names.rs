//! Names of tools that a provider would refuse.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use crate::chat::Chat;

/// Tools that had to be renamed for a provider.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ToolNames {
    /// What was sent, by the client's name.
    sent: HashMap<String, String>,
    /// The client's name, by what was sent.
    originals: HashMap<String, String>,
}

/// What a provider takes for the name of a tool.
#[derive(Debug, Clone, Copy)]
pub struct NameRule {
    /// The most characters.
    pub max: usize,
    /// Whether a name may have this character.
    pub is_allowed: fn(char) -> bool,
    /// Whether a name may begin with this one.
    pub is_first: fn(char) -> bool,
}

impl ToolNames {
    /// Finds a name for every tool that the request declares, or says was called, and that the rule does
    /// not allow. Names that it allows stay, and no two tools get the same one.
    pub fn fitting(chat: &Chat<'_>, rule: &NameRule) -> Self {
        let called = chat.tool_calls().map(|call| &*call.name);
        let names: Vec<&str> = chat.tools.iter().map(|tool| &*tool.name).chain(called).collect();
        let mut renamed = Self::default();
        if names.iter().all(|name| rule.allows(name)) {
            return renamed;
        }
        let known: HashSet<&str> = names.iter().copied().collect();
        for name in names.into_iter().filter(|name| !rule.allows(name)) {
            let fitted = rule.fit(name);
            let is_taken = known.contains(&*fitted) || renamed.originals.contains_key(&fitted);
            renamed.rename(name, &if is_taken { rule.fit_unlike(name) } else { fitted });
        }
        renamed
    }

    /// Remembers that the tool `original` was sent as `sent`.
    pub fn rename(&mut self, original: &str, sent: &str) {
        if original != sent && !self.sent.contains_key(original) {
            self.sent.insert(original.to_owned(), sent.to_owned());
            self.originals.entry(sent.to_owned()).or_insert_with(|| original.to_owned());
        }
    }

    /// The name by which the provider is told of a tool.
    pub fn sent<'a>(&'a self, original: &'a str) -> &'a str {
        self.sent.get(original).map_or(original, String::as_str)
    }

    /// The client's name of a tool that the provider calls `sent`.
    pub fn original<'a>(&'a self, sent: &'a str) -> &'a str {
        self.originals.get(sent).map_or(sent, String::as_str)
    }
}

impl NameRule {
    /// An id that is allowed: the given one if it is, else one that is always the same for it.
    pub(crate) fn fitted<'a>(&self, id: &'a str) -> Cow<'a, str> {
        if self.allows(id) { Cow::Borrowed(id) } else { self.fit_unlike(id).into() }
    }

    fn allows(&self, name: &str) -> bool {
        name.chars().next().is_some_and(self.is_first)
            && name.chars().all(self.is_allowed)
            && name.chars().count() <= self.max
    }

    /// A name that is allowed, as like the given one as it can be.
    fn fit(&self, name: &str) -> String {
        let is_first = name.chars().next().is_some_and(|first| (self.is_first)(first));
        let lead = if is_first { "" } else { "_" };
        let allowed = name.chars().map(|c| if (self.is_allowed)(c) { c } else { '_' });
        lead.chars().chain(allowed).take(self.max).collect()
    }

    /// The same, told from similar ones by a hash of the given name, so that it does not depend on their
    /// order.
    fn fit_unlike(&self, name: &str) -> String {
        let hash = format!("_{:016x}", fnv1a(name));
        let fitted: String = self.fit(name).chars().take(self.max.saturating_sub(hash.len())).collect();
        fitted + &hash
    }
}

/// A hash that is the same in every request and on every machine (FNV-1a): names and ids that are replaced by
/// theirs meet again.
pub(crate) fn fnv1a(text: &str) -> u64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::body::{Members, json_text};
    use crate::openai::Options;

    const RULE: NameRule = NameRule {
        max: 24,
        is_allowed: |c| c.is_ascii_alphanumeric() || c == '_',
        is_first: |c| c.is_ascii_alphabetic() || c == '_',
    };

    fn fitted(names: &[&str]) -> ToolNames {
        let tools: Vec<_> =
            names.iter().map(|name| format!(r#"{{"function":{{"name":{}}}}}"#, json_text(name))).collect();
        let body =
            format!(r#"{{"messages":[{{"role":"user","content":"x"}}],"tools":[{}]}}"#, tools.join(","));
        let body = Members::parse(body.as_bytes()).unwrap();
        ToolNames::fitting(&Chat::read(&body, "m", false, &Options::default()).unwrap(), &RULE)
    }

    #[test]
    fn names_change_as_little_as_they_have_to() {
        let names = fitted(&["time.now", "1st", "get_time", "time now", "1st"]);
        assert_eq!((names.sent("time.now"), names.sent("1st")), ("time_now", "_1st"));
        assert_eq!(names.sent("get_time"), "get_time");
        assert_eq!(names.sent("time now"), "time_no_c9c88779ae18c134");
        assert_eq!(names.original("time_now"), "time.now");
        assert_eq!(names.original("get_time"), "get_time");
        let taken = fitted(&["a.b", "a_b"]);
        assert_ne!(taken.sent("a.b"), "a_b");
    }

    proptest! {
        #[test]
        fn every_tool_has_a_name_of_its_own(names in prop::collection::vec("[a-b.é1]{1,3}|[ab.]{30}", 1..12)) {
            let names: Vec<_> = names.iter().map(String::as_str).collect();
            let fitted = fitted(&names);
            for name in names {
                let sent = fitted.sent(name);
                prop_assert!(RULE.allows(sent), "{sent}");
                prop_assert_eq!(fitted.original(sent), name);
            }
        }
    }
}
