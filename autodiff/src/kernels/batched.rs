//! Matrix products over leading axes, in which zeros of adjoints may win.

use super::gemm::{Operand, Wins};
use super::once;
use super::product::{self, Axis, is_finite_at_edges};
use crate::Real;

/// All products of the matrices `a` and `b` along the axes, into `c`, whose matrices have no gaps; zeros win as `wins` says.
pub(crate) fn batched<T: Real>(axes: &[Axis], a: Operand<'_, T>, b: Operand<'_, T>, c: &mut [T], wins: Wins) {
    if wins == [false; 2] {
        return once::products(axes, a, b, c);
    }
    if T::MACHINE {
        once::products(axes, a, b, c);
        if is_finite_at_edges(c, a.rows, b.cols) {
            return;
        }
    }
    product::winning(axes, a, b, c, wins);
}
