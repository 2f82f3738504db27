//! Texts in which a client fills in values.

pub use crate::template::Source;

/// A value that clients choose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// What of the request it becomes.
    pub source: Source,
    /// What it is called there.
    pub name: String,
    /// One that works.
    pub example: String,
    /// All that work, if they are few; else empty.
    pub values: Vec<String>,
}

/// A text with slots, which are known by their positions in a list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Text(Vec<Piece>);

/// A part of a [`Text`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Stands for itself.
    Literal(String),
    /// The value of a slot.
    Slot(usize),
}

impl Text {
    /// A text that stands for itself.
    pub fn literal(text: impl Into<String>) -> Self {
        let mut this = Self::default();
        this.push_str(&text.into());
        this
    }

    /// The value of one slot.
    pub fn slot(slot: usize) -> Self {
        Self(vec![Piece::Slot(slot)])
    }

    /// Appends what stands for itself.
    pub fn push_str(&mut self, text: &str) {
        match self.0.last_mut() {
            _ if text.is_empty() => {}
            Some(Piece::Literal(literal)) => literal.push_str(text),
            _ => self.0.push(Piece::Literal(text.to_owned())),
        }
    }

    /// Appends the value of a slot.
    pub fn push_slot(&mut self, slot: usize) {
        self.0.push(Piece::Slot(slot));
    }

    /// Appends another text over the same slots.
    pub fn append(&mut self, other: &Text) {
        for piece in &other.0 {
            match piece {
                Piece::Literal(text) => self.push_str(text),
                Piece::Slot(slot) => self.push_slot(*slot),
            }
        }
    }

    /// The parts; no two neighbours are literal, and none is empty.
    pub fn pieces(&self) -> &[Piece] {
        &self.0
    }

    /// Whether it has no slots.
    pub fn is_literal(&self) -> bool {
        self.0.iter().all(|piece| matches!(piece, Piece::Literal(_)))
    }

    /// The text with `{name}` for each slot.
    pub fn shown(&self, slots: &[Slot]) -> String {
        self.render(|slot| format!("{{{}}}", slots[slot].name))
    }

    /// The text with the examples filled in.
    pub fn example(&self, slots: &[Slot]) -> String {
        self.render(|slot| slots[slot].example.clone())
    }

    /// The text with each literal part changed.
    pub(super) fn map_literals(&self, change: impl Fn(&str) -> String) -> Self {
        let piece = |piece: &Piece| match piece {
            Piece::Literal(text) => Piece::Literal(change(text)),
            Piece::Slot(slot) => Piece::Slot(*slot),
        };
        Self(self.0.iter().map(piece).collect())
    }

    fn render(&self, value: impl Fn(usize) -> String) -> String {
        let piece = |piece: &Piece| match piece {
            Piece::Literal(text) => text.clone(),
            Piece::Slot(slot) => value(*slot),
        };
        self.0.iter().map(piece).collect()
    }
}
