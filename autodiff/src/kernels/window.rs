//! Windows that move over planes: the patches that they show, the way back, and maxima.

use super::element::Element;
use super::planes::over_planes;
use super::reduce::larger;
use super::threads;
use crate::Real;

/// A window of `size[0] × size[1]` elements, `dilation` apart, that moves by `stride` over a plane widened by `padding` on
/// every side. The axes are rows and columns.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    pub(crate) plane: [usize; 2],
    pub(crate) size: [usize; 2],
    pub(crate) stride: [usize; 2],
    pub(crate) padding: [usize; 2],
    pub(crate) dilation: [usize; 2],
}

/// A stretch of places of the window in one row of places, all inside the plane.
struct Run {
    /// Where the stretch begins among the places.
    place: usize,
    /// The element of the plane that the first place shows; each further one is `stride[1]` on.
    element: usize,
    len: usize,
}

impl Window {
    /// The elements from the window's first to its last, along an axis.
    fn reach(&self, axis: usize) -> usize {
        (self.size[axis] - 1).saturating_mul(self.dilation[axis]).saturating_add(1)
    }

    /// The number of places along an axis; `None` if the window is larger than the widened plane.
    fn steps(&self, axis: usize) -> Option<usize> {
        let room =
            self.padding[axis].saturating_mul(2).saturating_add(self.plane[axis]).checked_sub(self.reach(axis))?;
        Some(room / self.stride[axis] + 1)
    }

    /// The places of the window, rows × columns.
    pub(crate) fn places(&self) -> Option<[usize; 2]> {
        Some([self.steps(0)?, self.steps(1)?])
    }

    /// The number of elements in the window.
    pub(crate) fn elements(&self) -> usize {
        self.size[0] * self.size[1]
    }

    /// The places at which offset `k` of the window is inside the plane, and the coordinate that the first of them shows.
    fn inside(&self, axis: usize, k: usize, places: usize) -> (std::ops::Range<usize>, usize) {
        let (stride, padding, at) = (self.stride[axis], self.padding[axis], k * self.dilation[axis]);
        let first = padding.saturating_sub(at).div_ceil(stride);
        let end = (self.plane[axis] + padding).saturating_sub(at).div_ceil(stride).min(places);
        (first.min(end)..end, (first * stride + at).saturating_sub(padding))
    }

    /// Calls `run` for every offset in the window and every row of places.
    #[inline]
    fn runs(&self, mut run: impl FnMut(usize, Run)) {
        let [rows, cols] = self.places().expect("the window fits: it was checked when it was made");
        for ki in 0..self.size[0] {
            let (down, top) = self.inside(0, ki, rows);
            for kj in 0..self.size[1] {
                let (across, left) = self.inside(1, kj, cols);
                if across.is_empty() {
                    continue;
                }
                for (step, row) in down.clone().enumerate() {
                    let element = (top + step * self.stride[0]) * self.plane[1] + left;
                    run(ki * self.size[1] + kj, Run { place: row * cols + across.start, element, len: across.len() });
                }
            }
        }
    }

    /// Elements of a plane, of all patches of one, and places.
    fn sizes(&self) -> [usize; 3] {
        let places = self.places().map_or(0, |[rows, cols]| rows * cols);
        [self.plane[0] * self.plane[1], self.elements() * places, places]
    }

    /// What the window shows: for each plane, a row for each offset in the window with a column for each place. Outside
    /// of the plane stands `fill`.
    pub(crate) fn unfold<T: Real>(&self, planes: &[T], fill: T, patches: &mut [T]) {
        let [plane, patch, places] = self.sizes();
        if self.padding != [0, 0] {
            patches.fill(fill);
        }
        for p in 0..patches.len() / patch {
            let (plane, patch) = (&planes[p * plane..][..plane], &mut patches[p * patch..][..patch]);
            self.runs(|k, Run { place, element, len }| {
                let out = &mut patch[k * places + place..][..len];
                if self.stride[1] == 1 {
                    out.copy_from_slice(&plane[element..][..len]);
                } else {
                    out.iter_mut().zip(plane[element..].iter().step_by(self.stride[1])).for_each(|(out, &x)| *out = x);
                }
            });
        }
    }

    /// The adjoint of [`Window::unfold`]: patches added up where they came from.
    pub(crate) fn fold<T: Real>(&self, patches: &[T], planes: &mut [T]) {
        let [plane, patch, places] = self.sizes();
        planes.fill(T::zero());
        for p in 0..patches.len() / patch {
            let (plane, patch) = (&mut planes[p * plane..][..plane], &patches[p * patch..][..patch]);
            self.runs(|k, Run { place, element, len }| {
                let from = &patch[k * places + place..][..len];
                if self.stride[1] == 1 {
                    plane[element..][..len].iter_mut().zip(from).for_each(|(sum, &x)| *sum += x);
                } else {
                    plane[element..].iter_mut().step_by(self.stride[1]).zip(from).for_each(|(sum, &x)| *sum += x);
                }
            });
        }
    }

    /// The largest element that the window shows at each place, NaN if there is one.
    pub(crate) fn maxima<T: Real>(&self, planes: &[T], maxima: &mut [T]) {
        let [plane, _, places] = self.sizes();
        maxima.fill(T::neg_infinity());
        for p in 0..maxima.len() / places {
            let (plane, maxima) = (&planes[p * plane..][..plane], &mut maxima[p * places..][..places]);
            self.runs(|_, Run { place, element, len }| {
                let seen = plane[element..].iter().step_by(self.stride[1]);
                maxima[place..][..len].iter_mut().zip(seen).for_each(|(max, &x)| *max = larger(*max, x));
            });
        }
    }

    /// Adds each place's number, in equal shares, to the elements that attain the maximum there: [`fold`](Self::fold) of the
    /// numbers times [`shares`](Self::shares), to the bit, without patches.
    pub(crate) fn spread<T: Real>(&self, planes: &[T], maxima: &[T], numbers: &[T], sums: &mut [T]) {
        let [plane, _, places] = self.sizes();
        sums.fill(T::zero());
        let mut share = vec![T::zero(); places];
        for p in 0..maxima.len() / places {
            let (plane, sums) = (&planes[p * plane..][..plane], &mut sums[p * plane..][..plane]);
            let (maxima, numbers) = (&maxima[p * places..][..places], &numbers[p * places..][..places]);
            share.fill(T::zero());
            self.runs(|_, Run { place, element, len }| {
                let seen = plane[element..].iter().step_by(self.stride[1]);
                let share = share[place..][..len].iter_mut().zip(&maxima[place..]);
                share.zip(seen).for_each(|((ties, &max), &x)| *ties += attains(x, max));
            });
            share.iter_mut().zip(numbers).for_each(|(share, &number)| *share = number.chain(T::one() / *share));
            self.runs(|_, Run { place, element, len }| {
                let seen = plane[element..].iter().step_by(self.stride[1]).zip(&maxima[place..][..len]);
                let sums = sums[element..].iter_mut().step_by(self.stride[1]);
                sums.zip(seen).zip(&share[place..]).for_each(|((sum, (&x, &max)), &share)| {
                    // Not a branch, which nobody could predict. A sum that begins with 0 stays as it is when 0 is added.
                    *sum += if attains(x, max) == T::zero() { T::zero() } else { share };
                });
            });
        }
    }

    /// For each patch, each element's share in the maximum: equal shares for all that attain it, 0 for the others.
    pub(crate) fn shares<T: Real>(&self, planes: &[T], maxima: &[T], shares: &mut [T]) {
        let [_, patch, places] = self.sizes();
        self.unfold(planes, T::neg_infinity(), shares);
        let mut ties = vec![T::zero(); places];
        for p in 0..shares.len() / patch {
            let (maxima, shares) = (&maxima[p * places..][..places], &mut shares[p * patch..][..patch]);
            ties.fill(T::zero());
            for row in shares.chunks_exact_mut(places) {
                for ((x, &max), ties) in row.iter_mut().zip(maxima).zip(&mut ties) {
                    *x = attains(*x, max);
                    *ties += *x;
                }
            }
            for row in shares.chunks_exact_mut(places) {
                row.iter_mut().zip(&ties).for_each(|(x, &ties)| *x /= ties);
            }
        }
    }
}

/// From this many elements of the longest array, planes are worth a second thread.
const PARALLEL: usize = 1 << 18;

/// [`Window::unfold`], on several threads.
pub(super) fn unfold<T: Element>(window: &Window, planes: &[T], fill: T, patches: &mut [T]) {
    let [plane, patch, _] = window.sizes();
    over_planes([(planes, plane)], (patches, patch), threads::worth(PARALLEL), &|[x], out| window.unfold(x, fill, out));
}

/// [`Window::fold`], on several threads.
pub(super) fn fold<T: Element>(window: &Window, patches: &[T], planes: &mut [T]) {
    let [plane, patch, _] = window.sizes();
    over_planes([(patches, patch)], (planes, plane), threads::worth(PARALLEL), &|[x], out| window.fold(x, out));
}

/// [`Window::maxima`], on several threads.
pub(super) fn maxima<T: Element>(window: &Window, planes: &[T], maxima: &mut [T]) {
    let [plane, _, places] = window.sizes();
    over_planes([(planes, plane)], (maxima, places), threads::worth(PARALLEL), &|[x], out| window.maxima(x, out));
}

/// [`Window::spread`], on several threads.
pub(super) fn spread<T: Element>(window: &Window, planes: &[T], maxima: &[T], numbers: &[T], sums: &mut [T]) {
    let [plane, _, places] = window.sizes();
    let inputs = [(planes, plane), (maxima, places), (numbers, places)];
    let work = |[x, maxima, numbers]: [&[T]; 3], out: &mut [T]| window.spread(x, maxima, numbers, out);
    over_planes(inputs, (sums, plane), threads::worth(PARALLEL), &work);
}

/// 1 where an element attains the maximum, or is what spoils it; otherwise 0.
fn attains<T: Real>(x: T, max: T) -> T {
    if x == max || x.is_nan() { T::one() } else { T::zero() }
}
