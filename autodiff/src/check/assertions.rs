//! Checks as assertions.

/// Panics with the report unless the gradient of a function passes its check: `assert_gradient!(f, &x)`.
///
/// ```
/// use autodiff::{Var, assert_gradient};
/// assert_gradient!(|x: &[Var<f64>]| x[0] * x[1].sin(), &[2.0, 0.5]);
/// ```
#[macro_export]
macro_rules! assert_gradient {
    ($f:expr, $x:expr $(,)?) => {
        $crate::check::gradient($f, $x).assert_pass()
    };
}

/// Panics with the report unless an operation passes its check: `assert_op!(op, &inputs)`, or `assert_op!(op)` for one that
/// takes small matrices; see [`check::op`](crate::check::op) and [`check::op_alone`](crate::check::op_alone).
///
/// ```
/// use autodiff::tensor::{Grads, Op, Vjp};
/// use autodiff::{Result, assert_op};
/// use ndarray::{ArrayD, ArrayViewD};
///
/// struct Cube;
/// impl Op<f64> for Cube {
///     fn name(&self) -> &str { "cube" }
///     fn forward(&self, x: &[ArrayViewD<'_, f64>]) -> Result<ArrayD<f64>> { Ok(x[0].mapv(|x| x * x * x)) }
///     fn vjp(&self, cx: &Vjp<'_, f64>) -> Grads<f64> { (3.0 * cx.input(0).square() * cx.grad()).into() }
/// }
/// assert_op!(Cube);
/// ```
#[macro_export]
macro_rules! assert_op {
    ($op:expr $(,)?) => {
        $crate::check::op_alone($op).assert_pass()
    };
    ($op:expr, $inputs:expr $(,)?) => {
        $crate::check::op($op, $inputs).assert_pass()
    };
}
