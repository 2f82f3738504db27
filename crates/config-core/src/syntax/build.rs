//! Parser events to tree. Events are pulled one by one; nodes are numbered in the order of the
//! text, and a container's children are listed when it ends. The subtree of a node is therefore a
//! range of nodes, of items and of entries, and expanding an alias is copying three ranges.

use std::borrow::Cow;
use std::ops::Range;

use granit_parser::{Event, Parser, ScalarStyle, StructureStyle};
use rustc_hash::FxHashMap;

use super::{
    document::{self, Comment, Document, Kind, Node, NodeId, Place, Scalar, ScalarType, Slot, Style},
    error, mapping,
    scalar::{self, Tag},
};
use crate::{
    diagnostic::Diagnostic,
    rules::Rule,
    source::{SourceFile, Span},
    suggest,
};

/// Collections inside collections, counted through aliases. Real files use about a dozen.
pub(super) const MAX_DEPTH: usize = 128;

/// What aliases may copy, in nodes: so much in any file, so much more for each node written, and
/// never more than the last. Together they keep the tree a bounded multiple of the text.
const COPIES: u64 = 100_000;
const COPIES_PER_NODE: u64 = 32;
const MAX_COPIES: u64 = 10_000_000;

/// Bytes of text that an alias copies for the price of one node.
const BYTES_PER_NODE: usize = 64;

/// Findings of one rule that are kept.
const MAX_FINDINGS: usize = 1000;

/// Whether a comment may be meant for aiproxy. Keeping comments takes a twentieth of the time of
/// reading a file, and no other comment is of use.
fn may_hold_directives(text: &str) -> bool {
    let bytes = text.as_bytes();
    memchr::memchr2_iter(b'x', b'X', bytes).any(|at| {
        let word = at.checked_sub(5).and_then(|start| bytes.get(start..at + 2));
        word.is_some_and(|word| word.eq_ignore_ascii_case(b"aiproxy"))
    })
}

/// Reads the first document of `source`.
pub(super) fn build<'s>(source: &'s SourceFile, diagnostics: &mut Vec<Diagnostic>) -> Option<Document<'s>> {
    let options = granit_parser::options! {
        emit_unresolved_aliases: true,
        emit_anchor_events: true,
        emit_comments: may_hold_directives(source.text()),
        // Comments take part in the file's own size; the default would refuse a long comment.
        max_buffered_comment_events: usize::MAX,
        flow_nesting_limit: MAX_DEPTH,
        block_nesting_limit: MAX_DEPTH,
    };
    let mut parser = Parser::new_from_str_with_options(source.text(), options);
    let mut builder = Builder::new(source, diagnostics);
    while let Some(next) = parser.next_event() {
        match next {
            // What follows is not read, so it cannot be wrong either.
            Ok((Event::DocumentStart(..), span)) if builder.root.is_some() => {
                builder.second_document(bytes(span));
                break;
            }
            Ok((event, span)) => {
                if builder.event(event, span).is_err() {
                    break;
                }
            }
            Err(scan) => {
                builder.broken = true;
                let progress = builder.progress();
                builder.diagnostics.push(error::describe(source, &scan, &progress));
                break;
            }
        }
    }
    builder.finish()
}

/// The document cannot be read on; the finding that says why is reported.
pub(super) struct Stop;

/// A container that has not ended yet.
struct Frame {
    node: NodeId,
    mapping: bool,
    flow: bool,
    /// Where its children begin in [`Builder::pending`].
    children: usize,
    /// What it holds so far: where its items and entries begin, how high and how heavy it is.
    items: u32,
    entries: u32,
    height: usize,
    weight: u64,
    /// One past the last byte seen in it.
    end: u32,
    anchor: usize,
}

/// What an anchor stands for.
struct Anchor<'s> {
    name: Cow<'s, str>,
    /// Absent while the node is still open.
    subtree: Option<Subtree>,
}

#[derive(Clone)]
struct Subtree {
    nodes: Range<u32>,
    items: Range<u32>,
    entries: Range<u32>,
    height: usize,
    weight: u64,
}

pub(super) struct Builder<'s, 'd> {
    source: &'s SourceFile,
    /// Whether there is a tab anywhere, so that indentation is worth a look.
    tabs: bool,
    diagnostics: &'d mut Vec<Diagnostic>,
    pub(super) nodes: Vec<Node<'s>>,
    items: Vec<NodeId>,
    entries: Vec<(NodeId, NodeId)>,
    comments: Vec<Comment>,
    frames: Vec<Frame>,
    /// Children of open containers; keys and values of a mapping in turn.
    pending: Vec<NodeId>,
    anchors: FxHashMap<usize, Anchor<'s>>,
    root: Option<NodeId>,
    /// One past the last byte of the last node.
    read: u32,
    copied: u64,
    /// An error after which the tree would mean something else than the text.
    broken: bool,
    /// Findings so far, those without room included.
    counts: FxHashMap<Rule, usize>,
}

impl<'s, 'd> Builder<'s, 'd> {
    fn new(source: &'s SourceFile, diagnostics: &'d mut Vec<Diagnostic>) -> Self {
        Self {
            source,
            tabs: source.text().contains('\t'),
            diagnostics,
            nodes: Vec::with_capacity(source.text().len() / 16),
            items: Vec::new(),
            entries: Vec::new(),
            comments: Vec::new(),
            frames: Vec::new(),
            pending: Vec::new(),
            anchors: FxHashMap::default(),
            root: None,
            read: 0,
            copied: 0,
            broken: false,
            counts: FxHashMap::default(),
        }
    }

    fn finish(mut self) -> Option<Document<'s>> {
        self.count_dropped();
        let root = match self.root {
            Some(root) => root,
            None => self.add(null(), Span::at(self.source.text().len())),
        };
        let Self { source, nodes, items, entries, mut comments, broken, .. } = self;
        comments.sort_by_key(|comment| comment.span);
        (!broken).then_some(Document { source, nodes, items, entries, comments, root })
    }

    /// Reports a finding about `node`, shown at `span`, in words that are asked for only if there is
    /// still room for it: pointers and quotations cost, and a file can be wrong everywhere.
    pub(super) fn report(
        &mut self,
        rule: Rule,
        node: NodeId,
        span: Span,
        words: impl FnOnce(&Self) -> (String, String),
    ) -> Option<&mut Diagnostic> {
        let count = self.counts.entry(rule).or_insert(0);
        *count += 1;
        if *count > MAX_FINDINGS {
            return None;
        }
        let (message, help) = words(self);
        let place = Place { span, pointer: document::pointer(&self.nodes, node) };
        self.diagnostics.push(Diagnostic::new(rule, place, message).help(help));
        self.diagnostics.last_mut()
    }

    /// Reports an error after which the tree would mean something else than the text.
    pub(super) fn report_broken(
        &mut self,
        rule: Rule,
        node: NodeId,
        span: Span,
        words: impl FnOnce(&Self) -> (String, String),
    ) {
        self.broken = true;
        self.report(rule, node, span, words);
    }

    /// Says of each rule how many of its findings there was no room for.
    fn count_dropped(&mut self) {
        for (rule, count) in &self.counts {
            let dropped = count.saturating_sub(MAX_FINDINGS);
            if let Some(last) = self.diagnostics.iter_mut().rfind(|last| last.rule == *rule && dropped > 0) {
                last.message += &format!(" (and {dropped} more like this below)");
            }
        }
    }

    /// The items in `range`, as a sequence holds it.
    pub(super) fn items(&self, range: Range<u32>) -> &[NodeId] {
        &self.items[range.start as usize..range.end as usize]
    }

    /// The entries in `range`, as a mapping holds it.
    pub(super) fn entry_range(&self, range: Range<u32>) -> &[(NodeId, NodeId)] {
        &self.entries[range.start as usize..range.end as usize]
    }

    /// The text of a scalar; nothing for other nodes.
    pub(super) fn text(&self, node: NodeId) -> &str {
        match &self.nodes[node.index()].kind {
            Kind::Scalar(scalar) => &scalar.text,
            _ => "",
        }
    }

    fn event(&mut self, event: Event<'s>, at: granit_parser::Span) -> Result<(), Stop> {
        let span = bytes(at);
        if event.is_node() {
            self.read = span.end;
        }
        match event {
            Event::Comment(..) => self.comment(span),
            Event::Scalar(text, style, anchor, tag) => {
                self.scalar(text, style, anchor, tag.as_deref(), at)?;
            }
            Event::SequenceStart(style, anchor, tag) => {
                self.open(false, style, anchor, tag.as_deref(), at)?;
            }
            Event::MappingStart(style, anchor, tag) => self.open(true, style, anchor, tag.as_deref(), at)?,
            Event::SequenceEnd | Event::MappingEnd => self.close(span),
            Event::Alias(anchor) => self.alias(anchor, span)?,
            Event::UnresolvedAlias(name) => self.unknown_alias(&name, span)?,
            Event::Anchor(anchor, name) => self.name_anchor(anchor, name, span),
            _ => {}
        }
        Ok(())
    }

    fn comment(&mut self, span: Span) {
        let before = &self.source.text()[..span.start as usize];
        let line = before.rfind(['\n', '\r']).map_or(before, |at| &before[at + 1..]);
        let own_line = line.trim_start_matches('\u{feff}').bytes().all(|byte| matches!(byte, b' ' | b'\t'));
        self.comments.push(Comment { span, own_line });
    }

    fn progress(&self) -> error::Progress {
        // A pair in a list, `[a: b]`, is a mapping without a bracket of its own.
        let starts = self.frames.iter().map(|frame| self.nodes[frame.node.index()].span.start);
        let bracket =
            starts.rev().find(|start| self.source.text()[*start as usize..].starts_with(['[', '{']));
        error::Progress { read: self.read, bracket }
    }

    fn second_document(&mut self, span: Span) {
        let place = Place { span, pointer: String::new() };
        let message = "a second document begins here, and only the first is read";
        let help = "move it to a file of its own, or join both documents into one";
        self.diagnostics.push(Diagnostic::new(Rule::MultipleDocuments, place, message).help(help));
    }

    fn scalar(
        &mut self,
        text: Cow<'s, str>,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<&granit_parser::Tag>,
        at: granit_parser::Span,
    ) -> Result<(), Stop> {
        let mut span = bytes(at);
        let style = match style {
            ScalarStyle::SingleQuoted => Style::SingleQuoted,
            ScalarStyle::DoubleQuoted => Style::DoubleQuoted,
            ScalarStyle::Literal => Style::Literal,
            ScalarStyle::Folded => Style::Folded,
            ScalarStyle::Plain => Style::Plain,
        };
        let (mut text, mut unended) = (text, None);
        if matches!(style, Style::Literal | Style::Folded) {
            let last = self.source.slice(span).rsplit(['\n', '\r']).next().unwrap_or_default();
            let at_end = span.end as usize == self.source.text().len() && !last.is_empty();
            if at_end && last.trim_matches(' ').is_empty() {
                unended = Some(Span { start: span.end - last.len() as u32, end: span.end });
            } else if at_end {
                text = without_last_break(text);
            }
            span.end -= trailing_breaks(self.source.slice(span));
        }
        // An absent value arrives as the plain scalar `~` without extent.
        let text = if style == Style::Plain && span.start == span.end { Cow::Borrowed("") } else { text };
        let node = self.add(null(), span);
        let weight = match &text {
            Cow::Borrowed(_) => 1,
            Cow::Owned(text) => 1 + (text.len() / BYTES_PER_NODE) as u64,
        };
        let known = tag.and_then(known_tag);
        let value = scalar::resolve(&text, style, known);
        let kind = Scalar { text, style, value: value.unwrap_or(ScalarType::String) };
        self.nodes[node.index()].kind = Kind::Scalar(kind);
        // Only now, for the place of a key is its text.
        tag.and_then(|tag| self.tag(node, tag, at));
        match (value, known) {
            (None, Some(tag)) => self.report_broken(Rule::YamlSyntax, node, span, |builder| {
                let (text, tag) = (builder.text(node), tag.as_str());
                let shown =
                    if text.is_empty() { "this".to_owned() } else { format!("`{}`", error::shorten(text)) };
                (
                    format!("{shown} is no value for the tag `{tag}`"),
                    format!("write such a value, or remove `{tag}`"),
                )
            }),
            (Some(value), None) if style == Style::Plain => self.check_plain(node, value, span),
            _ => {}
        }
        if let Some(blanks) = unended {
            self.report(Rule::YamlSyntax, node, blanks, |_| {
                let message =
                    "the file ends with blanks in a text block, which YAML readers read differently";
                (message.to_owned(), "remove them, and end the file with a line break".to_owned())
            });
        }
        let block = self.frames.last().is_none_or(|frame| !frame.flow);
        if self.tabs && block && self.nodes[node.index()].slot == Slot::Key {
            self.check_indentation(node, span.start);
        }
        self.attach(node, span, 0, weight);
        if anchor != 0 {
            let (items, entries) = (self.items.len() as u32, self.entries.len() as u32);
            let subtree = Subtree {
                nodes: node.0..node.0 + 1,
                items: items..items,
                entries: entries..entries,
                height: 0,
                weight,
            };
            self.define(anchor, Some(subtree));
        }
        Ok(())
    }

    fn check_plain(&mut self, node: NodeId, value: ScalarType, span: Span) {
        let key = self.nodes[node.index()].slot == Slot::Key;
        if self.text(node).starts_with('?') && self.frames.last().is_some_and(|frame| frame.flow) {
            self.report(Rule::YamlSyntax, node, span, |builder| {
                let shown = error::shorten(builder.text(node));
                let message = format!("`{shown}` begins a key for some YAML readers and is text for others");
                (message, format!("write it in quotes: `\"{shown}\"`"))
            });
        } else if let Some(doubt) = scalar::ambiguous(self.text(node), value, key) {
            self.report(Rule::AmbiguousScalar, node, span, |builder| {
                let shown = error::shorten(builder.text(node));
                (format!("`{shown}` {}", doubt.message()), doubt.help(&shown, key))
            });
        }
    }

    /// Some readers let a tab indent a line (as ours) and some do not (as Kong's).
    fn check_indentation(&mut self, node: NodeId, start: u32) {
        let before = &self.source.text()[..start as usize];
        let line = before.rfind(['\n', '\r']).map_or(0, |at| at + 1);
        let blank = before[line..].find(|c| !matches!(c, ' ' | '\t')).unwrap_or(before.len() - line);
        if let Some(tab) = before[line..line + blank].find('\t') {
            let span = Span::new(line + tab..line + tab + 1);
            self.report(Rule::YamlSyntax, node, span, |_| error::tab());
        }
    }

    /// The type that a tag asks for. Another tag, `!` included, means something different to every
    /// reader: it is an error, and otherwise without effect.
    fn tag(&mut self, node: NodeId, tag: &granit_parser::Tag, at: granit_parser::Span) -> Option<Tag> {
        if let Some(known) = known_tag(tag) {
            return Some(known);
        }
        let original = tag.original();
        self.report(Rule::YamlSyntax, node, at.tag_span().map_or(bytes(at), bytes), |_| {
            let known = "`!!str`, `!!int`, `!!float`, `!!bool`, `!!null`, `!!seq` and `!!map`";
            let message = format!("the tag `{}` has no meaning here", error::shorten(&original));
            (message, format!("remove it; known are {known}"))
        });
        None
    }

    fn open(
        &mut self,
        mapping: bool,
        style: StructureStyle,
        anchor: usize,
        tag: Option<&granit_parser::Tag>,
        at: granit_parser::Span,
    ) -> Result<(), Stop> {
        let span = bytes(at);
        let empty = if mapping { Kind::Mapping(0..0) } else { Kind::Sequence(0..0) };
        let node = self.add(empty, span);
        self.check_depth(node, span, 1)?;
        let expected = if mapping { Tag::Map } else { Tag::Seq };
        if let Some(tag) = tag.and_then(|tag| self.tag(node, tag, at))
            && tag != expected
        {
            self.report_broken(Rule::YamlSyntax, node, at.tag_span().map_or(span, bytes), |_| {
                let what = if mapping { "a mapping" } else { "a list" };
                (format!("{what} is no value for the tag `{}`", tag.as_str()), "remove the tag".to_owned())
            });
        }
        self.frames.push(Frame {
            node,
            mapping,
            flow: style == StructureStyle::Flow,
            children: self.pending.len(),
            items: self.items.len() as u32,
            entries: self.entries.len() as u32,
            height: 0,
            weight: 1,
            end: span.end,
            anchor,
        });
        if anchor != 0 {
            self.define(anchor, None);
        }
        Ok(())
    }

    fn close(&mut self, span: Span) {
        let Some(frame) = self.frames.pop() else { return };
        let kind = if frame.mapping {
            let mut pending = std::mem::take(&mut self.pending);
            let entries = mapping::entries(self, frame.node, &pending[frame.children..]);
            pending.truncate(frame.children);
            self.pending = pending;
            let start = self.entries.len() as u32;
            self.entries.extend(entries);
            Kind::Mapping(start..self.entries.len() as u32)
        } else {
            let start = self.items.len() as u32;
            self.items.extend(self.pending.drain(frame.children..));
            Kind::Sequence(start..self.items.len() as u32)
        };
        // A block collection's end event stands at the next token, which may be far below.
        let end = if frame.flow { span.end } else { frame.end };
        let node = &mut self.nodes[frame.node.index()];
        node.kind = kind;
        node.span.end = end.max(node.span.start);
        let whole = node.span;
        let height = frame.height + 1;
        if frame.anchor != 0 {
            let subtree = Subtree {
                nodes: frame.node.0..self.nodes.len() as u32,
                items: frame.items..self.items.len() as u32,
                entries: frame.entries..self.entries.len() as u32,
                height,
                weight: frame.weight,
            };
            self.define(frame.anchor, Some(subtree));
        }
        self.attach(frame.node, whole, height, frame.weight);
    }

    fn define(&mut self, anchor: usize, subtree: Option<Subtree>) {
        let known = self.anchors.entry(anchor).or_insert(Anchor { name: Cow::Borrowed(""), subtree: None });
        known.subtree = subtree;
    }

    fn name_anchor(&mut self, anchor: usize, name: Cow<'s, str>, span: Span) {
        if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')) {
            // The anchor's event follows that of its node, the latest one.
            let node = NodeId(self.nodes.len() as u32 - 1);
            self.report(Rule::YamlSyntax, node, span, |_| {
                let shown = error::shorten(&name);
                let message = format!("the anchor `&{shown}` ends elsewhere for other YAML readers");
                (
                    message,
                    "name it with letters, digits, `-` and `_` only, and put a space after it".to_owned(),
                )
            });
        }
        if let Some(known) = self.anchors.get_mut(&anchor) {
            known.name = name;
        }
    }

    fn alias(&mut self, anchor: usize, span: Span) -> Result<(), Stop> {
        let Some(Anchor { subtree: Some(subtree), .. }) = self.anchors.get(&anchor) else {
            let name = self.anchors.get(&anchor).map_or(Cow::Borrowed(""), |anchor| anchor.name.clone());
            let node = self.add(null(), span);
            self.report_broken(Rule::YamlSyntax, node, span, |_| {
                let message =
                    format!("the alias `*{}` stands inside the value that it copies", error::shorten(&name));
                (message, "write out here what it should hold".to_owned())
            });
            self.attach(node, span, 0, 1);
            return Ok(());
        };
        let subtree = subtree.clone();
        let written = (self.nodes.len() as u64).saturating_sub(self.copied);
        let budget = (COPIES + COPIES_PER_NODE * written).min(MAX_COPIES);
        let node = NodeId(self.nodes.len() as u32);
        if self.copied + subtree.weight > budget {
            let node = self.add(null(), span);
            self.report_broken(Rule::ResourceLimit, node, span, |_| {
                let message = format!("the aliases up to here stand for more than {budget} values");
                (message, "write the values out, or share smaller ones".to_owned())
            });
            return Err(Stop);
        }
        self.copied += subtree.weight;
        self.copy(&subtree, span);
        self.check_depth(node, span, subtree.height)?;
        self.attach(node, span, subtree.height, subtree.weight);
        Ok(())
    }

    /// Appends a copy of a subtree, to hang where the next node hangs.
    fn copy(&mut self, subtree: &Subtree, alias: Span) {
        let top = NodeId(self.nodes.len() as u32);
        let (parent, slot) = self.slot(top);
        let nodes = top.0 - subtree.nodes.start;
        let items = self.items.len() as u32 - subtree.items.start;
        let entries = self.entries.len() as u32 - subtree.entries.start;
        for index in subtree.nodes.start..subtree.nodes.end {
            let mut node = self.nodes[index as usize].clone();
            node.parent.0 += nodes;
            if let Slot::Value(key) = &mut node.slot {
                key.0 += nodes;
            }
            match &mut node.kind {
                Kind::Sequence(range) => *range = range.start + items..range.end + items,
                Kind::Mapping(range) => *range = range.start + entries..range.end + entries,
                Kind::Scalar(_) => {}
            }
            self.nodes.push(node);
        }
        for index in subtree.items.clone() {
            let item = self.items[index as usize];
            self.items.push(NodeId(item.0 + nodes));
        }
        for index in subtree.entries.clone() {
            let (key, value) = self.entries[index as usize];
            self.entries.push((NodeId(key.0 + nodes), NodeId(value.0 + nodes)));
        }
        let node = &mut self.nodes[top.index()];
        (node.parent, node.slot, node.alias) = (parent, slot, Some(alias));
    }

    fn unknown_alias(&mut self, name: &str, span: Span) -> Result<(), Stop> {
        let node = self.add(null(), span);
        let mut known: Vec<_> = self.anchors.iter().collect();
        known.sort_unstable_by_key(|(id, _)| **id);
        let names = || known.iter().map(|(_, anchor)| &*anchor.name);
        let shown = error::shorten(name);
        // `*name: value` is read as the alias `name:`, and then the mapping makes no sense.
        let key = name.strip_suffix(':').filter(|key| names().any(|name| name == *key));
        let help = match (key, suggest::nearest(name, names())) {
            (Some(key), _) => format!("a `:` right after an alias belongs to its name; write `*{key} :`"),
            (None, Some(near)) => format!("did you mean `*{near}`?"),
            (None, None) => {
                format!("define it above with `&{shown}`; text that begins with `*` needs quotes")
            }
        };
        let end = if key.is_some() { Err(Stop) } else { Ok(()) };
        self.report_broken(Rule::YamlSyntax, node, span, |_| {
            (format!("no anchor `&{shown}` is defined above this alias"), help)
        });
        self.attach(node, span, 0, 1);
        end
    }

    fn check_depth(&mut self, node: NodeId, span: Span, height: usize) -> Result<(), Stop> {
        if self.frames.len() + height <= MAX_DEPTH {
            return Ok(());
        }
        self.report_broken(Rule::ResourceLimit, node, span, |_| error::too_deep());
        Err(Stop)
    }

    /// Appends a node that hangs where the next node hangs. It is [attached](Self::attach) when it
    /// is complete.
    fn add(&mut self, kind: Kind<'s>, span: Span) -> NodeId {
        let node = NodeId(self.nodes.len() as u32);
        let (parent, slot) = self.slot(node);
        self.nodes.push(Node { kind, span, parent, slot, alias: None });
        node
    }

    /// Parent and slot of the next child, which is `node`.
    fn slot(&self, node: NodeId) -> (NodeId, Slot) {
        let Some(frame) = self.frames.last() else { return (node, Slot::Root) };
        let count = self.pending.len() - frame.children;
        let slot = match (frame.mapping, self.pending.last()) {
            (false, _) => Slot::Item(count as u32),
            (true, Some(key)) if count % 2 == 1 => Slot::Value(*key),
            (true, _) => Slot::Key,
        };
        (frame.node, slot)
    }

    /// Makes a complete node the next child of the innermost container, or the root.
    fn attach(&mut self, node: NodeId, span: Span, height: usize, weight: u64) {
        match self.frames.last_mut() {
            Some(frame) => {
                frame.height = frame.height.max(height);
                frame.weight += weight;
                if span.start < span.end {
                    frame.end = frame.end.max(span.end);
                }
                self.pending.push(node);
            }
            None => self.root = Some(node),
        }
    }
}

fn null<'s>() -> Kind<'s> {
    Kind::Scalar(Scalar { text: Cow::Borrowed(""), style: Style::Plain, value: ScalarType::Null })
}

/// The last line of a file that ends without a line break has none to keep; the parser adds one.
fn without_last_break(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.strip_suffix('\n').unwrap_or(text)),
        Cow::Owned(mut text) => {
            text.truncate(text.strip_suffix('\n').unwrap_or(&text).len());
            Cow::Owned(text)
        }
    }
}

/// How many bytes of line breaks end a block scalar; a finding about it need not show them.
fn trailing_breaks(text: &str) -> u32 {
    (text.len() - text.trim_end_matches(['\n', '\r']).len()) as u32
}

/// The type that a tag asks for, if it is one of YAML's own.
fn known_tag(tag: &granit_parser::Tag) -> Option<Tag> {
    tag.core_suffix().and_then(Tag::from_core)
}

/// The parser gives byte offsets for every event read from a `str`.
fn bytes(span: granit_parser::Span) -> Span {
    Span::new(span.byte_range().unwrap_or_default())
}
