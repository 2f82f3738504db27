//! `aiproxy lint` beside a reader that only makes a tree of values of the same file.

use std::fs;

use crate::{
    configuration,
    turns::{self, Contender, Figures},
};

/// The size of the file with `routes` routes in bytes, and what each program took for it.
pub fn measure(routes: usize) -> (usize, [(&'static str, Figures); 2]) {
    let text = configuration::apart(routes);
    let rounds = if routes < 100_000 { 15 } else { 5 };
    let [ours, peer] = turns::at(&text, [Contender::lint(), Contender::this(&["read-values"])], rounds);
    (text.len(), [("aiproxy lint", ours), ("yaml_serde into `Value`", peer)])
}

/// The peer: all values of a YAML file, in memory.
pub fn read_values(path: &str) {
    let text = fs::read_to_string(path).expect("a file of ours");
    let values: serde_yaml::Value = serde_yaml::from_str(&text).expect("YAML of ours");
    assert!(values.is_mapping());
}
