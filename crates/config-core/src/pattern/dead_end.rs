//! Why a pattern that matches no path matches none, where its text says so.

use std::ops::Range;

use regex_syntax::ast::{AssertionKind, Ast};

use super::{Pattern, Written};

/// The place in a pattern beyond which no path gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadEnd {
    /// Where, in the text as written.
    pub range: Range<usize>,
    /// Why.
    pub reason: &'static str,
    /// What to write instead.
    pub help: &'static str,
}

impl Pattern {
    /// Of a pattern that matches no normalised path, what is in the way, if it is one of the usual
    /// mistakes. The first alternative stands for the others.
    pub fn dead_end(&self) -> Option<DeadEnd> {
        let ast = regex_syntax::ast::parse::Parser::new().parse(&self.compiled()).ok()?;
        let written = Written::new(&self.written);
        let mut way = Way { written: &written, started: false, ended: false, segment: None };
        way.walk(&ast)
    }
}

/// How far a path has got.
struct Way<'a> {
    written: &'a Written<'a>,
    /// Behind the first character.
    started: bool,
    /// Behind the end of the path.
    ended: bool,
    /// What is written out of the segment; `None` if something else is in it.
    segment: Option<String>,
}

impl Way<'_> {
    fn walk(&mut self, ast: &Ast) -> Option<DeadEnd> {
        match ast {
            Ast::Concat(items) => items.asts.iter().find_map(|item| self.walk(item)),
            Ast::Alternation(items) => self.walk(items.asts.first()?),
            Ast::Group(group) => self.walk(&group.ast),
            Ast::Repetition(repetition) if is_demanded(&repetition.op.kind) => {
                let found = self.walk(&repetition.ast);
                self.segment = None;
                found
            }
            Ast::Assertion(assertion) => match assertion.kind {
                AssertionKind::StartLine | AssertionKind::StartText if self.started => {
                    Some(self.dead_end(ast, START))
                }
                AssertionKind::EndLine | AssertionKind::EndText => {
                    self.ended = true;
                    None
                }
                _ => None,
            },
            Ast::Literal(literal) => self.character(ast, literal.c),
            Ast::Dot(_) | Ast::ClassUnicode(_) | Ast::ClassPerl(_) | Ast::ClassBracketed(_) => {
                self.segment = None;
                self.consume(ast)
            }
            Ast::Repetition(_) => {
                self.segment = None;
                None
            }
            Ast::Empty(_) | Ast::Flags(_) => None,
        }
    }

    fn character(&mut self, ast: &Ast, character: char) -> Option<DeadEnd> {
        let is_before_slash = |text: &str| self.segment.as_deref() == Some(text) && character == '/';
        let reason = match character {
            '?' => Some(QUERY),
            '#' => Some(FRAGMENT),
            _ if is_before_slash("") => Some(SLASHES),
            _ if is_before_slash(".") || is_before_slash("..") => Some(DOTS),
            _ => None,
        };
        if character == '/' {
            self.segment = Some(String::new());
        } else if let Some(segment) = &mut self.segment {
            segment.push(character);
        }
        self.consume(ast).or_else(|| reason.map(|reason| self.dead_end(ast, reason)))
    }

    fn consume(&mut self, ast: &Ast) -> Option<DeadEnd> {
        self.started = true;
        self.ended.then(|| self.dead_end(ast, END))
    }

    fn dead_end(&self, ast: &Ast, (reason, help): (&'static str, &'static str)) -> DeadEnd {
        DeadEnd { range: self.written.range(ast.span()), reason, help }
    }
}

const START: (&str, &str) = (
    "`^` is the start of a path, and something stands before it",
    "leave `^` out: every path is matched from its start",
);
const END: (&str, &str) =
    ("`$` is the end of a path, and something follows it", "write `$` last, or leave it out");
const QUERY: (&str, &str) =
    ("the query is no part of a path", "leave the query out: routes are not matched on it");
const FRAGMENT: (&str, &str) =
    ("no request path has a `#`", "leave it out: clients do not send what follows a `#`");
const SLASHES: (&str, &str) = ("runs of slashes are merged before a path is matched", "write one slash");
const DOTS: (&str, &str) =
    ("segments `.` and `..` are resolved before a path is matched", "write the path as it is without them");

fn is_demanded(kind: &regex_syntax::ast::RepetitionKind) -> bool {
    use regex_syntax::ast::{RepetitionKind as Kind, RepetitionRange as Range};
    match kind {
        Kind::ZeroOrOne | Kind::ZeroOrMore => false,
        Kind::OneOrMore => true,
        Kind::Range(Range::Exactly(least) | Range::AtLeast(least) | Range::Bounded(least, _)) => *least > 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_mistakes_are_told() {
        for (text, range, reason) in [
            ("/a$/b", 3..4, "`$` is"),
            ("/a(?:$)b", 7..8, "`$` is"),
            ("/a$.+", 3..4, "`$` is"),
            ("/a^b", 2..3, "`^` is"),
            ("/a\\?x", 2..4, "the query"),
            ("/(?<m>#+)", 6..7, "no request path has a `#`"),
            ("/a/(?:/b)", 6..7, "runs of slashes"),
            ("/a/\\.\\./b", 7..8, "segments"),
        ] {
            let found = Pattern::parse(text).expect(text).dead_end().expect(text);
            assert_eq!(found.range, range, "{text}");
            assert!(found.reason.starts_with(reason), "{text}: {}", found.reason);
        }
        assert_eq!(Pattern::parse("/a[^\\s\\S]").unwrap().dead_end(), None);
    }
}
