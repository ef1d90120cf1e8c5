//! What a tape says up to some entry, for those who write it out or draw it. Nothing is changed, and nothing recurses.

use smallvec::SmallVec;

#[cfg(feature = "page")]
use crate::tape::block::Located;
use crate::tape::cell::TapeCell;
use crate::tape::code::OwnedCode;
use crate::tape::labels::Names;
use crate::tape::opcode::{self, CONSTANT, Form, Kind};
#[cfg(feature = "page")]
use crate::tape::replay::evaluate;
use crate::tensor::entry::{Source, TensorEntry};
use crate::tensor::op::Row;
use crate::tensor::table::Table;
use crate::{Real, Tensor};

/// What an operation reads.
#[derive(Clone)]
pub(crate) enum Operand<T: Real> {
    Entry(usize),
    Number(f64),
    Constant(Tensor<T>),
}

impl<T: Real> Operand<T> {
    /// The entry, if it is one.
    pub(crate) fn entry(&self) -> Option<usize> {
        if let Self::Entry(i) = self { Some(*i) } else { None }
    }
}

/// The program up to an entry, its values and names.
pub(crate) struct Reader<T: Real> {
    pub(crate) cell: &'static TapeCell<T>,
    pub(crate) root: usize,
    code: OwnedCode<T>,
    /// Where each entry's operand words begin.
    starts: Vec<u32>,
    entries: Vec<TensorEntry<T>>,
    /// The values of tensors, by slot; those of variables are known if somebody reads them.
    tensors: Vec<Option<Tensor<T>>>,
    pub(crate) names: Names,
    /// Whether the root depends on an entry.
    pub(crate) live: Vec<bool>,
}

impl<T: Real> Reader<T> {
    /// Reads the tape up to entry `root`. `what` says who asks.
    #[track_caller]
    pub(crate) fn new(cell: &'static TapeCell<T>, root: usize, what: &'static str) -> Self {
        cell.refuse_if_frozen(what);
        let code = cell.copy_code(root);
        let mut starts = Vec::with_capacity(root + 1);
        let mut at = 0;
        code.view(&[]).walk(|_, op, words| {
            let counts = u32::from(opcode::words(op).is_none());
            starts.push(at + counts);
            at += words.len() as u32 + 2 * counts;
        });
        let entries: Vec<TensorEntry<T>> =
            Table::of(cell).entries.borrow().iter().take_while(|entry| entry.index as usize <= root).cloned().collect();
        let mut tensors = vec![None; entries.len()];
        for (slot, entry) in entries.iter().enumerate() {
            if let Source::Op { inputs, output, .. } = &entry.source {
                tensors[slot] = Some(output.clone());
                for input in inputs {
                    if let Some(node) = input.place() {
                        tensors[node.slot as usize].get_or_insert_with(|| input.clone());
                    }
                }
            }
        }
        let names = cell.names.borrow().clone();
        let mut reader = Self { cell, root, code, starts, entries, tensors, names, live: vec![false; root + 1] };
        reader.live[root] = true;
        for i in (0..=root).rev() {
            if reader.live[i] {
                for k in reader.reads(i) {
                    reader.live[k] = true;
                }
            }
        }
        reader
    }

    pub(crate) fn kind(&self, i: usize) -> Kind {
        opcode::decode(self.code.ops[i])
    }

    pub(crate) fn opcode(&self, i: usize) -> u8 {
        self.code.ops[i]
    }

    fn words(&self, i: usize) -> &[u32] {
        let start = self.starts[i] as usize;
        let op = self.opcode(i);
        let count = opcode::words(op).unwrap_or_else(|| self.code.operands[start - 1] as usize);
        &self.code.operands[start..start + count]
    }

    /// The tensor entry at an entry of that kind, or the one that an element is of.
    pub(crate) fn tensor_entry(&self, i: usize) -> Option<&TensorEntry<T>> {
        matches!(self.kind(i), Kind::Tensor | Kind::At).then(|| &self.entries[self.words(i)[0] as usize])
    }

    /// The values of a tensor entry.
    pub(crate) fn tensor(&self, i: usize) -> Option<&Tensor<T>> {
        if self.kind(i) == Kind::Tensor { self.tensors[self.words(i)[0] as usize].as_ref() } else { None }
    }

    /// The position of an element in its tensor.
    pub(crate) fn position(&self, i: usize) -> usize {
        self.words(i)[1] as usize
    }

    /// What the root's derivative with respect to an entry was called.
    pub(crate) fn adjoint(&self, i: usize) -> Option<&str> {
        self.names.label(i)?.adjoint.as_deref()
    }

    /// What the function that made an entry was called.
    pub(crate) fn function(&self, i: usize) -> Option<&str> {
        self.names.label(i)?.function.as_deref()
    }

    /// The row of the table that an entry applies, to numbers or to tensors.
    pub(crate) fn row(&self, i: usize) -> Option<Row> {
        match (self.kind(i), self.tensor_entry(i).map(|entry| &entry.source)) {
            (Kind::Unary(f), _) => Some(Row::Unary(f)),
            (Kind::Binary(f, _), _) => Some(Row::Binary(f)),
            (Kind::Tensor, Some(Source::Op { op, .. })) => op.row(),
            _ => None,
        }
    }

    /// Whether an entry is a tensor with axes.
    pub(crate) fn is_array(&self, i: usize) -> bool {
        self.shape(i).is_some_and(|shape| !shape.is_empty())
    }

    /// The shape of a tensor entry; `None` for scalars and for what came after the root.
    pub(crate) fn shape(&self, i: usize) -> Option<&[usize]> {
        if i <= self.root && self.kind(i) == Kind::Tensor {
            self.tensor_entry(i).map(|entry| entry.source.shape())
        } else {
            None
        }
    }

    /// The number that a scalar entry, or a tensor of one element without axes, stands for.
    pub(crate) fn value(&self, i: usize) -> Option<f64> {
        match self.shape(i) {
            None => Some(self.cell.value(i).primal()),
            Some([]) => match &self.tensor_entry(i)?.source {
                Source::Scalars { places, .. } => {
                    places.first().copied().flatten().map(|place| self.cell.value(place as usize).primal())
                }
                _ => self.tensor(i).map(|tensor| tensor.item().primal()),
            },
            Some(_) => None,
        }
    }

    /// The stored partial derivatives of an entry that has some.
    pub(crate) fn stored(&self, i: usize) -> Vec<f64> {
        let code = self.code.view(&[]);
        let (partials, _) = code.stored(self.opcode(i), self.words(i));
        partials.iter().map(|x| x.primal()).collect()
    }

    /// What an entry reads, in the order in which it is written.
    pub(crate) fn operands(&self, i: usize) -> SmallVec<[Operand<T>; 4]> {
        let (op, words) = (self.opcode(i), self.words(i));
        let constants = &self.code.constants;
        let operand = |&word: &u32| match word & CONSTANT {
            0 => Operand::Entry(word as usize),
            _ => Operand::Number(constants[(word ^ CONSTANT) as usize].primal()),
        };
        match opcode::decode(op) {
            Kind::Leaf => SmallVec::new(),
            Kind::Binary(_, form) if form != Form::Both => {
                let (entry, constant) = (Operand::Entry(words[0] as usize), constants[words[1] as usize].primal());
                let mut both = SmallVec::from_iter([entry, Operand::Number(constant)]);
                if form == Form::Second {
                    both.swap(0, 1);
                }
                both
            }
            Kind::Unary(_) | Kind::Binary(..) | Kind::Nary(_) | Kind::Block => {
                opcode::operands(op, words).iter().map(operand).collect()
            }
            Kind::At => SmallVec::from_iter([Operand::Entry(self.entries[words[0] as usize].index as usize)]),
            Kind::Tensor => match &self.entries[words[0] as usize].source {
                Source::Leaf(_) => SmallVec::new(),
                Source::Scalars { places, .. } => {
                    // Constants among the scalars have no entry; the tensor has their values.
                    let tensor = self.tensors[words[0] as usize].as_ref().filter(|_| places.contains(&None));
                    let values: Vec<f64> =
                        tensor.map_or_else(Vec::new, |tensor| tensor.view().iter().map(|x| x.primal()).collect());
                    let operand = |(k, place): (usize, &Option<u32>)| match place {
                        Some(place) => Operand::Entry(*place as usize),
                        None => Operand::Number(values.get(k).copied().unwrap_or(f64::NAN)),
                    };
                    places.iter().enumerate().map(operand).collect()
                }
                Source::Region { places, .. } => places.iter().map(|&place| Operand::Entry(place as usize)).collect(),
                Source::Op { inputs, .. } => {
                    let entry = |input: &Tensor<T>| input.place().map(|node| Operand::Entry(node.index as usize));
                    inputs
                        .iter()
                        .map(|input| entry(input).unwrap_or_else(|| Operand::Constant(input.clone())))
                        .collect()
                }
            },
        }
    }

    /// The entries that one reads, in order; what is read twice comes twice.
    pub(crate) fn reads(&self, i: usize) -> SmallVec<[usize; 4]> {
        let op = self.opcode(i);
        if matches!(op, opcode::TENSOR | opcode::AT) {
            return self.operands(i).iter().filter_map(Operand::entry).collect();
        }
        let words = opcode::operands(op, self.words(i));
        words.iter().filter(|&&word| word & CONSTANT == 0).map(|&word| word as usize).collect()
    }

    /// The value of an entry of numbers that is no variable, where those before it have these values.
    #[cfg(feature = "page")]
    pub(crate) fn again(&self, i: usize, blocks: &[Located<T>], values: &[T]) -> T {
        let counts = usize::from(opcode::words(self.opcode(i)).is_none());
        evaluate(&self.code.view(blocks), self.starts[i] as usize - counts, i, values)
    }

    /// Which entries up to the root depend on the sources.
    pub(crate) fn depends(&self, sources: &[usize]) -> Vec<bool> {
        let mut depends = vec![false; self.root + 1];
        for &source in sources.iter().filter(|&&source| source <= self.root) {
            depends[source] = true;
        }
        let first = sources.iter().copied().min().unwrap_or(usize::MAX);
        for i in first.saturating_add(1)..=self.root {
            depends[i] = depends[i] || self.live[i] && self.reads(i).iter().any(|&k| depends[k]);
        }
        depends
    }
}
