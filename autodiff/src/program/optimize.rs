//! A recording made shorter: what no output needs is dropped, constants are folded, repeated subexpressions are computed
//! once, and chains of sums become one entry. Values stay the same bit for bit.

use std::collections::HashMap;

use smallvec::{SmallVec, smallvec};

use crate::Real;
use crate::rules::{Binary, Unary};
use crate::tape::code::{Code, OwnedCode, arguments};
use crate::tape::guard::{Guard, Term};
use crate::tape::nary::Nary;
use crate::tape::opcode::{self, CONSTANT, Form, Kind};
use crate::tape::passes::Output;
use crate::tape::store::Store;

pub(super) type Arguments<T> = SmallVec<[Term<T>; 2]>;

/// Terms that are added in order, and whether each is subtracted.
type Chain<T> = Vec<(Term<T>, bool)>;

/// Sums of fewer terms stay as they are: one entry of many operands pays off only then.
const SHORTEST_SUM: usize = 3;

/// An operation, before it is numbered.
pub(super) struct Node<T> {
    pub(super) kind: Kind,
    pub(super) arguments: Arguments<T>,
    /// Which fused block it is, if it is one.
    pub(super) block: u32,
}

/// The first nodes are the inputs.
struct Graph<T> {
    nodes: Vec<Node<T>>,
    known: HashMap<Key, u32>,
}

/// An operation on one or two terms, by bits.
type Key = (u8, [(bool, u64); 2]);

/// A program with its outputs and guards.
pub(super) type Shorter<T> = (OwnedCode<T>, Vec<Output<T>>, Vec<Guard<T>>);

/// The shorter program.
pub(super) fn optimize<T: Real>(
    code: Code<'_, T>,
    values: &[T],
    inputs: usize,
    outputs: &[Output<T>],
    guards: Vec<Guard<T>>,
) -> Shorter<T> {
    let live = live(code, outputs, &guards);
    let leaf = || Node { kind: Kind::Leaf, arguments: SmallVec::new(), block: 0 };
    let mut graph = Graph { nodes: (0..inputs).map(|_| leaf()).collect(), known: HashMap::new() };
    let mut terms: Vec<Term<T>> = Vec::with_capacity(code.ops.len());
    code.walk(|i, op, words| {
        let entry = |k: usize| terms[words[k] as usize];
        let constant = || Term::Constant(code.constants[words[1] as usize]);
        let term = match opcode::decode(op) {
            _ if i < inputs => Term::Entry(i as u32),
            _ if !live[i] => Term::Constant(values[i]),
            // A variable that the function made for itself.
            Kind::Leaf => Term::Constant(values[i]),
            Kind::Unary(f) => graph.unary(f, entry(0)),
            Kind::Binary(f, Form::Both) => graph.binary(f, entry(0), entry(1)),
            Kind::Binary(f, Form::First) => graph.binary(f, entry(0), constant()),
            Kind::Binary(f, Form::Second) => graph.binary(f, constant(), entry(0)),
            kind @ (Kind::Nary(_) | Kind::Block) => {
                let entry = |i| terms[i];
                let constant = |c| Term::Constant(code.constants[c]);
                let arguments = arguments(opcode::operands(op, words), entry, constant).into_iter().collect();
                match kind {
                    Kind::Nary(f) => graph.nary(f, arguments),
                    _ => graph.block(words[1], arguments),
                }
            }
            Kind::Tensor | Kind::At => unreachable!("a program has no tensors"),
        };
        terms.push(term);
    });
    let of = |term: Term<T>| term.resolve(|i| terms[i], Term::Constant);
    let outputs: Vec<Term<T>> = outputs.iter().map(|y| y.map_or_else(Term::Constant, |i| terms[i])).collect();
    let guards = guards.into_iter().map(|guard| Guard { left: of(guard.left), right: of(guard.right), ..guard });
    let guards: Vec<_> = guards.filter(|g| entry(&g.left).or(entry(&g.right)).is_some()).collect();
    graph.merge_sums(&outputs, &guards);
    graph.number(inputs, &outputs, guards)
}

/// The entry that a term is, if it is one.
fn entry<T>(term: &Term<T>) -> Option<usize> {
    if let Term::Entry(i) = term { Some(*i as usize) } else { None }
}

/// What guards ask about.
fn asked<T>(guards: &[Guard<T>]) -> impl Iterator<Item = &Term<T>> {
    guards.iter().flat_map(|guard| [&guard.left, &guard.right])
}

/// Which entries an output or a guard depends on.
fn live<T: Real>(code: Code<'_, T>, outputs: &[Output<T>], guards: &[Guard<T>]) -> Vec<bool> {
    let mut live = vec![false; code.ops.len()];
    for root in outputs.iter().flatten().copied().chain(asked(guards).filter_map(entry)) {
        live[root] = true;
    }
    let mut end = code.operands.len();
    for (i, &op) in code.ops.iter().enumerate().rev() {
        let start = code.before(op, end);
        if live[i] {
            let (words, _) = opcode::split(op, &code.operands[start..end]);
            for &operand in opcode::operands(op, words).iter().filter(|&&operand| operand & CONSTANT == 0) {
                live[operand as usize] = true;
            }
        }
        end = start;
    }
    live
}

impl<T: Real> Graph<T> {
    /// The node of an operation: a known one, if there is one.
    fn add(&mut self, kind: Kind, op: u8, arguments: Arguments<T>) -> Term<T> {
        let next = self.nodes.len() as u32;
        let index = match key(op, &arguments) {
            Some(key) => *self.known.entry(key).or_insert(next),
            None => next,
        };
        if index == next {
            self.nodes.push(Node { kind, arguments, block: 0 });
        }
        Term::Entry(index)
    }

    fn unary(&mut self, f: Unary, x: Term<T>) -> Term<T> {
        match x {
            Term::Constant(x) => Term::Constant(x.unary(f)),
            Term::Entry(_) => self.add(Kind::Unary(f), opcode::unary(f), smallvec![x]),
        }
    }

    fn binary(&mut self, f: Binary, a: Term<T>, b: Term<T>) -> Term<T> {
        let form = match (a, b) {
            (Term::Constant(a), Term::Constant(b)) => return Term::Constant(a.binary(f, b)),
            // What changes no bit of any number: x · 1, x / 1, x - 0.
            (_, Term::Constant(c)) if c.is_exact_one() && matches!(f, Binary::Mul | Binary::Div) => return a,
            (Term::Constant(c), _) if c.is_exact_one() && f == Binary::Mul => return b,
            (_, Term::Constant(c)) if is_positive_zero(c) && f == Binary::Sub => return a,
            (_, Term::Constant(_)) => Form::First,
            (Term::Constant(_), _) => Form::Second,
            _ => Form::Both,
        };
        self.add(Kind::Binary(f, form), opcode::binary(f, form), smallvec![a, b])
    }

    fn nary(&mut self, f: Nary, arguments: Arguments<T>) -> Term<T> {
        let constants: Option<SmallVec<[T; 8]>> =
            arguments.iter().map(|x| if let Term::Constant(c) = *x { Some(c) } else { None }).collect();
        match constants {
            Some(constants) => Term::Constant(f.value(&constants)),
            None => self.add(Kind::Nary(f), opcode::nary(f), arguments),
        }
    }

    fn block(&mut self, block: u32, arguments: Arguments<T>) -> Term<T> {
        self.nodes.push(Node { kind: Kind::Block, arguments, block });
        Term::Entry(self.nodes.len() as u32 - 1)
    }

    /// How often each node is used.
    fn uses(&self, outputs: &[Term<T>], guards: &[Guard<T>]) -> Vec<u32> {
        let mut uses = vec![0; self.nodes.len()];
        let in_nodes = self.nodes.iter().flat_map(|node| &node.arguments);
        for i in in_nodes.chain(outputs).chain(asked(guards)).filter_map(entry) {
            uses[i] += 1;
        }
        uses
    }

    /// Turns `((a + b) + c) + …` into one entry, and `(a b + c d) + …` into one inner product, in the same order.
    fn merge_sums(&mut self, outputs: &[Term<T>], guards: &[Guard<T>]) {
        let uses = self.uses(outputs, guards);
        // Chains that end at a node and are used once, by a longer chain perhaps.
        let mut chains: HashMap<usize, Chain<T>> = HashMap::new();
        let mut ends: Vec<(usize, Chain<T>)> = Vec::new();
        for (i, node) in self.nodes.iter().enumerate() {
            let Kind::Binary(f @ (Binary::Add | Binary::Sub), _) = node.kind else { continue };
            let (a, b) = (node.arguments[0], node.arguments[1]);
            let mut continued = |term: &Term<T>| chains.remove(&entry(term)?);
            // a + b = b + a, bit for bit.
            let (first, next) = match (continued(&a), f) {
                (None, Binary::Add) => continued(&b).map_or((None, b), |chain| (Some(chain), a)),
                (first, _) => (first, b),
            };
            let mut chain = first.unwrap_or_else(|| vec![(a, false)]);
            chain.push((next, f == Binary::Sub));
            if uses[i] == 1 {
                chains.insert(i, chain);
            } else {
                ends.push((i, chain));
            }
        }
        ends.extend(chains);
        for (end, chain) in ends.into_iter().filter(|(_, chain)| chain.len() >= SHORTEST_SUM) {
            self.nodes[end] = self.sum(&chain, &uses);
        }
    }

    /// One entry for a sum: an inner product if terms are subtracted, or are products that nobody else uses.
    fn sum(&self, chain: &Chain<T>, uses: &[u32]) -> Node<T> {
        let factors = |&(term, negative): &(Term<T>, bool)| {
            let sign = Term::Constant(if negative { -T::one() } else { T::one() });
            let Term::Entry(i) = term else { return (term, sign) };
            match &self.nodes[i as usize] {
                Node { kind: Kind::Binary(Binary::Mul, _), arguments, .. } if uses[i as usize] == 1 => {
                    match (arguments[0], arguments[1]) {
                        (a, b) if !negative => (a, b),
                        // -(a c) = a (-c), bit for bit.
                        (a, Term::Constant(c)) | (Term::Constant(c), a) => (a, Term::Constant(-c)),
                        _ => (term, sign),
                    }
                }
                _ => (term, sign),
            }
        };
        let (a, b): (Vec<_>, Vec<_>) = chain.iter().map(factors).unzip();
        let (f, arguments) = if b.iter().all(|b| matches!(b, Term::Constant(c) if c.is_exact_one())) {
            (Nary::Sum, a.into())
        } else {
            (Nary::Dot, a.into_iter().chain(b).collect())
        };
        Node { kind: Kind::Nary(f), arguments, block: 0 }
    }

    /// Writes down the nodes that are needed.
    fn number(&self, inputs: usize, outputs: &[Term<T>], guards: Vec<Guard<T>>) -> Shorter<T> {
        let mut needed = vec![false; self.nodes.len()];
        for i in outputs.iter().chain(asked(&guards)).filter_map(entry) {
            needed[i] = true;
        }
        for i in (inputs..self.nodes.len()).rev() {
            for k in self.nodes[i].arguments.iter().filter_map(entry) {
                needed[k] |= needed[i];
            }
        }
        let mut store = Store::new();
        store.push_leaves(&vec![T::zero(); inputs]);
        let mut places: Vec<u32> = (0..inputs as u32).collect();
        for (node, &needed) in self.nodes.iter().zip(&needed).skip(inputs) {
            places.push(if needed { write(&mut store, node, &places) } else { u32::MAX });
        }
        let place = |term: Term<T>| term.resolve(|i| Term::Entry(places[i]), Term::Constant);
        let outputs = outputs.iter().map(|&y| place(y).resolve(Ok, Err)).collect();
        let guards = guards.into_iter().map(|g| Guard { left: place(g.left), right: place(g.right), ..g }).collect();
        let code = if store.len() == 0 { OwnedCode::default() } else { store.code(store.len() - 1).to_owned() };
        (code, outputs, guards)
    }
}

fn is_positive_zero<T: Real>(x: T) -> bool {
    x.is_exact_zero() && x.bits() == Some(0)
}

fn key<T: Real>(op: u8, arguments: &Arguments<T>) -> Option<Key> {
    let mut parts = [(false, 0); 2];
    if arguments.len() > parts.len() {
        return None;
    }
    for (part, term) in parts.iter_mut().zip(arguments) {
        *part = match *term {
            Term::Entry(i) => (false, u64::from(i)),
            Term::Constant(c) => (true, c.bits()?),
        };
    }
    Some((op, parts))
}

/// Puts a node into the store, where its arguments have the given places.
pub(super) fn write<T: Real>(store: &mut Store<T>, node: &Node<T>, places: &[u32]) -> u32 {
    let zero = T::zero();
    // Where an argument stands, among the entries or, as the form says, among the constants.
    let mut place = |k: usize| node.arguments[k].resolve(|i| places[i], |c| store.constant(c));
    match node.kind {
        Kind::Unary(f) => {
            let operand = place(0);
            store.push(opcode::unary(f), [operand], zero)
        }
        Kind::Binary(f, form) => {
            let operands = if form == Form::Second { [place(1), place(0)] } else { [place(0), place(1)] };
            store.push(opcode::binary(f, form), operands, zero)
        }
        kind @ (Kind::Nary(_) | Kind::Block) => {
            let operand = |term: &Term<T>| term.resolve(|i| places[i], |c| store.constant(c) | CONSTANT);
            let operands: Vec<u32> = node.arguments.iter().map(operand).collect();
            // Partial derivatives are not stored: they would be those of the inputs recorded at.
            let (op, extras) = match kind {
                Kind::Nary(f) => (opcode::nary(f), &[0][..usize::from(f.stores_partials())]),
                _ => (opcode::BLOCK, &[0, node.block][..]),
            };
            store.push_nary(op, extras, &operands, zero)
        }
        Kind::Leaf | Kind::Tensor | Kind::At => unreachable!("not among a program's operations"),
    }
}
