//! Strategies of `proptest` for property tests of derivatives: points that steer off kinks and out of overflow, arrays,
//! shapes that broadcast. With the feature `proptest`.
//!
//! ```
//! use autodiff::{Var, prop_assert_gradient, strategies};
//! use proptest::prelude::*;
//! let f = |x: &[Var<f64>]| (x[1] - x[0]).relu() * x[0].exp();
//! let mut runner = proptest::test_runner::TestRunner::default();
//! // The kink of relu is where both are equal: second coordinates stay on one side of the first.
//! let points = (strategies::number::<f64>(-3.0..3.0, &[0.0]), strategies::number::<f64>(0.1..2.0, &[]));
//! runner.run(&points, |(x, d)| {
//!     prop_assert_gradient!(f, &[x, x + d]);
//!     Ok(())
//! }).unwrap();
//! ```

use std::ops::{Range, RangeInclusive};

use ndarray::ArrayD;
use proptest::collection::{SizeRange, vec};
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

use crate::check::{Report, Verdict};
use crate::{Real, Tensor};

/// How far points stay from kinks, in parts of the range.
const MARGIN: f64 = 1e-2;

/// Numbers in a range, at least a hundredth of it away from every kink.
///
/// ```
/// use autodiff::strategies;
/// use proptest::prelude::*;
/// proptest!(|(x in strategies::number::<f64>(-1.0..1.0, &[0.0]))| prop_assert!(x.abs() >= 0.019));
/// ```
pub fn number<T: Real>(range: Range<f64>, kinks: &[f64]) -> impl Strategy<Value = T> + Clone + use<T> {
    let (kinks, bounds) = (kinks.to_vec(), range.clone());
    range.prop_map(move |x| T::of(off(x, &kinks, &bounds)))
}

/// The number, moved away from a kink, on the side of it that has room.
fn off(x: f64, kinks: &[f64], range: &Range<f64>) -> f64 {
    let margin = MARGIN * (range.end - range.start);
    let Some(kink) = kinks.iter().find(|&&kink| (x - kink).abs() < margin) else { return x };
    let away = if x < *kink { kink - margin } else { kink + margin };
    if range.contains(&away) { away } else { 2.0 * kink - away }
}

/// Numbers of either sign whose magnitudes are spread evenly over the orders from the square root of the machine's precision
/// to its inverse: products of two do not lose all their digits beside 1, and squares are far from overflow.
pub fn magnitude<T: Real>() -> impl Strategy<Value = T> + Clone {
    let orders = -0.5 * T::epsilon().primal().log10();
    (-orders..orders, any::<bool>()).prop_map(|(order, negative)| {
        let size = 10.0_f64.powf(order);
        T::of(if negative { -size } else { size })
    })
}

/// Points for [`check::gradient`](crate::check::gradient): lists of [`number`]s.
pub fn point<T: Real, L: Into<SizeRange>>(
    len: L,
    range: Range<f64>,
    kinks: &[f64],
) -> impl Strategy<Value = Vec<T>> + use<T, L> {
    vec(number(range, kinks), len)
}

/// Shapes of a number of axes, none of them empty.
pub fn shape(rank: RangeInclusive<usize>, longest: usize) -> impl Strategy<Value = Vec<usize>> + Clone {
    vec(1..=longest, rank)
}

/// Pairs of shapes that broadcast: an axis is of length 1 in one of them or the same in both, and one may lack the first
/// axes.
///
/// ```
/// use autodiff::{Tensor, strategies};
/// use proptest::prelude::*;
/// proptest!(|((a, b) in strategies::broadcastable(0..=3, 4))| {
///     let sum = Tensor::<f64>::ones(&a) + Tensor::ones(&b);
///     prop_assert!(sum.ndim() == a.len().max(b.len()));
/// });
/// ```
pub fn broadcastable(
    rank: RangeInclusive<usize>,
    longest: usize,
) -> impl Strategy<Value = (Vec<usize>, Vec<usize>)> + Clone {
    let axis = (1..=longest, 0..4_u8);
    (vec(axis, rank), any::<prop::sample::Index>(), any::<bool>()).prop_map(|(axes, lacking, swapped)| {
        let side = |one: u8| axes.iter().map(|&(n, which)| if which == one { 1 } else { n }).collect::<Vec<usize>>();
        let (whole, part) = (side(0), side(1));
        let part = part[lacking.index(part.len() + 1)..].to_vec();
        if swapped { (part, whole) } else { (whole, part) }
    })
}

/// Arrays of a shape whose elements are [`number`]s.
pub fn array<T: Real>(shape: &[usize], range: Range<f64>, kinks: &[f64]) -> impl Strategy<Value = ArrayD<T>> + use<T> {
    let shape = shape.to_vec();
    let elements = vec(number(range, kinks), shape.iter().product::<usize>());
    elements.prop_map(move |x| ArrayD::from_shape_vec(shape.clone(), x).expect("as many elements"))
}

/// Constant tensors of a shape whose elements are [`number`]s.
pub fn tensor<T: Real>(shape: &[usize], range: Range<f64>, kinks: &[f64]) -> impl Strategy<Value = Tensor<T>> + use<T> {
    array(shape, range, kinks).prop_map(Tensor::constant)
}

/// What a report means for a test case: one that fails fails, with the report; one that is inconclusive is rejected, so that
/// another point is tried.
///
/// # Errors
/// If the verdict is not [`Verdict::Pass`].
pub fn outcome<T: Real>(report: &Report<T>) -> Result<(), TestCaseError> {
    match report.verdict {
        Verdict::Pass => Ok(()),
        Verdict::Fail => Err(TestCaseError::fail(report.to_string())),
        Verdict::Inconclusive(reason) => Err(TestCaseError::reject(format!("the check cannot decide: {reason}"))),
    }
}

/// In a property test: the case fails with the report if the gradient of a function is wrong, and is rejected if that cannot
/// be decided at the point; see [`strategies`](crate::strategies). For a test outside `proptest`, see
/// [`assert_gradient!`](crate::assert_gradient).
#[macro_export]
macro_rules! prop_assert_gradient {
    ($f:expr, $x:expr $(,)?) => {
        $crate::strategies::outcome(&$crate::check::gradient($f, $x))?
    };
}

/// In a property test: the case fails with the report if an operation is wrong, and is rejected if that cannot be decided at
/// these inputs.
#[macro_export]
macro_rules! prop_assert_op {
    ($op:expr, $inputs:expr $(,)?) => {
        $crate::strategies::outcome(&$crate::check::op($op, $inputs))?
    };
}
