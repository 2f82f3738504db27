//! Characters that nothing tells apart are one symbol.
//!
//! Each automaton has classes of its own, made of what its pattern distinguishes. A question joins the
//! classes of those that take part: its symbols are few, and each is shown by its most readable
//! character.

use std::ops::RangeInclusive;

use regex_syntax::hir;
use rustc_hash::FxHashMap;

use super::{Undecided, budget::Budget};

/// A set of characters: ranges in order, apart from each other.
pub type Characters = Box<[RangeInclusive<char>]>;

/// A class of characters of one [`Partition`].
pub type Class = u16;

/// The classes that each of some sets consists of, in order.
pub type Members = Vec<Box<[Class]>>;

const MAX_CLASSES: usize = 1024;
const MAX_SYMBOLS: usize = 2048;

/// The characters of a class, which holds bytes only where they are ASCII.
pub fn characters(class: &hir::Class) -> Characters {
    match class {
        hir::Class::Unicode(class) => {
            class.ranges().iter().map(|range| range.start()..=range.end()).collect()
        }
        hir::Class::Bytes(class) => {
            class.ranges().iter().map(|range| char::from(range.start())..=char::from(range.end())).collect()
        }
    }
}

/// All characters, cut into classes that some sets do not tell apart.
#[derive(Debug)]
pub struct Partition {
    ascii: [Class; 128],
    /// Where intervals begin, and the class of each.
    intervals: Vec<(u32, Class)>,
    /// A character of each class.
    samples: Vec<char>,
}

impl Partition {
    /// The classes, and those that each set consists of.
    pub fn new(sets: &[Characters], budget: &mut Budget) -> Result<(Self, Members), Undecided> {
        let mut edges: Vec<(u32, usize)> = Vec::new();
        for (set, ranges) in sets.iter().enumerate() {
            for range in ranges {
                edges.push((*range.start() as u32, set));
                edges.extend(after(*range.end()).map(|end| (end, set)));
            }
        }
        edges.sort_unstable();
        let words = sets.len().div_ceil(64);
        budget.spend((edges.len() + 1).saturating_mul(words + 1))?;
        // Each edge turns membership of its set on or off; what is on is what the interval is known by.
        let mut on = vec![0u64; words];
        let mut known: FxHashMap<Box<[u64]>, Class> = FxHashMap::default();
        let mut partition = Self { ascii: [0; 128], intervals: Vec::new(), samples: Vec::new() };
        let mut members: Vec<Vec<Class>> = vec![Vec::new(); sets.len()];
        let mut edges = edges.into_iter().peekable();
        let mut at = 0;
        loop {
            while let Some((_, set)) = edges.next_if(|(edge, _)| *edge == at) {
                on[set / 64] ^= 1 << (set % 64);
            }
            let class = match known.get(on.as_slice()) {
                Some(class) => *class,
                None => {
                    let class = partition.samples.len();
                    if class == MAX_CLASSES {
                        return Err(Undecided::TooLarge);
                    }
                    partition.samples.extend(char::from_u32(at));
                    for (set, members) in members.iter_mut().enumerate() {
                        if on[set / 64] & (1 << (set % 64)) != 0 {
                            members.push(class as Class);
                        }
                    }
                    known.insert(on.as_slice().into(), class as Class);
                    class as Class
                }
            };
            partition.intervals.push((at, class));
            match edges.peek() {
                Some((edge, _)) => at = *edge,
                None => break,
            }
        }
        for code in 0..128u8 {
            partition.ascii[usize::from(code)] = partition.search(char::from(code));
        }
        Ok((partition, members.into_iter().map(Vec::into_boxed_slice).collect()))
    }

    /// The class of a character.
    pub fn class(&self, character: char) -> Class {
        match self.ascii.get(character as usize) {
            Some(class) => *class,
            None => self.search(character),
        }
    }

    /// A character of each class.
    pub fn samples(&self) -> &[char] {
        &self.samples
    }

    /// The characters of a class, in order.
    pub fn characters(&self, class: Class) -> impl Iterator<Item = char> {
        let starts = self.intervals.iter().map(|(start, _)| *start);
        let ends = starts.skip(1).chain([char::MAX as u32 + 1]);
        let intervals = self.intervals.iter().zip(ends).filter(move |((_, it), _)| *it == class);
        intervals.flat_map(|((start, _), end)| (*start..end).filter_map(char::from_u32))
    }

    fn search(&self, character: char) -> Class {
        let next = self.intervals.partition_point(|(start, _)| *start <= character as u32);
        self.intervals[next - 1].1
    }
}

/// The character after one, past the surrogates; `None` after the last.
fn after(character: char) -> Option<u32> {
    match character {
        '\u{d7ff}' => Some(0xe000),
        char::MAX => None,
        _ => Some(character as u32 + 1),
    }
}

/// What several partitions do not tell apart, the most readable symbols first.
#[derive(Debug)]
pub struct Symbols {
    /// One for each symbol, the most readable of it.
    characters: Vec<char>,
    /// For each symbol its class in each partition.
    classes: Vec<Class>,
    partitions: usize,
}

impl Symbols {
    /// The symbols of all partitions together, and of `sets` besides.
    pub fn new(
        partitions: &[&Partition],
        sets: impl IntoIterator<Item = Characters>,
        budget: &mut Budget,
    ) -> Result<Self, Undecided> {
        let sets: Vec<Characters> = sets.into_iter().collect();
        let (others, _) = Partition::new(&sets, budget)?;
        let partitions: Vec<&Partition> = partitions.iter().copied().chain([&others]).collect();
        let mut starts: Vec<u32> =
            partitions.iter().flat_map(|partition| partition.intervals.iter().map(|(at, _)| *at)).collect();
        starts.sort_unstable();
        starts.dedup();
        budget.spend((READABLE.len() + starts.len()).saturating_mul(partitions.len()))?;

        let mut known: FxHashMap<Box<[Class]>, (u8, char)> = FxHashMap::default();
        let mut classes = vec![0; partitions.len()];
        let tell = |classes: &mut [Class], character: char| {
            for (class, partition) in classes.iter_mut().zip(&partitions) {
                *class = partition.class(character);
            }
        };
        for (rank, character) in (0..).zip(READABLE.chars()) {
            tell(&mut classes, character);
            if !known.contains_key(classes.as_slice()) {
                known.insert(classes.as_slice().into(), (rank, character));
            }
        }
        for (at, start) in starts.iter().enumerate() {
            tell(&mut classes, char::from_u32(*start).unwrap_or_default());
            let before = known.get(classes.as_slice());
            if before.is_some_and(|(rank, _)| *rank < UNLISTED) {
                continue;
            }
            let end = starts.get(at + 1).copied().unwrap_or(char::MAX as u32 + 1);
            // A long interval shows early what it has.
            let characters = (*start..end.min(start + LOOKED_THROUGH)).filter_map(char::from_u32);
            let best = characters.map(|it| (rank(it), it)).chain(before.copied()).min();
            known.extend(best.map(|best| (classes.as_slice().into(), best)));
        }
        if known.len() > MAX_SYMBOLS {
            return Err(Undecided::TooLarge);
        }
        let mut symbols: Vec<_> = known.into_iter().map(|(classes, best)| (best, classes)).collect();
        symbols.sort_unstable();
        Ok(Self {
            characters: symbols.iter().map(|((_, character), _)| *character).collect(),
            classes: symbols.iter().flat_map(|(_, classes)| classes.iter().copied()).collect(),
            partitions: partitions.len(),
        })
    }

    /// Each symbol's character, and its classes in the order of the partitions; the last is that of the sets.
    pub fn iter(&self) -> impl Iterator<Item = (char, &[Class])> {
        let classes = |at: usize| &self.classes[at * self.partitions..(at + 1) * self.partitions];
        self.characters.iter().enumerate().map(move |(at, character)| (*character, classes(at)))
    }
}

/// From the most readable character on; the last need to be escaped in a request target, or may be
/// mistaken for an escape.
const READABLE: &str = concat!(
    "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-_.~/:@=,;+!$&'()*",
    "éàüñßαλжя中あ",
    "[]{}|^\"\\% #?<>`",
);
const UNLISTED: u8 = 200;
const LOOKED_THROUGH: u32 = 128;

/// The rank of what [`READABLE`] does not list, below all that it does.
fn rank(character: char) -> u8 {
    match character {
        _ if character.is_alphanumeric() => UNLISTED,
        _ if character.is_control() => 255,
        _ if character.is_whitespace() => 240,
        _ => 220,
    }
}
