//! Which entries of a tape are quantities with a line of their own, and which are written inside the formulas that use them.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::inspect::reader::{Operand, Reader};
use crate::tape::opcode::{ADD, Kind, SUM};
use crate::tensor::entry::{OpRef, Source};
use crate::tensor::written::{Operands, Place};
use crate::{Real, Tensor};

/// A formula of more symbols is taken apart.
const LONG: u32 = 12;
/// A sum may have more of them, and this many terms.
const LONG_SUM: u32 = 24;
pub(super) const WIDE: usize = 6;

pub(super) struct Quantities {
    /// Whether an entry that the root depends on has a line of its own.
    pub(super) shown: Vec<bool>,
    /// Whether it is a sum or a function of more arguments than are written out.
    pub(super) wide: Vec<bool>,
    /// Equal for formulas that differ in numbers and names only.
    pub(super) signature: Vec<u64>,
    /// The number of an entry without a name, among variables or among results; 0 otherwise.
    number: Vec<u32>,
    /// Names of entries, made different where several have the same.
    names: HashMap<usize, String>,
    root: usize,
    root_name: &'static str,
}

/// Whether an entry adds two others.
pub(super) fn is_addition<T: Real>(reader: &Reader<T>, i: usize) -> bool {
    reader.opcode(i) == ADD
}

/// Where the result of a tensor operation is written that has no name.
fn place<T: Real>(op: &OpRef<T>, inputs: &[Tensor<T>], output: &Tensor<T>) -> Place {
    if op.row().is_some() {
        return Place::Inside;
    }
    let shapes = inputs.iter().map(|x| x.shape().to_vec()).collect();
    let (shape, zeros) = (output.shape().to_vec(), vec![false; inputs.len()]);
    let of = Operands { shapes, shape, zeros, unit_targets: false, uniform: false };
    op.notation(&of).map_or(Place::Line, |written| written.place)
}

/// Whether an entry shows the tensor that it reads with more or fewer axes of length 1.
fn is_view<T: Real>(reader: &Reader<T>, i: usize) -> bool {
    let source = reader.tensor_entry(i).map(|entry| &entry.source);
    matches!(source, Some(Source::Op { op, inputs, output }) if place(op, inputs, output) == Place::Nowhere)
}

impl Quantities {
    pub(super) fn new<T: Real>(reader: &Reader<T>) -> Self {
        let n = reader.root + 1;
        let mut readers = vec![0_u8; n];
        let mut last_reader = vec![0_u32; n];
        for i in (0..n).filter(|&i| reader.live[i]) {
            for k in reader.reads(i) {
                if readers[k] == 0 || last_reader[k] != i as u32 {
                    (readers[k], last_reader[k]) = (readers[k].saturating_add(1), i as u32);
                }
            }
        }
        let mut shown = vec![false; n];
        let mut wide = vec![false; n];
        let mut size = vec![1_u32; n];
        let mut terms = vec![1_u32; n];
        for i in (0..n).filter(|&i| reader.live[i]) {
            let named = reader.names.label(i).is_some_and(|label| label.name.is_some() || label.adjoint.is_some());
            let kind = reader.kind(i);
            shown[i] = i == reader.root || named || kind == Kind::Leaf || readers[i] != 1;
            if let (Kind::Tensor, Some(entry)) = (kind, reader.tensor_entry(i)) {
                shown[i] |= match &entry.source {
                    Source::Op { op, inputs, output } => {
                        let seen_as = readers[i] == 1 && is_view(reader, last_reader[i] as usize);
                        !seen_as && place(op, inputs, output) == Place::Line
                    }
                    Source::Scalars { shape, .. } => !shape.is_empty(),
                    _ => true,
                };
            }
            let operands = reader.operands(i);
            let inlined: Vec<usize> = operands.iter().filter_map(Operand::entry).filter(|&k| !shown[k]).collect();
            if is_addition(reader, i) {
                if let [k, l] = inlined[..]
                    && k == l
                    && terms[k] as usize > WIDE
                {
                    // Doubled again and again, sums would have as many terms as a power of two.
                    shown[k] = true;
                    (size[i], terms[i]) = (3, 2);
                    continue;
                }
                // A chain of additions is one sum, looked at when it is complete.
                let own = operands.len() - inlined.len();
                size[i] = inlined.iter().fold(1 + own as u32, |sum, &k| sum.saturating_add(size[k]));
                let of = |&k: &usize| if is_addition(reader, k) { terms[k] } else { 1 };
                terms[i] = inlined.iter().map(of).fold(own as u32, u32::saturating_add);
                continue;
            }
            let own = 1 + (operands.len() - inlined.len()) as u32;
            let total = inlined.iter().map(|&k| size[k]).fold(own, u32::saturating_add);
            let many = matches!(kind, Kind::Nary(_) | Kind::Block | Kind::Tensor) && operands.len() > WIDE;
            wide[i] = many;
            shown[i] |= many;
            size[i] = total;
            let long = total > if reader.opcode(i) == SUM { LONG_SUM } else { LONG };
            if many || long {
                for &k in &inlined {
                    shown[k] |= size[k] > 2 || many && reader.kind(k) != Kind::At;
                }
                size[i] = operands.len() as u32 + 1;
            }
        }
        // Long sums: their terms get lines of their own.
        for i in (0..n).rev().filter(|&i| reader.live[i] && is_addition(reader, i)) {
            let within = !shown[i] && is_addition(reader, last_reader[i] as usize);
            if within || (terms[i] as usize <= WIDE && size[i] <= LONG_SUM) {
                continue;
            }
            (shown[i], wide[i]) = (true, terms[i] as usize > WIDE);
            for k in sum_terms(reader, &shown, i) {
                shown[k] |= size[k] > 1;
            }
        }
        let root_name = ["f", "y", "E", "L"].into_iter().find(|name| !reader.names.has(name)).unwrap_or("f");
        let (signature, number, names, root) = (vec![0; n], vec![0; n], HashMap::new(), reader.root);
        let mut this = Self { shown, wide, signature, number, names, root, root_name };
        this.sign(reader);
        this.give_names(reader);
        this
    }

    /// Each entry that the root depends on by itself: those that would be written inside of others are called `u1`, `u2`, ….
    #[cfg(feature = "page")]
    pub(super) fn every<T: Real>(reader: &Reader<T>) -> Self {
        let mut this = Self::new(reader);
        let mut inside = 0;
        for i in (0..=reader.root).filter(|&i| reader.live[i]) {
            if !this.shown[i] {
                inside += 1;
                this.names.insert(i, format!("u{inside}"));
            }
            this.wide[i] &= !is_addition(reader, i);
            this.shown[i] = true;
        }
        this
    }

    fn sign<T: Real>(&mut self, reader: &Reader<T>) {
        for i in (0..=reader.root).filter(|&i| reader.live[i]) {
            let mut hasher = DefaultHasher::new();
            reader.opcode(i).hash(&mut hasher);
            if let (Kind::Tensor, Some(entry)) = (reader.kind(i), reader.tensor_entry(i)) {
                (entry.name(), entry.source.shape()).hash(&mut hasher);
            }
            for operand in reader.operands(i) {
                match operand {
                    Operand::Entry(k) if self.shown[k] => 1_u8.hash(&mut hasher),
                    Operand::Entry(k) => self.signature[k].hash(&mut hasher),
                    // 0 and 1 leave no trace in a formula, other numbers do.
                    Operand::Number(x) => (2_u8, x == 0.0, x == 1.0).hash(&mut hasher),
                    Operand::Constant(tensor) => tensor.shape().hash(&mut hasher),
                }
            }
            self.signature[i] = hasher.finish();
        }
    }

    fn give_names<T: Real>(&mut self, reader: &Reader<T>) {
        let (mut variables, mut results) = (0, 0);
        let mut taken: HashMap<String, usize> = HashMap::new();
        for i in (0..=reader.root).filter(|&i| reader.live[i] && self.shown[i]) {
            if let Some(name) = reader.names.name(i) {
                let times = taken.entry(name.to_owned()).or_insert(0);
                *times += 1;
                let name = if *times == 1 { name.to_owned() } else { format!("{name}({times})") };
                self.names.insert(i, name);
            } else if is_variable(reader, i) {
                variables += 1;
                self.number[i] = variables;
            } else {
                results += 1;
                self.number[i] = results;
            }
        }
    }

    /// What an entry is called.
    pub(super) fn name<T: Real>(&self, reader: &Reader<T>, i: usize) -> String {
        if let Some(name) = self.names.get(&i) {
            return name.clone();
        }
        if i > self.root || self.number[i] == 0 && i != self.root {
            // Nothing that the root depends on.
            return reader.names.name(i).unwrap_or("x").to_owned();
        }
        if i == self.root && !is_variable(reader, i) {
            return self.root_name.to_owned();
        }
        format!("{}{}", if is_variable(reader, i) { 'x' } else { 'v' }, self.number[i])
    }
}

/// Whether an entry is an independent variable.
pub(crate) fn is_variable<T: Real>(reader: &Reader<T>, i: usize) -> bool {
    match reader.kind(i) {
        Kind::Leaf => true,
        Kind::Tensor => reader.tensor_entry(i).is_some_and(|entry| matches!(entry.source, Source::Leaf(_))),
        _ => false,
    }
}

/// The entries that a chain of additions adds up, in order.
pub(super) fn sum_terms<T: Real>(reader: &Reader<T>, shown: &[bool], top: usize) -> Vec<usize> {
    let mut terms = Vec::new();
    let mut open = vec![top];
    while let Some(i) = open.pop() {
        if i != top && (shown[i] || !is_addition(reader, i)) {
            terms.push(i);
            continue;
        }
        open.extend(reader.reads(i).into_iter().rev());
    }
    terms
}
