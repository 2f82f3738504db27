//! Proofs about a whole file: which requests reach which route.
//!
//! Rules ask [`Space`] for a request with given properties; every answer has been replayed through the
//! plan that it speaks about.

pub(crate) mod client;
pub mod operations;
pub mod pairs;
pub mod request;
pub mod space;
pub mod trial;

use std::cell::{OnceCell, RefCell};

use crate::analysis::Facts;
use crate::language::Undecided;
use crate::plan::Plan;
use operations::Operation;
use pairs::Pairs;
use space::Space;

/// What rules about the whole plan look things up in.
pub struct Proofs<'a> {
    /// The facts about the file.
    pub facts: &'a Facts<'a>,
    /// What it compiles to.
    pub plan: &'a Plan,
    space: OnceCell<Space<'a>>,
    pairs: OnceCell<Pairs>,
    open: RefCell<Vec<Open>>,
}

/// What could not be proved for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Open {
    /// The reason.
    pub reason: Undecided,
    /// The first few of the questions, in words that follow "not proved:".
    pub questions: Vec<String>,
    /// How many more there are.
    pub more: usize,
}

/// How many open questions are told one by one.
const TOLD: usize = 4;

impl<'a> Proofs<'a> {
    /// Proofs about `plan`, which `facts` were compiled to. Nothing is computed before it is asked for.
    pub(crate) fn new(facts: &'a Facts<'a>, plan: &'a Plan) -> Self {
        Self { facts, plan, space: OnceCell::new(), pairs: OnceCell::new(), open: RefCell::default() }
    }

    /// The requests that the plan's routes tell apart.
    pub fn space(&self) -> &Space<'a> {
        self.space.get_or_init(|| Space::new(self.plan, Operation::ALL.map(Operation::path)))
    }

    /// Which of the routes compete for the same requests.
    pub fn pairs(&self) -> &Pairs {
        self.pairs.get_or_init(|| Pairs::new(self))
    }

    /// Notes that `question` (what would be proved, such as "whether `chat` can win a request") stays
    /// open. The rule `undecided` reports it; no finding may rest on it.
    pub fn leave_open(&self, reason: Undecided, question: impl Into<String>) {
        let (mut open, question) = (self.open.borrow_mut(), question.into());
        match open.iter_mut().find(|it| it.reason == reason) {
            None => open.push(Open { reason, questions: vec![question], more: 0 }),
            Some(it) if it.questions.contains(&question) => {}
            Some(it) if it.questions.len() < TOLD => it.questions.push(question),
            Some(it) => it.more += 1,
        }
    }

    /// What stayed open so far, by reason.
    pub fn open(&self) -> Vec<Open> {
        self.open.borrow().clone()
    }
}
