//! Ranks that train one model together, and the order in which they sum.

use std::io;
use std::ops::{AddAssign, Range};

/// Ranks that train one model together, for [`Trainer::engine`](super::Trainer::engine): every rank has the model and computes
/// some [parts](Parts) of each batch.
///
/// The ranks run the same program, and call these methods in the same order. A method fails where another rank has ended; it
/// then fails on every rank that waits.
///
/// ```
/// use nn::Engine;
/// let ranks = nn::Threads::run(3, |mut engine| {
///     let (rank, size) = (engine.rank(), engine.size());
///     (rank, size, engine.gather(&[rank as u8]).unwrap())
/// });
/// assert_eq!(ranks[2], (2, 3, vec![vec![0], vec![1], vec![2]]));
/// ```
pub trait Engine {
    /// The number of this rank, from 0.
    fn rank(&self) -> usize;

    /// The number of ranks.
    fn size(&self) -> usize;

    /// Sums over all parts in the order of [`Carry`]. `own` has a sum for each of this rank's [blocks](Parts::blocks), as long as
    /// `total`, which takes the result.
    ///
    /// # Errors
    /// If a rank has ended.
    fn sum_f32(&mut self, parts: Parts, own: &[Vec<f32>], total: &mut [f32]) -> io::Result<()>;

    /// Sums over all parts, as [`sum_f32`](Self::sum_f32).
    ///
    /// # Errors
    /// If a rank has ended.
    fn sum_f64(&mut self, parts: Parts, own: &[Vec<f64>], total: &mut [f64]) -> io::Result<()>;

    /// Gathers what each rank has, of any length, in the order of ranks.
    ///
    /// # Errors
    /// If a rank has ended.
    fn gather(&mut self, own: &[u8]) -> io::Result<Vec<Vec<u8>>>;

    /// Ends the work of all ranks because of an error on this one; `everywhere` says that all ranks have met it, so that one of
    /// them may speak for all. An engine whose ranks are processes does not return.
    fn fail(&mut self, message: &str, everywhere: bool);

    /// Whether this rank was asked from outside to end in order. Ctrl-C is seen to without this.
    fn is_interrupted(&self) -> bool {
        false
    }
}

/// The parts of a batch, shared among ranks: each has consecutive ones.
///
/// ```
/// let parts = nn::Parts::new(8, 3);
/// assert_eq!([0, 1, 2].map(|rank| parts.share(rank)), [0..2, 2..5, 5..8]);
/// // What the second and the third can add up before they hear of the others.
/// assert_eq!(parts.blocks(1), [2..4, 4..5]);
/// assert_eq!(parts.blocks(2), [5..6, 6..8]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parts {
    count: usize,
    ranks: usize,
}

impl Parts {
    /// So many parts for so many ranks.
    ///
    /// # Panics
    /// If one of them is 0.
    #[track_caller]
    pub fn new(count: usize, ranks: usize) -> Self {
        assert!(count > 0 && ranks > 0, "Parts: {count} parts for {ranks} ranks, expected at least one of each");
        Self { count, ranks }
    }

    /// The number of parts.
    pub fn count(self) -> usize {
        self.count
    }

    /// The parts of a rank; none for some ranks where there are more ranks than parts.
    pub fn share(self, rank: usize) -> Range<usize> {
        rank * self.count / self.ranks..(rank + 1) * self.count / self.ranks
    }

    /// The parts that a rank adds up by itself, in order.
    pub fn blocks(self, rank: usize) -> Vec<Range<usize>> {
        let mut carry = Carry::default();
        self.share(rank).for_each(|part| carry.push(part..part + 1, (), |(), ()| ()));
        carry.blocks.into_iter().map(|(range, ())| range).collect()
    }

    /// The items of a part, of so many: consecutive ones, one more in the first parts where they do not come out even.
    pub(super) fn items(self, items: usize, part: usize) -> Range<usize> {
        let (each, more) = (items / self.count, items % self.count);
        let start = |part: usize| part * each + part.min(more);
        start(part)..start(part + 1)
    }
}

/// A sum over parts in an order that depends on nothing but their number: neighbours are joined as the digits of a binary counter
/// carry, 0 with 1, 2 with 3, then both pairs; what has no partner is joined at the end, from the right.
///
/// So consecutive parts of one rank make few sums, one if its share is a power of two in the right place, and the bits of the
/// total are those of the parts, whoever computed them.
///
/// ```
/// let mut sum = nn::Carry::default();
/// for part in 0..5 {
///     sum.push(part..part + 1, part.to_string(), |a, b| *a = format!("({a}+{b})"));
/// }
/// assert_eq!(sum.finish(|a, b| *a = format!("({a}+{b})")).unwrap(), "(((0+1)+(2+3))+4)");
/// ```
#[derive(Debug)]
pub struct Carry<B> {
    blocks: Vec<(Range<usize>, B)>,
}

/// Nothing yet.
impl<B> Default for Carry<B> {
    fn default() -> Self {
        Self { blocks: Vec::new() }
    }
}

impl<B> Carry<B> {
    /// Adds the sum over some parts, those that follow the last ones; `add` adds its second argument to its first.
    pub fn push(&mut self, parts: Range<usize>, sum: B, mut add: impl FnMut(&mut B, B)) {
        self.blocks.push((parts, sum));
        while let [.., (left, _), (right, _)] = &self.blocks[..]
            && left.len() == right.len()
            && left.len().is_power_of_two()
            && left.start.is_multiple_of(2 * left.len())
        {
            self.join(&mut add);
        }
    }

    /// The sum over all parts; `None` if there were none.
    pub fn finish(mut self, mut add: impl FnMut(&mut B, B)) -> Option<B> {
        while self.blocks.len() > 1 {
            self.join(&mut add);
        }
        self.blocks.pop().map(|(_, sum)| sum)
    }

    /// The sums that have found no partner yet.
    pub(super) fn into_blocks(self) -> impl Iterator<Item = B> {
        self.blocks.into_iter().map(|(_, sum)| sum)
    }

    fn join(&mut self, add: &mut impl FnMut(&mut B, B)) {
        let (right, sum) = self.blocks.pop().expect("two at least");
        let (left, total) = self.blocks.last_mut().expect("two at least");
        left.end = right.end;
        add(total, sum);
    }
}

impl<T: Copy + AddAssign> Carry<&mut [T]> {
    /// Sums numbers: what stands in the blocks, which come in the order of parts, ends in the first one.
    ///
    /// ```
    /// let (mut a, mut b) = ([1.0, 2.0], [10.0, 20.0]);
    /// nn::Carry::of([(0..1, &mut a[..]), (1..2, &mut b[..])]);
    /// assert_eq!(a, [11.0, 22.0]);
    /// ```
    #[allow(clippy::mut_mut, reason = "what is summed are slices to write to")]
    pub fn of<'b>(blocks: impl IntoIterator<Item = (Range<usize>, &'b mut [T])>)
    where
        T: 'b,
    {
        let add = |a: &mut &mut [T], b: &mut [T]| a.iter_mut().zip(b).for_each(|(a, b)| *a += *b);
        let mut carry = Carry::default();
        blocks.into_iter().for_each(|(parts, block)| carry.push(parts, block, add));
        carry.finish(add);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(blocks: impl IntoIterator<Item = (Range<usize>, String)>) -> Carry<String> {
        let mut carry = Carry::default();
        blocks.into_iter().for_each(|(parts, text)| carry.push(parts, text, join));
        carry
    }

    #[allow(clippy::needless_pass_by_value, reason = "the form that a sum takes")]
    fn join(a: &mut String, b: String) {
        *a = format!("({a}{b})");
    }

    #[test]
    fn the_order_of_a_sum_does_not_depend_on_the_ranks() {
        for count in 1..20 {
            let leaf = |part: usize| (part..part + 1, format!("{part},"));
            let whole = tree((0..count).map(leaf)).finish(join);
            for ranks in 1..24 {
                let parts = Parts::new(count, ranks);
                let of = |rank: usize| tree(parts.share(rank).map(leaf)).into_blocks().zip(parts.blocks(rank));
                let blocks = (0..ranks).flat_map(of).map(|(text, range)| (range, text));
                assert_eq!(tree(blocks).finish(join), whole, "{count} parts, {ranks} ranks");
            }
        }
    }

    #[test]
    fn parts_have_all_items_once() {
        for (items, count) in [(10, 4), (3, 8), (8, 8), (0, 2), (17, 1)] {
            let parts = Parts::new(count, 1);
            let all: Vec<usize> = (0..count).flat_map(|part| parts.items(items, part)).collect();
            assert_eq!(all, (0..items).collect::<Vec<_>>());
        }
    }
}
