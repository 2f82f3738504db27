//! Which headers to send.
//!
//! A header more can only make more routes match, so what is sent is one value for each demand and
//! nothing else. A value that a demand writes out is the only one that meets it, case aside. Of the
//! values that a regex matches a few are tried: if a route in question accepts them that should not,
//! another might have done.

use super::cell::{CANDIDATES, Choices, choose};
use super::value;
use crate::plan::criteria::{Criteria, HeaderCriterion, HeaderValue};

/// Names and values of the headers of a request.
pub type Sent = Vec<(String, String)>;

/// The headers that meet all the demands of `all`.
pub fn choices(all: &[&Criteria], none: &[&Criteria]) -> Choices<Sent> {
    let mut demands: Vec<&HeaderCriterion> = all.iter().flat_map(|route| &route.headers).collect();
    if demands.is_empty() {
        return Choices { kept: vec![Sent::new()], complete: true };
    }
    // What is written out may meet a regex too.
    demands.sort_by_key(|demand| demand.values().iter().any(is_regex));
    let mut drafts = Drafts { none, most: CANDIDATES, sent: Vec::new(), complete: true };
    if none.is_empty() {
        drafts.most = 1;
    }
    drafts.extend(Sent::new(), &demands);
    let accepts = |route: &Criteria, sent: &Sent| route.headers.iter().all(|demand| is_met(demand, sent));
    let others = (!drafts.complete).then_some(None);
    choose(drafts.sent.into_iter().map(Some).chain(others), none, accepts)
}

/// Lists of headers in the making.
struct Drafts<'a> {
    none: &'a [&'a Criteria],
    most: usize,
    sent: Vec<Sent>,
    /// Whether there is none of another kind.
    complete: bool,
}

impl Drafts<'_> {
    /// Adds to `sent` what the rest of the demands needs, in every way.
    fn extend(&mut self, sent: Sent, demands: &[&HeaderCriterion]) {
        if self.sent.len() == self.most || sent.len() > HEADERS {
            self.complete = false;
            return;
        }
        let Some((demand, rest)) = demands.split_first() else {
            self.sent.push(sent);
            return;
        };
        if is_met(demand, &sent) {
            return self.extend(sent, rest);
        }
        // The router reads the host apart.
        self.complete &= demand.name() != "host";
        // What meets a later demand too comes first: a header is seldom sent twice.
        let is_shared = |wanted: &&HeaderValue| match wanted {
            HeaderValue::Exact(text) => {
                let mut others = rest.iter().filter(|other| other.name() == demand.name());
                others.all(|other| other.values().iter().any(|value| value.accepts(text)))
            }
            HeaderValue::Regex(_) => false,
        };
        let (first, then): (Vec<_>, Vec<_>) = demand.values().iter().partition(is_shared);
        for wanted in first.into_iter().chain(then) {
            let texts = match wanted {
                HeaderValue::Exact(text) => vec![text.clone()],
                HeaderValue::Regex(pattern) => value::matching(pattern),
            };
            let texts: Vec<_> = texts
                .into_iter()
                .filter(|text| is_sendable(text) && wanted.accepts(&text.to_lowercase()))
                .collect();
            self.complete &= !texts.is_empty();
            for text in texts {
                self.complete &= !is_regex(wanted) || !self.is_looked_at(demand.name(), &text);
                let mut more = sent.clone();
                more.push((demand.name().to_owned(), text));
                self.extend(more, rest);
            }
        }
    }

    /// Whether a route that should not match accepts the value.
    fn is_looked_at(&self, name: &str, text: &str) -> bool {
        let lowered = text.to_lowercase();
        let mut demands = self.none.iter().flat_map(|route| &route.headers);
        demands.any(|demand| {
            demand.name() == name && demand.values().iter().any(|value| value.accepts(&lowered))
        })
    }
}

/// More are not sent: the router sees a hundred, the host among them.
const HEADERS: usize = 90;

fn is_met(demand: &HeaderCriterion, sent: &Sent) -> bool {
    let mut named = sent.iter().filter(|(name, _)| name == demand.name());
    named.any(|(_, value)| {
        let lowered = value.to_lowercase();
        demand.values().iter().any(|wanted| wanted.accepts(&lowered))
    })
}

fn is_regex(value: &HeaderValue) -> bool {
    matches!(value, HeaderValue::Regex(_))
}

/// Whether a header can carry the value as it is.
fn is_sendable(value: &str) -> bool {
    value.trim() == value && !value.chars().any(|c| c.is_control())
}
