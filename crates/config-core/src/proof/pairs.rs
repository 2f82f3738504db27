//! Which routes compete for the same requests, and the one finding that each pair of them gets.
//!
//! Findings stand at the broader of two paths, the one with the shorter literal beginning (of equals the
//! later in the file), so that a catch-all over a thousand routes is one finding and not a thousand. Only
//! a path that wins nothing at all is said of at its own place.
//! Of a pair the gravest is said: a client that ends up with another provider, though not where Kong
//! gives that one all; a path that wins nothing; then ties, and what Kong tries in another order.

mod behaviour;
mod candidates;
mod contest;
mod crossing;
mod demands;
mod ending;
mod residual;
mod shadow;
mod twins;

use std::cmp::Reverse;

use rustc_hash::FxHashMap;

use super::Proofs;
use super::request::Request;
use super::space::{EntryId, KongPick, Space};
use crate::language::Undecided;
use crate::model::RouteIndex;
use crate::plan::criteria::PathCriterion;
use crate::plan::router::KongKey;
use behaviour::Behaviours;
use candidates::{Candidates, Meeting, Side};
use contest::Contests;
use demands::Demands;
use residual::{Tail, Tails};
use shadow::Wins;

/// What is found out about the routes of a file.
#[derive(Debug, Default)]
pub struct Pairs {
    /// Paths that win no request.
    pub shadowed: Vec<Shadowed>,
    /// Clients that end up with another route, at the broader path.
    pub crossings: Vec<Crowd<Crossing>>,
    /// Ties, at the broader path.
    pub ambiguous: Vec<Crowd<Contest>>,
    /// What Kong tries in another order, at the broader path.
    pub reordered: Vec<Crowd<Contest>>,
}

/// A path that wins no request, though requests match it.
#[derive(Debug)]
pub struct Shadowed {
    /// The path.
    pub entry: EntryId,
    /// Whether the route wins by none of its other paths either.
    pub whole_route: bool,
    /// Which paths win instead, in the order in which they are found; not empty.
    pub winners: Vec<EntryId>,
    /// A request that the path matches and that the first of the winners gets.
    pub request: Request,
    /// What Kong does with it.
    pub kong: KongPick,
}

/// What is said at one path.
#[derive(Debug)]
pub struct Crowd<T> {
    /// The path.
    pub broad: EntryId,
    /// What is shown; not empty.
    pub shown: Vec<T>,
    /// How many more paths may be concerned. They were not looked into.
    pub more: usize,
}

/// Two paths that match the same requests, of which some go to the one for being tried first.
#[derive(Debug)]
pub struct Contest {
    /// The path that is tried first.
    pub first: EntryId,
    /// The other one.
    pub second: EntryId,
    /// A request that both match and the first one gets.
    pub request: Request,
    /// What Kong does with it.
    pub kong: KongPick,
}

/// A request that clients of one route are likely to send, that misses it and goes to another one.
#[derive(Debug)]
pub struct Crossing {
    /// The path whose clients send it.
    pub from: EntryId,
    /// The path that takes it.
    pub to: EntryId,
    /// The request.
    pub request: Request,
    /// That the path of these clients wins nothing at all, if it does: the other route takes all of it.
    pub shadow: Option<Shadowed>,
}

/// The most that is shown at one path.
pub const SHOWN: usize = 16;

/// How often a literal beginning may be compared with another.
const STEPS: usize = 1 << 23;

/// How many questions about pairs may be asked of the automata.
const QUESTIONS: usize = 1 << 14;

impl Pairs {
    /// Looks for all of it.
    pub(crate) fn new(proofs: &Proofs) -> Self {
        let mut judge = Judge::new(proofs);
        let crossings = crossing::find(&mut judge);
        let shown = crossings.iter().flat_map(|crowd| &crowd.shown);
        let crossed = shown.map(|crossing| judge.routes(crossing.from, crossing.to)).collect();
        let mut contests = Contests::new(crossed);
        let mut candidates = judge.candidates();
        let mut challenged = vec![false; judge.entries.len()];
        let (mut steps, mut unfinished) = (STEPS, 0);
        // Where not all can be looked at, a few catch-alls are to stay open and not what they cover.
        let mut order: Vec<u32> = (0..judge.rivals.len() as u32).collect();
        order.sort_by_cached_key(|broad| candidates.beneath(*broad));
        for broad in order {
            contests.begin(judge.rivals[broad as usize]);
            let is_finished = candidates.of(broad, &mut steps, |meeting| {
                let (a, b) = judge.entries_of(&meeting);
                let (first, second) = (a.min(b), a.max(b));
                if judge.may_both_match(first, second) {
                    challenged[second.0 as usize] = true;
                    contests.add(&mut judge, (first, second), &meeting);
                }
            });
            contests.end();
            unfinished += usize::from(!is_finished);
        }
        let (ambiguous, reordered, unasked) = contests.into_parts();
        judge.leave_open(unfinished, unasked);
        for (leader, twin) in judge.twins.clone() {
            challenged[twin.0 as usize] =
                !judge.is_hole(twin) && (challenged[leader.0 as usize] || judge.may_both_match(leader, twin));
        }
        let challenged = (0..).map(EntryId).zip(challenged).filter(|(_, is)| *is).map(|(entry, _)| entry);
        let mut shadowed = shadow::find(&mut judge, challenged);
        let told: Vec<&Shadowed> =
            crossings.iter().flat_map(|crowd| &crowd.shown).filter_map(|it| it.shadow.as_ref()).collect();
        shadowed.retain(|it| !told.iter().any(|told| judge.tells(told, it.entry)));
        Self { shadowed, crossings, ambiguous, reordered }
    }
}

/// What is known while pairs are judged.
struct Judge<'p, 'a> {
    proofs: &'p Proofs<'a>,
    space: &'p Space<'a>,
    /// In the order of the file.
    entries: Vec<EntryId>,
    /// Those that repeat an earlier one, which wins all that they match, behind that one.
    twins: Vec<(EntryId, EntryId)>,
    /// All but the twins; what candidates are made of.
    rivals: Vec<EntryId>,
    /// Whether each entry, by its id, wins anything.
    wins: Vec<Option<Wins>>,
    /// What Kong sorts each entry by.
    kong: Vec<KongKey>,
    demands: FxHashMap<RouteIndex, Demands<'a>>,
    behaviours: Behaviours,
    questions: usize,
}

impl<'p, 'a> Judge<'p, 'a> {
    fn new(proofs: &'p Proofs<'a>) -> Self {
        let space = proofs.space();
        let mut entries: Vec<EntryId> = (0..space.entries().len() as u32).map(EntryId).collect();
        entries.sort_unstable_by_key(|id| (space.entry(*id).route, space.entry(*id).path));
        let twins = twins::find(space);
        let mut wins = vec![None; entries.len()];
        for (_, twin) in &twins {
            wins[twin.0 as usize] = Some(Wins::Nothing);
        }
        let rivals = entries.iter().copied().filter(|id| wins[id.0 as usize].is_none()).collect();
        let demands = proofs.plan.criteria().map(|(route, criteria)| (route, Demands::of(criteria)));
        Self {
            proofs,
            space,
            wins,
            kong: proofs.plan.router().kong_keys(),
            demands: demands.collect(),
            entries,
            twins,
            rivals,
            behaviours: Behaviours::new(proofs.facts),
            questions: QUESTIONS,
        }
    }

    fn candidates(&self) -> Candidates<'a> {
        let mut tails = Tails::default();
        let sides = self.rivals.iter().map(|id| match self.space.path(*id) {
            Some(PathCriterion::Regex(pattern)) => (*id, tails.intern(pattern)),
            _ => (*id, Tail::Open),
        });
        let sides = sides.map(|(id, tail)| Side { literal: self.literal(id), tail });
        let sides = sides.collect();
        Candidates::new(sides, tails)
    }

    /// The broad entry of a meeting, and the narrow one.
    fn entries_of(&self, meeting: &Meeting) -> (EntryId, EntryId) {
        (self.rivals[meeting.broad as usize], self.rivals[meeting.narrow as usize])
    }

    /// The one of two entries where findings about both stand.
    fn broader(&self, a: EntryId, b: EntryId) -> EntryId {
        let breadth =
            |id| (Reverse(self.literal(id).len()), self.space.entry(id).route, self.space.entry(id).path);
        if breadth(a) > breadth(b) { a } else { b }
    }

    /// The text that an entry's paths begin with.
    fn literal(&self, id: EntryId) -> &'a str {
        match self.space.path(id) {
            Some(PathCriterion::Regex(pattern)) => pattern.literal_prefix(),
            Some(PathCriterion::Prefix(text)) => text,
            Some(PathCriterion::Invalid(_)) | None => "",
        }
    }

    fn route(&self, id: EntryId) -> RouteIndex {
        self.space.entry(id).route
    }

    /// The routes of two entries, whichever comes first.
    fn routes(&self, a: EntryId, b: EntryId) -> (RouteIndex, RouteIndex) {
        let (a, b) = (self.route(a), self.route(b));
        (a.min(b), a.max(b))
    }

    /// Whether two entries are of different routes that do not demand different methods or hosts. Says
    /// yes where it takes a closer look.
    fn may_both_match(&self, a: EntryId, b: EntryId) -> bool {
        self.route(a) != self.route(b)
            && ![a, b].iter().any(|id| self.is_hole(*id))
            && self.demands(a).may_meet(self.demands(b))
    }

    /// Whether a mistake in an entry's route leaves open what it is meant to match.
    fn is_hole(&self, id: EntryId) -> bool {
        self.proofs.plan.is_hole(self.route(id))
    }

    fn demands(&self, id: EntryId) -> &Demands<'a> {
        &self.demands[&self.route(id)]
    }

    /// Takes one question from the budget.
    fn ask(&mut self) -> Result<(), Undecided> {
        self.questions = self.questions.checked_sub(1).ok_or(Undecided::TooMany)?;
        Ok(())
    }

    /// Notes what no budget was left for.
    fn leave_open(&self, unfinished: usize, unasked: usize) {
        if unfinished > 0 {
            let all = self.entries.len();
            let question = format!("how {unfinished} of {all} paths compete with those that begin alike");
            self.proofs.leave_open(Undecided::TooMany, question);
        }
        if unasked > 0 {
            let question = format!("how {unasked} pairs of paths compete");
            self.proofs.leave_open(Undecided::TooMany, question);
        }
    }

    /// An entry in words, for questions that stay open.
    fn label(&self, id: EntryId) -> String {
        self.proofs.plan.routes()[self.route(id).0].label()
    }
}

#[cfg(test)]
mod tests;
