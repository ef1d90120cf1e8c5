//! Sums of elementwise formulas over axes, and their gradients, without the array of all elements.

use std::rc::Rc;

use ndarray::{ArrayD, ArrayViewD};
use smallvec::SmallVec;

use super::expr::{Arena, TensorExpr};
use super::formula::{Partials, Value, each, shape_of, unit};
use super::layout::Dims;
use super::op::{Op, on_tensors};
use super::reduce::{Reduced, reduced_strides};
use super::tangent::Tangent;
use super::{Elem, Formula, Grads, Tensor, Vjp};
use crate::Real;
use crate::error::Result;
use crate::kernels::loops::{Arrays, Kernel};
use crate::kernels::summed::sum_into;
use crate::rules::Algebra;

impl<T: Real> Tensor<T> {
    /// The sum of a formula over some axes of the arguments' common shape, without an array of all its values. With `keep` the
    /// axes stay, with length 1. [`elementwise!`](crate::elementwise) writes it with `sum` before the name:
    ///
    /// ```
    /// use autodiff::{Tape, elementwise};
    /// use ndarray::array;
    /// elementwise!(sum distances(x, c) => (x - c).square());
    /// let tape = Tape::<f64>::new();
    /// let points = tape.tensor(array![[0.0, 0.0], [3.0, 4.0], [1.0, 1.0]]);
    /// let centres = tape.tensor(array![[0.0, 1.0], [3.0, 3.0]]);
    /// // Points × 1 × coordinates beside centres × coordinates: a distance for each point and centre.
    /// let d = distances(&points.unsqueeze(1), &centres, &[2], false);
    /// assert_eq!(d.to_array(), array![[1.0, 18.0], [18.0, 1.0], [1.0, 8.0]].into_dyn());
    /// let loss = d.min_axis(1).sum();
    /// assert_eq!(loss.backward().wrt(&centres), array![[-2.0, 2.0], [0.0, -2.0]].into_dyn());
    /// ```
    ///
    /// The value and the first gradient are, to the bit, those of [`Tensor::elementwise`] and [`sum_axes`](Self::sum_axes). The
    /// gradient of a recorded gradient, and so a product with the Hessian, makes no such array either; it differs by rounding
    /// from what the two operations give. From the third order on, and where the second is recorded, too, rules in tensor
    /// operations serve, with arrays of the common shape.
    ///
    /// # Panics
    /// If the shapes do not broadcast, an axis does not exist, or one is named twice.
    #[track_caller]
    pub fn elementwise_sum<F: Formula<K>, const K: usize>(
        formula: F,
        x: [&Self; K],
        axes: &[usize],
        keep: bool,
    ) -> Self {
        const { assert!(K >= 1 && K <= 4, "an elementwise formula has one to four arguments") }
        let shape = shape_of(F::NAME, x);
        let kept = x[0].seen_as(&shape).kept(F::NAME, axes);
        let output = summed(&Value(&formula), x, &shape, &kept).dropped(keep, axes);
        let with = Reduced { axes: axes.into(), kept, keep };
        Self::record_own(Summed::<F, K> { formula: Rc::new(formula), with }, &x, output)
    }
}

/// A loop's results of this shape, added up to the shape `kept`, of as many axes.
fn summed<T: Real, L: Kernel<N, 1>, const N: usize>(
    kernel: &L,
    x: [&Tensor<T>; N],
    shape: &[usize],
    kept: &[usize],
) -> Tensor<T> {
    let x = x.map(|x| x.seen_as(shape));
    let strides = reduced_strides(kept);
    Tensor::build(kept, |out| {
        let operands = x.each_ref().map(Tensor::strided);
        sum_into(kernel, Arrays { shape, operands, out: [out] }, &strides);
    })
}

/// A sum of a formula on the tape.
struct Summed<F, const K: usize> {
    formula: Rc<F>,
    with: Reduced,
}

impl<T: Real, F: Formula<K>, const K: usize> Op<T> for Summed<F, K> {
    fn name(&self) -> &str {
        F::NAME
    }

    fn forward(&self, x: &[ArrayViewD<'_, T>]) -> Result<ArrayD<T>> {
        on_tensors(x, |x| {
            let x: [_; K] = std::array::from_fn(|i| &x[i]);
            let sums = summed(&Value(&*self.formula), x, &shape_of(F::NAME, x), &self.with.kept);
            Ok(sums.dropped(self.with.keep, &self.with.axes))
        })
    }

    fn vjp(&self, cx: &Vjp<'_, T>) -> Grads<T> {
        let g = cx.grad().reshape(&self.with.kept);
        let x: [_; K] = std::array::from_fn(|i| cx.input(i));
        let shape = shape_of(F::NAME, x);
        cx.each(|of| {
            let slope = Slope::<F, K> { formula: Rc::clone(&self.formula), of, shape: shape.clone() };
            let gradient = slope.first(&g, x, x[of].shape());
            if !cx.recording() {
                return gradient;
            }
            let inputs: SmallVec<[&Tensor<T>; 5]> = [&g].into_iter().chain(x).collect();
            Tensor::record(slope, &inputs, gradient)
        })
    }
}

/// The gradient of a sum of a formula with respect to argument number `of`, on the tape. Its inputs are the sum's gradient, in
/// which the axes that are summed away have length 1, and the formula's arguments.
struct Slope<F, const K: usize> {
    formula: Rc<F>,
    of: usize,
    /// The arguments' common shape.
    shape: Dims,
}

impl<F: Formula<K>, const K: usize> Slope<F, K> {
    /// An adjoint times the formula's derivative, added up to a shape.
    fn first<T: Real>(&self, adjoint: &Tensor<T>, x: [&Tensor<T>; K], to: &[usize]) -> Tensor<T> {
        let f = &*self.formula;
        // The constant conditions keep loops from being compiled for arguments that do not exist.
        match self.of {
            0 => self.sum(&Partials::<F, K, 0, 1>(f), [adjoint], x, to),
            1 if const { K > 1 } => self.sum(&Partials::<F, K, 1, 1>(f), [adjoint], x, to),
            2 if const { K > 2 } => self.sum(&Partials::<F, K, 2, 1>(f), [adjoint], x, to),
            3 if const { K > 3 } => self.sum(&Partials::<F, K, 3, 1>(f), [adjoint], x, to),
            of => unreachable!("{} has no argument {of}", F::NAME),
        }
    }

    /// Two adjoints times the formula's second derivative, once more with respect to argument `by`, added up to a shape.
    fn second<T: Real>(&self, by: usize, adjoints: [&Tensor<T>; 2], x: [&Tensor<T>; K], to: &[usize]) -> Tensor<T> {
        let f = &*self.formula;
        match (self.of.min(by), self.of.max(by)) {
            (0, 0) => self.sum(&Curvature::<F, K, 0, 0>(f), adjoints, x, to),
            (0, 1) if const { K > 1 } => self.sum(&Curvature::<F, K, 0, 1>(f), adjoints, x, to),
            (1, 1) if const { K > 1 } => self.sum(&Curvature::<F, K, 1, 1>(f), adjoints, x, to),
            (0, 2) if const { K > 2 } => self.sum(&Curvature::<F, K, 0, 2>(f), adjoints, x, to),
            (1, 2) if const { K > 2 } => self.sum(&Curvature::<F, K, 1, 2>(f), adjoints, x, to),
            (2, 2) if const { K > 2 } => self.sum(&Curvature::<F, K, 2, 2>(f), adjoints, x, to),
            (0, 3) if const { K > 3 } => self.sum(&Curvature::<F, K, 0, 3>(f), adjoints, x, to),
            (1, 3) if const { K > 3 } => self.sum(&Curvature::<F, K, 1, 3>(f), adjoints, x, to),
            (2, 3) if const { K > 3 } => self.sum(&Curvature::<F, K, 2, 3>(f), adjoints, x, to),
            (3, 3) if const { K > 3 } => self.sum(&Curvature::<F, K, 3, 3>(f), adjoints, x, to),
            pair => unreachable!("{} has no arguments {pair:?}", F::NAME),
        }
    }

    /// A loop's results added up to a shape; its operands are adjoints and arguments, and beyond them what is not read.
    fn sum<T: Real, L: Kernel<N, 1>, const H: usize, const N: usize>(
        &self,
        kernel: &L,
        adjoints: [&Tensor<T>; H],
        x: [&Tensor<T>; K],
        to: &[usize],
    ) -> Tensor<T> {
        // Where all lie in order, so does this; a number takes no time to be repeated.
        let even = adjoints.iter().chain(&x).all(|x| x.shape() == self.shape.as_slice());
        let unread = if even { adjoints[0].clone() } else { Tensor::scalar(T::zero()) };
        let operand = |i: usize| match i.checked_sub(H) {
            None => adjoints[i],
            Some(i) => x.get(i).copied().unwrap_or(&unread),
        };
        let operands = std::array::from_fn(operand);
        if *to == *self.shape {
            return each(kernel, operands, to);
        }
        let mut kept = Dims::from_elem(1, self.shape.len() - to.len());
        kept.extend_from_slice(to);
        summed(kernel, operands, &self.shape, &kept).reshape(to)
    }
}

/// The loop for a second derivative, with respect to arguments `I` and `J`. Its operands are two adjoints and the formula's
/// arguments; what is missing to six is not read.
struct Curvature<'a, F, const K: usize, const I: usize, const J: usize>(&'a F);

impl<F: Formula<K>, const K: usize, const I: usize, const J: usize> Kernel<6, 1> for Curvature<'_, F, K, I, J> {
    const WEIGHT: usize = 8;
    const ANGLES: bool = true;

    #[inline(always)]
    fn eval<A: Algebra>(&self, x: [A; 6]) -> [A; 1] {
        let mut arguments = [Elem(Tangent::<Tangent<A, 1>, 1>::constant(0.0)); K];
        for i in 0..K {
            let value = Tangent { value: x[i + 2], along: unit(i, J) };
            arguments[i] = Elem(Tangent { value, along: unit(i, I) });
        }
        let [Some(Tangent { along: [Some(second)], .. })] = self.0.eval(arguments).0.along else {
            return [A::constant(0.0)];
        };
        // Zeros of either adjoint win.
        let [u, g, ..] = x;
        let both = A::select(u.equals(A::constant(0.0)), u.chained(g), g.chained(u));
        [both.chained(second)]
    }
}

impl<T: Real, F: Formula<K>, const K: usize> Op<T> for Slope<F, K> {
    fn name(&self) -> &str {
        F::NAME
    }

    fn forward(&self, x: &[ArrayViewD<'_, T>]) -> Result<ArrayD<T>> {
        on_tensors(x, |x| {
            let arguments: [_; K] = std::array::from_fn(|i| &x[i + 1]);
            Ok(self.first(&x[0], arguments, arguments[self.of].shape()))
        })
    }

    fn vjp(&self, cx: &Vjp<'_, T>) -> Grads<T> {
        let (u, g) = (cx.grad(), cx.input(0));
        let x: [_; K] = std::array::from_fn(|i| cx.input(i + 1));
        if !cx.recording() {
            return cx.each(|i| match i.checked_sub(1) {
                None => self.first(u, x, g.shape()),
                Some(by) => self.second(by, [u, g], x, x[by].shape()),
            });
        }
        // The same formula and the same rules on whole tensors, as for the formula itself.
        let arena = Arena::new();
        let argument = |i: usize| {
            let along = unit(i, 0).map(|unit| unit.filter(|_| cx.needs(i + 1)));
            let value = Tangent::<TensorExpr<'_, T>, K> { value: arena.lift(x[i].clone()), along };
            Elem(Tangent::<_, 1> { value, along: unit(i, self.of) })
        };
        let [slope] = self.formula.eval(std::array::from_fn::<_, K, _>(argument)).0.along;
        let (u, zero) = (u.broadcast_to(&self.shape), || Tensor::scalar(T::zero()));
        cx.each(|i| match (slope, i.checked_sub(1)) {
            (Some(slope), None) => u.chain(slope.value.tensor()),
            (Some(Tangent { along, .. }), Some(by)) => {
                along[by].map_or_else(zero, |second| u.with_adjoint(g).chain(second.tensor()))
            }
            (None, _) => zero(),
        })
    }
}
