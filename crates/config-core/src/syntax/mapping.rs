//! What the entries of a mapping are: keys that are strings, each once, merge keys expanded.

use std::collections::HashMap;

use super::{
    build::Builder,
    document::{Kind, NodeId, ScalarType, Style},
    error,
};
use crate::{diagnostic::Diagnostic, rules::Rule};

/// Characters of a key. YAML itself sets this limit for a key without `?`.
const MAX_KEY_CHARS: usize = 1024;

/// The entries of `mapping`, given its keys and values in turn: what is written, then what merge
/// keys (`<<`) add. Of a repeated key the first entry stands. As YAML 1.1 says, a written key wins
/// over a merged one and an earlier merge over a later one.
pub(super) fn entries(
    builder: &mut Builder<'_, '_>,
    mapping: NodeId,
    children: &[NodeId],
) -> Vec<(NodeId, NodeId)> {
    let mut written = Vec::with_capacity(children.len() / 2);
    let mut merges: Vec<(NodeId, NodeId)> = Vec::new();
    for pair in children.chunks_exact(2) {
        let (key, value) = (pair[0], pair[1]);
        if is_merge(builder, key) {
            if let Some((first, _)) = merges.first() {
                report_duplicate(builder, *first, key, "list all mappings in one: `<<: [*a, *b]`");
            }
            merges.push((key, value));
        } else if is_usable(builder, key) {
            written.push((key, value));
        }
    }
    for (first, second) in take_repeated(builder, &mut written) {
        report_duplicate(builder, first, second, "remove one of them; only the first is read");
    }
    for (key, value) in merges {
        for source in merged(builder, key, value) {
            add_merged(builder, mapping, source, &mut written);
        }
    }
    written
}

fn is_merge(builder: &Builder<'_, '_>, key: NodeId) -> bool {
    matches!(&builder.nodes[key.index()].kind, Kind::Scalar(scalar) if scalar.style == Style::Plain && scalar.text == "<<")
}

/// Whether `key` can name an entry. A number, boolean or null can, but is reported.
fn is_usable(builder: &mut Builder<'_, '_>, key: NodeId) -> bool {
    let node = &builder.nodes[key.index()];
    let span = node.span;
    let (message, help, usable) = match &node.kind {
        Kind::Scalar(scalar) => {
            let shown = error::shorten(&scalar.text);
            let kind = match scalar.value {
                ScalarType::String if scalar.text.chars().nth(MAX_KEY_CHARS).is_some() => {
                    let place = builder.place(key, span);
                    let pointer = place.pointer.rfind('/').map_or("", |at| &place.pointer[..at]).to_owned();
                    builder.report_broken(
                        Diagnostic::new(
                            Rule::ResourceLimit,
                            super::Place { span, pointer },
                            format!("a key has more than {MAX_KEY_CHARS} characters"),
                        )
                        .help("use a shorter key"),
                    );
                    return false;
                }
                ScalarType::String => return true,
                ScalarType::Null if scalar.text.is_empty() => {
                    ("an entry without a key".to_owned(), "write the key before the `:`".to_owned(), false)
                }
                ScalarType::Null => non_string(&shown, "null"),
                ScalarType::Bool(_) => non_string(&shown, "a boolean"),
                ScalarType::Integer(_) | ScalarType::Float(_) => non_string(&shown, "a number"),
            };
            kind
        }
        Kind::Sequence(_) => complex("list"),
        Kind::Mapping(_) => complex("mapping"),
    };
    let place = builder.place(key, span);
    builder.report(Diagnostic::new(Rule::YamlSyntax, place, message).help(help));
    usable
}

fn non_string(shown: &str, what: &str) -> (String, String, bool) {
    (
        format!("the key `{shown}` is {what}, and keys are strings"),
        format!("write it in quotes: `\"{shown}\"`"),
        true,
    )
}

fn complex(what: &str) -> (String, String, bool) {
    let help = "keys are strings; text that begins with `{` or `[` needs quotes".to_owned();
    (format!("a {what} stands where a key is expected"), help, false)
}

fn report_duplicate(builder: &mut Builder<'_, '_>, first: NodeId, second: NodeId, help: &str) {
    let span = builder.nodes[second.index()].span;
    let place = builder.place(second, span);
    let text = key_text(builder, second);
    let message = format!("the key `{}` appears twice in this mapping", error::shorten(text));
    let earlier = builder.nodes[first.index()].span;
    builder.report(
        Diagnostic::new(Rule::DuplicateKey, place, message).help(help).related(earlier, "first used here"),
    );
}

fn key_text<'b>(builder: &'b Builder<'_, '_>, key: NodeId) -> &'b str {
    match &builder.nodes[key.index()].kind {
        Kind::Scalar(scalar) => &scalar.text,
        _ => "",
    }
}

/// Removes every entry whose key came before; returns (first, repeated) keys.
fn take_repeated(builder: &Builder<'_, '_>, entries: &mut Vec<(NodeId, NodeId)>) -> Vec<(NodeId, NodeId)> {
    let mut repeated = Vec::new();
    let mut known = Keys::default();
    entries.retain(|(key, _)| match known.insert(builder, *key) {
        None => true,
        Some(first) => {
            repeated.push((first, *key));
            false
        }
    });
    repeated
}

/// The mappings that a merge key's value names, in order of precedence.
fn merged(builder: &mut Builder<'_, '_>, key: NodeId, value: NodeId) -> Vec<NodeId> {
    let sources = match &builder.nodes[value.index()].kind {
        Kind::Mapping(_) => vec![value],
        Kind::Sequence(range) => builder.items(range.clone()).to_vec(),
        Kind::Scalar(_) => Vec::new(),
    };
    let wrong = sources.iter().find(|source| !matches!(builder.nodes[source.index()].kind, Kind::Mapping(_)));
    let wrong = wrong.copied().or(sources.is_empty().then_some(value));
    let Some(wrong) = wrong else { return sources };
    let node = &builder.nodes[wrong.index()];
    let span = node.alias.unwrap_or(node.span);
    let span = if span.start == span.end { builder.nodes[key.index()].span } else { span };
    let place = builder.place(wrong, span);
    builder.report_broken(
        Diagnostic::new(Rule::YamlSyntax, place, "the merge key `<<` takes a mapping or a list of mappings")
            .help("name one with an alias, as in `<<: *defaults`; for a key of that name write `\"<<\"`"),
    );
    Vec::new()
}

/// Adds the entries of `source` whose keys are not there yet, as entries of `mapping`.
fn add_merged(
    builder: &mut Builder<'_, '_>,
    mapping: NodeId,
    source: NodeId,
    entries: &mut Vec<(NodeId, NodeId)>,
) {
    let Kind::Mapping(range) = &builder.nodes[source.index()].kind else { return };
    let candidates = builder.entry_range(range.clone()).to_vec();
    let mut known = Keys::default();
    for (key, _) in entries.iter() {
        known.insert(builder, *key);
    }
    let alias = builder.nodes[source.index()].alias;
    let added: Vec<_> =
        candidates.into_iter().filter(|(key, _)| known.insert(builder, *key).is_none()).collect();
    for (key, value) in added {
        for id in [key, value] {
            let node = &mut builder.nodes[id.index()];
            node.parent = mapping;
            node.alias = node.alias.or(alias);
        }
        entries.push((key, value));
    }
}

/// The keys of one mapping by text: a list while it is short, then a map (with the standard
/// library's keyed hash, since the keys are chosen by whoever wrote the file).
#[derive(Default)]
struct Keys<'b> {
    few: Vec<(&'b str, NodeId)>,
    many: HashMap<&'b str, NodeId>,
}

impl<'b> Keys<'b> {
    /// Adds a key; returns the one with the same text that is there already.
    fn insert(&mut self, builder: &'b Builder<'_, '_>, key: NodeId) -> Option<NodeId> {
        const FEW: usize = 16;
        let text = key_text(builder, key);
        if self.many.is_empty() {
            if let Some((_, first)) = self.few.iter().find(|(known, _)| *known == text) {
                return Some(*first);
            }
            self.few.push((text, key));
            if self.few.len() > FEW {
                self.many = self.few.drain(..).collect();
            }
            return None;
        }
        match self.many.entry(text) {
            std::collections::hash_map::Entry::Occupied(first) => Some(*first.get()),
            std::collections::hash_map::Entry::Vacant(free) => {
                free.insert(key);
                None
            }
        }
    }
}
