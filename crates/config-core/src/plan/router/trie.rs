//! A compressed trie over bytes.

use std::ops::Range;

/// Values under byte strings, found by the prefixes of a key. Laid out flat, siblings side by side:
/// a walk over a large trie costs what it fetches from memory.
#[derive(Debug)]
pub struct Trie<T> {
    /// The first is the root, whose label is empty.
    nodes: Vec<Node>,
    /// The first byte of each node's label; 0 for the root.
    firsts: Vec<u8>,
    labels: Vec<u8>,
    values: Vec<T>,
}

#[derive(Debug)]
struct Node {
    /// What stands between the parent's key and this node's, in the trie's `labels`.
    label: Range<u32>,
    children: Range<u32>,
    value: Option<u32>,
}

impl<T> Trie<T> {
    /// Calls `visit` for every key that `text` begins with, shortest first, with its length.
    pub fn walk(&self, text: &[u8], mut visit: impl FnMut(usize, &T)) {
        let (mut node, mut depth) = (&self.nodes[0], 0);
        loop {
            if let Some(value) = node.value {
                visit(depth, &self.values[value as usize]);
            }
            let Some(first) = text.get(depth) else { return };
            let siblings = &self.firsts[indices(&node.children)];
            let Some(at) = siblings.iter().position(|byte| byte == first) else { return };
            node = &self.nodes[node.children.start as usize + at];
            let label = &self.labels[indices(&node.label)];
            if !text[depth..].starts_with(label) {
                return;
            }
            depth += label.len();
        }
    }
}

fn indices(range: &Range<u32>) -> Range<usize> {
    range.start as usize..range.end as usize
}

/// A trie that keys are still added to.
#[derive(Debug)]
pub struct Growing<T> {
    nodes: Vec<Branch>,
    values: Vec<T>,
}

#[derive(Debug, Default)]
struct Branch {
    label: Box<[u8]>,
    /// By the first bytes of their labels, in order.
    children: Vec<(u8, u32)>,
    value: Option<u32>,
}

impl<T> Default for Growing<T> {
    fn default() -> Self {
        Self { nodes: vec![Branch::default()], values: Vec::new() }
    }
}

impl<T: Default> Growing<T> {
    /// The finished trie, its values put through `to`.
    pub fn freeze<U>(self, to: impl FnMut(T) -> U) -> Trie<U> {
        // Breadth first, so that siblings are neighbours.
        let mut order = vec![0_u32];
        let (mut nodes, mut firsts, mut labels) = (Vec::new(), Vec::new(), Vec::new());
        let mut at = 0;
        while let Some(index) = order.get(at) {
            let branch = &self.nodes[*index as usize];
            let (label, children) = (labels.len() as u32, order.len() as u32);
            labels.extend_from_slice(&branch.label);
            order.extend(branch.children.iter().map(|(_, child)| *child));
            firsts.push(branch.label.first().copied().unwrap_or(0));
            nodes.push(Node {
                label: label..labels.len() as u32,
                children: children..order.len() as u32,
                value: branch.value,
            });
            at += 1;
        }
        Trie { nodes, firsts, labels, values: self.values.into_iter().map(to).collect() }
    }

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
        self.nodes.push(Branch { label: label.into(), ..Branch::default() });
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
        let below = Branch { label, children, value };
        upper.children[0].0 = below.label[0];
        self.nodes.push(below);
    }
}

impl Branch {
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
            let mut growing: Growing<Vec<usize>> = Growing::default();
            for (index, key) in keys.iter().enumerate() {
                growing.entry(key.as_bytes()).push(index);
            }
            let trie = growing.freeze(|indices| indices);
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
