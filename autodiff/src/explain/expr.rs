//! Formulas, simplified as a person would: `x · x` is `x²`, `1 · a` is `a`, `-(y - t)` is `t - y`.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use super::forms::Text;
use super::names::name;
use crate::rules::Binary;
use crate::rules::notation::{Level, Notation};

/// A formula in its arena; equal formulas have the same number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Id(u32);

/// A number that can be compared and hashed, by its bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Bits(u64);

impl Bits {
    fn new(x: f64) -> Self {
        // -0 is 0 in a formula.
        Self((x + 0.0).to_bits())
    }

    pub(super) fn get(self) -> f64 {
        f64::from_bits(self.0)
    }
}

/// What a formula is made of.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Node {
    Number(Bits),
    Name(Text),
    /// Words or an index that a notation takes as an argument.
    Label(Text),
    /// Terms with their coefficients, at least two.
    Sum(Vec<(Bits, Id)>),
    /// A coefficient and powers; neither a number alone nor a single factor.
    Product {
        coefficient: Bits,
        factors: Vec<(Id, i32)>,
    },
    Apply {
        notation: Notation,
        arguments: Vec<Id>,
        /// What is not written, yet tells this from others that look the same.
        unwritten: Vec<Id>,
    },
}

#[derive(Clone)]
struct Info {
    node: Rc<Node>,
    size: usize,
    /// Whether it stands for an array with axes.
    tensor: bool,
}

/// Holds formulas.
#[derive(Default)]
pub(super) struct Arena {
    infos: RefCell<Vec<Info>>,
    ids: RefCell<HashMap<Rc<Node>, Id>>,
}

impl Arena {
    fn intern(&self, node: Node, tensor: bool) -> Id {
        if let Some(&id) = self.ids.borrow().get(&node) {
            return id;
        }
        let size = match &node {
            Node::Label(_) => 0,
            Node::Number(_) | Node::Name(_) => 1,
            Node::Sum(terms) => terms.iter().map(|&(_, id)| self.size(id) + 1).sum(),
            Node::Product { factors, .. } => 1 + factors.iter().map(|&(id, _)| self.size(id)).sum::<usize>(),
            Node::Apply { arguments, unwritten, .. } => {
                1 + arguments.iter().chain(unwritten).map(|&id| self.size(id)).sum::<usize>()
            }
        };
        let mut infos = self.infos.borrow_mut();
        let (id, node) = (Id(infos.len() as u32), Rc::new(node));
        infos.push(Info { node: Rc::clone(&node), size, tensor });
        self.ids.borrow_mut().insert(node, id);
        id
    }

    pub(super) fn node(&self, id: Id) -> Rc<Node> {
        Rc::clone(&self.infos.borrow()[id.0 as usize].node)
    }

    /// How many symbols a formula has.
    pub(super) fn size(&self, id: Id) -> usize {
        self.infos.borrow()[id.0 as usize].size
    }

    pub(super) fn is_tensor(&self, id: Id) -> bool {
        self.infos.borrow()[id.0 as usize].tensor
    }

    pub(super) fn number(&self, x: f64) -> Id {
        self.intern(Node::Number(Bits::new(x)), false)
    }

    /// The value of a formula that is a number.
    pub(super) fn as_number(&self, id: Id) -> Option<f64> {
        match &*self.node(id) {
            Node::Number(x) => Some(x.get()),
            _ => None,
        }
    }

    pub(super) fn name(&self, text: Text, tensor: bool) -> Id {
        self.intern(Node::Name(text), tensor)
    }

    pub(super) fn label(&self, text: Text) -> Id {
        self.intern(Node::Label(text), false)
    }

    /// A name that is set as names are.
    pub(super) fn named(&self, text: &str, tensor: bool) -> Id {
        self.name(name(text), tensor)
    }

    /// A function of these, written so.
    pub(super) fn apply(&self, notation: Notation, arguments: &[Id], tensor: bool) -> Id {
        self.intern(Node::Apply { notation, arguments: arguments.to_vec(), unwritten: Vec::new() }, tensor)
    }

    /// An array that is another where what is unwritten is another.
    pub(super) fn apply_to(&self, notation: Notation, arguments: Vec<Id>, unwritten: Vec<Id>) -> Id {
        self.intern(Node::Apply { notation, arguments, unwritten }, true)
    }

    pub(super) fn add(&self, a: Id, b: Id) -> Id {
        self.sum(&[(1.0, a), (1.0, b)])
    }

    /// `Σ c_i a_i`.
    pub(super) fn sum(&self, summands: &[(f64, Id)]) -> Id {
        let (mut terms, mut constant): (Vec<(f64, Id)>, f64) = (Vec::new(), 0.0);
        let mut add = |c: f64, of: Id| match terms.iter_mut().find(|term| term.1 == of) {
            Some(term) => term.0 += c,
            None => terms.push((c, of)),
        };
        // The same again counts double, and is not taken apart: 2(y - t).
        let mut whole: Vec<(f64, Id)> = Vec::new();
        for &(c, id) in summands {
            match whole.iter_mut().find(|term| term.1 == id) {
                Some(term) => term.0 += c,
                None => whole.push((c, id)),
            }
        }
        if let [(c, id)] = whole[..]
            && summands.len() > 1
        {
            return self.scale(c, id);
        }
        for (c, id) in whole {
            match &*self.node(id) {
                Node::Number(x) => constant += c * x.get(),
                Node::Sum(inner) => {
                    for &(k, of) in inner {
                        match self.as_number(of) {
                            Some(x) => constant += c * k.get() * x,
                            None => add(c * k.get(), of),
                        }
                    }
                }
                Node::Product { coefficient, factors } if coefficient.get() != 1.0 => {
                    add(c * coefficient.get(), self.product(1.0, factors.clone()));
                }
                _ => add(c, id),
            }
        }
        terms.retain(|term| term.0 != 0.0);
        if constant != 0.0 {
            // Where it stood: `1 - x`, `x + 1`.
            let first = summands.first().is_some_and(|&(_, id)| self.as_number(id).is_some());
            terms.insert(if first { 0 } else { terms.len() }, (constant, self.number(1.0)));
        }
        match terms[..] {
            [] => return self.number(0.0),
            [(c, id)] => return self.scale(c, id),
            _ => {}
        }
        if terms[0].0 < 0.0
            && let Some(first) = terms.iter().position(|term| term.0 > 0.0)
        {
            terms[..=first].rotate_right(1);
        }
        let tensor = terms.iter().any(|&(_, id)| self.is_tensor(id));
        self.intern(Node::Sum(terms.into_iter().map(|(c, id)| (Bits::new(c), id)).collect()), tensor)
    }

    /// `c a`.
    pub(super) fn scale(&self, c: f64, a: Id) -> Id {
        let number = self.number(c);
        self.mul(number, a)
    }

    pub(super) fn mul(&self, a: Id, b: Id) -> Id {
        let (mut coefficient, mut factors) = self.factors(a);
        let (second, more) = self.factors(b);
        coefficient *= second;
        for (id, power) in more {
            match factors.iter_mut().find(|factor| factor.0 == id) {
                Some(factor) => factor.1 += power,
                None => factors.push((id, power)),
            }
        }
        self.product(coefficient, factors)
    }

    pub(super) fn div(&self, a: Id, b: Id) -> Id {
        self.mul(a, self.pow(b, -1))
    }

    pub(super) fn pow(&self, a: Id, power: i32) -> Id {
        let (c, factors) = self.factors(a);
        let mut factors: Vec<(Id, i32)> = factors.into_iter().map(|(id, k)| (id, k * power)).collect();
        let coefficient = c.powi(power);
        if power < 0 && c != 1.0 && !is_short(coefficient) {
            // 1/3 stays one.
            factors.push((self.number(c.abs()), power));
            return self.product(c.signum().powi(power), factors);
        }
        self.product(coefficient, factors)
    }

    /// A formula's coefficient, and the formula without it.
    pub(super) fn split(&self, id: Id) -> (f64, Id) {
        let (coefficient, factors) = self.factors(id);
        if factors.is_empty() { (1.0, id) } else { (coefficient, self.product(1.0, factors)) }
    }

    fn factors(&self, id: Id) -> (f64, Vec<(Id, i32)>) {
        match &*self.node(id) {
            Node::Number(x) => (x.get(), Vec::new()),
            Node::Product { coefficient, factors } => (coefficient.get(), factors.clone()),
            _ => (1.0, vec![(id, 1)]),
        }
    }

    fn product(&self, mut coefficient: f64, mut factors: Vec<(Id, i32)>) -> Id {
        for (id, power) in &mut factors {
            // 6 · 1/3.
            if let Some(x) = self.as_number(*id)
                && *power < 0
                && (coefficient / x).fract() == 0.0
            {
                coefficient /= x;
                *power += 1;
            }
        }
        factors.retain(|factor| factor.1 != 0);
        self.third_binomial(&mut factors);
        self.join_powers(&mut factors);
        if coefficient == 0.0 {
            return self.number(0.0);
        }
        match factors[..] {
            [] => return self.number(coefficient),
            [(id, 1)] if coefficient == 1.0 => return id,
            // -(a - b) = b - a
            [(id, 1)] if coefficient == -1.0 => {
                if let Node::Sum(terms) = &*self.node(id) {
                    let flipped: Vec<(f64, Id)> = terms.iter().map(|&(c, id)| (-c.get(), id)).collect();
                    return self.sum(&flipped);
                }
            }
            _ => {}
        }
        factors.sort_by_cached_key(|&(id, _)| self.order(id));
        let tensor = factors.iter().any(|&(id, _)| self.is_tensor(id));
        self.intern(Node::Product { coefficient: Bits::new(coefficient), factors }, tensor)
    }

    /// `(1 - y)(1 + y)` is `1 - y²`.
    fn third_binomial(&self, factors: &mut Vec<(Id, i32)>) {
        let terms = |id: Id| match &*self.node(id) {
            Node::Sum(terms) => match terms[..] {
                [(a, x), (b, y)] => Some([(a.get(), x), (b.get(), y)]),
                _ => None,
            },
            _ => None,
        };
        for i in 0..factors.len() {
            for j in i + 1..factors.len() {
                let ((a, n), (b, m)) = (factors[i], factors[j]);
                let (Some([x, y]), Some([v, w])) = (terms(a), terms(b)) else { continue };
                if n == m && x == v && y.1 == w.1 && y.0 == -w.0 {
                    let square = |(c, id): (f64, Id), sign: f64| (sign * c * c, self.pow(id, 2));
                    factors[i].0 = self.sum(&[square(x, 1.0), square(y, -1.0)]);
                    factors.remove(j);
                    return;
                }
            }
        }
    }

    /// `a^b / a` is `a^(b - 1)`.
    fn join_powers(&self, factors: &mut Vec<(Id, i32)>) {
        for i in 0..factors.len() {
            let Node::Apply { notation, arguments, .. } = &*self.node(factors[i].0) else { continue };
            if *notation != Binary::Pow.notation() || factors[i].1 != 1 {
                continue;
            }
            let (base, exponent) = (arguments[0], arguments[1]);
            if let Some(j) = factors.iter().position(|factor| factor.0 == base) {
                let exponent = self.add(exponent, self.number(f64::from(factors[j].1)));
                factors[i].0 = self.apply(*notation, &[base, exponent], self.is_tensor(factors[i].0));
                factors.remove(j);
                return;
            }
        }
    }

    /// Where a factor stands: numbers, names, values of functions, sums, functions without brackets, products of matrices;
    /// scalars before tensors, whose sums come before functions (`(y - t) ⊙ h'(a)`).
    fn order(&self, id: Id) -> (bool, u8, String) {
        let (class, name) = match &*self.node(id) {
            Node::Number(_) | Node::Label(_) => (0, String::new()),
            Node::Name(text) => (1, text.plain.clone()),
            Node::Sum(_) => (3, String::new()),
            Node::Apply { notation, .. } if notation.level() == Level::Matrix => (5, String::new()),
            Node::Apply { notation, .. } if notation.level() == Level::Atom && !self.is_tensor(id) => {
                (2, String::new())
            }
            Node::Product { .. } | Node::Apply { .. } => (4, String::new()),
        };
        (self.is_tensor(id), class, name)
    }
}

/// Whether a number is short enough to stand in place of a fraction.
fn is_short(x: f64) -> bool {
    x.is_finite() && (x * 1e4).fract() == 0.0
}
