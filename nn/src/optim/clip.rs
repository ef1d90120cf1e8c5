//! Clipping: bounds on updates.

use autodiff::{Real, Tensor};

use super::transform::{At, Survey, Transform, Updates};
use crate::error::{Kind, Result};
use crate::expect;

/// Cuts every number of the update to `[-most, most]`. NaN stays NaN.
#[doc(alias = "clip_grad_value_")]
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClipValue(f64);

impl ClipValue {
    /// Cuts to `[-most, most]`.
    ///
    /// # Panics
    /// If `most` is not a finite number above 0.
    #[track_caller]
    pub fn new(most: f64) -> Self {
        Self(expect::positive("ClipValue: the largest value", most))
    }
}

impl<T: Real> Transform<T> for ClipValue {
    fn apply(&self, update: &mut Tensor<T>, value: &Tensor<T>, _at: &mut At<'_, T>) {
        let most = T::of(self.0);
        update.update(value, |u, _| {
            if u > most {
                most
            } else if u < -most {
                -most
            } else {
                u
            }
        });
    }
}

/// Shortens the update as a whole, all parameters together, to a Euclidean norm of at most `most`: `u ← u · min(1, most /
/// (|u| + 10⁻⁶))`, as PyTorch does.
#[doc(alias("clip_grad_norm_", "clip_by_global_norm"))]
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClipNorm(f64);

impl ClipNorm {
    /// Shortens to a norm of `most`. A step whose norm is not finite is refused.
    ///
    /// # Panics
    /// If `most` is not a finite number above 0.
    #[track_caller]
    pub fn new(most: f64) -> Self {
        Self(expect::positive("ClipNorm: the largest norm", most))
    }
}

impl<T: Real> Survey<T> for ClipNorm {
    /// The factor that shortens.
    fn survey(&self, updates: &Updates<'_, T>) -> Result<T> {
        let norm = norm(updates)?;
        Ok((T::of(self.0) / (norm + T::of(1e-6))).min(T::one()))
    }
}

impl<T: Real> Transform<T> for ClipNorm {
    fn surveyor(&self) -> Option<&dyn Survey<T>> {
        Some(self)
    }

    fn apply(&self, update: &mut Tensor<T>, value: &Tensor<T>, at: &mut At<'_, T>) {
        let factor = at.survey();
        if factor < T::one() {
            update.update(value, |u, _| factor * u);
        }
    }
}

/// The Euclidean norm of all updates together, also where their squares are beyond the number range.
fn norm<T: Real>(updates: &Updates<'_, T>) -> Result<T> {
    let squares = |scale: T| updates.iter().map(|(_, u)| (u * scale).square().sum().item()).sum::<T>();
    let plain = updates.iter().map(|(_, u)| u.square().sum().item()).sum::<T>();
    if plain.is_finite() {
        return Ok(plain.sqrt());
    }
    let mut largest = T::zero();
    for (name, update) in updates.iter() {
        for &u in &update.view() {
            if !u.is_finite() {
                return Err(Kind::Gradient { name: name.to_owned(), value: u.primal() }.into());
            }
            largest = largest.max(u.abs());
        }
    }
    Ok(largest * squares(largest.recip()).sqrt())
}
