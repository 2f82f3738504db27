//! Which headers to send.
//!
//! A header more can only make more routes match, so what is sent is one value for each demand and
//! nothing else. A value that a demand writes out is the only one that meets it, case aside. Of the
//! values that a regex matches a few are tried: if a route in question accepts them that should not,
//! another might have done.

use super::cell::{Choices, Question, choose};
use super::value;
use crate::pattern::HeaderPattern;
use crate::plan::criteria::{Criteria, HeaderCriterion, HeaderValue};

/// Names and values of the headers of a request.
pub type Sent = Vec<(String, String)>;

/// The headers that meet all the demands of a question.
pub fn choices(question: Question<'_>) -> Choices<Sent> {
    let demanded = question.all.iter().flat_map(|route| &route.headers);
    let mut demands: Vec<Demand> = demanded.map(|criterion| Demand::of(criterion, question)).collect();
    if demands.is_empty() {
        return Choices { kept: vec![Sent::new()], complete: true, tried: 0 };
    }
    share_texts(&mut demands);
    // What is written out may meet a regex too.
    demands.sort_by_key(|demand| demand.criterion.values().iter().any(is_regex));
    let most = if question.none.is_empty() { 1 } else { question.candidates };
    let complete = demands.iter().all(|demand| demand.complete);
    let mut drafts = Drafts { most, steps: STEPS * question.candidates, sent: Vec::new(), complete };
    drafts.extend(&Sent::new(), &demands);
    let accepts =
        |route: &Criteria, sent: &Sent| route.headers.iter().all(|criterion| is_met(criterion, sent));
    let others = (!drafts.complete).then_some(None);
    choose(question, drafts.sent.into_iter().map(Some).chain(others), accepts)
}

/// How many headers are put together for each list of them that is considered.
const STEPS: usize = 16;

/// A demand, and values that meet it.
struct Demand<'q> {
    criterion: &'q HeaderCriterion,
    texts: Vec<String>,
    /// Whether no other value would do more.
    complete: bool,
}

impl<'q> Demand<'q> {
    fn of(criterion: &'q HeaderCriterion, question: Question<'q>) -> Self {
        let mut demand = Self {
            criterion,
            texts: Vec::new(),
            // The router reads the host apart.
            complete: criterion.name() != "host" && criterion.values().len() <= question.candidates,
        };
        for wanted in criterion.values().iter().take(question.candidates) {
            let texts = match wanted {
                HeaderValue::Exact(text) => vec![text.clone()],
                HeaderValue::Regex(pattern) => value::matching(pattern),
            };
            let met = |text: &String| is_sendable(text) && wanted.accepts(&text.to_lowercase());
            let texts: Vec<_> = texts.into_iter().filter(met).collect();
            demand.complete &= !texts.is_empty();
            if let HeaderValue::Regex(pattern) = wanted {
                let differs = |text: &String| tells_apart(question.none, criterion.name(), pattern, text);
                demand.complete &= !texts.iter().any(differs);
            }
            demand.texts.extend(texts);
        }
        demand
    }
}

/// Adds to the texts of regexes what may meet several demands on one header: the other demands' texts,
/// and two in a row, for regexes that are found anywhere.
fn share_texts(demands: &mut [Demand]) {
    for at in 0..demands.len() {
        let Demand { criterion, texts: own, .. } = &demands[at];
        if !criterion.values().iter().any(is_regex) {
            continue;
        }
        let others = demands.iter().enumerate().filter(|(other, _)| *other != at);
        let others = others.filter(|(_, other)| other.criterion.name() == criterion.name());
        let mut shared: Vec<String> = Vec::new();
        for text in others.flat_map(|(_, other)| &other.texts).take(SHARED) {
            let rows =
                own.iter().take(SHARED).flat_map(|own| [format!("{own}{text}"), format!("{text}{own}")]);
            for text in [text.clone()].into_iter().chain(rows) {
                let lowered = text.to_lowercase();
                let is_met = criterion.values().iter().any(|value| value.accepts(&lowered));
                if is_met && is_sendable(&text) && !own.contains(&text) && !shared.contains(&text) {
                    shared.push(text);
                }
            }
        }
        demands[at].texts.extend(shared);
    }
}

/// How many texts of each of two demands are put in a row.
const SHARED: usize = 4;

/// Whether a route that should not match accepts this text of the pattern's, and may not accept others.
fn tells_apart(none: &[&Criteria], name: &str, pattern: &HeaderPattern, text: &str) -> bool {
    let lowered = text.to_lowercase();
    let mut criteria = none.iter().flat_map(|route| &route.headers).filter(|it| it.name() == name);
    criteria.any(|criterion| {
        let takes_all = |value: &HeaderValue| match value {
            HeaderValue::Exact(_) => false,
            HeaderValue::Regex(other) => {
                other.compiled() == pattern.compiled() || other.is_any_text() && !pattern.is_match_lowered("")
            }
        };
        let values = criterion.values();
        values.iter().any(|value| value.accepts(&lowered)) && !values.iter().any(takes_all)
    })
}

/// Lists of headers in the making.
struct Drafts {
    most: usize,
    steps: usize,
    sent: Vec<Sent>,
    /// Whether there is none of another kind.
    complete: bool,
}

impl Drafts {
    /// Adds to `sent` what the rest of the demands needs, in every way.
    fn extend(&mut self, sent: &Sent, demands: &[Demand]) {
        if self.sent.len() == self.most || self.steps == 0 || sent.len() > HEADERS {
            self.complete = false;
            return;
        }
        self.steps -= 1;
        let Some((demand, rest)) = demands.split_first() else {
            self.sent.push(sent.clone());
            return;
        };
        if is_met(demand.criterion, sent) {
            return self.extend(sent, rest);
        }
        // What meets a later demand too comes first: a header is seldom sent twice.
        let is_shared = |text: &&String| {
            let others = rest.iter().map(|other| other.criterion);
            let mut others = others.filter(|other| other.name() == demand.criterion.name());
            others.all(|other| other.values().iter().any(|value| value.accepts(&text.to_lowercase())))
        };
        let (first, then): (Vec<_>, Vec<_>) = demand.texts.iter().partition(is_shared);
        for text in first.into_iter().chain(then) {
            let mut more = sent.clone();
            more.push((demand.criterion.name().to_owned(), text.clone()));
            self.extend(&more, rest);
            if self.sent.len() == self.most || self.steps == 0 {
                self.complete = false;
                return;
            }
        }
    }
}

/// More are not sent: the router sees a hundred, the host among them.
const HEADERS: usize = 90;

fn is_met(criterion: &HeaderCriterion, sent: &Sent) -> bool {
    let mut named = sent.iter().filter(|(name, _)| name == criterion.name());
    named.any(|(_, value)| {
        let lowered = value.to_lowercase();
        criterion.values().iter().any(|wanted| wanted.accepts(&lowered))
    })
}

fn is_regex(value: &HeaderValue) -> bool {
    matches!(value, HeaderValue::Regex(_))
}

/// Whether a header can carry the value as it is.
fn is_sendable(value: &str) -> bool {
    value.trim() == value && !value.chars().any(|c| c.is_control())
}
