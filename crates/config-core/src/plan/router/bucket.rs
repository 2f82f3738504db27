//! The paths that share one literal beginning.

use super::{Table, view::View};

/// Entries by rank.
#[derive(Debug)]
pub struct Bucket {
    ranks: Box<[u32]>,
}

impl Bucket {
    /// A bucket of `ranks`, which ascend.
    pub fn build(ranks: Vec<u32>, _table: &Table) -> Self {
        Self { ranks: ranks.into() }
    }

    /// The least rank below `limit` that matches, or `limit`.
    pub fn best(&self, table: &Table, view: &View, _depth: usize, limit: u32) -> u32 {
        let below = self.ranks.iter().copied().take_while(|rank| *rank < limit);
        below
            .into_iter()
            .find(|rank| table.meets(*rank, view) && table.path_matches(*rank, view))
            .unwrap_or(limit)
    }
}
