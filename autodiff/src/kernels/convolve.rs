//! Convolution item by item: the patches of one item stay in the cache.

use super::element::Element;
use super::gemm::{self, Onto, Operand, Output};
use super::planes::over_planes;
use super::storage::Storage;
use super::threads;
use super::window::Window;
use crate::Real;

/// A convolution: for each item and group, the weights, outputs × depth, times the patches, depth × places.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Convolution {
    pub(crate) window: Window,
    pub(crate) groups: usize,
    /// The channels of a group.
    pub(crate) channels: usize,
    /// The outputs of a group.
    pub(crate) outputs: usize,
}

/// A product of matrices.
type Multiply<T> = fn(Operand<'_, T>, Operand<'_, T>, Output<'_, T>);

/// From this many elements of the longest array, items are worth a second thread.
const PARALLEL: usize = 1 << 16;

/// From this many multiplications, the items that a sum goes over are halved, whatever the number of threads: that fixes the bits.
const SUMMED: usize = 1 << 23;

impl Convolution {
    /// The rows of a group's patches.
    pub(crate) fn depth(&self) -> usize {
        self.channels * self.window.elements()
    }

    fn places(&self) -> usize {
        self.window.places().map_or(0, |[rows, cols]| rows * cols)
    }

    /// The elements of an item's planes and of its results.
    fn item(&self) -> [usize; 2] {
        let [rows, cols] = self.window.plane;
        [self.groups * self.channels * rows * cols, self.groups * self.outputs * self.places()]
    }

    /// A group's weights, patches and results.
    fn group<'a, T>(&self, k: usize, [weights, patches, results]: [&'a [T]; 3]) -> [Operand<'a, T>; 3] {
        let (outputs, depth, places) = (self.outputs, self.depth(), self.places());
        let matrix = |data: &'a [T], rows: usize, cols: usize| {
            let data = data.get(k * rows * cols..).unwrap_or(&[]);
            Operand { data, rows, cols, row_stride: cols, col_stride: 1 }
        };
        [matrix(weights, outputs, depth), matrix(patches, depth, places), matrix(results, outputs, places)]
    }

    /// Calls `work` for each of some items with its number and room for its patches.
    fn items<T: Real>(&self, count: usize, mut work: impl FnMut(usize, &mut [T])) {
        let mut patches = Storage::scratch(self.groups * self.depth() * self.places());
        let patches = patches.make_mut();
        (0..count).for_each(|item| work(item, patches));
    }

    /// The results of some items.
    fn values<T: Real>(&self, multiply: Multiply<T>, planes: &[T], weights: &[T], out: &mut [T]) {
        let [plane, result] = self.item();
        self.items(out.len() / result.max(1), |item, patches| {
            self.window.unfold(&planes[item * plane..][..plane], T::zero(), patches);
            for k in 0..self.groups {
                let [weights, patches, _] = self.group(k, [weights, patches, &[]]);
                let out = &mut out[item * result + k * self.outputs * patches.cols..];
                multiply(weights, patches, Output::rows(out, patches.cols));
            }
        });
    }

    /// What comes back to the planes of some items.
    fn images<T: Real>(&self, multiply: Multiply<T>, weights: &[T], results: &[T], out: &mut [T]) {
        let [plane, result] = self.item();
        self.items(out.len() / plane.max(1), |item, patches| {
            for k in 0..self.groups {
                let [weights, _, results] = self.group(k, [weights, &[], &results[item * result..]]);
                let places = results.cols;
                let out = &mut patches[k * weights.cols * places..];
                multiply(weights.transposed(), results, Output::rows(out, places));
            }
            self.window.fold(patches, &mut out[item * plane..][..plane]);
        });
    }

    /// What comes back to the weights from some items, added to `out`.
    fn weights<T: Real>(&self, multiply: Multiply<T>, planes: &[T], results: &[T], out: &mut [T]) {
        let [plane, result] = self.item();
        self.items(results.len() / result.max(1), |item, patches| {
            self.window.unfold(&planes[item * plane..][..plane], T::zero(), patches);
            for k in 0..self.groups {
                let [_, patches, results] = self.group(k, [&[], patches, &results[item * result..]]);
                let out = &mut out[k * self.outputs * patches.rows..];
                multiply(results, patches.transposed(), Output { onto: Onto::Add, ..Output::rows(out, patches.rows) });
            }
        });
    }

    /// [`weights`](Self::weights) by halves.
    fn summed<T: Element>(&self, planes: &[T], results: &[T], out: &mut [T], least: usize) {
        let [plane, result] = self.item();
        let count = results.len() / result.max(1);
        if count < 2 || results.len().saturating_mul(self.depth()) < least {
            return self.weights(gemm::tuned, planes, results, out);
        }
        let at = count / 2;
        let mut apart = Storage::filled(out.len(), T::zero());
        let other = apart.make_mut();
        let mut first = || self.summed(&planes[..at * plane], &results[..at * result], out, least);
        let mut second = || self.summed(&planes[at * plane..], &results[at * result..], other, least);
        if rayon::current_num_threads() > 1 {
            threads::both(first, second);
        } else {
            first();
            second();
        }
        out.iter_mut().zip(apart.as_slice()).for_each(|(sum, &x)| *sum += x);
    }
}

/// The results.
pub(super) fn plain<T: Real>(of: &Convolution, planes: &[T], weights: &[T], out: &mut [T]) {
    of.values(gemm::plain, planes, weights, out);
}

/// The results, on several threads.
pub(super) fn tuned<T: Element>(of: &Convolution, planes: &[T], weights: &[T], out: &mut [T]) {
    let [plane, result] = of.item();
    over_planes([(planes, plane)], (out, result), threads::worth(PARALLEL), &|[planes], out| {
        of.values(gemm::tuned, planes, weights, out);
    });
}

/// What comes back to the planes; zeros of adjoints win.
pub(super) fn plain_images<T: Real>(of: &Convolution, weights: &[T], results: &[T], out: &mut [T]) {
    of.images(|a, b, c| gemm::winning([false, true], a, b, c), weights, results, out);
}

/// What comes back to the planes, on several threads. Zeros do not win.
pub(super) fn tuned_images<T: Element>(of: &Convolution, weights: &[T], results: &[T], out: &mut [T]) {
    let [plane, result] = of.item();
    over_planes([(results, result)], (out, plane), threads::worth(PARALLEL), &|[results], out| {
        of.images(gemm::tuned, weights, results, out);
    });
}

/// What comes back to the weights; zeros of adjoints win.
pub(super) fn plain_weights<T: Real>(of: &Convolution, planes: &[T], results: &[T], out: &mut [T]) {
    out.fill(T::zero());
    of.weights(|a, b, c| gemm::winning([true, false], a, b, c), planes, results, out);
}

/// What comes back to the weights, on several threads. Zeros do not win.
pub(super) fn tuned_weights<T: Element>(of: &Convolution, planes: &[T], results: &[T], out: &mut [T]) {
    out.fill(T::zero());
    of.summed(planes, results, out, threads::worth(SUMMED));
}
