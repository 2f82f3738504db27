//! How much work proofs may be.

use super::Undecided;

/// What is left of the work that one question, and all of them, may take. A unit is one step of one
/// thread, some nanoseconds; what is kept is counted in words.
#[derive(Debug)]
pub struct Budget {
    question: u64,
    total: u64,
    kept: u64,
}

const QUESTION: u64 = 200_000;
const TOTAL: u64 = 200_000_000;
const KEPT: u64 = 32_000_000;

impl Default for Budget {
    fn default() -> Self {
        Self { question: QUESTION, total: TOTAL, kept: KEPT }
    }
}

impl Budget {
    /// Begins another question.
    pub fn renew(&mut self) {
        self.question = QUESTION.min(self.total);
    }

    /// Takes `work` away.
    pub fn spend(&mut self, work: usize) -> Result<(), Undecided> {
        self.total = self.total.saturating_sub(work as u64);
        self.question = self.question.checked_sub(work as u64).ok_or(Undecided::TooLarge)?;
        Ok(())
    }

    /// Takes away work whose result of so many `words` is kept.
    pub fn keep(&mut self, words: usize) -> Result<(), Undecided> {
        self.kept = self.kept.checked_sub(words as u64).ok_or(Undecided::TooLarge)?;
        self.spend(words)
    }
}
