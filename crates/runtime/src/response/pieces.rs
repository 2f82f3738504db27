//! A body that comes in pieces, put together.

use bytes::{Bytes, BytesMut};

/// What has come of a body. A single piece is not copied; several are, since each by itself would take
/// far more memory than its bytes if it is small.
#[derive(Default)]
pub(super) struct Pieces {
    first: Bytes,
    all: BytesMut,
}

impl Pieces {
    /// Adds what came, unless there would be more than `limit` bytes then; says whether it did.
    pub fn add(&mut self, piece: Bytes, limit: usize) -> bool {
        let held = self.first.len().max(self.all.len());
        if piece.len() > limit.saturating_sub(held) {
            return false;
        }
        if self.first.is_empty() {
            self.first = piece;
            return true;
        }
        if self.all.is_empty() {
            self.all.extend_from_slice(&self.first);
        }
        self.all.extend_from_slice(&piece);
        true
    }

    /// All of it.
    pub fn joined(self) -> Bytes {
        if self.all.is_empty() { self.first } else { self.all.freeze() }
    }
}
