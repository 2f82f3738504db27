//! Inline ignores: `# aiproxy: ignore[rule, rule] reason`.
//!
//! At the end of a line an ignore covers the findings that begin on that line; on a line of its own
//! it covers the entry below it and all under it. An ignore shapes the report only: whoever
//! compiles a plan looks at the findings before this.

use std::ops::Range;

use crate::{
    diagnostic::Diagnostic,
    rules::Rule,
    source::Span,
    suggest,
    syntax::{Comment, Document, NodeId, Place},
};

/// What is left of the findings of a file.
#[derive(Debug)]
pub struct Suppressed {
    /// Findings that no ignore covers, then those about the ignores themselves (`unused-ignore`).
    pub kept: Vec<Diagnostic>,
    /// How many findings were covered.
    pub ignored: usize,
}

/// Takes away the findings that ignore comments of `document` cover, and reports ignores that are
/// malformed, name no rule or cover nothing. `unused-ignore` itself cannot be ignored.
pub fn apply(document: &Document<'_>, diagnostics: Vec<Diagnostic>) -> Suppressed {
    let mut reports = Vec::new();
    let mut ignores = Vec::new();
    let mut entries = None;
    for comment in document.comments() {
        let rules = match read(document, *comment) {
            Ok(rules) => rules,
            Err(message) => {
                let help =
                    "write `# aiproxy: ignore[rule, rule] reason`, with the rules to ignore by their ids";
                reports.push(report(comment.span, message).help(help));
                continue;
            }
        };
        if rules.is_empty() {
            continue;
        }
        let scope = if comment.own_line {
            below(document, entries.get_or_insert_with(|| written_entries(document)), *comment)
        } else {
            Scope { range: line(document, *comment), pointer: None }
        };
        for (id, span) in rules {
            match Rule::from_id(id) {
                Some(rule) => ignores.push(Ignore { rule, span, scope: scope.clone(), used: false }),
                None => reports.push(unknown(id, span)),
            }
        }
    }
    let total = diagnostics.len();
    let kept = diagnostics.into_iter().filter(|finding| !is_covered(&mut ignores, finding));
    let mut kept: Vec<Diagnostic> = kept.collect();
    let ignored = total - kept.len();
    // Whether a variable is set is looked at only on demand; the ignore has its use then.
    let unused = ignores.iter().filter(|ignore| !ignore.used && ignore.rule != Rule::UnresolvedSecret);
    reports.extend(unused.map(|ignore| {
        report(ignore.span, format!("no finding of `{}` is covered by this ignore", ignore.rule.id()))
            .help("remove it")
    }));
    reports.sort_by_key(|report| report.place.span);
    kept.extend(reports);
    Suppressed { kept, ignored }
}

/// One rule of one ignore comment.
struct Ignore {
    rule: Rule,
    /// The rule's id in the comment.
    span: Span,
    scope: Scope,
    used: bool,
}

/// The findings that an ignore covers: those that begin in a range of the text, and those about
/// values at or below a pointer (which, through an alias, may be shown elsewhere).
#[derive(Clone)]
struct Scope {
    range: Range<u32>,
    pointer: Option<String>,
}

impl Scope {
    fn covers(&self, place: &Place) -> bool {
        let below = |top: &String| {
            let rest = place.pointer.strip_prefix(top.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        self.range.contains(&place.span.start) || self.pointer.as_ref().is_some_and(below)
    }
}

fn is_covered(ignores: &mut [Ignore], finding: &Diagnostic) -> bool {
    let mut covered = false;
    for ignore in ignores.iter_mut().filter(|ignore| ignore.rule == finding.rule) {
        if ignore.scope.covers(&finding.place) {
            ignore.used = true;
            covered = true;
        }
    }
    covered
}

/// The rule ids that a comment asks to ignore, none if it is no such comment; or what is wrong with it.
fn read<'d>(document: &'d Document<'_>, comment: Comment) -> Result<Vec<(&'d str, Span)>, &'static str> {
    let text = document.source().slice(comment.span);
    let body = text.trim_start_matches(['#', ' ', '\t']);
    let Some(named) = body.get(..7).filter(|name| name.eq_ignore_ascii_case("aiproxy")) else {
        return Ok(Vec::new());
    };
    let directive = body[7..].trim_start_matches([':', ' ', '\t']);
    let word = directive.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').next().unwrap_or_default();
    let arguments = &directive[word.len()..];
    let meant = suggest::nearest(word, ["ignore"]).is_some() || arguments.starts_with('[');
    if !meant {
        return Ok(Vec::new());
    }
    if named != "aiproxy" || !body[7..].starts_with(':') || word != "ignore" {
        return Err("this comment looks like an ignore and is none");
    }
    let Some(list) = arguments.trim_start().strip_prefix('[') else {
        return Err("this ignore names no rule");
    };
    let Some((list, _)) = list.split_once(']') else {
        return Err("the `[` of this ignore is not closed");
    };
    let start = comment.span.start as usize + (list.as_ptr() as usize - text.as_ptr() as usize);
    let mut at = start;
    let mut rules = Vec::new();
    for part in list.split(',') {
        let id = part.trim();
        let from = at + (part.len() - part.trim_start().len());
        rules.push((id, Span::new(from..from + id.len())));
        at += part.len() + 1;
    }
    if rules.iter().any(|(id, _)| id.is_empty()) {
        return Err("this ignore names no rule where one is expected");
    }
    Ok(rules)
}

fn unknown(id: &str, span: Span) -> Diagnostic {
    let finding = report(span, format!("no rule is called `{id}`"));
    match suggest::nearest(id, Rule::ALL.iter().map(|rule| rule.id())) {
        Some(near) => finding.help(format!("did you mean `{near}`?")),
        None => finding.help("`aiproxy rules` lists them"),
    }
}

fn report(span: Span, message: impl Into<String>) -> Diagnostic {
    Diagnostic::new(Rule::UnusedIgnore, Place { span, pointer: String::new() }, message)
}

/// The line on which a comment stands.
fn line(document: &Document<'_>, comment: Comment) -> Range<u32> {
    let before = &document.source().text()[..comment.span.start as usize];
    before.rfind(['\n', '\r']).map_or(0, |at| at as u32 + 1)..comment.span.end
}

/// A list item or a mapping entry as written: where it begins and ends, and its value.
struct Entry {
    range: Range<u32>,
    depth: usize,
    value: NodeId,
}

/// Every entry that stands in the text, by its beginning, the outer before the inner. What aliases
/// copy stands elsewhere and is left out.
fn written_entries(document: &Document<'_>) -> Vec<Entry> {
    let mut entries = Vec::new();
    collect(document, document.root(), 0, &mut entries);
    entries.sort_by_key(|entry| (entry.range.start, entry.depth));
    entries
}

fn collect(document: &Document<'_>, id: NodeId, depth: usize, entries: &mut Vec<Entry>) {
    let at = |id: NodeId| document.node(id).alias.unwrap_or(document.span(id));
    let keyed = document.entries(id).iter().filter(|(key, _)| document.node(*key).alias.is_none());
    let pairs = keyed.map(|(key, value)| (at(*key), *value));
    let items = document.items(id).iter().map(|item| (at(*item), *item));
    for (first, value) in pairs.chain(items) {
        let range = first.start..first.end.max(at(value).end);
        entries.push(Entry { range, depth, value });
        if document.node(value).alias.is_none() {
            collect(document, value, depth + 1, entries);
        }
    }
}

/// The entry below a comment on a line of its own. Of those that begin at the same place it is the
/// outermost after a dash (the list item) and the innermost otherwise (the key).
fn below(document: &Document<'_>, entries: &[Entry], comment: Comment) -> Scope {
    let first = entries.partition_point(|entry| entry.range.start < comment.span.end);
    let Some(start) = entries.get(first).map(|entry| entry.range.start) else {
        return Scope { range: 0..0, pointer: None };
    };
    let alike = entries[first..].iter().take_while(|entry| entry.range.start == start);
    let before = &document.source().text()[..start as usize];
    let line = before.rfind(['\n', '\r']).map_or(0, |at| at + 1);
    let dash = before[line..].trim_start().starts_with('-');
    let entry =
        if dash { alike.min_by_key(|entry| entry.depth) } else { alike.max_by_key(|entry| entry.depth) };
    entry.map_or(Scope { range: 0..0, pointer: None }, |entry| Scope {
        range: line as u32..entry.range.end.max(start + 1),
        pointer: Some(document.pointer(entry.value)),
    })
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::{Suppressed, apply};
    use crate::{diagnostic::Diagnostic, rules::Rule, source::SourceFile, syntax};

    /// What is left after ignores, for a file in which every plain `BAD` breaks `invalid-value`
    /// and every `WORSE` breaks `wrong-type`.
    fn rest(text: &str) -> String {
        let source = SourceFile::new("test.yaml", text);
        let document = syntax::parse(&source).document.expect("the test's text is YAML");
        let mut findings = Vec::new();
        let mut todo = vec![document.root()];
        while let Some(id) = todo.pop() {
            let rule = match document.str(id) {
                Some("BAD") => Some(Rule::InvalidValue),
                Some("WORSE") => Some(Rule::WrongType),
                _ => None,
            };
            findings.extend(rule.map(|rule| Diagnostic::new(rule, document.place(id), "bad")));
            todo.extend(document.items(id).iter().rev());
            todo.extend(document.entries(id).iter().rev().map(|(_, value)| *value));
        }
        let Suppressed { kept, ignored } = apply(&document, findings);
        let mut out = format!("{ignored} ignored\n");
        for finding in kept {
            let at = source.position(finding.place.span.start as usize);
            let (rule, message) = (finding.rule.id(), &finding.message);
            let shown = source.slice(finding.place.span);
            writeln!(out, "{}:{} {rule} `{shown}` {}: {message}", at.line, at.column, finding.place.pointer)
                .expect("a string can be written to");
            if let Some(help) = finding.help {
                writeln!(out, "    {help}").expect("a string can be written to");
            }
        }
        out
    }

    #[test]
    fn at_the_end_of_a_line_it_covers_that_line() {
        insta::assert_snapshot!(rest(
            "a: BAD # aiproxy: ignore[invalid-value] known\nb: BAD\nc: [BAD, WORSE] # aiproxy: ignore[invalid-value]\n"
        ));
    }

    #[test]
    fn on_its_own_line_it_covers_the_entry_below() {
        insta::assert_snapshot!(rest(
            "\
# aiproxy: ignore[invalid-value]
# more words about it
a:
  x: BAD
  y: [BAD, WORSE]
b:
  # aiproxy: ignore[invalid-value, wrong-type]
  - x: BAD
    y: WORSE
  - x: BAD
c:
  # aiproxy: ignore[invalid-value]
  x: BAD
  y: BAD
"
        ));
    }

    #[test]
    fn through_an_alias_it_covers_the_use() {
        insta::assert_snapshot!(rest(
            "base: &base\n  x: BAD\n# aiproxy: ignore[invalid-value]\none: *base\ntwo: *base\n"
        ));
    }

    #[test]
    fn an_ignore_without_use_is_reported() {
        insta::assert_snapshot!(rest(
            "\
a: BAD # aiproxy: ignore[wrong-type, invalid-value]
b: BAD # aiproxy: ignore[invalid_value]
c: BAD # aiproxy: ignore[nonsense, ]
d: BAD # aiproxy: ignore
e: BAD # aiproxy:ignor[invalid-value]
f: BAD # aiproxy ignore[invalid-value]
g: BAD # Aiproxy: ignore[invalid-value]
h: BAD # aiproxy: ignore[invalid-value
i: x # aiproxy: ignore[unresolved-secret]
j: BAD #aiproxy:ignore [ invalid-value ]
k: x # aiproxy: our gateway
l: x # aiproxy reads this
# aiproxy: ignore[invalid-value]
"
        ));
    }
}
