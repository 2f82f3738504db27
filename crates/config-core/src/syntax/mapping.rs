//! What the entries of a mapping are: keys that are strings, each once, merge keys expanded.

use std::collections::HashMap;

use super::{
    build::Builder,
    document::{Kind, NodeId, ScalarType, Slot, Style},
    error,
};
use crate::rules::Rule;

/// Characters of a key. YAML itself sets this limit for a key without `?`.
pub(super) const MAX_KEY_CHARS: usize = 1024;

/// A key and its value.
type Pair = (NodeId, NodeId);

/// The entries of `mapping`, given its keys and values in turn: what is written, then what merge
/// keys (`<<`) add. Of a repeated key the last value stands, as in Kong. A written key wins over
/// a merged one and an earlier merge over a later one, as YAML 1.1 says.
pub(super) fn entries(builder: &mut Builder<'_, '_>, mapping: NodeId, children: &[NodeId]) -> Vec<Pair> {
    let mut written = Vec::with_capacity(children.len() / 2);
    let mut merges: Vec<Pair> = Vec::new();
    for pair in children.chunks_exact(2) {
        let (key, value) = (pair[0], pair[1]);
        if is_merge(builder, key) {
            if let Some((first, _)) = merges.first() {
                report_repeated(builder, *first, key, "list all mappings in one: `<<: [*a, *b]`");
            }
            merges.push((key, value));
        } else if is_usable(builder, key) {
            written.push((key, value));
        }
    }
    let sources: Vec<NodeId> =
        merges.into_iter().flat_map(|(key, value)| sources(builder, key, value)).collect();
    let Gathered { entries, repeated, merged } = gather(builder, &written, &sources);
    for (first, second) in repeated {
        report_repeated(builder, first, second, "remove one of them; Kong would silently take the last");
    }
    for ((key, value), source) in merged {
        let alias = builder.nodes[source.index()].alias;
        for id in [key, value] {
            let node = &mut builder.nodes[id.index()];
            node.parent = mapping;
            node.alias = node.alias.or(alias);
        }
    }
    entries
}

fn is_merge(builder: &Builder<'_, '_>, key: NodeId) -> bool {
    match &builder.nodes[key.index()].kind {
        Kind::Scalar(scalar) => scalar.style == Style::Plain && scalar.text == "<<",
        _ => false,
    }
}

/// Whether `key` can name an entry. A number, boolean or null can, but is reported.
fn is_usable(builder: &mut Builder<'_, '_>, key: NodeId) -> bool {
    let node = &builder.nodes[key.index()];
    let span = node.span;
    let what = match &node.kind {
        Kind::Sequence(_) => return report_complex(builder, key, "list"),
        Kind::Mapping(_) => return report_complex(builder, key, "mapping"),
        Kind::Scalar(scalar) => match scalar.value {
            ScalarType::String if scalar.text.chars().nth(MAX_KEY_CHARS).is_some() => {
                builder.report_broken(Rule::ResourceLimit, node.parent, span, |_| {
                    (format!("a key has more than {MAX_KEY_CHARS} characters"), "shorten it".to_owned())
                });
                return false;
            }
            ScalarType::String if scalar.text == "<<" => {
                builder.report(Rule::AmbiguousScalar, key, span, |_| {
                    let message =
                        "the key `<<` merges another mapping in Kong, quoted or not; here it is text";
                    (message.to_owned(), "rename the key, or remove the quotes to merge".to_owned())
                });
                return true;
            }
            ScalarType::String => return true,
            ScalarType::Null if scalar.text.is_empty() => {
                builder.report_broken(Rule::YamlSyntax, node.parent, span, |_| {
                    ("an entry has no key".to_owned(), "write the key before the `:`".to_owned())
                });
                return false;
            }
            ScalarType::Null => "null",
            ScalarType::Bool(_) => "a boolean",
            ScalarType::Integer(_) | ScalarType::Float(_) => "a number",
        },
    };
    builder.report(Rule::YamlSyntax, key, span, |builder| {
        let shown = error::shorten(builder.text(key));
        (
            format!("the key `{shown}` is {what}, and keys are text"),
            format!("write it in quotes: `\"{shown}\"`"),
        )
    });
    true
}

/// Reports a key that is a collection; the outermost, where such keys are nested.
fn report_complex(builder: &mut Builder<'_, '_>, key: NodeId, what: &str) -> bool {
    let (span, mapping) = (builder.nodes[key.index()].span, builder.nodes[key.index()].parent);
    if builder.nodes[mapping.index()].slot != Slot::Key {
        builder.report_broken(Rule::YamlSyntax, mapping, span, |_| {
            let help =
                "keys are text; one that begins with `{` or `[`, as a `{{ template }}` does, needs quotes";
            (format!("a {what} stands where a key is expected"), help.to_owned())
        });
    }
    false
}

fn report_repeated(builder: &mut Builder<'_, '_>, first: NodeId, second: NodeId, help: &str) {
    let (earlier, span) = (builder.nodes[first.index()].span, builder.nodes[second.index()].span);
    let finding = builder.report(Rule::DuplicateKey, second, span, |builder| {
        let shown = error::shorten(builder.text(second));
        (format!("the key `{shown}` appears twice in this mapping"), help.to_owned())
    });
    if let Some(finding) = finding {
        *finding = finding.clone().related(earlier, "first used here");
    }
}

/// The mappings that a merge key's value names, in order of precedence.
fn sources(builder: &mut Builder<'_, '_>, key: NodeId, value: NodeId) -> Vec<NodeId> {
    let is_mapping = |node: &NodeId| matches!(builder.nodes[node.index()].kind, Kind::Mapping(_));
    let (sources, wrong) = match &builder.nodes[value.index()].kind {
        Kind::Mapping(_) => (vec![value], None),
        Kind::Sequence(range) => {
            let items = builder.items(range.clone());
            (items.to_vec(), items.iter().find(|item| !is_mapping(item)).copied())
        }
        Kind::Scalar(_) => (Vec::new(), Some(value)),
    };
    let Some(wrong) = wrong else { return sources };
    let node = &builder.nodes[wrong.index()];
    let span = node.alias.unwrap_or(node.span);
    let span = if span.start == span.end { builder.nodes[key.index()].span } else { span };
    builder.report_broken(Rule::YamlSyntax, wrong, span, |_| {
        let help = "name one with an alias: `<<: *defaults`";
        ("the merge key `<<` takes a mapping or a list of mappings".to_owned(), help.to_owned())
    });
    Vec::new()
}

/// What a mapping comes to.
struct Gathered {
    entries: Vec<Pair>,
    /// A key and its repetition.
    repeated: Vec<(NodeId, NodeId)>,
    /// Entries that a merge added, and the mapping that they came from.
    merged: Vec<(Pair, NodeId)>,
}

fn gather(builder: &Builder<'_, '_>, written: &[Pair], sources: &[NodeId]) -> Gathered {
    let mut keys = Keys::default();
    let mut gathered =
        Gathered { entries: Vec::with_capacity(written.len()), repeated: Vec::new(), merged: Vec::new() };
    for (key, value) in written {
        match keys.place(builder, &gathered.entries, *key) {
            None => gathered.entries.push((*key, *value)),
            Some(known) => {
                gathered.repeated.push((gathered.entries[known].0, *key));
                gathered.entries[known] = (*key, *value);
            }
        }
    }
    for source in sources {
        let Kind::Mapping(range) = &builder.nodes[source.index()].kind else { continue };
        for pair in builder.entry_range(range.clone()) {
            if keys.place(builder, &gathered.entries, pair.0).is_none() {
                gathered.entries.push(*pair);
                gathered.merged.push((*pair, *source));
            }
        }
    }
    gathered
}

/// Where each key of one mapping stands among its entries: looked for while they are few, then kept
/// in a map (with the standard library's keyed hash, since whoever wrote the file chose the keys).
#[derive(Default)]
struct Keys<'b> {
    many: HashMap<&'b str, usize>,
}

impl<'b> Keys<'b> {
    /// The place of the entry of `entries` with the same text as `key`; without one, `key` is the next
    /// entry's.
    fn place(&mut self, builder: &'b Builder<'_, '_>, entries: &[Pair], key: NodeId) -> Option<usize> {
        const FEW: usize = 16;
        let text = builder.text(key);
        if entries.len() <= FEW {
            return entries.iter().position(|(known, _)| builder.text(*known) == text);
        }
        if self.many.is_empty() {
            self.many = entries.iter().enumerate().map(|(at, (key, _))| (builder.text(*key), at)).collect();
        }
        let known = self.many.get(text).copied();
        if known.is_none() {
            self.many.insert(text, entries.len());
        }
        known
    }
}
