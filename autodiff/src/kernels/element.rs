//! The machine's numbers.

use super::vmath::Native;
use crate::Real;

/// `f32` or `f64`: what fast loops are compiled for.
pub(crate) trait Element: Real + Native + Send + Sync {}
impl Element for f32 {}
impl Element for f64 {}
