//! Additions in place, to a part of an array.

use super::cpu::{Path, Work};
use super::element::Element;
use super::loops::{self, Strided};
use super::walk::Walk;
use crate::Real;

/// Adds an array of a shape to a part of `sum`, given by strides and a starting offset.
pub(crate) fn plain<T: Real>(shape: &[usize], sum: &mut [T], strides: &[usize], offset: usize, a: Strided<'_, T>) {
    loops::update(shape, sum, strides, offset, a, |sum, x| sum + x);
}

/// The same, compiled for the processor at hand.
pub(crate) fn tuned<T: Element>(shape: &[usize], sum: &mut [T], strides: &[usize], offset: usize, a: Strided<'_, T>) {
    let path = Path::current();
    let walk = Walk::new(shape, [strides, a.strides], [offset, a.offset]);
    let (n, [step, other]) = (walk.len, walk.step);
    walk.for_each(|[i, j]| {
        if [step, other] == [1, 1] {
            path.run(Stretch { sum: &mut sum[i..i + n], x: &a.data[j..j + n] });
        } else {
            (0..n).for_each(|k| sum[i + k * step] += a.data[j + k * other]);
        }
    });
}

struct Stretch<'a, T> {
    sum: &'a mut [T],
    x: &'a [T],
}

impl<T: Element> Work for Stretch<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for (sum, &x) in self.sum.iter_mut().zip(self.x) {
            *sum += x;
        }
    }
}
