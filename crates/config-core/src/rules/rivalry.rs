//! How findings speak about routes that compete for the same requests.

use crate::diagnostic::Diagnostic;
use crate::model::missing_place;
use crate::proof::Proofs;
use crate::proof::pairs::{Contest, Crowd};
use crate::proof::request::Request;
use crate::proof::space::{EntryId, KongPick, Space};
use crate::rules::Rule;
use crate::source::Span;
use crate::syntax::Place;

/// The routes of a file, to be spoken about.
pub(super) struct Rivalry<'p, 'a> {
    pub proofs: &'p Proofs<'a>,
    pub space: &'p Space<'a>,
}

impl<'p, 'a> Rivalry<'p, 'a> {
    pub fn new(proofs: &'p Proofs<'a>) -> Self {
        Self { proofs, space: proofs.space() }
    }

    /// An entry in words: its route, and its path if that has several.
    pub fn label(&self, id: EntryId) -> String {
        let entry = self.space.entry(id);
        let route = &self.proofs.plan.routes()[entry.route.0];
        match entry.path.filter(|_| route.paths.len() > 1) {
            Some(path) => format!("{} (`{}`)", route.label(), route.paths[path]),
            None => route.label(),
        }
    }

    /// An entry's route in words.
    pub fn route(&self, id: EntryId) -> String {
        self.proofs.plan.routes()[self.space.entry(id).route.0].label()
    }

    /// Where an entry's path stands.
    pub fn place(&self, id: EntryId) -> Place {
        let entry = self.space.entry(id);
        let facts = self.proofs.facts;
        match entry.path.and_then(|path| facts.route(entry.route).paths.get(path)) {
            Some(path) => facts.document.place(path.node),
            None => self.route_place(id),
        }
    }

    /// Where an entry's route begins: at its name, or at its first key.
    pub fn route_place(&self, id: EntryId) -> Place {
        let facts = self.proofs.facts;
        let route = &facts.config[self.space.entry(id).route];
        match &route.fields.name {
            Some(name) => facts.document.place(name.node),
            None => missing_place(facts.document, route.node),
        }
    }

    /// The span of [`Self::place`].
    pub fn span(&self, id: EntryId) -> Span {
        self.place(id).span
    }

    /// What Kong does with a request that goes to `ours` here, as a clause.
    pub fn kong(&self, pick: KongPick, ours: EntryId) -> String {
        match pick {
            KongPick::Entry(theirs) if self.space.entry(theirs).route == self.space.entry(ours).route => {
                "Kong 3.10 does the same".to_owned()
            }
            KongPick::Entry(theirs) => format!("Kong 3.10 gives it to {}", self.label(theirs)),
            KongPick::Random => "Kong 3.10 goes by id, which is random for a route without a name".to_owned(),
            KongPick::Nothing => "Kong 3.10 gives it to none".to_owned(),
        }
    }

    /// One finding for all contests at one path. `message` says what one of them comes down to, `help`
    /// what to do about it.
    pub fn contests(
        &self,
        rule: Rule,
        crowd: &Crowd<Contest>,
        message: impl Fn(&Contest) -> String,
        help: impl Fn(&Contest) -> String,
    ) -> Option<Diagnostic> {
        let (told, others) = crowd.shown.split_first()?;
        let finding = Diagnostic::new(rule, self.place(crowd.broad), message(told))
            .help(help(told))
            .witness(told.request.witness());
        let other = |contest: &Contest| match contest.first == crowd.broad {
            true => contest.second,
            false => contest.first,
        };
        let finding =
            finding.related(self.span(other(told)), format!("the path of {}", self.label(other(told))));
        let finding = others
            .iter()
            .fold(finding, |f, contest| f.related(self.span(other(contest)), self.another(contest)));
        Some(match crowd.more {
            0 => finding,
            more => finding.related(
                self.span(crowd.broad),
                format!("up to {more} more paths compete with this one in the same way"),
            ),
        })
    }

    /// What a further contest at the same path comes down to.
    fn another(&self, contest: &Contest) -> String {
        format!(
            "{} gets {}; {}",
            self.label(contest.first),
            shown(&contest.request),
            self.kong(contest.kong, contest.first)
        )
    }

    /// How to settle which of two entries wins, in every flavor of Kong's router and here.
    pub fn settle(&self, first: EntryId, second: EntryId) -> String {
        let both = [first, second].map(|id| self.space.entry(id).rank);
        if both.iter().all(|rank| rank.regex && rank.headers == 0) {
            "give the route that is to win a higher `regex_priority`, or let the paths not overlap".to_owned()
        } else if both.iter().all(|rank| rank.regex) {
            let apart = match self.demand_one_header(first, second) {
                true => "list no header value on both routes",
                false => "add a route that lists the headers of both",
            };
            format!(
                "{apart}, or let the paths not overlap; a `regex_priority` does not help beside `headers`, where Kong \
                 adds it to the wrong bits"
            )
        } else {
            "give the route that is to win a longer path, or tell the two apart by their methods or hosts"
                .to_owned()
        }
    }

    /// Whether some header is one that both demand.
    fn demand_one_header(&self, first: EntryId, second: EntryId) -> bool {
        let [first, second] = [first, second].map(|id| &self.space.criteria(id).headers);
        first.iter().any(|header| second.iter().any(|other| other.name() == header.name()))
    }
}

/// A request in one line.
pub(super) fn shown(request: &Request) -> String {
    let witness = request.witness();
    let headers: Vec<String> =
        witness.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    match headers.is_empty() {
        true => format!("`{} {}`", witness.method, witness.path),
        false => format!("`{} {}` ({})", witness.method, witness.path, headers.join(", ")),
    }
}
