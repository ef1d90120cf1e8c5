//! The formulas of a tape's quantities, and what each passes on to those it reads.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::expr::{Arena, Id};
use super::forms::Text;
use super::names::escaped;
use super::quantities::{self, Quantities, WIDE};
use super::rules::{self, Operation, call, called, operator};
use super::symbol::{Symbol, binary, unary};
use crate::inspect::reader::{Operand, Reader};
use crate::rules::mathml::{self, element};
use crate::rules::notation::Notation;
use crate::rules::notation::sign::{
    A, Argument, Atom, B, In, Item, Items, Matrix, Over, PLUS, Piece, Prefix, Round, SPACE, Same, Sign, Square, Sum,
};
use crate::rules::{Algebra, Unary};
use crate::tape::nary::Nary;
use crate::tape::opcode::Kind;
use crate::tensor::entry::{Source, TensorEntry};
use crate::tensor::layout::index_of;
use crate::tensor::written::Operands;
use crate::{Real, Tensor};

/// `x[0,1]`.
const ELEMENT: Notation = Atom(&[A, In(Square, &[Item(1)])]);
const ARRAY: Notation = Atom(&[In(Square, &[Items(0)])]);
const MORE: Piece = Sign(", …, ", r", \ldots, ");
const AND_SO_ON: Piece = Sign(" + … + ", r" + \ldots + ");
/// `f(x, y, …, z) of 9`.
const LISTED: Notation = Prefix(&[A, In(Round, &[Item(1), Same(", "), Item(2), MORE, Item(3)]), Argument(4)]);
const LONG_ARRAY: Notation = Atom(&[In(Square, &[Item(0), Same(", "), Item(1), MORE, Item(2)]), Argument(3)]);
const LONG_SUM: Notation = Sum(&[A, PLUS, B, AND_SO_ON, Argument(2), Argument(3)]);
const LONG_DOT: Notation = Sum(&[A, AND_SO_ON, B, Argument(2)]);
const LONG_PRODUCT: Notation = Matrix(&[A, SPACE, B, Sign(" ⋯ ", r" \cdots "), Argument(2)]);
/// The derivative of a function with respect to one of many arguments.
const PARTIAL: Notation = Prefix(&[Over(&[Sign("∂", ""), A], &[Sign("∂", ""), B])]);

pub(super) struct Formulas<'a, T: Real> {
    pub(super) reader: &'a Reader<T>,
    pub(super) quantities: &'a Quantities,
    pub(super) arena: Arena,
    /// Constant tensors by the place of their elements, with their names.
    constants: RefCell<Vec<(Tensor<T>, String)>>,
    /// How many of them came with a name.
    named: usize,
}

fn same<T: Real>(a: &Tensor<T>, b: &Tensor<T>) -> bool {
    // Axes of length 1 make no difference: one item may be seen as a batch.
    let longer = |x: &Tensor<T>| -> Vec<(usize, usize)> {
        let layout = x.layout();
        layout.shape.iter().copied().zip(layout.strides.iter().copied()).filter(|axis| axis.0 != 1).collect()
    };
    std::ptr::eq(a.buffer().as_ptr(), b.buffer().as_ptr())
        && a.layout().offset == b.layout().offset
        && longer(a) == longer(b)
}

impl<'a, T: Real> Formulas<'a, T> {
    pub(super) fn new(reader: &'a Reader<T>, quantities: &'a Quantities, constants: &[(String, Tensor<T>)]) -> Self {
        let constants: Vec<_> = constants.iter().map(|(name, tensor)| (tensor.clone(), name.clone())).collect();
        let named = constants.len();
        Self { reader, quantities, arena: Arena::default(), constants: RefCell::new(constants), named }
    }

    /// Constant tensors that got a name of ours.
    pub(super) fn unnamed_constants(&self) -> Vec<(Tensor<T>, String)> {
        self.constants.borrow()[self.named..].to_vec()
    }

    pub(super) fn name(&self, i: usize) -> Id {
        let name = self.quantities.name(self.reader, i);
        self.arena.named(&name, self.reader.is_array(i))
    }

    fn value(&self, i: usize) -> f64 {
        self.reader.value(i).unwrap_or(f64::NAN)
    }

    fn constant(&self, tensor: &Tensor<T>) -> Id {
        let known = self.constants.borrow().iter().find(|(known, _)| same(known, tensor)).map(|(_, name)| name.clone());
        let name = known.unwrap_or_else(|| {
            if tensor.is_empty() {
                return "[]".to_owned();
            }
            let mut constants = self.constants.borrow_mut();
            let name = format!("c{}", constants.len() - self.named + 1);
            constants.push((tensor.clone(), name.clone()));
            name
        });
        self.arena.named(&name, tensor.ndim() > 0)
    }

    /// An operand as it is written inside a formula.
    fn operand(&self, operand: &Operand<T>) -> Symbol<'_> {
        let (id, value) = match operand {
            Operand::Number(x) => (self.arena.number(*x), *x),
            Operand::Constant(tensor) if tensor.ndim() == 0 => {
                let known = self.constants.borrow().iter().any(|(known, _)| same(known, tensor));
                let x = tensor.item().primal();
                (if known { self.constant(tensor) } else { self.arena.number(x) }, x)
            }
            Operand::Constant(tensor) => (self.constant(tensor), f64::NAN),
            Operand::Entry(k) => (self.written(*k), self.value(*k)),
        };
        Symbol::new(&self.arena, id, value)
    }

    /// A quantity by its name, another entry by its formula.
    pub(super) fn written(&self, i: usize) -> Id {
        if self.quantities.shown[i] { self.name(i) } else { self.expression(i) }
    }

    /// The formula of an entry in terms of quantities.
    pub(super) fn expression(&self, i: usize) -> Id {
        let (arena, reader) = (&self.arena, self.reader);
        if quantities::is_addition(reader, i) {
            let terms = quantities::sum_terms(reader, &self.quantities.shown, i);
            if terms.len() > WIDE {
                let ends = [terms[0], terms[1], terms[terms.len() - 1]].map(|k| self.written(k));
                return self.long_sum(ends, terms.len());
            }
            let terms: Vec<(f64, Id)> = terms.iter().map(|&k| (1.0, self.written(k))).collect();
            return arena.sum(&terms);
        }
        let operands = reader.operands(i);
        if self.quantities.wide[i] {
            return self.wide(i, &operands);
        }
        let ids: Vec<Id> = operands.iter().map(|operand| self.operand(operand).id(arena)).collect();
        match reader.kind(i) {
            Kind::Leaf => self.name(i),
            Kind::Unary(f) => match reader.function(i) {
                Some(function) => called(arena, function, ids[0]),
                None => unary(arena, f, ids[0]),
            },
            Kind::Binary(f, _) => binary(arena, f, ids[0], ids[1]),
            Kind::Nary(f) => self.nary(f, &ids),
            Kind::Block => call(arena, "fuse", &ids, false),
            Kind::At => self.element(i, ids[0], false),
            Kind::Tensor => self.tensor(i, ids),
        }
    }

    /// Entry `[i, j]` of a tensor, or the tensor that has a 1 there and 0 elsewhere.
    fn element(&self, i: usize, tensor: Id, unit: bool) -> Id {
        let shape = self.reader.tensor_entry(i).map_or(&[][..], |entry| entry.source.shape());
        let index = index_of(shape, self.reader.position(i));
        let index = index.iter().map(usize::to_string).collect::<Vec<_>>().join(",");
        if unit {
            let latex = format!(r"\mathrm{{e}}_{{{index}}}");
            let mathml = element("msub", &(element("mi", "e") + &element("mrow", &mathml::signs(&index))));
            return self.arena.name(Text { plain: format!("e[{index}]"), latex, mathml }, true);
        }
        self.arena.apply(ELEMENT, &[tensor, self.arena.label(Text::signs(&index, &*index))], false)
    }

    /// Element `k` of a tensor's adjoint, in row-major order.
    fn item(&self, g: Id, k: usize) -> Id {
        // A number stands for an array of equal elements.
        if !self.arena.is_tensor(g) {
            return g;
        }
        let k = k.to_string();
        self.arena.apply(ELEMENT, &[g, self.arena.label(Text::signs(&k, &*k))], false)
    }

    /// What is said of a list that is not written out: ` of 9`, ` (9 terms)`.
    fn remark(&self, words: &str) -> Id {
        self.arena.label(Text::words(words))
    }

    fn long_sum(&self, [first, second, last]: [Id; 3], n: usize) -> Id {
        self.arena.apply(LONG_SUM, &[first, second, last, self.remark(&format!(" ({n} terms)"))], false)
    }

    /// A function of more arguments than are written out.
    fn wide(&self, i: usize, operands: &[Operand<T>]) -> Id {
        let (arena, reader, n) = (&self.arena, self.reader, operands.len());
        let at = |k: usize| self.operand(&operands[k]).id(arena);
        let ends = [at(0), at(1), at(n - 1)];
        let of = |notation: Notation, first: &[Id], tensor: bool| {
            let list: Vec<Id> = [first, &ends, &[self.remark(&format!(" of {n}"))]].concat();
            arena.apply(notation, &list, tensor)
        };
        let listed = |name: &str, tensor: bool| of(LISTED, &[operator(arena, name)], tensor);
        match reader.kind(i) {
            Kind::Nary(Nary::Sum) => self.long_sum(ends, n),
            Kind::Nary(Nary::Mean) => arena.div(self.long_sum(ends, n), arena.number(n as f64)),
            Kind::Nary(Nary::Product) => arena.apply(LONG_PRODUCT, &ends, false),
            Kind::Nary(Nary::Dot) => {
                let remark = self.remark(&format!(" ({} terms)", n / 2));
                let products = [arena.mul(at(0), at(n / 2)), arena.mul(at(n / 2 - 1), at(n - 1)), remark];
                arena.apply(LONG_DOT, &products, false)
            }
            Kind::Nary(f) => listed(f.name(), false),
            Kind::Block => listed("fuse", false),
            _ => match reader.tensor_entry(i) {
                Some(TensorEntry { source: Source::Scalars { .. }, .. }) => of(LONG_ARRAY, &[], true),
                Some(entry) => listed(entry.name(), true),
                None => listed("f", false),
            },
        }
    }

    fn nary(&self, f: Nary, x: &[Id]) -> Id {
        let arena = &self.arena;
        let n = x.len();
        let sum = |count: usize, term: &dyn Fn(usize) -> Id| {
            let terms: Vec<(f64, Id)> = (0..count).map(|k| (1.0, term(k))).collect();
            arena.sum(&terms)
        };
        let total = || sum(n, &|k| x[k]);
        let squares = || sum(n, &|k| arena.pow(x[k], 2));
        match f {
            Nary::MulAdd => arena.add(arena.mul(x[0], x[1]), x[2]),
            Nary::Sum => total(),
            Nary::Mean => arena.div(total(), arena.number(n as f64)),
            Nary::Dot => sum(n / 2, &|k| arena.mul(x[k], x[k + n / 2])),
            Nary::SumSq => squares(),
            Nary::Norm => unary(arena, Unary::Sqrt, squares()),
            Nary::Product => x.iter().fold(arena.number(1.0), |product, &x| arena.mul(product, x)),
            Nary::LogSumExp => unary(arena, Unary::Ln, sum(n, &|k| unary(arena, Unary::Exp, x[k]))),
            Nary::Polynomial => sum(n - 1, &|k| arena.mul(x[k + 1], arena.pow(x[0], k as i32))),
        }
    }

    /// A tensor operation with its operands' formulas; `uniform` if its gradient is one number for all elements.
    fn operation(&self, i: usize, inputs: Vec<Id>, uniform: bool) -> Operation<'_> {
        let operands = self.reader.operands(i);
        let shape_of = |operand: &Operand<T>| match operand {
            Operand::Entry(k) => self.reader.shape(*k).unwrap_or(&[]).to_vec(),
            Operand::Number(_) => Vec::new(),
            Operand::Constant(tensor) => tensor.shape().to_vec(),
        };
        // Of larger constants nobody looks at the elements.
        let known = |operand: &Operand<T>| match operand {
            Operand::Constant(tensor) => Some(tensor.clone()).filter(|tensor| tensor.len() <= 1 << 16),
            _ => None,
        };
        let zeros = |x: &Operand<T>| known(x).is_some_and(|x| x.view().iter().all(|x| x.primal() == 0.0));
        let targets = operands.get(1).and_then(known).filter(|targets| targets.ndim() > 0);
        let unit_targets = targets.is_some_and(|t| {
            let sums = t.view().sum_axis(ndarray::Axis(t.ndim() - 1));
            sums.iter().all(|sum| (sum.primal() - 1.0).abs() < 1e-6)
        });
        let function = self.reader.function(i).map(str::to_owned);
        let operands = Operands {
            shapes: operands.iter().map(shape_of).collect(),
            shape: self.reader.shape(i).unwrap_or(&[]).to_vec(),
            zeros: operands.iter().map(zeros).collect(),
            unit_targets,
            uniform,
        };
        Operation { arena: &self.arena, inputs, operands, function }
    }

    fn tensor(&self, i: usize, ids: Vec<Id>) -> Id {
        let Some(entry) = self.reader.tensor_entry(i) else { return self.name(i) };
        match &entry.source {
            Source::Leaf(_) => self.name(i),
            Source::Op { op, .. } => self.operation(i, ids, false).formula(op),
            Source::Region { .. } => call(&self.arena, "checkpoint", &ids, true),
            Source::Scalars { shape, .. } if shape.is_empty() && ids.len() == 1 => ids[0],
            Source::Scalars { .. } => self.arena.apply(ARRAY, &ids, true),
        }
    }

    /// The quantities that one reads, through the entries that are written inside its formula.
    pub(super) fn children(&self, p: usize) -> Vec<usize> {
        let mut children = Vec::new();
        let mut open = vec![p];
        while let Some(i) = open.pop() {
            for k in self.reader.reads(i) {
                if self.quantities.shown[k] { children.push(k) } else { open.push(k) }
            }
        }
        children.sort_unstable();
        children.dedup();
        children
    }

    /// What quantity `p` passes on to `child`, where its own adjoint is `g`, whose value is `value`: the chain rule through
    /// its formula, all uses of the child added up.
    pub(super) fn contribution(&self, p: usize, child: usize, g: Id, value: f64) -> Option<Symbol<'_>> {
        let mut adjoints: BTreeMap<usize, Symbol<'_>> = BTreeMap::new();
        adjoints.insert(p, Symbol::new(&self.arena, g, value));
        while let Some((i, adjoint)) = adjoints.pop_last() {
            if i == child {
                return Some(adjoint);
            }
            if i != p && self.quantities.shown[i] {
                continue;
            }
            for (k, passed) in self.pass_on(i, adjoint, i == p && self.quantities.wide[p], child) {
                let sum = adjoints.get(&k).map_or(passed, |&sum| sum + passed);
                adjoints.insert(k, sum);
            }
        }
        None
    }

    /// The derivative of entry `i` with respect to one that it reads, all uses added up.
    pub(super) fn step(&self, i: usize, of: usize) -> Option<Symbol<'_>> {
        let one = Symbol::new(&self.arena, self.arena.number(1.0), 1.0);
        let passed = self.pass_on(i, one, self.quantities.wide[i], of);
        passed.into_iter().filter(|&(k, _)| k == of).map(|(_, partial)| partial).reduce(|sum, partial| sum + partial)
    }

    /// One step of the sweep, through entry `i`.
    fn pass_on<'s>(&'s self, i: usize, g: Symbol<'s>, wide: bool, child: usize) -> Vec<(usize, Symbol<'s>)> {
        let (arena, reader) = (&self.arena, self.reader);
        let operands = reader.operands(i);
        let entry = |k: usize| operands[k].entry();
        if wide && !quantities::is_addition(reader, i) {
            return self.pass_on_wide(i, g, &operands, child);
        }
        if quantities::is_addition(reader, i) {
            return (0..2).filter_map(entry).map(|of| (of, g)).collect();
        }
        let x: Vec<Symbol<'_>> = operands.iter().map(|operand| self.operand(operand)).collect();
        let y = {
            // The derivative of a logistic function is told by its value.
            let by_name = matches!(reader.kind(i), Kind::Unary(Unary::Sigmoid | Unary::Tanh) | Kind::Tensor);
            let id = if by_name && self.quantities.shown[i] { self.name(i) } else { self.expression(i) };
            Symbol::new(arena, id, self.value(i))
        };
        let listed = |partials: Vec<Symbol<'s>>| {
            partials.into_iter().enumerate().filter_map(|(k, partial)| Some((entry(k)?, g * partial))).collect()
        };
        match reader.kind(i) {
            Kind::Leaf => Vec::new(),
            Kind::Unary(f) => match reader.function(i) {
                Some(function) => {
                    let partial = rules::primed(arena, function, x[0].id(arena));
                    listed(vec![Symbol::new(arena, partial, f.derivative(x[0].value, y.value))])
                }
                None => listed(vec![f.derivative(x[0], y)]),
            },
            Kind::Binary(f, _) => {
                // The derivative with respect to a constant may not exist.
                let a = entry(0).map(|of| (of, g * f.derivative_a(x[0], x[1], y)));
                let b = entry(1).map(|of| (of, g * f.derivative_b(x[0], x[1], y)));
                a.into_iter().chain(b).collect()
            }
            Kind::Nary(f) => listed(f.derivatives(&x, y).into_vec()),
            Kind::Block => listed(reader.stored(i).into_iter().map(Symbol::constant).collect()),
            Kind::At => {
                let Some(of) = entry(0) else { return Vec::new() };
                let unit = self.element(i, arena.number(0.0), true);
                vec![(of, Symbol::new(arena, arena.mul(g.id(arena), unit), f64::NAN))]
            }
            Kind::Tensor => self.pass_on_tensor(i, g, &x, y),
        }
    }

    fn pass_on_tensor<'s>(
        &'s self,
        i: usize,
        g: Symbol<'s>,
        x: &[Symbol<'s>],
        y: Symbol<'s>,
    ) -> Vec<(usize, Symbol<'s>)> {
        let (arena, operands) = (&self.arena, self.reader.operands(i));
        let Some(entry) = self.reader.tensor_entry(i) else { return Vec::new() };
        let g = g.id(arena);
        let inputs = x.iter().map(|x| x.id(arena)).collect();
        let operation = self.operation(i, inputs, !arena.is_tensor(g));
        let passed = |(k, operand): (usize, &Operand<T>)| {
            let of = operand.entry()?;
            let id = match &entry.source {
                Source::Leaf(_) => return None,
                Source::Op { op, .. } => operation.gradient(op, k, y.id(arena), g)?,
                Source::Scalars { .. } => self.item(g, k),
                Source::Region { .. } => rules::vjp(arena, "checkpoint", g, false),
            };
            Some((of, Symbol::new(arena, id, f64::NAN)))
        };
        operands.iter().enumerate().filter_map(passed).collect()
    }

    /// For one argument among many: the derivatives in closed form.
    fn pass_on_wide<'s>(
        &'s self,
        i: usize,
        g: Symbol<'s>,
        operands: &[Operand<T>],
        child: usize,
    ) -> Vec<(usize, Symbol<'s>)> {
        let (arena, reader, n) = (&self.arena, self.reader, operands.len());
        let symbol = |k: usize| self.operand(&operands[k]);
        let y = Symbol::new(arena, self.name(i), self.value(i));
        let entries = operands.iter().enumerate().filter_map(|(k, operand)| Some((k, operand.entry()?)));
        let mut passed = Vec::new();
        for (k, of) in entries.filter(|&(_, of)| of == child || !self.quantities.shown[of]) {
            let partial = match reader.kind(i) {
                Kind::Nary(Nary::Sum) => Symbol::constant(1.0),
                Kind::Nary(Nary::Mean) => Symbol::constant(1.0) / Symbol::new(arena, arena.number(n as f64), n as f64),
                Kind::Nary(Nary::Dot) => symbol((k + n / 2) % n),
                Kind::Nary(Nary::SumSq) => symbol(k) + symbol(k),
                Kind::Nary(Nary::Norm) => symbol(k) / y,
                Kind::Nary(Nary::LogSumExp) => (symbol(k) - y).apply1(Unary::Exp),
                Kind::Nary(f) => {
                    let values: Vec<f64> = (0..n).map(|k| symbol(k).value).collect();
                    let partial = f.derivatives(&values, y.value)[k];
                    let words = |words: &str| {
                        let latex = format!(r"\partial \text{{ {}}}", escaped(words));
                        arena.label(Text { latex, ..Text::words(words) })
                    };
                    let ratio = [words(f.name()), words(&format!("argument {}", k + 1))];
                    Symbol::new(arena, arena.apply(PARTIAL, &ratio, false), partial)
                }
                Kind::Block => Symbol::constant(reader.stored(i)[k]),
                _ => {
                    let id = self.item(g.id(arena), k);
                    passed.push((of, Symbol::new(arena, id, f64::NAN)));
                    continue;
                }
            };
            passed.push((of, g * partial));
        }
        passed
    }
}
