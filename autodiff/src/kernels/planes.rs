//! Pieces of arrays, each of which stands for itself, on several threads.

use super::element::Element;
use super::threads;

/// An array of several planes, with the elements of each.
pub(super) type Planes<'a, T> = (&'a [T], usize);

/// What is done with some planes: of arrays that are read, and of one that is written.
type Work<'a, T, const K: usize> = dyn Fn([&[T]; K], &mut [T]) + Sync + 'a;

/// Does `work` on planes, on several threads where the longest array has `least` elements. Each plane stands for itself, so the
/// bits do not depend on it.
pub(super) fn over_planes<T: Element, const K: usize>(
    inputs: [Planes<'_, T>; K],
    (out, size): (&mut [T], usize),
    least: usize,
    work: &Work<'_, T, K>,
) {
    let count = out.len() / size.max(1);
    let longest = inputs.iter().map(|x| x.0.len()).fold(out.len(), usize::max);
    if count < 2 || longest < least || rayon::current_num_threads() < 2 {
        return work(inputs.map(|x| x.0), out);
    }
    let at = count / 2;
    let (low, high) = out.split_at_mut(at * size);
    let first = inputs.map(|(x, size)| (&x[..at * size], size));
    let second = inputs.map(|(x, size)| (&x[at * size..], size));
    threads::both(|| over_planes(first, (low, size), least, work), || over_planes(second, (high, size), least, work));
}
