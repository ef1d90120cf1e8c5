//! A case: an operation with its operands' shapes and where their values come from.

use std::rc::Rc;

use autodiff::{Real, Tensor};
use rand::seq::SliceRandom;
use rand::{Rng, RngExt};

type Function<T> = Rc<dyn Fn(&[Tensor<T>]) -> Tensor<T>>;

/// An operation and all that the harness needs to test it in every way.
///
/// A table of cases is a function that is generic over `T`, so that each case exists in both precisions.
pub(crate) struct Case<T: Real> {
    /// The name of the method of [`Tensor`].
    pub(crate) op: &'static str,
    /// Sets of operand shapes.
    pub(crate) sets: Vec<Vec<Vec<usize>>>,
    pub(crate) f: Function<T>,
    /// For each operand where its values come from; the last one serves all further operands.
    domains: Vec<Domain>,
    /// Where values come from that stand for all operands at once; `None` if the function has a kink there.
    diagonal: Option<Domain>,
    /// Whether the result is a constant by contract, like a mask.
    pub(crate) constant: bool,
}

/// Where the values of an operand come from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Domain {
    /// Random numbers inside an interval, no two of a set's operands at the same place of it.
    Between(f64, f64),
    /// A parameter in the costume of an operand: always this number, and always a constant.
    Parameter(f64),
}

/// A case of the operation `op` with operands between 0.3 and 1.4.
///
/// ```ignore
/// case("sum_axis", &[&[&[2, 3]], &[&[2, 0]]], |t| t[0].sum_axis(1))
/// ```
pub(crate) fn case<T: Real>(
    op: &'static str,
    sets: &[&[&[usize]]],
    f: impl Fn(&[Tensor<T>]) -> Tensor<T> + 'static,
) -> Case<T> {
    let sets = sets.iter().map(|set| set.iter().map(|shape| shape.to_vec()).collect()).collect();
    let domain = Domain::Between(0.3, 1.4);
    Case { op, sets, f: Rc::new(f), domains: vec![domain], diagonal: Some(domain), constant: false }
}

impl<T: Real> Case<T> {
    /// All operands between `low` and `high`.
    pub(crate) fn between(self, low: f64, high: f64) -> Self {
        self.domains(&[Domain::Between(low, high)])
    }

    /// A domain for each operand; the last one serves all further operands.
    pub(crate) fn domains(self, domains: &[Domain]) -> Self {
        Self { domains: domains.to_vec(), diagonal: Some(domains[0]), ..self }
    }

    /// Where the values of `f(x, x)` come from, if not from the first operand's domain.
    pub(crate) fn diagonal(self, domain: Domain) -> Self {
        Self { diagonal: Some(domain), ..self }
    }

    /// Never `f(x, x)`: there is a kink.
    pub(crate) fn distinct(self) -> Self {
        Self { diagonal: None, ..self }
    }

    /// The result is a constant.
    pub(crate) fn constant(self) -> Self {
        Self { constant: true, ..self }
    }

    pub(crate) fn domain(&self, operand: usize) -> Domain {
        self.domains[operand.min(self.domains.len() - 1)]
    }

    /// This operation as a function of one operand that stands for all, if the set's shapes allow it.
    pub(crate) fn on_diagonal(&self, set: &[Vec<usize>]) -> Option<Self> {
        let variables = (0..set.len()).all(|i| matches!(self.domain(i), Domain::Between(..)));
        let (domain, arity) = (self.diagonal?, set.len());
        let fits = arity > 1 && variables && set.iter().all(|shape| *shape == set[0]);
        let f = Rc::clone(&self.f);
        fits.then(|| Self {
            op: self.op,
            sets: vec![vec![set[0].clone()]],
            f: Rc::new(move |t| f(&vec![t[0].clone(); arity])),
            domains: vec![domain],
            diagonal: None,
            constant: self.constant,
        })
    }

    /// Values for the operands of a set, as numbers that single precision can hold.
    pub(crate) fn values(&self, set: &[Vec<usize>], rng: &mut impl Rng) -> Vec<Vec<f64>> {
        let lengths: Vec<usize> = set.iter().map(|shape| shape.iter().product()).collect();
        let mut places = spread(lengths.iter().sum(), rng).into_iter();
        let value = |domain, place: f64| match domain {
            Domain::Between(low, high) => f64::from((low + (high - low) * place) as f32),
            Domain::Parameter(value) => value,
        };
        let operand = |(i, &len)| places.by_ref().take(len).map(|place| value(self.domain(i), place)).collect();
        lengths.iter().enumerate().map(operand).collect()
    }
}

/// `n` numbers between 0 and 1 in random order, at random places of their own, with a gap between any two.
pub(crate) fn spread(n: usize, rng: &mut impl Rng) -> Vec<f64> {
    let mut places: Vec<f64> = (0..n).map(|k| (k as f64 + rng.random_range(0.2..0.8)) / n as f64).collect();
    places.shuffle(rng);
    places
}
