//! The shortest way to an answer.

use std::hash::Hash;

use rustc_hash::FxHashSet;

use super::Undecided;

/// What is walked through, character by character.
pub trait Walk {
    /// Where the walk can be.
    type State: Clone + Eq + Hash;

    /// Whether the text may end at `state`.
    fn is_answer(&mut self, state: &Self::State) -> Result<bool, Undecided>;

    /// Puts what may follow `state` into `next`, the most readable characters first.
    fn steps(&mut self, state: &Self::State, next: &mut Vec<(char, Self::State)>) -> Result<(), Undecided>;
}

/// The shortest text from `start` to an answer; of several the one whose characters are the most readable.
/// `None` if there is none: then every state that can be reached has been seen.
pub fn shortest<W: Walk>(walk: &mut W, start: W::State) -> Result<Option<String>, Undecided> {
    if walk.is_answer(&start)? {
        return Ok(Some(String::new()));
    }
    // For each state the one before it, and the character between them.
    let mut trail = vec![(start.clone(), 0, char::default())];
    let mut seen = FxHashSet::from_iter([start]);
    let mut next = Vec::new();
    let mut from = 0;
    while let Some((state, ..)) = trail.get(from) {
        walk.steps(&state.clone(), &mut next)?;
        for (character, state) in next.drain(..) {
            if !seen.insert(state.clone()) {
                continue;
            }
            let is_answer = walk.is_answer(&state)?;
            trail.push((state, from, character));
            if is_answer {
                return Ok(Some(spell(&trail)));
            }
        }
        from += 1;
    }
    Ok(None)
}

/// The text that leads to the last state.
fn spell<S>(trail: &[(S, usize, char)]) -> String {
    let mut characters = Vec::new();
    let mut at = trail.len() - 1;
    while at > 0 {
        let (_, from, character) = &trail[at];
        characters.push(*character);
        at = *from;
    }
    characters.iter().rev().collect()
}
