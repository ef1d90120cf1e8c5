//! Rules looked at one by one, to find the one that is wrong.
//!
//! Let `ȳ` be an entry's adjoint, `g_i` what its rule passes on to its operands `x_i`, and let dots be true derivatives
//! along some path of the inputs. The entry's share is `ȳ ẏ - Σ_i g_i ẋ_i`. An adjoint is the sum of what is passed on to
//! it, so in the sum of all shares everything between the root and the inputs cancels: it is the root's true derivative
//! less the tape's. An entry whose rule is right has the share 0; the others explain the difference in full.

use crate::engine::gradients::all_gradients;
use crate::engine::tensor_functions::unit;
use crate::engine::vjp::{Seed, vjp};
use crate::error::Result;
use crate::tape::block::Located;
use crate::tape::code::{Code, OwnedCode};
use crate::tape::interpreter::Values;
use crate::tape::opcode::{self, AT, CONSTANT, Kind, LEAF, TENSOR};
use crate::tape::replay::replay;
use crate::tape::reverse::reverse;
use crate::tape::trace::{self, Place};
use crate::tape::window::Window;
use crate::tensor::entry::{OpRef, Source, TensorEntry};
use crate::tensor::node::Cut;
use crate::tensor::table::Table;
use crate::{Real, Tape, Tensor};

/// What is differentiated: an entry, or a tensor with its cotangent.
pub(crate) type Target<T> = (usize, Option<Seed<T>>);

/// A recording that is read while its tape stays as it is.
pub(crate) struct Recording<T: Real> {
    tape: Tape<T>,
    code: OwnedCode<T>,
    blocks: Vec<Located<T>>,
    values: Vec<T>,
    tensors: Vec<TensorEntry<T>>,
    target: Target<T>,
}

/// One number or tensor of a share, and what it is multiplied with.
enum Term<T: Real> {
    /// An entry's value.
    Entry(usize, T),
    /// The result of the operation in a slot, or one of its inputs.
    Tensor { slot: usize, input: Option<usize>, weight: Tensor<T> },
}

/// What one entry has to do with the difference between the true derivative and the tape's.
pub(crate) struct Share<T: Real> {
    pub(crate) index: usize,
    terms: Vec<Term<T>>,
}

impl<T: Real> Share<T> {
    /// Whether the entry's rule makes of an adjoint that is finite something that is not.
    pub(crate) fn spoils(&self) -> bool {
        let (own, passed): (Vec<_>, Vec<_>) = self.terms.iter().partition(|term| match term {
            Term::Entry(index, _) => *index == self.index,
            Term::Tensor { input, .. } => input.is_none(),
        });
        own.iter().all(|term| term.is_finite()) && !passed.iter().all(|term| term.is_finite())
    }
}

impl<T: Real> Term<T> {
    fn is_finite(&self) -> bool {
        match self {
            Self::Entry(_, weight) => weight.is_finite(),
            Self::Tensor { weight, .. } => weight.is_finite(),
        }
    }
}

/// A tensor operation, its inputs and its result.
type Operation<'a, T> = (&'a OpRef<T>, &'a [Tensor<T>], &'a Tensor<T>);

/// An entry of numbers as a function by itself.
pub(crate) struct Alone<T: Real> {
    /// The operands that are variables, each once.
    pub(crate) operands: Vec<T>,
    /// The partial derivatives that its rule gives for them.
    pub(crate) slopes: Vec<T>,
}

impl<T: Real> Recording<T> {
    /// Reads the tape up to the target.
    pub(crate) fn of(tape: Tape<T>, target: Target<T>) -> Self {
        let cell = tape.cell();
        let last = target.0;
        let (code, blocks) = (cell.copy_code(last), cell.copy_blocks());
        let values = (0..=last).map(|index| cell.value(index)).collect();
        let tensors = Table::of(cell).entries.borrow().clone();
        Self { tape, code, blocks, values, tensors, target }
    }

    fn code(&self) -> Code<'_, T> {
        self.code.view(&self.blocks)
    }

    /// What the entry is called, and where it was recorded if that was noted.
    pub(crate) fn name(&self, index: usize) -> (String, Option<Place>) {
        match self.entry(index) {
            Some(entry) => (entry.name().to_owned(), Some(entry.place)),
            None => (trace::name(self.code.ops[index]).to_owned(), self.tape.cell().scalar_place(index)),
        }
    }

    /// Whether the entry is an independent variable.
    pub(crate) fn is_leaf(&self, index: usize) -> bool {
        self.code.ops[index] == LEAF || self.entry(index).is_some_and(|entry| matches!(entry.source, Source::Leaf(_)))
    }

    /// The number of entries.
    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }

    /// The tensor operation at an entry, if it is one.
    pub(crate) fn operation(&self, index: usize) -> Option<Operation<'_, T>> {
        match &self.entry(index)?.source {
            Source::Op { op, inputs, output } => Some((op, inputs, output)),
            _ => None,
        }
    }

    fn entry(&self, index: usize) -> Option<&TensorEntry<T>> {
        let found = self.tensors.binary_search_by_key(&index, |entry| entry.index as usize).ok()?;
        Some(&self.tensors[found])
    }

    /// The adjoint of the tensor operation at an entry, and what its rule gives for its inputs.
    pub(crate) fn pull(&self, index: usize, adjoint: &Tensor<T>) -> Result<Vec<Option<Tensor<T>>>> {
        let _pause = self.tape.cell().pause();
        let tracked = |input: &Tensor<T>| input.is_tracked();
        let Some(entry) = self.entry(index) else { return Ok(Vec::new()) };
        Ok(vjp(entry, adjoint, false, tracked)?.into_vec())
    }

    /// The shares of all entries that the sweep reaches, but for the `inputs`, which are the first entries.
    pub(crate) fn shares(&self, inputs: usize) -> Result<Vec<Share<T>>> {
        let scalars = if self.target.1.is_none() { vec![(self.target.0, T::one())] } else { Vec::new() };
        let found = all_gradients(self.tape.cell(), &scalars, self.target.1.clone());
        let mut shares = Vec::new();
        let mut operands = self.code.operands.as_slice();
        for (index, &op) in self.code.ops.iter().enumerate() {
            let (words, rest) = opcode::split(op, operands);
            let raw = &operands[..operands.len() - rest.len()];
            operands = rest;
            if index < inputs {
                continue;
            }
            let terms = match op {
                TENSOR => match found.at_slot(words[0]) {
                    Some(adjoint) => self.tensor_terms(words[0] as usize, adjoint)?,
                    None => continue,
                },
                // An element is its tensor's.
                AT => continue,
                _ => match found.scalar(index).filter(|adjoint| !adjoint.is_exact_zero()) {
                    Some(adjoint) => self.scalar_terms(index, op, raw, adjoint),
                    None => continue,
                },
            };
            shares.push(Share { index, terms });
        }
        Ok(shares)
    }

    /// The shares of single elements of a tensor operation's result.
    pub(crate) fn element_shares(&self, index: usize, most: usize) -> Result<Vec<Share<T>>> {
        let Some((.., output)) = self.operation(index) else { return Ok(Vec::new()) };
        let slot = output.place().map_or(0, |node| node.slot as usize);
        let share = |k: usize| Ok(Share { index: k, terms: self.tensor_terms(slot, &unit(output.shape(), k))? });
        (0..output.len().min(most)).map(share).collect()
    }

    /// What goes into an entry: the operands' values, or the shapes of the inputs. Nothing for variables.
    pub(crate) fn operands(&self, index: usize) -> Vec<String> {
        if let Some((_, inputs, _)) = self.operation(index) {
            return inputs.iter().map(|x| format!("{:?}", x.shape())).collect();
        }
        let (op, constants) = (self.code.ops[index], &self.code.constants);
        let (words, _) = opcode::split(op, self.raw(index));
        let value =
            |i: u32| if i & CONSTANT == 0 { self.values[i as usize] } else { constants[(i ^ CONSTANT) as usize] };
        let values: Vec<T> = match opcode::decode(op) {
            Kind::Binary(_, opcode::Form::First) => vec![value(words[0]), value(words[1] | CONSTANT)],
            Kind::Binary(_, opcode::Form::Second) => vec![value(words[1] | CONSTANT), value(words[0])],
            _ => opcode::operands(op, words).iter().map(|&i| value(i)).collect(),
        };
        values.iter().map(T::to_string).collect()
    }

    fn scalar_terms(&self, index: usize, op: u8, raw: &[u32], adjoint: T) -> Vec<Term<T>> {
        let mut terms = vec![Term::Entry(index, adjoint)];
        if op != LEAF {
            let (places, slopes) = self.alone(index, op, raw, adjoint);
            terms.extend(places.iter().zip(slopes).map(|(&place, slope)| Term::Entry(place as usize, -slope)));
        }
        terms
    }

    /// An entry's program: its operands as leaves, itself last.
    fn cut_out(&self, index: usize, op: u8, raw: &[u32]) -> (Vec<u32>, Vec<u8>, Vec<u32>) {
        let (words, _) = opcode::split(op, raw);
        let mut places: Vec<u32> =
            opcode::operands(op, words).iter().copied().filter(|word| word & CONSTANT == 0).collect();
        places.sort_unstable();
        places.dedup();
        let window = Window::stretch(index, 1, &places, 0, 0);
        let OwnedCode { ops, operands, .. } = window.renumbered(Code { ops: &[op], operands: raw, ..self.code() });
        (places, ops, operands)
    }

    /// Runs the rule of one entry of numbers. Gives its operands' places and what it passes on to each.
    fn alone(&self, index: usize, op: u8, raw: &[u32], adjoint: T) -> (Vec<u32>, Vec<T>) {
        let (places, ops, operands) = self.cut_out(index, op, raw);
        let code = Code { ops: &ops, operands: &operands, ..self.code() };
        let values: Vec<T> = places.iter().map(|&i| i as usize).chain([index]).map(|i| self.values[i]).collect();
        let mut adjoints = vec![T::zero(); values.len()];
        adjoints[places.len()] = adjoint;
        reverse(code, &mut Values::<T, T, true>::new(code, &values), &mut adjoints);
        adjoints.truncate(places.len());
        (places, adjoints)
    }

    /// An entry's operand words, with their counts.
    fn raw(&self, index: usize) -> &[u32] {
        let mut operands = self.code.operands.as_slice();
        for &op in &self.code.ops[..index] {
            operands = opcode::split(op, operands).1;
        }
        let rest = opcode::split(self.code.ops[index], operands).1;
        &operands[..operands.len() - rest.len()]
    }

    /// An entry of numbers as a function by itself; `None` for tensors and variables.
    pub(crate) fn scalar(&self, index: usize) -> Option<Alone<T>> {
        let op = self.code.ops[index];
        if matches!(opcode::decode(op), Kind::Leaf | Kind::Tensor | Kind::At) {
            return None;
        }
        let (places, slopes) = self.alone(index, op, self.raw(index), T::one());
        Some(Alone { operands: places.iter().map(|&i| self.values[i as usize]).collect(), slopes })
    }

    /// The value of an entry of numbers at other operands.
    pub(crate) fn at(&self, index: usize, operands: &[T]) -> T {
        let op = self.code.ops[index];
        let (places, ops, words) = self.cut_out(index, op, self.raw(index));
        replay(Code { ops: &ops, operands: &words, ..self.code() }, operands, &[]).as_slice()[places.len()]
    }

    fn tensor_terms(&self, slot: usize, adjoint: &Tensor<T>) -> Result<Vec<Term<T>>> {
        let entry = &self.tensors[slot];
        let mut terms = Vec::new();
        match &entry.source {
            Source::Op { .. } => {
                terms.push(Term::Tensor { slot, input: None, weight: adjoint.clone() });
                for (input, gradient) in self.pull(entry.index as usize, adjoint)?.into_iter().enumerate() {
                    terms.extend(gradient.map(|gradient| Term::Tensor { slot, input: Some(input), weight: -gradient }));
                }
            }
            Source::Leaf(_) => terms.extend(self.as_read(slot, adjoint)),
            Source::Scalars { places, .. } => {
                terms.extend(self.as_read(slot, adjoint));
                let passed = places.iter().zip(adjoint.view()).filter_map(|(place, &g)| Some(((*place)?, g)));
                terms.extend(passed.map(|(place, g)| Term::Entry(place as usize, -g)));
            }
            Source::Region { region, places, .. } => {
                let outputs: Vec<T> = adjoint.view().iter().copied().collect();
                self.code().walk(|index, op, words| {
                    if op == AT && words[0] as usize == slot {
                        terms.push(Term::Entry(index, outputs[words[1] as usize]));
                    }
                });
                let mut passed = vec![T::zero(); places.len()];
                region.sweep(&outputs, &mut passed);
                terms.extend(places.iter().zip(passed).map(|(&place, g)| Term::Entry(place as usize, -g)));
            }
        }
        Ok(terms)
    }

    /// A tensor as its first reader has it.
    fn as_read(&self, slot: usize, weight: &Tensor<T>) -> Option<Term<T>> {
        let reader = self.tensors.iter().enumerate().find_map(|(reader, entry)| {
            let Source::Op { inputs, .. } = &entry.source else { return None };
            let of_slot = |x: &Tensor<T>| x.place().is_some_and(|node| node.slot as usize == slot);
            Some((reader, inputs.iter().position(of_slot)?))
        });
        reader.map(|(slot, input)| Term::Tensor { slot, input: Some(input), weight: weight.clone() })
    }

    /// A share's sum with the values of this recording, and the sum of its terms' sizes.
    pub(crate) fn sum(&self, share: &Share<T>) -> (T, T) {
        let (mut sum, mut size) = (T::zero(), T::zero());
        let mut add = |weight: T, value: T| {
            // What has no weight does not count, infinite or not.
            if weight != T::zero() {
                sum += weight * value;
                size += (weight * value).abs();
            }
        };
        for term in &share.terms {
            match term {
                Term::Entry(index, weight) => add(*weight, self.values[*index]),
                Term::Tensor { slot, input, weight } => {
                    let Source::Op { inputs, output, .. } = &self.tensors[*slot].source else { continue };
                    let value = input.map_or(output, |input| &inputs[input]);
                    weight.view().iter().zip(value.view()).for_each(|(&weight, &value)| add(weight, value));
                }
            }
        }
        (sum, size)
    }

    /// Which entries read a constant that is another one in the other recording; `None` if that is of another program.
    pub(crate) fn moved(&self, other: &Self) -> Option<Vec<bool>> {
        if self.code.ops != other.code.ops || self.tensors.len() != other.tensors.len() {
            return None;
        }
        let mut moved = vec![false; self.len()];
        let (mut mine, mut others) = (self.code.operands.as_slice(), other.code.operands.as_slice());
        for (index, &op) in self.code.ops.iter().enumerate() {
            let ((a, rest), (b, other_rest)) = (opcode::split(op, mine), opcode::split(op, others));
            (mine, others) = (rest, other_rest);
            if a.len() != b.len() {
                return None;
            }
            if op == TENSOR {
                moved[index] = inputs_moved(&self.tensors[a[0] as usize], &other.tensors[b[0] as usize])?;
                continue;
            }
            let constant = |of: &Self, i: u32| of.code.constants[(i & !CONSTANT) as usize];
            if let Kind::Binary(_, opcode::Form::First | opcode::Form::Second) = opcode::decode(op) {
                moved[index] = differ(constant(self, a[1]), constant(other, b[1]));
            }
            for (&a, &b) in opcode::operands(op, a).iter().zip(opcode::operands(op, b)) {
                if a & CONSTANT == 0 && a != b || a & CONSTANT != b & CONSTANT {
                    return None;
                }
                moved[index] |= a & CONSTANT != 0 && differ(constant(self, a), constant(other, b));
            }
            moved[index] |= op == LEAF && differ(self.values[index], other.values[index]);
        }
        Some(moved)
    }

    /// Where values that an operation reads as constants left the tape, as far as that was noted.
    pub(crate) fn cuts(&self, index: usize) -> Vec<Cut<T>> {
        let inputs = self.operation(index).map_or(&[][..], |(_, inputs, _)| inputs);
        inputs.iter().flat_map(Tensor::cuts).copied().collect()
    }
}

fn differ<T: Real>(a: T, b: T) -> bool {
    a != b && !(a.is_nan() && b.is_nan())
}

/// Whether a constant among the inputs has changed; `None` if these are not the same operations.
fn inputs_moved<T: Real>(a: &TensorEntry<T>, b: &TensorEntry<T>) -> Option<bool> {
    match (&a.source, &b.source) {
        (Source::Op { inputs: x, output: y, .. }, Source::Op { inputs: other_x, output: other_y, .. }) => {
            let place = |x: &Tensor<T>| x.place().map(|node| node.index);
            let alike = x.len() == other_x.len() && y.shape() == other_y.shape() && a.name() == b.name();
            let mut pairs = x.iter().zip(other_x);
            if !alike || !pairs.all(|(a, b)| place(a) == place(b) && a.shape() == b.shape()) {
                return None;
            }
            let changed = |(a, b): (&Tensor<T>, &Tensor<T>)| {
                place(a).is_none() && a.view().iter().zip(b.view()).any(|(&a, &b)| differ(a, b))
            };
            Some(x.iter().zip(other_x).any(changed))
        }
        (Source::Scalars { places: a, .. }, Source::Scalars { places: b, .. }) => (a == b).then_some(a.contains(&None)),
        (Source::Leaf(a), Source::Leaf(b)) => (a == b).then_some(true),
        (Source::Region { places: a, .. }, Source::Region { places: b, .. }) => (a == b).then_some(false),
        _ => None,
    }
}
