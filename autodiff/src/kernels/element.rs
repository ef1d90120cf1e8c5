//! The machine's numbers.

use super::vmath::Native;
use crate::Real;

/// The library's product `C ← alpha C + beta A B`, of one number type: the sizes `m`, `n`, `k`; then `C`, `A` and `B`, each
/// with the stride of its columns and of its rows; whether `C` is read; three flags for complex numbers.
#[rustfmt::skip]
pub(super) type Gemm<T> = unsafe fn(
    usize, usize, usize, *mut T, isize, isize, bool, *const T, isize, isize, *const T, isize, isize,
    T, T, bool, bool, bool, gemm_common::Parallelism,
);

/// `f32` or `f64`: what fast loops are compiled for.
pub(crate) trait Element: Real + Native + Send + Sync {
    /// The matrix product for this processor.
    fn gemm() -> Gemm<Self>;
}

impl Element for f32 {
    fn gemm() -> Gemm<f32> {
        gemm_f32::gemm::f32::get_gemm_fn()
    }
}

impl Element for f64 {
    fn gemm() -> Gemm<f64> {
        gemm_f64::gemm::f64::get_gemm_fn()
    }
}
