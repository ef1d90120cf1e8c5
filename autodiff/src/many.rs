//! Functions of any number of variables, each recorded as one tape entry.
//!
//! They take anything that yields variables: a slice, a `Vec`, an iterator over values or references.

use std::borrow::Borrow;

use num_traits::Float;
use smallvec::SmallVec;

use crate::error::mismatch;
use crate::tape::gather::Gather;
use crate::tape::nary::Nary;
use crate::{Real, Var};

fn each<T: Real>(x: impl IntoIterator<Item: Borrow<Var<T>>>) -> impl Iterator<Item = Var<T>> {
    x.into_iter().map(|x| *x.borrow())
}

/// Sum in order, as `iter().sum()` gives it. Of nothing it is `-0`, as in the standard library.
///
/// ```
/// let tape = autodiff::Tape::<f64>::new();
/// let x = tape.vars(&[1.0, 2.0, 4.0]);
/// let y = autodiff::sum(&x);
/// assert_eq!((y.value(), tape.len()), (7.0, 4));
/// ```
#[track_caller]
pub fn sum<T: Real>(x: impl IntoIterator<Item: Borrow<Var<T>>>) -> Var<T> {
    Var::gather(Nary::Sum, each(x))
}

/// Arithmetic mean: the sum in order, divided by the number of terms. Of nothing it is NaN.
///
/// ```
/// let tape = autodiff::Tape::<f64>::new();
/// let x = tape.vars(&[1.0, 2.0, 6.0]);
/// let y = autodiff::mean(&x);
/// assert_eq!((y.value(), y.backward().wrt(x[0])), (3.0, 1.0 / 3.0));
/// ```
#[track_caller]
pub fn mean<T: Real>(x: impl IntoIterator<Item: Borrow<Var<T>>>) -> Var<T> {
    Var::gather(Nary::Mean, each(x))
}

/// Sum of squares `Σ x_i²`, in order.
///
/// ```
/// let tape = autodiff::Tape::<f64>::new();
/// let x = tape.vars(&[3.0, 4.0]);
/// let y = autodiff::sum_sq(&x);
/// assert_eq!((y.value(), y.backward().wrt(x[1])), (25.0, 8.0));
/// ```
#[track_caller]
pub fn sum_sq<T: Real>(x: impl IntoIterator<Item: Borrow<Var<T>>>) -> Var<T> {
    Var::gather(Nary::SumSq, each(x))
}

/// Euclidean norm `√Σ x_i²`. At the origin its gradient is 0, the least-norm subgradient, and so is the Hessian, even of its
/// square: that of [`sum_sq`] is right.
///
/// Where the squares would overflow or underflow, the argument of largest magnitude is divided out first.
///
/// ```
/// let tape = autodiff::Tape::<f64>::new();
/// let x = tape.vars(&[3e200, 4e200]);
/// let y = autodiff::norm(&x);
/// assert!((y.value() / 5e200 - 1.0).abs() < 1e-15);
/// assert!((y.backward().wrt(x[1]) - 0.8).abs() < 1e-15);
/// ```
#[track_caller]
pub fn norm<T: Real>(x: impl IntoIterator<Item: Borrow<Var<T>>>) -> Var<T> {
    Var::gather(Nary::Norm, each(x))
}

/// Product in order, as `iter().product()` gives it. Its derivatives are right with zeros among the factors.
///
/// ```
/// let tape = autodiff::Tape::<f64>::new();
/// let x = tape.vars(&[2.0, 0.0, 4.0]);
/// let g = autodiff::product(&x).backward();
/// assert_eq!([g.wrt(x[0]), g.wrt(x[1]), g.wrt(x[2])], [0.0, 8.0, 0.0]);
/// ```
#[track_caller]
pub fn product<T: Real>(x: impl IntoIterator<Item: Borrow<Var<T>>>) -> Var<T> {
    Var::gather(Nary::Product, each(x))
}

/// Inner product `Σ a_i b_i`, in order.
///
/// ```
/// use autodiff::{Tape, dot};
/// let tape = Tape::<f64>::new();
/// let (a, b) = (tape.vars(&[1.0, 2.0]), tape.vars(&[3.0, 4.0]));
/// let y = dot(&a, &b);
/// assert_eq!((y.value(), y.backward().wrt(b[1])), (11.0, 2.0));
/// ```
///
/// # Panics
/// If the lengths differ.
#[track_caller]
pub fn dot<T: Real>(a: impl IntoIterator<Item: Borrow<Var<T>>>, b: impl IntoIterator<Item: Borrow<Var<T>>>) -> Var<T> {
    let first = Gather::new(Nary::Dot).take(each(a).map(Var::argument));
    let m = first.len();
    let both = first.take(each(b).map(Var::argument));
    let n = both.len() - m;
    if m != n {
        mismatch("dot", &[m], &[n], "both vectors need the same length");
    }
    Var::recorded(both.record())
}

/// `ln Σ e^{x_i}`, shifted by the largest argument so that it never overflows.
///
/// Of nothing, or of `-inf` only, it is `-inf` with gradient 0; arguments of `+inf` share the gradient evenly.
///
/// ```
/// use autodiff::{Tape, logsumexp};
/// let tape = Tape::<f64>::new();
/// let x = tape.vars(&[1000.0, 1000.0]);
/// let y = logsumexp(&x);
/// assert_eq!(y.value(), 1000.0 + 2.0_f64.ln());
/// assert_eq!(y.backward().wrt(x[0]), 0.5);
/// ```
#[track_caller]
pub fn logsumexp<T: Real>(x: impl IntoIterator<Item: Borrow<Var<T>>>) -> Var<T> {
    Var::gather(Nary::LogSumExp, each(x))
}

/// `e^{x_i} / Σ e^{x_j}`, computed as `exp(z_i - logsumexp(z))` where `z` is `x` less its largest value, a constant: one entry
/// for the sum, three for each result. Arguments of `+inf` share 1 evenly, with gradient 0; of `-inf` only it is NaN.
///
/// ```
/// use autodiff::{Tape, softmax};
/// let tape = Tape::<f64>::new();
/// let x = tape.vars(&[1000.0, 1000.0]);
/// let p = softmax(&x);
/// assert!((p[0].value() - 0.5).abs() < 1e-15);
/// assert!((p[0].backward().wrt(x[1]) + 0.25).abs() < 1e-15);
/// ```
#[track_caller]
pub fn softmax<T: Real>(x: impl IntoIterator<Item: Borrow<Var<T>>>) -> Vec<Var<T>> {
    let mut z: SmallVec<[Var<T>; 8]> = each(x).collect();
    // The difference to the largest has no rounding of the values' own size.
    let mut top = Var::constant(z.iter().map(|x| x.value()).fold(T::neg_infinity(), T::max));
    // A program looks it up at its own inputs.
    if z.iter().any(|z| z.is_guarded()) {
        top = z.iter().copied().reduce(Var::max).unwrap_or(top);
    }
    let finite = top.is_finite();
    // Not in a closure: a panic is to point at the caller.
    for z in &mut z {
        if !finite && *z == T::infinity() {
            *z = z.min(Var::constant(T::zero()));
        } else if finite || top > T::zero() {
            *z -= top;
        }
    }
    let total = Var::apply_n(Nary::LogSumExp, &z);
    let mut shares = Vec::with_capacity(z.len());
    for z in z {
        shares.push((z - total).exp());
    }
    shares
}

/// The polynomial `c_0 + c_1 x + c_2 x² + …` by Horner's rule, differentiable in `x` and in the coefficients.
///
/// ```
/// use autodiff::{Tape, Var, poly_eval};
/// let tape = Tape::<f64>::new();
/// let x = tape.var(2.0);
/// let y = poly_eval(x, [1.0, 0.0, 3.0].map(Var::constant));
/// assert_eq!((y.value(), y.backward().wrt(x)), (13.0, 12.0));
/// ```
#[doc(alias = "polyval")]
#[track_caller]
pub fn poly_eval<T: Real>(x: Var<T>, coefficients: impl IntoIterator<Item: Borrow<Var<T>>>) -> Var<T> {
    let coefficients = each(coefficients).map(Var::argument);
    Var::recorded(Gather::new(Nary::Polynomial).take(std::iter::once(x.argument())).take(coefficients).record())
}
