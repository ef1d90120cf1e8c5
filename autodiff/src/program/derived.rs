//! Derivatives of programs with loops: by sweeps over the loops.

use std::sync::Arc;

use ndarray::Array2;

use super::recorded::{Program, read};
#[cfg(feature = "jit")]
use super::rolled::For;
use super::rolled::Rolled;
use crate::Real;
use crate::error::Result;
use crate::kernels::storage::Storage;

impl<T: Real> Program<T> {
    /// The loops with tangents, if there are loops.
    fn with_tangents(&self) -> Option<&Rolled<T>> {
        let make = || {
            let made = self.rolled()?.with_tangents(self.code())?;
            #[cfg(feature = "jit")]
            let made = if self.wanted == Some(For::Native) { made.compiled()? } else { made };
            Some(Arc::new(made))
        };
        self.found.tangents.get_or_init(make).as_deref()
    }

    /// The derivatives of the outputs along `v`, by loops.
    pub(super) fn along(&self, x: &[T], v: &[T]) -> Result<Option<Vec<T>>> {
        let Some(rolled) = self.with_tangents() else { return Ok(None) };
        let values = self.run_rolled(rolled, x, v)?;
        Ok(Rolled::all_finite(&read(&rolled.outputs[self.outputs.len()..], values.as_slice())))
    }

    /// The derivatives of the only output's gradient along `v`, by loops.
    pub(super) fn second(&self, x: &[T], v: &[T]) -> Result<Option<Vec<T>>> {
        let Some(rolled) = self.with_tangents() else { return Ok(None) };
        let Ok(root) = rolled.outputs[1] else { return Ok(None) };
        let mut values = self.run_rolled(rolled, x, v)?;
        let adjoints = self.sweep(rolled, &mut values, &[(root, T::one())]);
        Ok(Rolled::all_finite(&adjoints.as_slice()[..x.len()]))
    }

    /// The adjoints of all places, where these have such ones.
    pub(super) fn sweep(&self, rolled: &Rolled<T>, values: &mut Storage<T>, seeds: &[(usize, T)]) -> Storage<T> {
        let mut adjoints = Storage::filled(rolled.places, T::zero());
        for &(place, weight) in seeds {
            adjoints.make_mut()[place] += weight;
        }
        rolled.backward(self.code(), values.make_mut(), adjoints.make_mut());
        adjoints
    }

    /// The Jacobian by loops: row by row, or column by column if these are fewer.
    pub(super) fn jacobian_by_loops(&self, x: &[T]) -> Result<Option<Array2<T>>> {
        let Some(rolled) = self.rolled() else { return Ok(None) };
        let mut all = Array2::zeros((self.outputs.len(), self.inputs));
        if self.inputs < self.outputs.len() {
            let mut v = vec![T::zero(); self.inputs];
            for (i, mut column) in all.columns_mut().into_iter().enumerate() {
                v[i] = T::one();
                let Some(found) = self.along(x, &v)? else { return Ok(None) };
                column.iter_mut().zip(found).for_each(|(to, from)| *to = from);
                v[i] = T::zero();
            }
        } else {
            let mut values = self.run_rolled(rolled, x, &[])?;
            for (mut row, output) in all.rows_mut().into_iter().zip(&rolled.outputs) {
                if let Ok(root) = *output {
                    let adjoints = self.sweep(rolled, &mut values, &[(root, T::one())]);
                    let Some(found) = Rolled::all_finite(&adjoints.as_slice()[..x.len()]) else {
                        return Ok(None);
                    };
                    row.iter_mut().zip(found).for_each(|(to, from)| *to = from);
                }
            }
        }
        Ok(Some(all))
    }
}
