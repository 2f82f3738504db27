//! Proofs about a whole file: which requests reach which route.
//!
//! Rules ask [`Space`] for a request with given properties; every answer has been replayed through the
//! plan that it speaks about.

pub mod request;
pub mod space;

use std::cell::OnceCell;

use crate::analysis::Facts;
use crate::plan::Plan;
use space::Space;

/// What rules about the whole plan look things up in.
pub struct Proofs<'a> {
    /// The facts about the file.
    pub facts: &'a Facts<'a>,
    /// What it compiles to.
    pub plan: &'a Plan,
    space: OnceCell<Space<'a>>,
}

impl<'a> Proofs<'a> {
    /// Proofs about `plan`, which `facts` were compiled to. Nothing is computed before it is asked for.
    pub(crate) fn new(facts: &'a Facts<'a>, plan: &'a Plan) -> Self {
        Self { facts, plan, space: OnceCell::new() }
    }

    /// The requests that the plan's routes tell apart.
    pub fn space(&self) -> &Space<'a> {
        self.space.get_or_init(|| Space::new(self.plan))
    }
}
