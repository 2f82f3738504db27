//! What is certain about a pattern's groups and its end, from the tree that is compiled.

use std::collections::{HashMap, HashSet};

use regex_syntax::{
    ast::{Ast, GroupKind},
    hir::{Class, Hir, HirKind, Look},
};

use super::{End, Group, Written};

/// The groups in order. Positions come from the syntax tree, facts from the HIR.
pub fn collect(written: &str, ast: &Ast, hir: &Hir) -> Box<[Group]> {
    let mut groups = Vec::new();
    positions(&Written::new(written), ast, &mut groups);
    if groups.is_empty() {
        return Box::default();
    }
    let certain: HashSet<u32> = certain(hir).into_iter().collect();
    let mut facts = HashMap::new();
    captures(hir, false, &mut facts);
    for (index, group) in groups.iter_mut().enumerate() {
        let index = index as u32 + 1;
        group.always = certain.contains(&index);
        // A group that can never match, as in `(?:(a)){0}`, is not in the HIR at all.
        if let Some((capture, in_loop)) = facts.get(&index) {
            group.may_be_empty = capture.properties().minimum_len().is_none_or(|length| length == 0);
            group.may_contain_slash = may_contain_slash(capture);
            group.in_loop = *in_loop;
        }
    }
    groups.into()
}

/// The positions of the groups that have a name, by name.
pub fn by_name(groups: &[Group]) -> Box<[u32]> {
    let mut named: Vec<u32> =
        (0..).zip(groups).filter(|(_, group)| group.name.is_some()).map(|(at, _)| at).collect();
    named.sort_unstable_by_key(|at| groups[*at as usize].name.as_deref());
    named.into()
}

/// How a pattern ends.
pub fn end(hir: &Hir) -> End {
    if hir.properties().look_set_suffix().contains(Look::End) {
        End::Anchored
    } else if takes_the_rest(hir) {
        End::Rest
    } else {
        End::Open
    }
}

fn positions(written: &Written, ast: &Ast, groups: &mut Vec<Group>) {
    match ast {
        Ast::Repetition(repetition) => positions(written, &repetition.ast, groups),
        Ast::Alternation(items) => items.asts.iter().for_each(|item| positions(written, item, groups)),
        Ast::Concat(items) => items.asts.iter().for_each(|item| positions(written, item, groups)),
        Ast::Group(group) => {
            let range = written.range(&group.span);
            let (name, name_range) = match &group.kind {
                GroupKind::CaptureName { name, .. } => {
                    (Some(name.name.as_str().into()), written.range(&name.span))
                }
                _ => (None, range.start..range.start),
            };
            if group.is_capturing() {
                groups.push(Group {
                    name,
                    range,
                    name_range,
                    always: false,
                    may_be_empty: true,
                    may_contain_slash: false,
                    in_loop: false,
                });
            }
            positions(written, &group.ast, groups);
        }
        _ => {}
    }
}

/// The indices of the groups that every match sets: those of every part of a sequence, those common
/// to all alternatives, those of a repetition that runs at least once. A later round of a loop may
/// move a group, never unset it.
fn certain(hir: &Hir) -> Vec<u32> {
    match hir.kind() {
        HirKind::Empty | HirKind::Literal(_) | HirKind::Class(_) | HirKind::Look(_) => Vec::new(),
        HirKind::Repetition(repetition) if repetition.min == 0 => Vec::new(),
        HirKind::Repetition(repetition) => certain(&repetition.sub),
        HirKind::Capture(capture) => {
            let mut indices = certain(&capture.sub);
            indices.push(capture.index);
            indices
        }
        HirKind::Concat(items) => items.iter().flat_map(certain).collect(),
        HirKind::Alternation(items) => {
            let mut branches = items.iter().map(certain);
            let mut common = branches.next().unwrap_or_default();
            for branch in branches.map(|branch| branch.into_iter().collect::<HashSet<_>>()) {
                common.retain(|index| branch.contains(index));
            }
            common
        }
    }
}

/// Each group's inside, and whether it stands in a loop.
fn captures<'a>(hir: &'a Hir, in_loop: bool, found: &mut HashMap<u32, (&'a Hir, bool)>) {
    match hir.kind() {
        HirKind::Repetition(repetition) => {
            captures(&repetition.sub, in_loop || repetition.max != Some(1), found);
        }
        HirKind::Capture(capture) => {
            found.insert(capture.index, (&capture.sub, in_loop));
            captures(&capture.sub, in_loop, found);
        }
        HirKind::Concat(items) | HirKind::Alternation(items) => {
            items.iter().for_each(|item| captures(item, in_loop, found));
        }
        _ => {}
    }
}

fn may_contain_slash(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => false,
        HirKind::Literal(literal) => literal.0.contains(&b'/'),
        HirKind::Class(class) => holds(class, '/'),
        HirKind::Repetition(repetition) => may_contain_slash(&repetition.sub),
        HirKind::Capture(capture) => may_contain_slash(&capture.sub),
        HirKind::Concat(items) | HirKind::Alternation(items) => items.iter().any(may_contain_slash),
    }
}

/// Whether the pattern ends in an endless loop over a class that holds what segments are made of.
fn takes_the_rest(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Capture(capture) => takes_the_rest(&capture.sub),
        HirKind::Concat(items) => items.last().is_some_and(takes_the_rest),
        HirKind::Alternation(items) => items.iter().all(takes_the_rest),
        HirKind::Repetition(repetition) if repetition.max.is_none() => match repetition.sub.kind() {
            HirKind::Class(class) => {
                ['/', '-', 'a', 'z', 'A', 'Z', '0', '9'].iter().all(|c| holds(class, *c))
            }
            _ => false,
        },
        _ => false,
    }
}

fn holds(class: &Class, character: char) -> bool {
    match class {
        Class::Unicode(class) => {
            class.ranges().iter().any(|range| (range.start()..=range.end()).contains(&character))
        }
        Class::Bytes(class) => {
            class.ranges().iter().any(|range| (range.start()..=range.end()).contains(&(character as u8)))
        }
    }
}
