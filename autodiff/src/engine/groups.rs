//! Rows of a Jacobian in groups: a reverse sweep for each, over no more than what its rows depend on.

use super::pattern::Pattern;
use crate::Real;
use crate::kernels::storage::Storage;
use crate::tape::code::Code;
use crate::tape::interpreter::Values;
use crate::tape::passes::{LANES, Output};
use crate::tape::reach::{Reach, Stretch};

/// What a group costs beside its sweep, in entries.
const EACH: usize = 16;

/// Rows that are computed together.
#[derive(Clone, Debug)]
pub(crate) struct Groups {
    /// The rows that are not constant, in the order of their outputs on the tape: neighbours share entries. Every [`LANES`]
    /// of them are a group.
    rows: Vec<usize>,
    /// What each group's sweep visits.
    stretches: Vec<Stretch>,
    /// Where the stretches of each group end.
    ends: Vec<usize>,
    /// What all sweeps together cost, in entries.
    pub(crate) cost: usize,
}

impl Groups {
    /// None if they cost more than `limit`.
    pub(crate) fn new<T: Real>(
        outputs: &[Output<T>],
        inputs: usize,
        reach: &mut Reach<'_>,
        limit: usize,
    ) -> Option<Self> {
        let mut rows: Vec<usize> = (0..outputs.len()).filter(|&row| outputs[row].is_ok()).collect();
        rows.sort_by_key(|&row| outputs[row].ok());
        let (mut stretches, mut ends, mut cost) = (Vec::new(), Vec::new(), 0);
        let mut entries = Vec::new();
        for group in rows.chunks(LANES) {
            entries.clear();
            reach.from(group.iter().filter_map(|&row| outputs[row].ok()), |i| {
                if i >= inputs {
                    entries.push(i as u32);
                }
            });
            entries.sort_unstable();
            for stretch in reach.stretches(&entries) {
                cost += stretch.entries().len();
                stretches.push(stretch);
            }
            ends.push(stretches.len());
            cost += EACH;
            if cost > limit {
                return None;
            }
        }
        Some(Self { rows, stretches, ends, cost })
    }

    /// The Jacobian's values in the order of the pattern, from the values of all entries.
    pub(crate) fn jacobian<T: Real>(
        &self,
        code: Code<'_, T>,
        outputs: &[Output<T>],
        pattern: &Pattern,
        values: &[T],
    ) -> Vec<T> {
        let mut interpreter = Values::<T, [T; LANES]>::new(code, values);
        let mut storage = Storage::scratch(LANES * code.ops.len());
        let (adjoints, _) = storage.make_mut().as_chunks_mut::<LANES>();
        let nothing = [T::zero(); LANES];
        let mut jacobian = vec![T::zero(); pattern.columns().len()];
        let mut start = 0;
        for (rows, &end) in self.rows.chunks(LANES).zip(&self.ends) {
            let stretches = &self.stretches[start..end];
            start = end;
            for stretch in stretches {
                adjoints[stretch.entries()].fill(nothing);
            }
            for &column in rows.iter().flat_map(|&row| pattern.row(row)) {
                adjoints[column as usize] = nothing;
            }
            for (lane, &row) in rows.iter().enumerate() {
                if let Ok(root) = outputs[row] {
                    adjoints[root][lane] = T::one();
                }
            }
            for stretch in stretches {
                stretch.reverse(code, &mut interpreter, adjoints);
            }
            for (lane, &row) in rows.iter().enumerate() {
                for (value, &column) in jacobian[pattern.range(row)].iter_mut().zip(pattern.row(row)) {
                    *value = adjoints[column as usize][lane];
                }
            }
        }
        jacobian
    }
}
