//! Where PCRE2 and the `regex` crate part. Kong's schema checks a path with PCRE2 before its router
//! compiles it as Rust does, so a file must please both.

use std::ops::Range;

use regex_syntax::ast::{
    AssertionKind, Ast, ClassSet, ClassSetBinaryOpKind, ClassSetItem, Flag, FlagsItemKind, GroupKind,
    HexLiteralKind, LiteralKind, RepetitionKind, RepetitionOp, RepetitionRange,
};

use super::Written;

/// A construct that the two dialects do not agree on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PcreDifference {
    /// The construct, in the text after `~`.
    pub range: Range<usize>,
    /// What happens to it.
    pub message: String,
    /// Whether Kong refuses the file over it; otherwise it only means something else than it seems.
    pub refused: bool,
}

/// The differences in a pattern that compiles here, in the order of their places. `ast` is that of the
/// text that runs.
pub fn differences(written: &str, ast: &Ast) -> Box<[PcreDifference]> {
    let mut walk = Walk { written: Written::new(written), found: Vec::new(), classes: Vec::new() };
    walk.ast(ast);
    walk.blind_rewrites();
    walk.found.sort_by_key(|difference| (difference.range.start, difference.range.end));
    walk.found.into()
}

struct Walk<'a> {
    written: Written<'a>,
    found: Vec<PcreDifference>,
    /// Outermost ones, in order.
    classes: Vec<Range<usize>>,
}

/// The greatest count that PCRE2 allows in braces.
const MAX_COUNT: u32 = 65_535;

impl Walk<'_> {
    fn add(&mut self, span: &regex_syntax::ast::Span, refused: bool, message: impl Into<String>) {
        let range = self.written.range(span);
        self.found.push(PcreDifference { range, message: message.into(), refused });
    }

    fn ast(&mut self, ast: &Ast) {
        match ast {
            Ast::Concat(items) => items.asts.iter().for_each(|item| self.ast(item)),
            Ast::Alternation(items) => items.asts.iter().for_each(|item| self.ast(item)),
            Ast::Repetition(repetition) => {
                self.repetition(&repetition.op, &repetition.ast);
                self.ast(&repetition.ast);
            }
            Ast::Group(group) => {
                match &group.kind {
                    GroupKind::CaptureName { name, .. } => self.name(&name.name, &name.span),
                    GroupKind::NonCapturing(flags) => self.flags(flags),
                    GroupKind::CaptureIndex(_) => {}
                }
                self.ast(&group.ast);
            }
            Ast::Flags(set) => self.flags(&set.flags),
            Ast::Assertion(assertion) => self.assertion(&assertion.kind, &assertion.span),
            Ast::Literal(literal) => self.literal(&literal.kind, &literal.span),
            Ast::ClassBracketed(class) => {
                self.classes.push(self.written.range(&class.span));
                self.class(&class.kind);
            }
            Ast::Empty(_) | Ast::Dot(_) | Ast::ClassUnicode(_) | Ast::ClassPerl(_) => {}
        }
    }

    fn name(&mut self, name: &str, span: &regex_syntax::ast::Span) {
        if let Some(odd) = name.chars().find(|c| !c.is_ascii_alphanumeric() && *c != '_') {
            self.add(span, true, format!("PCRE2 allows no `{odd}` in a group name"));
        }
    }

    fn repetition(&mut self, op: &RepetitionOp, inner: &Ast) {
        if let Ast::Repetition(first) = inner {
            match (&op.kind, first.greedy) {
                (RepetitionKind::OneOrMore, true) => self.add(
                    &op.span,
                    false,
                    "a loop of a loop here; PCRE2 reads a possessive quantifier, which gives nothing back",
                ),
                (RepetitionKind::Range(_), _) => {}
                _ => self.add(&op.span, true, "PCRE2 allows no further quantifier here"),
            }
        }
        if let RepetitionKind::Range(range) = &op.kind {
            let greatest = match range {
                RepetitionRange::Exactly(count) | RepetitionRange::AtLeast(count) => *count,
                RepetitionRange::Bounded(_, most) => *most,
            };
            if greatest > MAX_COUNT {
                self.add(&op.span, true, format!("PCRE2 allows counts up to {MAX_COUNT}"));
            }
        }
    }

    fn flags(&mut self, flags: &regex_syntax::ast::Flags) {
        for item in &flags.items {
            match item.kind {
                FlagsItemKind::Flag(Flag::Unicode) => self.add(&item.span, true, "PCRE2 has no flag `u`"),
                FlagsItemKind::Flag(Flag::CRLF) => {
                    self.add(
                        &item.span,
                        false,
                        "a line-ending flag here; PCRE2 reads a recursion into the pattern",
                    );
                }
                _ => {}
            }
        }
    }

    fn assertion(&mut self, kind: &AssertionKind, span: &regex_syntax::ast::Span) {
        match kind {
            AssertionKind::WordBoundaryStartAngle | AssertionKind::WordBoundaryEndAngle => {
                self.add(span, false, "a word boundary here; PCRE2 reads a literal character");
            }
            AssertionKind::WordBoundaryStart
            | AssertionKind::WordBoundaryEnd
            | AssertionKind::WordBoundaryStartHalf
            | AssertionKind::WordBoundaryEndHalf => {
                self.add(span, false, "a word boundary here; PCRE2 reads `\\b` and then literal braces");
            }
            _ => {}
        }
    }

    fn literal(&mut self, kind: &LiteralKind, span: &regex_syntax::ast::Span) {
        if let LiteralKind::HexFixed(hex) | LiteralKind::HexBrace(hex) = kind
            && *hex != HexLiteralKind::X
        {
            self.add(span, true, "PCRE2 has no `\\u` escapes: write `\\x{…}`");
        }
    }

    fn class(&mut self, set: &ClassSet) {
        match set {
            ClassSet::Item(item) => self.item(item),
            ClassSet::BinaryOp(operation) => {
                let (operator, name) = match operation.kind {
                    ClassSetBinaryOpKind::Intersection => ("&&", "an intersection"),
                    ClassSetBinaryOpKind::Difference => ("--", "a difference"),
                    ClassSetBinaryOpKind::SymmetricDifference => ("~~", "a symmetric difference"),
                };
                self.add(
                    &operation.span,
                    false,
                    format!("`{operator}` is {name} of classes here; PCRE2 reads the characters"),
                );
                self.class(&operation.lhs);
                self.class(&operation.rhs);
            }
        }
    }

    fn item(&mut self, item: &ClassSetItem) {
        match item {
            ClassSetItem::Literal(literal) => self.literal(&literal.kind, &literal.span),
            ClassSetItem::Range(range) => {
                self.literal(&range.start.kind, &range.start.span);
                self.literal(&range.end.kind, &range.end.span);
            }
            ClassSetItem::Bracketed(class) => {
                self.add(&class.span, false, "a nested class here; PCRE2 reads `[` as a character");
                self.class(&class.kind);
            }
            ClassSetItem::Union(union) => union.items.iter().for_each(|item| self.item(item)),
            _ => {}
        }
    }

    /// Kong's rewrite of `?<` where no group begins.
    fn blind_rewrites(&mut self) {
        let written = self.written.text;
        for (at, _) in written.match_indices("?<") {
            let before = self.classes.partition_point(|class| class.start <= at);
            let in_class = before > 0 && self.classes[before - 1].contains(&at);
            let escaped = written[..at].bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 1;
            let message = if in_class {
                "Kong rewrites every `?<` to `?P<`, so this class lists `P` too"
            } else if escaped || !written[..at].ends_with('(') {
                "Kong rewrites every `?<` to `?P<`, so this demands a `P`"
            } else {
                continue;
            };
            self.found.push(PcreDifference {
                range: at..at + 2,
                message: message.to_owned(),
                refused: false,
            });
        }
    }
}
