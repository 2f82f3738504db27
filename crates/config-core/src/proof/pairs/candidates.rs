//! Which pairs of entries may match one path: found by their literal beginnings and endings, without
//! looking at every pair.
//!
//! Two patterns can only meet if the literal beginning of one, the *broad* one, begins that of the other,
//! the *narrow* one, if the broad one can go on as the narrow one does, and if the text that every match
//! of one ends with ends that of the other. Nothing that meets is left out; that what is found does meet
//! is for a proof to say.

use std::ops::Range;

use rustc_hash::FxHashMap;

use super::residual::{Rest, Tail, Tails};

/// One path as candidates are told by.
#[derive(Debug, Clone, Copy)]
pub struct Side<'p> {
    /// What every match begins with.
    pub literal: &'p str,
    /// What follows.
    pub tail: Tail,
}

/// Two entries that may meet, by their positions in the list that [`Candidates`] was built from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Meeting {
    /// The one with the shorter literal beginning.
    pub broad: u32,
    /// The other.
    pub narrow: u32,
    /// What it depends on how their paths meet, if that is known.
    pub shape: Option<Shape>,
}

/// All that it depends on how the paths of two patterns meet: pairs of one shape do so alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Shape {
    /// What is left of the broad one after the narrow one's literal beginning, by its automaton.
    broad: (Tail, Rest),
    /// What follows in the narrow one.
    narrow: Tail,
    /// How the narrow one's literal beginning ends.
    end: LiteralEnd,
    /// Whether both have the same literal beginning.
    together: bool,
}

impl Shape {
    /// Whether both patterns have the same literal beginning.
    pub fn is_together(&self) -> bool {
        self.together
    }
}

/// How a literal beginning ends, as far as it decides how a normalised path may go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum LiteralEnd {
    /// In a segment that is empty so far.
    Slash,
    /// In a segment `.` or `..`, of so many dots.
    Dots(u8),
    /// In a segment with other characters, with this byte.
    Text(u8),
}

/// The entries, sorted for looking others up.
pub struct Candidates<'p> {
    sides: Vec<Side<'p>>,
    tails: Tails,
    /// Distinct literal beginnings in order, with those that begin so.
    literals: Vec<(&'p str, Vec<u32>)>,
    /// How many entries the literals before each one have.
    before: Vec<usize>,
    /// Entries by what they must end with, backwards; in order.
    endings: Vec<(Box<[u8]>, Vec<u32>)>,
    by_ending: FxHashMap<Box<[u8]>, u32>,
    longest_ending: usize,
}

/// Walking through literal beginnings follows a pattern for many at once and leaves out what it cannot
/// continue with, so it is preferred unless the endings leave far fewer to look at.
const WALK_ADVANTAGE: usize = 4;

impl<'p> Candidates<'p> {
    /// Candidates among `sides`, whose tails are of `tails`.
    pub fn new(sides: Vec<Side<'p>>, tails: Tails) -> Self {
        let mut order: Vec<u32> = (0..sides.len() as u32).collect();
        order.sort_by_key(|at| (sides[*at as usize].literal, *at));
        let mut literals: Vec<(&str, Vec<u32>)> = Vec::new();
        for at in order {
            let literal = sides[at as usize].literal;
            match literals.last_mut() {
                Some((last, entries)) if *last == literal => entries.push(at),
                _ => literals.push((literal, vec![at])),
            }
        }
        let mut before = vec![0];
        for (_, entries) in &literals {
            before.push(before[before.len() - 1] + entries.len());
        }
        let mut groups: FxHashMap<Box<[u8]>, Vec<u32>> = FxHashMap::default();
        for (at, side) in (0..).zip(&sides) {
            let backwards = ending(side, &tails).iter().rev().copied().collect();
            groups.entry(backwards).or_default().push(at);
        }
        let mut endings: Vec<_> = groups.into_iter().collect();
        endings.sort();
        let by_ending = (0..).zip(&endings).map(|(at, (text, _))| (text.clone(), at)).collect();
        let longest_ending = endings.iter().map(|(text, _)| text.len()).max().unwrap_or(0);
        Self { sides, tails, literals, before, endings, by_ending, longest_ending }
    }

    /// Calls `found` for every candidate pair of which `broad` is the broad one; of two with the same
    /// literal beginning each is so once. `steps` is what may be looked at; each look is taken from it.
    /// Says whether it sufficed.
    pub fn of(&mut self, broad: u32, steps: &mut usize, mut found: impl FnMut(Meeting)) -> bool {
        if *steps == 0 {
            return false;
        }
        let under = self.under(self.sides[broad as usize].literal);
        match self.alike(broad, self.beneath(broad) / WALK_ADVANTAGE) {
            Some(alike) => self.one_by_one(broad, &alike, steps, &mut found),
            None => self.walk(broad, under, steps, &mut found),
        }
    }

    /// How many entries begin with all that `broad` begins with.
    pub fn beneath(&self, broad: u32) -> usize {
        let under = self.under(self.sides[broad as usize].literal);
        self.before[under.end] - self.before[under.start]
    }

    /// The literals that begin with `text`.
    fn under(&self, text: &str) -> Range<usize> {
        let start = self.literals.partition_point(|(literal, _)| *literal < text);
        let length = self.literals[start..].partition_point(|(literal, _)| literal.starts_with(text));
        start..start + length
    }

    /// The entries whose required endings are comparable with that of `broad`, unless they are more than
    /// `limit`.
    fn alike(&self, broad: u32, limit: usize) -> Option<Vec<u32>> {
        let own: Vec<u8> = ending(&self.sides[broad as usize], &self.tails).iter().rev().copied().collect();
        let mut alike = Vec::new();
        for length in 0..own.len().min(self.longest_ending + 1) {
            if let Some(at) = self.by_ending.get(&own[..length]) {
                alike.extend(&self.endings[*at as usize].1);
            }
            if alike.len() > limit {
                return None;
            }
        }
        let start = self.endings.partition_point(|(text, _)| **text < *own);
        for (_, entries) in self.endings[start..].iter().take_while(|(text, _)| text.starts_with(&own)) {
            alike.extend(entries);
            if alike.len() > limit {
                return None;
            }
        }
        alike.sort_unstable();
        Some(alike)
    }

    fn one_by_one(
        &mut self,
        broad: u32,
        alike: &[u32],
        steps: &mut usize,
        found: &mut impl FnMut(Meeting),
    ) -> bool {
        let own = self.sides[broad as usize];
        for narrow in alike {
            if !spend(steps) {
                return false;
            }
            let Some(further) = self.sides[*narrow as usize].literal.strip_prefix(own.literal) else {
                continue;
            };
            if further.is_empty() && *narrow >= broad {
                continue;
            }
            let mut rest = self.tails.start(own.tail, own.literal);
            for byte in further.bytes() {
                rest = self.tails.next(own.tail, rest, byte);
            }
            if rest != Rest::Nothing {
                let shape = shape(own, self.sides[*narrow as usize], rest);
                found(Meeting { broad, narrow: *narrow, shape });
            }
        }
        true
    }

    fn walk(
        &mut self,
        broad: u32,
        under: Range<usize>,
        steps: &mut usize,
        found: &mut impl FnMut(Meeting),
    ) -> bool {
        let Self { sides, tails, literals, .. } = self;
        let own = sides[broad as usize];
        let own_ending: Box<[u8]> = ending(&own, tails).into();
        // What is left after each byte that was read of the literal before.
        let mut rests = vec![tails.start(own.tail, own.literal)];
        let mut previous = "";
        let mut at = under.start;
        while at < under.end {
            if !spend(steps) {
                return false;
            }
            let (literal, entries) = &literals[at];
            let further = &literal.as_bytes()[own.literal.len()..];
            let common = further.iter().zip(previous.bytes()).take_while(|(a, b)| *a == b).count();
            rests.truncate(common + 1);
            let mut rest = rests[rests.len() - 1];
            while rest != Rest::Nothing && rests.len() <= further.len() {
                rest = tails.next(own.tail, rest, further[rests.len() - 1]);
                rests.push(rest);
            }
            previous = &literal[own.literal.len()..];
            if rest == Rest::Nothing {
                // All that begin so far alike are out.
                let dead = &literal.as_bytes()[..own.literal.len() + rests.len() - 1];
                let skip = |(literal, _): &(&str, _)| literal.as_bytes().starts_with(dead);
                at += literals[at..under.end].partition_point(skip).max(1);
                continue;
            }
            for narrow in entries {
                if literal.len() == own.literal.len() && *narrow >= broad {
                    continue;
                }
                if !spend(steps) {
                    return false;
                }
                let other = sides[*narrow as usize];
                if comparable(&own_ending, ending(&other, tails)) {
                    found(Meeting { broad, narrow: *narrow, shape: shape(own, other, rest) });
                }
            }
            at += 1;
        }
        true
    }
}

fn shape(broad: Side, narrow: Side, rest: Rest) -> Option<Shape> {
    let end = literal_end(narrow.literal).filter(|_| rest != Rest::Unknown)?;
    let together = broad.literal.len() == narrow.literal.len();
    Some(Shape { broad: (broad.tail, rest), narrow: narrow.tail, end, together })
}

/// `None` if no normalised path begins so.
fn literal_end(literal: &str) -> Option<LiteralEnd> {
    let mut segments = literal.strip_prefix('/')?.split('/').rev();
    let last = segments.next().unwrap_or_default();
    if literal.contains(['?', '#']) || segments.any(|segment| matches!(segment, "" | "." | "..")) {
        return None;
    }
    Some(match (last, last.as_bytes().last()) {
        (_, None) => LiteralEnd::Slash,
        ("." | "..", _) => LiteralEnd::Dots(last.len() as u8),
        (_, Some(byte)) => LiteralEnd::Text(*byte),
    })
}

fn spend(steps: &mut usize) -> bool {
    *steps = steps.saturating_sub(1);
    *steps > 0
}

/// The text that every path which is matched ends with.
fn ending<'a>(side: &Side<'a>, tails: &'a Tails) -> &'a [u8] {
    match side.tail {
        Tail::End => side.literal.as_bytes(),
        tail => tails.ending(tail),
    }
}

fn comparable(a: &[u8], b: &[u8]) -> bool {
    a.ends_with(b) || b.ends_with(a)
}
