//! A compressed trie over bytes.

/// Values under byte strings, found by the prefixes of a key.
#[derive(Debug)]
pub struct Trie<T> {
    /// The first is the root, whose label is empty.
    nodes: Vec<Node>,
    values: Vec<T>,
}

#[derive(Debug, Default)]
struct Node {
    /// What stands between the parent's key and this node's.
    label: Box<[u8]>,
    /// By the first byte of their labels, in order.
    children: Vec<(u8, u32)>,
    value: Option<u32>,
}

impl<T> Default for Trie<T> {
    fn default() -> Self {
        Self { nodes: vec![Node::default()], values: Vec::new() }
    }
}

impl<T> Trie<T> {
    /// The same keys with other values.
    pub fn map<U>(self, to: impl FnMut(T) -> U) -> Trie<U> {
        Trie { nodes: self.nodes, values: self.values.into_iter().map(to).collect() }
    }

    /// Calls `visit` for every key that `text` begins with, shortest first, with its length.
    pub fn walk(&self, text: &[u8], mut visit: impl FnMut(usize, &T)) {
        let (mut node, mut depth) = (&self.nodes[0], 0);
        loop {
            if let Some(value) = node.value {
                visit(depth, &self.values[value as usize]);
            }
            let Some(child) = text.get(depth).and_then(|byte| node.child(*byte)) else { return };
            node = &self.nodes[child];
            if !text[depth..].starts_with(&node.label) {
                return;
            }
            depth += node.label.len();
        }
    }
}

impl<T: Default> Trie<T> {
    /// The value under `key`, made if there is none.
    pub fn entry(&mut self, key: &[u8]) -> &mut T {
        let node = self.node(key);
        let value = *self.nodes[node].value.get_or_insert_with(|| {
            self.values.push(T::default());
            self.values.len() as u32 - 1
        });
        &mut self.values[value as usize]
    }

    fn node(&mut self, mut key: &[u8]) -> usize {
        let mut node = 0;
        while let Some(&first) = key.first() {
            let Some(child) = self.nodes[node].child(first) else {
                return self.add_child(node, key);
            };
            let label = &self.nodes[child].label;
            let common = label.iter().zip(key).take_while(|(a, b)| a == b).count();
            if common < label.len() {
                self.split(child, common);
            }
            key = &key[common..];
            node = child;
        }
        node
    }

    fn add_child(&mut self, parent: usize, label: &[u8]) -> usize {
        let child = self.nodes.len();
        self.nodes.push(Node { label: label.into(), ..Node::default() });
        let children = &mut self.nodes[parent].children;
        let at = children.partition_point(|(byte, _)| *byte < label[0]);
        children.insert(at, (label[0], child as u32));
        child
    }

    /// Cuts `node`'s label at `at`; all that hung on the node hangs on the new one below it.
    fn split(&mut self, node: usize, at: usize) {
        let lower = self.nodes.len() as u32;
        let upper = &mut self.nodes[node];
        let label = upper.label[at..].into();
        upper.label = upper.label[..at].into();
        let children = std::mem::replace(&mut upper.children, vec![(0, lower)]);
        let value = upper.value.take();
        let below = Node { label, children, value };
        upper.children[0].0 = below.label[0];
        self.nodes.push(below);
    }
}

impl Node {
    fn child(&self, first: u8) -> Option<usize> {
        let at = self.children.binary_search_by_key(&first, |(byte, _)| *byte).ok()?;
        Some(self.children[at].1 as usize)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_walk_meets_exactly_the_keys_that_the_text_begins_with(
            keys in prop::collection::vec("[ab/é]{0,6}", 0..20),
            text in "[ab/é]{0,8}",
        ) {
            let mut trie: Trie<Vec<usize>> = Trie::default();
            for (index, key) in keys.iter().enumerate() {
                trie.entry(key.as_bytes()).push(index);
            }
            let mut met = Vec::new();
            trie.walk(text.as_bytes(), |depth, indices| {
                met.extend(indices.iter().map(|index| (depth, *index)));
            });
            let mut expected: Vec<_> = (0..keys.len())
                .filter(|index| text.starts_with(&keys[*index]))
                .map(|index| (keys[index].len(), index))
                .collect();
            expected.sort_unstable();
            met.sort_unstable();
            prop_assert_eq!(met, expected);
        }
    }
}
