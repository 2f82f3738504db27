//! Pairs of which the order decides, where the file does not show the order or Kong has another.

use std::cmp::Ordering;

use rustc_hash::{FxHashMap, FxHashSet};

use super::candidates::{Meeting, Shape};
use super::shadow::Wins;
use super::{Contest, Crowd, Judge, SHOWN};
use crate::language::Undecided;
use crate::model::RouteIndex;
use crate::plan::request::Scheme;
use crate::proof::request::Request;
use crate::proof::space::EntryId;

/// Which of two entries Kong tries first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KongOrder {
    /// The one that is tried first here.
    Same,
    /// The other one.
    Other,
    /// The one with the greater id, and ids are random.
    Random,
}

/// The contests found so far.
pub(super) struct Contests {
    /// Routes of which something graver is said.
    crossed: FxHashSet<(RouteIndex, RouteIndex)>,
    answers: Answers,
    ambiguous: Vec<Crowd<Contest>>,
    reordered: Vec<Crowd<Contest>>,
    /// Pairs that no question was left for.
    unasked: usize,
}

/// What a contest is reported as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Ambiguous,
    Reordered,
}

impl Contests {
    /// None yet. Nothing will be said of the routes `crossed`.
    pub fn new(crossed: FxHashSet<(RouteIndex, RouteIndex)>) -> Self {
        Self {
            crossed,
            answers: Answers::default(),
            ambiguous: Vec::new(),
            reordered: Vec::new(),
            unasked: 0,
        }
    }

    /// Turns to the pairs of which `broad` is the broader path.
    pub fn begin(&mut self, broad: EntryId) {
        self.answers.sample = None;
        for crowds in [&mut self.ambiguous, &mut self.reordered] {
            crowds.push(Crowd { broad, shown: Vec::new(), more: 0 });
        }
    }

    /// Has looked at all of them.
    pub fn end(&mut self) {
        for crowds in [&mut self.ambiguous, &mut self.reordered] {
            crowds.pop_if(|crowd| crowd.shown.is_empty());
        }
    }

    /// Looks at one pair, given in the order in which its entries are tried.
    pub fn add(&mut self, judge: &mut Judge, pair: (EntryId, EntryId), meeting: &Meeting) {
        let (first, second) = pair;
        match self.consider(judge, pair, meeting) {
            Ok(()) => {}
            Err(Undecided::TooMany) => self.unasked += 1,
            Err(reason) => {
                let [first, second] = [first, second].map(|id| judge.label(id));
                judge
                    .proofs
                    .leave_open(reason, format!("whether {first} and {second} match the same requests"));
            }
        }
    }

    /// The ties, what Kong tries in another order, and how many pairs no question was left for.
    pub fn into_parts(self) -> (Vec<Crowd<Contest>>, Vec<Crowd<Contest>>, usize) {
        (self.ambiguous, self.reordered, self.unasked)
    }

    fn consider(
        &mut self,
        judge: &mut Judge,
        (first, second): (EntryId, EntryId),
        meeting: &Meeting,
    ) -> Result<(), Undecided> {
        let is_tie = judge.is_tie(first, second);
        let order = judge.kong_order(first, second);
        let is_told =
            !is_tie && order == KongOrder::Same || self.crossed.contains(&judge.routes(first, second));
        if is_told || !judge.demands(first).may_share_headers(judge.demands(second)) {
            return Ok(());
        }
        if !self.answers.meet(judge, meeting)? {
            return Ok(());
        }
        let may_be_meant = is_tie && order == KongOrder::Other;
        let kind = match may_be_meant && self.answers.is_inside(judge, (first, second), meeting)? {
            true => Kind::Reordered,
            false if is_tie => Kind::Ambiguous,
            false => Kind::Reordered,
        };
        if self.is_full(kind) {
            return Ok(());
        }
        let is_settled = [first, second].map(|id| judge.wins(id)).contains(&Wins::Nothing);
        if is_settled || judge.are_alike(first, second) {
            return Ok(());
        }
        judge.ask()?;
        let Some(request) = judge.space.find_won(&[first, second], None)? else { return Ok(()) };
        // What both refuse for want of TLS comes only where no request over TLS is for both.
        if request.scheme == Scheme::Http && ![first, second].iter().any(|id| judge.serves_plain(*id)) {
            return Ok(());
        }
        if sends_twice(&request) {
            return Ok(());
        }
        // The paths are inside; methods, hosts and headers may not be.
        let kind = match is_tie && kind == Kind::Reordered && !judge.is_inside(first, second)? {
            true => Kind::Ambiguous,
            false => kind,
        };
        if !self.is_full(kind) {
            let kong = judge.space.kong_winner(&request);
            self.crowd(kind).shown.push(Contest { first, second, request, kong });
        }
        Ok(())
    }

    /// Whether no more of a kind are shown here; then this one is counted.
    fn is_full(&mut self, kind: Kind) -> bool {
        let crowd = self.crowd(kind);
        let is_full = crowd.shown.len() >= SHOWN;
        crowd.more += usize::from(is_full);
        is_full
    }

    fn crowd(&mut self, kind: Kind) -> &mut Crowd<Contest> {
        let crowds = match kind {
            Kind::Ambiguous => &mut self.ambiguous,
            Kind::Reordered => &mut self.reordered,
        };
        crowds.last_mut().expect("`begin` has been called")
    }
}

/// What automata have said of paths. Pairs of one shape are asked about once.
#[derive(Default)]
struct Answers {
    meet: FxHashMap<Shape, Result<bool, Undecided>>,
    /// Whether the narrow one is inside the broad one.
    narrow_inside: FxHashMap<Shape, Result<bool, Undecided>>,
    /// Whether the broad one is inside the narrow one, which begins with the same literal.
    broad_inside: FxHashMap<Shape, Result<bool, Undecided>>,
    /// A path of the broad one that is looked at.
    sample: Option<Option<String>>,
}

impl Answers {
    /// Whether a path is of both.
    fn meet(&mut self, judge: &mut Judge, meeting: &Meeting) -> Result<bool, Undecided> {
        let (broad, narrow) = judge.entries_of(meeting);
        remembered(&mut self.meet, meeting.shape, || judge.has_path(&[broad, narrow], &[]))
    }

    /// Whether every path of the first is one of the second.
    fn is_inside(
        &mut self,
        judge: &mut Judge,
        (first, second): (EntryId, EntryId),
        meeting: &Meeting,
    ) -> Result<bool, Undecided> {
        let (broad, narrow) = judge.entries_of(meeting);
        if first == narrow {
            return remembered(&mut self.narrow_inside, meeting.shape, || {
                Ok(!judge.has_path(&[first], &[second])?)
            });
        }
        if let Some(shape) = meeting.shape.filter(Shape::is_together) {
            return remembered(&mut self.broad_inside, Some(shape), || {
                Ok(!judge.has_path(&[first], &[second])?)
            });
        }
        // Hardly ever does a pattern demand more than is written out at its beginning.
        let sample = match &self.sample {
            Some(known) => known,
            None => self.sample.insert(judge.space.find_path(&[broad], &[])?),
        };
        let may_be = sample.as_ref().is_none_or(|sample| sample.starts_with(judge.literal(narrow)));
        Ok(may_be && !judge.has_path(&[first], &[second])?)
    }
}

/// The answer for pairs of this shape. That the budget is spent is not remembered.
fn remembered(
    answers: &mut FxHashMap<Shape, Result<bool, Undecided>>,
    shape: Option<Shape>,
    ask: impl FnOnce() -> Result<bool, Undecided>,
) -> Result<bool, Undecided> {
    let Some(shape) = shape else { return ask() };
    if let Some(known) = answers.get(&shape) {
        return *known;
    }
    let answer = ask();
    if answer != Err(Undecided::TooMany) {
        answers.insert(shape, answer);
    }
    answer
}

impl Judge<'_, '_> {
    /// Whether the order in the file alone decides between two entries.
    pub(super) fn is_tie(&self, a: EntryId, b: EntryId) -> bool {
        self.space.entry(a).rank.documented() == self.space.entry(b).rank.documented()
    }

    /// Which of two entries Kong tries first; `first` is the one that is here.
    pub(super) fn kong_order(&self, first: EntryId, second: EntryId) -> KongOrder {
        let [ours, other] = [first, second].map(|id| self.kong[id.0 as usize]);
        match ours.order(other) {
            Some(Ordering::Greater) => KongOrder::Same,
            Some(Ordering::Less | Ordering::Equal) => KongOrder::Other,
            None => KongOrder::Random,
        }
    }

    /// Whether every request that `first` matches is one that `second` matches.
    pub(super) fn is_inside(&mut self, first: EntryId, second: EntryId) -> Result<bool, Undecided> {
        self.ask()?;
        Ok(self.space.find(&[first], &[second])?.is_none())
    }

    /// Whether an entry's route answers requests over plain HTTP.
    fn serves_plain(&self, id: EntryId) -> bool {
        let protocols = self.space.criteria(id).protocols;
        protocols.http || protocols.grpc
    }

    /// Whether a path is of each of `all` and of none of `none`.
    fn has_path(&mut self, all: &[EntryId], none: &[EntryId]) -> Result<bool, Undecided> {
        self.ask()?;
        Ok(self.space.find_path(all, none)?.is_some())
    }

    fn are_alike(&mut self, a: EntryId, b: EntryId) -> bool {
        let (a, b) = (self.route(a), self.route(b));
        self.behaviours.are_alike(self.proofs.facts, a, b)
    }
}

/// Whether a header is sent more than once.
fn sends_twice(request: &Request) -> bool {
    let names = request.headers.iter().map(|(name, _)| name);
    names.enumerate().any(|(at, name)| request.headers[..at].iter().any(|(other, _)| other == name))
}
