//! Which differences are taken, and how many evaluations they cost.

use std::cell::Cell;

use ndarray::{Array2, ArrayD};

use super::estimate::Estimate;
use super::quotient::{central, evaluator, from_one_side, moved, replaced, second, sides, two_sided, with_kink};
use super::span::Span;
use crate::engine::Outputs;
use crate::engine::outputs::{constants, count};
use crate::{Real, Tensor, Var};

/// A way of approximating a derivative by differences.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Method {
    /// `(f(x + h) - f(x)) / h`, good to about the square root of the machine's precision. Three evaluations; next to 0, where
    /// two steps are tried, five.
    Forward,
    /// `(f(x) - f(x - h)) / h`. As many evaluations.
    Backward,
    /// `(f(x + h) - f(x - h)) / 2h`, good to about its 2/3 power. Five evaluations, next to 0 nine.
    Central,
    /// Central differences at many steps, extrapolated to step 0: some 50 to 100 evaluations, and nearly all digits. Where
    /// the function is finite on one side only, differences from there.
    #[default]
    Extrapolated,
    /// Differences from the right, extrapolated.
    FromRight,
    /// Differences from the left, extrapolated.
    FromLeft,
}

/// Differentiates numerically by a [`Method`], and counts the evaluations of the function.
///
/// The bound of a simple method's error is twice the difference to the same quotient with twice the step, plus rounding. It
/// holds where the step is small against the scale on which the function varies, and is infinite where the function's
/// changes do not grow with the step; that of an extrapolated one looks at many steps.
///
/// ```
/// use autodiff::numeric::{Differences, Method};
/// let forward = Differences::new(Method::Forward);
/// let slope = forward.derivative(|x| x.sin(), 0.5_f64);
/// let error = (slope.value - 0.5_f64.cos()).abs();
/// assert!(error <= slope.error && slope.error < 1e-7);
/// assert_eq!(forward.evaluations(), 3);
///
/// let best = Differences::default();
/// let slope = best.derivative(|x| x.sin(), 0.5_f64);
/// assert!((slope.value - 0.5_f64.cos()).abs() < 1e-13);
/// assert!(best.evaluations() < 100);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Differences {
    method: Method,
    evaluations: Cell<usize>,
}

impl Differences {
    /// Differences of this kind; nothing is counted yet.
    pub fn new(method: Method) -> Self {
        Self { method, evaluations: Cell::new(0) }
    }

    /// How often functions have been evaluated so far.
    pub fn evaluations(&self) -> usize {
        self.evaluations.get()
    }

    fn one_more(&self) {
        self.evaluations.set(self.evaluations.get() + 1);
    }

    /// The derivative of a function of one variable; see [`numeric::derivative`](super::derivative).
    pub fn derivative<T: Real>(&self, f: impl Fn(Var<T>) -> Var<T>, x: T) -> Estimate<T> {
        self.slope(|x| f(Var::constant(x)).value(), x, Span::along(x, T::one(), 1))
    }

    /// The gradient; see [`numeric::gradient`](super::gradient).
    pub fn gradient<T: Real>(&self, f: impl Fn(&[Var<T>]) -> Var<T>, x: &[T]) -> Vec<Estimate<T>> {
        self.slopes(evaluator(f), x)
    }

    /// The gradient of a scalar function of tensors, an array for each input.
    ///
    /// ```
    /// use autodiff::{Tensor, numeric::Differences};
    /// use ndarray::array;
    /// let x = Tensor::constant(array![[1.0_f64, 2.0]]);
    /// let g = Differences::default().tensor_gradient(|t| t[0].square().sum(), &[x]);
    /// assert!((g[0][[0, 1]].value - 4.0).abs() < 1e-13);
    /// ```
    ///
    /// # Panics
    /// If the result has more than one element.
    #[track_caller]
    pub fn tensor_gradient<T: Real>(
        &self,
        f: impl Fn(&[Tensor<T>]) -> Tensor<T>,
        inputs: &[Tensor<T>],
    ) -> Vec<ArrayD<Estimate<T>>> {
        let gradient = |k: usize| {
            let at = |x: &[T]| {
                let mut inputs: Vec<Tensor<T>> = inputs.iter().map(Tensor::untracked).collect();
                inputs[k] = Tensor::build(inputs[k].shape(), |out| out.copy_from_slice(x));
                f(&inputs).item()
            };
            let x: Vec<T> = inputs[k].view().iter().copied().collect();
            ArrayD::from_shape_vec(inputs[k].shape(), self.slopes(at, &x)).expect("an entry for each element")
        };
        (0..inputs.len()).map(gradient).collect()
    }

    /// The derivative along `v`; see [`numeric::directional`](super::directional).
    ///
    /// # Panics
    /// If `v` has not the length of `x`.
    #[track_caller]
    pub fn directional<T: Real>(&self, f: impl Fn(&[Var<T>]) -> Var<T>, x: &[T], v: &[T]) -> Estimate<T> {
        count("directional", v.len(), x.len(), "a direction has one element for each variable");
        let f = evaluator(f);
        let Some(span) = Span::toward(x, v, 1) else { return Estimate { value: T::zero(), error: T::zero() } };
        self.slope(|t| f(&moved(x, v, t)), T::zero(), span)
    }

    /// The Jacobian, a row for each output; see [`numeric::jacobian`](super::jacobian).
    pub fn jacobian<T: Real, Y: Outputs<T>>(&self, f: impl Fn(&[Var<T>]) -> Y, x: &[T]) -> Array2<Estimate<T>> {
        let f = |x: &[T]| -> Vec<T> {
            self.one_more();
            f(&constants(x)).outputs().iter().map(|y| y.value()).collect()
        };
        let centre = f(x);
        let mut jacobian = Array2::from_elem((centre.len(), x.len()), Estimate::unknown());
        for (i, mut column) in jacobian.columns_mut().into_iter().enumerate() {
            let span = Span::along(x[i], T::one(), 1);
            if self.method == Method::Extrapolated {
                let limits = span.limits(2, |step| {
                    let (right, left) = sides(x[i], step);
                    let (plus, minus) = (f(&replaced(x, i, right)), f(&replaced(x, i, left)));
                    let values = plus.into_iter().zip(&centre).zip(minus);
                    let [step, width] = [right - x[i], right - left].map(|width| width / span.top);
                    let levels = |((plus, &centre), minus)| central([minus, centre, plus], step, width);
                    values.flat_map(levels).collect()
                });
                let pairs = limits.chunks_exact(2).map(|pair| with_kink([pair[0], pair[1]]).per(span.top));
                column.iter_mut().zip(pairs).for_each(|(entry, limit)| *entry = limit);
            }
            for (k, entry) in column.iter_mut().enumerate().filter(|(_, entry)| entry.value.is_nan()) {
                *entry = self.uncounted(|moved| f(&replaced(x, i, moved))[k], x[i], centre[k], span);
            }
        }
        jacobian
    }

    /// The Hessian, by extrapolated second differences whatever the method; see [`numeric::hessian`](super::hessian).
    pub fn hessian<T: Real>(&self, f: impl Fn(&[Var<T>]) -> Var<T>, x: &[T]) -> Array2<Estimate<T>> {
        let f = evaluator(f);
        let counted = |x: &[T]| {
            self.one_more();
            f(x)
        };
        let mut hessian = Array2::from_elem((x.len(), x.len()), Estimate::unknown());
        for i in 0..x.len() {
            for j in 0..=i {
                let entry = second(counted, x, i, j);
                hessian[[i, j]] = entry;
                hessian[[j, i]] = entry;
            }
        }
        hessian
    }

    /// All partial derivatives of a function of numbers.
    fn slopes<T: Real>(&self, f: impl Fn(&[T]) -> T, x: &[T]) -> Vec<Estimate<T>> {
        let slope = |i: usize| self.slope(|moved| f(&replaced(x, i, moved)), x[i], Span::along(x[i], T::one(), 1));
        (0..x.len()).map(slope).collect()
    }

    /// The derivative of a function of a number.
    fn slope<T: Real>(&self, f: impl Fn(T) -> T, x: T, span: Span<T>) -> Estimate<T> {
        let f = |x: T| {
            self.one_more();
            f(x)
        };
        let centre = f(x);
        self.uncounted(f, x, centre, span)
    }

    /// The same, with the value at `x` given, for a function that counts itself.
    fn uncounted<T: Real>(&self, f: impl Fn(T) -> T, x: T, centre: T, span: Span<T>) -> Estimate<T> {
        match self.method {
            Method::Forward => one_step(&f, x, centre, span, 1, T::one()),
            Method::Backward => one_step(&f, x, centre, span, 1, -T::one()),
            Method::Central => one_step(&f, x, centre, span, 2, T::one()),
            Method::FromRight => edge(&f, x, centre, span, T::one()),
            Method::FromLeft => edge(&f, x, centre, span, -T::one()),
            Method::Extrapolated => {
                let both = two_sided(&f, x, centre, span);
                if both.value.is_nan() { one_sided(&f, x, centre, span) } else { both }
            }
        }
    }
}

/// Extrapolated differences from the side on which the function is finite; from the better one if it is on both.
pub(crate) fn one_sided<T: Real>(f: impl Fn(T) -> T, x: T, centre: T, span: Span<T>) -> Estimate<T> {
    let [right, left] = [T::one(), -T::one()].map(|side| edge(&f, x, centre, span, side));
    if left.error < right.error { left } else { right }
}

/// Extrapolated differences from one side.
fn edge<T: Real>(f: impl Fn(T) -> T, x: T, centre: T, span: Span<T>, side: T) -> Estimate<T> {
    let limit = span.limit(|step| {
        let there = x + side * step;
        from_one_side(f(there), centre, (there - x) / span.top)
    });
    limit.per(span.top)
}

/// A quotient whose error is of the given order in the step, at a step for a function that varies on the scale of `x` and
/// of 1. Next to 0 these are two: where both resolve the function, but not to the same, there is no bound.
fn one_step<T: Real>(f: impl Fn(T) -> T, x: T, centre: T, span: Span<T>, order: i32, side: T) -> Estimate<T> {
    // Where rounding and truncation are about equal.
    let part = T::epsilon().powf((T::one() + T::of(f64::from(order))).recip());
    let usual = span.top * T::of(2.0) * part;
    let wide = quotient_of(&f, x, centre, usual, order, side);
    if usual <= span.near / T::of(64.0) {
        return if usual >= span.floor { wide } else { wide.unbounded() };
    }
    let small = span.near * part;
    let fine = quotient_of(&f, x, centre, small, order, side);
    let apart = wide.error.is_finite() && (wide.value - fine.value).abs() > T::of(3.0) * (wide.error + fine.error);
    if small < span.floor || apart { fine.unbounded() } else { fine }
}

/// A quotient at one step. Its bound is twice the difference to that with twice the step, and rounding; there is none where
/// the function's changes do not grow with the step, as they do where it is resolved.
fn quotient_of<T: Real>(f: impl Fn(T) -> T, x: T, centre: T, step: T, order: i32, side: T) -> Estimate<T> {
    let two = T::of(2.0);
    let levels = [step, two * step].map(|step| {
        if order == 1 {
            let there = x + side * step;
            vec![from_one_side(f(there), centre, there - x)]
        } else {
            let (right, left) = sides(x, step);
            central([f(left), centre, f(right)], right - x, right - left).into()
        }
    });
    let grows = levels[0].iter().zip(&levels[1]).all(|(fine, coarse)| {
        // Over twice the step the change is larger, as in a straight line or any power; or it is nothing but rounding.
        coarse.quotient.abs() >= T::of(0.75) * fine.quotient.abs() || fine.quotient.abs() <= T::of(16.0) * fine.rounding
    });
    let [fine, coarse] = levels.map(|mut levels| levels.swap_remove(0));
    let (difference, rounding) = ((fine.quotient - coarse.quotient).abs(), fine.rounding + coarse.rounding);
    let error = two * difference + T::of(3.0) * rounding;
    if !error.is_finite() {
        return Estimate::unknown();
    }
    Estimate { value: fine.quotient, error: if grows { error } else { T::infinity() } }
}
