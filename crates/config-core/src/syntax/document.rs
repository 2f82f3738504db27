//! The spanned arena tree of one YAML or JSON document.
//!
//! Aliases and merge keys are already expanded (within a budget), so every node has exactly one
//! parent and its pointer names the place of *use*, while its span names the text it came from.

use std::borrow::Cow;
use std::ops::Range;

use super::mapping::MAX_KEY_CHARS;
use crate::source::{SourceFile, Span};

/// A node of a [`Document`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub(super) u32);

impl NodeId {
    pub(super) fn index(self) -> usize {
        self.0 as usize
    }
}

/// Where a node hangs in its parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slot {
    /// The document's root.
    Root,
    /// The n-th item of a sequence.
    Item(u32),
    /// The value of the mapping entry whose key is this node.
    Value(NodeId),
    /// A mapping key itself.
    Key,
}

/// How a scalar was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Without quotes.
    Plain,
    /// `'…'`
    SingleQuoted,
    /// `"…"`
    DoubleQuoted,
    /// `|`
    Literal,
    /// `>`
    Folded,
}

/// What a scalar means by the YAML 1.2 core schema, the explicit tag included.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ScalarType {
    /// `null`, `~` or nothing.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// An integer that fits 64 bits.
    Integer(i64),
    /// A number that is no such integer; integers beyond 64 bits end here too.
    Float(f64),
    /// Anything else.
    String,
}

/// A scalar's text and meaning.
#[derive(Debug, Clone, PartialEq)]
pub struct Scalar<'s> {
    /// The text after quotes, escapes and folding are undone; borrowed where it stands in the source.
    pub text: Cow<'s, str>,
    /// How it was written.
    pub style: Style,
    /// What it means.
    pub value: ScalarType,
}

/// What a node is.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind<'s> {
    /// A leaf.
    Scalar(Scalar<'s>),
    /// A list: a range of the document's items.
    Sequence(Range<u32>),
    /// A mapping: a range of the document's entries.
    Mapping(Range<u32>),
}

/// One node: kind, source range, place in the tree.
#[derive(Debug, Clone, PartialEq)]
pub struct Node<'s> {
    /// What it is.
    pub kind: Kind<'s>,
    /// Its text in the source: quotes included, tag and anchor excluded.
    pub span: Span,
    /// Its parent; the root is its own.
    pub parent: NodeId,
    /// Where in the parent.
    pub slot: Slot,
    /// The `*alias` through which this node is used here, for the topmost node of the copy.
    pub alias: Option<Span>,
}

/// A `# comment`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Comment {
    /// From `#` to the end of the line.
    pub span: Span,
    /// Whether nothing but blanks stands before it on its line.
    pub own_line: bool,
}

/// A value (or key) of a document and the range to show for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The range in the source.
    pub span: Span,
    /// RFC 6901 pointer into the document as written.
    pub pointer: String,
}

/// One parsed document.
#[derive(Debug)]
pub struct Document<'s> {
    pub(super) source: &'s SourceFile,
    pub(super) nodes: Vec<Node<'s>>,
    pub(super) items: Vec<NodeId>,
    pub(super) entries: Vec<(NodeId, NodeId)>,
    pub(super) comments: Vec<Comment>,
    pub(super) root: NodeId,
}

impl<'s> Document<'s> {
    /// The file that the document was read from.
    pub fn source(&self) -> &'s SourceFile {
        self.source
    }

    /// The root node; a null scalar in a file without content.
    pub fn root(&self) -> NodeId {
        self.root
    }

    /// Every node in the order of the text, those included that a repeated key leaves without a place.
    pub fn ids(&self) -> impl Iterator<Item = NodeId> {
        (0..self.nodes.len() as u32).map(NodeId)
    }

    /// The node itself.
    pub fn node(&self, id: NodeId) -> &Node<'s> {
        &self.nodes[id.0 as usize]
    }

    /// The node's range in the source.
    pub fn span(&self, id: NodeId) -> Span {
        self.node(id).span
    }

    /// The node as a scalar.
    pub fn scalar(&self, id: NodeId) -> Option<&Scalar<'s>> {
        match &self.node(id).kind {
            Kind::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }

    /// The node's text if it is a string (not a number, boolean or null).
    pub fn str(&self, id: NodeId) -> Option<&str> {
        self.scalar(id).filter(|scalar| scalar.value == ScalarType::String).map(|scalar| &*scalar.text)
    }

    /// Whether the node is null.
    pub fn is_null(&self, id: NodeId) -> bool {
        self.scalar(id).is_some_and(|scalar| scalar.value == ScalarType::Null)
    }

    /// The items of a sequence; nothing for other nodes.
    pub fn items(&self, id: NodeId) -> &[NodeId] {
        match &self.node(id).kind {
            Kind::Sequence(range) => &self.items[range.start as usize..range.end as usize],
            _ => &[],
        }
    }

    /// The entries of a mapping, in order, as (key, value); nothing for other nodes.
    pub fn entries(&self, id: NodeId) -> &[(NodeId, NodeId)] {
        match &self.node(id).kind {
            Kind::Mapping(range) => &self.entries[range.start as usize..range.end as usize],
            _ => &[],
        }
    }

    /// The text of a mapping key (as written, whatever its type).
    pub fn key_text(&self, key: NodeId) -> &str {
        self.scalar(key).map_or("", |scalar| &*scalar.text)
    }

    /// The value under `key` of a mapping.
    pub fn get(&self, mapping: NodeId, key: &str) -> Option<NodeId> {
        self.entries(mapping).iter().find(|(k, _)| self.key_text(*k) == key).map(|(_, value)| *value)
    }

    /// The key node of a mapping value.
    pub fn key_of(&self, id: NodeId) -> Option<NodeId> {
        match self.node(id).slot {
            Slot::Value(key) => Some(key),
            _ => None,
        }
    }

    /// The node's RFC 6901 pointer; a key's is that of its value.
    pub fn pointer(&self, id: NodeId) -> String {
        pointer(&self.nodes, id)
    }

    /// The node that an RFC 6901 pointer names.
    pub fn resolve(&self, pointer: &str) -> Option<NodeId> {
        pointer.split('/').skip(1).try_fold(self.root, |at, token| {
            let token = token.replace("~1", "/").replace("~0", "~");
            match &self.node(at).kind {
                Kind::Sequence(_) => self.items(at).get(token.parse::<usize>().ok()?).copied(),
                Kind::Mapping(_) => self.get(at, &token),
                Kind::Scalar(_) => None,
            }
        })
    }

    /// A finding's place: the whole node.
    pub fn place(&self, id: NodeId) -> Place {
        Place { span: self.span(id), pointer: self.pointer(id) }
    }

    /// A finding's place: the key of a mapping value, or the node itself where it has none. This is
    /// also where a key that is missing from the mapping `id` is reported.
    pub fn key_place(&self, id: NodeId) -> Place {
        Place { span: self.span(self.key_of(id).unwrap_or(id)), pointer: self.pointer(id) }
    }

    /// A finding's place: the part `range` (bytes of the scalar's text) of a scalar.
    pub fn place_within(&self, id: NodeId, range: Range<usize>) -> Place {
        Place { span: self.span_within(id, range), pointer: self.pointer(id) }
    }

    /// Comments, in file order; none of a file that nowhere says `aiproxy`, since no directive can be
    /// among them.
    pub fn comments(&self) -> &[Comment] {
        &self.comments
    }

    /// Whether `ancestor` is `id` or above it.
    pub fn contains(&self, ancestor: NodeId, id: NodeId) -> bool {
        let mut at = id;
        loop {
            if at == ancestor {
                return true;
            }
            let node = self.node(at);
            if node.slot == Slot::Root {
                return false;
            }
            at = node.parent;
        }
    }
}

/// The pointer of a node in a tree that may still be growing.
pub(super) fn pointer(nodes: &[Node<'_>], id: NodeId) -> String {
    let text = |key: NodeId| match &nodes[key.index()].kind {
        // A longer key is refused, and the tree with it.
        Kind::Scalar(scalar) => {
            let shown = scalar.text.floor_char_boundary(MAX_KEY_CHARS * char::MAX_LEN_UTF8);
            scalar.text[..shown].replace('~', "~0").replace('/', "~1")
        }
        _ => String::new(),
    };
    let mut tokens = Vec::new();
    let mut at = id;
    loop {
        let node = &nodes[at.index()];
        match node.slot {
            Slot::Root => break,
            Slot::Item(index) => tokens.push(index.to_string()),
            Slot::Value(key) => tokens.push(text(key)),
            Slot::Key => tokens.push(text(at)),
        }
        at = node.parent;
    }
    tokens.iter().rev().fold(String::new(), |pointer, token| pointer + "/" + token)
}
