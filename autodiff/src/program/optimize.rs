//! A recording made shorter: what no output needs is dropped, constants are folded, repeated subexpressions are computed
//! once, and chains of sums become one entry. Values stay the same bit for bit.

use smallvec::SmallVec;

use crate::Real;
use crate::rules::{Binary, Unary};
use crate::tape::code::{Code, OwnedCode};
use crate::tape::guard::{Guard, Term};
use crate::tape::nary::Nary;
use crate::tape::opcode::{self, CONSTANT, Form, INDEX_LIMIT, Kind, LEAF, entries};
use crate::tape::passes::Output;
use crate::tape::store::Store;

/// Operations before they are numbered; the first are the inputs, of which there is one at least. An operand is a node
/// or, marked by [`CONSTANT`], the place of a constant.
struct Graph<T> {
    ops: Vec<u8>,
    /// Where each node's operands begin and end.
    spans: Vec<[usize; 2]>,
    operands: Vec<u32>,
    /// The blocks of the nodes that are one, in order.
    blocks: Vec<u32>,
    constants: Vec<T>,
    /// Nodes of one or two operands with a part of their hash; node 0, which is an input, where it is free. A node is looked
    /// for where its hash says near its last operand's place, for what stands there was met just now and is in the
    /// processor's cache; after a few tries at and behind the place that is its hash's alone.
    known: Vec<(u32, u32)>,
}

/// Tries near the last operand.
const NEAR: u32 = 4;

/// A program with its outputs and guards.
pub(super) type Shorter<T> = (OwnedCode<T>, Vec<Output<T>>, Vec<Guard<T>>);

/// The shorter program. There is an input.
pub(super) fn optimize<T: Real>(
    code: Code<'_, T>,
    values: &[T],
    inputs: usize,
    outputs: &[Output<T>],
    guards: Vec<Guard<T>>,
) -> Shorter<T> {
    let live = live(code, outputs, &guards);
    let mut graph = Graph::new(code, inputs);
    // What each entry became; of those that are not live, nothing.
    let mut became: Vec<u32> = Vec::with_capacity(code.ops.len());
    let mut arguments = Vec::new();
    code.walk(|i, op, words| {
        let constant = |k: usize| words[k] | CONSTANT;
        let entry = |k: usize| became[words[k] as usize];
        let node = match opcode::decode(op) {
            _ if i < inputs => i as u32,
            _ if !live[i] => u32::MAX,
            // A variable that the function made for itself.
            Kind::Leaf => graph.constant(values[i]),
            Kind::Unary(f) => graph.unary(f, entry(0)),
            Kind::Binary(f, Form::Both) => graph.binary(f, entry(0), entry(1)),
            Kind::Binary(f, Form::First) => graph.binary(f, entry(0), constant(1)),
            Kind::Binary(f, Form::Second) => graph.binary(f, constant(1), entry(0)),
            kind @ (Kind::Nary(_) | Kind::Block) => {
                arguments.clear();
                let became = |&i: &u32| if i & CONSTANT == 0 { became[i as usize] } else { i };
                arguments.extend(opcode::operands(op, words).iter().map(became));
                match kind {
                    Kind::Nary(f) => graph.nary(f, &arguments),
                    _ => graph.block(words[1], &arguments),
                }
            }
            Kind::Tensor | Kind::At => unreachable!("a program has no tensors"),
        };
        became.push(node);
    });
    let of = |term: Term<T>| term.resolve(|i| graph.term(became[i]), Term::Constant);
    let outputs: Vec<Term<T>> =
        outputs.iter().map(|y| y.map_or_else(Term::Constant, |i| of(Term::Entry(i as u32)))).collect();
    let guards = guards.into_iter().map(|guard| Guard { left: of(guard.left), right: of(guard.right), ..guard });
    let guards: Vec<_> = guards.filter(|g| entry(&g.left).or(entry(&g.right)).is_some()).collect();
    graph.merge_sums(&outputs, &guards);
    graph.number(inputs, &outputs, guards)
}

/// The entry that a term is, if it is one.
fn entry<T>(term: &Term<T>) -> Option<usize> {
    if let Term::Entry(i) = term { Some(*i as usize) } else { None }
}

/// What outputs are and guards ask about, where it is no constant.
fn roots<'a, T>(outputs: &'a [Term<T>], guards: &'a [Guard<T>]) -> impl Iterator<Item = usize> + 'a {
    outputs.iter().chain(guards.iter().flat_map(|guard| [&guard.left, &guard.right])).filter_map(entry)
}

/// Which entries an output or a guard depends on.
fn live<T: Real>(code: Code<'_, T>, outputs: &[Output<T>], guards: &[Guard<T>]) -> Vec<bool> {
    let mut live = vec![false; code.ops.len()];
    for root in outputs.iter().flatten().copied().chain(roots(&[], guards)) {
        live[root] = true;
    }
    let mut end = code.operands.len();
    for (i, &op) in code.ops.iter().enumerate().rev() {
        let start = code.before(op, end);
        if live[i] {
            let (words, _) = opcode::split(op, &code.operands[start..end]);
            for operand in entries(opcode::operands(op, words)) {
                live[operand] = true;
            }
        }
        end = start;
    }
    live
}

impl<T: Real> Graph<T> {
    /// The inputs, with room for what the program does and the constants it has.
    fn new(code: Code<'_, T>, inputs: usize) -> Self {
        let total = code.ops.len();
        let mut spans = Vec::with_capacity(total);
        spans.resize(inputs, [0; 2]);
        Self {
            ops: vec![LEAF; inputs],
            spans,
            operands: Vec::with_capacity(code.operands.len()),
            blocks: Vec::new(),
            constants: code.constants.to_vec(),
            // A power of two, at most two thirds full.
            known: vec![(0, 0); (total + total / 2).next_power_of_two()],
        }
    }

    /// The operand that stands for a constant.
    fn constant(&mut self, constant: T) -> u32 {
        let place = self.constants.len();
        assert!(place < INDEX_LIMIT, "constants have places below the mark");
        self.constants.push(constant);
        place as u32 | CONSTANT
    }

    /// The constant that an operand is, if it is one.
    fn as_constant(&self, operand: u32) -> Option<T> {
        (operand & CONSTANT != 0).then(|| self.constants[(operand ^ CONSTANT) as usize])
    }

    fn term(&self, operand: u32) -> Term<T> {
        self.as_constant(operand).map_or(Term::Entry(operand), Term::Constant)
    }

    fn arguments(&self, node: usize) -> &[u32] {
        let [start, end] = self.spans[node];
        &self.operands[start..end]
    }

    fn push(&mut self, op: u8, arguments: &[u32]) -> u32 {
        let (node, start) = (self.ops.len() as u32, self.operands.len());
        self.ops.push(op);
        self.operands.extend_from_slice(arguments);
        self.spans.push([start, self.operands.len()]);
        node
    }

    /// The node of an operation: a known one, if there is one.
    fn add(&mut self, op: u8, arguments: &[u32]) -> u32 {
        let Some(hash) = (arguments.len() <= 2).then(|| self.hash(op, arguments)).flatten() else {
            return self.push(op, arguments);
        };
        let (tag, near) = (hash as u32, 2 * entries(arguments).max().unwrap_or(0));
        let mut tries = 0;
        loop {
            let place = match tries {
                ..NEAR => near + (hash >> (59 - 5 * tries)) as usize % 32,
                _ => (hash >> 32) as usize + tries as usize,
            } & (self.known.len() - 1);
            match self.known[place] {
                (_, 0) => {
                    let node = self.push(op, arguments);
                    self.known[place] = (tag, node);
                    return node;
                }
                (known, node) if known == tag && self.is(node as usize, op, arguments) => return node,
                _ => tries += 1,
            }
        }
    }

    /// Equal for equal operations; none if constants cannot be told apart.
    fn hash(&self, op: u8, arguments: &[u32]) -> Option<u64> {
        arguments.iter().try_fold(u64::from(op), |hash, &operand| {
            let bits = self.as_constant(operand).map_or(Some(u64::from(operand)), |c| c.bits().map(|bits| !bits))?;
            Some((hash.rotate_left(29) ^ bits).wrapping_mul(0x9E37_79B9_7F4A_7C15))
        })
    }

    /// Whether a node is this operation, constants compared by bits.
    fn is(&self, node: usize, op: u8, arguments: &[u32]) -> bool {
        let bits = |operand: u32| self.as_constant(operand).and_then(Real::bits);
        let same = |(&a, &b): (&u32, &u32)| a == b || bits(a).is_some_and(|a| bits(b) == Some(a));
        let known = self.arguments(node);
        self.ops[node] == op && known.len() == arguments.len() && known.iter().zip(arguments).all(same)
    }

    fn unary(&mut self, f: Unary, x: u32) -> u32 {
        match self.as_constant(x) {
            Some(x) => self.constant(x.unary(f)),
            None => self.add(opcode::unary(f), &[x]),
        }
    }

    fn binary(&mut self, f: Binary, a: u32, b: u32) -> u32 {
        let form = match (self.as_constant(a), self.as_constant(b)) {
            (Some(a), Some(b)) => return self.constant(a.binary(f, b)),
            // What changes no bit of any number: x · 1, x / 1, x - 0.
            (_, Some(c)) if c.is_exact_one() && matches!(f, Binary::Mul | Binary::Div) => return a,
            (Some(c), _) if c.is_exact_one() && f == Binary::Mul => return b,
            (_, Some(c)) if is_positive_zero(c) && f == Binary::Sub => return a,
            (_, Some(_)) => Form::First,
            (Some(_), _) => Form::Second,
            _ => Form::Both,
        };
        self.add(opcode::binary(f, form), &[a, b])
    }

    fn nary(&mut self, f: Nary, arguments: &[u32]) -> u32 {
        let constants: Option<SmallVec<[T; 8]>> = arguments.iter().map(|&x| self.as_constant(x)).collect();
        match constants {
            Some(constants) => self.constant(f.value(&constants)),
            None => self.add(opcode::nary(f), arguments),
        }
    }

    fn block(&mut self, block: u32, arguments: &[u32]) -> u32 {
        self.blocks.push(block);
        self.push(opcode::BLOCK, arguments)
    }

    /// How often each node is used.
    fn uses(&self, outputs: &[Term<T>], guards: &[Guard<T>]) -> Vec<u32> {
        let mut uses = vec![0; self.ops.len()];
        for i in entries(&self.operands).chain(roots(outputs, guards)) {
            uses[i] += 1;
        }
        uses
    }

    /// Turns `((a + b) + c) + …` into one entry, and `(a b + c d) + …` into one inner product, in the same order.
    fn merge_sums(&mut self, outputs: &[Term<T>], guards: &[Guard<T>]) {
        let uses = self.uses(outputs, guards);
        // The sum that each sum goes on with: one that nobody else uses; 0, which is an input, if there is none.
        let mut before = vec![0; self.ops.len()];
        let mut goes_on = vec![false; self.ops.len()];
        for (i, &op) in self.ops.iter().enumerate() {
            let Some(f) = sum(op) else { continue };
            // a + b = b + a, bit for bit.
            let may_be_first = if f == Binary::Add { 2 } else { 1 };
            let mut candidates = entries(&self.arguments(i)[..may_be_first]);
            if let Some(first) = candidates.find(|&k| uses[k] == 1 && sum(self.ops[k]).is_some()) {
                before[i] = first as u32;
                goes_on[first] = true;
            }
        }
        let signs = [T::one(), -T::one()].map(|sign| self.constant(sign));
        let mut factors = Vec::new();
        // A sum of two terms stays as it is: one entry of many operands pays off from three on.
        for end in (0..before.len()).filter(|&i| before[i] != 0 && !goes_on[i]) {
            factors.clear();
            let mut at = end;
            loop {
                let (earlier, &[a, b]) = (before[at], self.arguments(at)) else { unreachable!("a sum has two terms") };
                let next = if earlier == 0 || earlier == a { b } else { a };
                factors.push(self.factors(next, sum(self.ops[at]) == Some(Binary::Sub), signs, &uses));
                if earlier == 0 {
                    factors.push(self.factors(a, false, signs, &uses));
                    break;
                }
                at = earlier as usize;
            }
            factors.reverse();
            let is_one = |&[_, b]: &[u32; 2]| self.as_constant(b).is_some_and(Real::is_exact_one);
            let f = if factors.iter().all(is_one) { Nary::Sum } else { Nary::Dot };
            let start = self.operands.len();
            self.operands.extend(factors.iter().map(|f| f[0]));
            if f == Nary::Dot {
                self.operands.extend(factors.iter().map(|f| f[1]));
            }
            self.ops[end] = opcode::nary(f);
            self.spans[end] = [start, self.operands.len()];
        }
    }

    /// Two factors of a term of a sum: a product's, if nobody else uses it, or the term and its sign.
    fn factors(&mut self, term: u32, negative: bool, signs: [u32; 2], uses: &[u32]) -> [u32; 2] {
        if let Some(i) = entries(&[term]).next()
            && uses[i] == 1
            && matches!(opcode::decode(self.ops[i]), Kind::Binary(Binary::Mul, _))
            && let &[a, b] = self.arguments(i)
        {
            match (negative, self.as_constant(a), self.as_constant(b)) {
                (false, ..) => return [a, b],
                // -(a c) = a (-c), bit for bit.
                (true, _, Some(c)) => return [a, self.constant(-c)],
                (true, Some(c), _) => return [b, self.constant(-c)],
                _ => {}
            }
        }
        [term, signs[usize::from(negative)]]
    }

    /// Writes down the nodes that are needed.
    fn number(&self, inputs: usize, outputs: &[Term<T>], guards: Vec<Guard<T>>) -> Shorter<T> {
        let mut needed = vec![false; self.ops.len()];
        roots(outputs, &guards).for_each(|i| needed[i] = true);
        for i in (inputs..self.ops.len()).rev() {
            if needed[i] {
                entries(self.arguments(i)).for_each(|k| needed[k] = true);
            }
        }
        let mut store = Store::new();
        store.push_leaves(&vec![T::zero(); inputs]);
        let mut places: Vec<u32> = (0..self.ops.len() as u32).collect();
        let mut blocks = self.blocks.iter();
        let mut arguments = Vec::new();
        for (i, &op) in self.ops.iter().enumerate().skip(inputs) {
            let block = if op == opcode::BLOCK { blocks.next().copied() } else { None };
            if needed[i] {
                arguments.clear();
                let place =
                    |&k: &u32| self.as_constant(k).map_or_else(|| Term::Entry(places[k as usize]), Term::Constant);
                arguments.extend(self.arguments(i).iter().map(place));
                places[i] = write(&mut store, op, &arguments, block);
            }
        }
        let place = |term: Term<T>| term.resolve(|i| Term::Entry(places[i]), Term::Constant);
        let outputs = outputs.iter().map(|&y| place(y).resolve(Ok, Err)).collect();
        let guards = guards.into_iter().map(|g| Guard { left: place(g.left), right: place(g.right), ..g }).collect();
        let code = if store.len() == 0 { OwnedCode::default() } else { store.code(store.len() - 1).to_owned() };
        (code, outputs, guards)
    }
}

/// The sum or difference that an operation is, if it is one.
fn sum(op: u8) -> Option<Binary> {
    match opcode::decode(op) {
        Kind::Binary(f @ (Binary::Add | Binary::Sub), _) => Some(f),
        _ => None,
    }
}

fn is_positive_zero<T: Real>(x: T) -> bool {
    x.is_exact_zero() && x.bits() == Some(0)
}

/// Puts an operation into the store, and gives its place. Blocks have a number.
pub(super) fn write<T: Real>(store: &mut Store<T>, op: u8, arguments: &[Term<T>], block: Option<u32>) -> u32 {
    let zero = T::zero();
    // Where an argument stands, among the entries or, as the form says, among the constants.
    let mut place = |k: usize| arguments[k].resolve(|i| i as u32, |c| store.constant(c));
    match opcode::decode(op) {
        Kind::Unary(_) => {
            let operand = place(0);
            store.push(op, [operand], zero)
        }
        Kind::Binary(_, form) => {
            let operands = if form == Form::Second { [place(1), place(0)] } else { [place(0), place(1)] };
            store.push(op, operands, zero)
        }
        kind @ (Kind::Nary(_) | Kind::Block) => {
            let operand = |term: &Term<T>| term.resolve(|i| i as u32, |c| store.constant(c) | CONSTANT);
            let operands: SmallVec<[u32; 16]> = arguments.iter().map(operand).collect();
            // Partial derivatives are not stored: they would be those of the inputs recorded at.
            let extras = [0, block.unwrap_or(0)];
            let count = match kind {
                Kind::Nary(f) => usize::from(f.stores_partials()),
                _ => 2,
            };
            store.push_nary(op, &extras[..count], &operands, zero)
        }
        Kind::Leaf | Kind::Tensor | Kind::At => unreachable!("not among a program's operations"),
    }
}
