//! A compressed trie over bytes.

/// Values under byte strings, found by the prefixes of a key. Laid out flat, siblings side by side:
/// a walk over a large trie costs what it fetches from memory.
#[derive(Debug)]
pub struct Trie<T> {
    /// The first is the root, whose label is empty; the last is none, and ends the one before it.
    nodes: Vec<Node>,
    /// The first byte of each node's label; 0 for the root. A label is what stands between the
    /// parent's key and the node's.
    firsts: Vec<u8>,
    /// The labels without their first bytes. Most have no other.
    rests: Vec<u8>,
    values: Vec<T>,
}

/// What belongs to a node ends where that of the next node begins.
#[derive(Debug)]
struct Node {
    rest: u32,
    children: u32,
    /// [`NONE`] or a position in the trie's `values`.
    value: u32,
}

const NONE: u32 = u32::MAX;

impl<T> Trie<T> {
    /// Calls `visit` for every key that `text` begins with, shortest first, with its length.
    pub fn walk(&self, text: &[u8], mut visit: impl FnMut(usize, &T)) {
        let (mut node, mut depth) = (0, 0);
        loop {
            let [this, next] = [&self.nodes[node], &self.nodes[node + 1]];
            if this.value != NONE {
                visit(depth, &self.values[this.value as usize]);
            }
            let Some(first) = text.get(depth) else { return };
            let siblings = &self.firsts[this.children as usize..next.children as usize];
            let Some(at) = siblings.iter().position(|byte| byte == first) else { return };
            node = this.children as usize + at;
            depth += 1;
            let rest = self.nodes[node].rest as usize..self.nodes[node + 1].rest as usize;
            let rest = &self.rests[rest];
            if !text[depth..].starts_with(rest) {
                return;
            }
            depth += rest.len();
        }
    }
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
        let (mut nodes, mut firsts, mut rests) = (Vec::new(), Vec::new(), Vec::new());
        let mut at = 0;
        while let Some(index) = order.get(at) {
            let branch = &self.nodes[*index as usize];
            nodes.push(Node {
                rest: rests.len() as u32,
                children: order.len() as u32,
                value: branch.value.unwrap_or(NONE),
            });
            order.extend(branch.children.iter().map(|(_, child)| *child));
            let (first, rest) = branch.label.split_first().unwrap_or((&0, &[]));
            firsts.push(*first);
            rests.extend_from_slice(rest);
            at += 1;
        }
        nodes.push(Node { rest: rests.len() as u32, children: order.len() as u32, value: NONE });
        Trie { nodes, firsts, rests, values: self.values.into_iter().map(to).collect() }
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
