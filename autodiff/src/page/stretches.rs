//! Long tapes in stretches of entries that follow one another.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::Real;
use crate::explain::is_variable;
use crate::graph::{Graph, Node, Role};
use crate::inspect::reader::Reader;
use crate::tape::trace;

/// Some entries, in order.
pub(super) struct Stretch {
    pub(super) entries: Vec<usize>,
    /// The group that they are in.
    pub(super) group: Option<String>,
}

/// What an entry's operation is called.
pub(super) fn operation<T: Real>(reader: &Reader<T>, i: usize) -> &str {
    let entry = reader.shape(i).and_then(|_| reader.tensor_entry(i));
    entry.map_or_else(|| trace::name(reader.opcode(i)), |entry| entry.name())
}

/// The entries in about `most` stretches at most, cut between groups unless these are too many.
pub(super) fn stretches(entries: &[usize], group: impl Fn(usize) -> Option<String>, most: usize) -> Vec<Stretch> {
    let size = entries.len().div_ceil(most);
    let mut list: Vec<Stretch> = Vec::new();
    for &i in entries {
        let group = group(i);
        match list.last_mut() {
            Some(last) if last.entries.len() < size && last.group == group => last.entries.push(i),
            _ => list.push(Stretch { entries: vec![i], group }),
        }
    }
    if list.len() > 2 * most {
        let whole = |chunk: &[usize]| Stretch { entries: chunk.to_vec(), group: None };
        return entries.chunks(size).map(whole).collect();
    }
    list
}

impl Stretch {
    /// `entries 10 to 76`, behind the group's name.
    pub(super) fn title(&self) -> String {
        let (first, last) = (self.entries[0], self.entries[self.entries.len() - 1]);
        let numbers = if first == last { format!("entry {first}") } else { format!("entries {first} to {last}") };
        self.group.as_ref().map_or_else(|| numbers.clone(), |group| format!("{group}: {numbers}"))
    }

    /// `33 sin, 33 mul, 4 add and 2 more` kinds.
    pub(super) fn operations<T: Real>(&self, reader: &Reader<T>) -> String {
        const SHOWN: usize = 3;
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for &i in &self.entries {
            *counts.entry(operation(reader, i)).or_default() += 1;
        }
        let mut counts: Vec<(&str, usize)> = counts.into_iter().collect();
        counts.sort_by_key(|&(_, count)| std::cmp::Reverse(count));
        let shown: Vec<String> = counts.iter().take(SHOWN).map(|(name, count)| format!("{count} {name}")).collect();
        let more = counts.len().saturating_sub(SHOWN);
        shown.join(", ") + &if more > 0 { format!(" and {more} more") } else { String::new() }
    }

    pub(super) fn role<T: Real>(&self, reader: &Reader<T>) -> Role {
        match () {
            () if self.entries.contains(&reader.root) => Role::Output,
            () if self.entries.iter().all(|&i| is_variable(reader, i)) => Role::Parameter,
            () => Role::Operation,
        }
    }
}

/// The stretch that each entry is in.
pub(super) fn places(stretches: &[Stretch]) -> HashMap<usize, usize> {
    let of = |(k, stretch): (usize, &Stretch)| stretch.entries.iter().map(move |&i| (i, k)).collect::<Vec<_>>();
    stretches.iter().enumerate().flat_map(of).collect()
}

/// Which stretches each one reads, other than itself.
pub(super) fn reads<T: Real>(reader: &Reader<T>, stretches: &[Stretch]) -> Vec<Vec<usize>> {
    let places = places(stretches);
    let read = |(k, stretch): (usize, &Stretch)| {
        let mut seen = HashSet::from([k]);
        let entries = stretch.entries.iter().flat_map(|&i| reader.reads(i));
        entries.filter_map(|i| places.get(&i).copied()).filter(|&from| seen.insert(from)).collect()
    };
    stretches.iter().enumerate().map(read).collect()
}

/// A node for each stretch.
pub(super) fn graph<T: Real>(reader: &Reader<T>, stretches: &[Stretch]) -> Graph {
    let mut graph = Graph::new();
    for stretch in stretches {
        let (title, lines, role) = (stretch.title(), vec![stretch.operations(reader)], stretch.role(reader));
        graph.add_node(Node { title, lines, role, group: None });
    }
    for (to, reads) in reads(reader, stretches).into_iter().enumerate() {
        for from in reads {
            graph.add_edge(from, to, "");
        }
    }
    graph
}
