//! A loop's results added up over some axes as they come: there is never more than a block of them.

use smallvec::SmallVec;

use super::dims::Dims;
use super::element::Element;
use super::loops::{Arrays, Kernel, Strided, cast, map1, run};
use super::storage::Storage;
use super::walk::in_turn;
use super::{once, reduce, threads};
use crate::Real;

/// Results that are there at a time; they stay in the cache.
const BLOCK: usize = 4096;

/// Sums that are built side by side where each is short.
const LANES: usize = 256;

/// From this many elements, times the kernel's weight, a sum is worth a second thread.
const PARALLEL: usize = 1 << 19;

/// Computes a loop's results for a box, in row-major order.
type Fill<'a, T, const K: usize> = dyn Fn(&[usize], [Strided<'_, T>; K], &mut [T]) + Sync + 'a;

/// Adds up a loop's results, of the arrays' shape, into `out`, whose strides are 0 along the axes that are summed away. The
/// bits are those of [`sum_into`](once::sum_into) of all results, and of [`sum`](once::sum) where there is one sum.
pub(crate) fn sum_into<T: Real, F: Kernel<K, 1>, const K: usize>(
    kernel: &F,
    arrays: Arrays<'_, T, K, 1>,
    strides: &[usize],
) {
    if const { !T::MACHINE } {
        let (block, data, out) = prepared(arrays, strides);
        serial(&fill::<T, F, K>(kernel), &data, block, out);
    } else if const { size_of::<T>() == size_of::<f32>() } {
        split::<f32, F, K>(kernel, cast(arrays), strides);
    } else {
        split::<f64, F, K>(kernel, cast(arrays), strides);
    }
}

fn fill<T: Real, F: Kernel<K, 1>, const K: usize>(
    kernel: &F,
) -> impl Fn(&[usize], [Strided<'_, T>; K], &mut [T]) + Sync {
    move |shape, operands, out| run(kernel, Arrays { shape, operands, out: [out] })
}

fn split<T: Element, F: Kernel<K, 1>, const K: usize>(kernel: &F, arrays: Arrays<'_, T, K, 1>, strides: &[usize]) {
    let (block, data, out) = prepared(arrays, strides);
    let least = threads::worth(PARALLEL) / F::WEIGHT;
    parallel(&fill::<T, F, K>(kernel), &data, block, out, least);
}

/// The block of all results, the operands' elements, and the sums, set to 0.
fn prepared<'a, T: Real, const K: usize>(
    arrays: Arrays<'a, T, K, 1>,
    strides: &[usize],
) -> (Block<K>, [&'a [T]; K], &'a mut [T]) {
    let Arrays { shape, operands, out: [out] } = arrays;
    out.fill(T::zero());
    (Block::new(shape, &operands, strides), operands.map(|x| x.data), out)
}

/// Sums of which several threads may build some each, or one sum of parts.
fn parallel<T: Element, const K: usize>(
    fill: &Fill<'_, T, K>,
    data: &[&[T]; K],
    block: Block<K>,
    out: &mut [T],
    least: usize,
) {
    if block.len() < least || rayon::current_num_threads() < 2 {
        return serial(fill, data, block, out);
    }
    let Some([low, mut high]) = block.halved(|block| &mut block.kept) else {
        let n = size(&block.inner);
        if block.outer.is_empty() && n > BLOCK {
            out[0] += halves(fill, data, &block, 0, n, least);
            return;
        }
        return serial(fill, data, block, out);
    };
    // The first axis that is kept is the outermost of the sums.
    let (low_out, high_out) = out.split_at_mut(high.at);
    high.at = 0;
    threads::both(|| parallel(fill, data, low, low_out, least), || parallel(fill, data, high, high_out, least));
}

/// [`long`] on several threads.
fn halves<T: Element, const K: usize>(
    fill: &Fill<'_, T, K>,
    data: &[&[T]; K],
    block: &Block<K>,
    from: usize,
    n: usize,
    least: usize,
) -> T {
    if n < least.max(BLOCK + 1) {
        return long(fill, data, block, from, n, Storage::scratch(BLOCK).make_mut());
    }
    let half = reduce::half(n);
    let (mut low, mut high) = (T::zero(), T::zero());
    threads::both(
        || low = halves(fill, data, block, from, half, least),
        || high = halves(fill, data, block, from + half, n - half, least),
    );
    low + high
}

fn serial<T: Real, const K: usize>(fill: &Fill<'_, T, K>, data: &[&[T]; K], mut block: Block<K>, out: &mut [T]) {
    let n = size(&block.inner);
    if block.len() == 0 {
        return;
    }
    let mut results = Storage::scratch(block.len().min(BLOCK));
    let results = results.make_mut();
    if n < reduce::STRANDS {
        // The loops' innermost axis is the longest one.
        block.kept.sort_by_key(|axis| axis.len);
        let packed: [_; K] = std::array::from_fn(|k| block.packed(k, data[k]));
        let mut data = *data;
        for (data, packed) in data.iter_mut().zip(&packed) {
            *data = packed.as_ref().map_or(*data, Storage::as_slice);
        }
        let add = |block: &Block<K>, results: &[T], out: &mut [T]| add_lanes(block, n, results, out);
        block.each(n, LANES, &mut |block| {
            block.add_up(fill, &data, [&block.outer, &block.inner, &block.kept], results, out, add);
        });
    } else if n <= BLOCK {
        let add = |block: &Block<K>, results: &[T], out: &mut [T]| add_rows(block, n, results, out);
        block.each(n, BLOCK / n, &mut |block| {
            block.add_up(fill, data, [&block.outer, &block.kept, &block.inner], results, out, add);
        });
    } else {
        block.each(n, 1, &mut |block| out[block.at] += long(fill, data, block, 0, n, results));
    }
}

/// Adds up results in the order outer, inner, kept, where fewer than a run's strands follow one another in a sum.
fn add_lanes<T: Real, const K: usize>(block: &Block<K>, n: usize, results: &[T], out: &mut [T]) {
    let lanes = size(&block.kept);
    let (mut sums, mut terms) = ([T::zero(); LANES], [T::zero(); LANES]);
    let (sums, terms) = (&mut sums[..lanes], &mut terms[..lanes]);
    let mut number = 0;
    block.each_sum(|at| {
        sums[number] = out[at];
        number += 1;
    });
    for results in results.chunks_exact(n * lanes) {
        if n == 1 {
            add(sums, results);
            continue;
        }
        terms.fill(T::zero());
        results.chunks_exact(lanes).for_each(|results| add(terms, results));
        add(sums, terms);
    }
    number = 0;
    block.each_sum(|at| {
        out[at] = sums[number];
        number += 1;
    });
}

/// Adds up results in the order outer, kept, inner.
fn add_rows<T: Real, const K: usize>(block: &Block<K>, n: usize, results: &[T], out: &mut [T]) {
    let mut rows = results.chunks_exact(n);
    for _ in 0..size(&block.outer) {
        block.each_sum(|at| out[at] += once::sum(rows.next().expect("one for each sum")));
    }
}

fn add<T: Real>(sums: &mut [T], terms: &[T]) {
    for (sum, &term) in sums.iter_mut().zip(terms) {
        *sum += term;
    }
}

/// The sum of `n` results in a row, from one on, that are too many to be there at a time.
fn long<T: Real, const K: usize>(
    fill: &Fill<'_, T, K>,
    data: &[&[T]; K],
    block: &Block<K>,
    from: usize,
    n: usize,
    results: &mut [T],
) -> T {
    if n > BLOCK {
        let half = reduce::half(n);
        let low = long(fill, data, block, from, half, results);
        return low + long(fill, data, block, from + half, n - half, results);
    }
    stretch(fill, data, &block.inner, block.offsets, from, &mut results[..n]);
    once::sum(&results[..n])
}

/// Computes results from one on in the row-major order of some axes: the rest of a row, whole rows, the beginning of one.
fn stretch<T: Real, const K: usize>(
    fill: &Fill<'_, T, K>,
    data: &[&[T]; K],
    axes: &[Axis<K>],
    mut offsets: [usize; K],
    from: usize,
    out: &mut [T],
) {
    let [first, rest @ ..] = axes else { return fill_box(fill, data, [axes], offsets, out) };
    let row = size(rest);
    forward(&mut offsets, first, from / row);
    let within = from % row;
    let head = if within == 0 { 0 } else { (row - within).min(out.len()) };
    let (head, out) = out.split_at_mut(head);
    if !head.is_empty() {
        stretch(fill, data, rest, offsets, within, head);
        forward(&mut offsets, first, 1);
    }
    let whole = out.len() / row;
    let (body, tail) = out.split_at_mut(whole * row);
    if whole > 0 {
        fill_box(fill, data, [&[Axis { len: whole, ..*first }], rest], offsets, body);
        forward(&mut offsets, first, whole);
    }
    if !tail.is_empty() {
        stretch(fill, data, rest, offsets, 0, tail);
    }
}

/// Moves operands along an axis.
fn forward<const K: usize>(offsets: &mut [usize; K], axis: &Axis<K>, by: usize) {
    for (offset, step) in offsets.iter_mut().zip(axis.steps) {
        *offset += by * step;
    }
}

/// Computes the results of a box with these axes.
fn fill_box<T: Real, const K: usize, const N: usize>(
    fill: &Fill<'_, T, K>,
    data: &[&[T]; K],
    axes: [&[Axis<K>]; N],
    offsets: [usize; K],
    out: &mut [T],
) {
    let axes = || axes.iter().flat_map(|axes| axes.iter());
    let shape: Dims = axes().map(|axis| axis.len).collect();
    let strides: [Dims; K] = std::array::from_fn(|k| axes().map(|axis| axis.steps[k]).collect());
    let operand = |k: usize| Strided { data: data[k], strides: &strides[k], offset: offsets[k] };
    fill(&shape, std::array::from_fn(operand), out);
}

/// An axis: its length, each operand's stride, and that of the sums, 0 where it is summed away.
#[derive(Clone, Copy)]
struct Axis<const K: usize> {
    len: usize,
    steps: [usize; K],
    out: usize,
}

type Axes<const K: usize> = SmallVec<[Axis<K>; 4]>;

fn size<const K: usize>(axes: &[Axis<K>]) -> usize {
    axes.iter().map(|axis| axis.len).product()
}

/// A box of results.
#[derive(Clone)]
struct Block<const K: usize> {
    /// Axes that are summed away, but for the innermost ones.
    outer: Axes<K>,
    kept: Axes<K>,
    /// Axes that are summed away behind the last that is kept: a sum's stretches of neighbours.
    inner: Axes<K>,
    /// Where each operand begins.
    offsets: [usize; K],
    /// Where the sums begin.
    at: usize,
}

impl<const K: usize> Block<K> {
    fn new<T>(shape: &[usize], operands: &[Strided<'_, T>; K], strides: &[usize]) -> Self {
        let axis = |axis: usize| Axis {
            len: shape[axis],
            steps: operands.each_ref().map(|x| x.strides[axis]),
            out: strides[axis],
        };
        let axes: Axes<K> = (0..shape.len()).filter(|&axis| shape[axis] != 1).map(axis).collect();
        let behind = axes.iter().rposition(|axis| axis.out != 0).map_or(0, |last| last + 1);
        let (before, inner) = axes.split_at(behind);
        let (kept, outer) = before.iter().copied().partition(|axis| axis.out != 0);
        Self { outer, kept, inner: inner.into(), offsets: operands.each_ref().map(|x| x.offset), at: 0 }
    }

    fn len(&self) -> usize {
        size(&self.outer) * size(&self.kept) * size(&self.inner)
    }

    /// Both halves along the first axis of more than one element.
    fn halved(&self, axes: impl Fn(&mut Self) -> &mut Axes<K>) -> Option<[Self; 2]> {
        let (mut low, mut high) = (self.clone(), self.clone());
        let axis = axes(&mut low).iter_mut().find(|axis| axis.len > 1)?;
        let half = axis.len / 2;
        axis.len = half;
        let axis = axes(&mut high).iter_mut().find(|axis| axis.len > 1)?;
        axis.len -= half;
        let axis = *axis;
        forward(&mut high.offsets, &axis, half);
        high.at += half * axis.out;
        Some([low, high])
    }

    /// An operand laid out along the innermost of the kept axes, where it is not and is read several times.
    fn packed<T: Real>(&mut self, k: usize, data: &[T]) -> Option<Storage<T>> {
        let step = self.kept.last()?.steps[k];
        let len = self.len();
        let all = [&mut self.outer, &mut self.inner, &mut self.kept].into_iter().flatten();
        let axes: SmallVec<[&mut Axis<K>; 6]> = all.filter(|axis| axis.steps[k] != 0).collect();
        let (shape, strides): (Dims, Dims) = axes.iter().map(|axis| (axis.len, axis.steps[k])).unzip();
        let size = shape.iter().product::<usize>();
        if step < 2 || size > len / 4 {
            return None;
        }
        let mut packed = Storage::scratch(size);
        let x = Strided { data, strides: &strides, offset: self.offsets[k] };
        map1(&shape, x, packed.make_mut(), |x| x);
        let mut stride = size;
        for axis in axes {
            stride /= axis.len;
            axis.steps[k] = stride;
        }
        self.offsets[k] = 0;
        Some(packed)
    }

    /// Calls `work` with blocks of at most so many sums each, and of so many results as are there at a time; what is added to a
    /// sum comes in its order. `n` is the size of the inner axes, which stay whole.
    fn each(&self, n: usize, sums: usize, work: &mut impl FnMut(&Self)) {
        let kept = size(&self.kept);
        let halves = if kept > sums {
            self.halved(|block| &mut block.kept)
        } else if kept * n * size(&self.outer) > BLOCK {
            self.halved(|block| &mut block.outer)
        } else {
            None
        };
        match halves {
            Some(halves) => halves.iter().for_each(|half| half.each(n, sums, work)),
            None => work(self),
        }
    }

    /// Computes the results along axes in this order, and adds them up.
    fn add_up<T: Real>(
        &self,
        fill: &Fill<'_, T, K>,
        data: &[&[T]; K],
        axes: [&[Axis<K>]; 3],
        results: &mut [T],
        out: &mut [T],
        add: impl Fn(&Self, &[T], &mut [T]),
    ) {
        let results = &mut results[..self.len()];
        fill_box(fill, data, axes, self.offsets, results);
        add(self, results, out);
    }

    /// Where the sums stand, in the order of the kept axes.
    fn each_sum(&self, mut f: impl FnMut(usize)) {
        let shape: Dims = self.kept.iter().map(|axis| axis.len).collect();
        let strides: Dims = self.kept.iter().map(|axis| axis.out).collect();
        in_turn(&shape, &strides, &strides, |at, _| f(self.at + at));
    }
}
